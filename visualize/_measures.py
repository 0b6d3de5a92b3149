"""A trace's figures as plain numbers: what `visualize.metrics` puts into tables and charts.

Threads are the pools' own, without the older pool's control thread. Tasks are those that somebody pushed: a
serializer's turns, a suspend's checkpoints and control tasks do not count. Times are seconds. A wait or a task that
has not ended counts up to the trace's end.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from taskpool.events import Event, EventKind
from visualize.lanes import Bar, BarKind, Lane, LaneKind, Lanes

__all__ = ["Depth", "Group", "Measures", "ThreadTime", "WaitTime", "measure", "percentile"]

POOL_ROW = "(no serializer)"


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest of the values that at least ``percent`` % of them do not exceed; nan without values."""
    if not values:
        return math.nan
    rank = max(1, math.ceil(len(values) * percent / 100))
    return sorted(values)[rank - 1]


@dataclass(slots=True)
class Group:
    """The tasks of one serializer, of the pool itself, or all.

    Attributes:
        name: The serializer.
        started, finished, failed, inlined: Numbers of tasks.
        waited: For each task that started, from its push (or the decision to run it inline) to its start.
        ran: For each task that ended, from its start to its end, with what ran inside it and its waits.
        blocked: How long threads were blocked waiting for it, together.
        deepest: The most tasks in its queue at once.
        mean_depth: The mean number of tasks in its queue over the whole trace.
    """

    name: str
    started: int = 0
    finished: int = 0
    failed: int = 0
    inlined: int = 0
    waited: list[float] = field(default_factory=list)
    ran: list[float] = field(default_factory=list)
    blocked: float = 0.0
    deepest: int = 0
    mean_depth: float = 0.0


@dataclass(frozen=True, slots=True)
class ThreadTime:
    """What one of the pools' threads did with its time: ran tasks, was blocked, or had nothing to do."""

    name: str
    pool: str
    running: float
    blocked: float
    idle: float
    tasks: int
    inlined: int


@dataclass(slots=True)
class WaitTime:
    """The pools' threads' waits for one reason: how many, how long together, the longest, how many never ended."""

    count: int = 0
    total: float = 0.0
    longest: float = 0.0
    still: int = 0


@dataclass(frozen=True, slots=True)
class Depth:
    """One queue's length over time: ``times[i]`` is when it became ``depths[i]``."""

    queue: str
    times: list[float]
    depths: list[int]


@dataclass(frozen=True, slots=True)
class Measures:
    """Everything that is measured.

    Attributes:
        start, end: Of the trace.
        groups: Serializers by appearance, then the pool itself if it had tasks.
        all: All tasks together.
        threads: The pools' threads.
        waits: The pools' threads' waits by reason, the longest first.
        over_time: At each time at which it changed: threads, running, blocked.
        depths: Queues by appearance.
        never_run: Tasks that were discarded, or still queued when the trace ended.
        control_tasks: Control tasks queued.
        still_blocked: The pools' threads that were blocked at the end.
    """

    start: float
    end: float
    groups: list[Group]
    all: Group
    threads: list[ThreadTime]
    waits: dict[str, WaitTime]
    over_time: list[tuple[float, int, int, int]]
    depths: list[Depth]
    never_run: int
    control_tasks: int
    still_blocked: int

    @property
    def peak_threads(self) -> int:
        """The most threads at once."""
        return max((threads for _, threads, _, _ in self.over_time), default=0)


def measure(lanes: Lanes, events: Sequence[Event]) -> Measures:
    """Measure a trace.

    Args:
        lanes: The trace, read.
        events: The trace.
    """
    groups = {name: Group(name) for name in lanes.serializers}
    pool, everything = Group(POOL_ROW), Group("all")
    own = [lane for lane in lanes.lanes if lane.kind is LaneKind.POOL]
    for lane in lanes.lanes:
        for bar in lane.bars:
            if bar.kind is BarKind.TASK:
                for group in (groups.get(bar.owner, pool), everything):
                    _count(group, bar)
    waits: dict[str, WaitTime] = {}
    still = 0
    for lane in own:
        still += bool(lane.blocked) and lane.blocked[-1].outcome == "open"
        for wait in lane.blocked:
            length = wait.end - wait.start
            time = waits.setdefault(wait.reason or "unknown", WaitTime())
            time.count += 1
            time.total += length
            time.longest = max(time.longest, length)
            time.still += wait.outcome == "open"
            for group in (groups.get(wait.on, pool), everything):
                group.blocked += length
    depths = _depths(events)
    _put_depths(depths, groups, pool, everything, lanes)
    shown = list(groups.values())
    if pool.started or pool.blocked or (pool.deepest and not groups):
        shown.append(pool)
    counts = Counter(event.kind for event in events)
    return Measures(
        start=lanes.start,
        end=lanes.end,
        groups=shown,
        all=everything,
        threads=[_thread_time(lane) for lane in own],
        waits=dict(sorted(waits.items(), key=lambda item: -item[1].total)),
        over_time=_over_time(own, lanes.end),
        depths=depths,
        never_run=_never_run(events),
        control_tasks=counts[EventKind.CONTROL_QUEUED],
        still_blocked=still,
    )


