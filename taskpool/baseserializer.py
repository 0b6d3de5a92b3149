"""What serializers of both designs share: pushing, turns, counting suspensions, closing.

A serializer is a queue without a thread of its own. At any time it is one of: idle (empty, nobody executes it), waiting
for its turn (``_turn``: the pool's task that will give it a thread), executed by one thread (``_executor``), or still
(suspended: nobody executes it, whatever is queued). Everything changes under the runtime's monitor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from taskpool.agent import Agent, ancestors, current_agent
from taskpool.errors import NotSuspendedError, OptionError, PoolShutDown, TaskDiscarded, WrongThreadError
from taskpool.events import EventKind
from taskpool.registry import claim, release
from taskpool.task import Checkpoint, Task
from taskpool.taskqueue import TaskQueue
from taskpool.waits import Needs, Outcome, Wait, begin, block, end, refuse_if_doomed

if TYPE_CHECKING:
    from taskpool.basepool import BasePool
    from taskpool.group import SerializerGroup

__all__ = ["BaseSerializer"]

Self = TypeVar("Self", bound="BaseSerializer")


class BaseSerializer(TaskQueue):
    """The common part of both designs' serializers. Made by a pool's ``serializer(name)``. Monitor held."""

    def __init__(self, pool: BasePool, name: str, group: SerializerGroup | None, high_water: int) -> None:
        if group is not None and group.runtime is not pool.runtime:
            raise OptionError(f"group={group!r}: needs the runtime of pool {pool.name!r}: SerializerGroup(runtime)")
        super().__init__(name, pool.runtime, pool.recorder, high_water=high_water)
        self.pool = pool
        self.group = group
        self._executor: Agent | None = None
        self._turn: Task | None = None
        self._owners: list[Agent] = []
        self._suspenders: list[Wait] = []
        self._closed = False
        self._gone = False
        claim(self.runtime, "serializer", name, self)
        pool.serializers[name] = self
        if group is not None:
            group.joined(self)

    @property
    def is_suspended(self) -> bool:
        """Whether it is still: suspended, with nothing of it running. Any thread."""
        with self._monitor:
            return bool(self._owners)

    def push(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> None:
        """Queue ``fn(*args, **kwargs)`` behind what is queued, and return at once. Any thread.

        What the task raises is logged, counted and recorded; it never ends a thread.

        Raises:
            PoolShutDown: If the serializer is closed, or its pool shut down.
        """
        pool = self.pool
        agent = pool._context.agent or current_agent(self.runtime)
        task = self._new_task(fn, args, kwargs)
        if agent.worker is not None:
            pool._enter()
            try:
                self._push(task, agent)
            finally:
                pool._leave()
        else:
            with self._monitor:
                self._push(task, agent)
        if agent.warnings:
            agent.flush_warnings()

    def suspend(self) -> None:
        """Pause: nothing of the serializer runs from when this returns until the last `unsuspend`.

        Blocks until it is really still: a task in progress, and those queued before this call, run first. Suspensions
        are counted, and belong to the thread that made them: a wait of that thread for what only its own suspension
        holds up is refused. Not from inside: see Raises.

        Raises:
            WrongThreadError: If a task calls that the serializer would have to wait for.
            PoolShutDown: If the serializer is closed, or its pool shut down.
            DeadlockError: If the serializer could never become still (taskpool only).
        """
        agent = current_agent(self.runtime)
        with self._monitor:
            self._refuse_inside(agent, "suspend")
            self._refuse_if_closed()
            wait = self._begin_suspend(agent)
        agent.flush_warnings()
        if wait is not None:
            block(wait, lambda: self._undo_suspend(wait))

    def unsuspend(self) -> None:
        """End one suspension; with the last, what was queued goes on in order. Does not block. Not from inside.

        Any thread outside may call it: its own suspension ends, or the oldest one if it has made none.

        Raises:
            NotSuspendedError: If the serializer is not suspended.
            WrongThreadError: As for `suspend`.
        """
        agent = current_agent(self.runtime)
        with self._monitor:
            self._refuse_inside(agent, "unsuspend")
            if not self._owners:
                raise NotSuspendedError(f"serializer {self.name!r} is not suspended: call suspend() first")
            self._unsuspend(agent)
        agent.flush_warnings()

    @contextmanager
    def suspended(self: Self) -> Iterator[Self]:
        """``with serializer.suspended():`` suspends it for the length of the block; see `suspend`."""
        self.suspend()
        try:
            yield self
        finally:
            self.unsuspend()

    def close(self) -> None:
        """Refuse pushes from now on, run what is queued, then give the name back. Does not block; any thread.

        While it is suspended its tasks wait, as ever. Idempotent.
        """
        agent = current_agent(self.runtime)
        with self._monitor:
            self._closed = True
            self._leave_if_done(agent)

    # -- Everything below is for the package, and is called with the monitor held.

    def _push(self, task: Task, agent: Agent) -> None:
        if self._closed or self.pool.closing:
            self._refuse_if_closed()
        self._enqueue(task, agent)
        if self._turn is None and self._executor is None:
            self._schedule(agent)

    @property
    def in_use(self) -> bool:
        """Whether something of it runs, or still can."""
        return self._executor is not None or self._turn is not None or bool(self._queue and not self._owners)

    def needs(self, wait: Wait) -> Needs:
        if self._executor is not None:
            return Needs((self._executor,))
        if self._owners:
            return Needs(tuple(dict.fromkeys(self._owners)))
        return self.pool.needs_of_queued()

    def enter(self, token: Task, agent: Agent) -> bool:
        """A thread has taken the turn; False if the turn is void."""
        if self._turn is not token:
            return False
        self._turn = None
        self._executor = agent
        return True

    def next_of_turn(self, agent: Agent) -> Task | None:
        """Begin the turn's next task; None when the turn is over."""
        raise NotImplementedError

    def _wants_turn(self) -> bool:
        """Whether its next task is for a turn to run."""
        return bool(self._queue) and not self._owners

    def leave(self, agent: Agent, token: Task | None = None) -> None:
        """The executing thread gives the serializer up."""
        self._executor = None
        if self.recorder is not None:
            number = token.id if token is not None and token.id else None
            detail = {"requeued": self._wants_turn(), "left": len(self._queue)}
            self.recorder.record(
                self.runtime, agent.name, EventKind.SERIALIZER_RELEASED, self.name, number, None, detail
            )
        self._settle(agent)

    def on_pool_closing(self, agent: Agent) -> None:
        """The pool takes no pushes any more: what waits behind a suspension will never run."""
        if self._owners and self._executor is None:
            self._discard_queue(agent)

    def gone(self, agent: Agent) -> None:
        """Nothing of it will run any more."""
        if not self._gone:
            self._closed = self._gone = True
            release(self.runtime, "serializer", self.name, self)
            self.pool.serializers.pop(self.name, None)
            if self.group is not None:
                self.group.left(self)

    def _refuse_if_closed(self) -> None:
        self.pool.refuse_if_closing()
        self._refuse_if_self_closed()

    def _refuse_push_wait(self, task: Task, *, inside: bool) -> None:
        """Raise if a synchronous push is not taken; from inside it is while the pool closes, if it can still run."""
        if not inside or self.pool.drained:
            self.pool.refuse_if_closing()
        self._refuse_if_self_closed()
        if self.pool.closing and self._owners:
            raise self._never_run(task)

    def _never_run(self, task: Task) -> TaskDiscarded:
        when = f"while serializer {self.name!r} was suspended" if self._owners else "when it had no thread"
        return TaskDiscarded(f"{task} will never run: its pool was shut down {when}")

    def _refuse_if_self_closed(self) -> None:
        if self._closed:
            raise PoolShutDown(f"serializer {self.name!r} is closed: nothing can be pushed to it any more")

    def _refuse_inside(self, agent: Agent, what: str) -> None:
        """Raise if ``agent`` must not suspend or unsuspend here."""
        if any(task.processor is self for task in ancestors(agent)):
            raise WrongThreadError(f"{what}: a task of serializer {self.name!r} cannot call this on its own serializer")

    def _schedule(self, agent: Agent) -> None:
        """Ask the pool for a turn, unless one is coming, somebody executes it, or it is still."""
        if self._turn is None and self._executor is None and not self._owners:
            token = self._turn = Task(self, turn_of=self)
            on = self.pool.dispatch(token, agent)
            if self.recorder is not None:
                number = token.id or None
                detail = {"on": on}
                self.recorder.record(
                    self.runtime, agent.name, EventKind.SERIALIZER_SCHEDULED, self.name, number, None, detail
                )

    def _settle(self, agent: Agent) -> None:
        """Nobody executes it: see to what comes next."""
        raise NotImplementedError

    def _begin_suspend(self, agent: Agent) -> Wait | None:
        """Suspend now, if it is still already or can be at once (None), or queue for it."""
        raise NotImplementedError

    def _join_suspenders(self, agent: Agent, *, check: bool) -> Wait:
        """Wait at the checkpoint; the first to wait queues it."""
        wait = Wait(self.pool, agent, "suspend", self)
        if check:
            refuse_if_doomed(wait)
        self._suspenders.append(wait)
        self._emit(agent, EventKind.SERIALIZER_SUSPENDING, count=len(self._owners) + len(self._suspenders))
        if len(self._suspenders) == 1:
            self._enqueue(Checkpoint(self), agent)
            self._schedule(agent)
        begin(wait)
        return wait

    def _emit_count(self, agent: Agent) -> None:
        """Say that it is suspended, and how often."""
        self._emit(agent, EventKind.SERIALIZER_SUSPENDED, count=len(self._owners))

    def _grant(self, agent: Agent) -> None:
        """It is still: tell everybody who waited for that."""
        waits, self._suspenders = self._suspenders, []
        self._owners.extend(wait.agent for wait in waits)
        self._emit_count(agent)
        for wait in waits:
            end(wait, Outcome.DONE)

    def _unsuspend(self, agent: Agent) -> None:
        self._owners.remove(agent if agent in self._owners else self._owners[0])
        self._emit(agent, EventKind.SERIALIZER_UNSUSPENDED, count=len(self._owners))
        if not self._owners:
            self._resume(agent)

    def _resume(self, agent: Agent) -> None:
        """The last suspension has ended."""
        raise NotImplementedError

    def _undo_suspend(self, wait: Wait) -> None:
        """A suspend was interrupted or aborted: take it back, granted or not."""
        agent = wait.agent
        if wait in self._suspenders:
            self._suspenders.remove(wait)
            checkpoints = [task for task in self._queue if task.checkpoint]
            if not self._suspenders and checkpoints:
                self._withdraw(checkpoints[0], agent, "cancelled")
        elif agent in self._owners:
            self._unsuspend(agent)

    def _discard_queue(self, agent: Agent) -> None:
        """Throw away what will never have its turn, because the pool is closing."""
        tasks = list(self._queue)
        self._queue.clear()
        for task in tasks:
            self._discard(task, agent, "shut_down", Outcome.REFUSED, self._never_run(task))
            self.pool.count_unrun(self, task)
        waits, self._suspenders = self._suspenders, []
        for wait in waits:
            end(wait, Outcome.REFUSED, PoolShutDown(f"serializer {self.name!r} cannot be suspended: its pool is gone"))

    def _leave_if_done(self, agent: Agent) -> None:
        """Go, if it has been closed and nothing is left."""
        if self._executor is None and not self._queue and not self._owners and not self.pool.aborted:
            if self._closed:
                self.gone(agent)
            self.pool.finish_if_drained(agent)
