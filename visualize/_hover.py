"""Where one points at what: for every shape the parts of it on which nothing else lies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from visualize._density import Item, top_stretches
from visualize._geometry import Geometry, Place
from visualize._picture import Role, RowKind, Shape

__all__ = ["Target", "targets"]


@dataclass(frozen=True, slots=True)
class Target:
    """A part of a shape: from ``low`` to ``high`` on the axis, from ``top`` to ``bottom`` in pixels."""

    shape: Shape
    low: float
    high: float
    top: float
    bottom: float


def targets(place: Place, geometry: Geometry) -> Iterator[Target]:
    """The parts of one row. They do not overlap, apart from what takes no time.

    A shape with others inside is pointed at on its strip, where its name stands, and below it between the others.
    """
    items: list[Item[Shape]] = []
    for shape in place.row.shapes:
        if shape.role is Role.ALIVE:
            continue
        top, bottom = geometry.extent(shape, place)
        nests = place.row.kind is RowKind.THREAD and shape.role not in (Role.TURN, Role.MANY)
        holds = nests and shape.room != (shape.low, shape.high)
        if holds:
            yield Target(shape, shape.low, shape.high, top, top + geometry.strip)
        else:
            yield Target(shape, shape.low, shape.high, top, bottom)
        if nests:
            items.append(Item(shape.low, shape.high, *shape.order, shape.level, shape))
    items.sort(key=lambda item: (item.first, -item.last))
    for low, high, item in top_stretches(items):
        shape = item.thing
        if high > low and shape.room != (shape.low, shape.high):
            top, bottom = geometry.extent(shape, place)
            yield Target(shape, low, high, top + geometry.strip, bottom)
