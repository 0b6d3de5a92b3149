"""Who waits for whom: every blocking wait of the pools goes through here.

A wait is registered, checked, entered, and ended by a message to its `Call`. Before a thread that others may depend on
begins to wait, the wait-for graph is walked from it; a cycle becomes a DeadlockError instead of a hang.

Why the walk is right although it reads other threads' state without their locks: waits are registered under the
runtime's ``wait_lock``, so of all the waits in a cycle one is registered last, and its walk sees all others. A blocked
thread's state does not change while it is blocked, and nothing in a cycle can move once it is closed; a task object is
never reused. So every edge of a cycle that the walk finds is still true when the walk ends; a stale read can only miss
an edge that another walk, later, will see.

The original's counterpart: none. It hangs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from taskpool.errors import DeadlockError, PoolAborted
from taskpool.events import EventKind
from taskpool.task import Call, Outcome, Task

if TYPE_CHECKING:
    from taskpool.agent import Agent
    from taskpool.recorder import Recorder
    from taskpool.runtime.base import Runtime

__all__ = ["PoolLike", "Stall", "Wait", "Waitable", "chain_of", "find_cycle", "stall_of", "wait_for"]


class Waitable(Protocol):
    """A queue that somebody may wait for."""

    name: str

    def blockers(self, wait: Wait) -> Iterable[Agent]:
        """The threads on which this queue's progress towards ``wait`` depends now. Reads without locks."""


class PoolLike(Protocol):
    """What a wait needs of the pool in which it happens."""

    name: str
    runtime: Runtime
    recorder: Recorder | None
    waiting: dict[Agent, tuple[Wait, Call]]
    aborted: bool


@dataclass(slots=True, eq=False)
class Wait:
    """A thread blocked on something of a pool's.

    Args:
        agent: The thread.
        reason: As in `taskpool.events`.
        on: The queue whose progress would end it.
        task: The task waited for, or None.
        behind: The serializer's count of resumptions when the task was queued behind a suspension, else None.
    """

    agent: Agent
    reason: str
    on: Waitable
    task: Task | None = None
    behind: int | None = None

    def blockers(self) -> Iterable[Agent]:
        task = self.task
        if task is not None:
            if task.done:
                return ()
            if task.agent is not None:
                return (task.agent,)
        return self.on.blockers(self)

    def __str__(self) -> str:
        agent, task, on = self.agent, self.task, self.on.name
        if self.reason == "suspend":
            what = f"waits until {on} is still"
        elif self.reason in ("suspended", "blocking_suspend"):
            what = f"waits until {on} is resumed"
            if task is not None:
                what += f", for {task}"
        elif task is not None and task.agent is not None:
            what = f"waits for {task}, which runs on {task.agent.name}"
        elif task is not None:
            what = f"waits for {task}, which is still queued"
        else:
            what = f"waits for {on}"
        holders = ", ".join(dict.fromkeys(b.name for b in self.blockers()))
        return f"{agent.describe()} {what}" + (f" (needs {holders})" if holders else "")


@dataclass(frozen=True, slots=True)
class Stall:
    """A pool in which nothing can move until somebody outside it acts.

    Attributes:
        cycle: One sentence for each thread of a wait-for cycle, or empty where there is none.
        waiting: One sentence for every wait in the pool.
        queued: Tasks that nobody will run.
    """

    cycle: tuple[str, ...]
    waiting: tuple[str, ...]
    queued: int

    def __str__(self) -> str:
        text = "; ".join(self.cycle or self.waiting) or "nothing runs"
        return f"{text}. {self.queued} queued." if self.queued else f"{text}."


def chain_of(agent: Agent) -> Iterable[Task]:
    """The tasks of the calling thread's call chain, innermost first: each was pushed synchronously by the next."""
    task = agent.current
    while task is not None:
        yield task
        task = task.caller


def find_cycle(start: Agent) -> list[Agent]:
    """The threads of a wait-for cycle through ``start``, in order, or an empty list."""
    seen: set[Agent] = set()
    path: list[Agent] = []

    def reaches_start(agent: Agent) -> bool:
        wait = agent.waiting
        if wait is None:
            return False
        path.append(agent)
        for blocker in wait.blockers():
            if blocker is start:
                return True
            if blocker not in seen:
                seen.add(blocker)
                if reaches_start(blocker):
                    return True
        path.pop()
        return False

    return path if reaches_start(start) else []


def deadlock_of(path: list[Agent]) -> DeadlockError:
    """The error that names a cycle's members."""
    cycle = [str(agent.waiting) for agent in path]
    return DeadlockError("this wait would close a cycle in which none can go on: " + "; ".join(cycle), cycle)


def wait_for(pool: PoolLike, call: Call, wait: Wait) -> tuple[str, Any]:
    """Block the calling thread until ``call`` is answered; the message.

    The message is ``(Outcome.DEADLOCK, error)`` without blocking if the wait would close a cycle, and
    ``(Outcome.ABORTED, error)`` if the pool is aborted. An interrupt (KeyboardInterrupt) passes through.
    """
    agent, runtime, recorder = wait.agent, pool.runtime, pool.recorder
    nested = agent.waiting
    if agent.worker or agent.suspensions:
        with runtime.wait_lock:
            agent.waiting = wait
            path = find_cycle(agent)
            if path:
                error = deadlock_of(path)
                agent.waiting = nested
                return Outcome.DEADLOCK, error
    else:  # nobody can depend on this thread
        agent.waiting = wait
    pool.waiting[agent] = (wait, call)
    if pool.aborted:  # set before the abort looks at pool.waiting, so one of the two sees the other
        call.reply.put((Outcome.ABORTED, None))
    number = wait.task.id if wait.task is not None and wait.task.id else None
    parent = agent.current.id if agent.current is not None and agent.current.id else None
    if recorder is not None:
        recorder.record(
            runtime, agent.name, EventKind.WAIT_STARTED, wait.on.name, number, parent, {"reason": wait.reason}
        )
    outcome = "interrupted"
    try:
        message = call.reply.get()
        outcome = Outcome.RETURNED if message[0] == Outcome.RAISED else message[0]
    finally:
        agent.waiting = nested
        pool.waiting.pop(agent, None)
        if recorder is not None:
            recorder.record(
                runtime,
                agent.name,
                EventKind.WAIT_ENDED,
                wait.on.name,
                number,
                parent,
                {"reason": wait.reason, "outcome": outcome},
            )
    if message[0] == Outcome.ABORTED:
        return Outcome.ABORTED, PoolAborted(
            f"pool {pool.name!r} was aborted while {agent.name} waited on {wait.on.name}"
        )
    return message


def stall_of(pool: PoolLike, agents: Iterable[Agent], queued: int) -> Stall:
    """Describe a pool in which nothing moves: its waits, and a cycle among them if there is one."""
    waits = [wait for wait, _ in list(pool.waiting.values())]
    path: list[Agent] = []
    for wait in waits:
        path = find_cycle(wait.agent)
        if path:
            break
    cycle = tuple(str(a.waiting) for a in path if a.waiting is not None)
    return Stall(cycle=cycle, waiting=tuple(str(wait) for wait in waits), queued=queued)
