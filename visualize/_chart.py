"""Small charts, steps over time and grouped bars, in the same three forms as timelines: plotly, SVG and text."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from visualize._axis import round_ticks
from visualize._extra import extra
from visualize._geometry import CHARACTER
from visualize._plotly import PLOTLY_MIME, adaptive, base_layout, bundle_of
from visualize._svg import Swatches, image_of, page
from visualize.palette import Style, cleaned, escaped, plotly_text, shortened

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Chart", "Series"]

_DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
_SVG_DASHES = ("", "6 3", "2 3", "7 3 2 3", "10 4")
_POINTS = 500
_MARKS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Series:
    """One line or one group of bars.

    Attributes:
        name: What the legend says.
        x: Times, in shown units; for bars, names.
        y: Values.
        style: How it is drawn.
        dash: Which of the dashes a line has, as a second cue.
    """

    name: str
    x: Sequence[Any]
    y: Sequence[float]
    style: Style
    dash: int = 0


class Chart:
    """A chart, drawn when it is asked for.

    Args:
        title: What it shows.
        x, y: What the axes show, with units.
        series: What is drawn; at most a dozen are told apart.
        bars: Whether bars are drawn and not steps.
        high: Where the x axis of steps ends; None for the last point.
        whole: Whether the values are counts.
        note: One more line, or empty.
    """

    def __init__(
        self,
        title: str,
        x: str,
        y: str,
        series: Sequence[Series],
        *,
        bars: bool = False,
        high: float | None = None,
        whole: bool = False,
        note: str = "",
    ) -> None:
        self.title, self.x, self.y, self.bars, self.whole, self.note = title, x, y, bars, whole, note
        self.series = [one if bars else _thinned(one) for one in series]
        ends = [one.x[-1] for one in self.series if not bars and len(one.x)]
        self.low = min((one.x[0] for one in self.series if not bars and len(one.x)), default=0.0)
        self.high = max([*ends, high or 0.0], default=0.0)
        if self.high <= self.low:
            self.high = self.low + 1.0
        self.top = (max((value for one in self.series for value in one.y), default=0.0) or 1.0) * 1.06

    # -- plotly --------------------------------------------------------------------------------------------------

    @property
    def figure(self) -> go.Figure:
        """The chart as a plotly figure."""
        with extra("a chart's figure"):
            import plotly.graph_objects as go

        return go.Figure(self._figure_data())

    def _figure_data(self) -> dict[str, Any]:
        layout = base_layout(300)
        layout["margin"] = {"l": 64, "r": 14, "t": 40, "b": 86}
        layout["title"] = {
            "text": adaptive(plotly_text(self.title), "font-weight:700"),
            "font": {"size": 15},
            "x": 0,
            "xref": "container",
            "xanchor": "left",
            "pad": {"l": 10},
            "y": 0.97,
        }
        number = {"tickprefix": adaptive("").removesuffix("</span>"), "ticksuffix": "</span>"}
        layout["xaxis"] |= {"title": {"text": adaptive(plotly_text(self.x)), "standoff": 4}, "showgrid": not self.bars}
        layout["yaxis"] |= {"title": {"text": adaptive(plotly_text(self.y))}, "range": [0, self.top], **number}
        ticks = self._ticks()
        layout["yaxis"] |= {"tick0": 0, "dtick": ticks[1] if len(ticks) > 1 else self.top}
        if self.bars:
            names = list(dict.fromkeys(name for one in self.series for name in one.x))
            layout["xaxis"] |= {
                "type": "category",
                "tickvals": [plotly_text(shortened(name, 60)) for name in names],
                "ticktext": [adaptive(plotly_text(shortened(name, 20))) for name in names],
            }
            layout["barmode"] = "group"
        else:
            layout["xaxis"] |= {"range": [self.low, self.high], **number}
        layout["legend"] = {"orientation": "h", "x": 0, "y": -0.24, "yanchor": "top", "bgcolor": "rgba(0,0,0,0)"}
        layout["showlegend"] = len(self.series) > 1
        return {"data": [self._trace(one) for one in self.series], "layout": layout}

    def _trace(self, one: Series) -> dict[str, Any]:
        name = adaptive(plotly_text(shortened(one.name, 28)))
        if self.bars:
            pattern = {"shape": one.style.plotly_shape, "fillmode": "overlay", "fgcolor": one.style.ink}
            return {
                "type": "bar",
                "name": name,
                "x": [plotly_text(shortened(value, 60)) for value in one.x],
                "y": [round(value, 4) for value in one.y],
                "marker": {
                    "color": one.style.colour,
                    "line": {"color": one.style.edge, "width": 1},
                    "pattern": {**pattern, "fgopacity": 0.35, "size": 6, "solidity": 0.18},
                },
                "hovertext": [plotly_text(f"{x}, {one.name}: {y:,.4g}") for x, y in zip(one.x, one.y, strict=True)],
                "hoverinfo": "text",
            }
        return {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "x": [round(value, 4) for value in (*one.x, self.high)] if len(one.x) else [],
            "y": [*one.y, one.y[-1]] if len(one.y) else [],
            "line": {"shape": "hv", "color": one.style.edge, "width": 2, "dash": _DASHES[one.dash % len(_DASHES)]},
            "hovertext": [
                plotly_text(f"{one.name}: {y:,.4g} from {x:,.4g}") for x, y in zip(one.x, one.y, strict=True)
            ],
            "hoverinfo": "text",
        }

    # -- SVG -----------------------------------------------------------------------------------------------------

    @property
    def svg(self) -> str:
        """The chart as an ``<svg>`` element."""
        return self._svg(False)

    def _svg(self, standalone: bool) -> str:
        width, left, top, right, bottom = 860, 60.0, 52.0, 846.0, 210.0
        swatches = Swatches(f"c{zlib.crc32(self.text.encode('utf-8', 'replace')):08x}")
        parts = [f'<text x="14" y="22" font-size="15" font-weight="700">{escaped(self.title)}</text>']
        parts.append(f'<text x="14" y="42" opacity=".85">{escaped(self.y)}</text>')
        for tick in self._ticks():
            y = bottom - tick / self.top * (bottom - top)
            parts.append(f'<path d="M{left} {y:.1f}H{right}" stroke="currentColor" opacity=".15"/>')
            parts.append(f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end" opacity=".85">{tick:,.6g}</text>')
        if self.bars:
            parts += self._svg_bars(swatches, left, right, top, bottom)
        else:
            for tick in round_ticks(self.low, self.high, 9):
                x = left + (tick - self.low) / (self.high - self.low) * (right - left)
                anchor = "end" if x > right - 16 else "middle"
                parts.append(
                    f'<text x="{x:.1f}" y="{bottom + 15}" text-anchor="{anchor}" opacity=".85">{tick:,.6g}</text>'
                )
            parts += [self._svg_steps(one, left, right, top, bottom) for one in self.series if len(one.x)]
        parts.append(f'<path d="M{left} {bottom}H{right}" stroke="currentColor" opacity=".5"/>')
        parts.append(f'<text x="{(left + right) / 2}" y="{bottom + 30}" text-anchor="middle">{escaped(self.x)}</text>')
        x, y = 14.0, bottom + 50
        for one in self.series:
            name = shortened(one.name, 28)
            wide = 40 + len(name) * CHARACTER
            if x + wide > right and x > 14:
                x, y = 14.0, y + 18
            if self.bars:
                parts.append(swatches.box(x, y - 9, 18, 11, one.style))
            else:
                parts.append(
                    f'<path d="M{x} {y - 4}h18" stroke="{one.style.edge}" stroke-width="2" '
                    f'stroke-dasharray="{_SVG_DASHES[one.dash % len(_SVG_DASHES)]}"/>'
                )
            parts.append(f'<text x="{x + 24:.1f}" y="{y}">{escaped(name)}</text>')
            x += wide
        return page("".join(parts), width, round(y + 16), self.summary, swatches.definitions, standalone)

    def _ticks(self) -> list[float]:
        return round_ticks(0.0, self.top, 5, whole=self.whole)

    def _svg_steps(self, one: Series, left: float, right: float, top: float, bottom: float) -> str:
        def place(x: float) -> float:
            return left + (x - self.low) / (self.high - self.low) * (right - left)

        def rise(y: float) -> float:
            return bottom - y / self.top * (bottom - top)

        path = f"M{place(one.x[0]):.1f} {rise(one.y[0]):.1f}"
        path += "".join(f"H{place(x):.1f}V{rise(y):.1f}" for x, y in zip(one.x[1:], one.y[1:], strict=True))
        dashes = _SVG_DASHES[one.dash % len(_SVG_DASHES)]
        return (
            f'<path d="{path}H{right:.1f}" fill="none" stroke="{one.style.edge}" stroke-width="2" '
            f'stroke-dasharray="{dashes}"/>'
        )

    def _svg_bars(self, swatches: Swatches, left: float, right: float, top: float, bottom: float) -> list[str]:
        names = list(dict.fromkeys(name for one in self.series for name in one.x))
        parts: list[str] = []
        each = (right - left) / max(1, len(names))
        thick = min(36.0, each * 0.8 / max(1, len(self.series)))
        for number, name in enumerate(names):
            middle = left + each * (number + 0.5)
            start = middle - thick * len(self.series) / 2
            for place, one in enumerate(self.series):
                if name in one.x:
                    tall = one.y[list(one.x).index(name)] / self.top * (bottom - top)
                    parts.append(swatches.box(start + place * thick, bottom - tall, thick, tall, one.style))
            label = escaped(shortened(name, max(3, int(each / CHARACTER))))
            parts.append(f'<text x="{middle:.1f}" y="{bottom + 15}" text-anchor="middle">{label}</text>')
        return parts

    # -- text ----------------------------------------------------------------------------------------------------

    @property
    def summary(self) -> str:
        """One sentence for who does not see it."""
        names = ", ".join(shortened(one.name, 28) for one in self.series[:6])
        return f"{self.title}: {self.y} for {names}." if names else f"{self.title}: nothing to show."

    @cached_property
    def text(self) -> str:
        """The chart as text: a line of blocks for each series, or the numbers of the bars."""
        lines = [cleaned(self.title), ""]
        width = max((len(shortened(one.name, 28)) for one in self.series), default=0)
        if self.bars:
            for one in self.series:
                for name, value in zip(one.x, one.y, strict=True):
                    lines.append(f"  {shortened(one.name, 28):<{width}}  {shortened(name, 28)}: {value:,.4g}")
        else:
            for one in self.series:
                highest = max(one.y, default=0)
                lines.append(f"  {shortened(one.name, 28):<{width}}  {self._blocks(one, 40)}  at most {highest:,.4g}")
            lines.append(f"  {'':{width}}  {self.x}: {self.low:,.4g} to {self.high:,.4g}")
        return "\n".join([*lines, *([self.note] if self.note else [])])

    def _blocks(self, one: Series, columns: int) -> str:
        """The highest value in each column, as a block of that height."""
        values = [0.0] * columns
        scale = columns / (self.high - self.low)
        for number, (x, y) in enumerate(zip(one.x, one.y, strict=True)):
            end = one.x[number + 1] if number + 1 < len(one.x) else self.high
            first = min(columns - 1, int((x - self.low) * scale + 1e-6))
            last = min(columns, max(first + 1, int((end - self.low) * scale + 1 - 1e-6)))
            for column in range(first, last):
                values[column] = max(values[column], y)
        return "".join(" " if value <= 0 else _MARKS[min(7, int(value / self.top * 1.06 * 7.999))] for value in values)

    # -- how it shows itself -------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, Any]:
        image = image_of(self._svg(True), self.summary)
        return {PLOTLY_MIME: bundle_of(self._figure_data()), "text/html": image, "text/plain": self.text}


def _thinned(one: Series) -> Series:
    """The series with at most a few hundred points: of each bucket the highest one, so that no peak is lost."""
    if len(one.x) <= _POINTS:
        return one
    low, high = one.x[0], one.x[-1]
    bucket = (high - low) / (_POINTS // 2) or 1.0
    x: list[float] = []
    y: list[float] = []
    current = -1
    for at, value in zip(one.x, one.y, strict=True):
        number = int((at - low) / bucket)
        if number != current:
            x.append(at)
            y.append(value)
            current = number
        else:
            y[-1] = max(y[-1], value)
    x.append(one.x[-1])
    y.append(one.y[-1])
    return Series(one.name, x, y, one.style, one.dash)
