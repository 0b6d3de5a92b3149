"""What went wrong in an execution, sorted by cause: two executions with one cause are one failure."""

from __future__ import annotations

import traceback
from collections.abc import Hashable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from taskpool.runtime import operations as op
from taskpool.runtime.kernel import Kernel
from taskpool.runtime.logical import LogicalThread, describe
from taskpool.runtime.operations import ACCESS_NAMES
from taskpool.runtime.places import place
from taskpool.runtime.standstill import standstill_of, wait_of, where

__all__ = ["Finding", "Kind", "finding_of"]


class Kind(StrEnum):
    """Causes of failure."""

    DEADLOCK = "deadlock"
    LOST_WAKEUP = "lost wakeup"
    LIVELOCK = "livelock"
    UNFINISHED = "unfinished"
    ASSERTION = "assertion"
    EXCEPTION = "exception"


@dataclass(frozen=True, slots=True)
class Finding:
    """What went wrong in one execution.

    Attributes:
        kind: Its kind.
        message: What happened, to whom, in a sentence or two.
        cause: Equal in executions that failed for the same reason.
        cycle: For a deadlock with a wait-for cycle: one sentence for each of its threads.
        waiting: For threads that can never go on: one sentence for each, with its source line.
        error: What was raised.
    """

    kind: Kind
    message: str
    cause: Hashable
    cycle: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    error: BaseException | None = None


def finding_of(kernel: Kernel) -> Finding | None:
    """What went wrong in an execution that has stopped, or None. Calls its check. Before its threads are unwound."""
    if kernel.errors:
        thread, error = kernel.errors[0]
        return _raised(error, f"in {thread.name}")
    if kernel.stopped == "steps":
        return _endless(kernel)
    blocked = kernel.blocked()
    if blocked and not kernel.leftover_allowed:
        return _standstill(kernel, blocked)
    if callable(kernel.result):
        try:
            kernel.result()
        except Exception as error:  # noqa: BLE001 - whatever the check raises is the finding
            return _raised(error, "by the check at the end")
    return None


def _raised(error: BaseException, whose: str) -> Finding:
    kind = Kind.ASSERTION if isinstance(error, AssertionError) else Kind.EXCEPTION
    frames = traceback.extract_tb(error.__traceback__)
    last = (frames[-1].filename, frames[-1].lineno) if frames else None
    line = place(*last) if last else ""
    text = str(error) or "no message"
    message = f"{type(error).__name__} {whose}{f' at {line}' if line else ''}: {text}"
    return Finding(kind, message, (kind, type(error).__name__, last), error=error)


def _endless(kernel: Kernel) -> Finding:
    steps = [(step[0].number, step[1], step[2]) for step in kernel.steps]
    period = _period(steps)
    if period:
        doing = ", ".join(dict.fromkeys(f"{step[0].name}: {ACCESS_NAMES[step[1]]}" for step in kernel.steps[-period:]))
        message = f"the last {period} steps repeat without end ({doing})"
        return Finding(Kind.LIVELOCK, message, (Kind.LIVELOCK, tuple(sorted(set(steps[-period:])))))
    message = f"it had not ended after {len(steps):,} steps (max_steps), and they do not simply repeat"
    return Finding(Kind.UNFINISHED, message, (Kind.UNFINISHED,))


def _period(steps: list[Any]) -> int:
    """The shortest sequence that the steps end in three times over; 0 if there is none."""
    for period in range(1, len(steps) // 3 + 1):
        tail = steps[-period:]
        if tail == steps[-2 * period : -period] == steps[-3 * period : -2 * period]:
            return period
    return 0


def _standstill(kernel: Kernel, blocked: list[LogicalThread]) -> Finding:
    still = standstill_of(kernel)
    waiting = tuple(_sentence(kernel, thread) for thread in blocked)
    cause = tuple(sorted((thread.name, thread.op.name, describe(thread.obj)) for thread in blocked))
    kind = Kind.DEADLOCK
    if not still.cycle and any(_missed(kernel, thread) for thread in blocked):
        kind = Kind.LOST_WAKEUP
    message = "nothing can move: " + "; ".join(still.cycle or still.waiting)
    return Finding(kind, message, (kind, cause), still.cycle, waiting)


def _sentence(kernel: Kernel, thread: LogicalThread) -> str:
    line = where(thread)
    text = wait_of(thread) + (f" ({line})" if line else "")
    wakers = _wakers(kernel, thread)
    return f"{text}; {wakers}" if wakers else text


_WAKES: dict[int, tuple[int, ...]] = {op.GET: (op.PUT,), op.WAITED: (op.SET,), op.FUTURE_RESULT: (op.FUTURE_WRITE,)}


def _wakers(kernel: Kernel, thread: LogicalThread) -> str:
    """Who could have woken a thread that waits for somebody to act, and when they did so before."""
    key = getattr(thread.obj, "key", 0)
    if getattr(thread.obj, "notified_in", 0) < 0:
        wanted: tuple[int, ...] = (op.NOTIFY,)
    else:
        wanted = _WAKES.get(thread.op.access, ())
    if not wanted:
        return ""
    acts = [(i, step[0].name) for i, step in enumerate(kernel.steps) if step[2] == key and step[1] in wanted]
    word = ACCESS_NAMES[wanted[0]]
    if not acts:
        return f"nobody ever did a {word}"
    step, name = acts[-1]
    return f"the last {word} was {name}'s, in step {step}"


def _missed(kernel: Kernel, thread: LogicalThread) -> bool:
    """Whether somebody notified, before it waited, what a thread waits on."""
    if getattr(thread.obj, "notified_in", 0) >= 0:
        return False
    key = thread.obj.key
    return any(step[1] == op.NOTIFY and step[2] == key for step in kernel.steps[: thread.last_step + 1])
