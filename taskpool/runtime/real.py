"""Real threads: the standard library's own objects, with nothing wrapped around a hot path.

The original's counterpart: pthreads and ``asterisk/lock.h``.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

from taskpool.runtime.base import ConditionLike, EventLike, FutureLike, LockLike, PlainVar, QueueLike, SemaphoreLike

if TYPE_CHECKING:
    from taskpool.runtime.base import Context, ThreadHandle, VarLike

T = TypeVar("T")

__all__ = ["LONGEST_TIMEOUT", "RealRuntime", "default_runtime"]

_PATIENCE = 8  # a thread that waits for the GIL has done most of its waiting for the monitor by then, too

LONGEST_TIMEOUT: float = threading.TIMEOUT_MAX
"""The longest time that a wait can be given, in seconds."""


class _Context(threading.local):
    agent: Any = None


class _Inside:
    """See `taskpool.runtime.base.Runtime`."""

    __slots__ = ("_enter", "_leave")

    def __init__(self, runtime: RealRuntime) -> None:
        self._enter, self._leave = runtime.enter, runtime.monitor.release

    def __enter__(self) -> None:
        self._enter()

    def __exit__(self, *_error: object) -> None:
        self._leave()


class RealRuntime:
    """The operating system's threads and clock. One shared instance (`default_runtime`) is all most programs need."""

    name = "real"
    sleep = staticmethod(time.sleep)
    monotonic = staticmethod(time.monotonic)

    def __init__(self) -> None:
        self.context: Context = _Context()
        self.monitor: LockLike = threading.Lock()
        self._try_monitor = self.monitor.acquire
        self.inside: AbstractContextManager[object] = _Inside(self)
        self.names: dict[tuple[str, str], Any] = {}

    def enter(self) -> None:
        """See `taskpool.runtime.base.Runtime`; gives the GIL up to whoever holds the monitor before it blocks.

        One who blocks is woken by the very thread that would take the monitor again next, and both then pay for a
        switch at each critical section from there on: a convoy, at ten times the cost.
        """
        if not self._try_monitor(False):
            self._enter_taken()

    def _enter_taken(self) -> None:
        for _ in range(_PATIENCE):
            time.sleep(0)
            if self._try_monitor(False):
                return
        self._try_monitor()

    def __repr__(self) -> str:
        return "RealRuntime()"

    def spawn(self, fn: Callable[..., object], /, *args: Any, name: str = "") -> ThreadHandle:
        thread = threading.Thread(target=fn, args=args, name=name or None, daemon=True)
        thread.start()
        return thread

    def thread_name(self) -> str:
        return threading.current_thread().name

    def Lock(self, name: str = "") -> LockLike:  # noqa: N802 - the names of the standard library's classes
        return threading.Lock()

    def RLock(self, name: str = "") -> LockLike:  # noqa: N802
        return threading.RLock()

    def Condition(self, lock: LockLike | None = None, name: str = "") -> ConditionLike:  # noqa: N802
        return threading.Condition(lock)  # type: ignore[arg-type]  # a lock of this runtime is a threading lock

    def Event(self, name: str = "") -> EventLike:  # noqa: N802
        return threading.Event()

    def Semaphore(self, value: int = 1, name: str = "") -> SemaphoreLike:  # noqa: N802
        return threading.Semaphore(value)

    def Queue(self, name: str = "") -> QueueLike[Any]:  # noqa: N802
        return SimpleQueue()

    def Future(self, name: str = "") -> FutureLike[Any]:  # noqa: N802
        return Future()

    def Local(self) -> Any:  # noqa: N802
        return threading.local()

    def Var(self, value: T, name: str = "") -> VarLike[T]:  # noqa: N802
        return PlainVar(value)


_default = RealRuntime()


def default_runtime() -> RealRuntime:
    """The RealRuntime that pools share when they are given none. Never blocks; any thread."""
    return _default
