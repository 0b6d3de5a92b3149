"""How a figure is taken: the sides take turns, round by round, and are compared only within a round.

A machine's speed drifts. So every round runs each side once, in an order that rotates, and a ratio is taken between two
samples of the same round; what is reported is the median over the rounds, with the least and the greatest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from time import process_time

from taskpool.runtime.real import default_runtime

__all__ = ["Sample", "Spread", "interleave", "ratio_spread", "sample", "spread"]


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


def spread(values: list[float]) -> Spread:
    """The spread of ``values``.

    Raises:
        ValueError: If there are none.
    """
    if not values:
        raise ValueError("no values: measure at least 1 round")
    return Spread(median(values), min(values), max(values))


def sample(run: Callable[[], int]) -> Sample:
    """Time one ``run``, which blocks until its work is done and returns the number of tasks that ran.

    Raises:
        ValueError: If no task ran.
    """
    clock = default_runtime().monotonic
    cpu, start = process_time(), clock()
    count = run()
    seconds, cpu_seconds = clock() - start, process_time() - cpu
    if count < 1:
        raise ValueError(f"{count} tasks ran: a sample needs at least 1")
    return Sample(count, seconds, cpu_seconds)


def interleave(sides: Mapping[str, Callable[[], Sample]], rounds: int) -> dict[str, tuple[Sample, ...]]:
    """Take a sample of every side in each of ``rounds`` rounds; each round begins with the next side. Blocks.

    Returns:
        The samples by side, in the order of the rounds: those at the same place are of the same round.

    Raises:
        ValueError: If ``rounds`` is not at least 1.
    """
    if rounds < 1:
        raise ValueError(f"rounds={rounds}: must be at least 1")
    names = list(sides)
    samples: dict[str, list[Sample]] = {name: [] for name in names}
    for number in range(rounds):
        first = number % max(1, len(names))
        for name in names[first:] + names[:first]:
            samples[name].append(sides[name]())
    return {name: tuple(taken) for name, taken in samples.items()}


def ratio_spread(over: tuple[Sample, ...], under: tuple[Sample, ...]) -> Spread:
    """The rate of ``over`` divided by that of ``under``, round by round.

    Raises:
        ValueError: If the two were not measured in the same rounds.
    """
    return spread([one.rate / other.rate for one, other in zip(over, under, strict=True)])
