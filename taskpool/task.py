"""A task: a pushed callable with its data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from taskpool.agent import Agent
    from taskpool.errors import TaskDiscarded
    from taskpool.waits import Wait

__all__ = ["Checkpoint", "Submission", "Task", "label_of", "nothing"]


def nothing() -> None:
    """The task that does nothing."""


class Submission:
    """A callable that is pushed in another one's place and keeps how that ends for somebody who asks later.

    What it raises is recorded and counted, but not logged.

    Attributes:
        label: The other one's short name.
        origin: Where that was handed in: file and line.
    """

    __slots__ = ("label", "origin")

    label: str
    origin: tuple[str, int] | None

    def __call__(self) -> object:
        """Run it."""
        raise NotImplementedError

    def discarded(self, task: Task, error: TaskDiscarded | None) -> None:
        """It will never run: ``error`` says why, or None if its pool was aborted. Monitor held: no user code here."""
        raise NotImplementedError


def label_of(fn: Callable[..., Any]) -> str:
    """A short name for a callable: a function's ``task_label`` attribute or name, else its type's name.

    It runs no code of the callable's (no ``__getattr__``): it may be called while the monitor is held.
    """
    kind = type(fn)
    if kind is partial:
        return label_of(fn.func)  # type: ignore[attr-defined]
    if kind is MethodType:
        fn = fn.__func__  # type: ignore[attr-defined]
        kind = type(fn)
    if kind is FunctionType:
        label = fn.__dict__.get("task_label")
        return label if isinstance(label, str) else fn.__name__
    if kind is BuiltinFunctionType or kind is type:
        return fn.__name__
    if issubclass(kind, Submission):
        label = fn.label  # type: ignore[attr-defined]
        return str(label)
    return kind.__name__


class Task:
    """A pushed callable. Everything but its data changes only while the runtime's monitor is held.

    Attributes:
        fn, args, kwargs: The call.
        processor: The queue that it was pushed to: a taskprocessor, a serializer or a threadpool's one queue.
        code, offset: Where it was pushed from: the function, and how far in it (bytes of its code); see ``origin``.
        id: Its number in the recorder's trace, 0 where nothing records.
        parent: Number of the task that pushed it, or None.
        caller: The task that waits synchronously for this one, or None.
        outer: The task below it on the thread that runs it, or None.
        wait: The wait of a thread that is blocked until it is done, or None.
        agent: The thread that runs it; None until it starts.
        started: When it started, by the runtime's clock, in seconds.
        done: It has ended or will never run.
        turn_of: For the pool's own task that gives a serializer a turn: that serializer.
        checkpoint: Whether it is a serializer's own task that a suspend waits for.
    """

    __slots__ = (
        "agent",
        "args",
        "caller",
        "code",
        "done",
        "fn",
        "id",
        "kwargs",
        "offset",
        "outer",
        "parent",
        "processor",
        "started",
        "turn_of",
        "wait",
    )

    checkpoint = False

    def __init__(
        self,
        processor: Any,
        fn: Callable[..., Any] = nothing,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
        caller: Task | None = None,
        turn_of: Any = None,
        code: CodeType | None = None,
        offset: int = 0,
    ) -> None:
        self.processor = processor
        self.fn = fn
        self.args = args
        self.kwargs = kwargs
        self.caller = caller
        self.turn_of = turn_of
        self.code = code
        self.offset = offset
        self.id = 0
        self.parent: int | None = None
        self.outer: Task | None = None
        self.wait: Wait | None = None
        self.agent: Agent | None = None
        self.started = 0.0
        self.done = False

    def __str__(self) -> str:
        number = f" {self.id}" if self.id else ""
        if self.turn_of is not None:
            return f"turn{number} of {self.turn_of.name}"
        return f"task{number} {self.label!r} of {self.processor.name}"

    def __repr__(self) -> str:
        return f"<{self}>"

    @property
    def origin(self) -> tuple[str, int] | None:
        """Where it was pushed from: file and line; None where that is not known."""
        code = self.code
        if code is None:
            return None
        lines = (line for start, end, line in code.co_lines() if start <= self.offset < end and line is not None)
        return code.co_filename, next(lines, code.co_firstlineno)

    @property
    def submission(self) -> Submission | None:
        """Its callable, if that is a Submission. Runs no code of the callable's."""
        fn: Any = self.fn
        return fn if issubclass(type(fn), Submission) else None

    @property
    def label(self) -> str:
        """Its callable's short name; what it is for the pool's own tasks."""
        if self.turn_of is not None:
            return f"turn of {self.turn_of.name}"
        return "checkpoint" if self.checkpoint else label_of(self.fn)


class Checkpoint(Task):
    """A serializer's own task that a suspend waits for."""

    __slots__ = ()

    checkpoint = True
