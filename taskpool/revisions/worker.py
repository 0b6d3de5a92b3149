"""A taskprocessor of the original's pool, with its thread: woken once for each task, and once more to end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskpool.events import EventKind
from taskpool.revisions.queue import OriginalQueue, SyncTask
from taskpool.task import Task, nothing
from taskpool.taskprocessor import run_hook
from taskpool.taskqueue import run_task
from taskpool.waits import Needs, Outcome, Wait, begin, block, end
from taskpool.worker import Worker

if TYPE_CHECKING:
    from taskpool.agent import Agent
    from taskpool.original import OriginalTaskPool
    from taskpool.revisions.serializer import OriginalSerializer

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
    """A taskprocessor of the pool with its thread.

    Attributes:
        queue: What it runs.
        serializer: The serializer that its thread executes now, or None; only the thread looks at it.
        last_pushed: When the pool last selected it, by the runtime's clock, in seconds; with the pool's lock.
    """

    pool: OriginalTaskPool

    def __init__(self, pool: OriginalTaskPool, name: str) -> None:
        super().__init__(pool, name, name)
        self.queue = _Queue(name, pool.runtime, pool.recorder, high_water=pool.options.high_water)
        self.queue.own_lock()
        self.queue.worker = self
        self.serializer: OriginalSerializer | None = None
        self.last_pushed = pool.runtime.monotonic()
        self._closed = False
        self._joiners: list[Wait] = []
        self.start(idle=True)

    @property
    def moving(self) -> bool:
        """Whether it runs something, or is about to. A read that may be stale."""
        return not self.ended and not self.blocked and self.queue._load > 0

    def accept(self, task: Task, agent: Agent, reason: str = "") -> bool:
        """Queue a task; False if the thread has been told to end.

        Args:
            task: The task.
            agent: Who pushes it.
            reason: Why ``agent`` is going to wait for it; empty if it is not.
        """
        queue = self.queue
        with queue._monitor:
            if self._closed:
                return False
            task.processor = queue
            if isinstance(task, SyncTask) and reason:
                task.expect(self.pool, agent, reason)
            queue._enqueue(task, agent, wait=bool(reason))
            if task.turn_of is not None:
                task.turn_of.turn_given(task, agent, queue.name)
            self._wake.put(True)
        return True

    def close(self) -> None:
        """Let the thread end once its queue is empty."""
        with self.queue._monitor:
            if not self._closed:
                self._closed = True
                self._wake.put(False)

    def join(self, agent: Agent) -> None:
        """Block until the thread has ended.

        Raises:
            PoolAborted: If the pool is aborted first.
        """
        with self.pool.runtime.monitor:
            if self.ended:
                return
            if self.pool.aborted:
                self.pool.refuse_if_closing()
            wait = Wait(self.pool, agent, "thread_end", self.queue)
            self._joiners.append(wait)
            begin(wait)
        block(wait, nothing)

    # -- the thread itself

    def _run(self, idle: bool) -> None:
        pool = self.pool
        pool.runtime.context.agent = self.agent
        run_hook(pool.thread_start, f"thread_start hook of pool {pool.name!r}")
        while self._wake.get():
            self._execute()
        run_hook(pool.thread_end, f"thread_end hook of pool {pool.name!r}")
        with pool.runtime.monitor:
            self._stop()
            for wait in self._joiners:
                end(wait, Outcome.DONE)

    def _execute(self) -> None:
        """Run the next task; there is none if the pool was aborted."""
        queue, agent = self.queue, self.agent
        with queue._monitor:
            if not queue._queue:
                return
            if self.idle:
                self.idle = False
                self._note(EventKind.THREAD_WOKE)
            task = queue._pop(agent)
            queue._begin(task, agent)
        agent.flush_warnings()
        ended = run_task(task, self.pool.runtime, log=self.pool.log_failures and task.wait is None)
        with queue._monitor:
            queue._end(task, ended)
            if not queue._queue:
                self.idle = True
                self._note(EventKind.THREAD_IDLED)
