"""A benchmark's figures as one plotly chart: every side of every case, and what more threads do.

``benchmarks(result)`` takes what `taskpool.bench.run` gave, or what ``python -m taskpool bench --json`` kept. A dot is
the median over the rounds, its bar goes from the least to the greatest; axes are logarithmic, so that equal distances
are equal ratios. The panels: tasks a second (further to the right is faster), tasks a second by number of threads, and
what things cost (further to the left is cheaper).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from visualize._callable import make_callable
from visualize._plotly import PLOTLY_MIME, adaptive, base_layout, bundle_of
from visualize._tables import html_table, number_text, text_table
from visualize.palette import POOL, Style, plotly_text, style_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Benchmarks", "benchmarks"]

_STYLES: dict[str, tuple[Style, str]] = {
    "TaskPool": (style_of(0), "circle"),
    "ThreadPool": (style_of(1), "square"),
    "ThreadPoolExecutor": (style_of(4), "diamond"),
    "limit": (POOL, "x"),
}
_OTHERS = (style_of(2), "triangle-up")
_OPEN = ", recording"
_RATE = "tasks/s"
_BY_THREADS = "g"
_THREADS = re.compile(r"^(.*), (\d+) threads?$")
_DASHES = ("solid", "dot")
_DASH_NAMES = ("solid", "dotted")
_LINE, _GAP, _PLOT = 24, 84, 260  # heights of a case, between panels and of the panel of lines, in pixels

Row = Mapping[str, Any]


class Benchmarks:
    """A result, ready to be drawn.

    Args:
        rows: The rows of the result, in JSON's types.
        head: Where and how it was measured, a line each.
    """

    def __init__(self, rows: Sequence[Row], head: Sequence[str] = ()) -> None:
        self._rows = [row for row in rows if row["main"] and row["least"] > 0]
        self._head = list(head)

    @property
    def figure(self) -> go.Figure:
        """The chart as a plotly figure."""
        import plotly.graph_objects as go

        return go.Figure(self._figure_data())

    def _figure_data(self) -> dict[str, Any]:
        rates = [row for row in self._rows if row["measure"] == _RATE and row["workload"] != _BY_THREADS]
        lines = [row for row in self._rows if row["workload"] == _BY_THREADS]
        costs = [row for row in self._rows if row["measure"] != _RATE]
        panels = [
            (title, rows, height)
            for title, rows, height in (
                ("tasks a second", rates, _LINE * len(_cases(rates))),
                ("tasks a second by number of threads", lines, _PLOT),
                ("what it costs", costs, _LINE * len(_cases(costs))),
            )
            if rows
        ]
        total = sum(height + _GAP for _, _, height in panels) + 40
        layout = base_layout(total)
        layout["margin"] = {"l": 14, "r": 14, "t": 40, "b": 40}
        layout["legend"] = {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "bgcolor": "rgba(0,0,0,0)"}
        data: list[dict[str, Any]] = []
        named: set[str] = set()
        top = total - 80.0
        for number, (title, rows, height) in enumerate(panels, 1):
            at = "" if number == 1 else str(number)
            low = top - height
            span = total - 80.0
            self._axes(layout, at, title, rows, (max(0.0, low / span), top / span))
            traces = _lines(rows) if rows is lines else _dots(rows)
            for trace in traces:
                trace |= {"xaxis": f"x{at}", "yaxis": f"y{at}", "showlegend": trace["legendgroup"] not in named}
                named.add(trace["legendgroup"])
                data.append(trace)
            top = low - _GAP
        return {"data": data, "layout": layout}

    def _axes(
        self, layout: dict[str, Any], at: str, title: str, rows: Sequence[Row], domain: tuple[float, float]
    ) -> None:
        number = {"tickprefix": adaptive("").removesuffix("</span>"), "ticksuffix": "</span>"}
        base = base_layout(0)
        across = {**base["xaxis"], **number, "type": "log", "anchor": f"y{at}", "dtick": 1}
        up = {**base["yaxis"], "anchor": f"x{at}", "domain": list(domain), "automargin": True}
        if rows[0]["workload"] == _BY_THREADS:
            counts = sorted({count for row in rows for _, count in [_split(row)]})
            across |= {"title": {"text": adaptive("threads"), "standoff": 4}, "tickvals": counts}
            works = list(dict.fromkeys(_split(row)[0] for row in rows))
            told = ", ".join(f"{name}: {work}" for name, work in zip(_DASH_NAMES, works, strict=False))
            across["title"]["text"] = adaptive(plotly_text(f"threads ({told})"))
            up |= {**number, "type": "log", "dtick": 1, "title": {"text": adaptive(title)}}
        else:
            names = [_label(row) for row in _cases(rows)]
            across["title"] = {"text": adaptive(title), "standoff": 4}
            up |= {
                "type": "category",
                "categoryorder": "array",
                "categoryarray": names[::-1],
                "tickvals": names,
                "ticktext": [adaptive(name) for name in names],
                "range": [-0.6, len(names) - 0.4],
            }
        layout[f"xaxis{at}"], layout[f"yaxis{at}"] = across, up

    @property
    def text(self) -> str:
        """The medians as text: a line for each case, a column for each side."""
        names, rows = self._table()
        return "\n".join([*self._head, "", *text_table(names, rows)]).strip()

    def _table(self) -> tuple[list[str], list[list[str]]]:
        sides = list(dict.fromkeys(row["side"] for row in self._rows))
        rows = []
        for case in _cases(self._rows):
            medians = {
                row["side"]: number_text(float(row["median"])) for row in self._rows if _label(row) == _label(case)
            }
            name = f"{case['workload']}  {case['case']}, {case['measure']}"
            rows.append([name, *(medians.get(side, "–") for side in sides)])
        return ["", *sides], rows

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, Any]:
        names, rows = self._table()
        return {
            PLOTLY_MIME: bundle_of(self._figure_data()),
            "text/html": html_table(names, rows),
            "text/plain": self.text,
        }


def _cases(rows: Iterable[Row]) -> list[Row]:
    """A row of each case, in order."""
    return list({_label(row): row for row in rows}.values())


def _label(row: Row) -> str:
    unit = "" if row["measure"] == _RATE else f" ({row['measure']})"
    return plotly_text(f"{row['workload']}  {row['case']}{unit}")


def _split(row: Row) -> tuple[str, int]:
    """What a case of growing pools does, and its number of threads."""
    found = _THREADS.match(row["case"])
    return (found[1], int(found[2])) if found else (row["case"], 1)


def _marker(side: str) -> dict[str, Any]:
    style, symbol = _STYLES.get(side.removesuffix(_OPEN), _OTHERS)
    hollow = "-open" if side.endswith(_OPEN) else ""
    return {"color": style.edge, "symbol": symbol + hollow, "size": 10, "line": {"width": 2, "color": style.edge}}


def _common(side: str, rows: Sequence[Row]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "name": adaptive(plotly_text(side)),
        "legendgroup": side,
        "marker": _marker(side),
        "hoverinfo": "text",
        "hovertext": [
            plotly_text(
                f"{row['case']}, {side}: {number_text(float(row['median']))} {row['measure']} "
                f"({number_text(float(row['least']))} to {number_text(float(row['greatest']))})"
            )
            for row in rows
        ],
    }


def _bars(rows: Sequence[Row]) -> dict[str, Any]:
    return {
        "type": "data",
        "symmetric": False,
        "array": [row["greatest"] - row["median"] for row in rows],
        "arrayminus": [row["median"] - row["least"] for row in rows],
        "thickness": 1.2,
        "width": 0,
    }


def _dots(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """A trace of dots for each side."""
    traces = []
    for side in dict.fromkeys(row["side"] for row in rows):
        own = [row for row in rows if row["side"] == side]
        traces.append(
            _common(side, own)
            | {
                "mode": "markers",
                "x": [row["median"] for row in own],
                "y": [_label(row) for row in own],
                "error_x": _bars(own),
            }
        )
    return traces


def _lines(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """A trace of lines for each side and kind of work."""
    traces = []
    works = list(dict.fromkeys(_split(row)[0] for row in rows))
    for side in dict.fromkeys(row["side"] for row in rows):
        for at, work in enumerate(works):
            own = [row for row in rows if row["side"] == side and _split(row)[0] == work]
            marker = _marker(side)
            traces.append(
                _common(side, own)
                | {
                    "mode": "lines+markers",
                    "x": [_split(row)[1] for row in own],
                    "y": [row["median"] for row in own],
                    "error_y": _bars(own),
                    "line": {"color": marker["color"], "width": 2, "dash": _DASHES[at % len(_DASHES)]},
                }
            )
    return traces


def benchmarks(result: Any) -> Benchmarks:
    """Draw a benchmark's result. Does not block but to read a file; any thread.

    Args:
        result: What `taskpool.bench.run` gave, its ``as_dict()``, or the name of the JSON file that holds it.

    Raises:
        OSError: If the file cannot be read.
        TypeError: If it is no result.
    """
    if isinstance(result, (str, os.PathLike)):
        result = json.loads(Path(result).read_text(encoding="utf-8"))
    kept = result if isinstance(result, Mapping) else result.as_dict() if hasattr(result, "as_dict") else {}
    if "machine" not in kept or "rows" not in kept:
        raise TypeError(f"{type(result).__name__} is no benchmark's result: call benchmarks(taskpool.bench.run(...))")
    machine = kept["machine"]
    head = [f"{machine['python']}, {machine['processor']}, {machine['cores']} cores, {kept['rounds']} rounds: medians"]
    return Benchmarks(kept["rows"], head)


make_callable(__name__, benchmarks)
