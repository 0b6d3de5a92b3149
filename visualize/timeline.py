"""A trace as a timeline: a lane for each thread, inline tasks inside their callers, blocked time hatched, pauses shown.

``timeline(run)`` gives an object that a notebook shows as a plotly figure to zoom and point at, an exported page or
GitHub as a static picture, and a terminal or a screen reader as text. ``timeline.svg(run)`` and ``timeline.text(run)``
give the last two as strings, ``timeline.figure(run)`` the first.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from visualize._axis import axis_of
from visualize._callable import make_callable
from visualize._figure import figure_data, figure_of
from visualize._lines import lines_of
from visualize._picture import Picture, Reading, picture_of
from visualize._plotly import PLOTLY_MIME, bundle_of
from visualize._svg import image_of, svg_of
from visualize._told import told
from visualize.palette import escaped

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from visualize._rows import ItemsByThread

__all__ = ["Timeline", "figure", "svg", "text", "timeline"]

FIGURE_LIMIT = 4_000
STATIC_LIMIT = 1_500
TEXT_LIMIT = 30_000
TEXT_WIDTH = 78
TOLD = 30
TOLD_EACH = 16
_SCROLLED = "font-family:monospace;white-space:pre;overflow-x:auto"


class Timeline:
    """A timeline, drawn when it is asked for. Made by `timeline`.

    Args:
        runs: What to show.
        options: How, as `timeline` says.
    """

    def __init__(self, *runs: Any, limit: int = FIGURE_LIMIT, **options: Any) -> None:
        self._readings = [Reading.of(run) for run in runs]
        self._limit = limit
        self._options = options
        axis_of([reading.lanes for reading in self._readings], options["by"], options["between"])

    def picture(self, limit: int | None, *, words: bool = True, items: list[ItemsByThread] | None = None) -> Picture:
        """What is drawn, with at most ``limit`` shapes; None for all of them. See `visualize._picture`."""
        return picture_of(self._readings, limit=limit, words=words, items=items, **self._options)

    def lines(self, width: int = TEXT_WIDTH, items: list[ItemsByThread] | None = None) -> list[str]:
        """The lanes drawn with characters, then what happened, told."""
        picture = self.picture(TEXT_LIMIT, words=False, items=items)
        lines = lines_of(picture, width)
        several = len(self._readings) > 1
        for reading, section in zip(self._readings, picture.sections, strict=True):
            title = section.title if several else ""
            lines += [*told(reading.source.events, width, TOLD_EACH if several else TOLD, title), ""]
        return lines

    @property
    def figure(self) -> go.Figure:
        """A new plotly figure. It can be changed; what a notebook shows of the timeline stays as it is."""
        return figure_of(self.picture(self._limit))

    @property
    def svg(self) -> str:
        """The static picture, an ``<svg>`` that takes its text colour from the page around it."""
        return self.static()

    def static(self, width: int = 860, *, standalone: bool = False) -> str:
        """The static picture; with a background if it is to be ``standalone``."""
        return svg_of(self.picture(min(self._limit, STATIC_LIMIT)), width, standalone=standalone)

    @cached_property
    def text(self) -> str:
        """The lanes drawn with characters, then what happened, told."""
        return "\n".join(self.lines()).rstrip()

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, Any]:
        items: list[ItemsByThread] = [{} for _ in self._readings]
        small = self.picture(min(self._limit, STATIC_LIMIT), items=items)
        text = "\n".join(self.lines(items=items)).rstrip()
        figure = bundle_of(figure_data(self.picture(self._limit, items=items)))
        markup = (
            f"<div>{image_of(svg_of(small, standalone=True), small.summary)}"
            f"<details><summary>The same as text</summary><pre style='{_SCROLLED}'>{_pre(text)}</pre></details></div>"
        )
        return {PLOTLY_MIME: figure, "text/html": markup, "text/plain": text}


def _pre(text: str) -> str:
    return "\n".join(escaped(line) for line in text.split("\n"))


def timeline(
    run: Any,
    *,
    by: str = "auto",
    between: tuple[float, float] | None = None,
    limit: int = FIGURE_LIMIT,
) -> Timeline:
    """Show a run as a timeline. Does not block; any thread.

    Args:
        run: A run of a scenario, a trace, anything with a ``trace``, or events.
        by: ``time``, ``order`` (each event takes the same room) or ``auto``: time, unless most tasks take none of it.
        between: From when to when, in seconds of the run (``order``: in positions); None for everything.
        limit: How many bars are drawn at most; short neighbours are drawn together to keep to it, and a note says so.

    Raises:
        TypeError: If there is no trace in ``run``.
        ValueError: If ``by``, ``between`` or ``limit`` makes no sense.
    """
    if limit < 1:
        raise ValueError(f"limit={limit!r}: at least one bar must be drawn")
    return Timeline(run, by=by, between=between, limit=limit)


def figure(run: Any, **options: Any) -> go.Figure:
    """The timeline as a plotly figure; ``options`` as for `timeline`."""
    return timeline(run, **options).figure


def svg(run: Any, *, width: int = 860, standalone: bool = False, **options: Any) -> str:
    """The timeline as a static ``<svg>``.

    Args:
        run: As for `timeline`.
        width: In pixels; the height follows from the number of lanes.
        standalone: Whether it is to be a file of its own, which brings a background, or part of a page.
        **options: As for `timeline`.
    """
    return timeline(run, **options).static(width, standalone=standalone)


def text(run: Any, *, width: int = TEXT_WIDTH, **options: Any) -> str:
    """The timeline as text: lanes drawn with characters, then what happened, told.

    Args:
        run: As for `timeline`.
        width: The longest line of the lanes, in characters.
        **options: As for `timeline`.
    """
    return "\n".join(timeline(run, **options).lines(width)).rstrip()


make_callable(__name__, timeline)
