"""A picture as lines of characters: for terminals, screen readers and comparing notebooks."""

from __future__ import annotations

import math
from collections.abc import Iterator

from visualize._density import Item, top_stretches
from visualize._legend import nothing_of
from visualize._picture import Picture, Role, Row, RowKind, Section, Shape
from visualize.palette import shortened

__all__ = ["lines_of"]

_EDGE = 1e-6  # what reaches into a column by less than this, does not

_CHARACTERS = {
    Role.POOL_TASK: "+",
    Role.CONTROL: ":",
    Role.BLOCKED: "/",
    Role.PAUSING: "-",
    Role.PAUSED: "=",
    Role.MANY: "#",
}
_MEANINGS = {
    "+": "task of no serializer",
    ":": "control task",
    "/": "blocked",
    "-": "being paused",
    "=": "paused",
    "#": "several",
    "*": "other serializers",
    "!": "failed",
    ".": "idle",
}


def lines_of(picture: Picture, width: int) -> list[str]:
    """The lanes of every section, the axis and the key.

    Args:
        picture: What to draw; what it has drawn together is ``#``.
        width: The longest line, in characters; at least 40.
    """
    width = max(40, width)
    rows = [row for section in picture.sections for row in section.rows if row.kind is not RowKind.HEADING]
    names = [len(row.name) for row in rows] + [len(picture.axis.title)]
    gutter = min(max(names), width // 3) + 3
    columns = width - gutter
    lines: list[str] = []
    used: set[str] = set()
    for section in picture.sections:
        lines += [*_head(section, width), ""]
        if not section.rows:
            lines += [nothing_of(section), ""]
        for row in section.rows:
            if row.kind is RowKind.HEADING:
                lines.append(shortened(row.name, width))
                continue
            lane = _lane(row, picture, columns)
            used.update(lane)
            lines.append(f"  {shortened(row.name, gutter - 3):<{gutter - 2}}{lane}".rstrip())
        lines.append("")
    if rows:
        lines.insert(-1, _axis(picture, gutter, columns))
        lines += [*_key(picture, used, width), ""]
    return lines


def _head(section: Section, width: int) -> Iterator[str]:
    yield f"{section.title}: {section.subtitle}" if section.subtitle else section.title


def _character(shape: Shape) -> str:
    if shape.role is Role.TASK:
        letter = shape.style.letter if shape.owner else "+"
        return letter.lower() if shape.level else letter
    return _CHARACTERS[shape.role]


def _lane(row: Row, picture: Picture, columns: int) -> str:
    """For each column what is on top for the longest part of it; what takes no time shows where nothing else is."""
    axis = picture.axis
    scale = columns / (axis.high - axis.low)
    best: list[tuple[float, str]] = [(-1.0, " ")] * columns

    def place(position: float) -> float:
        return (position - axis.low) * scale

    def paint(low: float, high: float, character: str, floor: float) -> None:
        first = min(columns - 1, int(low + _EDGE))
        last = min(columns - 1, max(first, math.ceil(high - _EDGE) - 1))
        for column in range(first, last + 1):
            part = max(floor, min(high, column + 1) - max(low, column))
            if part > best[column][0] or (part == best[column][0] and character != "."):
                best[column] = (part, character)

    items: list[Item[Shape]] = []
    for shape in row.shapes:
        if shape.role is Role.ALIVE:
            first, last = int(place(shape.low) + _EDGE), math.ceil(place(shape.high) - _EDGE)
            best[first:last] = [(-0.5, ".")] * (min(columns, last) - first)
        elif shape.role is Role.MANY or row.kind is RowKind.PAUSE:
            paint(place(shape.low), place(shape.high), _character(shape), 0.0)
        elif shape.role is not Role.TURN:
            items.append(Item(place(shape.low), place(shape.high), *shape.order, shape.level, shape))
    items.sort(key=lambda item: (item.first, -item.last))
    for low, high, item in top_stretches(items):
        if high > low or item.low == item.high:
            paint(low, high, _character(item.thing), 0.0)
    for item in items:
        if item.thing.failed:
            column = min(columns - 1, max(int(item.low + _EDGE), math.ceil(item.high - _EDGE) - 1))
            best[column] = (2.0, "!")
    return "".join(character for _, character in best)


def _axis(picture: Picture, gutter: int, columns: int) -> str:
    axis = picture.axis
    scale = columns / (axis.high - axis.low)
    line = [" "] * columns
    for tick in axis.ticks(max(2, columns // 8)):
        column, label = int((tick - axis.low) * scale), axis.label(tick)
        if column + len(label) <= columns and all(character == " " for character in line[column : column + len(label)]):
            line[column : column + len(label)] = label
    return f"  {axis.title:<{gutter - 2}}{''.join(line)}".rstrip()


def _key(picture: Picture, used: set[str], width: int) -> Iterator[str]:
    entries = []
    inline = False
    for name, style in picture.styles.items():
        if style.letter != "*" and (style.letter in used or style.letter.lower() in used):
            entries.append(f"{style.letter} {shortened(name, 30)}")
    inline = any(character.islower() for character in used)
    entries += [f"{character} {meaning}" for character, meaning in _MEANINGS.items() if character in used]
    if inline:
        entries.append("small letters: inside another task")
    line = ""
    for entry in entries:
        if line and len(line) + 3 + len(entry) > width:
            yield line
            line = ""
        line += ("   " if line else "") + entry
    if line:
        yield line
