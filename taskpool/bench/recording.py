"""What a recorder costs: the same work with none and with one, with tasks from inside and outside.

What it costs when there is none cannot be measured beside code without the question whether there is one. It is
estimated, from above: one such question for each event that would have been recorded, at the price that it has here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import process_time

from taskpool.bench.case import Case, Readings, Settings, readings_of
from taskpool.bench.measure import sample
from taskpool.bench.pushing import push_chains
from taskpool.bench.sides import TASKPOOL, THREADPOOL, Side, opened
from taskpool.recorder import Recorder
from taskpool.runtime.real import default_runtime

__all__ = ["CHECK", "EVENTS", "RECORDED", "recorded"]

EVENTS = "events/task"
RECORDED = ", recording"
"""What follows the name of a side that records."""

CHECK = "ns to see that none records"

_PRODUCERS = 8
_CHECKS = 100_000


def recorded(settings: Settings) -> list[Case]:
    """Workload h: self-pushing tasks, and pushes from producers outside, each with and without a recorder."""
    works = {
        f"{settings.chains} self-pushing tasks": push_chains,
        f"{_PRODUCERS} producers outside": _produce,
    }
    return [
        Case(
            "h",
            f"recording off and on: {what}, {settings.threads} threads",
            {
                name + (RECORDED if records else ""): partial(_run, name, settings, work, records)
                for name in (TASKPOOL, THREADPOOL)
                for records in (False, True)
            },
        )
        for what, work in works.items()
    ]


def _run(name: str, settings: Settings, work: Callable[[Side, Settings], int], records: bool) -> Readings:
    recorder = Recorder() if records else None
    with opened(name, settings.threads, recorder=recorder) as side:
        taken = sample(lambda: work(side, settings))
    events = 0 if recorder is None else len(recorder) + recorder.dropped
    return {**readings_of(taken), EVENTS: events / taken.count, CHECK: _check() * 1e9}


class _Pool:
    """Something that may have a recorder."""

    def __init__(self) -> None:
        self.recorder: Recorder | None = None


def _check() -> float:
    """Processor time of one look whether somebody records, in seconds."""
    pool = _Pool()

    def look() -> None:
        for _ in range(_CHECKS):
            if pool.recorder is not None:
                raise AssertionError

    def idle() -> None:
        for _ in range(_CHECKS):
            pass

    return max(0.0, _seconds(look) - _seconds(idle)) / _CHECKS


def _seconds(work: Callable[[], None]) -> float:
    start = process_time()
    work()
    return process_time() - start


def _produce(side: Side, settings: Settings) -> int:
    ran: list[None] = []
    each = max(1, settings.pushes // 10 // _PRODUCERS)

    def produce() -> None:
        push, task = side.push, ran.append
        for _ in range(each):
            push(task, None)

    runtime = default_runtime()
    producers = [runtime.spawn(produce, name=f"producer-{at}") for at in range(_PRODUCERS)]
    for thread in producers:
        thread.join()
    side.close()
    return len(ran)
