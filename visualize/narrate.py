"""What happened, told: one plain sentence for each event, and why a thread waits.

``narrate(run)`` gives the sentences as a sequence that shows itself as text; ``narrate.why(run, thread)`` answers why a
thread waits, who could end that, and whether anybody can. Neither needs Jupyter.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any, overload

from taskpool.events import Event, EventKind
from visualize._callable import make_callable
from visualize._sentences import Narrator
from visualize._source import source_of
from visualize._why import Explainer
from visualize._words import amount, short_name, time_column
from visualize.palette import escaped
from visualize.state import State, States

__all__ = ["Answer", "Narration", "blocked", "ending", "highlights", "narrate", "why"]

#: What is left out first where not everything can be told, and what is left out next.
_BOOKKEEPING = frozenset(
    {
        EventKind.THREAD_IDLED,
        EventKind.THREAD_WOKE,
        EventKind.SERIALIZER_SCHEDULED,
        EventKind.SERIALIZER_RELEASED,
        EventKind.CONTROL_QUEUED,
        EventKind.CONTROL_RAN,
    }
)
_WORK = frozenset({EventKind.TASK_PUSHED, EventKind.TASK_STARTED, EventKind.TASK_FINISHED})


_WRAPPED = "font-family:monospace;white-space:pre-wrap;word-break:normal;overflow-wrap:break-word"


class Answer(str):
    """A text that a notebook shows as prose and a terminal without quotes; otherwise a string."""

    __slots__ = ()

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, str]:
        plain = "\n".join(textwrap.wrap(self, 100, break_on_hyphens=False, break_long_words=False))
        return {"text/plain": plain, "text/html": f"<p>{escaped(self)}</p>"}


class Narration(Sequence[str]):
    """One sentence for each event, in order; made when it is asked for.

    Args:
        events: The trace.
        most: How many sentences are shown at most where the whole is shown; the rest is counted.
    """

    def __init__(self, events: Sequence[Event], most: int = 60) -> None:
        self._events, self._most = events, most
        self._narrator = Narrator(events)

    def __len__(self) -> int:
        return len(self._events)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self._narrator.tell(event) for event in self._events[index]]
        return self._narrator.tell(self._events[index])

    def __iter__(self) -> Iterator[str]:
        return map(self._narrator.tell, self._events)

    def __repr__(self) -> str:
        return "\n".join(self.lines(self._most)) or "Nothing happened."

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, str]:
        text = repr(self)
        markup = "\n".join(map(escaped, text.split("\n")))
        return {"text/plain": text, "text/html": f"<pre style='{_WRAPPED}'>{markup}</pre>"}

    def lines(self, most: int) -> list[str]:
        """The sentences with their times; at most ``most``, the others counted where they were left out."""
        chosen = highlights(self._events, most)
        times = time_column([self._events[index].time for index in chosen])
        lines, expected = [], 0
        for index, time in zip(chosen, times, strict=True):
            if index > expected:
                lines.append(f"{'':{len(time)}}  … {amount(index - expected, 'event')} …")
            lines.append(f"{time}  {self._narrator.tell(self._events[index])}")
            expected = index + 1
        if expected < len(self._events):
            width = len(times[0]) if times else 0
            lines.append(f"{'':{width}}  … {amount(len(self._events) - expected, 'event')} …")
        return lines


def highlights(events: Sequence[Event], most: int) -> list[int]:
    """The positions of the events that tell most, in order.

    Args:
        events: A trace.
        most: How many; all of them if there are no more than that.
    """
    if len(events) <= most:
        return list(range(len(events)))
    seen: set[EventKind] = set()
    ranked: list[tuple[int, int]] = []
    for index, event in enumerate(events):
        kind = event.kind
        rank = 0 if kind not in seen else 2 if kind in _BOOKKEEPING else 1 if kind in _WORK else 0
        seen.add(kind)
        ranked.append((rank, index))
    telling = [index for rank, index in ranked if rank == 0]
    if len(telling) > most:
        tail = most // 2
        return telling[: most - tail] + telling[len(telling) - tail :]
    return sorted(index for _, index in sorted(ranked)[:most])


def narrate(run: Any, *, most: int = 60) -> Narration:
    """Tell a run, one sentence for each event. Does not block; any thread.

    Args:
        run: A run of a scenario, a trace, anything with a ``trace``, or events.
        most: How many sentences are shown at most; all of them are in the sequence.

    Raises:
        TypeError: If there is no trace in ``run``.
    """
    return Narration(source_of(run).events, most)


def why(run: Any, thread: str, at: float | None = None) -> Answer:
    """Why a thread waits, who could end that, and whether anybody can.

    Args:
        run: A run, a trace, anything with a ``trace``, events, or a `State`, whose moment is meant.
        thread: The thread's name, in full or as pictures show it (``pjsip-0``).
        at: Seconds of the run; None for the end.

    Raises:
        TypeError: If there is no trace in ``run``.
        ValueError: If no thread of that name appears in the trace.
    """
    explainer = _explainer(run, at)
    return Answer(explainer.explain(_full_name(explainer.state, thread)))


def blocked(run: Any, at: float | None = None) -> list[str]:
    """For each blocked thread a line that says what it waits for and how things stand with that; pools' threads first.

    Args:
        run: As for `why`.
        at: Seconds of the run; None for the end.
    """
    return _explainer(run, at).summary()


def ending(run: Any) -> str:
    """How a run ended, in one plain sentence: of a deadlock only who waits for each other; `why` has the rest.

    Args:
        run: As for `narrate`.

    Returns:
        The sentence, or empty where the run says nothing of its end.

    Raises:
        TypeError: If there is no trace in ``run``.
    """
    source = source_of(run)
    if source.outcome != "deadlocked":
        return source.reason
    return _explainer(source, None).deadlock() or source.reason


def _explainer(run: Any, at: float | None) -> Explainer:
    if isinstance(run, State):
        state = run
    else:
        states = States(run)
        state = states.end if at is None else states.at(at)
    return Explainer(state, Narrator(state.events, state.known))


def _full_name(state: State, thread: str) -> str:
    names = dict.fromkeys(event.thread for event in state.events)
    if thread in names:
        return thread
    for name in names:
        if short_name(name) == thread:
            return name
    known = ", ".join(list(map(short_name, names))[:8]) or "none"
    raise ValueError(f"no thread called {thread!r} appears in the trace. There are: {known}")


make_callable(__name__, narrate)
