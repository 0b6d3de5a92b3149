"""The operating system's threads that carry logical threads: taken from a pool, used again, pinned to one processor.

Exactly one logical thread of a run is awake at any time; control passes from thread to thread by releasing the next
one's baton, a raw lock. On one processor such a hand-over takes a quarter of the time that it takes between two, so
carriers are pinned where the system allows it. And a thread that is woken must not take the processor from the one that
wakes it, which still has the interpreter's lock and is about to go to sleep: as batch work, where the system knows such
a thing (Linux), it does not. The process's other threads are left alone.
"""

from __future__ import annotations

import _thread
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from taskpool.runtime.base import RunAbandoned

__all__ = ["Carrier", "carrier_count", "is_asleep", "is_carrier", "pinned", "take_carrier"]

_IDLE_LIMIT = 256

_idle: deque[Carrier] = deque()
_numbers = count(1)
_idents: set[int] = set()


class Carrier:
    """One reusable thread.

    Attributes:
        baton: Released by whoever wants it to go on.
        job: What it calls when it wakes idle; the return value is the next job, or None to go idle.
        ident: The thread's identity.
    """

    __slots__ = ("_cpu", "_thread", "baton", "ident", "job", "native")

    def __init__(self) -> None:
        self.baton = _thread.allocate_lock()
        self.baton.acquire()
        self.job: Callable[[Carrier], Callable[[Carrier], object] | None] | None = None
        self._cpu: int | None = None
        self._thread = threading.Thread(target=self._serve, name=f"carrier-{next(_numbers)}", daemon=True)
        self._thread.start()
        self.ident = self._thread.ident or 0
        self.native = self._thread.native_id or 0
        _as_batch_work(self.native)
        _idents.add(self.ident)

    def _serve(self) -> None:
        while True:
            with suppress(RunAbandoned):  # meant for a job that has just ended
                self.baton.acquire()
            job = self.job
            while job is not None:
                self.job = None
                job = job(self)  # type: ignore[assignment]

    def rest(self) -> None:
        """Make it available again. Only the carrier itself, as the last thing before its job returns None."""
        if len(_idle) < _IDLE_LIMIT:
            _idle.append(self)

    def pin(self, cpu: int | None) -> None:
        """Keep it on one processor from now on; any thread."""
        if cpu is not None and cpu != self._cpu:
            with suppress(OSError):
                os.sched_setaffinity(self.native, {cpu})
            self._cpu = cpu


def take_carrier(cpu: int | None) -> Carrier:
    """An idle carrier, or a new one, on processor ``cpu``; any thread."""
    try:
        carrier = _idle.pop()
    except IndexError:
        carrier = Carrier()
    carrier.pin(cpu)
    return carrier


def carrier_count() -> int:
    """How many carriers there are in this process, idle ones included."""
    return len(_idents)


def is_carrier(ident: int) -> bool:
    """Whether a thread's identity is a carrier's."""
    return ident in _idents


def is_asleep(native: int) -> bool:
    """Whether the system says that a thread sleeps (in a lock, a system call); False where it does not say."""
    try:
        stat = Path(f"/proc/self/task/{native}/stat").read_text(encoding="ascii")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] == "S"


def _as_batch_work(native: int) -> None:
    """Have a thread wait for its turn when it is woken, where the system can be asked to."""
    if hasattr(os, "SCHED_BATCH"):
        with suppress(OSError):
            os.sched_setscheduler(native, os.SCHED_BATCH, os.sched_param(0))


def _this_cpu() -> int | None:
    """The processor that the calling thread runs on, where the system tells and lets us choose."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    allowed = os.sched_getaffinity(0)
    try:
        stat = Path(f"/proc/self/task/{threading.get_native_id()}/stat").read_text(encoding="ascii")
        cpu = int(stat.rpartition(")")[2].split()[36])
    except (OSError, ValueError, IndexError):
        return min(allowed)
    return cpu if cpu in allowed else min(allowed)


@contextmanager
def pinned() -> Iterator[int | None]:
    """Keep the calling thread on the processor that it is on, for the length of a ``with`` block; gives its number."""
    cpu = _this_cpu()
    if cpu is None:
        yield None
        return
    before = os.sched_getaffinity(0)
    try:
        with suppress(OSError):
            os.sched_setaffinity(0, {cpu})
        yield cpu
    finally:
        with suppress(OSError):
            os.sched_setaffinity(0, before)


def _forget_carriers() -> None:
    """A forked child has none of its parent's threads."""
    _idle.clear()
    _idents.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_carriers)
