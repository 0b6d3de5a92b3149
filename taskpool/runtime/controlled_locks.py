"""Lock, RLock and Condition of a controlled run.

A lock's state belongs to the kernel's one awake thread, so nothing here is guarded. While the run is not live every
operation is let through at once and changes nothing: threads that are unwound must not block on each other.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from taskpool.runtime.kernel import Kernel
from taskpool.runtime.logical import LogicalThread
from taskpool.runtime.operations import (
    ACQUIRE,
    EXPIRED,
    NOTIFY,
    RELEASE,
    RELEASE_FOREIGN,
    SEEN_FREE,
    TRY_FAIL,
    TRY_OK,
    WAKE_TIMED,
    Operation,
    timed,
)

__all__ = ["ControlledCondition", "ControlledLock", "ControlledRLock"]


def _is_free(thread: LogicalThread) -> bool:
    return thread.obj.owner is None


_ACQUIRE = Operation("acquire", _is_free, "waits for {}", ACQUIRE)
_TIMED_ACQUIRE = Operation("timed acquire", timed(_is_free), "waits for {}", TRY_OK)
_TRY_ACQUIRE = Operation("try-acquire", access=TRY_OK)
_RELEASE = Operation("release", access=RELEASE)
_LOCKED = Operation("locked", access=TRY_FAIL)


class ControlledLock:
    """`threading.Lock`. Acquiring it twice in one thread blocks for ever, as there."""

    __slots__ = ("kernel", "key", "name", "owner")

    def __init__(self, kernel: Kernel, name: str) -> None:
        self.kernel = kernel
        self.key = kernel.new_key()
        self.name = name or f"lock-{self.key & 0xFFFF}"
        self.owner: LogicalThread | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}, {f'held by {self.owner.name}' if self.owner else 'free'}>"

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        kernel = self.kernel
        if not kernel.live:
            return True
        if blocking and timeout < 0:
            me = kernel.reach(_ACQUIRE, self)
            self.owner = me
            kernel.steps.append((me, ACQUIRE, self.key, 0, -1))
            return True
        if not blocking:
            if timeout >= 0:
                raise ValueError("can't specify a timeout for a non-blocking call")
            me, access = kernel.reach(_TRY_ACQUIRE, self), TRY_OK
        else:
            me = kernel.reach_timed(_TIMED_ACQUIRE, self, timeout)
            access = TRY_OK if kernel.gave_up(me) else ACQUIRE
        taken = self.owner is None
        if taken:
            self.owner = me
        kernel.steps.append((me, access if taken else TRY_FAIL, self.key, 0, -1))
        return taken

    def release(self) -> None:
        kernel = self.kernel
        if not kernel.live:
            return
        me = kernel.reach(_RELEASE, self)
        owner = self.owner
        if owner is None:
            kernel.steps.append((me, SEEN_FREE, self.key, 0, -1))
            raise RuntimeError(f"release of {self.name!r}, which nobody holds")
        self.owner = None
        kernel.steps.append((me, RELEASE if owner is me else RELEASE_FOREIGN, self.key, 0, -1))

    def locked(self) -> bool:
        kernel = self.kernel
        if kernel.live:
            me = kernel.reach(_LOCKED, self)
            kernel.steps.append((me, SEEN_FREE if self.owner is None else TRY_FAIL, self.key, 0, -1))
        return self.owner is not None

    def __enter__(self) -> bool:
        kernel = self.kernel
        if kernel.live:
            me = self.owner = kernel.reach(_ACQUIRE, self)
            kernel.steps.append((me, ACQUIRE, self.key, 0, -1))
        return True

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        self.release()

    # -- for conditions

    def _give_up(self, me: LogicalThread) -> int:
        """Free it whatever its depth; what `_take_back` needs. Not a scheduling point of its own."""
        self.owner = None
        return 1

    def _take_back(self, me: LogicalThread, depth: int) -> None:
        self.owner = me


class ControlledRLock(ControlledLock):
    """`threading.RLock`. Only the outermost acquire and release are scheduling points."""

    __slots__ = ("depth",)

    def __init__(self, kernel: Kernel, name: str) -> None:
        super().__init__(kernel, name)
        self.depth = 0

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        kernel = self.kernel
        if kernel.live and self.owner is kernel.current:
            self.depth += 1
            return True
        taken = super().acquire(blocking, timeout)
        if taken and kernel.live:
            self.depth = 1
        return taken

    def release(self) -> None:
        kernel = self.kernel
        if not kernel.live:
            return
        if self.owner is not kernel.current:
            raise RuntimeError(f"release of {self.name!r} by {kernel.current.name}, which does not hold it")
        if self.depth > 1:
            self.depth -= 1
        else:
            super().release()

    def __enter__(self) -> bool:
        return self.acquire()

    def _give_up(self, me: LogicalThread) -> int:
        self.owner = None
        return self.depth

    def _take_back(self, me: LogicalThread, depth: int) -> None:
        self.owner = me
        self.depth = depth


class _Waiter:
    """One thread's wait on a condition; what it stands before in order to wake."""

    __slots__ = ("key", "lock", "name", "notified_in", "thread", "was_early", "was_late")

    def __init__(self, condition: ControlledCondition, thread: LogicalThread) -> None:
        self.lock = condition.lock
        self.key = condition.key
        self.name = condition.name
        self.thread = thread
        self.notified_in = -1  # the step that notified it
        # Whether it could have given up when it was notified: before its deadline, or because that had passed.
        self.was_early = False
        self.was_late = False


