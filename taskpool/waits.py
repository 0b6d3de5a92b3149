"""Who waits for whom: every blocking wait of the pools goes through here.

A wait begins and ends under the runtime's monitor, and it is ended by whoever brings about what it waits for, in the
same critical section: whether a thread is blocked is therefore never a matter of whether it has woken up yet, and the
wait-for graph that this module walks is exact.

Before a wait begins, the graph is asked whether it could ever end. A thread can go on if it is not blocked, or if what
it needs can go on: all of some threads (the one that runs the task; everyone who holds a suspension) or any one of
some (the threads of a pool in whose queues the task is). If the new wait cannot be ended by anybody, it would close a
cycle, and it is refused with a DeadlockError instead. Since every wait is asked, the last one of a cycle always is.

The original's counterpart: none. It hangs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from taskpool.errors import DeadlockError, PoolAborted
from taskpool.events import EventKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskpool.agent import Agent
    from taskpool.recorder import Recorder
    from taskpool.runtime.base import QueueLike, Runtime
    from taskpool.task import Task

__all__ = ["Needs", "Outcome", "PoolLike", "Stall", "Wait", "Waitable", "begin", "block", "end", "refuse_if_doomed"]


class Outcome:
    """How a wait ended: the first item of the message that ends it."""

    DONE = "done"
    RAISED = "raised"  # carries what the task raised; in the trace it is "done"
    TURN = "turn"  # the waiter has been made the serializer's executor
    ABORTED = "aborted"
    REFUSED = "shut_down"  # carries the error to raise
    DEADLOCK = "deadlock"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Needs:
    """Which threads have to go on for a wait to end: all of ``agents``, or any one of them. None at all: nobody.

    And those of ``also``, where it takes one after the other.
    """

    agents: Sequence[Agent] = ()
    any_one: bool = False
    also: Needs | None = None

    def __str__(self) -> str:
        text = (" or " if self.any_one else " and ").join(dict.fromkeys(agent.name for agent in self.agents))
        return f"{text}, and {self.also}" if self.also is not None and self.also.agents else text

    def everyone(self) -> list[Agent]:
        """All the threads that it is about."""
        return [*self.agents, *(self.also.everyone() if self.also is not None else ())]

    def lacking(self, stuck: set[Agent]) -> list[Agent]:
        """Those in ``stuck`` that keep it from being met."""
        lacking = [agent for agent in self.agents if agent in stuck]
        if self.any_one and len(lacking) < len(self.agents):
            lacking = []
        return lacking if self.also is None else lacking + self.also.lacking(stuck)

    def met_by(self, moving: set[Agent]) -> bool:
        """Whether the threads in ``moving`` are enough."""
        if self.also is not None and not self.also.met_by(moving):
            return False
        if self.any_one:
            return not self.agents or any(agent in moving for agent in self.agents)
        return all(agent in moving for agent in self.agents)


class Waitable(Protocol):
    """A queue that somebody may wait for."""

    name: str

    def needs(self, wait: Wait) -> Needs:
        """Which threads this queue's progress towards ``wait`` depends on now. Monitor held."""


class PoolLike(Protocol):
    """What a wait needs of the pool, or the taskprocessor, at which it happens."""

    name: str
    runtime: Runtime
    recorder: Recorder | None
    waits: dict[Agent, Wait]


@dataclass(slots=True, eq=False)
class Wait:
    """A thread blocked on something of a pool's.

    Args:
        pool: Where it happens.
        agent: The thread.
        reason: As in `taskpool.events`.
        on: The queue whose progress would end it.
        task: The task waited for, or None.
    """

    pool: PoolLike
    agent: Agent
    reason: str
    on: Waitable
    task: Task | None = None
    reply: QueueLike[tuple[str, Any]] = field(init=False)

    def __post_init__(self) -> None:
        self.reply = self.pool.runtime.Queue(f"{self.agent.name} waits")

    def needs(self) -> Needs:
        """Which threads have to go on for it to end. Monitor held."""
        task = self.task
        if task is not None and task.done:
            return Needs()
        if task is not None and task.agent is not None:
            return Needs((task.agent,))
        return self.on.needs(self)

    def __str__(self) -> str:
        task, on = self.task, self.on.name
        if self.reason == "suspend":
            what = f"waits until {on} is still"
        elif self.reason == "blocking_suspend":
            what = f"is kept until {on} is resumed"
        elif self.reason == "suspended":
            what = f"waits until {on} is resumed" + (f", for {task}" if task is not None else "")
        elif task is not None and task.agent is not None:
            what = f"waits for {task}, which runs on {task.agent.name}"
        elif task is not None:
            what = f"waits for {task}, which has not started"
        else:
            what = f"waits for {on}"
        needs = str(self.needs())
        return f"{self.agent.describe()} {what}" + (f" (needs {needs})" if needs else "")

    def _record(self, kind: EventKind, task: Task | None, **detail: Any) -> None:
        recorder = self.pool.recorder
        if recorder is None:
            return
        current = self.agent.current
        recorder.record(
            self.pool.runtime,
            self.agent.name,
            kind,
            self.on.name,
            task.id if task is not None and task.id else None,
            current.id if current is not None and current.id else None,
            {"reason": self.reason, **detail},
        )


