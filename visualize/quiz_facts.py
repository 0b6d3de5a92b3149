"""What questions are made of: a run's states at moments that can be named, its sentences, and steady chance.

A moment is a time at which nothing happens, between two events, written with as few digits as tell it apart: "at
2.5 ms" then has one meaning.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from taskpool.events import Event, EventKind
from visualize._cast import cast_of
from visualize._sentences import Narrator
from visualize._source import Source, source_of
from visualize._why import Explainer
from visualize._words import natural, short_name
from visualize.palette import shortened
from visualize.quiz_question import Hint
from visualize.state import State, States, ThreadState

__all__ = ["INSTANT", "Chance", "Facts", "Moment", "called", "name_between"]

T = TypeVar("T")

#: Events that are no further apart, in seconds, happen at the same time: sums of virtual times differ by less.
INSTANT = 1e-9

_LOOKS = 48
_NAME = 40

_DULL = frozenset(
    {
        EventKind.THREAD_IDLED,
        EventKind.THREAD_WOKE,
        EventKind.SERIALIZER_SCHEDULED,
        EventKind.SERIALIZER_RELEASED,
        EventKind.CONTROL_QUEUED,
        EventKind.CONTROL_RAN,
        EventKind.POOL_GREW,
        EventKind.POOL_SHRANK,
    }
)


class Chance:
    """Choices that are the same for the same seed on every Python: of `random`, only ``random()`` is promised to be.

    Args:
        seed: Any text.
    """

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)  # noqa: S311 - what a quiz asks is no secret

    def below(self, count: int) -> int:
        """A whole number from 0, below ``count``."""
        return int(self._random.random() * count)

    def draws(self, items: Sequence[T], most: int) -> Iterator[T]:
        """At most ``most`` of the items, each once, in a random order; costs what is drawn, not what there is."""
        moved: dict[int, int] = {}
        for count in range(min(most, len(items))):
            last = len(items) - 1 - count
            at = self.below(last + 1)
            yield items[moved.get(at, at)]
            moved[at] = moved.get(last, last)

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """The items in another order."""
        return list(self.draws(items, len(items)))

    def some(self, items: Sequence[T], count: int) -> list[T]:
        """At most ``count`` of the items, in their order."""
        return [items[index] for index in sorted(self.draws(range(len(items)), count))]


@dataclass(frozen=True, slots=True)
class Moment:
    """A time between events.

    Attributes:
        name: How it is called: ``2.5 ms``, or ``the end``.
        position: How many events have happened by then.
    """

    name: str
    position: int

    @property
    def at(self) -> str:
        """``At 2.5 ms``."""
        return f"At {self.name}"


class Facts:
    """A run, ready to be asked about.

    Args:
        run: A run, a trace, anything with a ``trace``, or events.

    Raises:
        TypeError: If there is no trace in it.
    """

    def __init__(self, run: Any) -> None:
        self.source: Source = source_of(run)
        self.states = States(self.source)
        self.events = self.states.events
        self.narrator = Narrator(self.events, self.states.known)
        cast = cast_of(self.events)
        #: The threads that pools have for tasks; a control queue's is not among them.
        self.staff = frozenset(name for name in cast.pool_of if cast.served.get(name) not in cast.controls)

    @cached_property
    def _gaps(self) -> list[int]:
        events = self.events
        return [at for at in range(1, len(events)) if events[at].time - events[at - 1].time > INSTANT]

    def moments(self, chance: Chance) -> list[Moment]:
        """Some moments of the run in a random order, the end among them."""
        found = [Moment("the end", len(self.events))]
        for at in chance.some(self._gaps, _LOOKS):
            name = name_between(self.events[at - 1].time, self.events[at].time)
            found.append(Moment(name, at))
        return chance.shuffled(found)

    def state(self, moment: Moment) -> State:
        """The state at a moment."""
        return self.states.before(moment.position)

    def workers(self, state: State) -> list[ThreadState]:
        """The threads that pools have for tasks, in the order in which people count."""
        threads = [thread for thread in state.threads.values() if thread.name in self.staff]
        threads = [thread for thread in threads if thread.life != "stopped"]
        return sorted(threads, key=lambda thread: natural(thread.name))

    def explain(self, moment: Moment, thread: str) -> str:
        """What a thread does at a moment, and why."""
        return Explainer(self.state(moment), self.narrator).explain(thread)

    def tell(self, at: int) -> str:
        """An event's sentence."""
        return self.narrator.tell(self.events[at])

    def dated(self, at: int) -> str:
        """An event's time and sentence: ``3.5 ms: p-0 starts task 3.``."""
        return f"{_milliseconds(self.events[at].time)} ms: {self.tell(at)}"

    def hint(self, at: int, before: str = "") -> Hint:
        """A hint that says where in the trace an event is, after something else; not what it is."""
        time = _milliseconds(self.events[at].time)
        return Hint(f"{before} Look at event {at}, at {time} ms.".strip(), self.events[at])

    @cached_property
    def worth_telling(self) -> list[int]:
        """The positions of the events that are no mere bookkeeping."""
        own = {
            event.task
            for event in self.events
            if event.kind is EventKind.TASK_PUSHED and (event.detail.get("turn") or event.detail.get("checkpoint"))
        }
        return [
            at for at, event in enumerate(self.events) if event.kind not in _DULL and not _of_the_pools_own(event, own)
        ]

    def happens_once(self, at: int) -> bool:
        """Whether nothing else in the run is told in the same words."""
        return self._tellings[_telling(self.events[at])] == 1

    @cached_property
    def _tellings(self) -> Counter[tuple[object, ...]]:
        return Counter(map(_telling, self.events))

    def last(self, position: int, thread: str = "", queue: str = "") -> int | None:
        """The last event before a position that is about a thread or a queue; the kinds that say most first."""
        dull = None
        for at in range(position - 1, -1, -1):
            event = self.events[at]
            if event.thread == thread or (queue and event.processor == queue):
                if event.kind not in _DULL:
                    return at
                dull = at if dull is None else dull
        return dull


def called(name: str) -> str:
    """A thread's or queue's name as it is shown."""
    return shortened(short_name(name), _NAME)


def name_between(low: float, high: float) -> str:
    """A time in seconds between two others, in milliseconds with as few digits as possible: ``2.5 ms``."""
    low, high = low * 1e3, high * 1e3
    for digits in range(12):
        scale = 10.0**digits
        least = math.floor(low * scale) + 1
        most = math.ceil(high * scale) - 1
        if least <= most:
            return f"{(least + most) // 2 / scale:,.{digits}f} ms"
    return f"{(low + high) / 2!r} ms"


def _telling(event: Event) -> tuple[object, ...]:
    """What events that are told in the same words have in common."""
    return event.kind, event.thread, event.processor, event.task


def _milliseconds(time: float) -> str:
    """To the microsecond, without needless zeros."""
    return f"{time * 1e3:,.3f}".rstrip("0").rstrip(".")


def _of_the_pools_own(event: Event, own: set[int | None]) -> bool:
    return event.task in own and event.kind not in (EventKind.WAIT_STARTED, EventKind.WAIT_ENDED)