def _never_run(events: Iterable[Event]) -> int:
    """How many of the tasks that somebody pushed were discarded or are still queued at the end."""
    discarded = 0
    queued: set[int | None] = set()
    own: set[int | None] = set()
    for event in events:
        kind = event.kind
        if kind is EventKind.TASK_PUSHED:
            (own if event.detail.get("turn") or event.detail.get("checkpoint") else queued).add(event.task)
        elif kind is EventKind.TASK_STARTED:
            queued.discard(event.task)
        elif kind is EventKind.TASK_DISCARDED:
            queued.discard(event.task)
            discarded += event.task not in own
    return discarded + len(queued)


def _count(group: Group, bar: Bar) -> None:
    group.started += 1
    if bar.outcome == "finished":
        group.finished += 1
    elif bar.outcome == "failed":
        group.failed += 1
    group.inlined += bool(bar.inline)
    if bar.pushed is not None:
        group.waited.append(bar.start - bar.pushed)
    if bar.outcome != "open" and not bar.cut:
        group.ran.append(bar.end - bar.start)


def _outermost(lane: Lane) -> Iterable[Bar]:
    """The bars that no other bar holds, turns included: while one of them lasts, the thread is at work."""
    last = -1
    for bar in lane.bars:
        if bar.last > last:
            yield bar
            last = bar.last


def _thread_time(lane: Lane) -> ThreadTime:
    # A pool's thread waits only inside a task.
    blocked = sum(wait.end - wait.start for wait in lane.blocked)
    working = max(0.0, sum(bar.end - bar.start for bar in _outermost(lane)) - blocked)
    return ThreadTime(
        name=lane.thread,
        pool=lane.pool,
        running=working,
        blocked=blocked,
        idle=max(0.0, lane.end - lane.start - working - blocked),
        tasks=sum(bar.kind is BarKind.TASK for bar in lane.bars),
        inlined=sum(bool(bar.inline) for bar in lane.bars),
    )


def _over_time(lanes: Iterable[Lane], end: float) -> list[tuple[float, int, int, int]]:
    changes: list[tuple[float, int, int, int]] = []
    for lane in lanes:
        changes.append((lane.start, 1, 0, 0))
        if lane.end < end:
            changes.append((lane.end, -1, 0, 0))
        for bar in _outermost(lane):
            changes.append((bar.start, 0, 1, 0))
            if bar.outcome != "open":
                changes.append((bar.end, 0, -1, 0))
        for wait in lane.blocked:
            changes.append((wait.start, 0, -1, 1))
            if wait.outcome != "open":
                changes.append((wait.end, 0, 1, -1))
    changes.sort(key=lambda change: change[0])
    result: list[tuple[float, int, int, int]] = []
    threads = running = blocked = 0
    for time, more, work, stopped in changes:
        threads, running, blocked = threads + more, running + work, blocked + stopped
        if result and result[-1][0] == time:
            result.pop()
        result.append((time, threads, max(0, running), blocked))
    return result


def _depths(events: Sequence[Event]) -> list[Depth]:
    queued: dict[str, set[int | None]] = {}
    depths: dict[str, Depth] = {}
    for event in events:
        kind, name = event.kind, event.processor
        if name is None:
            continue
        if kind is EventKind.TASK_PUSHED or kind is EventKind.CONTROL_QUEUED:
            queue = queued.setdefault(name, set())
            queue.add(event.task)
        elif kind in _LEAVING:
            queue = queued.get(name, _NOTHING)
            if event.task not in queue:
                continue
            queue.discard(event.task)
        else:
            continue
        depth = depths.setdefault(name, Depth(name, [], []))
        depth.times.append(event.time)
        depth.depths.append(len(queue))
    return list(depths.values())


_LEAVING = frozenset({EventKind.TASK_STARTED, EventKind.TASK_DISCARDED, EventKind.CONTROL_RAN})
_NOTHING: set[int | None] = set()


def _put_depths(depths: list[Depth], groups: dict[str, Group], pool: Group, everything: Group, lanes: Lanes) -> None:
    span = lanes.end - lanes.start
    for depth in depths:
        deepest = max(depth.depths)
        ends = [*depth.times[1:], lanes.end]
        area = sum(size * (end - time) for time, end, size in zip(depth.times, ends, depth.depths, strict=True))
        group = groups.get(depth.queue, pool)
        group.deepest = max(group.deepest, deepest)
        group.mean_depth += area / span if span > 0 else 0.0
        if group is not pool:
            everything.deepest = max(everything.deepest, deepest)
            everything.mean_depth += area / span if span > 0 else 0.0
    if not groups:
        everything.deepest, everything.mean_depth = pool.deepest, pool.mean_depth
