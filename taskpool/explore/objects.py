"""What every object remembers of the steps that touched it: which came last, and which only looked since.

From that follows what a new step came after, and which earlier steps it may race with. Each kind of access has its
rule; the state of an object is a tuple that is replaced, never changed, so that a search can go back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from taskpool.runtime import operations as op
from taskpool.runtime.operations import LAST

__all__ = ["Objects"]

_NO_LOCK: tuple[int, int, tuple[int, ...]] = (-1, -1, ())
_NO_QUEUE: tuple[int, int, tuple[int, ...], tuple[int, ...], int] = (-1, -1, (), (), 0)
_NO_VALUE: tuple[int, tuple[int, ...]] = (-1, ())
_NO_FUTURE: tuple[int, tuple[int, ...], int] = (-1, (), -1)


class Objects:
    """All objects' states.

    Args:
        pasts: For each step, the bits of the steps before it and its own.

    Attributes:
        states: By key; a missing one has not been touched.
        found: Where `touch` puts (earlier step, shadow): the two race unless the shadow has the earlier step.
        looked: Whether any thread has looked whether another has ended.
    """

    def __init__(self, pasts: list[int]) -> None:
        self.states: dict[int, Any] = {}
        self.found: list[tuple[int, int]] = []
        self.looked = False
        self._pasts = pasts
        self._puts: dict[tuple[int, int], int] = {}

    def touch(self, access: int, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        """Step ``i`` touches an object; what it came after because of that.

        Args:
            access: What it did.
            i: The step.
            key: The object.
            arg: The item's place, for a queue.
            after: The step without which it could not have gone on, or -1.
            base: What its thread's own past was before it.
            jump: All before time last moved.
        """
        handler = _HANDLERS[access]
        return 0 if handler is None else handler(self, i, key, arg, after, base, jump)

    def _all(self, steps: tuple[int, ...], shadow: int) -> int:
        past = 0
        for step in steps:
            self.found.append((step, shadow))
            past |= self._pasts[step]
        return past

    # locks: (last acquire, last release, looks since the later of the two)

    def _acquire(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        acquired, released, looks = self.states.get(key, _NO_LOCK)
        self.states[key] = (i, -1, ())
        past = 0
        if after >= 0:
            past = self._pasts[after]
            base |= past
        if looks:
            past |= self._all(looks, base)
        if acquired >= 0:
            past |= self._pasts[acquired]
            self.found.append((acquired, base))
            if released >= 0:
                past |= self._pasts[released]
        return past

    def _release(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        acquired, _, looks = self.states.get(key, _NO_LOCK)
        self.states[key] = (acquired, i, ())
        return self._all(looks, base)

    def _release_foreign(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        acquired, released, looks = self.states.get(key, _NO_LOCK)
        self.states[key] = (acquired, i, ())
        return self._all(looks + _steps(acquired, released), base)

    def _try_ok(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        acquired, released, looks = self.states.get(key, _NO_LOCK)
        self.states[key] = (i, -1, ())
        return self._all(_steps(released), base | jump) | self._all(looks + _steps(acquired), base)

    def _try_fail(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        acquired, released, looks = self.states.get(key, _NO_LOCK)
        self.states[key] = (acquired, released, (*looks, i))
        return self._all(_steps(acquired), base)

    def _seen_free(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        acquired, released, looks = self.states.get(key, _NO_LOCK)
        self.states[key] = (acquired, released, (*looks, i))
        return self._all(_steps(released), base)

    # queues: (last put, last get, looks since the last put, looks since the last get, number of puts)

    def _put(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        put, got, of_tail, of_head, count = self.states.get(key, _NO_QUEUE)
        last = arg & LAST
        for place in range(count, last + 1):
            self._puts[key, place] = i
        self.states[key] = (i, got, (), of_head, last + 1)
        return self._all(of_tail + _steps(put), base)

    def _get(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        put, got, of_tail, of_head, count = self.states.get(key, _NO_QUEUE)
        self.states[key] = (put, i, of_tail, (), count)
        source = self._pasts[self._puts[key, arg]] if arg >= 0 else 0
        return source | self._all(_steps(got), base) | self._all(of_head, base | source)

    def _try_get(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        got = self.states.get(key, _NO_QUEUE)[1]
        past = self._get(i, key, arg, after, base, jump)
        if arg < 0:
            return past
        # Before the put, and before what the last get had to wait for, there was something else to get.
        gone = self._pasts[got] if got >= 0 else 0
        return past | self._all((self._puts[key, arg],), base | jump | gone)

    def _found_empty(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        put, got, of_tail, of_head, count = self.states.get(key, _NO_QUEUE)
        self.states[key] = (put, got, (*of_tail, i), (*of_head, i), count)
        return self._all(_steps(got), base)

    def _size(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        put, got, of_tail, of_head, count = self.states.get(key, _NO_QUEUE)
        self.states[key] = (put, got, (*of_tail, i), (*of_head, i), count)
        return self._all(_steps(put, got), base)

    # variables: (last write, reads since)

    def _write(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        wrote, reads = self.states.get(key, _NO_VALUE)
        self.states[key] = (i, ())
        return self._all(reads or _steps(wrote), base)

    def _read(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        wrote, reads = self.states.get(key, _NO_VALUE)
        self.states[key] = (wrote, (*reads, i))
        return self._all(_steps(wrote), base | jump)

    # futures: (last write, looks since, the last callback added since)

    def _future_write(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        wrote, looks, added = self.states.get(key, _NO_FUTURE)
        self.states[key] = (i, (), -1)
        return self._all(looks + _steps(added, wrote), base)

    def _future_read(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        wrote, looks, added = self.states.get(key, _NO_FUTURE)
        self.states[key] = (wrote, (*looks, i), added)
        return self._all(_steps(wrote), base | jump)

    def _future_callback(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        wrote, looks, added = self.states.get(key, _NO_FUTURE)
        self.states[key] = (wrote, looks, i)
        return self._all(_steps(added, wrote), base)

    # events: (last set, last clear, looks since the later of the two)

    def _set(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        _, cleared, looks = self.states.get(key, _NO_LOCK)
        self.states[key] = (i, cleared, ())
        return self._all(looks + _steps(cleared), base)

    def _clear(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        was_set, _, looks = self.states.get(key, _NO_LOCK)
        self.states[key] = (was_set, i, ())
        return self._all(looks + _steps(was_set), base)

    def _seen_flag(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        was_set, cleared, looks = self.states.get(key, _NO_LOCK)
        self.states[key] = (was_set, cleared, (*looks, i))
        return self._all(_steps(max(was_set, cleared)), base)

    def _waited(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        was_set, cleared, looks = self.states.get(key, _NO_LOCK)
        self.states[key] = (was_set, cleared, (*looks, i))
        past: int = self._pasts[was_set]
        return past | self._all(_steps(cleared), base)

    def _try_waited(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        return self._waited(i, key, arg, after, base, jump) | self._all(_steps(self.states[key][0]), base | jump)

    # threads: looks at one that has not ended (and what waits for a future's end)

    def _enabled(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        return self._pasts[after] if after >= 0 else 0

    def _seen_ended(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        self.looked = True
        return self._all(_steps(after), base | jump)

    def _seen_alive(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        self.states[key] = (*(self.states.get(key) or ()), i)
        self.looked = True
        return 0

    # conditions: (last notify, waits that gave up since)

    def _notify(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        notified, expired = self.states.get(key, _NO_VALUE)
        self.states[key] = (i, ())
        return self._all(expired + _steps(notified), base)

    def _expired(self, i: int, key: int, arg: int, after: int, base: int, jump: int) -> int:
        notified, expired = self.states.get(key, _NO_VALUE)
        self.states[key] = (notified, (*expired, i))
        return self._all(_steps(notified), base | jump)


def _steps(*steps: int) -> tuple[int, ...]:
    """Those that exist."""
    return tuple(step for step in steps if step >= 0)


_Handler = Callable[[Objects, int, int, int, int, int, int], int]
_HANDLERS: list[_Handler | None] = [None] * len(op.ACCESS_NAMES)
_HANDLERS[op.ACQUIRE] = _HANDLERS[op.WAKE_TIMED] = Objects._acquire
_HANDLERS[op.RELEASE] = Objects._release
_HANDLERS[op.RELEASE_FOREIGN] = Objects._release_foreign
_HANDLERS[op.TRY_OK] = Objects._try_ok
_HANDLERS[op.TRY_FAIL] = Objects._try_fail
_HANDLERS[op.SEEN_FREE] = Objects._seen_free
_HANDLERS[op.PUT] = Objects._put
_HANDLERS[op.GET] = Objects._get
_HANDLERS[op.TRY_GET] = Objects._try_get
_HANDLERS[op.FOUND_EMPTY] = Objects._found_empty
_HANDLERS[op.SIZE] = Objects._size
_HANDLERS[op.READ] = Objects._read
_HANDLERS[op.WRITE] = Objects._write
_HANDLERS[op.FUTURE_READ] = Objects._future_read
_HANDLERS[op.FUTURE_WRITE] = Objects._future_write
_HANDLERS[op.FUTURE_CALLBACK] = Objects._future_callback
_HANDLERS[op.JOIN] = _HANDLERS[op.FUTURE_RESULT] = Objects._enabled
_HANDLERS[op.SET] = Objects._set
_HANDLERS[op.CLEAR] = Objects._clear
_HANDLERS[op.SEEN_FLAG] = Objects._seen_flag
_HANDLERS[op.WAITED] = Objects._waited
_HANDLERS[op.TRY_WAITED] = Objects._try_waited
_HANDLERS[op.SEEN_ENDED] = Objects._seen_ended
_HANDLERS[op.SEEN_ALIVE] = Objects._seen_alive
_HANDLERS[op.NOTIFY] = Objects._notify
_HANDLERS[op.EXPIRED] = Objects._expired
