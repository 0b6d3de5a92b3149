"""What a running pool has recorded, read bit by bit: the newest state, what has been counted, what was just said.

Events whose effect has ended are forgotten from time to time, so that a panel over a pool that runs for days holds a
few thousand events: those that made what is so now. What they were counted for stays counted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from taskpool.events import Event, EventKind
from visualize._sentences import Narrator
from visualize._words import seconds
from visualize.state import State, States

__all__ = ["Feed", "Line", "RecorderLike"]

_KEPT = 4_096
_TOLD = 40

_SILENT = frozenset(
    {
        EventKind.THREAD_IDLED,
        EventKind.THREAD_WOKE,
        EventKind.SERIALIZER_SCHEDULED,
        EventKind.SERIALIZER_RELEASED,
        EventKind.CONTROL_QUEUED,
        EventKind.CONTROL_RAN,
    }
)
_WAITS = frozenset({EventKind.WAIT_STARTED, EventKind.WAIT_ENDED})
_ENDS = {
    EventKind.TASK_FINISHED: "done",
    EventKind.TASK_FAILED: "failed",
    EventKind.TASK_DISCARDED: "discarded",
}


class RecorderLike(Protocol):
    """What is asked of a recorder."""

    def since(self, seq: int) -> Sequence[Event]: ...


@dataclass(frozen=True, slots=True)
class Line:
    """Something that was said.

    Attributes:
        number: Counts up; no two lines of one panel have the same.
        kind: ``told`` (an event's sentence), ``failed`` (one that tells a failure), ``out`` or ``error`` (a worker's
            output), ``panel`` (the panel itself).
        head: When or who.
        text: What.
    """

    number: int
    kind: str
    head: str
    text: str


class Feed:
    """Reads a recorder. Not for several threads at once.

    Args:
        recorder: Whose events.

    Attributes:
        state: The newest state known.
        counts: Learners' tasks that are ``done``, ``failed``, ``discarded``, ``inlined``; the pool's own are left out.
        missed: Events that the recorder dropped before they were read.
        told: The newest sentences, the oldest first.
        failures: The newest sentences about failures, the oldest first.
    """

    def __init__(self, recorder: RecorderLike) -> None:
        self._recorder = recorder
        self._next = 0
        self._events: list[Event] = []
        self._limit = _KEPT
        self._own: set[int] = set()
        self._numbers = 0
        self.counts = {"done": 0, "failed": 0, "discarded": 0, "inlined": 0}
        self.missed = 0
        self.told: deque[Line] = deque(maxlen=_TOLD)
        self.failures: deque[Line] = deque(maxlen=_TOLD)
        self.state: State = States([]).end

    def read(self) -> bool:
        """Take in what is new; whether anything is."""
        new = self._recorder.since(self._next)
        if not new:
            return False
        if self._next or self._events:
            self.missed += new[0].seq - self._next
        self._next = new[-1].seq + 1
        self._events.extend(new)
        states = States(self._events)
        self._tell(self._count(new), Narrator(states.events, states.known))
        if len(self._events) > self._limit:
            self._events = [self._events[at] for at in states.end.origins()]
            self._limit = max(_KEPT, 2 * len(self._events))
            states = States(self._events)
        self.state = states.end
        return True

    def line(self, kind: str, head: str, text: str) -> Line:
        """A line with the next number."""
        self._numbers += 1
        return Line(self._numbers, kind, head, text)

    def _count(self, new: Sequence[Event]) -> Sequence[Event]:
        """Count the learners' tasks; the newest events that are worth a sentence."""
        worth: deque[Event] = deque(maxlen=_TOLD)
        for event in new:
            own = event.task in self._own
            if event.kind is EventKind.TASK_PUSHED and (event.detail.get("turn") or event.detail.get("checkpoint")):
                own = True
                if event.task is not None:
                    self._own.add(event.task)
            elif event.kind is EventKind.TASK_INLINED:
                self.counts["inlined"] += 1
            elif event.kind in _ENDS:
                if own and event.task is not None:
                    self._own.discard(event.task)
                else:
                    self.counts[_ENDS[event.kind]] += 1
            if event.kind in _WAITS or not (own or event.kind in _SILENT):
                worth.append(event)
        return worth

    def _tell(self, worth: Sequence[Event], narrator: Narrator) -> None:
        for event in worth:
            failed = event.kind is EventKind.TASK_FAILED
            line = self.line("failed" if failed else "told", seconds(event.time), narrator.tell(event))
            self.told.append(line)
            if failed:
                self.failures.append(line)
