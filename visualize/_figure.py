"""A picture as a plotly figure: to zoom, to point at, to switch serializers on and off.

Bars of one serializer on one level are one trace, outer levels first, so that what runs inside is drawn on top. The
vertical axis is in pixels and laid out as in the SVG; only the horizontal one can be zoomed. Nothing is fetched: the
figure is plain data, drawn by whatever shows it. Texts take the colour of the page where it tells one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from visualize._extra import extra
from visualize._figure_layout import layout_of
from visualize._fills import CLEAR, Part, holding, is_still, lifelines, parts_of
from visualize._geometry import Geometry, Place, geometry_of, text_width
from visualize._hover import Target, targets
from visualize._legend import MOST_NAMES, legend_of
from visualize._picture import Picture, Role, Shape
from visualize._plotly import adaptive
from visualize.palette import POOL, plotly_text, shortened

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["figure_data", "figure_of"]

_WIDTH = 760  # what most notebooks give a figure, in pixels; texts are chosen for it


def figure_of(picture: Picture) -> go.Figure:
    """The picture as a `plotly.graph_objects.Figure`."""
    with extra("a timeline's figure"):
        import plotly.graph_objects as go

    return go.Figure(figure_data(picture))


def figure_data(picture: Picture) -> dict[str, Any]:
    """The figure's data and layout as plain lists and dictionaries."""
    drawing = _Drawing(picture)
    return {"data": drawing.traces(), "layout": layout_of(picture, drawing.geometry)}


