"""Many serializers paused at once: what a pause costs, and what it does to others.

Every side begins with one thread and may grow by one for each pause. The serializers are idle when they are paused. The
unrelated task is a synchronous push from outside to the pool itself, before the pauses and during them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from statistics import median

from taskpool.bench.case import Case, Readings, Settings
from taskpool.bench.sides import EXECUTOR, TASKPOOL, THREADPOOL, opened
from taskpool.runtime.real import default_runtime

__all__ = ["AFTER", "BEFORE", "PAUSE", "THREADS", "pauses"]

PAUSE = "µs/pause"
THREADS = "threads more"
BEFORE = "µs for an unrelated task before"
AFTER = "and while paused"


def pauses(settings: Settings) -> list[Case]:
    """Workload f: each number of pauses. Where a pause keeps a thread, there are as many threads."""
    sides = (TASKPOOL, THREADPOOL, EXECUTOR)
    return [
        Case(
            "f",
            f"{count:,} serializers paused at once",
            {side: partial(_pause_all, side, settings, count) for side in sides},
            main=PAUSE,
            better="less",
        )
        for count in settings.pauses
    ]


def _pause_all(name: str, settings: Settings, count: int) -> Readings:
    clock = default_runtime().monotonic
    with opened(name, 1, most=count + 1) as side:
        lanes = [side.serializer(f"bench/{at}") for at in range(count)]
        paused = []
        threads, before = side.thread_count(), _latency(side.push_wait, settings.latencies)
        try:
            start = clock()
            for lane in lanes:
                lane.suspend()
                paused.append(lane)
            seconds = clock() - start
            after, more = _latency(side.push_wait, settings.latencies), side.thread_count() - threads
        finally:
            for lane in paused:
                lane.unsuspend()
    return {PAUSE: seconds / count * 1e6, THREADS: more, BEFORE: before * 1e6, AFTER: after * 1e6}


def _latency(push_wait: Callable[..., object], times: int) -> float:
    """The median time of a synchronous push of nothing, in seconds."""
    clock = default_runtime().monotonic
    taken = []
    for _ in range(times):
        start = clock()
        push_wait(_nothing)
        taken.append(clock() - start)
    return median(taken)


def _nothing() -> None:
    pass
