"""A pool, or a serializer, as a `concurrent.futures.Executor`: push a call, get a future.

Each submitted call is pushed as one task that runs the call and writes how it ended into a future. The executor knows
which of its calls are not over yet, and nothing else: the threads, the queues and their order are the pool's. On a
serializer the calls run one at a time, in the order in which they were submitted.

How a future ends, always: with the call's result or error; cancelled; with TaskDiscarded, if the pool shut down while
the call was stuck behind a suspension; or with PoolAborted. The queues say that they discard a task in the middle of a
critical section, where callbacks of futures, which are user code, must not run: a thread that lives only as long as
that takes tells the futures.

**Waiting for a future from inside a task blocks that task's thread**, and the pools know nothing of it: neither inline
execution nor DeadlockError can help. A pool of one thread whose task submits a call and waits for its result stands
still for ever; so does a serializer. It is the classical deadlock of executors, and `push_wait` is the cure.

Unlike the standard library's ThreadPoolExecutor it has no ``initializer``: that is the pool's ``thread_start``. And the
pool's threads do not keep the interpreter from exiting: end an executor with ``with`` or `shutdown`. The models of
`taskpool.original` and `taskpool.history` lose tasks, as they are meant to, and the futures with them.
"""

from __future__ import annotations

import logging
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future
from itertools import islice
from types import TracebackType
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from taskpool.agent import Agent, ancestors, current_agent, is_inside
from taskpool.basepool import BasePool
from taskpool.baseserializer import BaseSerializer
from taskpool.call import Call
from taskpool.errors import OptionError, PoolShutDown, WrongThreadError
from taskpool.runtime.base import RunAbandoned
from taskpool.task import Task, label_of

if TYPE_CHECKING:
    from taskpool.runtime.base import FutureLike, QueueLike, Runtime

__all__ = ["PoolExecutor"]

_log = logging.getLogger("taskpool")

P = ParamSpec("P")
T = TypeVar("T")

_Chunk = tuple["Future[None]", list[Any]]


