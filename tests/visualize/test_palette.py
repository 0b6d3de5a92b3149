"""The colours keep their promises, and no label can break out of its place."""

import itertools

import pytest

from visualize import palette


@pytest.mark.parametrize("style", [*map(palette.style_of, range(36)), palette.POOL, palette.BLOCKED, palette.PAUSED])
def test_every_style_stands_out_on_white_and_on_black_and_its_text_can_be_read(style):
    assert palette.contrast(style.edge, "#FFFFFF") >= 3
    assert palette.contrast(style.edge, "#111111") >= 3
    assert palette.contrast(style.ink, style.colour) >= 4.5


def test_contrast_is_what_wcag_says():
    assert palette.contrast("#FFFFFF", "#000000") == pytest.approx(21)
    assert palette.contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.01)


def test_36_serializers_are_told_apart_by_colour_and_pattern_and_neighbours_by_both():
    styles = [palette.style_of(index) for index in range(36)]
    assert len({(style.colour, style.pattern) for style in styles}) == 36
    for one, other in itertools.pairwise(styles):
        assert one.colour != other.colour and one.pattern != other.pattern
    assert palette.BLOCKED.pattern not in palette.PATTERNS


def test_names_get_letters_in_order_and_the_27th_none_of_its_own():
    names = [f"s{number}" for number in range(28)]
    styles = palette.styles_of([*names, "s0"])
    assert [styles[name].letter for name in ("s0", "s1", "s25", "s26", "s27")] == ["A", "B", "Z", "*", "*"]


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("pjsip/1", 7, "pjsip/1"),
        ("pjsip/session-17", 10, "pjsip…n-17"),
        ("abc", 2, "a…"),
        ("abc", 1, "…"),
        ("abc", 0, ""),
        ("a\nb\u202ec\x00", 9, "a·b·c·"),
        ("x" * 1_000_000, 5, "xx…xx"),
    ],
)
def test_long_names_lose_their_middle(text, width, expected):
    assert palette.shortened(text, width) == expected


def test_markup_is_shown_as_text():
    nasty = "</script><script>alert(1)</script>"
    assert palette.escaped(nasty + "\"'&\x1b") == (
        "&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#x27;&amp;·"
    )
    assert palette.plotly_text(nasty + "$x$") == "&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;&#36;x&#36;"
