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

from collections.abc import Callable
from typing import Any

from taskpool.explore.independence import Action
from taskpool.runtime import operations as op
from taskpool.runtime.kernel import Kernel
from taskpool.runtime.logical import LogicalThread, is_ready

__all__ = ["END", "FIRST", "GIVES_UP", "HappensBefore", "Race"]

Race = tuple[int, int, int]
"""The earlier step, the later one, and in which way the later one could have come first: `FIRST`, `GIVES_UP`, `END`."""

FIRST, GIVES_UP, END = range(3)

_WAITS = frozenset({op.ACQUIRE, op.TRY_OK, op.GET, op.TRY_GET, op.WAITED, op.TRY_WAITED})
_NO_LOCK: tuple[int, int, tuple[int, ...]] = (-1, -1, ())
_NO_QUEUE: tuple[int, int, tuple[int, ...], tuple[int, ...], int] = (-1, -1, (), (), 0)
_NO_VALUE: tuple[int, tuple[int, ...]] = (-1, ())
_NO_FUTURE: tuple[int, tuple[int, ...], int] = (-1, (), -1)


class HappensBefore:
    """The pasts of an execution's steps; extended step by step, cut back when the search does.

    Attributes:
        pasts: For each step, the bits of the steps before it and its own.
        looked: Whether any thread has looked whether another has ended.
        races: For each step, its races with earlier ones.
        bases: For each step, what its thread's own past was before it.
        actions: For each step, what it did.
    """

    def __init__(self) -> None:
        self.pasts: list[int] = []
        self.bases: list[int] = []
        self.races: list[list[Race]] = []
        self.looked = False
        self.actions: list[Action] = []
        self._objects: dict[int, Any] = {}
        self._undo: list[tuple[int, Any, int, int]] = []  # (object, its state before, thread, its step before)
        self._last: dict[int, int] = {}
        self._puts: dict[tuple[int, int], int] = {}
        self._found: list[tuple[int, int]] = []  # (candidate, shadow) of the step at hand

    def cut(self, length: int) -> None:
        """Forget all steps but the first ``length``."""
        objects, last, undo = self._objects, self._last, self._undo
        while len(undo) > length:
            key, before, thread, step = undo.pop()
            if before is not None:
                objects[key] = before
            else:
                objects.pop(key, None)
            last[thread] = step
        del self.pasts[length:], self.bases[length:], self.actions[length:], self.races[length:]

    def extend(self, kernel: Kernel) -> list[Race]:
        """Take in the steps that ``kernel`` has made since; the races that they make with earlier ones.

        All races again, where threads' ends are looked at: what a race's later step would do in the earlier one's
        place is then not known well enough (whether it would be its thread's last) to be done with it at once.
        """
        start = len(self.pasts)
        pasts, found = self.pasts, self._found
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
            self._undo.append((key, self._objects.get(key), identity, before))
            self._last[identity] = i
            found.clear()
            past = self._take(access, i, key, arg, after, base, jump) | base | jump | 1 << i
            races = [(c, i, FIRST) for c, shadow in found if not shadow >> c & 1]
            self.bases.append(base)
            if access == op.WAKE_TIMED and not (base if arg else base | jump) >> after & 1:
                races.append((after, i, GIVES_UP))
            ended = thread.ended and thread.last_step == i
            self.actions.append(Action(identity, access, key, arg, thread.key if ended else 0))
            if ended:
                for seen in self._objects.get(thread.key, ()):
                    if seen < i:
                        if not past >> seen & 1:
                            races.append((seen, i, END))
                        past |= pasts[seen]
            pasts.append(past)
            self.races.append(races)
        first = 0 if self.looked else start
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
            state = self._objects.get(key) if key else None
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

    def _take(self, access: int, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        handler = _HANDLERS[access]
        return 0 if handler is None else handler(self, i, key, arg, after, base, jump)

    def _all(self, steps: tuple[int, ...], shadow: int) -> int:
        past = 0
        for step in steps:
            self._found.append((step, shadow))
            past |= self.pasts[step]
        return past

    # locks: (last acquire, last release, looks since the later of the two)

    def _acquire(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        acquired, released, looks = self._objects.get(key, _NO_LOCK)
        self._objects[key] = (i, -1, ())
        past = 0
        if after >= 0:
            past = self.pasts[after]
            base |= past
        if looks:
            past |= self._all(looks, base)
        if acquired >= 0:
            past |= self.pasts[acquired]
            self._found.append((acquired, base))
            if released >= 0:
                past |= self.pasts[released]
        return past

    def _release(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        acquired, _, looks = self._objects.get(key, _NO_LOCK)
        self._objects[key] = (acquired, i, ())
        return self._all(looks, base)

    def _release_foreign(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        acquired, released, looks = self._objects.get(key, _NO_LOCK)
        self._objects[key] = (acquired, i, ())
        return self._all(looks + _steps(acquired, released), base)

    def _try_ok(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        acquired, released, looks = self._objects.get(key, _NO_LOCK)
        self._objects[key] = (i, -1, ())
        return self._all(_steps(released), base | jump) | self._all(looks + _steps(acquired), base)

    def _try_fail(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        acquired, released, looks = self._objects.get(key, _NO_LOCK)
        self._objects[key] = (acquired, released, (*looks, i))
        return self._all(_steps(acquired), base)

    def _seen_free(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        acquired, released, looks = self._objects.get(key, _NO_LOCK)
        self._objects[key] = (acquired, released, (*looks, i))
        return self._all(_steps(released), base)

    # queues: (last put, last get, looks since the last put, looks since the last get, number of puts)

    def _put(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        put, got, of_tail, of_head, count = self._objects.get(key, _NO_QUEUE)
        for place in range(count, arg + 1):
            self._puts[key, place] = i
        self._objects[key] = (i, got, (), of_head, arg + 1)
        return self._all(of_tail + _steps(put), base)

    def _get(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        put, got, of_tail, of_head, count = self._objects.get(key, _NO_QUEUE)
        self._objects[key] = (put, i, of_tail, (), count)
        source = self.pasts[self._puts[key, arg]] if arg >= 0 else 0
        return source | self._all(_steps(got), base) | self._all(of_head, base | source)

    def _try_get(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        got = self._objects.get(key, _NO_QUEUE)[1]
        past = self._get(i, key, arg, after, base, jump)
        if arg < 0:
            return past
        # Before the put, and before what the last get had to wait for, there was something else to get.
        gone = self.pasts[got] if got >= 0 else 0
        return past | self._all((self._puts[key, arg],), base | jump | gone)

    def _found_empty(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        put, got, of_tail, of_head, count = self._objects.get(key, _NO_QUEUE)
        self._objects[key] = (put, got, (*of_tail, i), (*of_head, i), count)
        return self._all(_steps(got), base)

    def _size(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        put, got, of_tail, of_head, count = self._objects.get(key, _NO_QUEUE)
        self._objects[key] = (put, got, (*of_tail, i), (*of_head, i), count)
        return self._all(_steps(put, got), base)

    # variables: (last write, reads since)

    def _write(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        wrote, reads = self._objects.get(key, _NO_VALUE)
        self._objects[key] = (i, ())
        return self._all(reads or _steps(wrote), base)

    def _read(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        wrote, reads = self._objects.get(key, _NO_VALUE)
        self._objects[key] = (wrote, (*reads, i))
        return self._all(_steps(wrote), base | jump)

    # futures: (last write, looks since, the last callback added since)

    def _future_write(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        wrote, looks, added = self._objects.get(key, _NO_FUTURE)
        self._objects[key] = (i, (), -1)
        return self._all(looks + _steps(added, wrote), base)

    def _future_read(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        wrote, looks, added = self._objects.get(key, _NO_FUTURE)
        self._objects[key] = (wrote, (*looks, i), added)
        return self._all(_steps(wrote), base | jump)

    def _future_callback(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        wrote, looks, added = self._objects.get(key, _NO_FUTURE)
        self._objects[key] = (wrote, looks, i)
        return self._all(_steps(added, wrote), base)

    # events: (last set, last clear, looks since the later of the two)

    def _set(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        _, cleared, looks = self._objects.get(key, _NO_LOCK)
        self._objects[key] = (i, cleared, ())
        return self._all(looks + _steps(cleared), base)

    def _clear(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        was_set, _, looks = self._objects.get(key, _NO_LOCK)
        self._objects[key] = (was_set, i, ())
        return self._all(looks + _steps(was_set), base)

    def _seen_flag(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        was_set, cleared, looks = self._objects.get(key, _NO_LOCK)
        self._objects[key] = (was_set, cleared, (*looks, i))
        return self._all(_steps(max(was_set, cleared)), base)

    def _waited(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        was_set, cleared, looks = self._objects.get(key, _NO_LOCK)
        self._objects[key] = (was_set, cleared, (*looks, i))
        past: int = self.pasts[was_set]
        return past | self._all(_steps(cleared), base)

    def _try_waited(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        return self._waited(i, key, arg, after, base, jump) | self._all(_steps(self._objects[key][0]), base | jump)

    # threads: looks at one that has not ended (and what waits for a future's end)

    def _enabled(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        return self.pasts[after] if after >= 0 else 0

    def _seen_ended(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        self.looked = True
        return self._all(_steps(after), base | jump)

    def _seen_alive(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        self._objects[key] = (*(self._objects.get(key) or ()), i)
        self.looked = True
        return 0

    # conditions: (last notify, waits that gave up since)

    def _notify(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        notified, expired = self._objects.get(key, _NO_VALUE)
        self._objects[key] = (i, ())
        return self._all(expired + _steps(notified), base)

    def _expired(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        notified, expired = self._objects.get(key, _NO_VALUE)
        self._objects[key] = (notified, (*expired, i))
        return self._all(_steps(notified), base | jump)


def _before_last_jump(kernel: Kernel) -> int:
    return (1 << kernel.jumps[-1][0]) - 1 if kernel.jumps else 0


def _steps(*steps: int) -> tuple[int, ...]:
    """Those that exist."""
    return tuple(step for step in steps if step >= 0)


_Handler = Callable[[HappensBefore, int, int, int, int, int, int], int]
_HANDLERS: list[_Handler | None] = [None] * len(op.ACCESS_NAMES)
_HANDLERS[op.ACQUIRE] = _HANDLERS[op.WAKE_TIMED] = HappensBefore._acquire
_HANDLERS[op.RELEASE] = HappensBefore._release
_HANDLERS[op.RELEASE_FOREIGN] = HappensBefore._release_foreign
_HANDLERS[op.TRY_OK] = HappensBefore._try_ok
_HANDLERS[op.TRY_FAIL] = HappensBefore._try_fail
_HANDLERS[op.SEEN_FREE] = HappensBefore._seen_free
_HANDLERS[op.PUT] = HappensBefore._put
_HANDLERS[op.GET] = HappensBefore._get
_HANDLERS[op.TRY_GET] = HappensBefore._try_get
_HANDLERS[op.FOUND_EMPTY] = HappensBefore._found_empty
_HANDLERS[op.SIZE] = HappensBefore._size
_HANDLERS[op.READ] = HappensBefore._read
_HANDLERS[op.WRITE] = HappensBefore._write
_HANDLERS[op.FUTURE_READ] = HappensBefore._future_read
_HANDLERS[op.FUTURE_WRITE] = HappensBefore._future_write
_HANDLERS[op.FUTURE_CALLBACK] = HappensBefore._future_callback
_HANDLERS[op.JOIN] = _HANDLERS[op.FUTURE_RESULT] = HappensBefore._enabled
_HANDLERS[op.SET] = HappensBefore._set
_HANDLERS[op.CLEAR] = HappensBefore._clear
_HANDLERS[op.SEEN_FLAG] = HappensBefore._seen_flag
_HANDLERS[op.WAITED] = HappensBefore._waited
_HANDLERS[op.TRY_WAITED] = HappensBefore._try_waited
_HANDLERS[op.SEEN_ENDED] = HappensBefore._seen_ended
_HANDLERS[op.SEEN_ALIVE] = HappensBefore._seen_alive
_HANDLERS[op.NOTIFY] = HappensBefore._notify
_HANDLERS[op.EXPIRED] = HappensBefore._expired
