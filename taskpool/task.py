"""A task: a pushed callable with its data, and the call that waits for it, if one does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from taskpool.agent import Agent
    from taskpool.runtime.base import QueueLike, Runtime

__all__ = ["Call", "Outcome", "Task", "label_of"]


class Outcome:
    """How a wait ended: the first item of every message to a `Call`."""

    RETURNED = "done"
    RAISED = "raised"
    TURN = "turn"  # the waiter has been made the serializer's executor
    ABORTED = "aborted"
    REFUSED = "shut_down"  # carries the exception to raise
    DEADLOCK = "deadlock"  # carries the DeadlockError to raise


class Call:
    """A wait for one message, through a queue of its own, so that anybody may end it at any time.

    Later messages than the first that ends the wait are never read. ``result`` is the task's outcome, set by the
    thread that ran it before the message is sent (`answer`), once the task no longer counts as in progress.
    """

    __slots__ = ("agent", "reply", "result", "visiting")

    def __init__(self, runtime: Runtime, agent: Agent) -> None:
        self.agent = agent
        self.reply: QueueLike[tuple[str, Any]] = runtime.Queue("reply")
        self.result: tuple[str, Any] | None = None
        self.visiting = False  # waits in a serializer's list of visitors; guarded by the serializer's lock

    def answer(self) -> None:
        """Send the task's outcome to the waiter. Never blocks."""
        if self.result is not None:
            self.reply.put(self.result)


def label_of(fn: Callable[..., Any]) -> str:
    """A short name for a callable: its ``task_label`` attribute, else its name."""
    label = getattr(fn, "task_label", None)
    if isinstance(label, str):
        return label
    if isinstance(fn, partial):
        return label_of(fn.func)
    name = getattr(fn, "__name__", None)
    return name if isinstance(name, str) else type(fn).__name__


class Task:
    """A pushed callable.

    Attributes:
        id: Its number in the recorder's trace, 0 where nothing records.
        parent: Number of the task that pushed it, or None.
        caller: The task that waits synchronously for this one, so that ``caller`` leads up one call chain, across
            threads too.
        outer: The task that its thread was running when this one started on top of it.
        call: The wait for its result, if there is one.
        processor: The taskprocessor, serializer or pool that it was pushed to.
        agent: The thread that runs it; None until it starts.
        done: It has ended or will never run. Guarded by its processor's lock.
        turn_of: For the pool's own task that gives a serializer a turn: that serializer.
        origin: Where it was pushed from, ``file:line``'s two parts.
    """

    __slots__ = (
        "agent",
        "args",
        "call",
        "caller",
        "done",
        "fn",
        "id",
        "kwargs",
        "origin",
        "outer",
        "parent",
        "processor",
        "turn_of",
    )

    def __init__(
        self,
        fn: Callable[..., Any],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
        *,
        task_id: int = 0,
        parent: int | None = None,
        caller: Task | None = None,
        call: Call | None = None,
        turn_of: Any = None,
        origin: tuple[str, int] | None = None,
    ) -> None:
        self.fn = fn
        self.args = args
        self.kwargs = kwargs
        self.id = task_id
        self.parent = parent
        self.caller = caller
        self.outer: Task | None = None
        self.call = call
        self.processor: Any = None
        self.agent: Agent | None = None
        self.done = False
        self.turn_of = turn_of
        self.origin = origin

    def __str__(self) -> str:
        number = f" {self.id}" if self.id else ""
        if self.turn_of is not None:
            return f"turn{number} of {self.turn_of.name}"
        where = f" of {self.processor.name}" if self.processor is not None else ""
        return f"task{number} {self.label}{where}"

    def __repr__(self) -> str:
        return f"<{self}>"

    @property
    def label(self) -> str:
        """Its callable's short name."""
        return label_of(self.fn)
