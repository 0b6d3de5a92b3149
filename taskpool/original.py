"""The original's taskpool: the model that this project's own pool is compared with.

It follows the original's algorithm and its locks, and so has its faults. A pool's lock guards which taskprocessors
there are; pushing to the one that was selected happens outside it. A taskprocessor is selected by the tasks in its
queue alone, so that one in the middle of a long task looks idle (until August 2026: issue 2074). The job that shrinks
the pool judges a taskprocessor by its last push, and joins its thread while it holds the pool's lock. A shutdown runs
what is in the pool's own queues; what is left in a serializer's stays there, and what is pushed to it later is accepted
and never runs. "Inside" means inside any such pool.

The original's counterpart: ``main/taskpool.c`` as it was from 2025-08 to 2026-07.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields
from queue import Empty
from typing import TYPE_CHECKING, Any

from taskpool.agent import Agent, current_agent
from taskpool.basepool import BasePool
from taskpool.errors import OptionError, PoolAborted, WrongThreadError
from taskpool.events import EventKind
from taskpool.options import TaskPoolOptions, with_overrides
from taskpool.registry import next_number, release
from taskpool.revisions.lock import HeldLock
from taskpool.revisions.queue import EmptyTask, SyncTask
from taskpool.revisions.selection import make_select
from taskpool.revisions.worker import OriginalWorker, pool_thread
from taskpool.statistics import PoolStatistics
from taskpool.task import Task
from taskpool.waits import Outcome, end

if TYPE_CHECKING:
    from taskpool.group import SerializerGroup
    from taskpool.recorder import Recorder
    from taskpool.revisions.serializer import OriginalSerializer
    from taskpool.runtime.base import QueueLike, Runtime
    from taskpool.taskqueue import TaskQueue
    from taskpool.worker import Worker

__all__ = ["OriginalTaskPool"]


class OriginalTaskPool(BasePool):
    """A taskpool as the original has it.

    Args:
        name: Its name; two pools may share one.
        options: How it is sized and how it chooses; the defaults of `TaskPoolOptions` if None.
        serializers: What its serializers are; `taskpool.history.ShippedSerializer` if None.
        runtime: Threads and clock; the default RealRuntime if None.
        recorder: What events are written to, or None.
        **overrides: Single options by name, as in `TaskPoolOptions`.

    Raises:
        OptionError: If an option does not exist or its value is not meaningful; the original cannot grow on exhaustion.
    """

    def __init__(
        self,
        name: str = "taskpool",
        options: TaskPoolOptions | None = None,
        *,
        serializers: type[OriginalSerializer] | None = None,
        runtime: Runtime | None = None,
        recorder: Recorder | None = None,
        **overrides: Any,
    ) -> None:
        self.options = with_overrides(TaskPoolOptions, options, overrides)
        if self.options.grow_when != "queued":
            raise OptionError(f"grow_when={self.options.grow_when!r}: the original's taskpool grows when 'queued' only")
        super().__init__(name, runtime, recorder, self.options.thread_start, self.options.thread_end)
        self._kind = serializers if serializers is not None else _shipped()
        self._lock = HeldLock(self, f"pool {name}", "pool_lock")
        self._static: list[OriginalWorker] = []
        self._dynamic: list[OriginalWorker] = []
        self._all: list[OriginalWorker] = []  # those that are no longer of the pool included
        self._select_static = make_select(self.options.selector)
        self._select_dynamic = make_select(self.options.selector)
        self._stop_shrinking: QueueLike[None] | None = None
        agent = current_agent(self.runtime)
        shown = {f.name: getattr(self.options, f.name) for f in fields(self.options)}
        shown = {k: v for k, v in shown.items() if isinstance(v, (int, float, str))}
        self.emit(agent, EventKind.POOL_CREATED, design=self._kind.design, **shown)
        for _ in range(self.options.minimum_size):
            self._add(self._static, "s")
        for _ in range(self.options.initial_size - self.options.minimum_size):
            self._add(self._dynamic, "d")
        if self.options.idle_timeout and self.options.auto_increment:
            stop = self._stop_shrinking = self.runtime.Queue(f"{name} stops shrinking")
            self.threads.append(self.runtime.spawn(self._keep_shrinking, stop, name=f"{name} shrinker"))

    def __repr__(self) -> str:
        state = "aborted" if self.aborted else "shut down" if self.drained else "closing" if self.closing else "open"
        return (
            f"<OriginalTaskPool {self.name}: {state}, "
            f"{len(self._static)} static and {len(self._dynamic)} dynamic threads>"
        )

    def __len__(self) -> int:
        return len(self._static) + len(self._dynamic) if not self.drained else 0

    def push(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> None:
        agent = current_agent(self.runtime)
        if self.give(Task(None, fn, args, kwargs), agent) is None:
            self.refuse_if_closing()
        agent.flush_warnings()

    def push_wait(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Run ``fn(*args, **kwargs)`` and return its result; what it raises is raised here.

        On a thread of any original pool it runs directly, there. Otherwise it is queued, and the caller blocks.

        Raises:
            PoolShutDown: If the pool is shut down or shutting down.
            PoolAborted: If the pool is aborted before the task has run.
        """
        agent = current_agent(self.runtime)
        task = SyncTask(None, fn, args, kwargs, agent.current)
        if (here := pool_thread(agent)) is not None:
            task.processor = here.queue
            with here.queue._monitor:
                here.queue._begin_inline(task, agent, "inside_pool")
            return here.queue._finish_inline(task)
        if self.give(task, agent, "sync_task") is None:
            self.refuse_if_closing()
        agent.flush_warnings()
        return task.wait_for()

    def serializer(self, name: str, group: SerializerGroup | None = None) -> OriginalSerializer:
        """A new serializer of this pool. Does not block; any thread.

        Args:
            name: Unique among the open serializers of the runtime.
            group: A shutdown group that it joins.

        Raises:
            DuplicateNameError: If another open serializer has the name.
        """
        with self._monitor:
            return self._kind(self, name, group, self.options.high_water)

    def shrink(self, now: float | None = None) -> None:
        """Remove the dynamic taskprocessors whose last push is older than ``idle_timeout``, and join their threads.

        The pool's lock is held meanwhile. Blocks until the threads have ended. From outside the pool.

        Args:
            now: The time to judge by, in seconds of the runtime's clock; the present if None.

        Raises:
            PoolAborted: If the pool is aborted meanwhile.
        """
        agent = current_agent(self.runtime)
        with self._lock.held(agent):
            time = self.runtime.monotonic() if now is None else now
            for worker in [] if self.closing else list(self._dynamic):
                if time - worker.last_pushed > self.options.idle_timeout:
                    self._dynamic.remove(worker)
                    self.emit(agent, EventKind.POOL_SHRANK, by=1, size=len(self))
                    worker.close()
                    worker.join(agent)

    def shutdown(self, wait: bool = True) -> None:
        """Refuse new pushes, run what is in the pool's own queues, end the threads one after the other. Idempotent.

        What is left in serializers' queues never runs.

        Args:
            wait: Block until all threads have ended. An interrupt of this wait aborts the pool.

        Raises:
            WrongThreadError: If ``wait`` is set and a task of the pool calls.
        """
        agent = current_agent(self.runtime)
        if wait and agent.pool is self:
            raise WrongThreadError(f"a task of pool {self.name!r} cannot wait for its end: use shutdown(wait=False)")
        try:
            with suppress(PoolAborted):
                for worker in self._close(agent):
                    worker.close()
                    if wait and worker.handle is not None:
                        worker.handle.join()
            for handle in list(self.threads) if wait else ():
                handle.join()
        except BaseException:
            self.abort()
            raise

    def abort(self) -> None:
        agent = current_agent(self.runtime)
        with self._monitor:
            if self.aborted:
                return
            self.closing = self.aborted = True
        for queue in (*self._queues(), *self.serializers.values()):
            with queue._monitor:
                self._discard_all(queue, agent)
        with self._monitor:
            for wait in list(self.waits.values()):
                end(wait, Outcome.ABORTED)
            for worker in self._all:
                if worker.agent.waiting is not None:
                    end(worker.agent.waiting, Outcome.ABORTED)
            self._finish_if_ended(agent)
        if self._stop_shrinking is not None:
            self._stop_shrinking.put(None)
        for worker in self._all:
            worker.close()

    def statistics(self) -> PoolStatistics:
        processors = tuple(queue.statistics() for queue in self._queues())
        return PoolStatistics(
            name=self.name,
            threads=len(self),
            peak_threads=self._peak,
            processed=sum(p.processed for p in processors),
            failed=sum(p.failed for p in processors),
            inlined=0,
            queued=sum(p.queued for p in processors),
            processors=processors,
            serializers=tuple(serializer.statistics() for serializer in list(self.serializers.values())),
        )

    # -- For the package.

    def give(self, task: Task, agent: Agent, reason: str = "") -> OriginalWorker | None:
        """Put a task into the queue of the taskprocessor that is selected for it, after giving up the pool's lock.

        Args:
            task: The task.
            agent: Who pushes it.
            reason: Why ``agent`` is going to wait for it; empty if it is not.

        Returns:
            The taskprocessor; None if the pool is shut down or shutting down.
        """
        while True:
            with self._lock.section(agent):
                if self.closing:
                    return None
                worker = self._select(agent)
            if worker.accept(task, agent, reason):
                return worker

    def finish_if_drained(self, agent: Agent) -> None:
        """Nothing: a shutdown looks at the pool's own queues only."""

    def _close(self, agent: Agent) -> list[OriginalWorker]:
        """Take no pushes any more; the taskprocessors that have to end, if nobody has been told that before."""
        with self._lock.section(agent):
            if self.closing:
                return []
            self.closing = True
            if self._stop_shrinking is not None:
                self._stop_shrinking.put(None)
            if not self._all:
                with self._monitor:
                    self._finish_if_ended(agent)
            return self._static + self._dynamic

    def _keep_shrinking(self, stop: QueueLike[None]) -> None:
        """The scheduled job: shrink every ``idle_timeout`` seconds."""
        while True:
            try:
                return stop.get(timeout=self.options.idle_timeout)
            except Empty:
                try:
                    self.shrink()
                except PoolAborted:
                    return None

    def _workers(self) -> list[OriginalWorker]:  # type: ignore[override]  # a list that callers only read
        return [worker for worker in self._all if not worker.ended]

    def _queues(self) -> list[TaskQueue]:
        return [worker.queue for worker in self._workers()]

    # -- With the monitor held.

    def thread_ended(self, worker: Worker) -> None:
        self._finish_if_ended(worker.agent)

    def count_unrun(self, queue: TaskQueue, task: Task) -> None:
        if not isinstance(task, EmptyTask):
            super().count_unrun(queue, task)

    def _finish_if_ended(self, agent: Agent) -> None:
        """Once the last thread has ended: say what is left in the serializers, and let their names be used again."""
        if self.drained or not self.closing or self._workers():
            return
        self.drained = True
        for serializer in self.serializers.values():
            release(self.runtime, "serializer", serializer.name, serializer)
            for task in list(serializer._queue):
                self.count_unrun(serializer, task)
        self._shut_down(agent)

    # -- With the pool's lock.

    def _select(self, agent: Agent) -> OriginalWorker:
        """The taskprocessor for the next task; the pool grows first if it must."""
        if len(self._static) == 1 and not self.options.auto_increment:
            return self._static[0]
        threshold = self.options.growth_threshold or 0
        chosen, reached = self._select_static(self._static, threshold)
        if self.options.auto_increment and reached:
            dynamic, reached = self._select_dynamic(self._dynamic, threshold)
            chosen = chosen if dynamic is None else dynamic
            if reached and (new := self._grow(agent)) is not None:
                chosen = new
            if chosen is not None:
                chosen.last_pushed = self.runtime.monotonic()
        assert chosen is not None  # without any taskprocessor the pool can grow: max_size is at least 1
        return chosen

    def _grow(self, agent: Agent) -> OriginalWorker | None:
        """Add taskprocessors; the first of them, or None if the pool may not grow."""
        size, by = len(self), self.options.auto_increment
        if self.options.max_size:
            by = min(by, self.options.max_size - size)
        if by <= 0:
            return None
        for _ in range(by):
            self._add(self._dynamic, "d")
        self.emit(agent, EventKind.POOL_GREW, by=by, size=size + by)
        return self._dynamic[-by]

    def _add(self, workers: list[OriginalWorker], kind: str) -> None:
        with self._monitor:
            worker = OriginalWorker(self, f"taskpool/{kind}:{self.name}-{next_number(self.runtime):08x}")
        workers.append(worker)
        self._all.append(worker)
        self._peak = max(self._peak, len(self._workers()))


def _shipped() -> type[OriginalSerializer]:
    from taskpool.history import ShippedSerializer

    return ShippedSerializer
