"""A picture as static SVG: for exported pages, for GitHub, for wherever scripts are removed.

Inside a page it is transparent and takes the text colour of its surroundings. As an image of its own (``standalone``)
it cannot know them: it brings a card to lie on, light or dark as the reader's system prefers.
"""

from __future__ import annotations

import base64
import zlib

from visualize._geometry import CHARACTER, NAME_WIDTH, Geometry, Place, geometry_of, lane_area, text_width
from visualize._legend import end_of, legend_of, nothing_of
from visualize._picture import Picture, Role, RowKind, Section, Shape
from visualize.palette import BLOCKED, PAUSED, Style, escaped, shortened

__all__ = ["Swatches", "image_of", "page", "svg_of"]

_FONT = "system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif"
_ADAPTS = ' style="max-width:100%;height:auto;background:transparent"'
#: What stands still is pale on a light card and dark on a dark one; a page around it may do the same by these classes.
_CARD = (
    "<style>:root{color:#1f2328}#card{fill:#fff;stroke:#d0d7de}"
    "@media(prefers-color-scheme:dark){:root{color:#e6edf3}#card{fill:#111;stroke:#3d444d}"
    ".still{fill:#3a2416}.still-text{fill:#f6e5da}.still-plate{stroke:#3a2416}}</style>"
)
_MARKS = {
    "dots": "M2 2h.01M6 6h.01",
    "upright lines": "M2 0V8M6 0V8",
    "level lines": "M0 2H8M0 6H8",
    "grid": "M0 4H8M4 0V8",
    "crosses": "M2 2l4 4M6 2l-4 4",
    "slanted lines": "M-2 2l4-4M-2 10l12-12M6 10l4-4",
}


def svg_of(picture: Picture, width: int = 860, *, standalone: bool = False) -> str:
    """The picture as an ``<svg>`` element.

    Args:
        picture: What to draw.
        width: In pixels, at least 320; the height follows from the rows.
        standalone: Whether it is to be an image of its own.
    """
    return _Drawing(picture, max(320, width), standalone).drawn()


def image_of(svg: str, summary: str) -> str:
    """A standalone SVG as an ``<img>`` that has it inside, with ``summary`` as the alternative text."""
    data = base64.b64encode(svg.encode()).decode()
    return f'<img style="max-width:100%" alt="{escaped(summary)}" src="data:image/svg+xml;base64,{data}">'


def page(content: str, width: int, height: int, summary: str, definitions: str, standalone: bool) -> str:
    """An ``<svg>`` element around what was drawn; all arguments but ``summary`` are markup or numbers."""
    summary = escaped(summary)
    card = ""
    if standalone:
        card = f'{_CARD}<rect id="card" x=".5" y=".5" width="{width - 1}" height="{height - 1}" rx="8"/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" aria-label="{summary}" font-family="{_FONT}" font-size="11"{"" if standalone else _ADAPTS}>'
        f"<title>{summary}</title><defs>{definitions}</defs>{card}"
        f'<g fill="currentColor">{content}</g></svg>'
    )


