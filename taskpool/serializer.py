"""The taskpool's serializer: order without a thread of its own, and synchronous pushes that run inline.

Who may run its tasks, one thread at a time (``_executor``):

* a pool thread that took its turn: it runs as many tasks as were queued when the turn began, then gives it up, so that
  a busy serializer cannot hog a thread;
* a pool thread inside `push_wait`, which runs the queue up to and including its own task. If another thread executes
  the serializer, or it is still, the pusher is parked in ``_visitors``, and whoever gives the serializer up hands it to
  the first of them. Visitors come before turns, in the order in which their tasks are queued, so that a visitor's own
  task is always run by itself.

A suspend queues a checkpoint; the thread that comes to it gives the serializer up, and no thread belongs to it until
the last `unsuspend`. The original's counterpart: ``ast_taskpool_serializer`` in ``main/taskpool.c``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from taskpool.agent import Agent, ancestors, current_agent, is_inside
from taskpool.baseserializer import BaseSerializer
from taskpool.errors import WrongThreadError
from taskpool.task import Task
from taskpool.taskqueue import Ended, result_of, run_task
from taskpool.waits import Needs, Outcome, Wait, begin, block, end, refuse_if_doomed

if TYPE_CHECKING:
    from taskpool.basepool import BasePool
    from taskpool.group import SerializerGroup

__all__ = ["Serializer"]

_NOTHING: Ended = (None, None, "", 0.0)


class Serializer(BaseSerializer):
    """A queue whose tasks run one at a time, in push order, on whichever pool thread takes its turn.

    Made by `TaskPool.serializer`.
    """

    def __init__(self, pool: BasePool, name: str, group: SerializerGroup | None, high_water: int) -> None:
        self._budget = 0
        self._visitors: list[Wait] = []  # hardly ever more than one: a deque would take 700 bytes
        super().__init__(pool, name, group, high_water)

    def push_wait(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Run ``fn(*args, **kwargs)`` in its turn and return its result; what it raises is raised here.

        From outside the pool: queues it and blocks. From inside (a thread of the pool, or one that such a thread waits
        for) no other thread is needed: from a task of this very serializer, anywhere up the call chain, it runs at
        once; on an idle serializer it runs at once; otherwise the calling thread runs the serializer's queue up to it.
        Only while another thread executes the serializer, or while it is suspended, does a pool thread block.

        Raises:
            PoolShutDown: If the serializer is closed, or its pool shut down (from inside: once nothing of it is left).
            DeadlockError: If the wait would close a cycle; nothing has been queued then.
            PoolAborted, TaskDiscarded: If the pool ends before the task could run.
        """
        agent = current_agent(self.runtime)
        task = self._new_task(fn, args, kwargs, agent.current)
        wait: Wait | None = None
        visit = inline = own = False
        with self.runtime.inside if agent.worker is not None else self._monitor:
            own = any(above.processor is self for above in ancestors(agent))
            inside = own or is_inside(agent, self.pool)
            if not own or self.pool.aborted:
                self._refuse_push_wait(task, inside=inside)
            if own:
                self._begin_inline(task, agent, "own_serializer")
            elif not inside:
                wait = self._queue_wait(task, agent, "sync_task")
                self._schedule(agent)
                begin(wait)
            elif self._executor is not None or self._owners:
                wait = self._queue_wait(task, agent, "suspended" if self._owners else "serializer_lock")
                self._visitors.append(wait)
                begin(wait)
                visit = True
            else:
                self._executor, self._turn = agent, None
                if self._queue:
                    self._enqueue(task, agent, wait=True)
                    visit = True
                else:
                    self._begin_inline(task, agent, "idle_serializer")
                    inline = True
        agent.flush_warnings()
        if own:
            return self._finish_inline(task)
        if visit:
            return self._visit(task, agent, wait)
        if inline:
            return self._finish_and_leave(task, agent)
        assert wait is not None
        return block(wait, lambda: self._take_back(task, agent))

    # -- Everything below is called with the monitor held, but for `_visit` and
    # `_finish_and_leave`.

    def needs(self, wait: Wait) -> Needs:
        needs = super().needs(wait)
        if self._owners and wait.reason == "sync_task":
            # Once it is resumed, its turn takes a thread of the pool. Who resumes it does not wait, and is not asked.
            return Needs(needs.agents, also=self.pool.needs_of_queued())
        return needs

    def enter(self, token: Task, agent: Agent) -> bool:
        if self._turn is not token:
            return False
        self._turn, self._executor, self._budget = None, agent, len(self._queue)
        return True

    def next_of_turn(self, agent: Agent) -> Task | None:
        if self._budget <= 0 or not self._wants_turn():
            return None
        self._budget -= 1
        task = self._pop(agent)
        self._begin(task, agent)
        return task

    def _wants_turn(self) -> bool:
        # What is next is a checkpoint's or a visitor's, also where a task before it has been withdrawn.
        if not self._queue or self._owners:
            return False
        following = self._queue[0]
        return not following.checkpoint and not (self._visitors and self._visitors[0].task is following)

    def _queue_wait(self, task: Task, agent: Agent, reason: str) -> Wait:
        wait = Wait(self.pool, agent, reason, self, task)
        refuse_if_doomed(wait)
        task.wait = wait
        self._enqueue(task, agent, wait=True)
        return wait

    def _refuse_inside(self, agent: Agent, what: str) -> None:
        if is_inside(agent, self.pool):
            raise WrongThreadError(
                f"{what} serializer {self.name!r}: not from inside its pool {self.pool.name!r}, whose threads its "
                "tasks need; call it from another thread"
            )
        super()._refuse_inside(agent, what)

    def _begin_suspend(self, agent: Agent) -> Wait | None:
        if self._owners or (self._executor is None and not self._queue):
            self._turn = None
            self._owners.append(agent)
            self._emit_count(agent)
            return None
        return self._join_suspenders(agent, check=True)

    def _resume(self, agent: Agent) -> None:
        self._settle(agent)

    def _settle(self, agent: Agent) -> None:
        if self.pool.aborted:
            return
        if self._queue and self._queue[0].checkpoint:
            token = self._pop(agent)
            self._begin(token, agent)
            self._end(token, _NOTHING)
            self._grant(agent)
        if self._owners:
            if self.pool.closing:
                self._discard_queue(agent)
                self.pool.finish_if_drained(agent)
        elif self._visitors:
            visitor = self._visitors.pop(0)
            self._executor = visitor.agent
            if visitor.task is not None:
                visitor.task.wait = None
            end(visitor, Outcome.TURN)
        elif self._queue:
            self._schedule(agent)
        else:
            self._leave_if_done(agent)

    def _discard_queue(self, agent: Agent) -> None:
        self._visitors.clear()
        super()._discard_queue(agent)

    def _visit(self, task: Task, agent: Agent, wait: Wait | None) -> Any:
        """Run the queue up to and including ``task``, once the calling thread is the executor; the task's result.

        Args:
            task: The calling thread's own task, which is queued.
            agent: The calling thread.
            wait: The wait in which it is parked, or None if it is the executor already.
        """
        following: Task | None = None
        ended: Ended | None = None
        while following is not task:
            if wait is not None:
                block(wait, partial(self._abandon_visit, wait, task, agent))
            with self.runtime.inside if agent.worker is not None else self._monitor:
                following, wait = self._next_of_visit(following, ended, task, agent)
            agent.flush_warnings()
            ended = None
            if following is not None:
                log = self.pool.log_failures and following is not task and following.wait is None
                ended = run_task(following, self.runtime, log=log)
        assert ended is not None
        with self.runtime.inside if agent.worker is not None else self._monitor:
            self._end(task, ended)
            self.leave(agent)
        agent.flush_warnings()
        return result_of(ended)

    def _next_of_visit(
        self, done: Task | None, ended: Ended | None, task: Task, agent: Agent
    ) -> tuple[Task | None, Wait | None]:
        """Count what the visitor ran and begin the next task; or park it again, where a suspend waits for that."""
        if done is not None and ended is not None:
            self._end(done, ended)
        if self.pool.aborted:
            self.leave(agent)
            self.pool.refuse_if_closing()
        if not self._queue[0].checkpoint:
            following = self._pop(agent)
            self._begin(following, agent)
            return following, None
        wait = task.wait = Wait(self.pool, agent, "suspended", self, task)
        self._visitors.insert(0, wait)
        begin(wait)
        self.leave(agent)
        return None, wait

    def _abandon_visit(self, wait: Wait, task: Task, agent: Agent) -> None:
        """A parked visitor's wait did not come to its proper end."""
        if wait in self._visitors:
            self._visitors.remove(wait)
        self._take_back(task, agent)

    def _finish_and_leave(self, task: Task, agent: Agent) -> Any:
        """Run a task that has begun inline on an idle serializer, then give the serializer up; the task's result."""
        ended = run_task(task, self.runtime, log=False)
        with self.runtime.inside if agent.worker is not None else self._monitor:
            self._end(task, ended, inlined=True)
            self.leave(agent)
        agent.flush_warnings()
        return result_of(ended)
