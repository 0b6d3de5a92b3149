"""A taskprocessor of the original's, as far as it differs from ours.

"Executing" is one flag, not a count: a task that ends clears it even where it ran inside another one of the same queue.
A task that runs directly on its caller's thread neither sets it nor is counted in the statistics.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from taskpool.errors import PoolAborted
from taskpool.task import Task, nothing
from taskpool.taskqueue import Ended, TaskQueue, result_of
from taskpool.waits import Wait, begin, block

if TYPE_CHECKING:
    from taskpool.agent import Agent
    from taskpool.basepool import BasePool

__all__ = ["EmptyTask", "OriginalQueue", "SyncTask"]


class EmptyTask(Task):
    """A task that does nothing, queued so that a serializer's queue does not become empty."""

    __slots__ = ()

    def __init__(self, processor: Any) -> None:
        super().__init__(processor, nothing, checkpoint=True)

    @property
    def label(self) -> str:
        return "empty task"


class SyncTask(Task):
    """A task that somebody waits for: what became of it stays with it.

    Attributes:
        ended: What it returned or raised; None until then.
    """

    __slots__ = ("ended",)

    def __init__(
        self,
        processor: Any,
        fn: Callable[..., Any],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
        caller: Task | None = None,
        checkpoint: bool = False,
    ) -> None:
        super().__init__(processor, fn, args, kwargs, caller=caller, checkpoint=checkpoint)
        self.ended: Ended | None = None

    def expect(self, pool: BasePool, agent: Agent, reason: str) -> None:
        """Say who will wait for it, and why; before it is pushed."""
        self.wait = Wait(pool, agent, reason, self.processor, self)

    def wait_for(self) -> Any:
        """Block until it has ended; its result. After it has been pushed; without the monitor.

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
        if done:
            return self.result()
        return block(wait, lambda: self.processor._take_back(self, wait.agent))

    def result(self) -> Any:
        """What it returned; what it raised is raised here. Once it is done.

        Raises:
            PoolAborted: If it never ran.
        """
        if self.ended is None:
            raise PoolAborted(f"{self} will never run: its pool was aborted")
        return result_of(self.ended)


class OriginalQueue(TaskQueue):
    """A named FIFO of tasks with the original's flag. Its methods are called with the monitor held."""

    def _begin(self, task: Task, agent: Agent) -> None:
        super()._begin(task, agent)
        self._executing = 1

    def _end(self, task: Task, ended: Ended, *, inlined: bool = False) -> None:
        before = self._executing
        if isinstance(task, SyncTask):
            task.ended = ended
        super()._end(task, ended, inlined=inlined)
        self._executing = before if inlined else 0

    def _begin_inline(self, task: Task, agent: Agent, reason: str) -> None:
        before = self._executing
        super()._begin_inline(task, agent, reason)
        self._executing = before

    def _count(self, task: Task, seconds: float, failed: bool, inlined: bool) -> None:
        if not inlined:
            super()._count(task, seconds, failed, inlined)
