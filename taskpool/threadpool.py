"""The threadpool, the older design: one queue for all threads, and a control queue with a thread of its own.

Every push queues two things: the task, and a control task. The control thread activates an idle thread for it or, if
none is idle, lets the pool grow. Threads that go idle or die, and changes of size, are control tasks too; so the sets
of active and idle threads change on one thread only. A thread that has emptied the queue says so and counts as active
until the control thread has heard it; when it hears it, it looks at the queue again, so that no push is lost in between
(in the original one can be, without auto_increment).

Everything that waits blocks its thread. That is affordable as long as the pool may grow: it grows when a push finds no
idle thread. The original's counterpart: ``main/threadpool.c``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from taskpool.agent import Agent, current_agent
from taskpool.basepool import BasePool
from taskpool.control import ControlQueue, ThreadPoolListener
from taskpool.errors import OptionError, TaskDiscarded
from taskpool.events import EventKind
from taskpool.options import ThreadPoolOptions, with_overrides
from taskpool.registry import next_number, release
from taskpool.statistics import PoolStatistics
from taskpool.taskqueue import Ended, TaskQueue
from taskpool.waits import Needs, Outcome, Wait, begin, block
from taskpool.worker import Worker

if TYPE_CHECKING:
    from taskpool.blocking import BlockingSerializer
    from taskpool.group import SerializerGroup
    from taskpool.recorder import Recorder
    from taskpool.runtime.base import Runtime
    from taskpool.task import Task

__all__ = ["ThreadPool"]


class _OneQueue(TaskQueue):
    """The queue that all threads share."""

    def __init__(self, pool: ThreadPool) -> None:
        super().__init__(pool.name, pool.runtime, pool.recorder, high_water=pool.options.high_water)
        self._pool = pool

    def needs(self, wait: Wait) -> Needs:
        return self._pool.needs_of_queued()

    def _end(self, task: Task, ended: Ended, *, inlined: bool = False) -> None:
        super()._end(task, ended, inlined=inlined)
        if not self._load:
            self._pool.emptied()


class _Worker(Worker):
    """A thread of a threadpool."""

    pool: ThreadPool
    zombie = False

    def take(self) -> Task | None:
        queue = self.pool.queue
        return queue._pop(self.agent) if queue._queue and not self.zombie else None

    def on_idle(self) -> None:
        if not self.zombie and not self.pool.drained:
            self.pool.heard_idle(self)

    def finished(self) -> bool:
        return self.zombie or self.pool.drained

    def idle_timeout(self) -> float | None:
        return self.pool.options.idle_timeout or None

    def on_idle_timeout(self) -> bool:
        return self.pool.timed_out(self)


class ThreadPool(BasePool):
    """A pool of threads that share one queue and are managed by a control thread.

    Args:
        name: Unique among the open pools of the runtime; it is free again once the pool has shut down.
        options: How it is sized; the defaults of `ThreadPoolOptions` if None.
        listener: Told what happens, on the control thread; or None.
        runtime: Threads and clock; the default RealRuntime if None.
        recorder: What events are written to, or None.
        **overrides: Single options by name, as in `ThreadPoolOptions`.

    Raises:
        DuplicateNameError: If another open pool has the name.
        OptionError: If an option does not exist, or its value is not meaningful.
    """

    _worker_class: type[_Worker] = _Worker

    def __init__(
        self,
        name: str = "threadpool",
        options: ThreadPoolOptions | None = None,
        *,
        listener: ThreadPoolListener | None = None,
        runtime: Runtime | None = None,
        recorder: Recorder | None = None,
        **overrides: Any,
    ) -> None:
        self.options = with_overrides(ThreadPoolOptions, options, overrides)
        super().__init__(name, runtime, recorder, self.options.thread_start, self.options.thread_end)
        self.listener = listener
        self.queue = _OneQueue(self)
        self._active: list[_Worker] = []
        self._idle: list[_Worker] = []
        self._zombies: list[_Worker] = []
        self._numbers = 0
        agent = current_agent(self.runtime)
        with self._monitor:
            self._open(agent, "threadpool", **{f.name: getattr(self.options, f.name) for f in fields(self.options)})
            try:
                self._control = ControlQueue(self)
            except BaseException:
                release(self.runtime, "pool", self.name, self)
                raise
            try:
                self._grow(agent, self.options.initial_size)
            except BaseException:
                self._give_up(agent)
                raise

    def __repr__(self) -> str:
        state = "aborted" if self.aborted else "shut down" if self.drained else "closing" if self.closing else "open"
        sets = f"{len(self._active)} active, {len(self._idle)} idle, {len(self._zombies)} zombies"
        return f"<ThreadPool {self.name}: {state}, {sets}>"

    def push_wait(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Run ``fn(*args, **kwargs)`` on a thread of the pool and return its result; what it raises is raised here.

        Queues it and blocks the calling thread, whichever it is: a pool whose threads all wait like this hangs.

        Raises:
            PoolShutDown: If the pool is shut down or, from outside, shutting down.
            PoolAborted: If the pool is aborted before the task has run.
        """
        agent = current_agent(self.runtime)
        task = self.queue._new_task(fn, args, kwargs, agent.current)
        with self.runtime.inside if agent.worker is not None else self._monitor:
            if agent.pool is not self or self.drained:
                self.refuse_if_closing()
            wait = task.wait = Wait(self, agent, "sync_task", self.queue, task)
            self.dispatch(task, agent)
            begin(wait)
        agent.flush_warnings()
        return block(wait, lambda: self.queue._take_back(task, agent))

    def serializer(self, name: str, group: SerializerGroup | None = None) -> BlockingSerializer:
        """A new serializer of this pool. Does not block; any thread.

        Args:
            name: Unique among the open serializers of the runtime.
            group: A shutdown group that it joins.

        Raises:
            DuplicateNameError: If another open serializer has the name.
            PoolShutDown: If the pool is shut down or shutting down.
        """
        from taskpool.blocking import BlockingSerializer

        with self._monitor:
            self.refuse_if_closing()
            return BlockingSerializer(self, name, group, self.options.high_water)

    def set_size(self, size: int) -> None:
        """Ask for ``size`` threads: new ones start; idle ones too many die first, then active ones, after their task.

        Does not block: a control task does it. Any thread.

        Raises:
            OptionError: If ``size`` is no whole number, negative or above ``max_size``.
            PoolShutDown: If the pool is shut down or shutting down.
        """
        limit = self.options.max_size
        if isinstance(size, bool) or not isinstance(size, int) or size < 0 or (limit and size > limit):
            raise OptionError(f"size={size!r}: must be a whole number from 0 to {limit or 'as many as you like'}")
        agent = current_agent(self.runtime)
        with self._monitor:
            self.refuse_if_closing()
            self._control.add("set_size", f"set_size({size})", agent, lambda control: self._resize(size, control))

    def statistics(self) -> PoolStatistics:
        with self._monitor:
            own = self.queue._snapshot()
            return PoolStatistics(
                name=self.name,
                threads=len(self._workers()),
                peak_threads=self._peak,
                processed=own.processed,
                failed=own.failed,
                inlined=own.inlined,
                queued=own.queued,
                processors=(own,),
                serializers=tuple(serializer._snapshot() for serializer in self.serializers.values()),
            )

    # -- Everything below is for the package, and is called with the monitor held.

    def _workers(self) -> list[_Worker]:  # type: ignore[override]  # a list that callers only read
        return self._active + self._idle + self._zombies

    def _queues(self) -> list[TaskQueue]:
        return [self.queue]

    def _managing(self) -> bool:
        return bool(self._control._queue)

    def needs_of_queued(self) -> Needs:
        return Needs() if self._growth(self.options.auto_increment) else super().needs_of_queued()

    def dispatch(self, task: Task, agent: Agent) -> str:
        task.processor = self.queue
        was_empty = self.queue._enqueue(task, agent, wait=task.wait is not None)
        label = f"task_pushed({task.id})" if task.id else "task_pushed"
        self._control.add("task_pushed", label, agent, lambda control: self._on_pushed(was_empty, control))
        return self.queue.name

    def heard_idle(self, worker: _Worker) -> None:
        """A thread has found the queue empty."""
        agent = worker.agent
        self._control.add("thread_idle", f"thread_idle({agent.name})", agent, lambda control: self._on_idle(worker))

    def emptied(self) -> None:
        """The last task has ended and none is queued."""
        self._control.tell("emptied")

    def timed_out(self, worker: _Worker) -> bool:
        """An idle thread's time is up: whether it dies. It does not if it counts as active, or is needed."""
        if worker not in self._idle or self.queue._queue:
            return False
        self._idle.remove(worker)
        worker.zombie = True
        self._zombies.append(worker)
        self.emit(worker.agent, EventKind.POOL_SHRANK, by=1, size=len(self._active) + len(self._idle))
        label = f"thread_died({worker.agent.name})"
        self._control.add("thread_died", label, worker.agent, lambda control: self._changed())
        return True

    def thread_ended(self, worker: Worker) -> None:
        for workers in (self._active, self._idle, self._zombies):
            if worker in workers:
                workers.remove(worker)
        self.threads = [handle for handle in self.threads if handle is worker.handle or handle.is_alive()]
        if self.drained:
            if not self._workers():
                self._shut_down(worker.agent)
        else:
            self.finish_if_drained(worker.agent)

    def finish_if_drained(self, agent: Agent) -> None:
        if self.closing and not self.drained and not self._managing() and not self._workers():
            self._discard_unserved(agent)
        super().finish_if_drained(agent)

    def _drain(self, agent: Agent) -> None:
        self._control.close()
        super()._drain(agent)

    def _discard_unserved(self, agent: Agent) -> None:
        """The pool is closing and has no thread for what is queued: it is set to none and must not grow."""
        tasks = list(self.queue._queue)
        self.queue._queue.clear()
        for task in tasks:
            error = TaskDiscarded(f"{task} will never run: its pool was shut down when it had no thread")
            self.queue._discard(task, agent, "shut_down", Outcome.REFUSED, error)
            self.count_unrun(self.queue, task)
            if task.turn_of is not None:
                task.turn_of._turn = None
                task.turn_of._discard_queue(agent)

    # -- Control tasks: on the control thread.

    def _on_pushed(self, was_empty: bool, control: Agent) -> None:
        if self._idle:
            self._activate(self._idle[0])
        else:
            self._grow(control, self.options.auto_increment)
        self._control.tell("task_pushed", was_empty)
        self._changed()

    def _on_idle(self, worker: _Worker) -> None:
        if worker not in self._active:
            return
        self._active.remove(worker)
        self._idle.append(worker)
        if self.queue._queue:
            self._activate(worker)
        self._changed()

    def _resize(self, size: int, control: Agent) -> None:
        now = len(self._active) + len(self._idle)
        if size > now:
            self._grow(control, size - now)
        elif size < now:
            for worker in (self._idle + self._active)[: now - size]:
                (self._idle if worker in self._idle else self._active).remove(worker)
                worker.zombie = True
                self._zombies.append(worker)
                worker.kick()
            self.emit(control, EventKind.POOL_SHRANK, by=now - size, size=size)
        self._changed()

    def _activate(self, worker: _Worker) -> None:
        self._idle.remove(worker)
        self._active.append(worker)
        worker.kick()

    def _growth(self, by: int) -> int:
        """How many threads of ``by`` the pool may add."""
        if self.options.max_size:
            by = min(by, self.options.max_size - len(self._active) - len(self._idle))
        return 0 if self.drained else max(0, by)

    def _grow(self, agent: Agent, by: int) -> None:
        size = len(self._active) + len(self._idle)
        try:
            for _ in range(self._growth(by)):
                worker = self._worker_class(self, f"threadpool/{self.name}-{next_number(self.runtime):08x}", self.name)
                worker.start(idle=False)
                self._active.append(worker)
        finally:
            now = len(self._active) + len(self._idle)
            self._peak = max(self._peak, len(self._workers()))
            if now > size:
                self.emit(agent, EventKind.POOL_GREW, by=now - size, size=now)

    def _changed(self) -> None:
        self._control.tell("state_changed", len(self._active), len(self._idle))
