"""Depth-first search with sleep sets: a thread that was tried somewhere sleeps there until something conflicts with it.

Every trace class is executed once, but many executions are begun and given up because all who could go on are asleep.
(Godefroid, 1996.)
"""

from __future__ import annotations

from taskpool.explore.independence import Action, action_of
from taskpool.explore.search import Choice, DepthFirst, able
from taskpool.runtime.kernel import Kernel
from taskpool.runtime.logical import LogicalThread

__all__ = ["SleepSetSearch"]


class SleepSetSearch(DepthFirst):
    """Tries every thread that can go on and is not asleep, at every step."""

    name = "sleep-sets"

    def __init__(self) -> None:
        super().__init__()
        self._actions: list[Action] = []

    def fresh(self, kernel: Kernel, current: LogicalThread, depth: int) -> LogicalThread | None:
        sleep = self.asleep(kernel, depth)
        threads = [thread for thread in able(kernel, current) if thread.identity not in sleep]
        if not threads:
            return None
        self.choices.append(Choice(threads[0].identity, [thread.identity for thread in threads[:0:-1]], sleep))
        return threads[0]

    def end(self, kernel: Kernel) -> None:
        self._actions = [action_of(step) for step in kernel.steps]

    def again(self, choice: Choice, depth: int) -> bool:
        choice.sleep = {**choice.sleep, choice.thread: self._actions[depth]}
        while choice.todo:
            choice.thread = choice.todo.pop()
            if choice.thread not in choice.sleep:
                return True
        return False
