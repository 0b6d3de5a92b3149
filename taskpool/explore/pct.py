"""PCT: random priorities, changed at a few random steps. Finds a bug of depth d with a probability that is known.

With n threads and k steps it is at least 1 / (n · k^(d-1)) in each walk, however rare the bug's schedule is.
(Burckhardt, Kothari, Musuvathi, Nagarakatte: A randomized scheduler with probabilistic guarantees, ASPLOS 2010.)
"""

from __future__ import annotations

import random

from taskpool.explore.search import able
from taskpool.runtime.kernel import Kernel
from taskpool.runtime.logical import LogicalThread

__all__ = ["PriorityWalk"]


class PriorityWalk:
    """Always lets the thread with the highest priority go on.

    Args:
        seed: The first walk's seed; the next has the next.
        depth: The depth of the bugs sought: priorities change at ``depth - 1`` steps.
    """

    name = "pct"
    exhaustive = False

    def __init__(self, seed: int = 0, depth: int = 3) -> None:
        self.seed = seed
        self.depth = depth
        self._random = random.Random()  # noqa: S311 - a walk, not a secret
        self._priorities: dict[int, float] = {}
        self._changes: dict[int, int] = {}
        self._steps = 100  # a run's length; learnt from the runs before

    def begin(self) -> bool:
        self._random.seed(self.seed)
        self.seed += 1
        self._priorities = {}
        self._changes = {self._random.randrange(self._steps): low for low in range(1, self.depth)}
        return True

    def choose(self, kernel: Kernel, current: LogicalThread, /) -> LogicalThread | None:
        threads = able(kernel, current)
        if not threads:
            return None
        priorities = self._priorities
        for thread in kernel.threads:
            if thread.number not in priorities:
                priorities[thread.number] = self.depth + self._random.random()
        low = self._changes.get(len(kernel.steps))
        if low is not None:
            first = max(threads, key=lambda thread: priorities[thread.number])
            priorities[first.number] = self.depth - low
        return max(threads, key=lambda thread: priorities[thread.number])

    def end(self, kernel: Kernel) -> None:
        self._steps = max(1, self._steps if kernel.stopped else len(kernel.steps))
