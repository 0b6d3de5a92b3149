"""Timers: calls that are due later, made by one thread of their own in the order in which they are due.

A heap behind one condition; the thread waits, on the runtime's clock, until the first is due. A cancelled timer stays
in the heap, without its call, until it would have been due. The original's counterpart: PJSIP's timer heap.
"""

from __future__ import annotations

import heapq
import logging
from collections.abc import Callable
from typing import Any

from taskpool.runtime import Runtime

__all__ = ["Timer", "Timers"]

_log = logging.getLogger("taskpool.scenarios.sip")


class Timer:
    """A call that is due later; made by `Timers.after`."""

    def __init__(self, timers: Timers, fn: Callable[..., object], args: tuple[Any, ...]) -> None:
        self._timers = timers
        self._call: tuple[Callable[..., object], tuple[Any, ...]] | None = (fn, args)

    def cancel(self) -> None:
        """Do not make the call, unless it has begun. Does not block; any thread; idempotent."""
        with self._timers._changed:
            self._call = None


class Timers:
    """A heap of timers and the thread that makes their calls.

    A call must not block: every other timer waits for it. What it raises is logged, and ends nothing.

    Args:
        runtime: Thread and clock.
        name: Of the thread.
    """

    def __init__(self, runtime: Runtime, name: str = "sip/timers") -> None:
        self.runtime = runtime
        self._changed = runtime.Condition(runtime.Lock(name), name)
        self._heap: list[tuple[float, int, Timer]] = []  # guarded by _changed, as is all below
        self._numbers = 0
        self._stopped = False
        self._thread = runtime.spawn(self._run, name=name)

    def after(self, seconds: float, fn: Callable[..., object], *args: Any) -> Timer:
        """Call ``fn(*args)`` on the timers' thread in ``seconds``; never, once stopped. Does not block; any thread."""
        timer = Timer(self, fn, args)
        due = self.runtime.monotonic() + seconds
        with self._changed:
            if not self._stopped:
                first = not self._heap or due < self._heap[0][0]
                self._numbers += 1
                heapq.heappush(self._heap, (due, self._numbers, timer))
                if first:
                    self._changed.notify()
        return timer

    def __len__(self) -> int:
        """How many timers are in the heap, cancelled ones included. Any thread."""
        with self._changed:
            return len(self._heap)

    def stop(self) -> None:
        """Forget all timers and end the thread. Blocks until it has ended; not from a timer's call. Idempotent."""
        with self._changed:
            self._stopped = True
            self._heap.clear()
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                call = self._next()
                if self._stopped:
                    return
            if call is not None:
                self._make(*call)
            call = None  # while the thread waits it keeps nothing alive

    def _make(self, fn: Callable[..., object], args: tuple[Any, ...]) -> None:
        try:
            fn(*args)
        except Exception:  # noqa: BLE001 - one timer's fault must not stop the others
            _log.exception("a timer's call of %r failed", fn)

    def _next(self) -> tuple[Callable[..., object], tuple[Any, ...]] | None:
        """Wait until a timer is due, and take its call; None if it was cancelled. _changed is held."""
        while not self._stopped:
            if not self._heap:
                self._changed.wait()
                continue
            left = self._heap[0][0] - self.runtime.monotonic()
            if left > 0:
                self._changed.wait(left)
                continue
            timer = heapq.heappop(self._heap)[2]
            call, timer._call = timer._call, None
            return call
        return None
