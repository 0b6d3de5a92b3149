"""Programs whose numbers of schedules are known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = [
    "crossing",
    "five_philosophers",
    "lost_update",
    "philosophers",
    "reads_and_writes",
    "three_philosophers",
    "writer_and_readers",
]

Program = Callable[[Any], Any]


def philosophers(count: int, *, ordered: bool = False) -> Program:
    """Each takes two forks, its left one first; ``ordered``: the one with the lower number first."""

    def dinner(runtime: Any) -> None:
        forks = [runtime.Lock(f"fork {number}") for number in range(count)]

        def dine(first: Any, second: Any) -> None:
            with first, second:
                pass

        for number in range(count):
            left, right = number, (number + 1) % count
            if ordered and left > right:
                left, right = right, left
            runtime.spawn(dine, forks[left], forks[right], name=f"philosopher {number}")

    return dinner


crossing = philosophers(2)
"""Two threads that take the same two locks in opposite orders."""


def three_philosophers(runtime: Any) -> None:
    """A function of a module, as a process pool needs it."""
    philosophers(3)(runtime)


def five_philosophers(runtime: Any) -> None:
    """The same for five."""
    philosophers(5)(runtime)


def reads_and_writes(threads: int) -> Program:
    """Each reads one variable and then writes it."""

    def program(runtime: Any) -> None:
        total = runtime.Var(0, "total")

        def add() -> None:
            total.set(total.get() + 1)

        for _ in range(threads):
            runtime.spawn(add)

    return program


def lost_update(runtime: Any) -> Callable[[], None]:
    """Two threads count one up each, without a lock."""
    total = runtime.Var(0, "total")

    def add() -> None:
        total.set(total.get() + 1)

    for name in ("one", "other"):
        runtime.spawn(add, name=name)

    def check() -> None:
        assert total.get() == 2, f"counted {total.get()}"

    return check


def writer_and_readers(readers: int) -> Program:
    """One thread writes a variable once, the others read it once."""

    def program(runtime: Any) -> None:
        shared = runtime.Var(0, "shared")
        runtime.spawn(shared.set, 1)
        for _ in range(readers):
            runtime.spawn(shared.get)

    return program
