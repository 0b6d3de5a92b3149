"""The programs: a few outside threads, a few calls each, on two serializers of one taskpool.

A program is written as text, a word for each call: ``push:A``, ``wait:B`` (a push_wait), ``stop:A`` (a suspend),
``go:A`` (an unsuspend), ``nest:AB`` (push onto A a task that does a push_wait onto B), ``end`` (shut the pool down);
threads are separated by ``|``. A thread that ends takes back the suspensions that it has made and not ended itself, so
that no program hangs by its own fault.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import combinations_with_replacement, product
from random import Random
from typing import Any

from taskpool.errors import DeadlockError, NotSuspendedError, PoolShutDown
from taskpool.runtime.controlled import ControlledRuntime
from tests.proof.world import World

__all__ = ["CALLS", "Program", "all_programs", "random_programs"]

CALLS = (
    *(f"{call}:{name}" for call in ("push", "wait", "stop", "go") for name in "AB"),
    *(f"nest:{outer}{inner}" for outer in "AB" for inner in "AB"),
    "end",
)

Threads = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Program:
    """A program, by what each outside thread calls, on a pool of ``size`` threads. Call it with a runtime to run it."""

    threads: Threads
    size: int = 1

    def __str__(self) -> str:
        return f"{' | '.join(' '.join(calls) for calls in self.threads)} on {self.size}"

    @classmethod
    def parse(cls, text: str) -> Program:
        """The program that `str` wrote."""
        calls, _, size = text.rpartition(" on ")
        return cls(tuple(tuple(thread.split()) for thread in calls.split("|")), int(size))

    def __call__(self, runtime: ControlledRuntime) -> Callable[[], None]:
        return self.run(World(runtime))

    def run(self, world: World) -> Callable[[], None]:
        """Run it in ``world``, as the first thread of its runtime; what judges the run once everything has ended."""
        runtime = world.runtime
        world.open(self.size)
        pool, serializers, wrong = world.pool, world.serializers, world.wrong
        assert pool is not None

        def task(inner: Any = None) -> int:
            if inner is not None:
                try:
                    if inner.push_wait(task) != 7:
                        wrong.append("a push_wait from inside returned another task's result")
                except (DeadlockError, PoolShutDown):
                    pass
            return 7

        def thread(name: str, calls: tuple[str, ...]) -> None:
            held = dict.fromkeys(serializers, 0)
            for place, call in enumerate(calls):
                world.places[name] = (place, held)
                what, _, names = call.partition(":")
                try:
                    if what == "end":
                        pool.shutdown(wait=False)
                        continue
                    serializer = serializers[names[0]]
                    if what == "push":
                        serializer.push(task)
                    elif what == "nest":
                        serializer.push(task, serializers[names[1]])
                    elif what == "stop":
                        serializer.suspend()
                        held[names] += 1
                    elif what == "go":
                        serializer.unsuspend()
                        held[names] = max(0, held[names] - 1)  # none of its own: it has ended another thread's
                    elif serializer.push_wait(task) != 7:
                        wrong.append("a push_wait from outside returned another task's result")
                except (DeadlockError, PoolShutDown, NotSuspendedError):
                    pass
            for serializer_name, count in held.items():
                for number in range(count):
                    world.places[name] = ((serializer_name, number), held)
                    with suppress(NotSuspendedError):  # where another thread has taken it back
                        serializers[serializer_name].unsuspend()

        names = [f"T{number}" for number in range(1, len(self.threads) + 1)]
        handles = [runtime.spawn(thread, *pair, name=pair[0]) for pair in zip(names, self.threads, strict=True)]
        for handle in handles:
            handle.join()
        runtime.sleep(1)  # until nothing can move: what a shutdown meets is for the threads that call it to find out
        pool.shutdown()
        return world.check


def all_programs(calls: int = 2, sizes: tuple[int, ...] = (1, 2)) -> Iterator[Program]:
    """Every program of two threads with up to ``calls`` calls each that says something new.

    Of programs that differ in the order of the threads or the serializers' names one is given. Left out is what a
    shorter program says as well: an unsuspend that no suspend can come before (it is refused and changes nothing), and
    a call after the thread's own shutdown (likewise).
    """
    sequences = [s for length in range(1, calls + 1) for s in product(CALLS, repeat=length) if "end" not in s[:-1]]
    seen: set[Threads] = set()
    for first, second in combinations_with_replacement(sequences, 2):
        threads = (first, second)
        least = min(_variants(threads))
        if least not in seen and _go_can_follow_stop(threads):
            seen.add(least)
            for size in sizes:
                yield Program(threads, size)


def random_programs(count: int, seed: int = 0) -> Iterator[Program]:
    """``count`` programs of up to 3 threads with up to 4 calls each, on 1 or 2 pool threads; none of them twice."""
    random = Random(seed)
    seen: set[Program] = set()
    while len(seen) < count:
        threads = tuple(
            tuple(random.choice(CALLS) for _ in range(random.randint(1, 4))) for _ in range(random.randint(1, 3))
        )
        program = Program(threads, random.randint(1, 2))
        if program not in seen:
            seen.add(program)
            yield program


def _go_can_follow_stop(threads: Threads) -> bool:
    for number, calls in enumerate(threads):
        others = [call for other, sequence in enumerate(threads) if other != number for call in sequence]
        for place, call in enumerate(calls):
            if call.startswith("go:") and f"stop:{call[-1]}" not in (*calls[:place], *others):
                return False
    return True


def _variants(threads: Threads) -> Iterator[Threads]:
    """The program with its threads in any order and its serializers' names exchanged."""
    for order in (threads, threads[::-1]):
        yield order
        yield tuple(tuple(_exchanged(call) for call in calls) for calls in order)


def _exchanged(call: str) -> str:
    what, colon, names = call.partition(":")
    return what + colon + names.translate(str.maketrans("AB", "BA"))
