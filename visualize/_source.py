"""What a picture is asked to show: a run, a trace, a pool that records, or plain events; brought into one form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from taskpool.events import Event

__all__ = ["Source", "source_of", "titles_of"]


@dataclass(frozen=True, slots=True)
class Source:
    """Events with what is known about their run.

    Attributes:
        events: In their one order.
        dropped: Events that the recorder's ring lost before the first one.
        title: What ran on what, or empty.
        design: The design's name, or empty.
        outcome: How the run ended (``completed``, ``deadlocked``, …), or empty where that is not known.
        reason: Why, in one sentence, or empty.
        cycle: Who waits for whom, one sentence each, where waits formed a cycle.
        threads: How many threads the run was given, or None where that is not known.
    """

    events: Sequence[Event]
    dropped: int = 0
    title: str = ""
    design: str = ""
    outcome: str = ""
    reason: str = ""
    cycle: tuple[str, ...] = ()
    threads: int | None = None

    @property
    def start(self) -> float:
        """Time of the first event, in seconds of the run."""
        return self.events[0].time if self.events else 0.0

    @property
    def end(self) -> float:
        """Time of the last event, in seconds of the run."""
        return self.events[-1].time if self.events else 0.0


def source_of(what: Any) -> Source:
    """Bring what a learner has at hand into one form.

    Args:
        what: A run of a scenario, a trace, anything with a ``trace`` (attribute or method), or events.

    Raises:
        TypeError: If it is none of these.
    """
    if isinstance(what, Source):
        return what
    trace = getattr(what, "trace", what)
    if trace is not what and callable(trace):
        trace = trace()
    if trace is None or isinstance(trace, (str, bytes, Mapping)) or not isinstance(trace, Iterable):
        raise TypeError(
            f"there is no trace in {type(what).__name__!r}: give a Run, a Trace, a pool with a recorder, or events"
        )
    events = trace if isinstance(trace, Sequence) else list(trace)
    if len(events) and not isinstance(events[0], Event):
        raise TypeError(f"a trace is made of events, not of {type(events[0]).__name__!r}")
    meta = getattr(trace, "meta", None) or {}
    params = getattr(what, "params", None) or meta.get("params") or {}
    name = getattr(what, "name", None) if trace is not what else None
    name = name or meta.get("scenario") or meta.get("name") or ""
    design = str(getattr(what, "design", "") or meta.get("design") or "")
    threads = params.get("threads") if isinstance(params, Mapping) else None
    return Source(
        events=events,
        dropped=int(getattr(trace, "dropped", 0) or 0),
        title=" on ".join(part for part in (str(name), design) if part),
        design=design,
        outcome=str(getattr(what, "outcome", "") or meta.get("outcome") or ""),
        reason=str(getattr(what, "reason", "") or meta.get("reason") or ""),
        cycle=tuple(getattr(what, "cycle", ()) or ()),
        threads=threads if isinstance(threads, int) else None,
    )


def titles_of(sources: Sequence[Source]) -> list[str]:
    """The designs if they tell the runs apart, else the full titles; numbered where even they are the same."""
    names = [source.design for source in sources]
    if not all(names) or len(set(names)) < len(names):
        names = [source.title or "trace" for source in sources]
    counts, seen = Counter(names), Counter[str]()
    titles = []
    for name in names:
        seen[name] += 1
        titles.append(f"{name} ({seen[name]})" if counts[name] > 1 else name)
    return titles
