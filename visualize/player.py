"""The animated stage: runs played event by event in the browser, forwards and backwards, side by side.

``player(run)`` or ``player(old, new)`` gives an object that a notebook shows as one frame with everything in it: the
trace, and the script that computes every state from it. Nothing is asked of Python or of the network afterwards. Where
scripts are removed a picture of the timeline stands in its place, and in a terminal text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from visualize._callable import make_callable
from visualize._page import frame, page
from visualize._picture import Picture
from visualize._source import Source, source_of, titles_of
from visualize._svg import image_of, svg_of
from visualize._words import amount, seconds
from visualize.divergence import Divergence, first_divergence
from visualize.narrate import Narration
from visualize.palette import cleaned
from visualize.stage_data import stage_data
from visualize.timeline import STATIC_LIMIT, Timeline

__all__ = ["Player", "player"]

_SENTENCES = 12_000
_BY = ("auto", "time", "events", "progress")
_AT = ("start", "end", "difference")


class Player:
    """One or more runs on one stage. Made by `player`.

    Args:
        runs: What to show.
        titles: What to call each, or None for what they say of themselves.
        by: As `player` says.
        at: As `player` says.
        between: As `player` says.
    """

    def __init__(
        self,
        runs: Sequence[Any],
        *,
        titles: Sequence[str] | None = None,
        by: str = "auto",
        at: str | float = "start",
        between: tuple[float, float] | None = None,
    ) -> None:
        self._sources = [source_of(run) for run in runs]
        self._by, self._at, self._between = by, at, between
        self.titles = [cleaned(title) for title in (titles if titles is not None else titles_of(self._sources))]
        order = {"auto": "auto", "time": "time"}.get(by, "order")
        self._timeline = Timeline(*self._sources, by=order, between=None, titles=self.titles)

    @cached_property
    def divergence(self) -> Divergence | None:
        """The first difference between the first two runs, or None."""
        if len(self._sources) < 2:
            return None
        return first_divergence(*self._sources[:2])

    @cached_property
    def data(self) -> dict[str, Any]:
        """Everything that is sent to the browser, in JSON's types."""
        subtitles = [_subtitle(source) for source in self._sources]
        data = stage_data(self._sources, self.titles, subtitles, between=self._between)
        for run in data["runs"]:
            run["subtitle"] += _stretch(run)
        sent = sum(len(run["columns"]["kind"]) for run in data["runs"])
        if sent <= _SENTENCES:
            for run, source in zip(data["runs"], self._sources, strict=True):
                run["sentences"] = _sentences(source.events, run)
        data["title"] = self.title
        data["by"] = self._by if self._by != "auto" else _axis(self._picture)
        data["at"] = self._at
        data["divergence"] = self._sent_divergence(data)
        return data

    def _sent_divergence(self, data: dict[str, Any]) -> dict[str, Any] | None:
        found = self.divergence
        if found is None:
            return None
        run = data["runs"][found.run]
        at = found.position - run["skipped"]
        if not run["before"] <= at < len(run["columns"]["kind"]):
            return None
        return {"run": found.run, "at": at}

    @property
    def title(self) -> str:
        """What it shows, in a few words."""
        return f"Player: {' and '.join(self.titles)}" if self.titles else "Player"

    @cached_property
    def _picture(self) -> Picture:
        return self._timeline.picture(STATIC_LIMIT)

    @cached_property
    def page(self) -> str:
        """The player as a document of its own."""
        return page(self.data, self.title)

    def save(self, path: str | Path) -> None:
        """Write the player to a file of its own, to be opened in any browser; blocks.

        Args:
            path: The file's name; a file of that name is replaced.
        """
        Path(path).write_text(self.page, encoding="utf-8")

    @cached_property
    def text(self) -> str:
        """The lanes drawn with characters, then what happened, told."""
        lines = self._timeline.lines()
        if self.divergence is not None:
            lines += [f"First difference, on {self.titles[self.divergence.run]}: {self.divergence.sentence}"]
        return "\n".join(lines).rstrip()

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, str]:
        height = _height(self.data)
        shown = (
            "<style>.taskpool-player iframe+img{display:none}</style>"
            f'<div class="taskpool-player">{frame(self.page, self.title, height)}{self._image()}</div>'
        )
        return {"text/html": shown, "text/plain": self.text}

    def _image(self) -> str:
        return image_of(svg_of(self._picture, standalone=True), self._picture.summary)