class _Drawing:
    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.geometry: Geometry = geometry_of(picture, _WIDTH)
        self.places = [place for _, _, places in self.geometry.sections for place in places]
        self.holding = {found for place in self.places for found in holding(place)}
        self.targets: dict[tuple[int, int], list[Target]] = {}
        for place in self.places:
            for target in targets(place, self.geometry):
                self.targets.setdefault((id(place), id(target.shape)), []).append(target)
        axis = picture.axis
        self.pixel = (axis.high - axis.low) / (_WIDTH - self.geometry.left)
        self.digits = max(0, 6 - len(f"{max(abs(axis.high), abs(axis.low)):.0f}")) + 2

    # -- traces --------------------------------------------------------------------------------------------------

    def traces(self) -> list[dict[str, Any]]:
        known = list(legend_of(self.picture))
        shown: set[str] = set()
        order = {name: number for number, (name, _, _) in enumerate(known)}
        groups: dict[tuple[int, int, str], list[tuple[Shape, Place]]] = {}
        names = {name for name, _, role in known[:MOST_NAMES] if role is Role.TASK}
        for place in self.places:
            for shape in place.row.shapes:
                if shape.role is Role.ALIVE:
                    continue
                name = self._group(shape, names)
                level = -1 if shape.role is Role.TURN else shape.level
                groups.setdefault((level, order.get(name, len(known)), name), []).append((shape, place))
        traces = [self._alive()]
        for (_, rank, name), members in sorted(groups.items(), key=lambda item: item[0][:2]):
            members.sort(key=lambda member: member[0].role is Role.PAUSING)  # the legend shows the first one's look
            trace = self._bars(name, members)
            trace["legendrank"] = rank + 1
            trace["showlegend"] = name not in shown
            shown.add(name)
            traces.append(trace)
        traces.append(self._labels())
        by_name: dict[str, list[tuple[Shape, Place]]] = {}
        for (_, _, name), members in groups.items():
            by_name.setdefault(name, []).extend(members)
        return traces + [self._targets(name, members) for name, members in by_name.items()]

    def _group(self, shape: Shape, names: set[str]) -> str:
        if shape.owner in names and shape.role is Role.TASK:
            return shape.owner
        return _group_name(shape)

    def _bars(self, name: str, members: Sequence[tuple[Shape, Place]]) -> dict[str, Any]:
        parts = [part for shape, place in members for part in self._parts(shape, place)]
        styles = [part.shape.style for part in parts]
        pausing = [part.shape.role is Role.PAUSING for part in parts]
        marker: dict[str, Any] = {
            "color": _one([part.fill for part in parts]),
            "line": {"color": _one([style.edge for style in styles]), "width": _one([part.line for part in parts])},
        }
        shapes = [_pattern(part) for part in parts]
        if any(shapes):
            still = [style.pattern == "slanted lines" or asked for style, asked in zip(styles, pausing, strict=True)]
            ink = [style.edge if waits else style.ink for style, waits in zip(styles, still, strict=True)]
            marker["pattern"] = {
                "shape": _one(shapes),
                "fillmode": "overlay",
                "fgcolor": _one(ink),
                "fgopacity": 0.5 if any(still) else 0.32,
                "size": 6,
                "solidity": 0.18,
            }
        return {
            "type": "bar",
            "orientation": "h",
            "name": adaptive(plotly_text(shortened(name, 28))),
            "legendgroup": plotly_text(shortened(name, 60)),
            "base": [round(part.low, self.digits) for part in parts],
            "x": [round(part.high - part.low, self.digits) for part in parts],
            "y": [round((part.top + part.bottom) / 2, 1) for part in parts],
            "width": [round(part.bottom - part.top, 1) for part in parts],
            "marker": marker,
            "hoverinfo": "skip",
        }

    def _parts(self, shape: Shape, place: Place) -> Iterator[Part]:
        key = (id(place), id(shape))
        tops = self.targets.get(key, []) if id(shape) in self.holding else None
        return parts_of(shape, place, self.geometry, tops)

    def _targets(self, name: str, members: Sequence[tuple[Shape, Place]]) -> dict[str, Any]:
        """What one points at: where bars lie in one another, plotly itself would often show the outer one's facts."""
        boxes = [(target, place) for shape, place in members for target in self.targets.get((id(place), id(shape)), ())]
        return {
            "type": "bar",
            "orientation": "h",
            "legendgroup": plotly_text(shortened(name, 60)),
            "base": [round(target.low, self.digits) for target, _ in boxes],
            "x": [round(target.high - target.low, self.digits) for target, _ in boxes],
            "y": [round((target.top + target.bottom) / 2, 1) for target, _ in boxes],
            "width": [round(target.bottom - target.top, 1) for target, _ in boxes],
            "marker": {"color": CLEAR, "line": {"width": 0}},
            "hovertext": ["<br>".join(map(plotly_text, target.shape.facts)) for target, _ in boxes],
            "hoverinfo": "text",
            "showlegend": False,
        }

    def _labels(self) -> dict[str, Any]:
        """Names on transparent bars of their own: plotly hides those that have no room, at every zoom."""
        chosen = []
        for place in self.places:
            for shape in place.row.shapes:
                top, bottom = self.geometry.label_extent(shape, place)
                text = self._text(shape) if bottom - top >= 9 else ""
                if text:
                    # Plotly keeps 3 pixels free above and below a text; the bar that carries it may reach further.
                    middle, tall = (top + bottom) / 2, max(bottom - top, 20.0)
                    chosen.append((shape, middle - tall / 2, middle + tall / 2, text))
        return {
            "type": "bar",
            "orientation": "h",
            "base": [round(shape.low, self.digits) for shape, *_ in chosen],
            "x": [round(shape.high - shape.low, self.digits) for shape, *_ in chosen],
            "y": [round((top + bottom) / 2, 1) for _, top, bottom, _ in chosen],
            "width": [round(bottom - top, 1) for _, top, bottom, _ in chosen],
            "text": [_plated(plotly_text(text), shape) for shape, *_, text in chosen],
            "textposition": "inside",
            "insidetextanchor": "start",
            "textangle": 0,
            "textfont": {"color": [shape.style.ink for shape, *_ in chosen], "size": 11},
            "marker": {"color": CLEAR, "line": {"width": 0}},
            "hoverinfo": "skip",
            "showlegend": False,
        }

    def _text(self, shape: Shape) -> str:
        """The longest text that has room before anybody zooms; else the shortest, which shows when it has."""
        room = (shape.high - shape.low) / self.pixel
        for text in shape.texts:
            if text_width(text) + 8 <= room:
                return text
        return shape.texts[-1] if shape.texts else ""

    def _alive(self) -> dict[str, Any]:
        """A thin line from a thread's start to its stop, below everything else."""
        lines = [(low, high, place.middle) for place in self.places for low, high in lifelines(place.row)]
        return {
            "type": "bar",
            "orientation": "h",
            "base": [round(low, self.digits) for low, _, _ in lines],
            "x": [round(high - low, self.digits) for low, high, _ in lines],
            "y": [round(y, 1) for *_, y in lines],
            "width": 1,
            "marker": {"color": "rgba(128,128,128,0.7)", "line": {"width": 0}},
            "hoverinfo": "skip",
            "showlegend": False,
        }


def _group_name(shape: Shape) -> str:
    if shape.role is Role.TASK:
        return "tasks of no serializer" if shape.style is POOL else "more serializers"
    return {
        Role.POOL_TASK: "tasks of no serializer",
        Role.CONTROL: "tasks of no serializer",
        Role.TURN: "a serializer's turn (line)",
        Role.BLOCKED: "blocked",
        Role.PAUSING: "paused",
        Role.PAUSED: "paused",
        Role.MANY: "many short bars",
        Role.ALIVE: "",
    }[shape.role]


def _pattern(part: Part) -> str:
    if part.fill == CLEAR:
        return ""
    return "|" if part.shape.role is Role.PAUSING else part.shape.style.plotly_shape


def _plated(text: str, shape: Shape) -> str:
    """``text`` so that it can be read: in the page's colour, or on a plate that keeps the bar's pattern off it."""
    if is_still(shape):
        return adaptive(text)
    if shape.style.pattern == "plain":
        return text
    look = f"paint-order:stroke;stroke:{shape.style.colour};stroke-width:4px;stroke-linejoin:round"
    return f'<span style="{look}">{text}</span>'


def _one(values: list[Any]) -> Any:
    """The one value that all have, or the list."""
    return values[0] if len(set(values)) == 1 else values
