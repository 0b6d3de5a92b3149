"""A lock of the original's: recursive, held for long, and known to the wait-for graph.

The original holds a serializer's lock while it runs the serializer's tasks, and a pool's lock while it joins a thread.
Whoever needs such a lock meanwhile is blocked for as long, so holding it and waiting for it are waits of the pools'
(`taskpool.waits`), which a trace shows and `abort` ends, unlike those for a plain lock of the runtime. It is handed
over in the order in which it was asked for.

Critical sections that are over at once (a taskprocessor's lock, a synchronous task's) are sections of the monitor in
these models: still one after the other, and still as many.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from taskpool.waits import Needs, Outcome, Wait, Waitable, begin, block, end

if TYPE_CHECKING:
    from taskpool.agent import Agent
    from taskpool.basepool import BasePool

__all__ = ["HeldLock"]


class HeldLock:
    """A recursive lock whose holder, and those who wait for it, are known.

    Args:
        pool: The pool that it belongs to; aborting it ends all waits.
        reason: The reason that a trace gives for waiting.
        on: What a trace says is waited for; the pool if None.

    Attributes:
        owner: Who holds it, or None.
    """

    def __init__(self, pool: BasePool, reason: str, on: Waitable | None = None) -> None:
        self.name = pool.name
        self.owner: Agent | None = None
        self._depth = 0
        self._pool = pool
        self._reason = reason
        self._on: Waitable = on if on is not None else self
        self._line: deque[Wait] = deque()
        self._monitor = pool.runtime.monitor

    def __repr__(self) -> str:
        return f"<HeldLock of {self._on.name}, {'free' if self.owner is None else f'held by {self.owner.name}'}>"

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
            with self._monitor:
                self.release(agent)

    @contextmanager
    def section(self, agent: Agent) -> Iterator[None]:
        """A critical section that is over at once: the ``with`` block runs with the monitor held as well.

        Raises:
            PoolAborted: If the pool is aborted before the lock is free.
        """
        self._monitor.acquire()
        try:
            if not self._take(agent):
                wait = self._line_up(agent)
                self._monitor.release()
                try:
                    block(wait, partial(self._leave_line, wait))
                finally:
                    self._monitor.acquire()
            try:
                yield
            finally:
                self.release(agent)
        finally:
            self._monitor.release()

    def acquire(self, agent: Agent, depth: int = 1) -> None:
        """Take it, ``depth`` times. Blocks while another thread holds it.

        Raises:
            PoolAborted: If the pool is aborted before it is free.
        """
        with self._monitor:
            if self._take(agent, depth):
                return
            wait = self._line_up(agent)
        block(wait, partial(self._leave_line, wait))
        if depth > 1:
            with self._monitor:
                self._depth = depth

    # -- Everything below is called with the monitor held.

    def release(self, agent: Agent) -> bool:
        """Give it up once; whether ``agent`` does not hold it any more. A thread whose wait for it was aborted may."""
        if self.owner is agent:
            self._depth -= 1
            if self._depth:
                return False
            self._hand_on()
        return True

    def release_all(self, agent: Agent) -> int:
        """Give it up altogether, as a condition's wait does; how often it was held."""
        depth = self._depth
        self._hand_on()
        return depth

    def _take(self, agent: Agent, depth: int = 1) -> bool:
        if self.owner is not None and self.owner is not agent:
            return False
        self.owner = agent
        self._depth += depth
        return True

    def _line_up(self, agent: Agent) -> Wait:
        if self._pool.aborted:
            self._pool.refuse_if_closing()
        wait = Wait(self._pool, agent, self._reason, self._on)
        self._line.append(wait)
        begin(wait)
        return wait

    def _leave_line(self, wait: Wait) -> None:
        """A wait for it was aborted or interrupted."""
        if wait in self._line:
            self._line.remove(wait)
        else:
            self.release(wait.agent)

    def _hand_on(self) -> None:
        if self._line:
            wait = self._line.popleft()
            self.owner, self._depth = wait.agent, 1
            end(wait, Outcome.TURN)
        else:
            self.owner, self._depth = None, 0
