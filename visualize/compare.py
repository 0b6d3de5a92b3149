"""Two or more runs side by side: their timelines on one time axis, their figures in one table, and a verdict.

``compare(old, new)`` shows, in a notebook, the verdict, the player, the timelines and the table; ``play=False`` leaves
the player out. ``.verdict``, ``.player``, ``.figure``, ``.svg``, ``.table`` and ``.text`` are its parts.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from visualize._callable import make_callable
from visualize._extra import extra
from visualize._source import source_of, titles_of
from visualize._tables import html_table, number_text, row_label, text_table
from visualize._verdict import verdict
from visualize.metrics import Metrics
from visualize.palette import cleaned, escaped
from visualize.timeline import FIGURE_LIMIT, TEXT_WIDTH, Timeline

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from visualize.player import Player

__all__ = ["Comparison", "compare", "figure", "svg", "table", "text"]


#: Figures that are shown even where they are 0 in all runs.
_ALWAYS = frozenset({"duration (ms)", "threads used", "time threads were blocked (ms)", "tasks run"})


class Comparison:
    """Runs side by side. Made by `compare`.

    Args:
        runs: What to show, in order.
        titles: A title for each.
        play: Whether a notebook shows the player too.
        options: As `compare` says.
    """

    def __init__(self, runs: Sequence[Any], titles: Sequence[str], play: bool = True, **options: Any) -> None:
        self.titles = tuple(cleaned(title) for title in titles)
        self._runs, self._play, self._between = runs, play, options.get("between")
        sources = [source_of(run) for run in runs]
        self._outcomes = [source.outcome for source in sources]
        self._timeline = Timeline(*sources, titles=list(self.titles), **options)
        self._metrics = [Metrics(source) for source in sources]

    @property
    def metrics(self) -> dict[str, Metrics]:
        """Each run's figures, by its title."""
        return dict(zip(self.titles, self._metrics, strict=True))

    @cached_property
    def verdict(self) -> str:
        """What came out, in words."""
        totals = [one.totals for one in self._metrics]
        return verdict(list(zip(self.titles, self._outcomes, totals, strict=True)))

    @property
    def table(self) -> pd.DataFrame:
        """The figures: a row for each, a column for each run; times in milliseconds."""
        with extra("compare().table"):
            import pandas as pd

        columns = {title: one.totals for title, one in zip(self.titles, self._metrics, strict=True)}
        return pd.DataFrame(columns)

    @cached_property
    def player(self) -> Player:
        """The runs on one stage, under one playhead."""
        from visualize.player import player

        return player(*self._runs, titles=self.titles, between=self._between)

    @property
    def figure(self) -> go.Figure:
        """The timelines as one plotly figure, with one time axis."""
        return self._timeline.figure

    @property
    def svg(self) -> str:
        """The timelines as one static ``<svg>``."""
        return self._timeline.svg

    @cached_property
    def text(self) -> str:
        """The verdict, the timelines drawn with characters, what happened in each run, and the table."""
        return "\n".join(self.lines(TEXT_WIDTH)).rstrip()

    def lines(self, width: int) -> list[str]:
        """The text, with lanes of at most ``width`` characters."""
        verdict = textwrap.wrap(self.verdict, width, break_on_hyphens=False)
        return [*verdict, "", *self._timeline.lines(width), *self._table_text().split("\n")]

    def __repr__(self) -> str:
        return self.text

    def _rows(self) -> list[list[str]]:
        """The table's rows as text, without those that tell of nothing in any run."""
        totals = [one.totals for one in self._metrics]
        rows = [["outcome", *(outcome.replace("_", " ") or "–" for outcome in self._outcomes)]]
        shown = [label for label in totals[0] if label in _ALWAYS or any(one[label] for one in totals)]
        return rows + [
            [row_label(label, totals), *(number_text(one[label], label) for one in totals)] for label in shown
        ]

    def _table_text(self) -> str:
        return "\n".join(text_table(["", *self.titles], self._rows()))

    def _table_html(self) -> str:
        return html_table(["", *self.titles], self._rows())

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, Any]:
        """All in one, for what shows a single output: the figure where it can be shown, else everything as HTML."""
        bundle = dict(self._timeline._repr_mimebundle_())
        bundle["text/html"] = f"<div>{self._verdict_html()}{bundle['text/html']}{self._table_html()}</div>"
        bundle["text/plain"] = self.text
        return bundle

    def _verdict_html(self) -> str:
        return f"<p>{escaped(self.verdict)}</p>"

    def _ipython_display_(self) -> None:
        """Show outputs one below the other: the verdict, the player unless it is unwanted, the timelines, the table."""
        import IPython.display

        display: Any = IPython.display.display
        display({"text/html": self._verdict_html(), "text/plain": self.verdict}, raw=True)
        if self._play:
            # As text the player says what the timelines below it say.
            display({**self.player._repr_mimebundle_(), "text/plain": self.player.title}, raw=True)
        display(self._timeline._repr_mimebundle_(), raw=True)
        display({"text/html": self._table_html(), "text/plain": self._table_text()}, raw=True)


def compare(
    *runs: Any,
    by: str = "auto",
    between: tuple[float, float] | None = None,
    limit: int = FIGURE_LIMIT,
    play: bool = True,
) -> Comparison:
    """Put runs side by side. Does not block; any thread.

    Args:
        *runs: Two or more runs (anything that `visualize.timeline` takes); or one mapping of titles to runs, such as
            `taskpool.scenarios.compare_runs` returns.
        by: ``time``, ``order`` (each event takes the same room) or ``auto``; see `visualize.timeline`.
        between: From when to when, in seconds of the runs; None for everything.
        limit: How many bars are drawn at most, in all.
        play: Whether a notebook shows the player too, between the verdict and the timelines; it is some megabytes
            for runs of very many events.

    Raises:
        TypeError: If there is no trace in one of the runs.
        ValueError: If there is no run, or ``by``, ``between`` or ``limit`` makes no sense.
    """
    titles: list[str]
    if len(runs) == 1 and isinstance(runs[0], Mapping):
        titles, values = [str(title) for title in runs[0]], list(runs[0].values())
    else:
        values = list(runs)
        titles = titles_of([source_of(run) for run in values])
    if not values:
        raise ValueError("compare needs runs: compare(old, new)")
    if limit < 1:
        raise ValueError(f"limit={limit!r}: at least one bar must be drawn")
    return Comparison(values, titles, play, by=by, between=between, limit=limit)


def figure(*runs: Any, **options: Any) -> go.Figure:
    """The timelines as one plotly figure; arguments as for `compare`."""
    return compare(*runs, **options).figure


def svg(*runs: Any, width: int = 860, standalone: bool = False, **options: Any) -> str:
    """The timelines as one static ``<svg>``.

    Args:
        *runs: As for `compare`.
        width: In pixels.
        standalone: Whether it is to be a file of its own, which brings a background, or part of a page.
        **options: As for `compare`.
    """
    return compare(*runs, **options)._timeline.static(width, standalone=standalone)


def table(*runs: Any, **options: Any) -> pd.DataFrame:
    """The figures of the runs in one table; arguments as for `compare`."""
    return compare(*runs, **options).table


def text(*runs: Any, width: int = TEXT_WIDTH, **options: Any) -> str:
    """Everything as text; ``width`` is the longest line of the lanes in characters, the rest as for `compare`."""
    return "\n".join(compare(*runs, **options).lines(width)).rstrip()


make_callable(__name__, compare)
