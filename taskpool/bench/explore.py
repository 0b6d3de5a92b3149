"""How fast the explorer is: schedules a second and time per step, on programs of known size.

Each program is searched several times, one after the other; a row shows the median with the fastest and the slowest
round, and the exact counts, which are the same on every machine. The time is the search's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from taskpool.explore import explore
from taskpool.pool import TaskPool

__all__ = ["HEADER", "Row", "line", "locks_program", "measure", "philosophers", "pool_program", "programs"]


@dataclass(frozen=True, slots=True)
class Row:
    """What the rounds of one program gave.

    Attributes:
        program: Its name.
        strategy: How it was searched.
        schedules: Executions in one search.
        steps: Steps in one search.
        exhausted: Whether the search covered everything.
        seconds: Time of each round, in seconds.
    """

    program: str
    strategy: str
    schedules: int
    steps: int
    exhausted: bool
    seconds: tuple[float, ...]

    @property
    def rate(self) -> float:
        """Schedules a second in the median round."""
        return self.schedules / median(self.seconds)

    @property
    def step(self) -> float:
        """Time of one step in the median round, in seconds."""
        return median(self.seconds) / self.steps

    def as_dict(self) -> dict[str, Any]:
        """All of it in JSON's types."""
        return {**asdict(self), "schedules_per_second": self.rate, "seconds_per_step": self.step}


def philosophers(count: int) -> Callable[[Any], None]:
    """A program of ``count`` threads: each takes its left fork and then its right one. It can deadlock."""

    def dinner(runtime: Any) -> None:
        forks = [runtime.Lock(f"fork {number}") for number in range(count)]

        def dine(left: Any, right: Any) -> None:
            with left, right:
                pass

        for number in range(count):
            runtime.spawn(dine, forks[number], forks[(number + 1) % count])

    return dinner


def pool_program(runtime: Any) -> Callable[[], None]:
    """A taskpool of one thread, a serializer, three pushers: 35 steps."""
    pool = TaskPool("bench", runtime=runtime, minimum_size=1, initial_size=1, max_size=1, auto_increment=0)
    ran: list[int] = []
    serializer = pool.serializer("bench/serializer")
    threads = [runtime.spawn(serializer.push, ran.append, number) for number in range(2)]
    serializer.push_wait(ran.append, 2)
    for thread in threads:
        thread.join()
    pool.shutdown()

    def check() -> None:
        assert sorted(ran) == [0, 1, 2]

    return check


def locks_program(runtime: Any) -> None:
    """Four threads, one lock, one queue: 32 steps."""
    lock, items = runtime.Lock("lock"), runtime.Queue("items")

    def work(number: int) -> None:
        for _ in range(3):
            with lock:
                pass
        items.put(number)
        items.get()

    for number in range(4):
        runtime.spawn(work, number)


def programs() -> dict[str, tuple[Callable[[Any], Any], str]]:
    """Every program that is measured, with the strategy it is searched with, by the name of its row."""
    searched: dict[str, tuple[Callable[[Any], Any], str]] = {
        "pool of one thread": (pool_program, "optimal"),
        "pool of one thread, random": (pool_program, "random"),
        "locks and a queue": (locks_program, "optimal"),
        "locks and a queue, naive": (locks_program, "dfs"),
    }
    for count in (3, 4, 5, 6):
        searched[f"{count} philosophers"] = (philosophers(count), "optimal")
    return searched


def measure(rounds: int = 5, schedules: int = 3_000) -> Iterator[Row]:
    """Search each program and yield its row. Blocks; not from inside a controlled run.

    Args:
        rounds: How often each is searched, at least 1.
        schedules: Where a search stops, at least 1; those that end earlier are exhausted.

    Raises:
        ValueError: If a number is below 1.
    """
    if rounds < 1 or schedules < 1:
        raise ValueError(f"rounds={rounds!r}, schedules={schedules!r}: both must be at least 1")
    for name, (program, strategy) in programs().items():
        reports = [explore(program, strategy, max_schedules=schedules) for _ in range(rounds)]
        last = reports[-1]
        seconds = tuple(report.seconds for report in reports)
        yield Row(name, strategy, last.schedules, last.steps, last.exhausted, seconds)


HEADER = (
    f"{'program':27} {'schedules':>10} {'steps each':>10} {'schedules/s':>11} "
    f"{'(slowest to fastest)':>20} {'µs/step':>8}"
)
"""What stands above the rows' lines."""


def line(row: Row) -> str:
    """A row as text, under `HEADER`."""
    slowest, fastest = row.schedules / max(row.seconds), row.schedules / min(row.seconds)
    many = f"{row.schedules:,}" + ("" if row.exhausted else "+")
    spread = f"{slowest:,.0f} to {fastest:,.0f}"
    return (
        f"{row.program:27} {many:>10} {row.steps / row.schedules:10.1f} {row.rate:11,.0f} {spread:>20} "
        f"{row.step * 1e6:8.1f}"
    )