def _subtitle(source: Source) -> str:
    parts = []
    if source.title and source.design:
        parts.append(source.title.removesuffix(f" on {source.design}"))
    if source.threads is not None:
        parts.append(amount(source.threads, "thread"))
    if source.events:
        took = seconds(source.end - source.start)
        parts.append(f"{source.outcome.replace('_', ' ')} after {took}" if source.outcome else took)
    if source.dropped:
        parts.append(f"{source.dropped:,} events lost before")
    return " · ".join(parts)


def _stretch(run: dict[str, Any]) -> str:
    """Which part of the run is there to be played, where it is not all of it."""
    sent = len(run["columns"]["kind"]) - run["before"]
    if sent == run["total"]:
        return ""
    first = run["skipped"] + run["before"]
    return (
        f" · here events {first + 1:,} to {first + sent:,} of {run['total']:,}; "
        "between=(start, end), in seconds, plays another part"
    )


def _sentences(events: Sequence[Any], run: dict[str, Any]) -> list[str]:
    narration = Narration(events)
    count = len(run["columns"]["kind"])
    if not run["before"]:
        return narration[:count]
    first = run["skipped"] + run["before"]
    return ["" for _ in range(run["before"])] + narration[first : first + count - run["before"]]


def _axis(picture: Picture) -> str:
    return "time" if picture.axis.by == "time" else "events"


def _height(data: dict[str, Any]) -> int:
    """About how high the frame will be in a page of common width; the script corrects it where it may."""
    if not any(run["total"] for run in data["runs"]):
        return 200
    bodies, strip = [330], 40
    for run in data["runs"]:
        serializers = sum(queue["role"] == "serializer" for queue in run["queues"])
        slots = 1 + max((thread["slot"] for thread in run["threads"]), default=-1)
        bodies.append(180 + min(430, max(serializers * 66, slots * 104, 200)))
        strip += 22 + min(190, 17 * slots)
    return max(bodies) + strip + 130


def player(
    *runs: Any,
    titles: Sequence[str] | None = None,
    by: str = "auto",
    at: str | float = "start",
    between: tuple[float, float] | None = None,
) -> Player:
    """Play runs on one stage, under one playhead. Does not block; any thread.

    Args:
        *runs: One or more of: a run of a scenario, a trace, anything with a ``trace``, or events; or one mapping of
            titles to these, such as `taskpool.scenarios.compare_runs` returns.
        titles: What to call each; None for the designs' names.
        by: How runs are brought together, and what the strip below shows from left to right: ``time``, ``events``
            (each takes the same room), ``progress`` (each run takes the same room), or ``auto``: time, unless none
            passes or most tasks take none of it.
        at: Where the playhead stands at first: ``start``, ``end``, ``difference`` (the first between two runs), or
            a place on the strip, in seconds since the start or in events.
        between: From when to when, in seconds since the start; None for everything. Of runs with very many events
            only the first are sent; this chooses others.

    Raises:
        TypeError: If there is no run, or no trace in one of them.
        ValueError: If an argument makes no sense.
    """
    if len(runs) == 1 and isinstance(runs[0], Mapping):
        titles = titles if titles is not None else [str(title) for title in runs[0]]
        runs = tuple(runs[0].values())
    if not runs:
        raise TypeError("player needs a run: player(run) or player(old, new)")
    if by not in _BY:
        raise ValueError(f"by={by!r}: choose one of {', '.join(_BY)}")
    if isinstance(at, str) and at not in _AT:
        raise ValueError(f"at={at!r}: choose one of {', '.join(_AT)}, or a place on the strip")
    if between is not None and not between[0] < between[1]:
        raise ValueError(f"between={between!r}: the second must be after the first")
    if titles is not None and len(titles) != len(runs):
        raise ValueError(f"titles={titles!r}: there are {len(runs)} runs")
    return Player(runs, titles=titles, by=by, at=at, between=between)


make_callable(__name__, player)
