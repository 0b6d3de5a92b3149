"""The layout of a picture as a plotly figure: axes, titles, headings, legend, and the marks of runs' ends."""

from __future__ import annotations

from typing import Any

from visualize._geometry import CHARACTER, NAME_WIDTH, Geometry, lane_area
from visualize._legend import end_of, legend_of, nothing_of
from visualize._picture import Picture, RowKind
from visualize._plotly import GREY, adaptive, base_layout
from visualize.palette import plotly_text, shortened

__all__ = ["layout_of"]

_NARROW = 440
_LEFT = 0.45  # up to this part of the axis what is said of a run's end has room on its right in a narrow figure


def layout_of(picture: Picture, geometry: Geometry) -> dict[str, Any]:
    """The figure's layout as plain dictionaries.

    Args:
        picture: What is drawn.
        geometry: Where, in pixels.
    """
    return _Layout(picture, geometry).layout()


class _Layout:
    def __init__(self, picture: Picture, geometry: Geometry) -> None:
        self.picture, self.geometry = picture, geometry
        self.places = [place for _, _, places in geometry.sections for place in places]

    def layout(self) -> dict[str, Any]:
        geometry, axis = self.geometry, self.picture.axis
        rows = [place for place in self.places if place.row.kind is not RowKind.HEADING]
        below = 26 + len(self.picture.notes) * 17
        bottom = below + 14 + self._legend_lines() * 19
        layout = base_layout(geometry.height + bottom + 8)
        layout["margin"] = {"l": round(geometry.left), "r": 12, "t": 8, "b": bottom}
        layout["barmode"] = "overlay"
        layout["uniformtext"] = {"mode": "hide", "minsize": 9}
        layout["xaxis"] |= {
            "range": [axis.low, axis.high],
            "tickprefix": adaptive("").removesuffix("</span>"),
            "ticksuffix": "</span>",
            "nticks": 8,
        }
        layout["yaxis"] |= {
            "range": [geometry.height, 0],
            "fixedrange": True,
            "showgrid": False,
            "tickmode": "array",
            "tickvals": [round(place.middle, 1) for place in rows],
            "ticktext": [adaptive(plotly_text(shortened(place.row.name, NAME_WIDTH))) for place in rows],
            "ticks": "outside",
            "ticklen": 6,
            "tickcolor": "rgba(0,0,0,0)",
        }
        layout["legend"] = {
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "y": -below / max(1.0, geometry.height),
            "yanchor": "top",
            "bgcolor": "rgba(0,0,0,0)",
            "traceorder": "normal",
            "itemwidth": 30,
        }
        layout["shapes"], layout["annotations"] = self._marks()
        return layout

    def _marks(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        axis, lines, texts = self.picture.axis, [], []
        for section, baseline, places in self.geometry.sections:
            title = adaptive(plotly_text(shortened(section.title, 70)), "font-weight:700;font-size:15px")
            texts.append(self._note(baseline - 10, f"{title}   {adaptive(plotly_text(section.subtitle))}"))
            if not places:
                texts.append(self._note(baseline + 14, adaptive(nothing_of(section))))
            for place in places:
                if place.row.kind is RowKind.HEADING:
                    name = adaptive(plotly_text(shortened(place.row.name, 60)), "font-weight:600")
                    texts.append(self._note(place.bottom - 10, name))
            if places and axis.low < section.end < axis.high:
                top, bottom = lane_area(places)
                lines.append(
                    {
                        "type": "line",
                        "x0": section.end,
                        "x1": section.end,
                        "y0": top,
                        "y1": bottom,
                        "line": {"color": GREY, "width": 1, "dash": "dot"},
                        "layer": "below",
                    }
                )
                texts.append(
                    {
                        "x": section.end,
                        "y": bottom,
                        "yanchor": "top",
                        "text": adaptive(plotly_text(end_of(section))),
                        "showarrow": False,
                        "xanchor": "right" if section.end - axis.low > (axis.high - axis.low) * _LEFT else "left",
                    }
                )
        for number, text in enumerate([axis.title, *self.picture.notes]):
            below = {"y": 0, "yref": "paper", "yanchor": "top", "yshift": -3 - 17 * number}
            texts.append(self._note(0, adaptive(plotly_text(text))) | below)
        return lines, texts

    def _note(self, y: float, markup: str) -> dict[str, Any]:
        return {
            "x": 0,
            "xref": "paper",
            "xshift": -self.geometry.left + 8,
            "xanchor": "left",
            "y": y,
            "yref": "y",
            "text": markup,
            "showarrow": False,
        }

    def _legend_lines(self) -> int:
        """How many lines the legend takes on a narrow page; plotly gives all entries the width of the longest."""
        names = [shortened(name, 28) for name, _, _ in legend_of(self.picture)]
        widest = 50 + max((len(name) for name in names), default=0) * CHARACTER
        return -(-len(names) // max(1, int(_NARROW / widest)))
