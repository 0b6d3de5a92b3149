"""The taskpool: several taskprocessors, each with a queue and a thread of its own; a selector picks one at each push.

There is no control queue and no thread that manages the others: a push chooses, and grows the pool if it must; a
dynamic taskprocessor that has had nothing to do for ``idle_timeout`` goes by itself. All of it happens in one critical
section of the runtime's monitor, so that a task is never put into a queue that nobody serves any more.

Where a thread is parked in a wait, its queue is not: a thread with nothing to do takes the tasks of a blocked one, so
that a task waits behind a blocked thread only if every thread is blocked.

The original's counterpart: ``main/taskpool.c``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from taskpool.agent import Agent, current_agent, is_inside
from taskpool.basepool import BasePool
from taskpool.events import EventKind
from taskpool.options import TaskPoolOptions, with_overrides
from taskpool.registry import claim, next_number, release
from taskpool.selector import make_selector
from taskpool.statistics import PoolStatistics
from taskpool.taskprocessor import TaskProcessor
from taskpool.waits import Needs, Wait, begin, block, refuse_if_doomed
from taskpool.worker import Worker

if TYPE_CHECKING:
    from taskpool.group import SerializerGroup
    from taskpool.recorder import Recorder
    from taskpool.runtime.base import Runtime
    from taskpool.serializer import Serializer
    from taskpool.task import Task
    from taskpool.taskqueue import TaskQueue

__all__ = ["TaskPool"]


class _PoolListener:
    """Wakes the pool's thread when somebody pushes to its taskprocessor by name."""

    def __init__(self, worker: _Worker) -> None:
        self.worker = worker
        self.agent = worker.agent

    def start(self, processor: TaskProcessor) -> None:
        self.worker.start(idle=True)

    def task_pushed(self, processor: TaskProcessor, was_empty: bool) -> None:
        with processor.runtime.monitor:
            self.worker.kick()

    def emptied(self, processor: TaskProcessor) -> None:
        pass

    def shutdown(self, processor: TaskProcessor) -> None:
        pass


class _PoolProcessor(TaskProcessor):
    """A taskprocessor of a pool's. Made with the monitor held."""

    def _open(self) -> None:
        claim(self.runtime, "taskprocessor", self.name, self)
        try:
            self.listener.start(self)
        except BaseException:
            release(self.runtime, "taskprocessor", self.name, self)
            raise

    def needs(self, wait: Wait) -> Needs:
        assert isinstance(self.listener, _PoolListener)
        return self.listener.worker.pool.needs_of_queued()


class _Worker(Worker):
    """A thread of a taskpool with its taskprocessor; the selectors' candidate. Made with the monitor held."""

    pool: TaskPool

    def __init__(self, pool: TaskPool, name: str, *, dynamic: bool) -> None:
        super().__init__(pool, name, name)
        self.dynamic = dynamic
        self.called = False  # it has been woken to take a blocked thread's tasks, and has not done so yet
        options = pool.options
        self.processor = _PoolProcessor(
            name, _PoolListener(self), runtime=pool.runtime, recorder=pool.recorder, high_water=options.high_water
        )
        self.queue = self.processor._queue

    @property
    def load(self) -> int:
        """Tasks queued and in progress."""
        return len(self.queue) + (self.called or self.agent.current is not None)

    def take(self) -> Task | None:
        queue, called = self.queue, self.called
        if queue and not called:
            return self.processor._pop(self.agent)
        self.called = False
        stranded = self.pool.stranded()
        if stranded is not None:
            task = stranded._pop(self.agent)
            self.pool.rescue(self.agent)
            return task
        return self.processor._pop(self.agent) if queue else None

    def on_block(self) -> None:
        self.pool.rescue(self.agent)

    def on_idle(self) -> None:
        self.pool.finish_if_drained(self.agent)

    def finished(self) -> bool:
        return self.pool.drained

    def idle_timeout(self) -> float | None:
        return (self.pool.options.idle_timeout or None) if self.dynamic else None

    def on_idle_timeout(self) -> bool:
        others = [worker for worker in self.pool._workers() if worker is not self]
        if others and all(worker.blocked for worker in others):
            return False  # somebody may be blocked because this one is there to run what is pushed next
        self.pool.shrink(self)
        return True


