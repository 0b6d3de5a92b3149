"""Trace → bars: what each thread ran and when it was blocked, and when each serializer was paused.

One pass over the events with a stack per thread. A bar's depth is the number of bars that it runs inside: 0 for a task
that was taken from a queue, 1 for one that runs inline inside that, and so on. A serializer's turn is no level of its
own: it only holds the tasks that the serializer ran in it. Whatever has not ended stays open up to the last event;
whatever began before the first kept event is drawn from there.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from visualize._bulk import bulk
from visualize._source import source_of

__all__ = ["Bar", "BarKind", "Blocked", "Lane", "LaneKind", "Lanes", "Pause", "lanes_of"]


class BarKind(StrEnum):
    """What a bar stands for."""

    TASK = "task"
    TURN = "turn"
    CHECKPOINT = "checkpoint"
    CONTROL = "control"


class LaneKind(StrEnum):
    """Whose thread a lane is."""

    POOL = "pool"
    CONTROL = "control"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Bar:
    """One task on one thread, from its start to its end.

    Attributes:
        thread: The thread that ran it.
        kind: A learner's task, a serializer's turn, a suspend's checkpoint or a control task.
        task: Its number, or None.
        owner: The queue it came from; for a turn, the serializer whose turn it is.
        label: Its short name, or empty where its push is not in the trace.
        depth: How many bars it runs inside.
        start, end: Seconds of the run.
        first, last: Positions in the trace of its first and last event.
        inline: Why it ran inline (see `taskpool.events`), or empty.
        outcome: ``finished``, ``failed``, or ``open`` where it had not ended.
        error: What it raised, or empty.
        pushed: When it was pushed, in seconds, or None.
        pushed_by: The thread that pushed it, or None.
        parent: The task that pushed it, or None.
        cut: Whether it began before the first kept event.
    """

    thread: str
    kind: BarKind
    task: int | None
    owner: str
    label: str
    depth: int
    start: float
    end: float
    first: int
    last: int
    inline: str = ""
    outcome: str = "finished"
    error: str = ""
    pushed: float | None = None
    pushed_by: str | None = None
    parent: int | None = None
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Blocked:
    """A stretch in which one thread waited.

    Attributes:
        thread: The thread.
        reason: As in `taskpool.events`.
        on: The queue it waited for.
        task: The task it waited for, or None.
        depth: How many bars it lies in.
        start, end: Seconds of the run.
        first, last: Positions in the trace of its first and last event.
        outcome: How it ended, or ``open`` where it had not.
    """

    thread: str
    reason: str
    on: str
    task: int | None
    depth: int
    start: float
    end: float
    first: int
    last: int
    outcome: str = "open"


@dataclass(frozen=True, slots=True)
class Pause:
    """A stretch in which one serializer was suspended, by one or by several.

    Attributes:
        serializer: Its name.
        by: The thread that asked first.
        start: When it was asked for, in seconds of the run.
        still: When the serializer had become still, or None where it never did.
        end: When the last of them resumed it.
        first, last: Positions in the trace of its first and last event.
        count: The most suspensions at once.
        open: Whether it was still suspended at the end.
        quiet: Position in the trace of the event with which it had become still, or None.
    """

    serializer: str
    by: str
    start: float
    still: float | None
    end: float
    first: int
    last: int
    count: int
    open: bool
    quiet: int | None = None


@dataclass(frozen=True, slots=True)
class Lane:
    """One thread: its bars (by start, an outer one before what it holds) and its blocked stretches.

    Attributes:
        thread: Its name.
        kind: Whose it is.
        pool: The pool it belongs to, or empty.
        bars, blocked: In order.
        start, end: From when to when it existed, as far as the trace tells; seconds of the run.
        first, last: The same as positions in the trace.
    """

    thread: str
    kind: LaneKind
    pool: str
    bars: tuple[Bar, ...]
    blocked: tuple[Blocked, ...]
    start: float
    end: float
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Lanes:
    """Everything that a timeline shows.

    Attributes:
        lanes: Pools' threads by pool, each pool's control thread after them, then threads from outside; by name.
        pauses: By start.
        serializers: Names, in the order in which they appear.
        pools: Each pool's design by its name, in the order of creation.
        start, end: Time of the first and the last event, in seconds of the run.
        events: How many events there are.
        dropped: How many were lost before the first.
    """

    lanes: tuple[Lane, ...]
    pauses: tuple[Pause, ...]
    serializers: tuple[str, ...]
    pools: dict[str, str]
    start: float
    end: float
    events: int
    dropped: int


def lanes_of(what: Any) -> Lanes:
    """Read a trace into lanes.

    Takes time and memory in proportion to the trace; keeps nothing. Pure: any thread.

    Args:
        what: A run, a trace, anything with a ``trace``, or events.

    Raises:
        TypeError: If there is no trace in it.
    """
    from visualize._reading import Reader

    with bulk():
        return Reader(source_of(what)).read()
