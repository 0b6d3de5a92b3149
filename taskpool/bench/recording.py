"""What a recorder costs while it records: the same work with none and with one, with tasks from inside and outside."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from taskpool.bench.case import Case, Readings, Settings, readings_of
from taskpool.bench.measure import sample
from taskpool.bench.pushing import push_chains
from taskpool.bench.sides import TASKPOOL, THREADPOOL, Side, opened
from taskpool.recorder import Recorder
from taskpool.runtime.real import default_runtime

__all__ = ["EVENTS", "RECORDED", "recorded"]

EVENTS = "events/task"
RECORDED = ", recording"
"""What follows the name of a side that records."""

_PRODUCERS = 8


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
    return {**readings_of(taken), EVENTS: events / taken.count}


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
