"""What a workload consists of: cases, each with sides that do the same work and give the same readings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from taskpool.bench.measure import Sample

__all__ = ["CPU", "RATE", "Case", "Readings", "Settings", "readings_of"]

Readings = Mapping[str, float]
"""What one run of one side gives: values by what they are, unit included."""

RATE = "tasks/s"
CPU = "CPU µs/task"


@dataclass(frozen=True, slots=True)
class Settings:
    """How large the workloads are.

    Attributes:
        threads: Threads of a pool of fixed size. The original's own benchmark has 5.
        seconds: How long work that repeats itself goes on, for each side in each round.
        chains: Tasks that push themselves again, and pairs of serializers: 200 in the original's benchmark.
        pushes: Pushes from outside until drained.
        pauses: Numbers of serializers paused at once.
        latencies: Synchronous pushes whose median is the latency of an unrelated task.
        thread_counts: Threads of the pools whose scaling is measured.
        messages: Messages a second of the load at a fixed rate.
        kept: Tasks, serializers and events whose size is measured: so many of each.
    """

    threads: int = 5
    seconds: float = 1.0
    chains: int = 200
    pushes: int = 1_000_000
    pauses: tuple[int, ...] = (50, 1_000)
    latencies: int = 500
    thread_counts: tuple[int, ...] = (1, 2, 5, 20, 50, 200)
    messages: int = 1_000
    kept: int = 10_000

    def __post_init__(self) -> None:
        for name in ("threads", "chains", "pushes", "latencies", "messages", "kept"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}={getattr(self, name)!r}: must be at least 1")
        if self.seconds < 0:
            raise ValueError(f"seconds={self.seconds!r}: must be 0 or more")

    def __str__(self) -> str:
        return (
            f"{self.threads} threads, {self.seconds:g} s for work that repeats itself, {self.pushes:,} pushes, "
            f"{self.messages:,} messages a second, {self.kept:,} of what is sized"
        )

    @classmethod
    def quick(cls, threads: int = 5) -> Settings:
        """Small enough for a round of all workloads to take some ten seconds; rougher figures."""
        return cls(threads, seconds=0.05, pushes=20_000, latencies=100, thread_counts=(1, 5, 50), kept=1_000)


@dataclass(frozen=True, slots=True)
class Case:
    """One piece of work, done by several sides.

    Attributes:
        workload: The letter of the workload that it belongs to.
        name: What is done.
        sides: What runs one side once and gives its readings, by the side's name. It blocks, and leaves no thread.
        main: The reading by which sides are compared.
        better: Whether more or less of it is better.
    """

    workload: str
    name: str
    sides: Mapping[str, Callable[[], Readings]]
    main: str = RATE
    better: Literal["more", "less"] = "more"


def readings_of(sample: Sample) -> Readings:
    """A sample's tasks a second and processor time of one task."""
    return {RATE: sample.rate, CPU: sample.cpu_per_task * 1e6}
