"""A pool's thread: it takes the next task, runs it, and sleeps when there is none.

Both designs' threads are built on it; a design says where the next task comes from, and what an idle thread does.

A serializer's turn is a task of the pool's that is never called: the thread that takes it becomes the serializer's
executor and runs the serializer's tasks on top of it, one critical section from the end of one task to the start of the
next.
"""

from __future__ import annotations

from queue import Empty
from typing import TYPE_CHECKING, Any, Protocol

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
        ended: It runs nothing any more.
    """

    def __init__(self, pool: BasePool, name: str, serves: str) -> None:
        self.pool = pool
        self.serves = serves
        self.agent = Agent(name, pool, self)
        self.idle = False
        self.handle: ThreadHandle | None = None
        self.ended = False
        self._timeout: float | None = None
        self._wake: QueueLike[bool] = pool.runtime.Queue(f"{name} wakes")
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

    def start(self, *, idle: bool) -> None:
        """Start the thread, which sleeps until it is kicked (``idle``) or looks for work at once. Does not block."""
        self.idle = idle
        self._timeout = self.idle_timeout()
        self.handle = self.pool.runtime.spawn(self._run, idle, name=self.agent.name)
        self.pool.threads.append(self.handle)
        self._note(EventKind.THREAD_STARTED, pool=self.pool.name)

    def kick(self) -> bool:
        """Wake the thread if it sleeps; whether it did."""
        if not self.idle:
            return False
        self.idle = False
        self._note(EventKind.THREAD_WOKE)
        self._wake.put(True)
        return True

    def dismiss(self) -> None:
        """Let the thread end, if it sleeps; one that runs something ends by itself once it has nothing to do."""
        if self.idle and not self.ended:
            if self.pool.thread_end is None:
                self._stop()
            self._wake.put(not self.ended)
        elif self.pool.aborted and not self.ended:
            self._wake.put(True)  # an interrupt may have hit a kick before it woke the thread

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

    def _note(self, kind: EventKind, **detail: Any) -> None:
        self.pool.emit(self.agent, kind, self.serves, **detail)

    def _stop(self) -> None:
        """The thread runs nothing any more. Monitor held."""
        self.idle = self.ended = True
        self._note(EventKind.THREAD_STOPPED, pool=self.pool.name)
        self.pool.thread_ended(self)

    def _run(self, idle: bool) -> None:
        self.pool.runtime.context.agent = self.agent
        run_hook(self.pool.thread_start, f"thread_start hook of pool {self.pool.name!r}")
        self._work(idle)
        if self.pool.thread_end is not None:
            run_hook(self.pool.thread_end, f"thread_end hook of pool {self.pool.name!r}")
            with self.pool.runtime.monitor:
                self._stop()

    def _work(self, idle: bool) -> None:
        """Run tasks until the thread shall end; it has stopped then, unless there is a hook to be run before that."""
        pool, agent, runtime = self.pool, self.agent, self.pool.runtime
        enter, leave, advance = runtime.enter, runtime.monitor.release, self._advance
        task: Task | None = None
        ended: Ended | None = None
        if idle and not self._sleep():
            return
        while True:
            enter()
            try:
                following = advance(task, ended)
                if following is None:
                    self._fall_idle()
                    if self.ended or self.finished():
                        if not self.ended and pool.thread_end is None:
                            self._stop()
                        return
            finally:
                leave()
            task, ended = following, None  # what the old task held is given up here, outside the monitor
            if agent.warnings:
                agent.flush_warnings()
            if task is not None:
                ended = run_task(task, runtime, log=pool.log_failures and task.wait is None)
            elif not self._sleep():
                return

    def _fall_idle(self) -> None:
        """The thread has nothing to do. Monitor held."""
        self.idle = True
        self._timeout = self.idle_timeout()
        self._note(EventKind.THREAD_IDLED)
        self.on_idle()

    def _sleep(self) -> bool:
        """Sleep until kicked; False if the thread shall end instead."""
        while True:
            try:
                return self._wake.get(timeout=self._timeout)
            except Empty:
                with self.pool.runtime.monitor:
                    if self.idle and not self.ended:
                        if self.finished() or not self.on_idle_timeout():
                            continue
                        if self.pool.thread_end is None:
                            self._stop()
                        return False
                return self._wake.get()  # it was kicked as its time ran out

    def _advance(self, task: Task | None, ended: Ended | None) -> Task | None:
        """Count the task that ended and begin the next one."""
        agent = self.agent
        if task is not None and ended is not None:
            task.processor._end(task, ended)
        while True:
            turn = self._turn
            if turn is not None:
                following = turn.next_of_turn(agent)
                if following is not None:
                    return following
                token = self._token
                self._turn = self._token = None
                assert token is not None
                token.processor._end(token, _NOTHING)
                turn.leave(agent, token)
            following = self.take()
            if following is None:
                return None
            following.processor._begin(following, agent)
            turn = following.turn_of
            if turn is None:
                return following
            if turn.enter(following, agent):
                self._turn, self._token = turn, following
            else:
                following.processor._end(following, _NOTHING)


_NOTHING: Ended = (None, None, "", 0.0)
