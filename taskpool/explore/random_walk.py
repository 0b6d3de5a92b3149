"""Random walks: at every step somebody who can go on, by chance. Good at finding what is common, blind to the rare."""

from __future__ import annotations

import random

from taskpool.explore.search import able
from taskpool.runtime.kernel import Kernel
from taskpool.runtime.logical import LogicalThread

__all__ = ["RandomWalk"]


class RandomWalk:
    """Walks for ever.

    Args:
        seed: The first walk's seed; the next has the next.
        stay: How likely the thread that runs is left running, from 0 to 1, where it can go on.
    """

    name = "random"
    exhaustive = False

    def __init__(self, seed: int = 0, stay: float = 0.5) -> None:
        self.seed = seed
        self.stay = stay
        self._random = random.Random()  # noqa: S311 - a walk, not a secret

    def begin(self) -> bool:
        self._random.seed(self.seed)
        self.seed += 1
        return True

    def choose(self, kernel: Kernel, current: LogicalThread, /) -> LogicalThread | None:
        threads = able(kernel, current)
        if not threads:
            return None
        if threads[0] is current and self._random.random() < self.stay:
            return current
        return threads[int(self._random.random() * len(threads))]

    def end(self, kernel: Kernel) -> None:
        """Nothing to learn."""
