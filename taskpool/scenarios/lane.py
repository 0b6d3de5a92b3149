"""A serializer's promise, watched from inside its tasks: in order, one at a time, none lost, none while paused."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from taskpool.scenarios.context import ScenarioContext
    from taskpool.scenarios.designs import AnySerializer

__all__ = ["Lane", "named"]


def named(label: str, fn: Callable[..., Any], *args: Any) -> Callable[[], Any]:
    """``fn(*args)`` as a task that traces show as ``label``."""

    def task() -> Any:
        return fn(*args)

    task.__name__ = task.__qualname__ = label
    return task


class Lane:
    """Pushes onto one serializer and watches what becomes of it.

    Order is watched per sender: each sender is one thread, which pushes one task after the other. Findings go to the
    context; nothing is raised inside a task.

    Args:
        ctx: The run it belongs to.
        serializer: The serializer it watches.
    """

    def __init__(self, ctx: ScenarioContext, serializer: AnySerializer) -> None:
        self.serializer = serializer
        self._ctx = ctx
        self._lock = ctx.runtime.Lock(f"lane {serializer.name}")
        self._pushed: dict[str, int] = {}
        self._ran: dict[str, int] = {}
        self._inside: str | None = None
        self._still = False

    @property
    def ran(self) -> int:
        """How many of its tasks have run to their end."""
        with self._lock:
            return sum(self._ran.values())

    def push(self, label: str, fn: Callable[..., Any], *args: Any, sender: str = "") -> None:
        """Push ``fn(*args)`` onto the serializer, watched. Does not block; any thread, one thread per sender."""
        self.serializer.push(self._watched(label, fn, args, sender))

    def push_wait(self, label: str, fn: Callable[..., Any], *args: Any, sender: str = "") -> Any:
        """Push ``fn(*args)`` onto the serializer, watched, and wait for its result; otherwise like `push`."""
        return self.serializer.push_wait(self._watched(label, fn, args, sender))

    def still(self) -> None:
        """From now on nothing of the serializer may run: it has been suspended."""
        with self._lock:
            self._still = True
            inside = self._inside
        self._ctx.expect(
            inside is None, f"{self.serializer.name} was reported still while its task {inside!r} was running"
        )

    def moving(self) -> None:
        """From now on it may run again: it is about to be unsuspended."""
        with self._lock:
            self._still = False

    def check(self) -> None:
        """Note the tasks that never ran; once everything has ended."""
        with self._lock:
            for sender, pushed in self._pushed.items():
                ran = self._ran.get(sender, 0)
                self._ctx.expect(
                    ran == pushed, f"{self.serializer.name} was given {pushed} tasks{_by(sender)} and ran {ran}"
                )

    def _watched(self, label: str, fn: Callable[..., Any], args: tuple[Any, ...], sender: str) -> Callable[[], Any]:
        with self._lock:
            number = self._pushed[sender] = self._pushed.get(sender, 0) + 1

        def watched() -> Any:
            self._enter(label, number, sender)
            try:
                return fn(*args)
            finally:
                self._leave(number, sender)

        return named(label, watched)

    def _enter(self, label: str, number: int, sender: str) -> None:
        name = self.serializer.name
        with self._lock:
            before, inside, still = self._ran.get(sender, 0), self._inside, self._still
            self._inside = label
        self._ctx.expect(not still, f"{name} ran {label!r} while it was paused")
        self._ctx.expect(inside is None, f"{name} ran {label!r} while its task {inside!r} was unfinished")
        self._ctx.expect(
            number == before + 1, f"{name} ran task {number}{_by(sender)} ({label!r}) after task {before}: out of order"
        )

    def _leave(self, number: int, sender: str) -> None:
        with self._lock:
            self._inside = None
            self._ran[sender] = self._ran.get(sender, 0) + 1


def _by(sender: str) -> str:
    return f" by {sender}" if sender else ""
