"""Depth first over states instead of schedules: an execution that comes to a state seen before is given up.

Two things keep it small. A step that concerns nobody else (``private``) is taken at once: no other order is tried. And
where there is a choice, the run's state is looked up: what can follow from a state does not depend on the way to it, so
that a second way there leads to nothing new. Schedules are many and states are few where all threads meet at one lock,
which is what partial order reduction can do little about.

What a state is, only somebody who knows the program can say: the search is as sound as the two functions that it is
given. It counts the schedules that it has covered, given up or not.

Sources: P. Godefroid, "Partial-Order Methods for the Verification of Concurrent Systems" (1996), for singleton
persistent sets; the state's cycles need no proviso here, since the threads' step counts are part of every state.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

from taskpool.errors import OptionError
from taskpool.explore.search import _AWAKE, Choice, DepthFirst, able
from taskpool.runtime.kernel import Kernel
from taskpool.runtime.logical import LogicalThread

__all__ = ["StateSearch"]

_OPEN = -1  # a state that what follows is still being tried of


class StateSearch(DepthFirst):
    """Tries every thread that can go on, at every state once.

    States are kept as 64 bit hashes: two of ``n`` states are taken for one with a probability below n²/2⁶⁵.

    Args:
        fingerprint: Called where there is a choice; everything that what follows depends on, and that a verdict at the
            end depends on, but for the threads' operations, step counts and deadlines, which the search adds. Two
            states with equal fingerprints count as one; None means that the state is not to be looked up.
        private: Whether a thread's next step, which it can take, does not conflict with any step that another thread
            could take before it.

    Attributes:
        states: How many states with a choice were seen.
        covered: How many schedules the executions so far stand for; private steps are not counted as choices.
    """

    name = "states"

    def __init__(
        self, fingerprint: Callable[[Kernel], Hashable], private: Callable[[LogicalThread, Kernel], bool]
    ) -> None:
        super().__init__()
        self.covered = 0
        self._fingerprint = fingerprint
        self._private = private
        self._known: dict[int, int] = {}  # by state: the schedules from there on
        self._states: list[int | None] = []  # for each choice: the state before it, if it was looked up
        self._below: list[int] = []  # for each choice: the schedules from there on, so far
        self._given_up = 0  # schedules from the state at which the execution at hand was given up

    @property
    def states(self) -> int:
        return len(self._known)

    def begin(self) -> bool:
        self._given_up = 0
        choices = self.choices
        while self._begun and len(choices) > self.fixed and not choices[-1].todo:
            choices.pop()
            self._close()
        return super().begin()

    def end(self, kernel: Kernel) -> None:
        found = self._given_up or 1
        self.covered += found
        if self._below:
            self._below[-1] += found

    def fresh(self, kernel: Kernel, current: LogicalThread, depth: int) -> LogicalThread | None:
        threads = able(kernel, current)
        if not threads:
            return None
        state = None
        if len(threads) > 1:
            alone = next((thread for thread in threads if self._private(thread, kernel)), None)
            if alone is not None:
                threads = [alone]
            else:
                seen = self._fingerprint(kernel)
                if seen is not None:
                    state = hash((self._of_threads(kernel), seen))
                    known = self._known.get(state)
                    if known is not None:
                        assert known != _OPEN, "the state is one that led to it: its fingerprint lacks something"
                        self._given_up = known
                        return None
                    self._known[state] = _OPEN
        self.choices.append(Choice(threads[0].identity, [thread.identity for thread in threads[:0:-1]], _AWAKE))
        self._states.append(state)
        self._below.append(0)
        return threads[0]

    def again(self, choice: Choice, depth: int) -> bool:
        if not choice.todo:
            return False
        choice.thread = choice.todo.pop()
        return True

    def _close(self) -> None:
        """Everything that follows from the last choice's state has been tried."""
        state, below = self._states.pop(), self._below.pop()
        if state is not None:
            self._known[state] = below
        if self._below:
            self._below[-1] += below

    @staticmethod
    def _of_threads(kernel: Kernel) -> Hashable:
        if kernel.early_timeouts:
            raise OptionError("timeouts='explore': states are searched with deadlines that pass only at the end")
        taken: dict[int, int] = {}
        for step in kernel.steps:
            thread = step[0]
            taken[thread.identity] = taken.get(thread.identity, 0) + 1
        return kernel.now, tuple(
            (
                thread.identity,
                taken.get(thread.identity, 0),
                thread.ended,
                thread.op.name,
                0 if thread.obj is None else thread.obj.key,
                thread.deadline,
            )
            for thread in kernel.threads
        )
