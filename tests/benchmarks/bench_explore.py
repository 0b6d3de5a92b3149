"""How fast the explorer is, and how it compares with its nearest peer. Figures, not tests.

    python tests/benchmarks/bench_explore.py            the explorer alone
    python tests/benchmarks/bench_explore.py --peer     beside frontrun, which needs: pip install frontrun==0.7.0

Each figure is the best of several rounds, in real time on one core; run it on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

__all__ = ["main", "philosophers", "pool_program"]

_ROUNDS = 5
_PEER_LIMIT = 120.0  # seconds for the peer's largest program


def philosophers(count: int) -> Callable[[Any], None]:
    """Each takes its left fork and then its right one."""

    def dinner(runtime: Any) -> None:
        forks = [runtime.Lock(f"fork {number}") for number in range(count)]

        def dine(left: Any, right: Any) -> None:
            with left, right:
                pass

        for number in range(count):
            runtime.spawn(dine, forks[number], forks[(number + 1) % count])

    return dinner


def pool_program(runtime: Any) -> Callable[[], None]:
    """A taskpool of one thread, a serializer, three pushers: about 36 steps."""
    from taskpool import TaskPool

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


def explored(program: Callable[[Any], Any], strategy: str = "optimal", count: int = 3_000) -> tuple[float, Any]:
    """The best of several rounds: seconds, and a report."""
    from taskpool.explore import explore

    best, report = float("inf"), None
    for _ in range(_ROUNDS):
        found = explore(program, strategy, max_schedules=count)
        if found.seconds < best:
            best, report = found.seconds, found
    return best, report


def own_figures() -> None:
    """Print the explorer's own figures."""
    print("program            strategy   schedules  steps each  schedules/s  µs/step")
    for name, program, strategy in (
        ("pool, one thread", pool_program, "optimal"),
        ("pool, one thread", pool_program, "random"),
        ("locks and a queue", locks_program, "optimal"),
        ("locks and a queue", locks_program, "dfs"),
    ):
        seconds, report = explored(program, strategy)
        print(
            f"{name:18} {strategy:9} {report.schedules:10,} {report.steps / report.schedules:11.1f} "
            f"{report.schedules / seconds:12,.0f} {seconds / report.steps * 1e6:8.1f}"
        )
    print()
    for count in (3, 4, 5, 6):
        seconds, report = explored(philosophers(count))
        print(f"philosophers {count}: {report.schedules:4} schedules, exhausted in {seconds * 1000:.1f} ms")
    print(f"threads at the end: {threading.active_count()} (the reusable ones included)")


def peer_figures() -> None:
    """Print both tools' times for the same programs, the peer's in a process of its own, as it asks."""
    for count in (3, 4, 5):
        ours, report = explored(philosophers(count))
        command = [sys.executable, "-m", "frontrun.cli", sys.executable, __file__, "--as-peer", str(count)]
        printed = subprocess.run(command, capture_output=True, text=True, check=False)
        lines = printed.stdout.splitlines()
        if not lines or not lines[-1].startswith("{"):
            print(f"frontrun did not run: {printed.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
            return
        peer = json.loads(lines[-1])
        limit = "" if peer["seconds"] < _PEER_LIMIT else " (stopped by its time limit, so at least)"
        print(
            f"philosophers {count}: taskpool {ours * 1000:8.1f} ms, {report.schedules} schedules; "
            f"frontrun {peer['seconds'] * 1000:10.1f} ms, {peer['explored']} schedules; "
            f"{peer['seconds'] / ours:,.0f} times{limit}"
        )


def as_peer(count: int) -> None:
    """Explore the philosophers with the peer and print what it took, as JSON."""
    import frontrun

    class Table:
        def __init__(self) -> None:
            self.forks = [threading.Lock() for _ in range(count)]

    def philosopher(number: int) -> Callable[[Table], None]:
        def dine(table: Table) -> None:
            with table.forks[number], table.forks[(number + 1) % count]:
                pass

        return dine

    began = time.perf_counter()
    result = frontrun.explore(
        setup=Table,
        workers=[philosopher(number) for number in range(count)],
        invariant=lambda table: True,
        stop_on_first=False,
        preemption_bound=None,
        reproduce_on_failure=0,
        total_timeout=_PEER_LIMIT,
    )
    print(json.dumps({"seconds": time.perf_counter() - began, "explored": result.num_explored}))


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--peer", action="store_true", help="compare with frontrun")
    parser.add_argument("--as-peer", type=int, metavar="N", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.as_peer:
        as_peer(args.as_peer)
    else:
        own_figures()
        if args.peer:
            peer_figures()
    return 0


if __name__ == "__main__":
    sys.exit(main())