class Swatches:
    """Fills, and the patterns that they need.

    Args:
        prefix: Makes the patterns' ids unlike those of another picture on the same page.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._patterns: dict[str, str] = {}

    @property
    def definitions(self) -> str:
        """The patterns used so far, as markup."""
        return "".join(self._patterns.values())

    def look(self, style: Style) -> str:
        """The attributes that fill a shape."""
        marks, still = _MARKS.get(style.pattern), _class("still", style)
        if marks is None:
            return f'fill="{style.colour}"{still}'
        name = f"{self._prefix}-{style.colour[1:]}-{style.pattern.replace(' ', '-')}"
        ink, opacity = (style.edge, 0.55) if style.pattern == "slanted lines" else (style.ink, 0.4)
        self._patterns.setdefault(
            name,
            f'<pattern id="{name}" width="8" height="8" patternUnits="userSpaceOnUse">'
            f'<rect width="8" height="8" fill="{style.colour}"{still}/>'
            f'<path d="{marks}" stroke="{ink}" stroke-width="1.3" stroke-linecap="round" fill="none" '
            f'opacity="{opacity}"/></pattern>',
        )
        return f'fill="url(#{name})"'

    def box(self, x: float, y: float, width: float, height: float, style: Style) -> str:
        """A rectangle in a style."""
        return (
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="1.5" '
            f'{self.look(style)} stroke="{style.edge}"/>'
        )


def _class(name: str, style: Style) -> str:
    return f' class="{name}"' if style in (BLOCKED, PAUSED) else ""


class _Drawing:
    def __init__(self, picture: Picture, width: int, standalone: bool) -> None:
        self.picture, self.standalone, self.width = picture, standalone, width
        self.geometry: Geometry = geometry_of(picture, width)
        self.left, self.right = self.geometry.left, width - 14.0
        self.parts: list[str] = []
        self.swatches = Swatches(f"t{zlib.crc32(repr(picture).encode('utf-8', 'replace')):08x}")

    def drawn(self) -> str:
        picture = self.picture
        self.parts.append('<g transform="translate(0 4)">')
        for section, baseline, places in self.geometry.sections:
            self._section(section, baseline, places)
        y = self._legend(self._axis(self.geometry.height))
        for note in picture.notes:
            for line in _folded(note, int((self.width - 28) / CHARACTER)):
                y += 16
                self._text(14, y, line, 'opacity=".85"')
        self.parts.append("</g>")
        content = "".join(self.parts)
        return page(content, self.width, round(y + 18), picture.summary, self.swatches.definitions, self.standalone)

    # -- rows ----------------------------------------------------------------------------------------------------

    def _section(self, section: Section, baseline: float, places: tuple[Place, ...]) -> None:
        self.parts.append(
            f'<text x="14" y="{baseline - 6:.1f}" font-size="15" font-weight="700">'
            f"{escaped(shortened(section.title, 70))}"
            f'<tspan dx="12" font-size="12" font-weight="400" opacity=".85">{escaped(section.subtitle)}</tspan></text>'
        )
        if not places:
            self._text(14, baseline + 16, nothing_of(section), 'opacity=".85"')
            return
        self._guides(section, places)
        for place in places:
            self._row(place)

    def _guides(self, section: Section, places: tuple[Place, ...]) -> None:
        axis = self.picture.axis
        top, bottom = lane_area(places)
        lines = "".join(
            f'<path d="M{self._x(tick):.1f} {top:.1f}V{bottom:.1f}"/>' for tick in axis.ticks(self._tick_count())
        )
        self.parts.append(f'<g stroke="currentColor" opacity=".13">{lines}</g>')
        if axis.low < section.end < axis.high:
            x, text = self._x(section.end), end_of(section)
            anchor = "start" if x + text_width(text) < self.right else "end"
            self.parts.append(
                f'<path d="M{x:.1f} {top:.1f}V{bottom + 2:.1f}" stroke="currentColor" stroke-dasharray="3 3"/>'
                f'<text x="{x:.1f}" y="{bottom + 14:.1f}" text-anchor="{anchor}">{escaped(text)}</text>'
            )

    def _row(self, place: Place) -> None:
        row = place.row
        if row.kind is RowKind.HEADING:
            self._text(14, place.bottom - 6, shortened(row.name, 60), 'font-weight="600" letter-spacing=".3"')
            return
        facts = "" if self.standalone else f"<title>{escaped(' · '.join(row.facts) or row.name)}</title>"
        name = escaped(shortened(row.name, NAME_WIDTH))
        self.parts.append(f'<text x="22" y="{place.middle + 4:.1f}">{facts}{name}</text>')
        for shape in row.shapes:
            self._shape(shape, place)

    def _shape(self, shape: Shape, place: Place) -> None:
        low, high = self._x(shape.low), self._x(shape.high)
        style = shape.style
        if shape.role is Role.ALIVE:
            self.parts.append(f'<path d="M{low:.1f} {place.middle:.1f}H{high:.1f}" stroke="#8c8c8c" opacity=".7"/>')
            return
        top, bottom = self.geometry.extent(shape, place)
        title = "" if self.standalone else f"<title>{escaped(' · '.join(shape.facts))}</title>"
        if shape.role in (Role.TURN, Role.MANY):
            fill = f'fill="{style.edge}"' if shape.role is Role.TURN else self.swatches.look(style)
            self.parts.append(
                f'<rect x="{low:.1f}" y="{top:.1f}" width="{max(1.0, high - low):.1f}" height="{bottom - top:.1f}" '
                f'{fill} shape-rendering="crispEdges">{title}</rect>'
            )
            if shape.role is Role.MANY:
                self._label(shape, top, bottom)
            return
        width = max(1.5, high - low)
        low = min(low, self.right - width)
        dashes = ' stroke-dasharray="3 2"' if shape.role is Role.PAUSING else ""
        thick = ' stroke-width="1.8"' if shape.failed else ""
        box = f'x="{low:.1f}" y="{top:.1f}" width="{width:.1f}" height="{bottom - top:.1f}" rx="1.5"'
        look = f'{self.swatches.look(style)} stroke="{style.edge}"{thick}{dashes}'
        self.parts.append(f"<rect {box} {look}>{title}</rect>")
        top, bottom = self.geometry.label_extent(shape, place)
        if not self._label(shape, top, bottom) and shape.failed and width >= 9 and bottom - top >= 8:
            cross = f"M{(low + high) / 2 - 3:.1f} {(top + bottom) / 2 - 3:.1f}l6 6m0-6l-6 6"
            self.parts.append(f'<path d="{cross}" stroke="{style.ink}" stroke-width="1.6" fill="none"/>')

    def _label(self, shape: Shape, top: float, bottom: float) -> bool:
        """Write the longest text that has room; whether one had."""
        low, high = self._x(shape.low), self._x(shape.high)
        tall = bottom - top
        size = 11 if tall >= 13 else 9
        if tall < 9:
            return False
        style = shape.style
        for text in shape.texts:
            if text and text_width(text, size) + 6 <= high - low:
                plate, still = "", _class("still-text", style)
                if style.pattern != "plain":
                    plate = f' stroke="{style.colour}" stroke-width="4" stroke-linejoin="round" paint-order="stroke"'
                    still = _class("still-text still-plate", style)
                self.parts.append(
                    f'<text x="{low + 3.5:.1f}" y="{(top + bottom) / 2 + size * 0.36:.1f}" font-size="{size}" '
                    f'fill="{style.ink}"{plate}{still} pointer-events="none">{escaped(text)}</text>'
                )
                return True
        return False

    # -- below the rows ------------------------------------------------------------------------------------------

    def _axis(self, y: float) -> float:
        axis = self.picture.axis
        if not any(section.rows for section in self.picture.sections):
            return y
        self.parts.append(
            f'<path d="M{self.left:.1f} {y:.1f}H{self.right}" stroke="currentColor" opacity=".5" fill="none"/>'
        )
        for tick in axis.ticks(self._tick_count()):
            x = self._x(tick)
            anchor = "end" if x > self.right - 16 else "middle"
            self._text(x, y + 14, axis.label(tick), f'text-anchor="{anchor}" opacity=".85"')
        self._text(14, y + 14, axis.title, 'opacity=".85"')
        return y + 20

    def _legend(self, y: float) -> float:
        entries = list(legend_of(self.picture))
        x, y = 14.0, y + 16 if entries else y
        for name, style, role in entries:
            text = shortened(name, 28)
            width = 24 + text_width(text) + 18
            if x + width > self.right and x > 14:
                x, y = 14.0, y + 18
            if role is Role.TURN:
                swatch = f'<rect x="{x:.1f}" y="{y - 5:.1f}" width="18" height="2" fill="{style.edge}"/>'
            else:
                swatch = self.swatches.box(x, y - 9, 18, 11, style)
            self.parts.append(swatch)
            self._text(x + 24, y, text, "")
            x += width
        return y

    # -- small things --------------------------------------------------------------------------------------------

    def _x(self, position: float) -> float:
        axis = self.picture.axis
        return self.left + (position - axis.low) / (axis.high - axis.low) * (self.right - self.left)

    def _tick_count(self) -> int:
        return max(2, int((self.right - self.left) / 90))

    def _text(self, x: float, y: float, text: str, attributes: str) -> None:
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" {attributes}>{escaped(text)}</text>')


def _folded(text: str, width: int) -> list[str]:
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + word
    return lines
