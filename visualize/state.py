"""Trace → the exact state before and after any event: stacks, queues, pauses, waits.

An index is made once, with a snapshot every so many events; a state is the nearest snapshot before it, replayed up to
it. All of it is pure: a `State` does not change, and any thread may ask.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

from taskpool.events import Event, EventKind
from visualize._callable import make_callable
from visualize._cast import cast_of
from visualize._replay import Origins, Replay, Snapshot
from visualize._source import source_of

__all__ = ["Running", "SerializerState", "State", "States", "ThreadState", "Waiting", "state"]

_SPACING = 8_192


@dataclass(frozen=True, slots=True)
class Running:
    """A task in progress.

    Attributes:
        task: Its number, or None.
        processor: The queue it came from.
        started: Position of the event with which it started.
        inline: Why it runs directly on its caller's thread (see `taskpool.events`), or empty.
        turn: The serializer whose turn it is, or empty where it is no turn.
    """

    task: int | None
    processor: str
    started: int
    inline: str
    turn: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A wait in progress.

    Attributes:
        reason: As in `taskpool.events`.
        on: The queue waited for.
        task: The task waited for, or None.
        since: Position of the event with which it began.
    """

    reason: str
    on: str
    task: int | None
    since: int


@dataclass(frozen=True, slots=True)
class ThreadState:
    """One thread.

    Attributes:
        name: Its name.
        pool: The pool it belongs to, or empty.
        life: ``started``, ``idled``, ``woke`` or ``stopped``: what a pool's thread did last; empty for others.
        stack: The tasks it is in, outermost first; each runs inside the one before.
        waiting: What it waits for, or None.
    """

    name: str
    pool: str
    life: str
    stack: tuple[Running, ...]
    waiting: Waiting | None

    @property
    def status(self) -> str:
        """``blocked``, ``running``, ``idle`` or ``stopped``."""
        if self.waiting is not None:
            return "blocked"
        if self.stack:
            return "running"
        return "stopped" if self.life == "stopped" else "idle"


@dataclass(frozen=True, slots=True)
class SerializerState:
    """One serializer.

    Attributes:
        name: Its name.
        executors: The threads that are in a task or a turn of it.
        turn: The task that gives it a turn, while that is queued or in progress, or None.
        turn_on: The queue that holds or held this turn, or empty.
        suspensions: How often it is suspended now.
        suspended_by: The threads that asked for it, in order.
        still: Whether it has become still since.
    """

    name: str
    executors: tuple[str, ...]
    turn: int | None
    turn_on: str
    suspensions: int
    suspended_by: tuple[str, ...]
    still: bool

    @property
    def status(self) -> str:
        """``suspended``, ``suspending``, ``executing``, ``scheduled`` or ``idle``."""
        if self.suspensions:
            return "suspended" if self.still else "suspending"
        if self.executors:
            return "executing"
        return "scheduled" if self.turn is not None else "idle"


