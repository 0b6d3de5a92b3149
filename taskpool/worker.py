"""A pool's thread: it takes the next task, runs it, and sleeps when there is none.

Both designs' threads are built on it; a design says where the next task comes from, and what an idle thread does.

A serializer's turn is a task of the pool's that is never called: the thread that takes it becomes the serializer's
executor and runs the serializer's tasks on top of it, one critical section from the end of one task to the start of the
next.
"""

from __future__ import annotations

from queue import Empty
from typing import TYPE_CHECKING, Protocol

from taskpool.agent import Agent
from taskpool.events import EventKind
from taskpool.task import Task
from taskpool.taskprocessor import run_hook
from taskpool.taskqueue import Ended, run_task

if TYPE_CHECKING:
    from taskpool.basepool import BasePool
    from taskpool.runtime.base import QueueLike, ThreadHandle

__all__ = ["Turn", "Worker"]


class Turn(Protocol):
    """What a worker needs of a serializer. Monitor held."""

    def enter(self, token: Task, agent: Agent) -> bool:
        """Make ``agent``'s thread the executor; False if the turn is void."""

    def next_of_turn(self, agent: Agent) -> Task | None:
        """Begin the turn's next task, or None at its end."""

    def leave(self, agent: Agent, token: Task | None = None) -> None:
        """The thread stops being the executor."""


class Worker:
    """One thread of a pool. Its attributes change only while the monitor is held.

    Args:
        pool: Its pool.
        name: The thread's name.
        serves: Name of the queue it serves, for the trace.

    Attributes:
        agent: The thread, as waits see it.
        idle: It sleeps until it is kicked.
    """

    def __init__(self, pool: BasePool, name: str, serves: str) -> None:
        self.pool = pool
        self.serves = serves
        self.agent = Agent(name, pool, self)
        self.idle = False
        self.handle: ThreadHandle | None = None
        self._wake: QueueLike[None] = pool.runtime.Queue(f"{name} wakes")
        self._turn: Turn | None = None
        self._token: Task | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.agent!r}>"

    @property
    def blocked(self) -> bool:
        """Whether its thread is in one of the pools' waits."""
        return self.agent.waiting is not None

    @property
    def moving(self) -> bool:
        """Whether it runs something, or is about to."""
        return not self.idle and not self.blocked

    def start(self) -> None:
        """Start the thread. Does not block."""
        self.handle = self.pool.runtime.spawn(self._run, name=self.agent.name)
        self.pool.threads.append(self.handle)

    def kick(self) -> bool:
        """Wake the thread if it sleeps; whether it did."""
        if not self.idle:
            return False
        self.idle = False
        self._note(EventKind.THREAD_WOKE)
        self._wake.put(None)
        return True

    # -- what a design decides

    def take(self) -> Task | None:
        """Take the next task out of its queue."""
        raise NotImplementedError

    def on_block(self) -> None:
        """The thread is about to block in a wait."""

    def on_idle(self) -> None:
        """The thread has nothing to do."""

    def finished(self) -> bool:
        """Whether a thread that has nothing to do ends."""
        raise NotImplementedError

    def idle_timeout(self) -> float | None:
        """How long (seconds) the thread may sleep before `on_idle_timeout`; None for ever."""
        return None

    def on_idle_timeout(self) -> bool:
        """The time is up: whether the thread ends."""
        return False

    # -- the thread itself

    def _note(self, kind: EventKind) -> None:
        self.pool.emit(self.agent, kind, self.serves)

    def _run(self) -> None:
        pool, agent = self.pool, self.agent
        runtime, monitor = pool.runtime, pool.runtime.monitor
        runtime.context.agent = agent
        with monitor:
            pool.emit(agent, EventKind.THREAD_STARTED, self.serves, pool=pool.name)
        run_hook(pool.thread_start, f"thread_start hook of pool {pool.name!r}")
        task: Task | None = None
        ended: Ended | None = None
        timeout: float | None = None
        while True:
            with monitor:
                following = self._advance(task, ended)
                if following is None:
                    self.idle = True
                    self._note(EventKind.THREAD_IDLED)
                    self.on_idle()
                    if self.finished():
                        break
                    timeout = self.idle_timeout()
            task, ended = following, None  # what the old task held is given up here, outside the monitor
            agent.flush_warnings()
            if task is not None:
                ended = run_task(task, runtime, log=pool.log_failures and task.wait is None)
            elif not self._sleep(timeout):
                break
        task = ended = None
        run_hook(pool.thread_end, f"thread_end hook of pool {pool.name!r}")
        with monitor:
            self.idle = True
            pool.emit(agent, EventKind.THREAD_STOPPED, self.serves, pool=pool.name)
            pool.thread_ended(self)

    def _sleep(self, timeout: float | None) -> bool:
        """Sleep until kicked; False if the thread shall end instead."""
        while True:
            try:
                self._wake.get(timeout=timeout)
            except Empty:
                with self.pool.runtime.monitor:
                    if self.idle:
                        if self.on_idle_timeout():
                            return False
                        continue
                self._wake.get()  # it was kicked as its time ran out
            return True

    def _advance(self, task: Task | None, ended: Ended | None) -> Task | None:
        """Count the task that ended and begin the next one."""
        agent = self.agent
        if task is not None and ended is not None:
            task.processor._end(task, ended)
        while True:
            turn, token = self._turn, self._token
            if turn is not None and token is not None:
                following = turn.next_of_turn(agent)
                if following is not None:
                    return following
                self._turn = self._token = None
                token.processor._end(token, _NOTHING)
                turn.leave(agent, token)
            following = self.take()
            if following is None:
                return None
            following.processor._begin(following, agent)
            if following.turn_of is None:
                return following
            if following.turn_of.enter(following, agent):
                self._turn, self._token = following.turn_of, following
            else:
                following.processor._end(following, _NOTHING)


_NOTHING: Ended = (None, None, "", 0.0)
