"""Depth-first search with sleep sets: a thread that was tried somewhere sleeps there until something conflicts with it.

Every trace class is executed once, but many executions are begun and given up because all who could go on are asleep.
(Godefroid, 1996.)
"""

from __future__ import annotations

from collections.abc import Mapping

from taskpool.explore.independence import Action, action_of, conflict
from taskpool.explore.search import _AWAKE, Choice, DepthFirst, able
from taskpool.runtime.kernel import Kernel, LogicalThread

__all__ = ["SleepSetSearch", "sleep_after"]


def sleep_after(sleep: Mapping[int, Action], action: Action) -> Mapping[int, Action]:
    """Who still sleeps after a step that did ``action``."""
    if not sleep:
        return sleep
    return {thread: asleep for thread, asleep in sleep.items() if not conflict(asleep, action)}


class SleepSetSearch(DepthFirst):
    """Tries every thread that can go on and is not asleep, at every step."""

    name = "sleep-sets"

    def __init__(self) -> None:
        super().__init__()
        self._actions: list[Action] = []

    def fresh(self, kernel: Kernel, current: LogicalThread, depth: int) -> LogicalThread | None:
        sleep = sleep_after(self.choices[-1].sleep, action_of(kernel.steps[-1])) if depth else _AWAKE
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
