"""The threadpool's serializer: it keeps its thread until its queue is empty, and a pause keeps a thread blocked.

Its turn runs until nothing is queued. `push_wait` blocks the calling thread, be it a pool's or not, unless the caller
is a task of this very serializer. `suspend` queues a task that says "now" and then blocks its thread until the
serializer is resumed: one paused serializer is one lost thread.

The original's counterpart: ``ast_threadpool_serializer`` in ``main/threadpool.c``, and what ``res_pjsip.c`` and
``res_pjsip_session.c`` used to build on it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from taskpool.agent import Agent, current_agent
from taskpool.baseserializer import BaseSerializer
from taskpool.errors import PoolAborted
from taskpool.task import Task
from taskpool.waits import Needs, Outcome, Wait, begin, block, end

if TYPE_CHECKING:
    from taskpool.basepool import BasePool
    from taskpool.group import SerializerGroup

__all__ = ["BlockingSerializer"]


class BlockingSerializer(BaseSerializer):
    """A queue whose tasks run one at a time, in push order, on a pool thread that blocks when they wait.

    Made by `ThreadPool.serializer`.
    """

    def __init__(self, pool: BasePool, name: str, group: SerializerGroup | None, high_water: int) -> None:
        self._hold: Wait | None = None
        super().__init__(pool, name, group, high_water)

    def push_wait(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Run ``fn(*args, **kwargs)`` in its turn and return its result; what it raises is raised here. Any thread.

        A task of this very serializer runs it at once. Everybody else queues it and blocks, pool threads too: a pool
        whose threads all wait like this hangs.

        Raises:
            PoolShutDown: If the serializer is closed, or its pool shut down.
            PoolAborted, TaskDiscarded: If the pool ends before the task could run.
        """
        agent = current_agent(self.runtime)
        task = self._new_task(fn, args, kwargs, agent.current)
        with self.runtime.inside if agent.worker is not None else self._monitor:
            own = self._runs_on(agent)
            if not own or self.pool.aborted:
                self._refuse_push_wait(task, inside=agent.pool is self.pool)
            if own:
                self._begin_inline(task, agent, "own_serializer")
            else:
                wait = task.wait = Wait(self.pool, agent, "sync_task", self, task)
                self._enqueue(task, agent, wait=True)
                self._schedule(agent)
                begin(wait)
        agent.flush_warnings()
        if own:
            return self._finish_inline(task)
        return block(wait, lambda: self._take_back(task, agent))

    # -- Everything below is for the package, and is called with the monitor held, but for `_hold_thread`.

    @property
    def in_use(self) -> bool:
        return self._executor is not None or self._turn is not None or bool(self._queue)

    def needs(self, wait: Wait) -> Needs:
        if wait is self._hold:
            return Needs(tuple(dict.fromkeys(self._owners)))
        return super().needs(wait)

    def next_of_turn(self, agent: Agent) -> Task | None:
        if not self._queue:
            return None
        task = self._pop(agent)
        if task.checkpoint:
            task.fn = self._hold_thread
            task.args = (agent,)
        self._begin(task, agent)
        return task

    def on_pool_closing(self, agent: Agent) -> None:
        if self._hold is not None:
            self._discard_queue(agent)
            self._resume(agent)

    def _runs_on(self, agent: Agent) -> bool:
        """Whether ``agent``'s own thread runs a task of this serializer."""
        task = agent.current
        while task is not None:
            if task.processor is self:
                return True
            task = task.outer
        return False

    def _begin_suspend(self, agent: Agent) -> Wait | None:
        if self._owners:
            self._owners.append(agent)
            self._emit_count(agent)
            return None
        return self._join_suspenders(agent, check=False)

    def _resume(self, agent: Agent) -> None:
        hold, self._hold = self._hold, None
        if hold is not None:
            end(hold, Outcome.DONE)

    def _settle(self, agent: Agent) -> None:
        if self.pool.aborted:
            return
        if self._queue:
            self._schedule(agent)
        else:
            self._leave_if_done(agent)

    def _hold_thread(self, agent: Agent) -> None:
        """The checkpoint's task: say that it is still, and keep the thread until the last suspension has ended."""
        with self.runtime.inside if agent.worker is not None else self._monitor:
            if not self._suspenders:
                return
            self._grant(agent)
            if self.pool.closing:
                self._discard_queue(agent)
                return
            wait = self._hold = Wait(self.pool, agent, "blocking_suspend", self)
            begin(wait)
        try:
            block(wait, self._let_go)
        except PoolAborted:
            return

    def _let_go(self) -> None:
        self._hold = None
