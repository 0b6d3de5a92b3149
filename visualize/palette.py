"""What a serializer looks like everywhere: one colour, one pattern, one letter; and how names and labels are shown.

Colours are Okabe and Ito's, told apart by people who are colour-blind; a pattern (pictures) or a letter (text) says the
same a second time. Vermillion is kept for what stands still: blocked threads and paused serializers. Every colour that
carries meaning has a contrast of at least 3:1 on white and on #111, by its fill or by its edge; text inside a fill has
at least 4.5:1.
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = [
    "BLOCKED",
    "DENSITY",
    "PATTERNS",
    "PAUSED",
    "POOL",
    "SERIALIZER_COLOURS",
    "Style",
    "cleaned",
    "contrast",
    "escaped",
    "letter_of",
    "plotly_text",
    "shortened",
    "style_of",
    "styles_of",
]

#: Okabe and Ito's colours for serializers, in the order in which they are given out. Vermillion is not among them.
SERIALIZER_COLOURS: tuple[tuple[str, str], ...] = (
    ("blue", "#0072B2"),
    ("orange", "#E69F00"),
    ("purple", "#CC79A7"),
    ("sky blue", "#56B4E9"),
    ("green", "#009E73"),
    ("yellow", "#F0E442"),
)

#: The second cue, in the order in which it is given out. Slanted lines are not among them: they mean "blocked".
PATTERNS: tuple[str, ...] = ("plain", "dots", "upright lines", "level lines", "grid", "crosses")

_PLOTLY_SHAPES = {
    "plain": "",
    "dots": ".",
    "upright lines": "|",
    "level lines": "-",
    "grid": "+",
    "crosses": "x",
    "slanted lines": "/",
}

_DARK = "#111111"
_LIGHT = "#FFFFFF"
_EDGE_CONTRAST = 3.2
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Style:
    """How one serializer's tasks are drawn.

    Attributes:
        colour: The fill, ``#RRGGBB``.
        edge: A shade of it with a contrast of at least 3:1 on white and on #111.
        ink: Black or white, whichever is read best on the fill.
        pattern: One of `PATTERNS`, or ``slanted lines`` for what is blocked.
        letter: What stands for it in text; its lower case marks what runs inline.
    """

    colour: str
    edge: str
    ink: str
    pattern: str
    letter: str

    @property
    def plotly_shape(self) -> str:
        """The pattern as plotly calls it."""
        return _PLOTLY_SHAPES[self.pattern]


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    parts = [channel / 255 for channel in _channels(colour)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two ``#RRGGBB`` colours, 1 to 21, as WCAG 2 defines it."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _edge(colour: str) -> str:
    """The lightest shade of ``colour`` that stands out on white; all of them stand out on #111."""
    for percent in range(100, 0, -2):
        shade = "#" + "".join(f"{channel * percent // 100:02X}" for channel in _channels(colour))
        if contrast(shade, _LIGHT) >= _EDGE_CONTRAST:
            return shade
    raise AssertionError(colour)


def _style(colour: str, pattern: str, letter: str) -> Style:
    ink = max((_DARK, _LIGHT), key=lambda candidate: contrast(candidate, colour))
    return Style(colour, _edge(colour), ink, pattern, letter)


def letter_of(index: int) -> str:
    """The capital letter of the ``index``-th serializer; ``*`` for all beyond the 26th."""
    return _LETTERS[index] if index < len(_LETTERS) else "*"


def style_of(index: int) -> Style:
    """The style of the ``index``-th serializer, from 0. Colour and pattern repeat together after 36."""
    count = len(SERIALIZER_COLOURS)
    _, colour = SERIALIZER_COLOURS[index % count]
    return _style(colour, PATTERNS[(index + index // count) % len(PATTERNS)], letter_of(index))


def styles_of(serializers: Iterable[str]) -> dict[str, Style]:
    """A style for each name, in the order given; give the names in one order to get the same styles everywhere."""
    return {name: style_of(index) for index, name in enumerate(dict.fromkeys(serializers))}


#: Tasks that were pushed to a pool itself, and a pool's own tasks.
POOL = _style("#8C8C8C", "plain", "P")
#: A thread that waits: pale, with vermillion slanted lines and edge.
BLOCKED = Style("#FBE6D9", "#D55E00", _DARK, "slanted lines", "/")
#: A paused serializer.
PAUSED = Style("#FBE6D9", "#D55E00", _DARK, "plain", "=")
#: Many short tasks drawn as one.
DENSITY = _style("#A6A6A6", "dots", "#")


def cleaned(text: str) -> str:
    """``text`` on one line, with whatever does not print (line ends, control and direction marks) replaced by ``·``."""
    return "".join(character if character.isprintable() else "·" for character in text)


def shortened(text: str, width: int) -> str:
    """``text``, cleaned, in at most ``width`` characters: the middle is cut out, for names differ at their ends."""
    text = cleaned(text if len(text) <= 4 * width else text[: 2 * width] + text[-2 * width :])
    if len(text) <= width:
        return text
    if width <= 1:
        return "…"[:width]
    tail = (width - 1) // 2
    return text[: width - 1 - tail] + "…" + (text[-tail:] if tail else "")


def escaped(text: str) -> str:
    """``text``, cleaned, for HTML's and XML's content and quoted attributes."""
    return html.escape(cleaned(text), quote=True)


def plotly_text(text: str) -> str:
    """``text``, cleaned, as plotly shows it literally: neither its pseudo-HTML nor a formula."""
    return html.escape(cleaned(text), quote=False).replace("$", "&#36;")