class State:
    """The state of everything between two events. Made by `States`.

    Attributes:
        position: How many events have happened.
        time: When the last of them happened, in seconds of the run.
    """

    def __init__(self, index: States, replay: Replay) -> None:
        self._index, self._replay = index, replay
        self.position = replay.position
        events = index.events
        self.time = events[self.position - 1].time if self.position else index.start

    def __repr__(self) -> str:
        blocked = sum(thread.status == "blocked" for thread in self.threads.values())
        queued = sum(len(queue) for queue in self.queues.values())
        return f"<State after {self.position} events: {queued} tasks queued, {blocked} threads blocked>"

    @cached_property
    def threads(self) -> Mapping[str, ThreadState]:
        """Every thread that belongs to a pool, runs something or waits, by its name."""
        replay, events = self._replay, self._index.events
        names = dict.fromkeys([*replay.lives, *(name for name, stack in replay.stacks.items() if stack), *replay.waits])
        threads = {}
        for name in names:
            life = replay.lives.get(name)
            wait = replay.waits.get(name)
            threads[name] = ThreadState(
                name=name,
                pool=self._index.pool_of.get(name, ""),
                life="" if life is None else str(events[life].kind).removeprefix("thread_"),
                stack=tuple(self._running(at) for at in replay.stacks.get(name, ())),
                waiting=None if wait is None else _waiting(events[wait], wait),
            )
        return MappingProxyType(threads)

    @cached_property
    def queues(self) -> Mapping[str, tuple[int, ...]]:
        """The numbers of the queued tasks, next first, by the queue's name; queues that were never used are absent."""
        return MappingProxyType({name: tuple(queue) for name, queue in self._replay.queues.items()})

    @cached_property
    def serializers(self) -> Mapping[str, SerializerState]:
        """Every serializer that has appeared so far, by its name."""
        replay, index = self._replay, self._index
        executors: dict[str, dict[str, None]] = {}
        for thread in self.threads.values():
            for running in thread.stack:
                executors.setdefault(running.turn or running.processor, {})[thread.name] = None
        return MappingProxyType(
            {
                name: self._serializer(name, tuple(executors.get(name, ())))
                for name, first in index.serializers.items()
                if first < replay.position
            }
        )

    @property
    def pools(self) -> Mapping[str, int | None]:
        """The number of threads that each pool said it had, or None where it has not said."""
        return MappingProxyType({name: size for name, (_, size) in self._replay.pools.items()})

    @property
    def alerts(self) -> frozenset[str]:
        """The queues above their high water mark."""
        return frozenset(self._replay.alerts)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many tasks have ``finished``, ``failed``, been ``discarded``, ``inlined`` so far; the pool's own too."""
        return dict(zip(("finished", "failed", "discarded", "inlined"), self._replay.counts, strict=True))

    @property
    def events(self) -> tuple[Event, ...]:
        """The whole trace, also what happens after this state."""
        return self._index.events

    @property
    def known(self) -> Origins:
        """By task number, the position of the event that makes the task known: its push, or its run inline."""
        return self._index.known

    def origins(self) -> tuple[int, ...]:
        """The positions of the earlier events that made what is so now, in order: replaying them gives this state.

        Whatever has ended since has no part in them; only the counts of ended tasks are lost.
        """
        replay, known, starts = self._replay, self._index.known, self._index.starts
        running = [at for stack in replay.stacks.values() for at in stack]
        places = {at for queue in replay.queues.values() for at in queue.values()}
        places.update(running, replay.waits.values(), replay.turns.values(), replay.quiet.values())
        places.update(replay.lives.values(), (at for at, _ in replay.pools.values()))
        places.update(at for asked in replay.suspensions.values() for at in asked)
        places.update(known[task] for at in running if (task := self.events[at].task) is not None and task in known)
        places.update(starts[name] for name in (*replay.lives, *replay.pools) if name in starts)
        return tuple(sorted(places))

    def servers(self, queue: str) -> tuple[str, ...]:
        """The threads that have appeared so far and serve a queue."""
        return tuple(name for name in self.threads if self._index.served.get(name) == queue)

    def label(self, task: int | None) -> str:
        """A task's short name, or empty where its push is not in the trace."""
        return self._index.label(task)

    def event_of(self, task: int | None) -> Event | None:
        """The event that made a task known (its push, or the decision to run it inline), or None."""
        at = self._index.known.get(task) if task is not None else None
        return None if at is None else self._index.events[at]

    def queue_of(self, task: int) -> str:
        """The queue that a task is in now, or empty."""
        return next((name for name, queue in self._replay.queues.items() if task in queue), "")

    def thread_of(self, task: int) -> str:
        """The thread that a task runs on now, or empty."""
        for thread in self.threads.values():
            if any(running.task == task for running in thread.stack):
                return thread.name
        return ""

    def _running(self, at: int) -> Running:
        event = self._index.events[at]
        origin = self.event_of(event.task)
        inline = turn = ""
        if origin is not None:
            if origin.kind is EventKind.TASK_INLINED:
                inline = str(origin.detail.get("reason", ""))
            turn = str(origin.detail.get("turn") or "")
        return Running(event.task, event.processor or "", at, inline, turn)

    def _serializer(self, name: str, executors: tuple[str, ...]) -> SerializerState:
        replay, events = self._replay, self._index.events
        turn = replay.turns.get(name)
        asked = replay.suspensions.get(name, [])
        return SerializerState(
            name=name,
            executors=executors,
            turn=None if turn is None else events[turn].task,
            turn_on="" if turn is None else str(events[turn].detail.get("on", "")),
            suspensions=len(asked),
            suspended_by=tuple(events[at].thread for at in asked),
            still=name in replay.quiet,
        )


class States:
    """A trace's states, by position and by time.

    Making it reads the trace once; each `before` and `after` replays a few thousand events at most.

    Args:
        what: A run, a trace, anything with a ``trace``, or events.

    Raises:
        TypeError: If there is no trace in it.
    """

    def __init__(self, what: Any) -> None:
        source = source_of(what)
        self.events = tuple(source.events)
        self.start = source.start
        cast = cast_of(self.events)
        self.serializers, self.starts = cast.serializers, cast.starts
        self.pool_of, self.served = cast.pool_of, cast.served
        self.known: Origins = {}
        self._snapshots: list[Snapshot] = []
        replay = Replay()
        for start in range(0, max(1, len(self.events)), _SPACING):
            self._snapshots.append(replay.snapshot())
            replay.run(self.events, min(start + _SPACING, len(self.events)), self.known)

    def __len__(self) -> int:
        """The number of events; there is one state more."""
        return len(self.events)

    def before(self, position: int) -> State:
        """The state just before the event at ``position``, from 0; ``len(states)`` stands for the end.

        Raises:
            IndexError: If there is no such event.
        """
        if not 0 <= position <= len(self.events):
            raise IndexError(f"event {position}: the trace has events 0 to {len(self.events) - 1}")
        snapshot = self._snapshots[min(position // _SPACING, len(self._snapshots) - 1)]
        replay = Replay.restored(snapshot, self.events, self.known)
        replay.run(self.events, position)
        return State(self, replay)

    def after(self, position: int) -> State:
        """The state just after the event at ``position``, from 0.

        Raises:
            IndexError: If there is no such event.
        """
        if not 0 <= position < len(self.events):
            raise IndexError(f"event {position}: the trace has events 0 to {len(self.events) - 1}")
        return self.before(position + 1)

    def at(self, time: float) -> State:
        """The state after everything that happened up to ``time``, in seconds of the run."""
        return self.before(bisect_right(self.events, time, key=lambda event: event.time))

    @property
    def end(self) -> State:
        """The state after the last event."""
        return self.before(len(self.events))

    def label(self, task: int | None) -> str:
        """A task's short name, or empty where its push is not in the trace."""
        at = self.known.get(task) if task is not None else None
        return "" if at is None else str(self.events[at].detail.get("label", ""))


def _waiting(event: Event, at: int) -> Waiting:
    return Waiting(str(event.detail.get("reason", "")), event.processor or "", event.task, at)


def state(what: Any, at: float | None = None) -> State:
    """The state of a run at a time; for many looks at one run, make one `States`.

    Args:
        what: A run, a trace, anything with a ``trace``, or events.
        at: Seconds of the run; None for the end.

    Raises:
        TypeError: If there is no trace in ``what``.
    """
    states = States(what)
    return states.end if at is None else states.at(at)


make_callable(__name__, state)
