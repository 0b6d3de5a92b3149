"""What is left when nothing in a controlled run can move: who waits for what, and the cycle if there is one."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from taskpool.runtime.kernel import Kernel
from taskpool.runtime.logical import LogicalThread, describe
from taskpool.runtime.places import place

__all__ = ["Standstill", "standstill_of", "wait_of", "where"]

_PACKAGE = Path(__file__).parents[1]
_MACHINERY = (str(_PACKAGE / "runtime"), str(_PACKAGE / "explore"))


@dataclass(frozen=True, slots=True)
class Standstill:
    """Threads that can never go on.

    Attributes:
        cycle: One sentence for each thread of a wait-for cycle, or empty where there is none.
        waiting: One sentence for each blocked thread.
        queued: Always 0; what is queued is the pools' business (see `taskpool.waits.Stall`).
    """

    cycle: tuple[str, ...]
    waiting: tuple[str, ...]
    queued: int = 0

    def __str__(self) -> str:
        return "; ".join(self.cycle or self.waiting) + "."


def standstill_of(kernel: Kernel) -> Standstill:
    """The blocked threads of a run that has stopped. Call before they are unwound."""
    blocked = kernel.blocked()
    cycle = _cycle(blocked)
    return Standstill(tuple(wait_of(thread) for thread in cycle), tuple(wait_of(thread) for thread in blocked))


def wait_of(thread: LogicalThread) -> str:
    """One sentence: what a blocked thread waits for, and who holds it; as a pool says it in its waits."""
    if (wait := _pool_wait(thread)) is not None:
        return str(wait)
    text = f"{thread.name} {thread.op.text.format(describe(thread.obj))}"
    holder = _holder(thread)
    if holder is thread:
        return f"{text}, which it holds itself"
    if holder is not None and not isinstance(thread.obj, LogicalThread):
        return f"{text}, which {holder.name} holds"
    return text


def _pool_wait(thread: LogicalThread) -> Any:
    """The wait of a pool's (`taskpool.waits.Wait`) that a thread is in, or None."""
    wait = getattr(thread.agent, "waiting", None)
    return wait if wait is not None and getattr(wait, "reply", None) is thread.obj else None


def _holder(thread: LogicalThread) -> LogicalThread | None:
    """The one thread that could let ``thread`` go on, where there is one; of several that a pool's wait needs, one."""
    obj: Any = thread.obj
    if (wait := _pool_wait(thread)) is not None:
        needed = wait.needs().agents
        return next((other for other in thread.kernel.blocked() if other.agent in needed), None)
    if isinstance(obj, LogicalThread):
        return obj
    if getattr(obj, "notified_in", 0) < 0:
        return None  # whoever may notify
    owner = getattr(getattr(obj, "lock", obj), "owner", None)
    return owner if isinstance(owner, LogicalThread) else None


def _cycle(blocked: list[LogicalThread]) -> list[LogicalThread]:
    for start in blocked:
        path: list[LogicalThread] = []
        at: LogicalThread | None = start
        while at is not None and not at.ended and at not in path:
            path.append(at)
            at = _holder(at)
        if at is not None and at in path:
            return path[path.index(at) :]
    return []


def where(thread: LogicalThread) -> str:
    """The line of the program that a stopped thread stands at, ``file:line``; "" if it is not known."""
    frame: FrameType | None = sys._current_frames().get(thread.ident)
    while frame is not None and frame.f_code.co_filename.startswith(_MACHINERY):
        frame = frame.f_back
    return "" if frame is None else place(frame.f_code.co_filename, frame.f_lineno)
