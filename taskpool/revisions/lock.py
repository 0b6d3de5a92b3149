"""A lock of the original's: recursive, held for long, and known to the wait-for graph.

The original holds a serializer's lock while it runs the serializer's tasks, and a pool's lock while it joins a thread.
Whoever needs such a lock meanwhile is blocked for as long. Waiting for it is therefore a wait of the pools'
(`taskpool.waits`), which a trace shows and `abort` ends, unlike waiting for a plain lock of the runtime. It is handed
over in the order in which it was asked for. Its own state is guarded by a plain lock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from taskpool.task import nothing
from taskpool.waits import Needs, Outcome, Wait, Waitable, begin, block, end

if TYPE_CHECKING:
    from taskpool.agent import Agent
    from taskpool.basepool import BasePool

__all__ = ["HeldLock"]


class HeldLock:
    """A recursive lock whose holder, and those who wait for it, are known. No method is called with its guard held.

    Args:
        pool: The pool that it belongs to; aborting it ends all waits.
        name: What it is called in reports.
        reason: The reason that a trace gives for waiting.
        on: What a trace says is waited for; the lock itself if None.

    Attributes:
        owner: Who holds it, or None; written with the guard held, elsewhere a read that may be stale.
    """

    def __init__(self, pool: BasePool, name: str, reason: str, on: Waitable | None = None) -> None:
        self.name = name
        self.owner: Agent | None = None
        self._depth = 0
        self._pool = pool
        self._reason = reason
        self._on: Waitable = on if on is not None else self
        self._line: deque[Wait] = deque()
        self._guard = pool.runtime.Lock(f"lock of {name}")
        self._monitor = pool.runtime.monitor

    def __repr__(self) -> str:
        return f"<HeldLock {self.name}, {'free' if self.owner is None else f'held by {self.owner.name}'}>"

    def needs(self, wait: Wait) -> Needs:
        """See `taskpool.waits.Waitable`."""
        return Needs() if self.owner is None else Needs((self.owner,))

    @contextmanager
    def held(self, agent: Agent) -> Iterator[None]:
        """Hold it for the length of a ``with`` block. Blocks while another thread holds it.

        Raises:
            PoolAborted: If the pool is aborted before it is free.
        """
        self.acquire(agent)
        try:
            yield
        finally:
            self.release(agent)

    @contextmanager
    def section(self, agent: Agent) -> Iterator[None]:
        """A critical section that is over at once: it runs with the guard held, and must not block.

        Raises:
            PoolAborted: If the pool is aborted before the lock is free.
        """
        self._guard.acquire()
        try:
            if self.owner is not None and self.owner is not agent:
                wait = self._line_up(agent)
                self._guard.release()
                try:
                    self._stand(wait)
                finally:
                    self._guard.acquire()
            else:
                self._depth += 1
                self.owner = agent
            try:
                yield
            finally:
                self._drop(agent)
        finally:
            self._guard.release()

    def acquire(self, agent: Agent, depth: int = 1) -> None:
        """Take it, ``depth`` times. Blocks while another thread holds it.

        Raises:
            PoolAborted: If the pool is aborted before it is free.
        """
        with self._guard:
            free = self.owner is None or self.owner is agent
            if free:
                self.owner = agent
                self._depth += depth
            else:
                wait = self._line_up(agent)
        if not free:
            self._stand(wait)
            self._depth = depth  # by its holder

    def release(self, agent: Agent) -> None:
        """Give it up once. A thread that does not hold it, because its wait was aborted, may call."""
        with self._guard:
            self._drop(agent)

    def is_last(self, agent: Agent) -> bool:
        """Whether ``agent``, who calls, holds it and has to release it once more."""
        return self.owner is agent and self._depth == 1

    def release_all(self, agent: Agent) -> int:
        """Give it up altogether, as a condition's wait does; how often it was held."""
        with self._guard:
            depth, self._depth = self._depth, 1
            self._drop(agent)
            return depth

    # -- Guard held, but for `_stand`.

    def _drop(self, agent: Agent) -> None:
        if self.owner is not agent:
            return
        self._depth -= 1
        if self._depth:
            return
        self.owner = None
        if self._line:
            wait = self._line.popleft()
            self.owner, self._depth = wait.agent, 1
            with self._monitor:
                end(wait, Outcome.TURN)

    def _line_up(self, agent: Agent) -> Wait:
        wait = Wait(self._pool, agent, self._reason, self._on)
        with self._monitor:
            if self._pool.aborted:
                self._pool.refuse_if_closing()
            begin(wait)
        self._line.append(wait)
        return wait

    def _stand(self, wait: Wait) -> None:
        """Block until it has been handed over."""
        try:
            block(wait, nothing)
        except BaseException:
            with self._guard:
                if wait in self._line:
                    self._line.remove(wait)
                else:
                    self._drop(wait.agent)
            raise
