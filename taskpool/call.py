"""One call that was submitted to an executor: the task that runs it, and the future that tells how it ended.

Three may end it: its task, when its turn comes; a cancellation of the future; and the queue that discards the task. The
first of them to take the call's work does it, the others find nothing to do: so a cancelled call stays in its queue as
a task that does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from taskpool.errors import PoolAborted, PoolShutDown, TaskDiscarded
from taskpool.runtime.base import RunAbandoned
from taskpool.task import Submission, Task

if TYPE_CHECKING:
    from taskpool.executor import PoolExecutor
    from taskpool.runtime.base import FutureLike

__all__ = ["Call"]

_Work = tuple["FutureLike[Any]", Callable[..., Any], tuple[Any, ...], Mapping[str, Any]]


class Call(Submission):
    """A submitted call.

    Args:
        executor: Whose it is.
        work: Its future, and the call.
        label: Short name of what is called.
        origin: Where it was submitted: file and line.

    Attributes:
        executor: Whose it is.
        work: Its future and the call, until somebody takes them; guarded by the executor's lock. Neither is kept for
            longer, so that the traceback of an error does not lead to the future that holds it.
    """

    __slots__ = ("executor", "work")

    def __init__(self, executor: PoolExecutor, work: _Work, label: str, origin: tuple[str, int]) -> None:
        self.executor = executor
        self.work: _Work | None = work
        self.label = label
        self.origin = origin

    def take(self) -> _Work | None:
        """Its work, for the first who asks."""
        with self.executor.lock:
            work, self.work = self.work, None
        return work

    def __call__(self) -> None:
        """Run the call, unless it has been cancelled, and write into the future how it ended."""
        work = self.take()
        if work is None:
            return
        future, fn, args, kwargs = work
        try:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = fn(*args, **kwargs)
            except RunAbandoned:
                raise
            except BaseException as error:
                future.set_exception(error)
                raise
            future.set_result(result)
        finally:
            del work, future, fn, args, kwargs
            self.executor.over(self)

    def on_done(self, future: FutureLike[Any]) -> None:
        """The first callback of its future: if it was cancelled before it began, see to who waits for that."""
        if self.take() is not None:
            try:
                future.set_running_or_notify_cancel()
            finally:
                self.executor.over(self)

    def fail(self, error: PoolShutDown) -> None:
        """It will never run."""
        work = self.take()
        if work is not None:
            try:
                if work[0].set_running_or_notify_cancel():
                    work[0].set_exception(error)
            finally:
                self.executor.over(self)

    def discarded(self, task: Task, error: TaskDiscarded | None) -> None:
        self.executor.discard(self, task, error or PoolAborted(f"{task} will never run: its pool was aborted"))
