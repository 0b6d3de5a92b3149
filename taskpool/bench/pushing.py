"""Pushing: tasks that push themselves again, from inside, and many pushes from outside until all have run.

The first is the original's own benchmark: 200 tasks, each of which pushes itself again when it runs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from taskpool.bench.case import Case, Readings, Settings, readings_of
from taskpool.bench.measure import sample
from taskpool.bench.sides import SIDES, Side, opened
from taskpool.bench.stint import Stint

__all__ = ["chains", "from_outside", "push_chains", "self_pushing"]


def self_pushing(settings: Settings) -> list[Case]:
    """Workload a: tasks that push themselves again."""
    return [chains("a", settings, settings.threads)]


def from_outside(settings: Settings) -> list[Case]:
    """Workload c: pushes from one thread outside, then the end of the pool, which waits for all of them."""
    name = f"{settings.pushes:,} pushes from outside until drained, {settings.threads} threads"
    return [Case("c", name, {side: partial(_drain, side, settings) for side in SIDES})]


def chains(workload: str, settings: Settings, threads: int) -> Case:
    """The case of self-pushing tasks on ``threads`` threads."""
    name = f"{settings.chains} self-pushing tasks, {_many(threads)}"
    return Case(workload, name, {side: partial(_chains, side, settings, threads) for side in SIDES})


def push_chains(side: Side, settings: Settings) -> int:
    """Let the chains run on an open pool for the settings' time; how many tasks ran. Blocks."""
    stint = Stint(settings.chains)
    for _ in range(settings.chains):
        side.push(_chain(side.push, stint))
    return stint.wait(settings.seconds)


def _chains(name: str, settings: Settings, threads: int) -> Readings:
    with opened(name, threads) as side:
        return readings_of(sample(lambda: push_chains(side, settings)))


def _chain(push: Callable[..., object], stint: Stint) -> Callable[[], None]:
    running, end = stint.running, stint.end
    done = 0

    def task() -> None:
        nonlocal done
        done += 1
        if running:
            push(task)
        else:
            end(done)

    return task


def _drain(name: str, settings: Settings) -> Readings:
    ran: list[None] = []
    task = ran.append

    def run() -> int:
        push = side.push
        for _ in range(settings.pushes):
            push(task, None)
        side.close()
        return len(ran)

    with opened(name, settings.threads) as side:
        taken = sample(run)
    if taken.count != settings.pushes:
        raise RuntimeError(f"{name}: {taken.count:,} of {settings.pushes:,} pushed tasks ran")
    return readings_of(taken)


def _many(threads: int) -> str:
    return f"{threads} thread" if threads == 1 else f"{threads} threads"
