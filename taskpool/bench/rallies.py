"""Serializers: pairs of them that pass one task back and forth. The original's own benchmark has 200 pairs.

Where there are no serializers (`concurrent.futures`), each of the two is a deque with a lock.
"""

from __future__ import annotations

from functools import partial

from taskpool.bench.case import Case, Readings, Settings, readings_of
from taskpool.bench.measure import sample
from taskpool.bench.sides import SIDES, Lane, Side, opened
from taskpool.bench.stint import Stint

__all__ = ["pairs_of", "pass_tasks", "rallies", "serializer_pairs"]


def serializer_pairs(settings: Settings) -> list[Case]:
    """Workload b: pairs of serializers."""
    return [rallies("b", settings, settings.threads)]


def rallies(workload: str, settings: Settings, threads: int) -> Case:
    """The case of pairs of serializers on ``threads`` threads."""
    name = f"{settings.chains} pairs of serializers, {threads} thread{'s' * (threads != 1)}"
    return Case(workload, name, {side: partial(_rallies, side, settings, threads) for side in SIDES})


def pass_tasks(pairs: list[tuple[Lane, Lane]], seconds: float) -> int:
    """Let each pair pass its task back and forth for ``seconds``; how many tasks ran. Blocks."""
    stint = Stint(len(pairs))
    for one, other in pairs:
        _start(one, other, stint)
    return stint.wait(seconds)


def pairs_of(side: Side, count: int) -> list[tuple[Lane, Lane]]:
    """``count`` pairs of serializers of an open pool."""
    return [(side.serializer(f"bench/{at}"), side.serializer(f"bench/{at}'")) for at in range(count)]


def _rallies(name: str, settings: Settings, threads: int) -> Readings:
    with opened(name, threads) as side:
        pairs = pairs_of(side, settings.chains)
        return readings_of(sample(lambda: pass_tasks(pairs, settings.seconds)))


def _start(one: Lane, other: Lane, stint: Stint) -> None:
    running, end = stint.running, stint.end
    push_one, push_other = one.push, other.push
    done = 0

    def on_one() -> None:
        nonlocal done
        done += 1
        if running:
            push_other(on_other)
        else:
            end(done)

    def on_other() -> None:
        nonlocal done
        done += 1
        if running:
            push_one(on_one)
        else:
            end(done)

    push_one(on_one)
