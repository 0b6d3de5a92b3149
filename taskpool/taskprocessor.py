"""A taskprocessor: a named queue of tasks, and a listener that decides who executes them.

The default listener owns one thread, so that tasks run one at a time, in push order. The original's counterpart:
``main/taskprocessor.c``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from taskpool.agent import Agent, ancestors, current_agent
from taskpool.errors import DuplicateNameError, PoolShutDown, WrongThreadError
from taskpool.events import EventKind
from taskpool.registry import claim, release
from taskpool.runtime.base import RunAbandoned
from taskpool.runtime.real import default_runtime
from taskpool.task import Task, nothing
from taskpool.taskqueue import Ended, TaskQueue, run_task
from taskpool.waits import Needs, Wait, begin, block, refuse_if_doomed

if TYPE_CHECKING:
    from taskpool.recorder import Recorder
    from taskpool.runtime.base import QueueLike, Runtime, ThreadHandle

__all__ = ["Listener", "TaskProcessor", "ThreadListener", "run_hook"]

_log = logging.getLogger("taskpool")


def run_hook(hook: Callable[..., object] | None, what: str, *args: object) -> None:
    """Call a hook of the user's, if there is one; what it raises is logged."""
    if hook is None:
        return
    try:
        hook(*args)
    except RunAbandoned:
        raise
    except BaseException:  # noqa: BLE001 - a foreign hook may raise anything, and its thread goes on
        _log.exception("%s raised", what)


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
        on_start, on_end: Called on the thread before its first and after its last task.
    """

    def __init__(
        self, on_start: Callable[[], object] | None = None, on_end: Callable[[], object] | None = None
    ) -> None:
        self._on_start = on_start
        self._on_end = on_end
        self.agent: Agent | None = None
        self._handle: ThreadHandle | None = None
        self._wake: QueueLike[bool] | None = None

    def start(self, processor: TaskProcessor) -> None:
        self._wake = processor.runtime.Queue(f"{processor.name} wakes")
        self.agent = Agent(processor.name)
        self._handle = processor.runtime.spawn(self._run, processor, self.agent, self._wake, name=processor.name)

    def task_pushed(self, processor: TaskProcessor, was_empty: bool) -> None:
        if was_empty and self._wake is not None:
            self._wake.put(True)

    def emptied(self, processor: TaskProcessor) -> None:
        """Nothing to do: the thread goes to sleep by itself."""

    def shutdown(self, processor: TaskProcessor) -> None:
        if self._wake is not None:
            self._wake.put(False)

    def join(self) -> None:
        """Block until the thread has ended. Not from the thread itself."""
        if self._handle is not None:
            self._handle.join()

    def _run(self, processor: TaskProcessor, agent: Agent, wake: QueueLike[bool]) -> None:
        processor.runtime.context.agent = agent
        processor._note(agent, EventKind.THREAD_STARTED)
        run_hook(self._on_start, f"thread_start hook of {processor.name}")
        while wake.get():
            processor.drain()
        processor.drain()  # what was pushed before the shutdown, but told of after it
        run_hook(self._on_end, f"thread_end hook of {processor.name}")
        processor._note(agent, EventKind.THREAD_STOPPED)


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
        where: Runtime = runtime if runtime is not None else default_runtime()
        super().__init__(name, where, recorder, high_water=high_water, low_water=low_water)
        self.listener: Listener = listener if listener is not None else ThreadListener()
        self.waits: dict[Agent, Wait] = {}
        self._closed = False
        self._references = 1
        self._open()

    def _open(self) -> None:
        with self._monitor:
            claim(self.runtime, "taskprocessor", self.name, self)
        try:
            self.listener.start(self)
        except BaseException:
            with self._monitor:
                release(self.runtime, "taskprocessor", self.name, self)
            raise

    @classmethod
    def get(
        cls, name: str, *, if_exists: bool = False, runtime: Runtime | None = None, recorder: Recorder | None = None
    ) -> TaskProcessor | None:
        """The open taskprocessor of this name, made if there is none (unless ``if_exists``). Takes a reference.

        Returns:
            The taskprocessor, or None if there is none and ``if_exists`` is set. Give it back with `unreference`.
        """
        where: Runtime = runtime if runtime is not None else default_runtime()
        while True:
            with where.monitor:
                existing = where.names.get(("taskprocessor", name))
                if isinstance(existing, TaskProcessor):
                    existing._references += 1
                    return existing
            if if_exists:
                return None
            with suppress(DuplicateNameError):  # another thread has just made it
                return cls(name, runtime=where, recorder=recorder)

    def unreference(self) -> None:
        """Give one reference back; with the last the taskprocessor shuts down, without blocking. Any thread."""
        with self._monitor:
            self._references -= 1
            last = self._references == 0
        if last:
            self.shutdown(wait=False)

    def push(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> None:
        """Queue ``fn(*args, **kwargs)`` and return. Any thread.

        Raises:
            PoolShutDown: If the taskprocessor is shut down.
        """
        agent = current_agent(self.runtime)
        task = self._new_task(fn, args, kwargs)
        with self._monitor:
            self._refuse_if_closed()
            was_empty = self._enqueue(task, agent)
        agent.flush_warnings()
        self.listener.task_pushed(self, was_empty)

    def push_wait(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Run ``fn(*args, **kwargs)`` in its turn and return its result; blocks. Any thread.

        From inside one of its own tasks it runs inline, on the calling thread.

        Raises:
            PoolShutDown: If the taskprocessor is shut down.
            DeadlockError: If the wait would close a cycle.
        """
        agent = current_agent(self.runtime)
        task = self._new_task(fn, args, kwargs, agent.current)
        was_empty = False
        with self._monitor:
            inline = any(above.processor is self for above in ancestors(agent))
            if inline:
                self._begin_inline(task, agent, "own_serializer")
            else:
                self._refuse_if_closed()
                wait = task.wait = Wait(self, agent, "sync_task", self, task)
                refuse_if_doomed(wait)
                was_empty = self._enqueue(task, agent, wait=True)
                begin(wait)
        if inline:
            return self._finish_inline(task)
        agent.flush_warnings()
        self.listener.task_pushed(self, was_empty)
        return block(wait, lambda: self._take_back(task, agent))

    def execute(self) -> bool:
        """Run the next task on the calling thread; whether more are queued. For listeners; blocks while it runs."""
        agent = current_agent(self.runtime)
        task, _ = self._next(agent, None, None)
        if task is None:
            return False
        ended = run_task(task, self.runtime, log=task.wait is None)
        with self._monitor:
            self._end(task, ended)
            more, idle = bool(self._queue), not self._load
        if idle:
            self.listener.emptied(self)
        return more

    def drain(self) -> None:
        """Run tasks on the calling thread until none is queued. For listeners; blocks while they run."""
        agent = current_agent(self.runtime)
        task, emptied = self._next(agent, None, None)
        while task is not None:
            ended = run_task(task, self.runtime, log=task.wait is None)
            task, emptied = self._next(agent, task, ended)
        if emptied:
            self.listener.emptied(self)

    def ping(self) -> float:
        """Push a task that does nothing and wait for it; the seconds that took. Blocks."""
        start = self.runtime.monotonic()
        self.push_wait(nothing)
        return self.runtime.monotonic() - start

    def shutdown(self, wait: bool = True) -> None:
        """Refuse pushes, run what is queued, end the thread and release the name. Idempotent.

        Args:
            wait: Block until the thread has ended.

        Raises:
            WrongThreadError: If ``wait`` is set and a task of the taskprocessor calls.
        """
        agent = current_agent(self.runtime)
        with self._monitor:
            if wait and any(task.processor is self for task in ancestors(agent)):
                raise WrongThreadError(f"a task of {self.name!r} cannot wait for its end: call shutdown(wait=False)")
            first, self._closed = not self._closed, True
            release(self.runtime, "taskprocessor", self.name, self)
        if first:
            self.listener.shutdown(self)
        if wait and isinstance(self.listener, ThreadListener):
            self.listener.join()

    def needs(self, wait: Wait) -> Needs:
        agent = getattr(self.listener, "agent", None)
        return Needs((agent,)) if isinstance(agent, Agent) else Needs()

    # -- Monitor held, but for the last two.

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise PoolShutDown(f"taskprocessor {self.name!r} is shut down: nothing can be pushed to it any more")

    def _note(self, agent: Agent, kind: EventKind) -> None:
        """Write an event that concerns no task. Takes the same steps where nobody records: a schedule fits both."""
        with self._monitor:
            self._emit(agent, kind)

    def _next(self, agent: Agent, task: Task | None, ended: Ended | None) -> tuple[Task | None, bool]:
        """Count the task that ended and begin the next one: it, and whether the queue has just become empty."""
        with self._monitor:
            if task is not None and ended is not None:
                self._end(task, ended)
            elif self._queue and self._executing == 0:
                self._emit(agent, EventKind.THREAD_WOKE)
            if self._queue:
                following = self._pop(agent)
                self._begin(following, agent)
                return following, False
            if task is not None and not self._executing:
                self._emit(agent, EventKind.THREAD_IDLED)
            return None, task is not None
