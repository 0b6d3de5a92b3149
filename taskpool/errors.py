"""Everything the package raises on purpose. Each message says what happened, to what, and what to do."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = [
    "DeadlockError",
    "DuplicateNameError",
    "NotSuspendedError",
    "OptionError",
    "PoolAborted",
    "PoolShutDown",
    "TaskDiscarded",
    "TaskPoolError",
    "TraceError",
    "WrongThreadError",
]


class TaskPoolError(Exception):
    """The base of the package's errors."""


class PoolShutDown(TaskPoolError, RuntimeError):  # noqa: N818 - a public name that learners read as a state
    """Something was asked of a pool, taskprocessor or serializer that is shut down or shutting down."""


class PoolAborted(PoolShutDown):
    """A wait was ended, or a task refused, because its pool was aborted."""


class TaskDiscarded(PoolShutDown):
    """A task that somebody waited for will never run: its pool shut down while its serializer was suspended."""


class WrongThreadError(TaskPoolError, RuntimeError):
    """A call was made from a thread that must not make it."""


class NotSuspendedError(TaskPoolError, RuntimeError):
    """`unsuspend` was called on a serializer that nobody has suspended."""


class DuplicateNameError(TaskPoolError, ValueError):
    """A name is in use by another pool, taskprocessor or serializer that is still open."""


class OptionError(TaskPoolError, ValueError):
    """An option has a value that cannot be corrected into a meaningful one."""


class TraceError(TaskPoolError, ValueError):
    """A trace file cannot be read: damaged, foreign or of a newer version."""


class DeadlockError(TaskPoolError, RuntimeError):
    """A wait would have closed a cycle, so that none in it could ever have gone on.

    Attributes:
        cycle: One sentence for each member, in order; the last waits for the first.
    """

    def __init__(self, message: str, cycle: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.cycle = tuple(cycle)
