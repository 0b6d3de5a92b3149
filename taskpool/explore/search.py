"""What the exhaustive strategies share: a stack of choices, the execution that it stands for, and going back.

A stateless search goes back by running the program again: up to the deepest choice that has something left to try the
schedule is repeated, and checked, step by step; from there on it is new. Each strategy decides what is left to try.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any, Protocol

from taskpool.explore.errors import NotDeterministic
from taskpool.explore.independence import Action, action_of, sleep_after
from taskpool.runtime.kernel import Kernel, first_early
from taskpool.runtime.logical import LogicalThread, is_ready
from taskpool.runtime.operations import Operation

__all__ = ["Choice", "DepthFirst", "Strategy", "able"]

_AWAKE: Mapping[int, Action] = {}


class Strategy(Protocol):
    """Decides who goes on, over and over.

    Attributes:
        name: What it is called.
        exhaustive: Whether the search covers every schedule once `begin` returns False.
    """

    name: str
    exhaustive: bool

    def begin(self) -> bool:
        """Make ready for the next execution; False if there is none left."""

    def choose(self, kernel: Kernel, current: LogicalThread, /) -> LogicalThread | None:
        """See `taskpool.runtime.kernel.Choose`."""

    def end(self, kernel: Kernel) -> None:
        """Learn from an execution that has stopped, before its threads are unwound."""


class Choice:
    """One choice of the execution at hand.

    Attributes:
        thread: Identity of the thread that was chosen.
        todo: What is left to try here; what it holds is the strategy's business.
        sleep: Threads whose step here leads nowhere new, with what that step did.
    """

    __slots__ = ("sleep", "thread", "todo")

    def __init__(self, thread: int, todo: list[Any], sleep: Mapping[int, Action]) -> None:
        self.thread = thread
        self.todo = todo
        self.sleep = sleep


class DepthFirst:
    """The stack of choices. Subclasses say what a new choice takes (`fresh`) and what is taken up next (`again`)."""

    name = ""
    exhaustive = True

    def __init__(self) -> None:
        self.choices: list[Choice] = []
        self.announced: list[tuple[Operation, int]] = []
        self._changed = -1  # the choice that this execution makes otherwise than the one before
        self._begun = False
        self._asleep_at_start = _AWAKE
        self.fixed = 0  # choices at the start of every execution that are not this search's to change
        self.unforeseen = 0  # choices of a thread that turned out not to be able to go on; a sound search makes none

    def begin(self) -> bool:
        if not self._begun:
            self._begun = True
            return True
        choices = self.choices
        while len(choices) > self.fixed and not self.again(choices[-1], len(choices) - 1):
            choices.pop()
        self._changed = len(choices) - 1
        return len(choices) > self.fixed

    def start_from(self, threads: Sequence[int], sleep: Mapping[int, Action]) -> None:
        """Search only what begins with the steps of ``threads`` (identities), where ``sleep`` is asleep after them."""
        self.choices = [Choice(thread, [], _AWAKE) for thread in threads]
        self.fixed = len(threads)
        self._asleep_at_start = sleep

    def choose(self, kernel: Kernel, current: LogicalThread, /) -> LogicalThread | None:
        depth = len(kernel.steps)
        choices = self.choices
        if depth < len(choices):
            if depth != self._changed and depth < len(self.announced):  # the quick way through what `_repeat` does
                known = kernel.by_identity.get(choices[depth].thread)
                if known is not None and not known.ended:
                    obj, (operation, key) = known.obj, self.announced[depth]
                    if known.op is operation and key == (0 if obj is None else obj.key):
                        ready = operation.ready
                        if ready is None or ready(known):
                            return known
            return self._repeat(kernel, depth)
        thread = self.fresh(kernel, current, depth)
        if thread is not None:
            obj = thread.obj
            self.announced.append((thread.op, 0 if obj is None else obj.key))
        return thread

    def _repeat(self, kernel: Kernel, depth: int) -> LogicalThread | None:
        """The choice of before, or the changed one, if it can be made; None where time has to move first."""
        thread = kernel.by_identity.get(self.choices[depth].thread)
        if thread is None or thread.ended:
            raise NotDeterministic(depth, self._told(depth), "a thread that has ended, or was never spawned")
        obj, operation = thread.obj, thread.op
        announced = (operation, 0 if obj is None else obj.key)
        if depth == self._changed or depth >= len(self.announced):
            del self.announced[depth:]
            self.announced.append(announced)
        elif announced != self.announced[depth]:
            raise NotDeterministic(depth, self._told(depth), f"{_words(*announced)} in {thread.name}")
        ready = operation.ready
        if ready is None or ready(thread) or thread.early:
            return thread
        if able(kernel, thread):
            if depth != self._changed:
                raise NotDeterministic(depth, self._told(depth), f"{thread.name}, which cannot go on")
            self.unforeseen += 1
        return None

    def end(self, kernel: Kernel) -> None:
        """Nothing to learn."""

    def refuse_other(self, announced: Sequence[tuple[Operation, int]]) -> None:
        """Compare what another execution with the same choices announced with what this search's last one did.

        Raises:
            NotDeterministic: If the two differ.
        """
        for step, (mine, other) in enumerate(zip_longest(self.announced, announced)):
            if mine != other:
                raise NotDeterministic(step, *("the end" if one is None else _words(*one) for one in (mine, other)))

    # -- for strategies

    def asleep(self, kernel: Kernel, depth: int) -> Mapping[int, Action]:
        """Who sleeps at a new choice."""
        if depth == self.fixed:
            return self._asleep_at_start
        return sleep_after(self.choices[-1].sleep, action_of(kernel.steps[-1]))

    def fresh(self, kernel: Kernel, current: LogicalThread, depth: int) -> LogicalThread | None:
        """Append a new choice and make it; None if nobody can go on, or should."""
        raise NotImplementedError

    def again(self, choice: Choice, depth: int) -> bool:
        """Change the last choice to what is to be tried next there; False if nothing is left."""
        raise NotImplementedError

    def _told(self, depth: int) -> str:
        return f"{_words(*self.announced[depth])}"


def _words(operation: Operation, key: int) -> str:
    return f"{operation.name} (object {key & 0xFFFF} that thread {key >> 16} made)" if key else operation.name


def able(kernel: Kernel, current: LogicalThread) -> list[LogicalThread]:
    """Who can go on: ``current`` first, then by number, then who can only give up early."""
    ready = [thread for thread in kernel.threads if not thread.ended and is_ready(thread)]
    if current in ready and ready[0] is not current:
        ready.remove(current)
        ready.insert(0, current)
    early = [t for t in kernel.threads if t.early and not t.ended and t not in ready]
    if early:
        first = first_early(kernel)
        early.sort(key=lambda thread: (thread is not first, thread.number))
    return ready + early
