"""Optimal dynamic partial order reduction: one execution for each trace class, none begun in vain.

Every execution is run to its end; then each race in it is turned round: the steps that do not depend on the earlier
one, followed by the later one, are put into the wakeup tree of the choice before the earlier one, unless a thread that
sleeps there could begin them. A search that follows wakeup trees never comes to where all who could go on are asleep.
(Abdulla, Aronis, Jonsson, Sagonas: Optimal dynamic partial order reduction, POPL 2014, Algorithm 2.)
"""

from __future__ import annotations

from taskpool.explore.happens_before import HappensBefore
from taskpool.explore.independence import action_of, sleep_after
from taskpool.explore.reversal import reversals
from taskpool.explore.search import _AWAKE, Choice, DepthFirst, able
from taskpool.explore.wakeup import Branch, insert, starts_asleep
from taskpool.runtime.kernel import Kernel
from taskpool.runtime.logical import LogicalThread, is_ready

__all__ = ["OptimalSearch"]


class OptimalSearch(DepthFirst):
    """Turns round every race, once. A choice's ``todo`` is its wakeup tree: a list of `Branch`."""

    name = "optimal"

    def __init__(self) -> None:
        super().__init__()
        self.history = HappensBefore()
        self._forced: list[Branch] = []
        self._at_leaf = False

    def fresh(self, kernel: Kernel, current: LogicalThread, depth: int) -> LogicalThread | None:
        choices = self.choices
        sleep = _AWAKE
        # Whoever slept where a branch begins conflicts with a step of it: after its last one nobody sleeps. (A step
        # may turn out to do less than was foreseen; what it should have woken must be woken all the same.)
        if depth and choices[-1].sleep and not self._at_leaf:
            sleep = sleep_after(choices[-1].sleep, action_of(kernel.steps[-1]))
        forced, self._at_leaf = self._forced, False
        if forced:
            thread = kernel.by_identity.get(forced[0].action.thread)
            if thread is not None and not thread.ended and (is_ready(thread) or thread.early):
                self._forced = forced[0].branches
                self._at_leaf = not self._forced
                choices.append(Choice(thread.identity, forced[1:], sleep))
                return thread
            self.unforeseen += 1
            self._forced = []
        if not current.ended and current.identity not in sleep and is_ready(current):
            thread = current
        else:
            thread = next((t for t in able(kernel, current) if t.identity not in sleep), None)
            if thread is None:
                return None
        choices.append(Choice(thread.identity, [], sleep))
        return thread

    def end(self, kernel: Kernel) -> None:
        choices = self.choices
        for earlier, tail in reversals(self.history, kernel, self.announced, whole=True):
            choice = choices[earlier]
            if not starts_asleep(tail, choice.sleep):
                insert(choice.todo, tail)

    def again(self, choice: Choice, depth: int) -> bool:
        if not choice.todo:
            return False
        choice.sleep = {**choice.sleep, choice.thread: self.history.actions[depth]}
        branch: Branch = choice.todo.pop(0)
        choice.thread = branch.action.thread
        self._forced = branch.branches
        self._at_leaf = not self._forced
        self.history.cut(depth)
        return True