def _may_wake(thread: LogicalThread) -> bool:
    waiter: _Waiter = thread.obj
    return waiter.notified_in >= 0 and waiter.lock.owner is None


def _may_wake_or_expire(thread: LogicalThread) -> bool:
    """A notified waiter needs the lock, whatever its deadline; another goes on, without it, at its deadline."""
    waiter: _Waiter = thread.obj
    if waiter.notified_in >= 0:
        return waiter.lock.owner is None
    deadline = thread.deadline
    return deadline is not None and thread.kernel.now >= deadline


_WAIT = Operation("wait", access=RELEASE)
_WAKE = Operation("wake", _may_wake, "waits on {}", ACQUIRE)
_TIMED_WAKE = Operation("timed wake", _may_wake_or_expire, "waits on {}", ACQUIRE)
_NOTIFY = Operation("notify", access=NOTIFY)


class ControlledCondition:
    """`threading.Condition`: waiters wake in the order in which they began to wait.

    A timed wait that gives up does so before it takes its lock again, as CPython's does: a notify that comes between
    the two is lost to the other waiters.
    """

    __slots__ = ("_waiters", "kernel", "key", "lock", "name")

    def __init__(self, kernel: Kernel, lock: ControlledLock | None, name: str) -> None:
        self.kernel = kernel
        self.key = kernel.new_key()
        self.name = name or f"condition-{self.key & 0xFFFF}"
        self.lock = lock if lock is not None else ControlledRLock(kernel, f"{self.name}'s lock")
        self._waiters: list[_Waiter] = []

    def __repr__(self) -> str:
        return f"<ControlledCondition {self.name!r}, {len(self._waiters)} waiting>"

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        return self.lock.acquire(blocking, timeout)

    def release(self) -> None:
        self.lock.release()

    def __enter__(self) -> bool:
        return self.lock.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        self.lock.release()

    def wait(self, timeout: float | None = None) -> bool:
        kernel = self.kernel
        if not kernel.live:
            kernel.aside()
        lock = self.lock
        if lock.owner is not kernel.current:
            raise RuntimeError(f"wait on {self.name!r} without holding its lock")
        me = kernel.reach(_WAIT, lock)
        waiter = _Waiter(self, me)
        self._waiters.append(waiter)
        depth = lock._give_up(me)
        kernel.steps.append((me, RELEASE, lock.key, 0, -1))
        access = ACQUIRE
        if timeout is None:
            kernel.reach(_WAKE, waiter)
        else:
            kernel.reach_timed(_TIMED_WAKE, waiter, timeout)
            if waiter.notified_in < 0:
                kernel.gave_up(me)
                kernel.steps.append((me, EXPIRED, self.key, 0, -1))
                kernel.reach(_ACQUIRE, lock)
                if waiter in self._waiters:
                    self._waiters.remove(waiter)
                lock._take_back(me, depth)
                kernel.steps.append((me, ACQUIRE, lock.key, 0, -1))
                return False
            if waiter.was_early or waiter.was_late:
                access = WAKE_TIMED
        lock._take_back(me, depth)
        kernel.steps.append((me, access, lock.key, int(waiter.was_early), waiter.notified_in))
        return True

    def wait_for(self, predicate: Callable[[], bool], timeout: float | None = None) -> bool:
        end = None if timeout is None else self.kernel.time() + timeout
        result = predicate()
        while not result:
            left = None if end is None else end - self.kernel.time()
            if left is not None and left <= 0:
                break
            self.wait(left)
            result = predicate()
        return result

    def notify(self, n: int = 1) -> None:
        kernel = self.kernel
        if not kernel.live:
            return
        if self.lock.owner is not kernel.current:
            raise RuntimeError(f"notify on {self.name!r} without holding its lock")
        me = kernel.reach(_NOTIFY, self)
        for waiter in self._waiters[:n]:
            waiter.notified_in = me.last_step
            thread = waiter.thread
            waiter.was_early, thread.early = thread.early, False
            waiter.was_late = thread.deadline is not None and kernel.now >= thread.deadline
            thread.deadline = None
        del self._waiters[:n]
        kernel.steps.append((me, NOTIFY, self.key, 0, -1))

    def notify_all(self) -> None:
        self.notify(len(self._waiters))
