"""What lasts in a trace: tasks running, threads waiting, serializers suspended.

An event is a moment; two of them make a span. A span that the trace's end cuts off has ``end`` None. One whose
beginning was dropped from the trace begins with the trace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from taskpool.events import Event, EventKind

__all__ = ["SuspensionSpan", "TaskSpan", "WaitSpan", "suspension_spans", "task_spans", "wait_spans"]

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class TaskSpan:
    """A task running on a thread.

    Args:
        thread: Who runs it.
        task: Its number.
        label: Its name.
        processor: The queue that it came from or, run inline, did not go into.
        start: Seconds, as in `Event.time`.
        end: Seconds; None where the trace ended first.
        outcome: ``"finished"``, ``"failed"``, or None where the trace ended first.
        pushed: When it was pushed, or None: it was run inline, or its push was dropped from the trace.
        inline: Why it was run directly on its caller's thread, or None.
        own: Whether it is one of the pool's own tasks: a serializer's turn, or the checkpoint of a suspend.
        error: What it raised, for a failed one.
    """

    thread: str
    task: int
    label: str
    processor: str | None
    start: float
    end: float | None
    outcome: str | None
    pushed: float | None = None
    inline: str | None = None
    own: bool = False
    error: str | None = None


@dataclass(frozen=True, slots=True)
class WaitSpan:
    """A thread waiting.

    Args:
        thread: Who waits.
        processor: What is waited for.
        task: Number of the task that is waited for, or None.
        within: Number of the task in which the thread waits, or None.
        reason: Why, as in `taskpool.events`.
        start: Seconds, as in `Event.time`.
        end: Seconds; None where the trace ended first.
        outcome: How it ended, as in `taskpool.events`; None where the trace ended first.
    """

    thread: str
    processor: str | None
    task: int | None
    within: int | None
    reason: str
    start: float
    end: float | None
    outcome: str | None


@dataclass(frozen=True, slots=True)
class SuspensionSpan:
    """A serializer suspended: from when it was still until the last suspension was taken back.

    Args:
        thread: Who saw it become still, or resumed it where its beginning was dropped from the trace.
        serializer: Its name.
        start: Seconds, as in `Event.time`.
        end: Seconds; None where the trace ended first.
    """

    thread: str
    serializer: str
    start: float
    end: float | None


class _Spans(Generic[S]):
    """Spans in the order in which they began, each filled in when it ends."""

    def __init__(self) -> None:
        self._whole: list[S | None] = []
        self._cut: list[S] = []

    def begin(self) -> int:
        """Keep a place for a span that begins now."""
        self._whole.append(None)
        return len(self._whole) - 1

    def end(self, place: int, span: S) -> None:
        self._whole[place] = span

    def cut(self, span: S) -> None:
        """Add one whose beginning is missing. Of two on one thread, the one that ends last began first."""
        self._cut.append(span)

    def all(self) -> list[S]:
        return [*reversed(self._cut), *(span for span in self._whole if span is not None)]


def task_spans(
    events: Sequence[Event], label: Callable[[int], str], own: Mapping[int, object] | frozenset[int]
) -> list[TaskSpan]:
    """The tasks that ran, in the order in which they began.

    Args:
        events: A trace's events.
        label: The name of a task, by its number.
        own: The numbers of the pool's own tasks.
    """
    spans: _Spans[TaskSpan] = _Spans()
    pushed: dict[int, float] = {}
    inline: dict[int, str] = {}
    running: dict[int, tuple[int, Event]] = {}

    def span(task: int, start: Event | None, end: Event | None) -> TaskSpan:
        where = start or end
        assert where is not None
        return TaskSpan(
            thread=where.thread,
            task=task,
            label=label(task),
            processor=where.processor,
            start=start.time if start is not None else events[0].time,
            end=end.time if end is not None else None,
            outcome=None if end is None else _OUTCOMES[end.kind],
            pushed=pushed.pop(task, None),
            inline=inline.pop(task, None),
            own=task in own,
            error=end.detail.get("error") if end is not None else None,
        )

    for event in events:
        kind, task = event.kind, event.task
        if task is None:
            continue
        if kind is EventKind.TASK_PUSHED:
            pushed[task] = event.time
        elif kind is EventKind.TASK_INLINED:
            inline[task] = str(event.detail.get("reason", ""))
        elif kind is EventKind.TASK_STARTED:
            running[task] = (spans.begin(), event)
        elif kind in _OUTCOMES:
            if task in running:
                index, start = running.pop(task)
                spans.end(index, span(task, start, event))
            else:
                spans.cut(span(task, None, event))
    for task, (index, start) in running.items():
        spans.end(index, span(task, start, None))
    return spans.all()


_OUTCOMES = {EventKind.TASK_FINISHED: "finished", EventKind.TASK_FAILED: "failed"}


def wait_spans(events: Sequence[Event]) -> list[WaitSpan]:
    """The waits of all threads, in the order in which they began."""
    spans: _Spans[WaitSpan] = _Spans()
    waiting: dict[str, list[tuple[int, Event]]] = {}

    def span(start: Event | None, end: Event | None) -> WaitSpan:
        where = start or end
        assert where is not None
        return WaitSpan(
            thread=where.thread,
            processor=where.processor,
            task=where.task,
            within=where.parent,
            reason=str(where.detail.get("reason", "unknown")),
            start=start.time if start is not None else events[0].time,
            end=end.time if end is not None else None,
            outcome=end.detail.get("outcome") if end is not None else None,
        )

    for event in events:
        if event.kind is EventKind.WAIT_STARTED:
            waiting.setdefault(event.thread, []).append((spans.begin(), event))
        elif event.kind is EventKind.WAIT_ENDED:
            open_waits = waiting.get(event.thread)
            if open_waits:
                index, start = open_waits.pop()
                spans.end(index, span(start, event))
            else:
                spans.cut(span(None, event))
    for open_waits in waiting.values():
        for index, start in open_waits:
            spans.end(index, span(start, None))
    return spans.all()


def suspension_spans(events: Iterable[Event]) -> list[SuspensionSpan]:
    """The suspensions of all serializers, in the order in which they began. Nested ones of a serializer are one."""
    spans: _Spans[SuspensionSpan] = _Spans()
    still: dict[str, tuple[int, Event]] = {}
    first: float | None = None
    for event in events:
        name = event.processor or ""
        if first is None:
            first = event.time
        if event.kind is EventKind.SERIALIZER_SUSPENDED:
            if name not in still:
                still[name] = (spans.begin(), event)
        elif event.kind is EventKind.SERIALIZER_UNSUSPENDED and not event.detail.get("count"):
            if name in still:
                index, start = still.pop(name)
                spans.end(index, SuspensionSpan(start.thread, name, start.time, event.time))
            else:
                spans.cut(SuspensionSpan(event.thread, name, first, event.time))
    for name, (index, start) in still.items():
        spans.end(index, SuspensionSpan(start.thread, name, start.time, None))
    return spans.all()
