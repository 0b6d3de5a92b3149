"""What the colours and patterns of a picture mean, and the few words that every drawing of it shares."""

from __future__ import annotations

from collections.abc import Iterator

from visualize._picture import Picture, Role, Section
from visualize.palette import BLOCKED, DENSITY, PAUSED, POOL, Style

__all__ = ["MOST_NAMES", "end_of", "legend_of", "nothing_of"]

MOST_NAMES = 18


def legend_of(picture: Picture) -> Iterator[tuple[str, Style, Role]]:
    """A name, a style and what to draw, for everything that the picture shows."""
    shapes = [shape for section in picture.sections for row in section.rows for shape in row.shapes]
    owners = {shape.owner for shape in shapes if shape.role is not Role.TURN}
    used = [name for name in picture.styles if name in owners]
    for name in used[:MOST_NAMES]:
        yield name, picture.styles[name], Role.TASK
    if len(used) > MOST_NAMES:
        yield f"and {len(used) - MOST_NAMES:,} more serializers", POOL, Role.TASK
    if any(shape.style is POOL and shape.role in (Role.TASK, Role.POOL_TASK, Role.CONTROL) for shape in shapes):
        yield "tasks of no serializer", POOL, Role.POOL_TASK
    roles = {shape.role for shape in shapes}
    if Role.TURN in roles:
        yield "a serializer's turn (line)", POOL, Role.TURN
    if any(shape.style is BLOCKED for shape in shapes):
        yield "blocked", BLOCKED, Role.BLOCKED
    if roles & {Role.PAUSED, Role.PAUSING}:
        yield "paused", PAUSED, Role.PAUSED
    if any(shape.style is DENSITY for shape in shapes):
        yield "many short bars", DENSITY, Role.MANY


def nothing_of(section: Section) -> str:
    """What to say where a run has no rows."""
    return "No thread ran anything." if section.events else "Nothing happened in this trace."


def end_of(section: Section) -> str:
    """What to say about a run's last event, below its rows, where the axis goes on."""
    return {"deadlocked": "nothing moves any more", "completed": "completed"}.get(section.outcome, "end of the trace")
