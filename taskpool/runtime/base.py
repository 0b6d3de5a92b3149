"""What a runtime offers, and what each of its primitives promises.

The protocols name exactly the methods that pool code may call; anything else of the standard library's objects is
outside the seam and must not be used, because a controlled runtime would not see it.

**The rule for all pool code**: shared mutable state is touched only under a runtime lock, through a runtime
primitive, or is documented as a read that may be stale. It is what makes exploration sound.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Generic, Protocol, TypeVar

T = TypeVar("T")

__all__ = [
    "ConditionLike",
    "Context",
    "EventLike",
    "FutureLike",
    "LockLike",
    "PlainVar",
    "QueueLike",
    "RunAbandoned",
    "Runtime",
    "SemaphoreLike",
    "ThreadHandle",
    "VarLike",
]


class RunAbandoned(BaseException):
    """Raised in the threads of an abandoned controlled run to unwind them. Pool code lets it pass untouched."""


class ThreadHandle(Protocol):
    """A thread that `Runtime.spawn` started."""

    @property
    def name(self) -> str: ...

    def join(self, timeout: float | None = None) -> None:
        """Block until the thread has ended, or for ``timeout`` seconds. A thread cannot join itself."""

    def is_alive(self) -> bool: ...


class LockLike(Protocol):
    """A lock. Unlike an RLock, any thread may release it (as with `threading.Lock`)."""

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool: ...
    def release(self) -> None: ...
    def __enter__(self) -> bool: ...
    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None, /
    ) -> None: ...


class ConditionLike(Protocol):
    """A condition variable; waiters wake in the order in which they began to wait."""

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool: ...
    def release(self) -> None: ...
    def wait(self, timeout: float | None = None) -> bool: ...
    def wait_for(self, predicate: Callable[[], bool], timeout: float | None = None) -> bool: ...
    def notify(self, n: int = 1) -> None: ...
    def notify_all(self) -> None: ...
    def __enter__(self) -> bool: ...
    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None, /
    ) -> None: ...


class EventLike(Protocol):
    """A flag that threads wait for."""

    def is_set(self) -> bool: ...
    def set(self) -> None: ...
    def clear(self) -> None: ...
    def wait(self, timeout: float | None = None) -> bool: ...


class SemaphoreLike(Protocol):
    """A counter of permits."""

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool: ...
    def release(self, n: int = 1) -> None: ...


class QueueLike(Protocol[T]):
    """An unbounded FIFO queue. ``get`` raises `queue.Empty` when its timeout (seconds) passes."""

    def put(self, item: T) -> None: ...
    def get(self, block: bool = True, timeout: float | None = None) -> T: ...
    def get_nowait(self) -> T: ...
    def qsize(self) -> int:
        """The number of items; a read that may be stale by the time it is used."""

    def empty(self) -> bool:
        """``qsize() == 0``; a read that may be stale by the time it is used."""


class FutureLike(Protocol[T]):
    """The part of `concurrent.futures.Future` that pools and scenarios use."""

    def result(self, timeout: float | None = None) -> T: ...
    def exception(self, timeout: float | None = None) -> BaseException | None: ...
    def set_result(self, result: T) -> None: ...
    def set_exception(self, exception: BaseException | None) -> None: ...
    def set_running_or_notify_cancel(self) -> bool: ...
    def cancel(self) -> bool: ...
    def cancelled(self) -> bool: ...
    def running(self) -> bool: ...
    def done(self) -> bool: ...
    def add_done_callback(self, fn: Callable[[Any], object]) -> None: ...


class VarLike(Protocol[T]):
    """A shared variable. In a controlled run each access is a scheduling point; on real threads it is a plain slot."""

    def get(self) -> T: ...
    def set(self, value: T) -> None: ...


class Context(Protocol):
    """Thread-local state that the pools of one runtime share: who the calling thread is to them, an `Agent` or None."""

    agent: Any


class Runtime(Protocol):
    """Threads, synchronisation, thread-local state and time, from one source.

    ``name`` arguments label a primitive in reports; a runtime may ignore them. Every primitive may be created and
    used from any thread of the runtime. Times and timeouts are seconds.

    Attributes:
        name: ``"real"`` or ``"controlled"``.
        context: The pools' thread-local state; the attribute ``agent`` reads as None where none was set.
        monitor: The one lock that guards the state of all pools, taskprocessors and serializers on this runtime, and
            the wait-for graph between them (see `taskpool.waits`). Never held while a task or a hook runs.
        inside: ``with inside`` is `enter` at the beginning and ``monitor.release()`` at the end; for the same threads.
        names: Names in use on this runtime, by kind (see `taskpool.registry`); guarded by ``monitor``.
    """

    name: str
    context: Context
    monitor: LockLike
    inside: AbstractContextManager[object]
    names: dict[tuple[str, str], Any]

    def spawn(self, fn: Callable[..., object], /, *args: Any, name: str = "") -> ThreadHandle:
        """Start a thread that runs ``fn(*args)``. It never keeps the interpreter from exiting. Does not block."""

    def enter(self) -> object:
        """Acquire the monitor, as ``monitor.acquire()`` does, from a pool's own thread; blocks while it is held.

        For threads that no interrupt reaches: one between the return of this and a ``try`` would leave the monitor
        held. ``with monitor`` is for everybody else.
        """

    def thread_name(self) -> str:
        """The calling thread's name."""

    def Lock(self, name: str = "") -> LockLike: ...  # noqa: N802 - the names of the standard library's classes
    def RLock(self, name: str = "") -> LockLike: ...  # noqa: N802
    def Condition(self, lock: LockLike | None = None, name: str = "") -> ConditionLike: ...  # noqa: N802
    def Event(self, name: str = "") -> EventLike: ...  # noqa: N802
    def Semaphore(self, value: int = 1, name: str = "") -> SemaphoreLike: ...  # noqa: N802
    def Queue(self, name: str = "") -> QueueLike[Any]: ...  # noqa: N802
    def Future(self, name: str = "") -> FutureLike[Any]: ...  # noqa: N802
    def Local(self) -> Any:  # noqa: N802
        """An object whose attributes are separate in each thread."""

    def Var(self, value: T, name: str = "") -> VarLike[T]: ...  # noqa: N802

    def sleep(self, seconds: float) -> None: ...
    def monotonic(self) -> float: ...


class PlainVar(Generic[T]):
    """`VarLike` on real threads: one slot, no lock (a read or a write of a slot is atomic)."""

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        self._value = value

    def get(self) -> T:
        return self._value

    def set(self, value: T) -> None:
        self._value = value
