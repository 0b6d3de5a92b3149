"""The sides of every comparison: both pools, the standard library's executor and the limit row, opened alike.

A `Side` holds the calls that workloads make as they are: bound methods of the pool itself, so that no side pays for
being measured. All sides of a case have the same number of threads, which are there before the clock starts, and no
recorder unless the case is about recording. Water marks are out of the way: the others have none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from taskpool.bench.limit import LimitPool
from taskpool.bench.strand import Strand
from taskpool.pool import TaskPool
from taskpool.runtime.real import default_runtime
from taskpool.threadpool import ThreadPool

if TYPE_CHECKING:
    from taskpool.recorder import Recorder

__all__ = [
    "EXECUTOR",
    "LIMIT",
    "SIDES",
    "TASKPOOL",
    "THREADPOOL",
    "Lane",
    "Side",
    "opened",
]

TASKPOOL = "TaskPool"
THREADPOOL = "ThreadPool"
EXECUTOR = "ThreadPoolExecutor"
LIMIT = "limit"

_NO_MARK = 1_000_000_000


class Lane(Protocol):
    """A serializer, or what stands in for one."""

    def push(self, fn: Callable[..., object], /, *args: Any) -> object: ...
    def push_wait(self, fn: Callable[..., Any], /, *args: Any) -> Any: ...


@dataclass(frozen=True, slots=True)
class Side:
    """An open pool as workloads see it.

    Attributes:
        push, push_wait: The pool's own, or what the executor's user would write.
        serializer: Makes one; in pools with pauses it has ``suspend`` and ``unsuspend``, too.
        thread_count: How many threads the pool has now, without the older pool's control thread.
        close: Blocks until everything queued has run and the threads have ended.
        abort: Ends without waiting for what is queued.
    """

    push: Callable[..., object]
    push_wait: Callable[..., Any]
    serializer: Callable[[str], Any]
    thread_count: Callable[[], int]
    close: Callable[[], object]
    abort: Callable[[], object]


def _taskpool(threads: int, most: int, recorder: Recorder | None) -> Side:
    by = int(most > threads)
    pool = TaskPool(
        "bench",
        recorder=recorder,
        minimum_size=threads,
        auto_increment=by,
        max_size=most if by else threads,
        high_water=_NO_MARK,
    )
    return Side(pool.push, pool.push_wait, pool.serializer, pool.__len__, pool.shutdown, pool.abort)


def _threadpool(threads: int, most: int, recorder: Recorder | None) -> Side:
    by = int(most > threads)
    pool = ThreadPool(
        "bench",
        recorder=recorder,
        initial_size=threads,
        auto_increment=by,
        max_size=most if by else threads,
        idle_timeout=0,
        high_water=_NO_MARK,
    )
    return Side(pool.push, pool.push_wait, pool.serializer, pool.__len__, pool.shutdown, pool.abort)


def _executor(threads: int, most: int, recorder: Recorder | None) -> Side:
    executor = ThreadPoolExecutor(max(threads, most))
    submit = executor.submit
    # It starts a thread only when a submit finds none idle: so many that block start as many.
    start = default_runtime().Event()
    started = [submit(start.wait) for _ in range(threads)]
    start.set()
    for future in started:
        future.result()

    def push_wait(fn: Callable[..., Any], /, *args: Any) -> Any:
        return submit(fn, *args).result()

    return Side(
        submit,
        push_wait,
        lambda name: Strand(submit),
        lambda: len(executor._threads),
        executor.shutdown,
        lambda: executor.shutdown(wait=False, cancel_futures=True),
    )


def _limit(threads: int, most: int, recorder: Recorder | None) -> Side:
    pool = LimitPool(threads)
    return Side(pool.push, pool.push_wait, pool.serializer, lambda: threads, pool.close, lambda: pool.close(wait=False))


SIDES: dict[str, Callable[[int, int, Recorder | None], Side]] = {
    TASKPOOL: _taskpool,
    THREADPOOL: _threadpool,
    EXECUTOR: _executor,
    LIMIT: _limit,
}
"""What opens each side, by its name: the number of threads, the most it may grow to, a recorder."""


@contextmanager
def opened(name: str, threads: int, *, most: int = 0, recorder: Recorder | None = None) -> Iterator[Side]:
    """An open side; at the block's end all that is queued has run and the threads have ended. Blocks for that.

    Args:
        name: One of `SIDES`.
        threads: Threads from the start.
        most: Threads that it may grow to; not above ``threads``: its size is fixed. The limit row does not grow.
        recorder: What the pools write events to; the other sides have none.
    """
    side = SIDES[name](threads, most, recorder)
    try:
        yield side
    except BaseException:
        side.abort()
        raise
    side.close()
