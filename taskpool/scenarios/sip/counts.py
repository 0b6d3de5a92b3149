"""What an endpoint counts: each thread into numbers of its own, added up when somebody asks.

So counting takes no lock, and is no scheduling point of a controlled run. A sum may be stale by the time it is read.
A new thread goes on with the numbers of one that has ended, so there are only as many as there were threads at once.
"""

from __future__ import annotations

import weakref
from collections import deque

from taskpool.runtime import Runtime

__all__ = ["NAMES", "Counts"]

NAMES = {
    "received": "datagrams that arrived",
    "accepted": "of these, queued for a task",
    "handled": "of these, whose task has ended",
    "dropped": "datagrams that were no message, or belonged to nothing",
    "overloaded": "datagrams dropped because too many waited for a task",
    "malformed": "requests answered 400",
    "busy": "requests answered 503: a limit was reached, or the endpoint stops",
    "options": "OPTIONS answered",
    "registered": "REGISTERs answered 200",
    "calls": "calls that came in",
    "answered": "calls answered",
    "confirmed": "calls whose caller acknowledged the answer",
    "completed": "confirmed calls that the caller ended, or we did, in order",
    "cancelled": "calls that the caller cancelled",
    "failed": "calls that ended in another way",
    "messages": "requests within calls",
    "transfers": "transfers begun",
    "transferred": "transfers completed",
    "deadlocks": "waits refused because they could never have ended",
    "broken": "requests that met a channel in the middle of its replacement",
    "errors": "requests, and steps of a call, that failed in a way nobody expected",
}


class _Holder:
    """Lives as long as the thread whose local state has it."""

    def __init__(self, own: dict[str, int]) -> None:
        self.own = own


class Counts:
    """The numbers, by name (`NAMES` tells what each means). Methods: any thread; none blocks."""

    def __init__(self, runtime: Runtime) -> None:
        self._local = runtime.Local()
        # Appending to either, and taking from the second, are single operations under the GIL, and locked without it.
        self._threads: list[dict[str, int]] = []
        self._left: deque[dict[str, int]] = deque()  # of these, those whose thread has ended

    def add(self, name: str) -> None:
        """Count one more."""
        try:
            holder: _Holder = self._local.counts
        except AttributeError:
            holder = self._local.counts = _Holder(self._numbers())
            weakref.finalize(holder, self._left.append, holder.own).atexit = False
        holder.own[name] += 1

    def of(self, name: str) -> int:
        """How often so far."""
        return sum(counts[name] for counts in list(self._threads))

    def as_dict(self) -> dict[str, int]:
        """All of them, in the order of `NAMES`."""
        return {name: self.of(name) for name in NAMES}

    def _numbers(self) -> dict[str, int]:
        """Numbers that no living thread counts into."""
        try:
            return self._left.popleft()
        except IndexError:
            new = dict.fromkeys(NAMES, 0)  # complete, so that it never grows while it is read
            self._threads.append(new)
            return new
