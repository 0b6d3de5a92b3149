"""Where the rows and shapes of a picture lie, in pixels from the top; the same for plotly and for SVG.

A shape leaves its first strip free for its name; what lies inside it begins below that strip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from visualize._picture import Picture, Role, Row, RowKind, Section, Shape
from visualize.palette import shortened

__all__ = ["CHARACTER", "NAME_WIDTH", "Geometry", "Place", "geometry_of", "lane_area", "text_width"]

CHARACTER = 6.2  # mean width of a character of 11 px
NAME_WIDTH = 24  # characters of a row's name
_WIDE, _NARROW = frozenset("mwMW@%…—"), frozenset("ijltfr.,:;|'!()[]/ -·‖")
_MOST_LEVELS = 5
_TITLE = 30.0
_GAP = 12.0
_END = 16.0  # below a run's rows, for what is said of its end
_HEADING = 25.0


@dataclass(frozen=True, slots=True)
class Place:
    """One row, from ``top`` to ``bottom``."""

    row: Row
    top: float
    bottom: float

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


@dataclass(frozen=True, slots=True)
class Geometry:
    """All rows.

    Attributes:
        sections: Each section with the baseline of its title and its rows.
        height: Of everything; the last rows end above it where something is said of a run's end.
        left: Room for the rows' names.
        strip: Room for a shape's name where others lie inside it.
    """

    sections: tuple[tuple[Section, float, tuple[Place, ...]], ...]
    height: float
    left: float
    strip: float

    def extent(self, shape: Shape, place: Place) -> tuple[float, float]:
        """A shape's top and bottom."""
        top, bottom = place.top + 3, place.bottom - 3
        if shape.role is Role.TURN:
            return bottom + 1, bottom + 3
        level = min(shape.level, _MOST_LEVELS - 1)
        top, bottom = top + self.strip * level, bottom - 2 * level
        if shape.role is Role.CONTROL:
            return (top + bottom) / 2 - 4, (top + bottom) / 2 + 4
        return bottom - (bottom - top) * max(0.15, min(1.0, shape.share)), bottom

    def label_extent(self, shape: Shape, place: Place) -> tuple[float, float]:
        """From where to where its name may stand."""
        top, bottom = self.extent(shape, place)
        return (top, top + self.strip) if shape.room != (shape.low, shape.high) else (top, bottom)


def lane_area(places: Sequence[Place]) -> tuple[float, float]:
    """From the top of a run's first lane, below the heading above it, to the bottom of its last row."""
    first = next((place for place in places if place.row.kind is not RowKind.HEADING), places[0])
    return first.top, places[-1].bottom


def text_width(text: str, size: float = 11) -> float:
    """About how wide a text is, in pixels; rather too wide than too narrow."""
    width = 0.0
    for character in text:
        if character in _WIDE:
            width += 9.8
        elif character in _NARROW:
            width += 4.2
        else:
            width += 7.6 if character.isupper() else 6.5
    return width * size / 11


def geometry_of(picture: Picture, width: float) -> Geometry:
    """Lay out all rows for a picture of ``width`` pixels."""
    rows = [row for section in picture.sections for row in section.rows if row.kind is not RowKind.HEADING]
    longest = max((text_width(shortened(row.name, NAME_WIDTH)) for row in rows), default=0)
    left = max(84.0, min(longest + 30, width * 0.35))
    height, strip = (26.0, 15.0) if len(rows) <= 16 else (22.0, 13.0) if len(rows) <= 32 else (17.0, 10.0)
    sections = []
    y = 0.0
    for section in picture.sections:
        y += _TITLE
        baseline, places = y - 2, []
        if not section.rows:
            y += 22
        for row in section.rows:
            tall = _HEADING
            if row.kind is RowKind.THREAD:
                tall = height + strip * (min(row.levels, _MOST_LEVELS) - 1)
            elif row.kind is RowKind.PAUSE:
                tall = min(height, 22)
            places.append(Place(row, y, y + tall))
            y += tall
        sections.append((section, baseline, tuple(places)))
        if section.rows and picture.axis.low < section.end < picture.axis.high:
            y += _END
        y += _GAP
    return Geometry(tuple(sections), y - _GAP + 4 if sections else y, left, strip)
