"""The state of everything at one place of a trace, kept as positions of the events that made it so.

What a task is called or why a thread waits is not copied: it stands in the event at that position. So the state is a
few small dictionaries, an event changes one or two of them, and a snapshot of it is cheap.
"""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from typing import Any

from taskpool.events import Event, EventKind
from visualize._queue import LazyQueue

__all__ = ["Origins", "Replay", "Snapshot"]

#: By task number, the position of the event that made the task known: its push, or the decision to run it inline.
Origins = dict[int, int]

#: A replay's state in immutable form; see `Replay.snapshot`.
Snapshot = tuple[Any, ...]


class Replay:
    """A state that goes forward through the events.

    Attributes:
        position: How many events have been applied.
        queues: For each queue its tasks, next first, each with the position of its push.
        stacks: For each thread the positions of the starts of the tasks it is in, outermost first.
        waits: For each waiting thread the position of the wait's start.
        turns: For each serializer whose turn is queued or in progress, the position at which it was scheduled.
        tokens: The same the other way round: by the number of the task that gives a turn, the serializer.
        suspensions: For each suspended serializer the positions at which somebody asked for it.
        quiet: For each serializer that is really still, the position at which it came to be so.
        lives: For each thread of a pool the position at which it last started, stopped, woke or went to sleep.
        pools: For each pool the position of its last event, and its number of threads where that is told.
        alerts: The queues above their high water mark.
        counts: How many tasks have finished, failed, been discarded, run inline so far.
    """

    __slots__ = (
        "alerts",
        "counts",
        "lives",
        "pools",
        "position",
        "queues",
        "quiet",
        "stacks",
        "suspensions",
        "tokens",
        "turns",
        "waits",
    )

    def __init__(self) -> None:
        self.position = 0
        self.queues: dict[str, MutableMapping[int, int]] = {}
        self.stacks: dict[str, list[int]] = {}
        self.waits: dict[str, int] = {}
        self.turns: dict[str, int] = {}
        self.tokens: dict[int, str] = {}
        self.suspensions: dict[str, list[int]] = {}
        self.quiet: dict[str, int] = {}
        self.lives: dict[str, int] = {}
        self.pools: dict[str, tuple[int, int | None]] = {}
        self.alerts: set[str] = set()
        self.counts = [0, 0, 0, 0]

    def run(self, events: Sequence[Event], stop: int, origins: Origins | None = None) -> None:
        """Apply the events from ``position`` up to, not including, ``stop``.

        Args:
            events: The whole trace.
            stop: How many events will have been applied afterwards.
            origins: Filled with the tasks that become known, if given.
        """
        queues, stacks, waits, lives, counts = self.queues, self.stacks, self.waits, self.lives, self.counts
        tokens = self.tokens
        index = self.position - 1
        for event in events[self.position : stop]:
            index += 1
            kind = event.kind
            # The most frequent kinds first: this loop is the cost of every look at a state.
            if kind is _STARTED:
                queue = queues.get(event.processor)  # type: ignore[arg-type]
                if queue is not None:
                    queue.pop(event.task, None)  # type: ignore[arg-type]
                stack = stacks.get(event.thread)
                if stack is None:
                    stacks[event.thread] = [index]
                else:
                    stack.append(index)
            elif kind is _FINISHED:
                stack = stacks.get(event.thread)
                if stack:
                    stack.pop()
                counts[0] += 1
                if event.task in tokens:
                    self._end_turn(event.task)
            elif kind is _PUSHED or kind is _CONTROL_QUEUED:
                queue = queues.get(event.processor)  # type: ignore[arg-type]
                if queue is None:
                    queue = queues[event.processor] = {}  # type: ignore[index]
                queue[event.task] = index  # type: ignore[index]
                if origins is not None:
                    origins[event.task] = index  # type: ignore[index]
            elif kind is _WOKE or kind is _IDLED or kind is _THREAD_STARTED or kind is _THREAD_STOPPED:
                lives[event.thread] = index
            elif kind is _WAIT_STARTED:
                waits[event.thread] = index
            elif kind is _WAIT_ENDED:
                waits.pop(event.thread, None)
                if event.detail.get("reason") == "suspend" and event.detail.get("outcome") != "done":
                    self._withdraw(events, event, event.processor or "")
            elif kind is _SCHEDULED:
                self._schedule(events, index, event)
            elif kind is _RELEASED:
                self._end_turn(event.task)
            elif kind is _INLINED:
                counts[3] += 1
                if origins is not None:
                    origins[event.task] = index  # type: ignore[index]
            elif kind is _CONTROL_RAN:
                queue = queues.get(event.processor)  # type: ignore[arg-type]
                if queue is not None:
                    queue.pop(event.task, None)  # type: ignore[arg-type]
            else:
                self._apply(events, index, event)
        self.position = index + 1

    def _apply(self, events: Sequence[Event], index: int, event: Event) -> None:
        """The rarer kinds."""
        kind, name = event.kind, event.processor or ""
        if kind is EventKind.TASK_FAILED:
            stack = self.stacks.get(event.thread)
            if stack:
                stack.pop()
            self.counts[1] += 1
            self._end_turn(event.task)
        elif kind is EventKind.TASK_DISCARDED:
            queue = self.queues.get(name)
            if queue is not None and event.task is not None:
                queue.pop(event.task, None)
            self.counts[2] += 1
            self._end_turn(event.task)
        elif kind is EventKind.SERIALIZER_SUSPENDING:
            self.suspensions.setdefault(name, []).append(index)
        elif kind is EventKind.SERIALIZER_SUSPENDED:
            # A serializer with nothing to do is still at once, and nobody says before that it shall be.
            self.quiet[name] = index
            asked = self.suspensions.setdefault(name, [])
            if len(asked) < int(event.detail.get("count", 1)):
                asked.append(index)
        elif kind is EventKind.SERIALIZER_UNSUSPENDED:
            self._unsuspend(events, event, name)
        elif kind is EventKind.HIGH_WATER_REACHED:
            self.alerts.add(name)
        elif kind is EventKind.LOW_WATER_CLEARED:
            self.alerts.discard(name)
        elif kind in _POOLS:
            size = event.detail.get("size")
            before = self.pools.get(name, (index, None))[1]
            self.pools[name] = (index, size if isinstance(size, int) else before)

    def _schedule(self, events: Sequence[Event], index: int, event: Event) -> None:
        """A serializer has a turn coming; one that it had before is void, whenever its task ends."""
        name = event.processor or ""
        before = self.turns.get(name)
        if before is not None:
            self.tokens.pop(events[before].task, None)  # type: ignore[arg-type]
        self.turns[name] = index
        self.tokens[event.task] = name  # type: ignore[index]

    def _end_turn(self, task: int | None) -> None:
        """A task has ended or given its serializer up; a void turn's task ends without a release."""
        name = self.tokens.pop(task, None)  # type: ignore[arg-type]
        if name is not None:
            del self.turns[name]

    def _unsuspend(self, events: Sequence[Event], event: Event, name: str) -> None:
        asked = self.suspensions.get(name, [])
        if int(event.detail.get("count", 0)) == 0 or len(asked) < 2:
            self.suspensions.pop(name, None)
            self.quiet.pop(name, None)
        else:
            self._withdraw(events, event, name)

    def _withdraw(self, events: Sequence[Event], event: Event, name: str) -> None:
        """Take back one of several suspensions: the thread's own, or else the oldest."""
        asked = self.suspensions.get(name, [])
        if asked:
            mine = [at for at in asked if events[at].thread == event.thread]
            asked.remove(mine[-1] if mine else asked[0])
        if not asked:
            self.suspensions.pop(name, None)

    def snapshot(self) -> Snapshot:
        """The state, to be brought back with `restored`. Queues are kept as bare task numbers."""
        return (
            self.position,
            {name: tuple(queue) for name, queue in self.queues.items() if queue},
            {thread: tuple(stack) for thread, stack in self.stacks.items() if stack},
            dict(self.waits),
            dict(self.turns),
            {name: tuple(asked) for name, asked in self.suspensions.items()},
            dict(self.quiet),
            dict(self.lives),
            dict(self.pools),
            frozenset(self.alerts),
            tuple(self.counts),
        )

    @classmethod
    def restored(cls, snapshot: Snapshot, events: Sequence[Event], known: Origins) -> Replay:
        """A replay that goes on where the snapshot was taken.

        Args:
            snapshot: What it begins with.
            events: The whole trace.
            known: The positions of the events that made its tasks known.
        """
        replay = cls()
        position, queues, stacks, waits, turns, suspensions, quiet, lives, pools, alerts, counts = snapshot
        replay.position = position
        replay.queues = {name: LazyQueue(queue, known) for name, queue in queues.items()}
        replay.stacks = {thread: list(stack) for thread, stack in stacks.items()}
        replay.waits, replay.turns = dict(waits), dict(turns)
        replay.tokens = {events[at].task: name for name, at in turns.items()}
        replay.suspensions = {name: list(asked) for name, asked in suspensions.items()}
        replay.quiet, replay.lives, replay.pools = dict(quiet), dict(lives), dict(pools)
        replay.alerts, replay.counts = set(alerts), list(counts)
        return replay


_STARTED = EventKind.TASK_STARTED
_FINISHED = EventKind.TASK_FINISHED
_PUSHED = EventKind.TASK_PUSHED
_CONTROL_QUEUED = EventKind.CONTROL_QUEUED
_CONTROL_RAN = EventKind.CONTROL_RAN
_WOKE = EventKind.THREAD_WOKE
_IDLED = EventKind.THREAD_IDLED
_THREAD_STARTED = EventKind.THREAD_STARTED
_THREAD_STOPPED = EventKind.THREAD_STOPPED
_WAIT_STARTED = EventKind.WAIT_STARTED
_WAIT_ENDED = EventKind.WAIT_ENDED
_SCHEDULED = EventKind.SERIALIZER_SCHEDULED
_RELEASED = EventKind.SERIALIZER_RELEASED
_INLINED = EventKind.TASK_INLINED
_POOLS = frozenset({EventKind.POOL_CREATED, EventKind.POOL_GREW, EventKind.POOL_SHRANK, EventKind.POOL_SHUT_DOWN})
