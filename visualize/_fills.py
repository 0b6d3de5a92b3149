"""What plotly fills where: a figure does not know the page's colour, so what stands still is filled see-through.

That suits light and dark pages alike, as long as nothing is drawn below it. So a bar that holds a blocked stretch is
filled around it, part by part, and a thread's line of life leaves it out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from visualize._geometry import Geometry, Place
from visualize._hover import Target
from visualize._picture import Role, Row, Shape
from visualize.palette import BLOCKED, PAUSED

__all__ = ["CLEAR", "STILL", "Part", "holding", "is_still", "lifelines", "parts_of"]

CLEAR = "rgba(0,0,0,0)"
#: Vermillion, thin: pale on white, dark on black.
STILL = "rgba(213,94,0,0.17)"


@dataclass(frozen=True, slots=True)
class Part:
    """A rectangle: from ``low`` to ``high`` on the axis, from ``top`` to ``bottom`` in pixels.

    Attributes:
        shape: What it is a part of.
        low, high, top, bottom: Where it lies.
        fill: Its colour.
        line: How wide its edge is, in pixels.
    """

    shape: Shape
    low: float
    high: float
    top: float
    bottom: float
    fill: str
    line: int


def is_still(shape: Shape) -> bool:
    """Whether a shape is filled see-through. Many drawn as one inside another are not: the other lies below them."""
    return shape.style in (BLOCKED, PAUSED) and not (shape.role is Role.MANY and shape.level)


def holding(place: Place) -> set[int]:
    """The identities of the shapes in a row that hold a blocked stretch."""
    found: set[int] = set()
    stack: list[Shape] = []
    nesting = [shape for shape in place.row.shapes if shape.role not in (Role.ALIVE, Role.TURN, Role.MANY)]
    for shape in sorted(nesting, key=lambda shape: (shape.order[0], -shape.order[1], shape.level)):
        while stack and stack[-1].order[1] < shape.order[0]:
            stack.pop()
        if shape.role is Role.BLOCKED:
            found.update(map(id, stack))
        stack.append(shape)
    return found


def parts_of(shape: Shape, place: Place, geometry: Geometry, tops: Sequence[Target] | None) -> Iterator[Part]:
    """What is drawn of a shape.

    Args:
        shape: The shape.
        place: Its row.
        geometry: Where things lie.
        tops: The parts of it on which nothing else lies, if it holds a blocked stretch; None if it does not.
    """
    top, bottom = geometry.extent(shape, place)
    fill = STILL if is_still(shape) else shape.style.colour
    line = 0 if shape.role in (Role.TURN, Role.MANY) else 2 if shape.failed else 1
    if tops is None:
        yield Part(shape, shape.low, shape.high, top, bottom, fill, line)
        return
    for target in tops:
        yield Part(shape, target.low, target.high, target.top, target.bottom, fill, 0)
    yield Part(shape, shape.low, shape.high, top, bottom, CLEAR, line)


def lifelines(row: Row) -> Iterator[tuple[float, float]]:
    """From where to where a thread's line of life is drawn: where nothing lets it shine through."""
    busy = _merged((shape.low, shape.high) for shape in row.shapes if is_still(shape))
    for shape in row.shapes:
        if shape.role is not Role.ALIVE:
            continue
        at = shape.low
        for low, high in busy:
            if low > at:
                yield at, min(low, shape.high)
            at = max(at, high)
        if at < shape.high:
            yield at, shape.high


def _merged(stretches: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    merged: list[tuple[float, float]] = []
    for low, high in sorted(stretches):
        if merged and low <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(high, merged[-1][1])
        else:
            merged.append((low, high))
    return merged
