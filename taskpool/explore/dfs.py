"""Naive depth-first search: every order of every step. More or less never the one you want, and the one to trust.

With a bound on preemptions it tries only the schedules in which a thread that could have gone on was made to wait at
most so often. Most bugs need one or two.
"""

from __future__ import annotations

from taskpool.explore.search import _AWAKE, Choice, DepthFirst, able
from taskpool.runtime.kernel import Kernel
from taskpool.runtime.logical import LogicalThread

__all__ = ["NaiveSearch"]


class NaiveSearch(DepthFirst):
    """Tries every thread that can go on, at every step.

    Args:
        preemptions: At most so many times a thread is made to wait although it could have gone on; None: no bound.
    """

    name = "dfs"

    def __init__(self, preemptions: int | None = None) -> None:
        super().__init__()
        self.preemptions = preemptions
        self.exhaustive = preemptions is None
        self._spent: list[tuple[int, int]] = []  # for each choice: preemptions before it, and what leaving costs
        self._left: list[bool] = []  # for each choice: whether it leaves the thread that it would have stayed on

    def fresh(self, kernel: Kernel, current: LogicalThread, depth: int) -> LogicalThread | None:
        threads = able(kernel, current)
        if not threads:
            return None
        if self.preemptions is not None:
            spent, cost = self._spent[depth - 1] if depth else (0, 0)
            if depth and self._left[depth - 1]:
                spent += cost
            cost = int(threads[0] is current)
            del self._spent[depth:], self._left[depth:]
            self._spent.append((spent, cost))
            self._left.append(False)
            if spent + cost > self.preemptions:
                threads = threads[:1]
        self.choices.append(Choice(threads[0].identity, [thread.identity for thread in threads[:0:-1]], _AWAKE))
        return threads[0]

    def again(self, choice: Choice, depth: int) -> bool:
        if not choice.todo:
            return False
        choice.thread = choice.todo.pop()
        if self.preemptions is not None:
            self._left[depth] = True
        return True
