"""A taskprocessor of the original's, as far as it differs from ours: it has a lock of its own.

"Executing" is one flag, not a count: a task that ends clears it even where it ran inside another one of the same queue.
A task that runs directly on its caller's thread neither sets it nor is counted in the statistics.

The order of locks: a pool's or serializer's (`taskpool.revisions.lock`), a queue's, the runtime's monitor. The monitor
is taken only to block, and to wake who is blocked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from taskpool.errors import PoolAborted, TaskDiscarded
from taskpool.task import Task, nothing
from taskpool.taskqueue import Ended, TaskQueue, result_of
from taskpool.waits import Outcome, Wait, begin, block, end

if TYPE_CHECKING:
    from taskpool.agent import Agent
    from taskpool.basepool import BasePool

__all__ = ["EmptyTask", "OriginalQueue", "SyncTask"]


class EmptyTask(Task):
    """A task that does nothing, queued so that a serializer's queue does not become empty."""

    __slots__ = ()

    def __init__(self, processor: Any) -> None:
        super().__init__(processor, nothing)

    @property
    def label(self) -> str:
        return "empty task"


class SyncTask(Task):
    """A task that somebody waits for: what became of it stays with it.

    Attributes:
        checkpoint: Whether a suspend waits for it.
        ended: What it returned or raised; None until then.
    """

    __slots__ = ("checkpoint", "ended")

    def __init__(
        self,
        processor: Any,
        fn: Callable[..., Any],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
        caller: Task | None = None,
        checkpoint: bool = False,
    ) -> None:
        super().__init__(processor, fn, args, kwargs, caller=caller)
        self.checkpoint = checkpoint
        self.ended: Ended | None = None

    def expect(self, pool: BasePool, agent: Agent, reason: str) -> None:
        """Say who will wait for it, and why; before it is pushed."""
        self.wait = Wait(pool, agent, reason, self.processor, self)

    def wait_for(self) -> Any:
        """Block until it has ended; its result. After it has been pushed; without any lock.

        Raises:
            PoolAborted: If the pool is aborted first.
            BaseException: What it raised.
        """
        wait = self.wait
        assert wait is not None
        with wait.pool.runtime.monitor:
            done = self.done
            if not done:
                begin(wait)
        return self.result() if done else block(wait, nothing)

    def result(self) -> Any:
        """What it returned; what it raised is raised here. Once it is done.

        Raises:
            PoolAborted: If it never ran.
        """
        if self.ended is None:
            raise PoolAborted(f"{self} will never run: its pool was aborted")
        return result_of(self.ended)


class OriginalQueue(TaskQueue):
    """A named FIFO of tasks with the original's flag and lock, which is held where its methods are called."""

    def own_lock(self) -> None:
        """Guard it with a lock of its own, not with the runtime's monitor. Before it is used."""
        self._monitor = self.runtime.Lock(f"queue of {self.name}")

    def _begin(self, task: Task, agent: Agent) -> None:
        super()._begin(task, agent)
        self._executing = 1

    def _end(self, task: Task, ended: Ended, *, inlined: bool = False) -> None:
        before = self._executing
        wait, task.wait = task.wait, None
        if isinstance(task, SyncTask):
            task.ended = ended
        super()._end(task, ended, inlined=inlined)
        task.wait = wait
        self._executing = before if inlined else 0
        if wait is not None:
            result, error, _, _ = ended
            self._tell(wait, Outcome.DONE if error is None else Outcome.RAISED, result if error is None else error)

    def _discard(
        self, task: Task, agent: Agent, reason: str, outcome: str = Outcome.ABORTED, error: TaskDiscarded | None = None
    ) -> None:
        wait, task.wait = task.wait, None
        super()._discard(task, agent, reason)
        task.wait = wait
        if wait is not None:
            self._tell(wait, outcome, error)

    def _tell(self, wait: Wait, outcome: str, value: Any) -> None:
        """Wake who waits for a task that is done; who does not wait yet sees that it is."""
        with self.runtime.monitor:
            end(wait, outcome, value)

    def _begin_inline(self, task: Task, agent: Agent, reason: str) -> None:
        before = self._executing
        super()._begin_inline(task, agent, reason)
        self._executing = before

    def _count(self, task: Task, seconds: float, failed: bool, inlined: bool) -> None:
        if not inlined:
            super()._count(task, seconds, failed, inlined)

    def _reach_high_water(self, agent: Agent, depth: int) -> None:
        with self.runtime.monitor:
            super()._reach_high_water(agent, depth)

    def _clear_high_water(self, agent: Agent) -> None:
        with self.runtime.monitor:
            super()._clear_high_water(agent)
