"""A taskprocessor: a named queue of tasks, and a listener that decides who executes them.

The default listener owns one thread, so that tasks run one at a time, in push order. The original's counterpart:
``main/taskprocessor.c``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Protocol

from taskpool.agent import Agent, current_agent
from taskpool.errors import PoolShutDown, WrongThreadError
from taskpool.events import EventKind
from taskpool.registry import claim, named, release
from taskpool.runtime.real import default_runtime
from taskpool.task import Call, Outcome, Task
from taskpool.taskqueue import TaskQueue
from taskpool.waits import PoolLike, Wait, chain_of, wait_for

if TYPE_CHECKING:
    from taskpool.recorder import Recorder
    from taskpool.runtime.base import QueueLike, Runtime, ThreadHandle

_log = logging.getLogger("taskpool")

__all__ = ["Listener", "TaskProcessor", "ThreadListener"]


class Listener(Protocol):
    """Decides who executes a taskprocessor's tasks. Called without any lock held; must not block."""

    def start(self, processor: TaskProcessor) -> None:
        """The taskprocessor is ready for pushes."""

    def task_pushed(self, processor: TaskProcessor, was_empty: bool) -> None:
        """A task was queued; ``was_empty`` is false while another is queued or in progress."""

    def emptied(self, processor: TaskProcessor) -> None:
        """The last task ended and none is queued."""

    def shutdown(self, processor: TaskProcessor) -> None:
        """No push will come any more; see to it that what is queued runs."""


class ThreadListener:
    """The default listener: one thread that runs the queue and sleeps while it is empty.

    Args:
        thread_name: The thread's name; the taskprocessor's if None.
        pool: The pool that the thread belongs to.
        on_start, on_end: Called on the thread before its first and after its last task.
    """

    def __init__(
        self,
        thread_name: str | None = None,
        pool: PoolLike | None = None,
        on_start: Callable[[], object] | None = None,
        on_end: Callable[[], object] | None = None,
    ) -> None:
        self.thread_name = thread_name
        self.pool = pool
        self.on_start = on_start
        self.on_end = on_end
        self.agent: Agent | None = None
        self.handle: ThreadHandle | None = None
        self._wake: QueueLike[bool] | None = None

    def start(self, processor: TaskProcessor) -> None:
        name = self.thread_name or processor.name
        self._wake = processor.runtime.Queue(f"{name}/wake")
        self.agent = Agent(name, self.pool, worker=True)
        self.handle = processor.runtime.spawn(self._run, processor, name=name)

    def task_pushed(self, processor: TaskProcessor, was_empty: bool) -> None:
        if was_empty and self._wake is not None:
            self._wake.put(True)

    def emptied(self, processor: TaskProcessor) -> None:
        """Nothing to do: the thread goes to sleep by itself."""

    def shutdown(self, processor: TaskProcessor) -> None:
        if self._wake is not None:
            self._wake.put(False)

    def join(self, timeout: float | None = None) -> bool:
        """Block until the thread has ended, at most ``timeout`` seconds; whether it has. Not from the thread itself."""
        if self.handle is None:
            return True
        self.handle.join(timeout)
        return not self.handle.is_alive()

    def _run(self, processor: TaskProcessor) -> None:
        assert self.agent is not None and self._wake is not None
        agent = processor.runtime.context.agent = self.agent
        facts = {} if self.pool is None else {"pool": self.pool.name}
        processor._emit(agent, EventKind.THREAD_STARTED, **facts)
        if self.on_start is not None:
            processor.run_hook(self.on_start, "thread_start")
        while self._wake.get():
            processor._emit(agent, EventKind.THREAD_WOKE)
            processor.drain()
            processor._emit(agent, EventKind.THREAD_IDLED)
        if self.on_end is not None:
            processor.run_hook(self.on_end, "thread_end")
        processor._emit(agent, EventKind.THREAD_STOPPED, **facts)


