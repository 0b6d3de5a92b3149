"""Source-DPOR: dynamic partial order reduction with source sets, and sleep sets against what is left over.

Each race, once it is seen, makes sure that one of the threads that could begin its reversal is tried where the earlier
step was taken. Simple, sound, and now and then it begins an execution in vain, which optimal DPOR does not.
(Abdulla, Aronis, Jonsson, Sagonas: Optimal dynamic partial order reduction, POPL 2014, Algorithm 1.)
"""

from __future__ import annotations

from taskpool.explore.happens_before import HappensBefore
from taskpool.explore.reversal import reversals
from taskpool.explore.search import Choice, DepthFirst, able
from taskpool.explore.wakeup import initials
from taskpool.runtime.kernel import Kernel
from taskpool.runtime.logical import LogicalThread

__all__ = ["SourceSearch"]


class SourceSearch(DepthFirst):
    """A choice's ``todo`` holds the identities of threads to try there."""

    name = "source"

    def __init__(self) -> None:
        super().__init__()
        self.history = HappensBefore()

    def fresh(self, kernel: Kernel, current: LogicalThread, depth: int) -> LogicalThread | None:
        sleep = self.asleep(kernel, depth)
        thread = next((t for t in able(kernel, current) if t.identity not in sleep), None)
        if thread is not None:
            self.choices.append(Choice(thread.identity, [], sleep))
        return thread

    def end(self, kernel: Kernel) -> None:
        for earlier, tail in reversals(self.history, kernel, self.announced, whole=False):
            if earlier < self.fixed:
                continue  # what else could be done there is another share's
            choice = self.choices[earlier]
            starters = [action.thread for action in initials(tail)]
            if not any(thread in choice.sleep or thread in choice.todo for thread in starters):
                choice.todo.append(starters[0])

    def again(self, choice: Choice, depth: int) -> bool:
        if not choice.todo:
            return False
        choice.sleep = {**choice.sleep, choice.thread: self.history.actions[depth]}
        choice.thread = choice.todo.pop(0)
        self.history.cut(depth)
        return True
