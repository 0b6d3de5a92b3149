"""What a logical thread can announce, and what an operation turned out to be once it was chosen.

An *operation* is what a thread stands before: it has a name and a condition under which it can go on. An *access* is
what it did: to which object, and in which way. Two steps race only through their accesses;
`taskpool.explore.independence` says which do. The same operation may turn out to be different accesses: a try-acquire
is `TRY_OK` or `TRY_FAIL`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from taskpool.runtime.logical import LogicalThread

__all__ = ["ACCESS_NAMES", "COUNT", "LAST", "Operation", "Step", "timed"]

NONE: Final = 0
# Locks.
ACQUIRE: Final = 1  # blocking; the lock was free
RELEASE: Final = 2  # by its owner
RELEASE_FOREIGN: Final = 3  # of a Lock, by a thread that had not acquired it
TRY_OK: Final = 4  # acquired where it could have failed instead of blocking
TRY_FAIL: Final = 5  # found it held
SEEN_FREE: Final = 6
# Queues and semaphores (a permit is an item). The step's argument is the item's place in the order of puts.
# A put of several permits has the last one's place in its low bits (`LAST`), and above them (`COUNT`) how many besides.
PUT: Final = 7
GET: Final = 8  # blocking; an item was there
TRY_GET: Final = 9  # taken where it could have failed instead of blocking
FOUND_EMPTY: Final = 10
SIZE: Final = 11
# Variables.
READ: Final = 12
WRITE: Final = 13
# Events.
SET: Final = 14  # it was not set
CLEAR: Final = 15  # it was set
SEEN_FLAG: Final = 16  # looked, or changed nothing
WAITED: Final = 17  # blocking; it was set
TRY_WAITED: Final = 18  # set where the wait could have timed out
# Futures.
FUTURE_WRITE: Final = 19
FUTURE_READ: Final = 20
FUTURE_RESULT: Final = 21  # blocking; it was done
# Threads.
JOIN: Final = 22  # blocking; it had ended
SEEN_ENDED: Final = 23
SEEN_ALIVE: Final = 24
END: Final = 25  # never a step of its own: it belongs to the thread's last one
# Conditions.
NOTIFY: Final = 26
EXPIRED: Final = 27  # a timed wait gave up before it was notified
WAKE_TIMED: Final = 28  # acquired after a notify, where the wait could have given up instead; the object is the lock
FUTURE_CALLBACK: Final = 29  # added to one that has not ended

ACCESS_NAMES: Final = (
    "nothing", "acquire", "release", "release by another", "try-acquire", "failed try-acquire", "seen free", "put",
    "get", "try-get", "found empty", "size", "read", "write", "set", "clear", "seen flag", "waited", "timed wait",
    "future written", "future read", "future result", "join", "seen ended", "seen alive", "end", "notify", "expired",
    "timed wake", "callback added",
)  # fmt: skip

LAST: Final = (1 << 32) - 1
COUNT: Final = 32

Step = tuple["LogicalThread", int, int, int, int]
"""One chosen operation: the thread, its access, the object's key (0: none), the item's place for a queue's, and the
step without which it could not have gone on whatever else had happened (a notify), or -1."""


def timed(ready: Callable[[LogicalThread], bool]) -> Callable[[LogicalThread], bool]:
    """``ready``, or the thread's deadline has passed."""

    def ready_or_late(thread: LogicalThread) -> bool:
        deadline = thread.deadline
        return ready(thread) or (deadline is not None and thread.kernel.now >= deadline)

    return ready_or_late


class Operation:
    """A kind of operation.

    Args:
        name: What it is called in reports and hashes.
        ready: Whether a thread that stands before it can go on now; None if it always can.
        text: How a report says that a thread is blocked in it; ``{}`` is the object.
        access: What it is taken for in a race as long as it has not been chosen.
    """

    __slots__ = ("access", "name", "ready", "text")

    def __init__(
        self,
        name: str,
        ready: Callable[[LogicalThread], bool] | None = None,
        text: str = "",
        access: int = NONE,
    ) -> None:
        self.name = name
        self.ready = ready
        self.text = text or f"{name} {{}}"
        self.access = access

    def __repr__(self) -> str:
        return f"Operation({self.name!r})"
