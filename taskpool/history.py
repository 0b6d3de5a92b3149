"""The revisions that the original's serializer went through, and the older pool's fault: models with their faults.

They run the original's algorithms on the runtime seam, leave the same traces as this project's own pools and take the
same calls, so that a program can be run, and explored, on each revision.

* `FirstSerializer`, 2025-09 to 2025-10 (pull request 1477, reverted in 1562 after issue 1558).
* `ShippedSerializer`, since 2025-12 (pull request 1613; 20.18.0, 22.8.0, 23.2.0).
* `OriginalThreadPool`: the older pool, as it loses a wake-up where it may not grow.

Their pool is `taskpool.original.OriginalTaskPool`. `taskpool.scenarios.journey` has a small program for each fault.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from taskpool.agent import Agent, current_agent
from taskpool.errors import WrongThreadError
from taskpool.events import EventKind
from taskpool.revisions.queue import EmptyTask, SyncTask
from taskpool.revisions.serializer import OriginalSerializer
from taskpool.revisions.worker import pool_thread
from taskpool.task import nothing
from taskpool.threadpool import ThreadPool, _Worker
from taskpool.waits import Outcome, Wait, begin, block, end

if TYPE_CHECKING:
    from taskpool.group import SerializerGroup
    from taskpool.original import OriginalTaskPool

__all__ = ["FirstSerializer", "OriginalThreadPool", "Pause", "ShippedSerializer"]


class FirstSerializer(OriginalSerializer):
    """The first revision, which was reverted.

    A suspend always pushes its checkpoint and waits for it. While the serializer is suspended nobody runs its queue, so
    a second suspend waits until somebody resumes: production systems stood still (issue 1558). And a synchronous push
    from inside goes on running the queue of a serializer that is suspended.
    """

    design = "taskpool-first"

    def suspend(self) -> None:
        """Queue a checkpoint and block until it has run. From one of its own tasks: does nothing.

        Raises:
            PoolShutDown: If the serializer is closed, or its pool aborted meanwhile.
        """
        agent = current_agent(self.runtime)
        thread = pool_thread(agent)
        if thread is not None and thread.serializer is self:
            return
        self._push_wait(SyncTask(self, self._checkpoint, (agent,), checkpoint=True), agent, "suspend")

    def unsuspend(self) -> None:
        """Resume, if it is suspended. Blocks while a thread executes the serializer. Any thread."""
        agent = current_agent(self.runtime)
        with self.lock.section(agent):
            if not self._owners:
                return
            self._owners.clear()
            self._emit(agent, EventKind.SERIALIZER_UNSUSPENDED, count=0)
        self._give_turn(agent)

    def _checkpoint(self, suspender: Agent) -> None:
        if self._owners:
            return
        agent = current_agent(self.runtime)
        self._push(EmptyTask(self), agent)
        self._owners.append(suspender)
        self._emit(agent, EventKind.SERIALIZER_SUSPENDED, count=1)


class Pause(StrEnum):
    """What a `ShippedSerializer` is."""

    UNSUSPENDED = "unsuspended"
    SUSPENDING = "suspending"
    SUSPENDED = "suspended"


class ShippedSerializer(OriginalSerializer):
    """The revision that was shipped.

    A suspend while another one is under way, or has succeeded, returns at once. Suspensions are not counted: the first
    unsuspend ends them all, and one that comes while a suspend is under way does nothing. Neither may be called from
    inside. A synchronous push from inside waits while the serializer is suspended.
    """

    design = "taskpool-shipped"

    def __init__(self, pool: OriginalTaskPool, name: str, group: SerializerGroup | None, high_water: int) -> None:
        super().__init__(pool, name, group, high_water)
        self._pause = Pause.UNSUSPENDED
        self._parked: list[Wait] = []

    @property
    def pause(self) -> Pause:
        """What it is now; a read that may be stale. Any thread."""
        return self._pause

    def suspend(self) -> None:
        """Queue a checkpoint and block until it has run; return at once if somebody has done so already. From outside.

        Raises:
            WrongThreadError: On a thread of any original pool.
            PoolShutDown: If the serializer is closed, or its pool aborted meanwhile.
        """
        agent = current_agent(self.runtime)
        self._refuse_inside(agent, "suspend")
        with self.lock.section(agent):
            if self._pause is not Pause.UNSUSPENDED:
                return
            self._pause = Pause.SUSPENDING
        self._push_wait(SyncTask(self, self._checkpoint, (agent,), checkpoint=True), agent, "suspend")

    def unsuspend(self) -> None:
        """Resume, if it is suspended. Blocks while a thread executes the serializer. From outside.

        Raises:
            WrongThreadError: On a thread of any original pool.
        """
        agent = current_agent(self.runtime)
        self._refuse_inside(agent, "unsuspend")
        with self.lock.section(agent):
            if self._pause is not Pause.SUSPENDED:
                return
            self._pause = Pause.UNSUSPENDED
            self._owners.clear()
            self._emit(agent, EventKind.SERIALIZER_UNSUSPENDED, count=0)
            parked, self._parked = self._parked, []
            if parked:
                with self.runtime.monitor:
                    for wait in parked:
                        end(wait, Outcome.DONE)
        self._give_turn(agent)

    def _checkpoint(self, suspender: Agent) -> None:
        agent = current_agent(self.runtime)
        self._push(EmptyTask(self), agent)
        self._pause = Pause.SUSPENDED
        self._owners.append(suspender)
        self._emit(agent, EventKind.SERIALIZER_SUSPENDED, count=1)

    def _still(self) -> bool:
        return self._pause is Pause.SUSPENDED

    def _before_next(self, task: SyncTask, agent: Agent) -> None:
        """Wait, without the lock, until it is not suspended."""
        while self._pause is Pause.SUSPENDED and not task.done:  # a turn may have run it meanwhile
            wait = Wait(self.pool, agent, "suspended", self, task)
            with self.runtime.monitor:
                if self.pool.aborted:
                    self.pool.refuse_if_closing()
                begin(wait)
            self._parked.append(wait)
            depth = self.lock.release_all(agent)
            block(wait, nothing)
            self.lock.acquire(agent, depth)

    def _refuse_inside(self, agent: Agent, what: str) -> None:
        if pool_thread(agent) is not None:
            raise WrongThreadError(
                f"{what} serializer {self.name!r}: not from inside any taskpool; call it from another thread"
            )


class _LateWorker(_Worker):
    """A thread that finds the queue empty in one critical section, and says so in another."""

    def on_idle(self) -> None:
        """Nothing yet."""

    def _sleep(self) -> bool:
        with self.pool.runtime.monitor:
            if self.idle and not self.ended:
                super().on_idle()
        return super()._sleep()


class OriginalThreadPool(ThreadPool):
    """The older pool, as it loses a wake-up where it may not grow (``auto_increment=0``).

    A thread that has found the queue empty counts as active until the control thread hears of it. A task that is pushed
    meanwhile finds no idle thread, and when the control thread then hears that the thread is idle, it does not look at
    the queue again: the task waits for the next push, and if that is the last one, for ever.
    """

    _worker_class = _LateWorker

    def _on_idle(self, worker: _Worker) -> None:
        if worker in self._active:
            self._active.remove(worker)
            self._idle.append(worker)
            self._changed()
