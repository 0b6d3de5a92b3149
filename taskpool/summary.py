"""A trace's figures: threads, tasks, waits. What runs are compared by.

Threads are the pools' own: a program's threads and the threadpool's control thread do not count. Tasks are the ones
that somebody pushed: a serializer's turns and a suspend's checkpoints, which are tasks of the pool's, do not count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any

from taskpool.events import Event, EventKind
from taskpool.spans import suspension_spans, wait_spans

__all__ = ["TraceSummary", "own_tasks", "summarize"]


@dataclass(frozen=True, slots=True)
class TraceSummary:
    """A trace's figures. Times are seconds.

    Args:
        threads: Threads that pools started.
        peak_threads: The most of them at once.
        still_blocked: Those that are waiting when the trace ends.
        blocked_thread_seconds: Time that they spent waiting; an open wait counts to the trace's end.
        blocked_by_reason: The same for each reason.
        pushed: Tasks that went into a queue.
        finished: Tasks that ran and returned, inline ones included.
        failed: Tasks that ran and raised.
        inlined: Tasks that ran directly on the thread of their caller, without a queue.
        discarded: Tasks that will never run.
        control_tasks: Tasks in the control queue of a threadpool.
        suspensions: How often a serializer came to be suspended.
        duration: From the first event to the last.
    """

    threads: int
    peak_threads: int
    still_blocked: int
    blocked_thread_seconds: float
    blocked_by_reason: Mapping[str, float]
    pushed: int
    finished: int
    failed: int
    inlined: int
    discarded: int
    control_tasks: int
    suspensions: int
    duration: float

    def as_dict(self) -> dict[str, Any]:
        """The figures by name, in the order above, in JSON's types."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        values["blocked_by_reason"] = dict(self.blocked_by_reason)
        return values


def own_tasks(events: Sequence[Event]) -> frozenset[int]:
    """The numbers of the tasks that are the pool's own: serializers' turns and suspends' checkpoints."""
    own = set()
    for event in events:
        task = event.task
        if task is None:
            continue
        if event.kind is EventKind.TASK_PUSHED:
            detail = event.detail
            if detail.get("turn") is not None or detail.get("checkpoint"):
                own.add(task)
        elif event.kind in _TURNS:
            own.add(task)
    return frozenset(own)


_TURNS = frozenset({EventKind.SERIALIZER_SCHEDULED, EventKind.SERIALIZER_RELEASED})
_SIGNS_OF_A_POOL_THREAD = frozenset(
    {EventKind.THREAD_IDLED, EventKind.THREAD_WOKE, EventKind.THREAD_STOPPED, EventKind.TASK_STARTED}
)


def summarize(events: Sequence[Event], own: frozenset[int], *, whole: bool) -> TraceSummary:
    """A trace's figures.

    Args:
        events: Its events, in order.
        own: What `own_tasks` says of them.
        whole: Whether no older events are missing before the first.
    """
    counts: Counter[EventKind] = Counter()
    for event in events:
        if event.kind in _TASK_KINDS and event.task in own:
            continue
        counts[event.kind] += 1
    end = events[-1].time if events else 0.0
    names, threads, peak = _threads(events, whole)
    waits = [wait for wait in wait_spans(events) if wait.thread in names]
    blocked: dict[str, float] = {}
    for wait in waits:
        seconds = max(0.0, (end if wait.end is None else wait.end) - wait.start)
        blocked[wait.reason] = blocked.get(wait.reason, 0.0) + seconds
    return TraceSummary(
        threads=threads,
        peak_threads=peak,
        still_blocked=len({wait.thread for wait in waits if wait.end is None}),
        blocked_thread_seconds=sum(blocked.values()),
        blocked_by_reason=MappingProxyType(dict(sorted(blocked.items()))),
        pushed=counts[EventKind.TASK_PUSHED],
        finished=counts[EventKind.TASK_FINISHED],
        failed=counts[EventKind.TASK_FAILED],
        inlined=counts[EventKind.TASK_INLINED],
        discarded=counts[EventKind.TASK_DISCARDED],
        control_tasks=counts[EventKind.CONTROL_QUEUED],
        suspensions=len(suspension_spans(events)),
        duration=max(0.0, end - events[0].time) if events else 0.0,
    )


_TASK_KINDS = frozenset(
    {
        EventKind.TASK_PUSHED,
        EventKind.TASK_FINISHED,
        EventKind.TASK_FAILED,
        EventKind.TASK_INLINED,
        EventKind.TASK_DISCARDED,
    }
)


def _threads(events: Sequence[Event], whole: bool) -> tuple[set[str], int, int]:
    """The names of the pools' threads, how many there were, and the most at once.

    A thread whose start is missing before the first event shows by what only pool threads do; it was there already.
    """
    control: set[str] = set()
    started: set[str] = set()
    before: set[str] = set()
    for event in events:
        kind, thread = event.kind, event.thread
        if kind is EventKind.THREAD_STARTED:
            (control if event.detail.get("control") else started).add(thread)
        elif kind is EventKind.CONTROL_RAN:
            control.add(thread)
        elif kind in _SIGNS_OF_A_POOL_THREAD and not whole and thread not in started:
            before.add(thread)
    before -= control
    names = started | before
    now = total = peak = len(before)
    for event in events:
        if event.thread not in names:
            continue
        if event.kind is EventKind.THREAD_STARTED and not event.detail.get("control"):
            total += 1
            now += 1
            peak = max(peak, now)
        elif event.kind is EventKind.THREAD_STOPPED:
            now -= 1
    return names, total, peak
