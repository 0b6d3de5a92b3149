"""Where two runs of one program first differ in what matters: one waits, fails or runs inline, and the other does not.

Runs are compared by what they do, not by when: a thing that happens in one of them more often than in the other makes
the difference, at the moment when it happens there. Where all of that is equal, the order in which tasks start decides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from taskpool.events import Event, EventKind
from visualize._cast import Cast, cast_of
from visualize._sentences import Narrator
from visualize._source import Source

__all__ = ["Divergence", "first_divergence"]

_Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first difference between two runs.

    Attributes:
        run: Which of them does something that the other does not: 0 or 1.
        position: The position of that event in its trace.
        sentence: What it is.
    """

    run: int
    position: int
    sentence: str


def first_divergence(one: Source, other: Source) -> Divergence | None:
    """Find the first difference, by the time since each run's start; None if they do the same in the same order.

    Args:
        one: A run.
        other: The run to compare it with.
    """
    runs = [one, other]
    casts = [cast_of(run.events) for run in runs]
    kept = [_Labels(run.events) for run in runs]
    marks = [list(_marks(run.events, cast, labels)) for run, cast, labels in zip(runs, casts, kept, strict=True)]
    counts = [Counter(key for _, key in found) for found in marks]
    found = []
    for run, mine in enumerate(marks):
        spare = counts[1 - run].copy()
        for position, key in mine:
            if spare[key]:
                spare[key] -= 1
            else:
                found.append((runs[run].events[position].time - runs[run].start, run, position))
                break
    if found:
        _, run, position = min(found)
        return Divergence(run, position, Narrator(runs[run].events).tell(runs[run].events[position]))
    return _other_order(runs, casts, kept)


class _Labels:
    """What tasks are called, and which are the pools' own."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.names: dict[int, str] = {}
        self.own: set[int] = set()
        for event in events:
            if event.task is not None and event.detail and "label" in event.detail:
                self.names.setdefault(event.task, str(event.detail["label"]))
                if event.detail.get("turn") or event.detail.get("checkpoint"):
                    self.own.add(event.task)

    def of(self, task: int | None) -> str:
        return "" if task is None or task in self.own else self.names.get(task, "")


def _marks(events: Sequence[Event], cast: Cast, labels: _Labels) -> Iterator[tuple[int, _Key]]:
    """What matters, in order: its position and what it is, in words that hold for every design."""
    pushed = False
    for position, event in enumerate(events):
        kind = event.kind
        where = event.processor if event.processor in cast.serializers else "the pool"
        pushed = pushed or kind is EventKind.TASK_PUSHED
        if kind is EventKind.WAIT_STARTED:
            yield position, (kind, str(where), str(event.detail.get("reason")), labels.of(event.task))
        elif kind in _TASKS and event.task not in labels.own:
            yield position, (kind, str(where), labels.of(event.task))
        elif kind is EventKind.POOL_GREW and pushed:
            yield position, (kind,)


_TASKS = frozenset({EventKind.TASK_INLINED, EventKind.TASK_FINISHED, EventKind.TASK_FAILED, EventKind.TASK_DISCARDED})


def _other_order(runs: Sequence[Source], casts: Sequence[Cast], kept: Sequence[_Labels]) -> Divergence | None:
    orders: list[list[tuple[int, _Key]]] = []
    for run, cast, labels in zip(runs, casts, kept, strict=True):
        started = [
            (position, event)
            for position, event in enumerate(run.events)
            if event.kind is EventKind.TASK_STARTED and event.task not in labels.own
        ]
        orders.append(
            [
                (position, (labels.of(event.task), str(event.processor) if event.processor in cast.serializers else ""))
                for position, event in started
            ]
        )
    for (mine, key), (theirs, other) in zip(*orders, strict=False):
        if key != other:
            number = 0 if runs[0].events[mine].time <= runs[1].events[theirs].time else 1
            position = (mine, theirs)[number]
            events = runs[number].events
            return Divergence(number, position, Narrator(events).tell(events[position]))
    return None
