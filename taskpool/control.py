"""The threadpool's control queue: a taskprocessor with its own thread, which manages the pool and runs nothing else.

A control task is handled in one critical section of the monitor; what the pool's listener is told comes after it,
without the monitor, in order, on the control thread.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from taskpool.agent import Agent
from taskpool.errors import WrongThreadError
from taskpool.events import EventKind
from taskpool.registry import claim, release
from taskpool.task import Task
from taskpool.taskprocessor import TaskProcessor, run_hook

if TYPE_CHECKING:
    from taskpool.runtime.base import QueueLike
    from taskpool.threadpool import ThreadPool

__all__ = ["ControlQueue", "ThreadPoolListener"]


class ThreadPoolListener(Protocol):
    """Told what happens in a threadpool. Called on the control thread, without any lock held; must not block.

    A listener may leave out what it does not care for. What it raises is logged.
    """

    def state_changed(self, pool: ThreadPool, active: int, idle: int) -> None:
        """Threads have been added, removed, activated or gone idle."""

    def task_pushed(self, pool: ThreadPool, was_empty: bool) -> None:
        """A task was queued; ``was_empty`` is false while another was queued or in progress."""

    def emptied(self, pool: ThreadPool) -> None:
        """The last task ended and none is queued."""

    def shutdown(self, pool: ThreadPool) -> None:
        """The pool has run what was queued and ends."""


class _Handler:
    """The control thread."""

    def __init__(self) -> None:
        self.agent: Agent | None = None
        self.sleeping = False
        self.ended = False
        self.wake: QueueLike[None] | None = None

    def start(self, processor: TaskProcessor) -> None:
        assert isinstance(processor, ControlQueue)
        self.agent = Agent(processor.name)
        self.wake = processor.runtime.Queue(f"{processor.name} wakes")
        handle = processor.runtime.spawn(self._run, processor, self.agent, self.wake, name=processor.name)
        processor.pool.threads.append(handle)

    def task_pushed(self, processor: TaskProcessor, was_empty: bool) -> None:
        """Wake the thread. Monitor held."""
        if self.sleeping and self.wake is not None:
            self.sleeping = False
            self.wake.put(None)

    def emptied(self, processor: TaskProcessor) -> None:
        """Nothing to do."""

    def shutdown(self, processor: TaskProcessor) -> None:
        """Let the thread end. Monitor held."""
        self.ended = True
        self.task_pushed(processor, True)

    def _run(self, control: ControlQueue, agent: Agent, wake: QueueLike[None]) -> None:
        control.runtime.context.agent = agent
        with control._monitor:
            control._emit(agent, EventKind.THREAD_STARTED, pool=control.pool.name, control=True)
        more = True
        while more:
            told: list[tuple[str, tuple[Any, ...]]] = []
            with control._monitor:  # it does not give way: until it has handled a push, no thread is woken for it
                if control._queue:
                    control.handle(agent)
                elif not self.ended:
                    self.sleeping = True
                told.extend(control.told)
                control.told.clear()
                sleeping, more = self.sleeping, bool(control._queue) or not self.ended
                if not more:
                    control._emit(agent, EventKind.THREAD_STOPPED, pool=control.pool.name, control=True)
            agent.flush_warnings()
            control.pass_on(told)
            if sleeping:
                wake.get()


class ControlQueue(TaskProcessor):
    """The control queue of one pool. Made with the monitor held."""

    def __init__(self, pool: ThreadPool) -> None:
        self.pool = pool
        self.told: deque[tuple[str, tuple[Any, ...]]] = deque()
        self._handler = _Handler()
        super().__init__(f"{pool.name}/control", self._handler, runtime=pool.runtime, recorder=pool.recorder)

    def _open(self) -> None:
        claim(self.runtime, "taskprocessor", self.name, self)
        try:
            self.listener.start(self)
        except BaseException:
            release(self.runtime, "taskprocessor", self.name, self)
            raise

    def push(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> None:
        """Refused: the pool alone pushes here."""
        raise WrongThreadError(f"{self.name!r} is the control queue of a threadpool: push to the pool instead")

    def push_wait(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Refused: the pool alone pushes here."""
        self.push(fn)

    # -- Everything below is called with the monitor held, but for `pass_on`.

    def add(self, action: str, label: str, agent: Agent, handle: Callable[[Agent], None]) -> None:
        """Queue a control task."""
        task = Task(self, handle, (action, label))
        self._number(task, agent)
        self._queue.append(task)
        self._max_depth = max(self._max_depth, len(self._queue))
        self._emit(agent, EventKind.CONTROL_QUEUED, task, action=action, label=label)
        self._handler.task_pushed(self, True)

    def handle(self, agent: Agent) -> None:
        """Do the next control task."""
        task = self._queue.popleft()
        self._processed += 1
        action, label = task.args
        try:
            task.fn(agent)
        except RuntimeError as error:  # the system gives no more threads
            agent.warnings.append(f"{label} of pool {self.pool.name!r} failed: {error}")
        self._emit(agent, EventKind.CONTROL_RAN, task, action=action, label=label)
        self.pool.finish_if_drained(agent)

    def tell(self, what: str, *args: Any) -> None:
        """Keep something for the pool's listener."""
        if self.pool.listener is not None:
            self.told.append((what, args))
            self._handler.task_pushed(self, True)

    def pass_on(self, told: list[tuple[str, tuple[Any, ...]]]) -> None:
        """Tell the listener, on the control thread."""
        for what, args in told:
            hook = getattr(self.pool.listener, what, None)
            run_hook(hook, f"{what} of the listener of pool {self.pool.name!r}", self.pool, *args)

    def close(self) -> None:
        """The pool ends."""
        self.tell("shutdown")
        release(self.runtime, "taskprocessor", self.name, self)
        self._handler.shutdown(self)
