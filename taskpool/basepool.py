"""What both pool designs share: a name, serializers, threads, and an orderly or a sudden end.

The life of a pool: open; closing (`shutdown`: pushes are refused, what is queued runs); drained (nothing is left, so
that the threads end); ended (the last thread has stopped). `abort` goes to the end from anywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from sys import _getframe
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from taskpool.agent import Agent, current_agent, is_inside
from taskpool.errors import OptionError, PoolAborted, PoolShutDown, WrongThreadError
from taskpool.events import EventKind
from taskpool.registry import claim, release
from taskpool.runtime.real import default_runtime
from taskpool.task import Task
from taskpool.waits import Needs, Outcome, Stall, Wait, end

if TYPE_CHECKING:
    from taskpool.baseserializer import BaseSerializer
    from taskpool.recorder import Recorder
    from taskpool.runtime.base import Runtime, ThreadHandle
    from taskpool.statistics import PoolStatistics
    from taskpool.taskqueue import TaskQueue
    from taskpool.trace import Trace
    from taskpool.worker import Worker

__all__ = ["BasePool"]

Self = TypeVar("Self", bound="BasePool")


class BasePool:
    """The common part of `TaskPool` and `ThreadPool`.

    Attributes:
        log_failures: Whether a task that raises, and that nobody waits for, is logged (logger ``taskpool``) as well as
            counted and recorded. Set it before the first push.
    """

    log_failures = True

    def __init__(
        self,
        name: str,
        runtime: Runtime | None,
        recorder: Recorder | None,
        thread_start: Callable[[], object] | None,
        thread_end: Callable[[], object] | None,
    ) -> None:
        self.name = name
        self.runtime: Runtime = runtime if runtime is not None else default_runtime()
        self.recorder = recorder
        self.thread_start = thread_start
        self.thread_end = thread_end
        self.threads: list[ThreadHandle] = []
        self.waits: dict[Agent, Wait] = {}
        self.serializers: dict[str, BaseSerializer] = {}
        self.closing = False
        self.aborted = False
        self.drained = False
        self._monitor = self.runtime.monitor
        self._context = self.runtime.context
        self._enter, self._leave = self.runtime.enter, self._monitor.release
        self._unrun: dict[str, int] = {}
        self._peak = 0

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Shut down and wait; after an interrupt, abort instead."""
        if kind is not None and not issubclass(kind, Exception):
            self.abort()
        else:
            self.shutdown()

    def __len__(self) -> int:
        """How many threads it has now. Any thread."""
        with self._monitor:
            return len(self._workers())

    def __bool__(self) -> bool:
        return True

    @property
    def queue_size(self) -> int:
        """Tasks in the pool's own queues now; serializers' queues are their own. Any thread."""
        with self._monitor:
            return sum(len(queue._queue) for queue in self._queues())

    def push(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> None:
        """Queue ``fn(*args, **kwargs)`` for the next free thread and return at once. Any thread.

        What the task raises is logged, counted and recorded; it never ends a thread.

        Raises:
            PoolShutDown: If the pool is shut down or shutting down.
        """
        agent = self._context.agent or current_agent(self.runtime)
        frame = _getframe(1)
        task = Task(None, fn, args, kwargs or None, None, None, frame.f_code, frame.f_lasti)
        if agent.worker is not None:
            self._enter()
            try:
                self._push(task, agent)
            finally:
                self._leave()
        else:
            with self._monitor:
                self._push(task, agent)
        if agent.warnings:
            agent.flush_warnings()

    def trace(self) -> Trace:
        """What the pool's recorder has recorded so far. Any thread.

        Raises:
            OptionError: If the pool has no recorder.
        """
        if self.recorder is None:
            raise OptionError(f"pool {self.name!r} has no recorder: open it with recorder=Recorder()")
        return self.recorder.trace()

    def statistics(self) -> PoolStatistics:
        """A snapshot of the pool's numbers. Any thread."""
        raise NotImplementedError

    def shutdown(self, wait: bool = True) -> None:
        """Refuse new pushes, run what is queued, end the threads and release the names. Idempotent.

        What waits in a suspended serializer will never run: it is discarded, reported in the trace, and whoever waits
        for it gets TaskDiscarded. Tasks that run meanwhile may still ``push_wait`` from inside.

        Args:
            wait: Block until all threads have ended. An interrupt of this wait aborts the pool.

        Raises:
            WrongThreadError: If ``wait`` is set and a task of the pool calls.
        """
        agent = current_agent(self.runtime)
        with self._monitor:
            if wait and is_inside(agent, self):
                raise WrongThreadError(
                    f"a task of pool {self.name!r} cannot wait for its end: use shutdown(wait=False)"
                )
            if not self.closing:
                self.closing = True
                for serializer in list(self.serializers.values()):
                    serializer.on_pool_closing(agent)
                self.finish_if_drained(agent)
        if wait:
            try:
                self._join()
            except BaseException:
                self.abort()
                raise

    def abort(self) -> None:
        """End now: release every waiter with PoolAborted, discard what is queued, release the names. Never blocks.

        Tasks in progress are not stopped; each thread ends after the one it runs. Any thread; idempotent.
        """
        agent = current_agent(self.runtime)
        with self._monitor:
            if self.aborted or self.drained:
                return
            self.closing = self.aborted = True
            for queue in (*self._queues(), *self.serializers.values()):
                self._discard_all(queue, agent)
            for wait in list(self.waits.values()):
                end(wait, Outcome.ABORTED)
            for worker in self._workers():
                if worker.agent.waiting is not None:
                    end(worker.agent.waiting, Outcome.ABORTED)
            self._drain(agent)

    def stall(self) -> Stall | None:
        """What holds everything up, if none of the pool's threads runs anything; else None. Any thread."""
        with self._monitor:
            if any(worker.moving for worker in self._workers()) or self._managing():
                return None
            queued = sum(len(queue._queue) for queue in (*self._queues(), *self.serializers.values()))
            return Stall.of(self, queued)

    def _join(self) -> None:
        """Block until every thread has ended, those that start meanwhile too."""
        joined: set[ThreadHandle] = set()
        while True:
            with self._monitor:
                handles = [handle for handle in self.threads if handle not in joined]
            if not handles:
                return
            for handle in handles:
                handle.join()
            joined.update(handles)

    # -- Everything below is for the package, and is called with the monitor held.

    def emit(
        self, agent: Agent, kind: EventKind, processor: str | None = None, task: Task | None = None, **detail: Any
    ) -> None:
        """Write an event, if anybody records."""
        if self.recorder is not None:
            number, parent = (task.id, task.parent) if task is not None else (None, None)
            name = processor if processor is not None else self.name
            self.recorder.record(self.runtime, agent.name, kind, name, number, parent, detail)

    def _workers(self) -> list[Worker]:
        """The threads it has now."""
        raise NotImplementedError

    def _queues(self) -> list[TaskQueue]:
        """Its own queues."""
        raise NotImplementedError

    def _managing(self) -> bool:
        """Whether a thread that manages the pool has something to do."""
        return False

    def _push(self, task: Task, agent: Agent) -> None:
        if self.closing:
            self.refuse_if_closing()
        self.dispatch(task, agent)

    def dispatch(self, task: Task, agent: Agent) -> str:
        """Put a task into one of the pool's queues, and see to it that a thread runs it; the queue's name."""
        raise NotImplementedError

    def needs_of_queued(self) -> Needs:
        """Which threads have to go on for a task in one of the pool's queues to run: any one of its own."""
        return Needs([worker.agent for worker in self._workers()], any_one=True)

    def _open(self, agent: Agent, design: str, **options: Any) -> None:
        claim(self.runtime, "pool", self.name, self)
        shown: dict[str, Any] = {k: v for k, v in options.items() if isinstance(v, (int, float, str))}
        self.emit(agent, EventKind.POOL_CREATED, design=design, **shown)

    def _give_up(self, agent: Agent) -> None:
        """It could not be opened: its name is free, and the threads that have started end."""
        self.closing = self.aborted = True
        self._drain(agent)

    def refuse_if_closing(self) -> None:
        """Raise if the pool takes no pushes."""
        if self.aborted:
            raise PoolAborted(f"pool {self.name!r} was aborted: nothing can be pushed to it any more")
        if self.closing:
            raise PoolShutDown(f"pool {self.name!r} is shut down: nothing can be pushed to it any more")

    def finish_if_drained(self, agent: Agent) -> None:
        """If the pool is closing and nothing is left to do, let the threads end."""
        if not self.closing or self.drained:
            return
        if self._managing() or any(not worker.idle for worker in self._workers()):
            return
        if any(queue._queue for queue in self._queues()):
            return
        if any(serializer.in_use for serializer in self.serializers.values()):
            return
        self._drain(agent)

    def _drain(self, agent: Agent) -> None:
        """Nothing will run any more: names are free, threads end."""
        self.drained = True
        for serializer in list(self.serializers.values()):
            serializer.gone(agent)
        for queue in self._queues():
            release(self.runtime, "taskprocessor", queue.name, queue)
        release(self.runtime, "pool", self.name, self)
        workers = self._workers()
        for worker in workers:
            worker.dismiss()
        if not workers:
            self._shut_down(agent)

    def thread_ended(self, worker: Worker) -> None:
        """A thread has run its last task and stops."""
        raise NotImplementedError

    def _shut_down(self, agent: Agent) -> None:
        """The last thread stops."""
        self.emit(agent, EventKind.POOL_SHUT_DOWN, aborted=self.aborted, unrun=dict(self._unrun))

    def _discard_all(self, queue: TaskQueue, agent: Agent) -> None:
        """Throw a queue's tasks away because the pool is aborted."""
        tasks = list(queue._queue)
        queue._queue.clear()
        for task in tasks:
            queue._discard(task, agent, "aborted")
            self.count_unrun(queue, task)

    def count_unrun(self, queue: TaskQueue, task: Task) -> None:
        """Remember a task that will never run, for the report."""
        if task.turn_of is None and not task.checkpoint:
            self._unrun[queue.name] = self._unrun.get(queue.name, 0) + 1
