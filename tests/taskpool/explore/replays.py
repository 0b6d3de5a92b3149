"""Replays of random programs' random schedules, printed so that two machines, or two Pythons, can be compared.

    python tests/taskpool/explore/replays.py --count 1000 | md5sum

The same on every Python from 3.11 and for every PYTHONHASHSEED. Each schedule is found by a walk, replayed from its
text, and its steps and outcome are compared with the walk's here already.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[3]))
    sys.path.insert(0, str(Path(__file__).parent))

from random_programs import random_program

from taskpool.explore.execution import Limits, executed
from taskpool.explore.random_walk import RandomWalk
from taskpool.explore.replay import Replayer
from taskpool.explore.schedule import Schedule

__all__ = ["replayed"]


def _steps(kernel: Any) -> list[tuple[int, int, int]]:
    return [(step[0].number, step[1], step[3]) for step in kernel.steps]


def replayed(seed: int) -> tuple[str, str]:
    """A random program's random schedule and its hash, after a replay that did the same."""
    program, limits = random_program(seed), Limits(max_steps=400)
    walk = RandomWalk(seed)
    walk.begin()
    with executed(program, walk, limits) as execution:
        steps, outcome = _steps(execution.kernel), program.outcome(execution.kernel)
    finder = Replayer(threads=[step[0] for step in steps])
    with executed(program, finder, limits):
        found = finder.found()
    again = Replayer(Schedule.parse(found.full))
    with executed(program, again, limits) as execution:
        assert _steps(execution.kernel) == steps, f"seed {seed}: other steps"
        assert program.outcome(execution.kernel) == outcome, f"seed {seed}: another outcome"
    return str(found), found.digest


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=1000)
    for seed in range(parser.parse_args().count):
        print(seed, *replayed(seed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
