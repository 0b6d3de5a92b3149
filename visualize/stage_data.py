"""Runs → the compact data that the player draws from: columns of small numbers, with every text sent once.

The player in the browser computes all states itself, from the same events. What is sent is bounded: of longer runs a
stretch is taken, and before it the few earlier events that made what was still so when it began. Replaying those
gives the state there, so that nothing in the browser needs to know that anything is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from taskpool.events import Event, EventKind
from visualize._cast import Cast, cast_of
from visualize._replay import Origins, Replay
from visualize._source import Source
from visualize._words import short_name
from visualize.narrate import ending
from visualize.palette import POOL, Style, cleaned, shortened, styles_of

__all__ = ["EVENT_LIMIT", "stage_data"]

#: How many events are sent for all runs of one player together.
EVENT_LIMIT = 200_000

_TEXT = 160
_KINDS = list(EventKind)
_NUMBER = {kind: number for number, kind in enumerate(_KINDS)}
_DEPTHS = frozenset({EventKind.HIGH_WATER_REACHED, EventKind.LOW_WATER_CLEARED})


class _Table:
    """Values by number; each is kept once."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._numbers: dict[Any, int] = {}

    def number(self, key: Any, value: Any) -> int:
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.values)
            self.values.append(value)
        return number


def stage_data(
    sources: Sequence[Source],
    titles: Sequence[str],
    subtitles: Sequence[str],
    *,
    between: tuple[float, float] | None = None,
    limit: int = EVENT_LIMIT,
) -> dict[str, Any]:
    """Everything that the player needs to know of these runs, in JSON's types; the same for the same events.

    Args:
        sources: The runs, from left to right.
        titles: What each is called.
        subtitles: A line below each title.
        between: From when to when, in seconds of the run; None for everything.
        limit: How many events are sent at most, for all runs together.
    """
    texts = _Table()
    share = max(1, limit // max(1, len(sources)))
    casts = [cast_of(source.events) for source in sources]
    styles = styles_of(name for cast in casts for name in cast.serializers)
    numbers = {name: number for number, name in enumerate(styles)}
    runs = []
    for source, cast, title, subtitle in zip(sources, casts, titles, subtitles, strict=True):
        events, before, skipped = _stretch(source, between, share)
        runs.append(
            {
                "title": cleaned(title),
                "subtitle": cleaned(subtitle),
                "design": cleaned(source.design),
                "outcome": source.outcome,
                "reason": cleaned(ending(source)),
                "dropped": source.dropped,
                "before": before,
                "skipped": skipped,
                "total": len(source.events),
                "start": source.start,
                **_columns(events, source.start, cast, texts, numbers),
            }
        )
    return {
        "kinds": [str(kind) for kind in _KINDS],
        "texts": texts.values,
        "styles": [_style(style) for style in (*styles.values(), POOL)],
        "runs": runs,
    }


def _style(style: Style) -> dict[str, str]:
    return {"colour": style.colour, "edge": style.edge, "ink": style.ink, "pattern": style.pattern}


def _stretch(source: Source, between: tuple[float, float] | None, share: int) -> tuple[list[Event], int, int]:
    """The events to send, how many of them come from before the stretch, and how many were left out before it."""
    events = source.events
    first, last = 0, len(events)
    if between is not None:
        low, high = source.start + between[0], source.start + between[1]
        first = next((at for at, event in enumerate(events) if event.time >= low), last)
        last = next((at for at in range(first, last) if events[at].time > high), last)
    last = min(last, first + share)
    if first == 0:
        return list(events[:last]), 0, 0
    kept = _still_so(events, first)
    return [*(events[at] for at in kept), *events[first:last]], len(kept), first - len(kept)


def _still_so(events: Sequence[Event], stop: int) -> list[int]:
    """Positions of the events before ``stop`` that made what is still so there; replayed alone they give that state."""
    replay = Replay()
    origins: Origins = {}
    replay.run(events, stop, origins)
    kept: set[int] = {*replay.lives.values(), *replay.waits.values(), *replay.turns.values(), *replay.quiet.values()}
    kept.update(at for queue in replay.queues.values() for at in queue.values())
    kept.update(at for asked in replay.suspensions.values() for at in asked)
    kept.update(at for at, _ in replay.pools.values())
    for stack in replay.stacks.values():
        kept.update(stack)
        kept.update(origins[task] for at in stack if (task := events[at].task) in origins)
    alerts = dict.fromkeys(replay.alerts, -1)
    for at in range(stop):
        if events[at].kind is EventKind.HIGH_WATER_REACHED and events[at].processor in alerts:
            alerts[events[at].processor or ""] = at
    return sorted(kept | set(alerts.values()))


def _columns(
    events: Sequence[Event], start: float, cast: Cast, texts: _Table, styles: Mapping[str, int]
) -> dict[str, Any]:
    threads, queues, details = _Table(), _Table(), _Table()
    details.number((), {})
    columns: dict[str, list[int]] = {
        name: [] for name in ("time", "kind", "thread", "queue", "task", "parent", "label", "detail")
    }
    add = [column.append for column in columns.values()]
    now = 0
    for event in events:
        time = round((event.time - start) * 1e9)
        label, detail = -1, 0
        if event.detail:
            told = event.detail.get("label")
            if told is not None:
                label = texts.number(told, shortened(str(told), _TEXT))
            detail = _detail(event, details, queues)
        queue = event.processor
        row = (
            time - now,
            _NUMBER[event.kind],
            threads.number(event.thread, event.thread),
            -1 if queue is None else queues.number(queue, queue),
            -1 if event.task is None else event.task,
            -1 if event.parent is None else event.parent,
            label,
            detail,
        )
        for append, value in zip(add, row, strict=True):
            append(value)
        now = time
    for thread in threads.values:
        if thread in cast.served:
            queues.number(cast.served[thread], cast.served[thread])
    return {
        "columns": columns,
        "details": details.values,
        "threads": list(_threads(threads.values, events, cast, queues)),
        "queues": list(_queues(queues.values, events, cast, styles)),
    }


def _detail(event: Event, details: _Table, queues: _Table) -> int:
    """The number of an event's facts, without what is sent elsewhere; queues stand in them by their numbers."""
    facts = dict(event.detail)
    facts.pop("label", None)
    facts.pop("pool", None)
    if event.kind not in _DEPTHS:
        facts.pop("depth", None)
    for key in ("turn", "on"):
        if key in facts:
            facts[key] = queues.number(str(facts[key]), str(facts[key]))
    try:
        return details.number(tuple(facts.items()), facts)
    except TypeError:
        return details.number(repr(facts), _plain(facts))


def _plain(value: Any) -> Any:
    """``value`` in JSON's types, whatever it was."""
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def _threads(names: Sequence[str], events: Iterable[Event], cast: Cast, queues: _Table) -> Iterator[dict[str, Any]]:
    slots = _slots(names, events, cast)
    for name in names:
        served = cast.served.get(name)
        if served in cast.controls:
            role = "control"
        elif name in cast.workers:
            role = "pool"
        else:
            role = "outside"
        yield {
            "name": cleaned(name),
            "short": shortened(short_name(name), 60),
            "role": role,
            "queue": -1 if served is None else queues.number(served, served),
            "slot": slots.get(name, -1),
        }


def _slots(names: Sequence[str], events: Iterable[Event], cast: Cast) -> dict[str, int]:
    """A place on the stage for each of the pools' threads; one that has stopped leaves it to the next that starts."""
    slots: dict[str, int] = {}
    free: list[int] = []
    used = 0
    workers = {name for name in names if name in cast.workers and cast.served.get(name) not in cast.controls}
    for event in events:
        name = event.thread
        if name not in workers:
            continue
        if name not in slots:
            if free:
                slots[name] = free.pop(0)
            else:
                slots[name] = used
                used += 1
        if event.kind is EventKind.THREAD_STOPPED:
            free = sorted([*free, slots[name]])
    return slots


def _queues(
    names: Sequence[str], events: Iterable[Event], cast: Cast, styles: Mapping[str, int]
) -> Iterator[dict[str, Any]]:
    weights = _weights(events, cast)
    for name in names:
        if name in cast.serializers:
            role = "serializer"
        elif name in cast.controls:
            role = "control"
        else:
            role = "pool"
        yield {
            "name": cleaned(name),
            "short": shortened(short_name(name), 60),
            "role": role,
            "weight": weights.get(name, 0),
            "style": styles.get(name, len(styles)),
        }


def _weights(events: Iterable[Event], cast: Cast) -> dict[str, int]:
    """How much there is to see of each serializer: who is paused or waited for keeps its row when room is short."""
    weights: dict[str, int] = {}
    for event in events:
        name = event.processor
        if name in cast.serializers:
            weights[name] = weights.get(name, 0) + _WEIGHTS.get(event.kind, 0)
    return weights


_WEIGHTS = {
    EventKind.TASK_PUSHED: 1,
    EventKind.TASK_INLINED: 3,
    EventKind.TASK_FAILED: 3,
    EventKind.WAIT_STARTED: 20,
    EventKind.SERIALIZER_SUSPENDING: 1000,
}