class TaskPool(BasePool):
    """A pool of threads with a queue each.

    Args:
        name: Unique among the open pools of the runtime; it is free again once the pool has shut down.
        options: How it is sized and how it chooses; the defaults of `TaskPoolOptions` if None.
        runtime: Threads and clock; the default RealRuntime if None.
        recorder: What events are written to, or None.
        **overrides: Single options by name, as in `TaskPoolOptions`.

    Raises:
        DuplicateNameError: If another open pool has the name.
        OptionError: If an option does not exist, or its value cannot be corrected into a meaningful one.
    """

    def __init__(
        self,
        name: str = "taskpool",
        options: TaskPoolOptions | None = None,
        *,
        runtime: Runtime | None = None,
        recorder: Recorder | None = None,
        **overrides: Any,
    ) -> None:
        self.options = with_overrides(TaskPoolOptions, options, overrides)
        super().__init__(name, runtime, recorder, self.options.thread_start, self.options.thread_end)
        self._static: list[_Worker] = []
        self._dynamic: list[_Worker] = []
        self._select_static = make_selector(self.options.selector)
        self._select_dynamic = make_selector(self.options.selector)
        self._own = TaskPoolCounts()
        agent = current_agent(self.runtime)
        with self._monitor:
            self._open(agent, "taskpool", **{f.name: getattr(self.options, f.name) for f in fields(self.options)})
            try:
                for _ in range(self.options.minimum_size):
                    self._add(dynamic=False)
                for _ in range(self.options.initial_size - self.options.minimum_size):
                    self._add(dynamic=True)
            except BaseException:
                self._give_up(agent)
                raise

    def __repr__(self) -> str:
        state = "aborted" if self.aborted else "shut down" if self.drained else "closing" if self.closing else "open"
        return f"<TaskPool {self.name}: {state}, {len(self._static)} static and {len(self._dynamic)} dynamic threads>"

    def push_wait(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Run ``fn(*args, **kwargs)`` on a thread of the pool and return its result; what it raises is raised here.

        From inside (a thread of this pool, or one that such a thread waits for) it runs at once on the calling thread.
        From outside it blocks. Threads of other pools are outside.

        Raises:
            PoolShutDown: If the pool is shut down or, from outside, shutting down.
            DeadlockError: If the wait would close a cycle; nothing has been queued then.
            PoolAborted: If the pool is aborted before the task has run.
        """
        agent = current_agent(self.runtime)
        with self.runtime.inside if agent.worker is not None else self._monitor:
            inside = is_inside(agent, self)
            if not inside or self.drained:
                self.refuse_if_closing()
            if inside:
                processor = self._processor_for_inline(agent)
                task = processor._new_task(fn, args, kwargs, agent.current)
                processor._begin_inline(task, agent, "inside_pool")
            else:
                worker = self._choose(agent)
                processor = worker.processor
                task = processor._new_task(fn, args, kwargs, agent.current)
                wait = task.wait = Wait(self, agent, "sync_task", processor, task)
                refuse_if_doomed(wait)
                processor._enqueue(task, agent, wait=True)
                worker.kick()
                begin(wait)
        agent.flush_warnings()
        if inside:
            return processor._finish_inline(task)
        return block(wait, lambda: processor._take_back(task, agent))

    def serializer(self, name: str, group: SerializerGroup | None = None) -> Serializer:
        """A new serializer of this pool. Does not block; any thread.

        Args:
            name: Unique among the open serializers of the runtime.
            group: A shutdown group that it joins.

        Raises:
            DuplicateNameError: If another open serializer has the name.
            PoolShutDown: If the pool is shut down or shutting down.
        """
        from taskpool.serializer import Serializer

        with self._monitor:
            self.refuse_if_closing()
            return Serializer(self, name, group, self.options.high_water)

    def statistics(self) -> PoolStatistics:
        with self._monitor:
            processors = tuple(worker.processor._snapshot() for worker in self._workers())
            gone = self._own
            return PoolStatistics(
                name=self.name,
                threads=len(processors),
                peak_threads=self._peak,
                processed=gone.processed + sum(p.processed for p in processors),
                failed=gone.failed + sum(p.failed for p in processors),
                inlined=gone.inlined + sum(p.inlined for p in processors),
                queued=sum(p.queued for p in processors),
                processors=processors,
                serializers=tuple(serializer._snapshot() for serializer in self.serializers.values()),
            )

    # -- Everything below is for the package, and is called with the monitor held.

    def _workers(self) -> list[_Worker]:  # type: ignore[override]  # a list that callers only read
        return self._static + self._dynamic

    def _queues(self) -> list[TaskQueue]:
        return [worker.processor for worker in self._workers()]

    def dispatch(self, task: Task, agent: Agent) -> str:
        worker = self._choose(agent)
        processor = task.processor = worker.processor
        processor._enqueue(task, agent)
        if worker.idle:
            worker.kick()
        return processor.name

    def needs_of_queued(self) -> Needs:
        if self.options.grow_when == "exhausted" and self._growth():
            return Needs()
        return super().needs_of_queued()

    def stranded(self) -> TaskProcessor | None:
        """A taskprocessor with tasks whose thread is blocked, or None."""
        for worker in self._workers():
            if worker.processor._queue and worker.blocked:
                return worker.processor
        return None

    def rescue(self, agent: Agent) -> None:
        """Call a thread that sleeps, or a new one, if a blocked thread has tasks."""
        if self.stranded() is None:
            return
        helper = next((worker for worker in self._workers() if worker.idle and not worker.blocked), None)
        if helper is None and self.options.grow_when == "exhausted":
            helper = self._grow(agent)
        if helper is not None and helper.kick():
            helper.called = True

    def shrink(self, worker: _Worker) -> None:
        """A dynamic taskprocessor with nothing to do goes."""
        self._forget(worker)
        self.emit(worker.agent, EventKind.POOL_SHRANK, by=1, size=len(self._workers()))

    def thread_ended(self, worker: Worker) -> None:
        assert isinstance(worker, _Worker)
        if self.drained and worker in self._workers():
            self._forget(worker)
            if not self._workers():
                self._shut_down(worker.agent)

    def _choose(self, agent: Agent) -> _Worker:
        """The thread whose queue gets the next task; the pool grows first if it must."""
        options = self.options
        exhausted = options.grow_when == "exhausted"
        threshold = options.growth_threshold or 0
        chosen, full = self._select_static.select(self._static, threshold)
        if chosen is not None and not self._wants_more(chosen, full, exhausted):
            return chosen
        dynamic, dynamic_full = self._select_dynamic.select(self._dynamic, threshold)
        if dynamic is not None:
            if not self._wants_more(dynamic, dynamic_full, exhausted):
                return dynamic
            if chosen is None or (dynamic.blocked, dynamic.load) < (chosen.blocked, chosen.load):
                chosen = dynamic
        if exhausted:
            full = dynamic_full = all(worker.load for worker in self._workers())
        if full and dynamic_full and (new := self._grow(agent)) is not None:
            return new
        assert chosen is not None  # without any thread the pool can grow: max_size is at least 1
        return chosen

    def _wants_more(self, candidate: _Worker, reached: bool, exhausted: bool) -> bool:
        """Whether to look further than at this candidate, the best of its set."""
        if exhausted:
            return candidate.load > 0
        return (reached and self.options.auto_increment > 0) or candidate.blocked

    def _grow(self, agent: Agent) -> _Worker | None:
        """Add taskprocessors; the first of them, or None if the pool may not grow."""
        size, by = len(self._workers()), self._growth()
        if not by:
            return None
        new: list[_Worker] = []
        try:
            for _ in range(by):
                new.append(self._add(dynamic=True))  # noqa: PERF401 - those that have started count
        except RuntimeError as error:  # the system gives no more threads
            if not size and not new:
                raise
            agent.warnings.append(f"pool {self.name!r} cannot grow: {error}")
        if new:
            self.emit(agent, EventKind.POOL_GREW, by=len(new), size=size + len(new))
        return new[0] if new else None

    def _growth(self) -> int:
        """How many taskprocessors the pool may add at once."""
        by, options = self.options.auto_increment, self.options
        if options.max_size:
            by = min(by, options.max_size - len(self._workers()))
        return 0 if self.drained else max(0, by)

    def _add(self, *, dynamic: bool) -> _Worker:
        name = f"taskpool/{'d' if dynamic else 's'}:{self.name}-{next_number(self.runtime):08x}"
        worker = _Worker(self, name, dynamic=dynamic)
        (self._dynamic if dynamic else self._static).append(worker)
        self._peak = max(self._peak, len(self._workers()))
        return worker

    def _forget(self, worker: _Worker) -> None:
        """A taskprocessor that nobody serves any more: keep its numbers, give its name back."""
        workers = self._dynamic if worker.dynamic else self._static
        if worker in workers:
            workers.remove(worker)
            worker.processor._closed = True
            release(self.runtime, "taskprocessor", worker.processor.name, worker.processor)
            self._own.add(worker.processor)
            self.threads = [handle for handle in self.threads if handle is worker.handle or handle.is_alive()]

    def _processor_for_inline(self, agent: Agent) -> TaskProcessor:
        """The taskprocessor that counts a task which runs inline on ``agent``'s thread."""
        if isinstance(agent.worker, _Worker) and agent.worker.pool is self:
            return agent.worker.processor
        return self._workers()[0].processor


class TaskPoolCounts:
    """The numbers of taskprocessors that are gone."""

    __slots__ = ("failed", "inlined", "processed")

    def __init__(self) -> None:
        self.processed = self.failed = self.inlined = 0

    def add(self, processor: TaskProcessor) -> None:
        """Add one's numbers."""
        self.processed += processor._processed
        self.failed += processor._failed
        self.inlined += processor._inlined