class PoolExecutor(Executor):
    """Runs calls on a pool, or through a serializer, and hands out futures.

    Args:
        pool: A `TaskPool`, a `ThreadPool`, or a serializer of either.
        owns_pool: The pool ends with the executor: `shutdown` shuts it down too. By default it does not, for a pool may
            have many users; whoever opened it closes it. Not for a serializer, which belongs to its pool.

    Attributes:
        pool: What it was given.
        runtime: The pool's runtime, where its futures come from.

    Raises:
        OptionError: If ``pool`` is something else, or ``owns_pool`` is set for a serializer.
    """

    def __init__(self, pool: BasePool | BaseSerializer, *, owns_pool: bool = False) -> None:
        if not isinstance(pool, (BasePool, BaseSerializer)):
            raise OptionError(f"pool={pool!r}: must be a TaskPool, a ThreadPool or a serializer of one")
        if owns_pool and not isinstance(pool, BasePool):
            raise OptionError(f"owns_pool={owns_pool!r}: serializer {pool.name!r} belongs to its pool: close it there")
        self.pool = pool
        self.runtime: Runtime = pool.runtime
        self._owned = pool if owns_pool and isinstance(pool, BasePool) else None
        # `lock` is a leaf: nothing else is acquired, and no user code runs, while it is held. It guards:
        self.lock = self.runtime.Lock(f"executor of {pool.name}")
        self._calls: dict[Call, FutureLike[Any]] = {}  # those that are not over
        self._joiners: list[QueueLike[None]] = []
        self._closed = False
        # The monitor guards:
        self._discarded: deque[tuple[Call, Task, PoolShutDown]] = deque()
        self._telling = False

    def __repr__(self) -> str:  # a read that may be stale
        state = "shut down" if self._closed else "open"
        return f"<PoolExecutor on {self._where}: {state}, {len(self._calls)} calls not over>"

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Shut down and wait; after an interrupt, cancel what has not begun instead, and abort a pool that it owns."""
        if kind is None or issubclass(kind, Exception):
            self.shutdown()
            return
        if self._owned is not None:
            self._owned.abort()
        self.shutdown(wait=False, cancel_futures=True)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Queue ``fn(*args, **kwargs)`` and return the future of its result. Does not block; any thread.

        Cancelling the future before the call begins makes its task one that does nothing. What the call raises is the
        future's, counted and recorded, but not logged.

        Raises:
            PoolShutDown: A RuntimeError: the executor, the serializer or the pool is shut down.
        """
        return cast("Future[T]", self._submit(fn, args, kwargs, label_of(fn), _caller()))

    # `buffersize` is the standard library's from Python 3.14 on.
    def map(
        self,
        fn: Callable[..., T],
        *iterables: Iterable[Any],
        timeout: float | None = None,
        chunksize: int = 1,
        buffersize: int | None = None,
    ) -> Iterator[T]:
        """Queue ``fn`` for each item, or each group of items of several iterables; the results in the items' order.

        Submits at once and does not block; the iterator that it returns does. When that raises or is closed, what has
        not begun is cancelled. A call's error is raised in its place, after all results before it.

        Args:
            fn: What to call.
            *iterables: Its arguments; the shortest one decides how many calls there are.
            timeout: Seconds from now until the last result must be there; None for ever.
            chunksize: Calls per task, one after another on the same thread; more means fewer tasks.
            buffersize: The most tasks whose results have not been fetched yet, so that iterables may be endless; None
                for no limit.

        Raises:
            PoolShutDown: As for `submit`; the iterator too, where ``buffersize`` makes it submit.
            OptionError: If a size is not a whole number of at least 1.
            TimeoutError: From the iterator, when the time is up.
        """
        _check_size("chunksize", chunksize)
        if buffersize is not None:
            _check_size("buffersize", buffersize)
        deadline = None if timeout is None else self.runtime.monotonic() + timeout
        label, origin = label_of(fn), _caller()

        def chunks() -> Iterator[_Chunk]:
            arguments = zip(*iterables, strict=False)
            while chunk := tuple(islice(arguments, chunksize)):
                results: list[Any] = []
                yield self._submit(_run_chunk, (fn, chunk, results), {}, label, origin), results

        following = chunks()
        pending: deque[_Chunk] = deque()
        try:
            pending.extend(islice(following, buffersize))
        except BaseException:
            _cancel(pending)
            raise
        return self._fetch(pending, following, deadline)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Refuse new calls; those that were submitted still run. Idempotent. The pool goes on, unless it is owned.

        Args:
            wait: Block, without any lock, until every future of this executor is done, and the callbacks of those that
                ran. It lasts as long as a serializer is suspended. An owned pool's threads have ended then, too.
            cancel_futures: Cancel those that have not begun.

        Raises:
            WrongThreadError: If ``wait`` is set and a call of this executor, or a callback on its thread, would wait
                for itself; or a task of the owned pool. Nothing has changed then.
        """
        agent = current_agent(self.runtime)
        if wait:
            with self.runtime.monitor:
                self._refuse_inside(agent)
        with self.lock:
            self._closed = True
            cancelled = list(self._calls.values()) if cancel_futures else []
        for future in cancelled:
            future.cancel()
        if self._owned is not None:
            self._owned.shutdown(wait)
        if wait:
            self._tell_discarded()
            self._join()

    # -- inside

    @property
    def _where(self) -> str:
        return f"{'pool' if isinstance(self.pool, BasePool) else 'serializer'} {self.pool.name!r}"

    def _submit(
        self,
        fn: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        label: str,
        origin: tuple[str, int],
    ) -> Future[Any]:
        future = self.runtime.Future(label)
        call = Call(self, (future, fn, args, kwargs), label, origin)
        try:
            with self.lock:
                if self._closed:
                    raise PoolShutDown(
                        f"this executor on {self._where} is shut down: make another PoolExecutor for {label!r}"
                    )
                self._calls[call] = future
            future.add_done_callback(call.on_done)
            self.pool.push(call)
        except BaseException:
            self.over(call)
            raise
        # A controlled runtime's futures have the methods of FutureLike only.
        return cast("Future[Any]", future)

    def _fetch(self, pending: deque[_Chunk], following: Iterator[_Chunk], deadline: float | None) -> Iterator[Any]:
        """The results of ``pending`` in order, which is filled up from ``following`` before anything is handed out."""
        try:
            while pending:
                future, results = pending[0]
                left = None if deadline is None else max(0.0, deadline - self.runtime.monotonic())
                failed = future.exception(left) is not None
                pending.popleft()
                if not failed:
                    pending.extend(islice(following, 1))
                results.reverse()
                while results:
                    yield results.pop()
                if failed:
                    future.result()
        finally:
            _cancel(pending)
            future = None  # type: ignore[assignment]  # else its error's traceback would lead back to itself

    def _refuse_inside(self, agent: Agent) -> None:
        """Raise if ``agent`` must not wait for this executor's end. Monitor held."""
        for task in ancestors(agent):
            if isinstance(task.submission, Call) and task.submission.executor is self:
                raise WrongThreadError(
                    f"{task} cannot wait until its own executor has ended: use shutdown(wait=False), or call it from "
                    "outside"
                )
        if self._owned is not None and is_inside(agent, self._owned):
            raise WrongThreadError(
                f"a task of pool {self._owned.name!r} cannot wait for its end: use shutdown(wait=False)"
            )

    def _join(self) -> None:
        """Block until all calls are over."""
        with self.lock:
            if not self._calls:
                return
            reply = self.runtime.Queue(f"executor of {self.pool.name} is done")
            self._joiners.append(reply)
        try:
            reply.get()
        finally:
            with self.lock:
                if reply in self._joiners:
                    self._joiners.remove(reply)

    def over(self, call: Call) -> None:
        """A call's future is done, or it has none. No lock held."""
        with self.lock:
            self._calls.pop(call, None)
            if not self._calls:
                for reply in self._joiners:
                    reply.put(None)
                self._joiners.clear()

    def discard(self, call: Call, task: Task, error: PoolShutDown) -> None:
        """A call's task will never run: have its future told so, once the monitor is free. Monitor held."""
        self._discarded.append((call, task, error))
        if not self._telling:
            self._start_telling()

    def _start_telling(self) -> None:
        """Start the thread that tells futures. Monitor held."""
        try:
            self.runtime.spawn(self._serve_discarded, name=f"executor of {self.pool.name}")
        except RuntimeError:  # no thread can be started: the next discard, or shutdown(), tries again
            self._telling = False
        else:
            self._telling = True

    def _serve_discarded(self) -> None:
        """The thread that tells futures. What it leaves undone, another one does."""
        try:
            self._tell_discarded()
        except RunAbandoned:
            raise
        except BaseException as error:  # noqa: BLE001 - a callback may raise more than the future catches
            _log.error("a callback of a future of the executor on %s raised", self._where, exc_info=error)

    def _tell_discarded(self) -> None:
        """Tell the futures of discarded calls, on the calling thread: it counts as inside such a call meanwhile."""
        agent, monitor = current_agent(self.runtime), self.runtime.monitor
        below = agent.current
        try:
            while True:
                with monitor:
                    if not self._discarded:
                        return
                    call, task, error = self._discarded.popleft()
                    agent.current = task
                call.fail(error)
        finally:
            with monitor:
                agent.current = below
                self._telling = False
                if self._discarded:
                    self._start_telling()


def _caller() -> tuple[str, int]:
    """File and line of whoever called the executor's method that calls this."""
    frame = sys._getframe(2)
    return frame.f_code.co_filename, frame.f_lineno


def _check_size(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise OptionError(f"{name}={value!r}: must be a whole number, 1 or more")


def _run_chunk(fn: Callable[..., Any], chunk: tuple[tuple[Any, ...], ...], results: list[Any]) -> None:
    """Call ``fn`` for each of ``chunk``; the results of those before one that raises are there, too."""
    for args in chunk:
        results.append(fn(*args))  # noqa: PERF401 - the results before an error count


def _cancel(pending: Iterable[_Chunk]) -> None:
    for future, _ in pending:
        future.cancel()
