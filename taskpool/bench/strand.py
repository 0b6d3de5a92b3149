"""What stands in for serializers on `concurrent.futures`: a deque and a lock for each, as programs do it.

A push appends and, if nobody runs the strand, submits a job that runs it until it is empty. A synchronous push waits
for a Future; a pause is a job that blocks its thread.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from taskpool.runtime.real import default_runtime

__all__ = ["Strand"]


class Strand:
    """Runs what is pushed to it one at a time, in order, on an executor's threads.

    Args:
        submit: The executor's.
    """

    __slots__ = ("_busy", "_lock", "_resumes", "_submit", "_tasks")

    def __init__(self, submit: Callable[..., object]) -> None:
        self._submit = submit
        self._lock = default_runtime().Lock()
        self._tasks: deque[tuple[Callable[..., object], tuple[Any, ...]]] = deque()
        self._busy = False
        self._resumes: list[Any] = []

    def push(self, fn: Callable[..., object], /, *args: Any) -> None:
        """Queue ``fn(*args)``; returns at once. Any thread."""
        with self._lock:
            self._tasks.append((fn, args))
            if self._busy:
                return
            self._busy = True
        self._submit(self._run)

    def push_wait(self, fn: Callable[..., Any], /, *args: Any) -> Any:
        """Queue ``fn(*args)`` and block until it has run; its result. Any thread but the one that runs the strand."""
        future: Future[Any] = Future()

        def run() -> None:
            try:
                future.set_result(fn(*args))
            except BaseException as error:  # noqa: BLE001 - whoever waits gets it
                future.set_exception(error)

        self.push(run)
        return future.result()

    def suspend(self) -> None:
        """Block until what is queued has run; from then on a thread is kept until `unsuspend`."""
        runtime = default_runtime()
        reached, resume = runtime.Event(), runtime.Event()

        def pause() -> None:
            reached.set()
            resume.wait()

        self._resumes.append(resume)
        self.push(pause)
        reached.wait()

    def unsuspend(self) -> None:
        """Go on after the last `suspend`. Any thread."""
        self._resumes.pop().set()

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._tasks:
                    self._busy = False
                    return
                fn, args = self._tasks.popleft()
            fn(*args)