def refuse_if_doomed(wait: Wait) -> None:
    """Raise if nobody could ever end ``wait``. To be called before anything is queued for it. Monitor held.

    Raises:
        DeadlockError: Naming the cycle that the wait would close.
    """
    agent = wait.agent
    agent.waiting = wait
    try:
        needs = wait.needs()
        if needs.met_by({needed for needed in needs.everyone() if needed.waiting is None}):
            return
        path = _path_to_cycle(agent)
        if not path:
            return
        cycle = [str(member.waiting) for member in path]
        wait._record(EventKind.WAIT_STARTED, None)
        wait._record(EventKind.WAIT_ENDED, None, outcome=Outcome.DEADLOCK)
        raise DeadlockError("this wait would close a cycle in which none can go on: " + "; ".join(cycle), cycle)
    finally:
        agent.waiting = None


def begin(wait: Wait) -> None:
    """Mark the calling thread as blocked. Monitor held; `block` follows once it is given up."""
    wait.agent.waiting = wait
    wait.pool.waits[wait.agent] = wait
    wait._record(EventKind.WAIT_STARTED, wait.task)
    if wait.agent.worker is not None:
        wait.agent.worker.on_block()


def end(wait: Wait, outcome: str, value: Any = None) -> None:
    """End a wait, on behalf of its thread; later ends of it have no effect. Monitor held; any thread."""
    if wait.agent.waiting is not wait:
        return
    wait.agent.waiting = None
    wait.pool.waits.pop(wait.agent, None)
    shown = Outcome.DONE if outcome == Outcome.RAISED else outcome
    wait._record(EventKind.WAIT_ENDED, wait.task, outcome=shown)
    wait.reply.put((outcome, value))


def block(wait: Wait, undo: Callable[[], None]) -> Any:
    """Block until the wait, which has begun, is ended; the value that came with it. Without the monitor.

    Args:
        wait: The wait.
        undo: Takes back what was queued for it, where it does not come to its proper end; called with the monitor held.

    Raises:
        PoolAborted: If the pool is aborted.
        BaseException: What came with the end (a task's error, a refusal), or an interrupt.
    """
    monitor = wait.pool.runtime.monitor
    try:
        outcome, value = wait.reply.get()
    except Exception:
        raise
    except BaseException:
        with monitor:
            if wait.agent.waiting is wait:
                end(wait, Outcome.INTERRUPTED)
            undo()
        raise
    if outcome == Outcome.ABORTED:
        with monitor:
            undo()
        raise PoolAborted(f"pool {wait.pool.name!r} was aborted while {wait.agent.name} waited for {wait.on.name}")
    if outcome in (Outcome.RAISED, Outcome.REFUSED):
        try:
            raise value
        finally:
            del value  # the traceback refers to this frame: without this the two would keep each other alive
    return value


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

    @classmethod
    def of(cls, pool: PoolLike, queued: int) -> Stall:
        """Describe ``pool``, in which nothing moves. Monitor held."""
        waits = list(pool.waits.values())
        cycle: list[Agent] = []
        for wait in waits:
            cycle = _cycle_from(wait.agent)
            if cycle:
                break
        return cls(tuple(str(agent.waiting) for agent in cycle), tuple(str(wait) for wait in waits), queued)


def _cycle_from(start: Agent) -> list[Agent]:
    """The cycle that ``start`` is in, or waits for; an empty list if it can go on."""
    path = _path_to_cycle(start)
    if not path:
        return []
    last = path[-1].waiting
    assert last is not None
    return path[min(path.index(needed) for needed in last.needs().everyone() if needed in path) :]


def _path_to_cycle(start: Agent) -> list[Agent]:
    """A cycle of blocked threads through ``start``, which is marked as waiting, or an empty list if it can go on.

    Where ``start`` only waits for those in a cycle, the way from it to them, and once around.
    """
    stuck = _stuck_with(start)
    if start not in stuck:
        return []
    # Breadth first, so that the cycle that is named is a shortest one.
    came_from: dict[Agent, Agent] = {}
    frontier = deque([start])
    while frontier:
        agent = frontier.popleft()
        assert agent.waiting is not None
        for needed in agent.waiting.needs().lacking(stuck):
            if needed is start:
                path = [agent]
                while path[-1] is not start:
                    path.append(came_from[path[-1]])
                return path[::-1]
            if needed not in came_from:
                came_from[needed] = agent
                frontier.append(needed)
    path = [start]
    while True:
        waiting = path[-1].waiting
        assert waiting is not None
        following = waiting.needs().lacking(stuck)[0]
        if following in path:
            return path
        path.append(following)


def _stuck_with(start: Agent) -> set[Agent]:
    """Of the threads that ``start`` depends on, those that cannot go on; itself among them if it cannot."""
    needs: dict[Agent, Needs] = {}
    moving: set[Agent] = set()
    reached = [start]
    while reached:
        agent = reached.pop()
        if agent in needs or agent in moving:
            continue
        if agent.waiting is None:
            moving.add(agent)
        else:
            needs[agent] = agent.waiting.needs()
            reached.extend(needs[agent].everyone())
    changed = True
    while changed and start in needs:
        freed = [agent for agent, need in needs.items() if need.met_by(moving)]
        changed = bool(freed)
        for agent in freed:
            del needs[agent]
            moving.add(agent)
    return set(needs)
