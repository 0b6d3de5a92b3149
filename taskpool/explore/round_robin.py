"""Round robin: everybody takes a number of steps in turn. One execution for each number; a quick first look."""

from __future__ import annotations

from taskpool.explore.search import able
from taskpool.runtime.kernel import Kernel
from taskpool.runtime.logical import LogicalThread

__all__ = ["RoundRobin"]


class RoundRobin:
    """Turns of 1 step, then of 2, and so on.

    Args:
        longest: The longest turn, in steps.
    """

    name = "round-robin"
    exhaustive = False

    def __init__(self, longest: int = 8) -> None:
        self.longest = longest
        self._turn = 0
        self._left = 0
        self._at = 0

    def begin(self) -> bool:
        self._turn += 1
        self._left, self._at = self._turn, 0
        return self._turn <= self.longest

    def choose(self, kernel: Kernel, current: LogicalThread, /) -> LogicalThread | None:
        threads = able(kernel, current)
        if not threads:
            return None
        if self._left > 0 and threads[0].number == self._at:
            self._left -= 1
            return threads[0]
        later = [thread for thread in threads if thread.number > self._at] or threads
        following = min(later, key=lambda thread: thread.number)
        self._at, self._left = following.number, self._turn - 1
        return following

    def end(self, kernel: Kernel) -> None:
        """Nothing to learn."""
