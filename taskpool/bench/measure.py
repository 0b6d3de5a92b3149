"""How a figure is taken: the sides take turns, round by round, and are compared only within a round.

A machine's speed drifts. So every round runs each side once, in an order that rotates, and a ratio is taken between two
values of the same round; what is reported is the median over the rounds, with the least and the greatest.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from time import process_time
from typing import TypeVar

from taskpool.runtime.real import default_runtime

__all__ = ["Sample", "Spread", "ratio_spread", "sample", "spread", "turns"]

Side = TypeVar("Side")


@dataclass(frozen=True, slots=True)
class Sample:
    """One run of one side.

    Attributes:
        count: Tasks that ran.
        seconds: Elapsed time, in seconds.
        cpu_seconds: Processor time of the whole process, all threads, in seconds.
    """

    count: int
    seconds: float
    cpu_seconds: float

    @property
    def rate(self) -> float:
        """Tasks a second."""
        return self.count / self.seconds

    @property
    def cpu_per_task(self) -> float:
        """Processor time of one task, in seconds."""
        return self.cpu_seconds / self.count


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of several values, the least and the greatest."""

    median: float
    least: float
    greatest: float


def spread(values: Sequence[float]) -> Spread:
    """The spread of ``values``.

    Raises:
        ValueError: If there are none.
    """
    if not values:
        raise ValueError("no values: measure at least 1 round")
    return Spread(median(values), min(values), max(values))


def sample(run: Callable[[], int]) -> Sample:
    """Time one ``run``, which blocks until its work is done and returns the number of tasks that ran.

    Garbage of earlier work is collected first; the collector then stays as it is set.

    Raises:
        ValueError: If no task ran.
    """
    gc.collect()
    clock = default_runtime().monotonic
    cpu, start = process_time(), clock()
    count = run()
    seconds, cpu_seconds = clock() - start, process_time() - cpu
    if count < 1:
        raise ValueError(f"{count} tasks ran: a sample needs at least 1")
    return Sample(count, seconds, cpu_seconds)


def turns(sides: Mapping[str, Side], number: int) -> Iterator[tuple[str, Side]]:
    """Every side once, with its name, in the order of round ``number``: each round begins with the next side."""
    names = list(sides)
    first = number % max(1, len(names))
    for name in names[first:] + names[:first]:
        yield name, sides[name]


def ratio_spread(over: Sequence[float], under: Sequence[float]) -> Spread:
    """``over`` divided by ``under``, round by round.

    Raises:
        ValueError: If the two were not measured in the same rounds.
    """
    return spread([one / other for one, other in zip(over, under, strict=True)])
