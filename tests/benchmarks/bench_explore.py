"""How fast the explorer is beside its nearest peer. Figures, not tests.

    pip install frontrun==0.7.0
    python tests/benchmarks/bench_explore.py

Both search the same philosophers in the same run; ours is the median of several rounds. ``python -m taskpool bench
explore`` shows the explorer's figures alone.
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
from statistics import median

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

__all__ = ["main"]

_ROUNDS = 5
_PEER_LIMIT = 120.0  # seconds for the peer's largest program


def peer_figures() -> None:
    """Print both tools' times for the same programs, the peer's in a process of its own, as it asks."""
    from taskpool.bench.explore import philosophers
    from taskpool.explore import explore

    for count in (3, 4, 5):
        reports = [explore(philosophers(count)) for _ in range(_ROUNDS)]
        ours = median(report.seconds for report in reports)
        command = [sys.executable, "-m", "frontrun.cli", sys.executable, __file__, "--as-peer", str(count)]
        printed = subprocess.run(command, capture_output=True, text=True, check=False)
        lines = printed.stdout.splitlines()
        if not lines or not lines[-1].startswith("{"):
            print(f"frontrun did not run: {printed.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
            return
        peer = json.loads(lines[-1])
        limit = "" if peer["seconds"] < _PEER_LIMIT else " (stopped by its time limit, so at least)"
        print(
            f"philosophers {count}: taskpool {ours * 1000:8.1f} ms, {reports[0].schedules} schedules; "
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
    parser.add_argument("--as-peer", type=int, metavar="N", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.as_peer:
        as_peer(args.as_peer)
    else:
        peer_figures()
    return 0


if __name__ == "__main__":
    sys.exit(main())
