"""A thread as the pools see it: where it belongs, what it runs, what it waits for.

Every thread that touches a pool has one Agent in its runtime's thread-local context. Its attributes change only while
the runtime's monitor is held, except ``warnings``, which only its own thread touches.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from taskpool.runtime.base import Runtime
    from taskpool.task import Task
    from taskpool.waits import PoolLike, Wait
    from taskpool.worker import Worker

__all__ = ["Agent", "ancestors", "current_agent", "is_inside"]

_log = logging.getLogger("taskpool")


class Agent:
    """One thread.

    Attributes:
        name: The thread's name.
        pool: The pool that the thread belongs to, or None for a thread from outside any pool.
        worker: The pool's record of the thread, or None.
        current: The task it runs now; those below it on the thread's stack follow along ``Task.outer``.
        waiting: What it is blocked on now, or None.
        warnings: Log lines to be written once the monitor is given up.
    """

    __slots__ = ("current", "name", "pool", "waiting", "warnings", "worker")

    def __init__(self, name: str, pool: PoolLike | None = None, worker: Worker | None = None) -> None:
        self.name = name
        self.pool = pool
        self.worker = worker
        self.current: Task | None = None
        self.waiting: Wait | None = None
        self.warnings: list[str] = []

    def __repr__(self) -> str:
        return f"Agent({self.name!r}, running {self.current}, waiting {self.waiting})"

    def describe(self) -> str:
        """The thread's name with the task it runs."""
        task = self.current
        return self.name if task is None else f"{self.name} (in {task})"

    def flush_warnings(self) -> None:
        """Write what was kept for the log. From the agent's own thread, without the monitor: handlers are user code."""
        while self.warnings:
            _log.warning(self.warnings.pop(0))


def current_agent(runtime: Runtime) -> Agent:
    """The calling thread's Agent on ``runtime``; made at its first use. Never blocks."""
    agent: Agent | None = runtime.context.agent
    if agent is None:
        agent = runtime.context.agent = Agent(runtime.thread_name())
    return agent


def ancestors(agent: Agent) -> Iterator[Task]:
    """Every task that cannot go on until what ``agent`` runs now is done: its own stack, and who waits for any of it.

    Monitor held. A task has the one below it on its thread (``outer``) and the one that pushed it synchronously
    (``caller``) as parents; they are the same where it runs inline.
    """
    if agent.current is None:
        return
    stack, seen = [agent.current], {agent.current}
    while stack:
        task = stack.pop()
        yield task
        for parent in (task.outer, task.caller):
            if parent is not None and parent not in seen:
                seen.add(parent)
                stack.append(parent)


def is_inside(agent: Agent, pool: PoolLike) -> bool:
    """Whether a thread of ``pool`` runs the caller, or waits for what the caller does. Monitor held."""
    if agent.pool is pool:
        return True
    return any(task.agent is not None and task.agent.pool is pool for task in ancestors(agent))
