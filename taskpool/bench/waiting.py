"""Synchronous pushes: from outside, where a thread has to be woken twice, and from inside, where none has to be.

From inside, the taskpool runs the task on the thread that asks. The older pool and the executor queue it and block, so
another thread has to run it. "Outside" stands beside every case from inside, measured in the same run on the same pool.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from taskpool.bench.case import Case, Readings, Settings, readings_of
from taskpool.bench.measure import sample
from taskpool.bench.sides import EXECUTOR, SIDES, TASKPOOL, THREADPOOL, Side, opened
from taskpool.bench.stint import Stint
from taskpool.runtime.real import default_runtime

__all__ = ["INSIDE", "OUTSIDE", "from_inside", "from_outside"]

OUTSIDE = "outside, tasks/s"
"""What a side gives in the same run when it is asked from outside."""

_BATCH = 10


def from_outside(settings: Settings) -> list[Case]:
    """Workload d: threads outside that push and wait, push and wait."""
    return [
        Case(
            "d",
            f"push_wait from outside, {callers} caller{'s' * (callers != 1)}",
            {side: partial(_outside, side, settings, callers) for side in SIDES},
        )
        for callers in (1, 8)
    ]


def from_inside(settings: Settings) -> list[Case]:
    """Workload e: a task that pushes and waits, push and wait, on one thing after the other."""
    return [
        Case("e", f"push_wait from inside: {what}", {side: partial(_inside, side, settings, what) for side in sides})
        for what, (_, sides) in INSIDE.items()
    ]


def _nothing() -> None:
    pass


def _repeat(stint: Stint, push_wait: Callable[..., object], before: Callable[..., object] | None = None) -> None:
    """Push and wait until the time is up, once at least; ``before``, if any, is a push that comes first each time."""
    running, task = stint.running, _nothing
    done = 0
    try:
        while True:
            for _ in range(_BATCH):
                if before is not None:
                    before(task)
                push_wait(task)
            done += _BATCH
            if not running:
                break
    finally:
        stint.end(done)


def _call(side: Side, settings: Settings, callers: int) -> int:
    stint, runtime = Stint(callers), default_runtime()
    threads = [runtime.spawn(_repeat, stint, side.push_wait, name=f"caller-{at}") for at in range(callers)]
    try:
        return stint.wait(settings.seconds)
    finally:
        for thread in threads:
            thread.join()


def _outside(name: str, settings: Settings, callers: int) -> Readings:
    with opened(name, settings.threads) as side:
        return readings_of(sample(lambda: _call(side, settings, callers)))


def _pool(side: Side, stint: Stint) -> None:
    side.push(_repeat, stint, side.push_wait)


def _empty(side: Side, stint: Stint) -> None:
    side.serializer("bench/here").push(_repeat, stint, side.serializer("bench/empty").push_wait)


def _own(side: Side, stint: Stint) -> None:
    own = side.serializer("bench/own")
    own.push(_repeat, stint, own.push_wait)


def _busy(side: Side, stint: Stint) -> None:
    busy = side.serializer("bench/busy")
    side.serializer("bench/here").push(_repeat, stint, busy.push_wait, busy.push)


_BOTH_WAYS = (TASKPOOL, THREADPOOL, EXECUTOR)

INSIDE: dict[str, tuple[Callable[[Side, Stint], None], tuple[str, ...]]] = {
    "the pool": (_pool, _BOTH_WAYS),
    "an empty serializer": (_empty, _BOTH_WAYS),
    "its own serializer": (_own, (TASKPOOL, THREADPOOL)),
    "a serializer with a task queued": (_busy, _BOTH_WAYS),
}
"""What is pushed to from inside: how the task is started, and the sides that can do it without a deadlock."""


def _inside(name: str, settings: Settings, what: str) -> Readings:
    start, _ = INSIDE[what]

    def run() -> int:
        stint = Stint(1)
        start(side, stint)
        return stint.wait(settings.seconds)

    with opened(name, max(2, settings.threads)) as side:
        readings = readings_of(sample(run))
        outside = sample(lambda: _call(side, settings, 1))
    return {**readings, OUTSIDE: outside.rate}
