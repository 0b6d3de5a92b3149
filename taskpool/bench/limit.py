"""The limit row: what is left of a taskpool when everything is taken away that the work does not need.

A `SimpleQueue` and a thread each, a push that picks the first empty queue or else the shortest, as the taskpool's
selector does, and nothing else: no statistics, no water marks, no recorder, no growth, no inline execution, no pauses,
no knowledge of who waits for whom. It is no pool to use; it is how fast pure Python can go with these queues.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from taskpool.runtime.real import default_runtime

__all__ = ["LimitPool", "LimitSerializer"]


class LimitPool:
    """``threads`` bare queues with a thread each."""

    def __init__(self, threads: int) -> None:
        runtime = default_runtime()
        self._queues = [runtime.Queue() for _ in range(threads)]
        self._threads = [runtime.spawn(_serve, queue.get, name=f"limit-{at}") for at, queue in enumerate(self._queues)]

    def push(self, fn: Callable[..., object], /, *args: Any) -> None:
        """Queue ``fn(*args)``; returns at once. Any thread."""
        chosen, least = None, 0
        for queue in self._queues:
            size = queue.qsize()
            if not size:
                queue.put((fn, args))
                return
            if chosen is None or size < least:
                chosen, least = queue, size
        assert chosen is not None
        chosen.put((fn, args))

    def push_wait(self, fn: Callable[..., Any], /, *args: Any) -> Any:
        """Queue ``fn(*args)`` and block until it has run; its result. From outside."""
        return _wait(self.push, fn, args)

    def serializer(self, name: str) -> LimitSerializer:
        """A new serializer."""
        return LimitSerializer(self)

    def close(self, wait: bool = True) -> None:
        """Let the threads end once what is queued now has run; block until they have, if ``wait``."""
        for queue in self._queues:
            queue.put(None)
        for thread in self._threads if wait else ():
            thread.join()


class LimitSerializer:
    """A deque, and a lock that is never waited for: whoever gets it asks the pool for a turn."""

    __slots__ = ("_pool", "_tasks", "_turn")

    def __init__(self, pool: LimitPool) -> None:
        self._pool = pool
        self._tasks: deque[tuple[Callable[..., object], tuple[Any, ...]]] = deque()
        self._turn = default_runtime().Lock()

    def push(self, fn: Callable[..., object], /, *args: Any) -> None:
        """Queue ``fn(*args)``; returns at once. Any thread."""
        self._tasks.append((fn, args))
        if self._turn.acquire(False):
            self._pool.push(self._run)

    def push_wait(self, fn: Callable[..., Any], /, *args: Any) -> Any:
        """Queue ``fn(*args)`` and block until it has run; its result. From outside."""
        return _wait(self.push, fn, args)

    def _run(self) -> None:
        tasks = self._tasks
        for _ in range(len(tasks)):
            fn, args = tasks.popleft()
            fn(*args)
        self._turn.release()
        # Who pushed before the release could not get the turn: look again after it, or the task would stay.
        if tasks and self._turn.acquire(False):
            self._pool.push(self._run)


def _serve(get: Callable[[], Any]) -> None:
    while (task := get()) is not None:
        fn, args = task
        fn(*args)


def _wait(push: Callable[..., object], fn: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    done = default_runtime().Lock()
    done.acquire()
    result: list[Any] = []

    def run() -> None:
        result.append(fn(*args))
        done.release()

    push(run)
    done.acquire()
    return result[0]
