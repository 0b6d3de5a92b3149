"""Queue and Semaphore of a controlled run.

Items are numbered in the order in which they were put, and so are a semaphore's permits: a get and a put race only
where the get could have found nothing, and then only with the put of the very item that it got.
"""

from __future__ import annotations

from collections import deque
from queue import Empty
from types import TracebackType
from typing import Any

from taskpool.runtime.kernel import Kernel
from taskpool.runtime.logical import LogicalThread
from taskpool.runtime.operations import COUNT, FOUND_EMPTY, GET, PUT, SIZE, TRY_GET, Operation, timed

__all__ = ["ControlledQueue", "ControlledSemaphore"]


def _has_item(thread: LogicalThread) -> bool:
    return bool(thread.obj.items)


def _has_permit(thread: LogicalThread) -> bool:
    return bool(thread.obj.value)


_PUT = Operation("put", access=PUT)
_GET = Operation("get", _has_item, "waits for an item of {}", GET)
_TIMED_GET = Operation("timed get", timed(_has_item), "waits for an item of {}", TRY_GET)
_TRY_GET = Operation("get_nowait", access=TRY_GET)
_QSIZE = Operation("qsize", access=SIZE)
_RELEASE = Operation("release a permit", access=PUT)
_ACQUIRE = Operation("acquire a permit", _has_permit, "waits for a permit of {}", GET)
_TIMED_ACQUIRE = Operation("timed acquire of a permit", timed(_has_permit), "waits for a permit of {}", TRY_GET)
_TRY_ACQUIRE = Operation("try to acquire a permit", access=TRY_GET)


class ControlledQueue:
    """`queue.SimpleQueue`."""

    __slots__ = ("gets", "items", "kernel", "key", "name", "puts")

    def __init__(self, kernel: Kernel, name: str) -> None:
        self.kernel = kernel
        self.key = kernel.new_key()
        self.name = name or f"queue-{self.key & 0xFFFF}"
        self.items: deque[Any] = deque()
        self.puts = 0
        self.gets = 0

    def __repr__(self) -> str:
        return f"<ControlledQueue {self.name!r}, {len(self.items)} items>"

    def put(self, item: Any) -> None:
        kernel = self.kernel
        if not kernel.live:
            return
        me = kernel.reach(_PUT, self)
        self.items.append(item)
        kernel.steps.append((me, PUT, self.key, self.puts, -1))
        self.puts += 1

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        kernel = self.kernel
        if not kernel.live:
            if self.items:
                return self.items.popleft()
            kernel.aside()
        if not block:
            me, access = kernel.reach(_TRY_GET, self), TRY_GET
        elif timeout is None:
            me, access = kernel.reach(_GET, self), GET
        else:
            if timeout < 0:
                raise ValueError("'timeout' must be a non-negative number")
            me = kernel.reach_timed(_TIMED_GET, self, timeout)
            access = TRY_GET if kernel.gave_up(me) else GET
        if not self.items:
            kernel.steps.append((me, FOUND_EMPTY, self.key, 0, -1))
            raise Empty
        kernel.steps.append((me, access, self.key, self.gets, -1))
        self.gets += 1
        return self.items.popleft()

    def get_nowait(self) -> Any:
        if not self.kernel.live and not self.items:
            raise Empty
        return self.get(False)

    def qsize(self) -> int:
        kernel = self.kernel
        if kernel.live:
            kernel.steps.append((kernel.reach(_QSIZE, self), SIZE, self.key, 0, -1))
        return len(self.items)

    def empty(self) -> bool:
        return self.qsize() == 0


class ControlledSemaphore:
    """`threading.Semaphore`."""

    __slots__ = ("gets", "kernel", "key", "name", "puts", "value")

    def __init__(self, kernel: Kernel, value: int, name: str) -> None:
        if value < 0:
            raise ValueError("semaphore initial value must be >= 0")
        self.kernel = kernel
        self.key = kernel.new_key()
        self.name = name or f"semaphore-{self.key & 0xFFFF}"
        self.value = value
        self.puts = 0
        self.gets = -value  # the permits that were there from the start are numbered below 0

    def __repr__(self) -> str:
        return f"<ControlledSemaphore {self.name!r}, {self.value} permits>"

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        kernel = self.kernel
        if not kernel.live:
            return True
        if not blocking:
            if timeout is not None:
                raise ValueError("can't specify timeout for non-blocking acquire")
            me, access = kernel.reach(_TRY_ACQUIRE, self), TRY_GET
        elif timeout is None:
            me, access = kernel.reach(_ACQUIRE, self), GET
        else:
            me = kernel.reach_timed(_TIMED_ACQUIRE, self, timeout)
            access = TRY_GET if kernel.gave_up(me) else GET
        if not self.value:
            kernel.steps.append((me, FOUND_EMPTY, self.key, 0, -1))
            return False
        self.value -= 1
        kernel.steps.append((me, access, self.key, self.gets, -1))
        self.gets += 1
        return True

    def release(self, n: int = 1) -> None:
        if n < 1:
            raise ValueError("n must be one or more")
        kernel = self.kernel
        if not kernel.live:
            return
        me = kernel.reach(_RELEASE, self)
        self.value += n
        self.puts += n
        kernel.steps.append((me, PUT, self.key, self.puts - 1 + (n - 1 << COUNT), -1))

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        self.release()
