"""A taskprocessor of the original's pool, with its thread.

It is kept by references: the pool has one, and so has whoever is about to push to it. Whoever lets go of the last one
lets the thread run what is queued and joins it, whatever locks that holds up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskpool.revisions.queue import OriginalQueue
from taskpool.waits import Needs, Outcome, Wait, begin, block, end
from taskpool.worker import Worker

if TYPE_CHECKING:
    from taskpool.agent import Agent
    from taskpool.original import OriginalTaskPool
    from taskpool.revisions.serializer import OriginalSerializer
    from taskpool.task import Task
    from taskpool.taskqueue import Ended

__all__ = ["OriginalWorker", "pool_thread"]


def pool_thread(agent: Agent) -> OriginalWorker | None:
    """The calling thread as a thread of any original pool, or None: what "inside a taskpool" means."""
    return agent.worker if isinstance(agent.worker, OriginalWorker) else None


class _Queue(OriginalQueue):
    """The queue of a pool's taskprocessor."""

    worker: OriginalWorker

    def needs(self, wait: Wait) -> Needs:
        return Needs((self.worker.agent,))


class OriginalWorker(Worker):
    """A taskprocessor of the pool with its thread. Made with the monitor held.

    Attributes:
        queue: What it runs.
        serializer: The serializer that its thread executes now, or None.
        last_pushed: When the pool last selected it, by the runtime's clock, in seconds.
        references: Who keeps it: the pool, and those who are about to push to it. The last to let go joins its thread.
    """

    pool: OriginalTaskPool

    def __init__(self, pool: OriginalTaskPool, name: str) -> None:
        super().__init__(pool, name, name)
        self.queue = _Queue(name, pool.runtime, pool.recorder, high_water=pool.options.high_water)
        self.queue.worker = self
        self.serializer: OriginalSerializer | None = None
        self.last_pushed = pool.runtime.monotonic()
        self.references = 1
        self._stopping = False
        self._joiners: list[Wait] = []
        self.start(idle=True)

    @property
    def depth(self) -> int:
        """Tasks queued."""
        return len(self.queue._queue)

    def unreference(self) -> bool:
        """Let go of it; whether that was the last reference, so that it has to be joined. Monitor held."""
        self.references -= 1
        if not self.references:
            self.stop()
        return not self.references

    def stop(self) -> None:
        """Let the thread end once its queue is empty. Monitor held."""
        self._stopping = True
        self.dismiss()

    def join(self, agent: Agent) -> None:
        """Block until the thread has ended, unless it is the calling one. Without the monitor.

        Raises:
            PoolAborted: If the pool is aborted first.
        """
        with self.pool.runtime.monitor:
            if self.ended or agent is self.agent:
                return
            if self.pool.aborted:
                self.pool.refuse_if_closing()
            wait = Wait(self.pool, agent, "thread_end", self.queue)
            self._joiners.append(wait)
            begin(wait)
        block(wait, lambda: None)

    def finished(self) -> bool:
        return self._stopping or self.pool.aborted

    def tell_ended(self) -> None:
        """End the waits of those who join it. Monitor held."""
        for wait in self._joiners:
            end(wait, Outcome.DONE)

    def _advance(self, task: Task | None, ended: Ended | None) -> Task | None:
        if task is not None and ended is not None:
            self.queue._end(task, ended)
        if not self.queue._queue:
            return None
        following = self.queue._pop(self.agent)
        self.queue._begin(following, self.agent)
        return following
