"""What came before what in an execution, and which pairs of steps race.

Every step has a *past*: the set of steps that came before it in every execution of the same trace class, as the bits
of an integer (bit i for step i, itself included). A step's past is made of the past of its thread's previous step, of
the steps that it conflicts with, of those that enabled it (the release before an acquire, the put of the item that a
get got, the notify of a wait) and, once time has moved, of everything before that.

A step races with an earlier one if they conflict and it could have come first. That it was enabled by a later step
proves nothing (an acquire that waited for a release could have come before the acquire), so a candidate is judged by a
*shadow*: what must have come before the step even if it had been first. Three kinds of candidates have three shadows:

* the step that took away what this one waits for (the last acquire, get, clear): the thread's own past, and the notify
  that a wait needs;
* a step that this one saw, or that saw this one, without waiting for it: that, and all before time last moved, for in
  its absence this step would have been taken early, or not at all;
* what belongs to a step's second effect (a thread's end): its whole past.
"""

from __future__ import annotations

from typing import Any

from taskpool.explore.independence import Action
from taskpool.explore.objects import Objects
from taskpool.runtime import operations as op
from taskpool.runtime.kernel import Kernel
from taskpool.runtime.logical import LogicalThread, is_ready

__all__ = ["END", "FIRST", "GIVES_UP", "HappensBefore", "Race"]

Race = tuple[int, int, int]
"""The earlier step, the later one, and in which way the later one could have come first: `FIRST`, `GIVES_UP`, `END`."""

FIRST, GIVES_UP, END = range(3)

_WAITS = frozenset({op.ACQUIRE, op.TRY_OK, op.GET, op.TRY_GET, op.WAITED, op.TRY_WAITED})


class HappensBefore:
    """The pasts of an execution's steps; extended step by step, cut back when the search does.

    Attributes:
        pasts: For each step, the bits of the steps before it and its own.
        races: For each step, its races with earlier ones.
        bases: For each step, what its thread's own past was before it.
        actions: For each step, what it did.
    """

    def __init__(self) -> None:
        self.pasts: list[int] = []
        self.bases: list[int] = []
        self.races: list[list[Race]] = []
        self.actions: list[Action] = []
        self._objects = Objects(self.pasts)
        self._undo: list[tuple[int, Any, int, int]] = []  # (object, its state before, thread, its step before)
        self._last: dict[int, int] = {}

    def cut(self, length: int) -> None:
        """Forget all steps but the first ``length``."""
        states, last, undo = self._objects.states, self._last, self._undo
        while len(undo) > length:
            key, before, thread, step = undo.pop()
            if before is not None:
                states[key] = before
            else:
                states.pop(key, None)
            last[thread] = step
        del self.pasts[length:], self.bases[length:], self.actions[length:], self.races[length:]

    def extend(self, kernel: Kernel) -> list[Race]:
        """Take in the steps that ``kernel`` has made since; the races that they make with earlier ones.

        All races again, where threads' ends are looked at: what a race's later step would do in the earlier one's
        place is then not known well enough (whether it would be its thread's last) to be done with it at once.
        """
        start = len(self.pasts)
        pasts, objects, found = self.pasts, self._objects, self._objects.found
        jumps = kernel.jumps
        for i in range(len(pasts), len(kernel.steps)):
            step = kernel.steps[i]
            thread, access, key, arg, after = step
            identity = thread.identity
            before = self._last.get(identity, -1)
            previous = before if before >= 0 else thread.spawned_after
            base = pasts[previous] if previous >= 0 else 0
            jump = 0
            if jumps:
                for at, _ in jumps:
                    if at > i:
                        break
                    jump = (1 << at) - 1
            self._undo.append((key, objects.states.get(key), identity, before))
            self._last[identity] = i
            found.clear()
            past = objects.touch(access, i, key, arg, after, base, jump) | base | jump | 1 << i
            races = [(c, i, FIRST) for c, shadow in found if not shadow >> c & 1]
            self.bases.append(base)
            if access == op.WAKE_TIMED and not (base if arg else base | jump) >> after & 1:
                races.append((after, i, GIVES_UP))
            ended = thread.ended and thread.last_step == i
            self.actions.append(Action(identity, access, key, arg, thread.key if ended else 0))
            if ended:
                for seen in objects.states.get(thread.key, ()):
                    if seen < i:
                        if not past >> seen & 1:
                            races.append((seen, i, END))
                        past |= pasts[seen]
            pasts.append(past)
            self.races.append(races)
        first = 0 if objects.looked else start
        return [race for races in self.races[first:] for race in races]

    def pending_races(self, kernel: Kernel) -> list[tuple[int, Action, int]]:
        """The races of threads that are still blocked.

        Returns:
            The step that took away what a thread waits for, what it would have done in its place, and what must have
            come before that.
        """
        races = []
        for thread in kernel.blocked():
            key, shadow = self._waited_for(thread)
            state = self._objects.states.get(key) if key else None
            if state is not None:
                access = thread.op.access
                candidate = state[0] if access in (op.ACQUIRE, op.TRY_OK) else state[1]
                if candidate >= 0 and not shadow >> candidate & 1:
                    action = Action(thread.identity, access, key, self.actions[candidate].arg, thread.key)
                    races.append((candidate, action, shadow))
            waiter = thread.obj
            notified = getattr(waiter, "notified_in", -1)
            if notified >= 0 and (waiter.was_early or waiter.was_late):
                own = self._past_of(thread)
                if not (own if waiter.was_early else own | _before_last_jump(kernel)) >> notified & 1:
                    races.append((notified, Action(thread.identity, op.EXPIRED, waiter.key, 0, 0), own))
        return races

    def first_past(self, race: Race, kernel: Kernel) -> int:
        """What must have come before a race's later step if that had come first, conflicts apart."""
        _, later, way = race
        _, access, _, _, after = kernel.steps[later]
        own: int = self.bases[later]
        if way == END:
            return self.pasts[later]
        needs_after = access in (op.ACQUIRE, op.WAKE_TIMED, op.JOIN, op.FUTURE_RESULT) and after >= 0 and way == FIRST
        return own | self.pasts[after] if needs_after else own

    # -- inside

    def _waited_for(self, thread: LogicalThread) -> tuple[int, int]:
        """The key of the object a blocked thread waits for (0: nothing that another took), and its shadow."""
        shadow = self._past_of(thread)
        if thread.op.access not in _WAITS or is_ready(thread):
            return 0, shadow
        notified = getattr(thread.obj, "notified_in", None)
        if notified is None:
            return int(thread.obj.key), shadow
        if notified < 0:
            return 0, shadow
        return int(thread.obj.lock.key), shadow | self.pasts[notified]

    def _past_of(self, thread: LogicalThread) -> int:
        """What came before a blocked thread's stopping."""
        previous = self._last.get(thread.identity, -1)
        if previous < 0:
            previous = thread.spawned_after
        return self.pasts[previous] if previous >= 0 else 0


def _before_last_jump(kernel: Kernel) -> int:
    return (1 << kernel.jumps[-1][0]) - 1 if kernel.jumps else 0
