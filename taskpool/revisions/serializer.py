"""What the original's serializers have in common: turns, and synchronous pushes that run the queue.

A push onto an empty queue gives a turn to the pool: a task that takes the serializer's lock, runs as many tasks as were
queued when it started and, if more remain, gives the pool another turn. A synchronous push from inside takes the same
lock, which is recursive, and runs the queue until its own task is done. Nobody is told that a turn could not be given
because the pool is shut down.

How a serializer is suspended differs from revision to revision: see `taskpool.history`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from taskpool.agent import Agent, current_agent
from taskpool.baseserializer import BaseSerializer
from taskpool.events import EventKind
from taskpool.revisions.lock import HeldLock
from taskpool.revisions.queue import EmptyTask, OriginalQueue, SyncTask
from taskpool.revisions.worker import pool_thread
from taskpool.task import Task
from taskpool.taskqueue import run_task
from taskpool.waits import Needs, Wait

if TYPE_CHECKING:
    from taskpool.group import SerializerGroup
    from taskpool.original import OriginalTaskPool

__all__ = ["OriginalSerializer"]


class OriginalSerializer(OriginalQueue, BaseSerializer):
    """A queue whose tasks run one at a time, in push order, on whichever pool thread holds its lock.

    Made by `taskpool.original.OriginalTaskPool.serializer`.

    Attributes:
        design: What a trace and the scenarios call a pool that has such serializers.
        lock: Held while tasks run.
    """

    design: ClassVar[str]
    pool: OriginalTaskPool

    def __init__(self, pool: OriginalTaskPool, name: str, group: SerializerGroup | None, high_water: int) -> None:
        super().__init__(pool, name, group, high_water)
        self.own_lock()
        self.lock = HeldLock(pool, name, "serializer_lock", self)
        self._given: Task | None = None  # the latest turn

    @property
    def is_suspended(self) -> bool:
        """Whether its checkpoint has run and nobody has resumed it; a read that may be stale. Any thread."""
        return bool(self._owners)

    def push(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> None:
        """Queue ``fn(*args, **kwargs)`` behind what is queued, and return at once. Any thread.

        It is accepted even after the pool has been shut down, and then never runs.

        Raises:
            PoolShutDown: If the serializer is closed, or its pool aborted.
        """
        agent = current_agent(self.runtime)
        self._push(self._new_task(fn, args, kwargs), agent)
        agent.flush_warnings()

    def push_wait(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Run ``fn(*args, **kwargs)`` in its turn and return its result; what it raises is raised here.

        From outside any taskpool: queues it and blocks. From inside: takes the serializer's lock, then runs the task at
        once if nothing is queued or the calling thread is executing this serializer, and the queue up to it otherwise.

        Raises:
            PoolShutDown: If the serializer is closed, or its pool aborted before the task has run.
        """
        agent = current_agent(self.runtime)
        return self._push_wait(SyncTask(self, fn, args, kwargs, agent.current), agent)

    def needs(self, wait: Wait) -> Needs:
        if self.lock.owner is not None:
            return Needs((self.lock.owner,))
        if self._owners:
            return Needs(tuple(self._owners))
        turn = self._given
        if turn is None or turn.done:
            return Needs()
        return Needs((turn.agent,)) if turn.agent is not None else Needs(turn.processor.needs(wait).agents)

    def close(self) -> None:
        agent = current_agent(self.runtime)
        with self._monitor:
            self._closed = True
            self._leave_if_done(agent)

    # -- For the revisions; without any lock, or with the serializer's where it says so.

    def _push(self, task: Task, agent: Agent, reason: str = "", *, wait: bool = False) -> None:
        """Queue a task, and give the pool a turn if nothing was queued or in progress.

        Args:
            task: The task.
            agent: Who pushes it.
            reason: Why ``agent`` is going to wait for it; empty if it is not.
            wait: Whether it is a synchronous push.
        """
        with self._monitor:
            if self.pool.aborted:
                self.pool.refuse_if_closing()
            if not isinstance(task, EmptyTask):
                self._refuse_if_self_closed()
            if isinstance(task, SyncTask) and reason:
                task.expect(self.pool, agent, reason)
            if reason == "suspend":
                self._emit(agent, EventKind.SERIALIZER_SUSPENDING, count=1)
            was_empty = self._enqueue(task, agent, wait=wait or bool(reason))
        if was_empty:
            self._give_turn(agent)

    def _give_turn(self, agent: Agent) -> None:
        """Push the task that runs the queue onto the pool. A pool that is shut down does not take it."""
        turn = Task(self, self._run_turn, turn_of=self)
        turn.args = (turn,)
        self.pool.give(turn, agent)

    def _push_wait(self, task: SyncTask, agent: Agent, reason: str = "sync_task") -> Any:
        thread = pool_thread(agent)
        if thread is None:
            self._push(task, agent, reason)
            agent.flush_warnings()
            return task.wait_for()
        outer = thread.serializer
        self.lock.acquire(agent)
        try:
            with self._monitor:
                inline = outer is self or not self._queue
                if inline:
                    self._begin_inline(task, agent, "own_serializer" if outer is self else "idle_serializer")
            thread.serializer = self
            if inline:
                return self._finish_inline(task)
            self._push(task, agent, wait=True)
            self._push(EmptyTask(self), agent)
            while not task.done:  # only who holds the lock runs it
                self._before_next(task, agent)
                if not task.done:
                    self._execute(agent, task)
        finally:
            thread.serializer = outer
            self._give_up(agent)
        return task.result()

    def _before_next(self, task: SyncTask, agent: Agent) -> None:
        """A synchronous push from inside is about to run the next task of the queue. The lock is held."""

    def _still(self) -> bool:
        """Whether a turn that begins runs nothing. The lock is held."""
        return False

    def _run_turn(self, turn: Task) -> None:
        """The pool's task: run what is queued now, then give the pool another turn if there is more."""
        agent = current_agent(self.runtime)
        thread = pool_thread(agent)
        assert thread is not None
        self.lock.acquire(agent)
        thread.serializer = self
        more = False
        try:
            with self._monitor:
                left = 0 if self._still() else len(self._queue)
            while left:
                left -= 1
                more = self._execute(agent)
                if self._owners:
                    left, more = 0, False
        finally:
            thread.serializer = None
            self._give_up(agent, turn, more)
        if more:
            self._give_turn(agent)

    def _execute(self, agent: Agent, own: Task | None = None) -> bool:
        """Run the next task, if there is one; whether more are queued then. The lock is held.

        Args:
            agent: The calling thread.
            own: The task that it waits for itself.
        """
        with self._monitor:
            if not self._queue:
                return False
            task = self._pop(agent)
            self._begin(task, agent)
        agent.flush_warnings()
        log = self.pool.log_failures and task is not own and task.wait is None
        ended = run_task(task, self.runtime, log=log)
        with self._monitor:
            self._end(task, ended)
            return bool(self._queue)

    def _give_up(self, agent: Agent, turn: Task | None = None, more: bool = False) -> None:
        """Release the lock, at the end of a turn or of a synchronous push from inside."""
        if self.lock.is_last(agent):
            self._record(agent, EventKind.SERIALIZER_RELEASED, turn, requeued=more, left=len(self._queue))
        self.lock.release(agent)
        if self._closed:
            with self._monitor:
                self._leave_if_done(agent)

    def turn_given(self, turn: Task, agent: Agent, on: str) -> None:
        """A turn is in the queue ``on`` of the pool, whose lock is held."""
        self._given = turn
        self._record(agent, EventKind.SERIALIZER_SCHEDULED, turn, on=on)

    def _record(self, agent: Agent, kind: EventKind, turn: Task | None, **detail: Any) -> None:
        if self.recorder is not None:
            number = turn.id or None if turn is not None else None
            self.recorder.record(self.runtime, agent.name, kind, self.name, number, None, detail)

    def _leave_if_done(self, agent: Agent) -> None:
        """Go, if it has been closed and nothing is left. With its queue's lock."""
        if self._closed and not self._queue and not self._executing and not self._owners:
            with self.runtime.monitor:
                self.gone(agent)

    def _settle(self, agent: Agent) -> None:
        """Nothing: whoever holds the lock sees to what comes next."""
