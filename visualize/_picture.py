"""What a timeline shows, before anybody draws it: rows of shapes on one axis.

The plotly figure, the SVG and the text are three drawings of this one picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from visualize._axis import Axis, axis_of
from visualize._bulk import bulk
from visualize._source import Source, source_of
from visualize._words import amount, seconds
from visualize.lanes import Lanes, lanes_of
from visualize.palette import Style, cleaned, styles_of

if TYPE_CHECKING:
    from visualize._rows import ItemsByThread

__all__ = ["Picture", "Reading", "Role", "Row", "RowKind", "Section", "Shape", "picture_of"]


class Role(StrEnum):
    """What a shape stands for."""

    ALIVE = "alive"
    TURN = "turn"
    TASK = "task"
    POOL_TASK = "pool task"
    CONTROL = "control"
    BLOCKED = "blocked"
    PAUSING = "pausing"
    PAUSED = "paused"
    MANY = "many"


class RowKind(StrEnum):
    """What a row shows."""

    HEADING = "heading"
    THREAD = "thread"
    PAUSE = "pause"


@dataclass(frozen=True, slots=True)
class Shape:
    """One rectangle.

    Attributes:
        role: What it stands for.
        low, high: Where it lies, in the axis's units.
        level: How many others it is drawn inside of.
        owner: The serializer that it belongs to, or empty.
        style: How it is drawn.
        texts: What may stand in it, the longest first.
        room: From where to where nothing else is drawn on it.
        facts: Lines that tell what it is.
        open: Whether it had not ended.
        failed: Whether it ended with an error.
        order: Its first and last event's positions: what nests in another lies strictly inside these.
        share: How much of its height is filled, where it stands for many with gaps between them.
    """

    role: Role
    low: float
    high: float
    level: int
    owner: str
    style: Style
    texts: tuple[str, ...] = ()
    room: tuple[float, float] = (0.0, 0.0)
    facts: tuple[str, ...] = ()
    open: bool = False
    failed: bool = False
    order: tuple[int, int] = (0, 0)
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the picture: a heading, a thread or a paused serializer."""

    kind: RowKind
    name: str
    shapes: tuple[Shape, ...] = ()
    facts: tuple[str, ...] = ()

    @property
    def levels(self) -> int:
        """How many levels its shapes nest, at least 1."""
        return 1 + max((shape.level for shape in self.shapes), default=0)


@dataclass(frozen=True, slots=True)
class Section:
    """One run.

    Attributes:
        title: What ran on what.
        subtitle: How it ended.
        reason: Why, or empty.
        cycle: Who waits for whom, where waits form a cycle.
        outcome: ``completed``, ``deadlocked``, …, or empty.
        end: Where its last event lies, in the axis's units.
        events: How many there are.
        rows: Its lanes.
    """

    title: str
    subtitle: str
    reason: str
    cycle: tuple[str, ...]
    outcome: str
    end: float
    events: int
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything to draw.

    Attributes:
        axis: The one axis of all sections.
        sections: The runs, in the order given.
        styles: Each serializer's style, in the order in which they appear.
        notes: What the reader has to know: what was drawn together, what is missing.
    """

    axis: Axis
    sections: tuple[Section, ...]
    styles: dict[str, Style]
    notes: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """One sentence for who does not see it."""
        parts = []
        for section in self.sections:
            threads = sum(row.kind is RowKind.THREAD for row in section.rows)
            pauses = sum(row.kind is RowKind.PAUSE for row in section.rows)
            paused = f" and {amount(pauses, 'paused serializer')}" if pauses else ""
            ended = f", {section.subtitle}" if section.subtitle else ""
            parts.append(f"{section.title}{ended}: {amount(threads, 'thread')}{paused}")
        return f"Timeline of {'; '.join(parts)}." if parts else "Timeline of nothing."


@dataclass(frozen=True, slots=True)
class Reading:
    """A run that has been read, for as many pictures as are wanted."""

    source: Source
    lanes: Lanes

    @classmethod
    def of(cls, run: Any) -> Reading:
        """Read whatever `visualize.lanes.lanes_of` takes."""
        source = source_of(run)
        return cls(source, lanes_of(source))


def picture_of(
    readings: Sequence[Reading],
    *,
    limit: int | None,
    by: str = "auto",
    between: tuple[float, float] | None = None,
    titles: Sequence[str] | None = None,
    words: bool = True,
    items: Sequence[ItemsByThread] | None = None,
) -> Picture:
    """Put runs on one axis.

    Args:
        readings: The runs, from top to bottom.
        limit: How many shapes may be drawn, or None for all.
        by: ``time``, ``order`` or ``auto``.
        between: From when to when, in seconds (``order``: in positions); None for everything.
        titles: A title for each run, or None for what the runs say of themselves.
        words: Whether the shapes' texts and facts are wanted.
        items: For each run a dictionary that pictures with the same axis may share, to be quicker; or None.

    Raises:
        ValueError: If ``by`` or ``between`` makes no sense.
    """
    with bulk():
        return _picture_of(readings, limit, by, between, titles, words, items)


def _picture_of(
    readings: Sequence[Reading],
    limit: int | None,
    by: str,
    between: tuple[float, float] | None,
    titles: Sequence[str] | None,
    words: bool,
    items: Sequence[ItemsByThread] | None,
) -> Picture:
    from visualize._rows import RowMaker

    axis = axis_of([reading.lanes for reading in readings], by, between)
    styles = styles_of(name for reading in readings for name in reading.lanes.serializers)
    notes: list[str] = []
    sections = []
    for number, reading in enumerate(readings):
        source, lanes = reading.source, reading.lanes
        share = None if limit is None else max(1, limit // len(readings))
        maker = RowMaker(lanes, axis, styles, share, words, None if items is None else items[number])
        rows = maker.rows()
        title = titles[number] if titles else source.title or "trace"
        notes += [note if len(readings) == 1 else f"{title}: {note}" for note in maker.notes]
        sections.append(
            Section(
                title=cleaned(title),
                subtitle=_ending(source, lanes),
                reason=cleaned(source.reason),
                cycle=tuple(cleaned(sentence) for sentence in source.cycle),
                outcome=source.outcome,
                end=_end(lanes, axis),
                events=lanes.events,
                rows=rows,
            )
        )
    return Picture(axis, tuple(sections), styles, tuple(notes))


def _end(run: Lanes, axis: Axis) -> float:
    return max(0.0, run.events - 1) if axis.by == "order" else run.end * axis.scale


def _ending(source: Source, run: Lanes) -> str:
    if not run.events:
        return "no events"
    took = f"{source.outcome.replace('_', ' ')} after " if source.outcome else ""
    return f"{took}{seconds(run.end - run.start)}, {amount(run.events, 'event')}"
