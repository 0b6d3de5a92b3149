"""A thread as the pools see it: where it belongs, what it runs, what it waits for.

Every thread that touches a pool has one Agent in its runtime's thread-local context. Its slots are written by its own
thread only; other threads read them for reports and for the wait-for graph, where a stale read is harmless (see
`taskpool.waits`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from taskpool.runtime.base import Runtime
    from taskpool.task import Task
    from taskpool.waits import PoolLike, Wait

__all__ = ["Agent", "current_agent"]


class Agent:
    """One thread.

    Attributes:
        name: The thread's name.
        pool: The pool that the thread belongs to, or None for a thread from outside any pool.
        worker: Whether other tasks can be queued behind what this thread does (a pool's or taskprocessor's thread).
        current: The task it runs now, innermost first along ``Task.outer``.
        waiting: What it is blocked on now, or None.
        suspensions: How many serializers' suspensions it has made and not ended.
        inlined, inline_failed: Tasks of its own pool that it ran inline, and those of them that raised.
    """

    __slots__ = ("current", "inline_failed", "inlined", "name", "pool", "suspensions", "waiting", "worker")

    def __init__(self, name: str, pool: PoolLike | None = None, *, worker: bool = False) -> None:
        self.name = name
        self.pool = pool
        self.worker = worker
        self.current: Task | None = None
        self.waiting: Wait | None = None
        self.suspensions = 0
        self.inlined = 0
        self.inline_failed = 0

    def __repr__(self) -> str:
        return f"Agent({self.name!r}, running {self.current}, waiting {self.waiting})"

    def describe(self) -> str:
        """The thread's name with the task it runs."""
        task = self.current
        return self.name if task is None else f"{self.name} (in {task})"


def current_agent(runtime: Runtime) -> Agent:
    """The calling thread's Agent on ``runtime``; made at its first use. Never blocks."""
    agent = runtime.context.agent
    if agent is None:
        agent = runtime.context.agent = Agent(runtime.thread_name())
    return agent
