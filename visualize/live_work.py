"""What a live panel does to its pool: the tasks it pushes, the serializers it opens, the pauses it holds.

Nothing here blocks but `Work.end`. A suspend blocks and belongs to the thread that made it, so each pause has a thread
of its own, which suspends, waits to be told, and unsuspends.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from taskpool.errors import DuplicateNameError, TaskPoolError
from visualize._words import amount, short_name
from visualize.palette import cleaned

__all__ = ["KINDS", "LiveError", "Work"]

#: The panel's own tasks, with what each does.
KINDS = {
    "fast": "is done at once",
    "slow": "keeps its thread for some seconds",
    "nested": "asks another serializer and waits for the answer",
    "failing": "raises an error",
}
MOST_AT_ONCE = 500
LONGEST = 3600.0


class LiveError(ValueError):
    """Something was asked of a live panel that cannot be done; the message says what can."""


class _Pause:
    """One suspension, on a thread of its own.

    Args:
        serializer: What to suspend.
        report: Told what went wrong.
    """

    def __init__(self, serializer: Any, report: Callable[[str], None]) -> None:
        self._serializer, self._report = serializer, report
        self._resumed = threading.Event()
        self.still = False
        self.thread = threading.Thread(target=self._run, name=f"panel/{short_name(serializer.name)}", daemon=True)

    def resume(self) -> None:
        """End it, now or as soon as the serializer is still. Does not block."""
        self._resumed.set()

    @property
    def ending(self) -> bool:
        """Whether it has been told to end."""
        return self._resumed.is_set()

    def _run(self) -> None:
        try:
            self._serializer.suspend()
            self.still = True
            self._resumed.wait()
            self._serializer.unsuspend()
        except TaskPoolError as error:
            if not self.ending:
                self._report(f"{short_name(self._serializer.name)}: {error}")


class Work:
    """The panel's doings on one pool.

    Args:
        pool: The pool.
        group: A shutdown group that serializers opened here join, or None.
        tasks: Further tasks that may be pushed, by name.
        report: Told, on any thread, what went wrong behind a call that had returned.
    """

    def __init__(
        self,
        pool: Any,
        group: Any,
        tasks: Mapping[str, Callable[[], object]],
        report: Callable[[str], None],
    ) -> None:
        self._pool, self._group, self._tasks, self._report = pool, group, dict(tasks), report
        self._ending = threading.Event()
        self._pauses: dict[str, _Pause] = {}
        self._opened: list[Any] = []

    @property
    def kinds(self) -> tuple[str, ...]:
        """What can be pushed."""
        return (*KINDS, *self._tasks)

    @property
    def held(self) -> frozenset[str]:
        """The serializers that this panel keeps paused, or wants to."""
        return frozenset(name for name, pause in self._pauses.items() if pause.thread.is_alive() and not pause.ending)

    def push(self, kind: str, onto: str, count: int, asks: str, seconds: float) -> str:
        """Push ``count`` tasks of a kind; what was done, in words."""
        if not 1 <= count <= MOST_AT_ONCE:
            raise LiveError(f"count={count}: push 1 to {MOST_AT_ONCE} tasks at once")
        if not 0 <= seconds <= LONGEST:
            raise LiveError(f"seconds={seconds:g}: a slow task may take 0 to {LONGEST:g} s")
        task = self._task(kind, onto, asks, seconds)
        target = self._serializer(onto) if onto else self._pool
        for _ in range(count):
            target.push(task)
        where = short_name(onto) if onto else f"the pool {self._pool.name}"
        return f"Pushed {amount(count, f'{kind} task')} onto {where}."

    def add(self, name: str) -> str:
        """Open a serializer; what was done, in words."""
        try:
            serializer = self._pool.serializer(name, group=self._group)
        except DuplicateNameError:
            raise LiveError(f"there is a serializer called {name!r} already: choose another name") from None
        self._opened.append(serializer)
        return f"Opened the serializer {short_name(name)}."

    def suspend(self, name: str) -> str:
        """Begin a pause; what was done, in words."""
        serializer = self._serializer(name)
        if name in self.held:
            raise LiveError(f"this panel has {name!r} paused already: resume it first")
        before = self._pauses.get(name)
        if before is not None and before.thread.is_alive():
            raise LiveError(f"the last pause of {name!r} is still ending: try again when it is over")
        pause = self._pauses[name] = _Pause(serializer, self._report)
        pause.thread.start()
        return f"Asked {short_name(name)} to pause; what is queued before that runs first."

    def resume(self, name: str) -> str:
        """End a pause of this panel's; what was done, in words."""
        if name not in self.held:
            raise LiveError(f"this panel has not paused {name!r}")
        pause = self._pauses[name]
        still = pause.still
        pause.resume()
        return f"Resumed {short_name(name)}." if still else f"{short_name(name)} goes on as soon as it is still."

    def resize(self, size: int) -> str:
        """Change the number of threads, where the design allows that; what was done, in words."""
        set_size = getattr(self._pool, "set_size", None)
        if set_size is None:
            raise LiveError(f"{type(self._pool).__name__} has no set_size: it grows and shrinks by itself")
        set_size(size)
        return f"Asked for {amount(size, 'thread')}; threads too many end after their task."

    def end(self, deadline: float) -> list[str]:
        """End the panel's tasks and pauses, close its serializers; blocks until all that is gone.

        Args:
            deadline: When to give up waiting, by `time.monotonic`.

        Returns:
            What is left, in words; empty if nothing is.
        """
        self._ending.set()
        for pause in self._pauses.values():
            pause.resume()
        for serializer in self._opened:
            serializer.close()
        left = []
        for name, pause in self._pauses.items():
            pause.thread.join(max(0.0, deadline - time.monotonic()))
            if pause.thread.is_alive():
                left.append(f"the pause of {short_name(name)} waits until that is still, and ends then")
        if self._group is not None:
            open_ = self._group.join(max(0.0, deadline - time.monotonic()))
            if open_:
                left.append(f"{amount(open_, 'serializer')} of this panel must still run what was queued")
        return left

    def _serializer(self, name: str) -> Any:
        serializer = self._pool.serializers.get(name)
        if serializer is None:
            known = ", ".join(self._pool.serializers) or "none"
            raise LiveError(f"there is no open serializer {name!r} in pool {self._pool.name!r} (open: {known})")
        return serializer

    def _task(self, kind: str, onto: str, asks: str, seconds: float) -> Callable[[], object]:
        if kind in self._tasks:
            return self._tasks[kind]
        if kind == "slow":
            return _labelled("slow", lambda: self._ending.wait(seconds))
        if kind == "nested":
            return self._nested(onto, asks)
        if kind == "failing":
            return _labelled("failing", _fail)
        if kind == "fast":
            return _labelled("fast", lambda: None)
        raise LiveError(f"kind={kind!r}: choose one of {', '.join(self.kinds)}")

    def _nested(self, onto: str, asks: str) -> Callable[[], object]:
        if not asks:
            asks = next((name for name in self._pool.serializers if name != onto), "")
        if not asks:
            raise LiveError("a nested task asks another serializer, and there is none: open one first")
        asked = self._serializer(asks)

        def ask() -> None:
            answered_by = asked.push_wait(_labelled("answer", lambda: threading.current_thread().name))
            inline = answered_by == threading.current_thread().name
            how = "inline, on this very thread" if inline else f"on {short_name(answered_by)}, while this thread waited"
            print(cleaned(f"{short_name(asks)} answered {how}."))

        return _labelled("nested", ask)


def _labelled(label: str, fn: Callable[[], object]) -> Callable[[], object]:
    fn.task_label = label  # type: ignore[attr-defined]  # how taskpool names a task
    return fn


def _fail() -> None:
    raise ValueError("this task was pushed to fail")