class TaskProcessor(TaskQueue):
    """A named queue whose tasks run one at a time, in push order, on the thread that its listener gives them.

    Args:
        name: Unique among the open taskprocessors of the runtime.
        listener: Who executes the tasks; a `ThreadListener` if None.
        runtime: Threads and clock; the default RealRuntime if None.
        recorder: What events are written to, or None.
        high_water, low_water: See `TaskQueue`.

    Raises:
        DuplicateNameError: If the name is taken.
    """

    def __init__(
        self,
        name: str,
        listener: Listener | None = None,
        *,
        runtime: Runtime | None = None,
        recorder: Recorder | None = None,
        high_water: int = 500,
        low_water: int | None = None,
    ) -> None:
        super().__init__(name, runtime or default_runtime(), recorder, high_water=high_water, low_water=low_water)
        self.listener: Listener = listener if listener is not None else ThreadListener()
        self.waiting: dict[Agent, tuple[Wait, Call]] = {}
        self.aborted = False
        self._references = 1
        self._last_used = self.runtime.monotonic()
        claim(self.runtime, "taskprocessor", name, self)
        self.listener.start(self)

    @classmethod
    def get(
        cls, name: str, *, if_exists: bool = False, runtime: Runtime | None = None, recorder: Recorder | None = None
    ) -> TaskProcessor | None:
        """The open taskprocessor of this name, made if there is none (unless ``if_exists``). Takes a reference.

        Returns:
            The taskprocessor, or None if there is none and ``if_exists`` is set. Give it back with `unreference`.
        """
        runtime = runtime or default_runtime()
        existing = named(runtime, "taskprocessor", name)
        if isinstance(existing, TaskProcessor):
            with existing._lock:
                if not existing._closed:
                    existing._references += 1
                    return existing
        return None if if_exists else cls(name, runtime=runtime, recorder=recorder)

    def unreference(self) -> None:
        """Give one reference back; with the last the taskprocessor shuts down, without blocking. Any thread."""
        with self._lock:
            self._references -= 1
            last = self._references == 0
        if last:
            self.shutdown(wait=False)

    def push(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> None:
        """Queue ``fn(*args, **kwargs)`` and return. Any thread.

        Raises:
            PoolShutDown: If the taskprocessor is shut down.
        """
        if not self.push_task(self._new_task(fn, args, kwargs, current_agent(self.runtime))):
            raise PoolShutDown(f"taskprocessor {self.name!r} is shut down: nothing can be pushed to it any more")

    def push_wait(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Run ``fn(*args, **kwargs)`` in its turn and return its result; blocks. Any thread.

        From inside one of its own tasks it runs inline, on the calling thread.

        Raises:
            PoolShutDown: If the taskprocessor is shut down.
            DeadlockError: If the wait would close a cycle.
        """
        agent = current_agent(self.runtime)
        if any(task.processor is self for task in chain_of(agent)):
            task = self._new_task(fn, args, kwargs, agent, caller=agent.current, call=Call(self.runtime, agent))
            return self._run_inline(task, agent, "own_serializer")
        call = Call(self.runtime, agent)
        task = self._new_task(fn, args, kwargs, agent, caller=agent.current, call=call)
        if not self.push_task(task):
            raise PoolShutDown(f"taskprocessor {self.name!r} is shut down: nothing can be pushed to it any more")
        outcome, value = wait_for(self, call, Wait(agent, "sync_task", self, task))
        if outcome == Outcome.RETURNED:
            return value
        if outcome == Outcome.DEADLOCK:
            self.withdraw(task, agent, "deadlock")
        raise value

    def execute(self) -> bool:
        """Run the next task on the calling thread; whether more are queued. For listeners; blocks while it runs."""
        agent = current_agent(self.runtime)
        task = self._next(agent, None, 0.0, False)
        if task is None:
            return False
        seconds, failed = self._execute(task, agent)
        with self._lock:
            self._finish(task, seconds, failed)
            more, idle = bool(self._queue), not self._queue and not self._executing
        if task.call is not None:
            task.call.answer()
        if idle:
            self.listener.emptied(self)
        return more

    def drain(self) -> None:
        """Run tasks on the calling thread until none is queued. For listeners; blocks while they run."""
        agent = current_agent(self.runtime)
        task = self._next(agent, None, 0.0, False)
        while task is not None:
            seconds, failed = self._execute(task, agent)
            task = self._next(agent, task, seconds, failed)
        self.listener.emptied(self)

    def ping(self) -> float:
        """Push a task that does nothing and wait for it; the seconds that took. Blocks."""
        start = self.runtime.monotonic()
        self.push_wait(_nothing)
        return self.runtime.monotonic() - start

    def shutdown(self, wait: bool = True) -> None:
        """Refuse pushes, run what is queued, end the thread and release the name. Idempotent.

        Args:
            wait: Block until the thread has ended.

        Raises:
            WrongThreadError: If ``wait`` is set and the caller is the taskprocessor's own thread.
        """
        if wait and any(task.processor is self for task in chain_of(current_agent(self.runtime))):
            raise WrongThreadError(f"a task of {self.name!r} cannot wait for its end: call shutdown(wait=False)")
        with self._lock:
            first, self._closed = not self._closed, True
        if first:
            self.listener.shutdown(self)
            release(self.runtime, "taskprocessor", self.name, self)
        if wait and isinstance(self.listener, ThreadListener):
            self.listener.join()

    # -- for pools ----------------------------------------------------------------------------------------------

    def push_task(self, task: Task, **detail: Any) -> bool:
        """Queue a task; False if the taskprocessor takes none any more. Never blocks; any thread."""
        agent = current_agent(self.runtime)
        with self._lock:
            if self._closed:
                return False
            task.processor = self
            was_empty = self._enqueue(task, agent, **detail)
        self.listener.task_pushed(self, was_empty)
        return True

    def withdraw(self, task: Task, agent: Agent, reason: str) -> bool:
        """Take a task that has not started out of the queue; whether that was possible. Any thread."""
        with self._lock:
            if task not in self._queue:
                return False
            self._queue.remove(task)
            self._discard((task,), agent, reason)
            return True

    def retire_if_idle(self, before: float) -> bool:
        """Close the queue if nothing is queued, in progress, or was used since ``before``; whether it did."""
        with self._lock:
            if self._closed or self._queue or self._executing or self._last_used > before:
                return False
            self._closed = True
        self.listener.shutdown(self)
        release(self.runtime, "taskprocessor", self.name, self)
        return True

    def run_hook(self, hook: Callable[[], object], name: str) -> None:
        """Call a thread_start or thread_end hook; what it raises is logged."""
        try:
            hook()
        except Exception:
            _log.exception("%s hook of %s raised", name, self.name)

    def blockers(self, wait: Wait) -> Iterable[Agent]:
        agent = getattr(self.listener, "agent", None)
        return (agent,) if isinstance(agent, Agent) and self.load else ()

    def _run_inline(self, task: Task, agent: Agent, reason: str) -> Any:
        with self._lock:
            self._executing += 1
        self._emit(agent, EventKind.TASK_INLINED, task, label=task.label, reason=reason)
        seconds, failed = self._execute(task, agent)
        with self._lock:
            self._account(task, seconds, failed=failed, inlined=True)
        assert task.call is not None and task.call.result is not None
        outcome, value = task.call.result
        if outcome == Outcome.RAISED:
            raise value
        return value

    def _finish(self, task: Task, seconds: float, failed: bool) -> None:
        """Count a task that ended. Call only with self._lock held."""
        self._account(task, seconds, failed=failed)
        self._last_used = self.runtime.monotonic()

    def _next(self, agent: Agent, done: Task | None, seconds: float, failed: bool) -> Task | None:
        """Count the task that ended, answer who waits for it, and take the next one."""
        with self._lock:
            if done is not None:
                self._finish(done, seconds, failed)
            task = self._dequeue(agent)
        if done is not None and done.call is not None:
            done.call.answer()
        return task


def _nothing() -> None:
    """The task of a ping."""
