"""What the player draws, measured where it is drawn: contrast of every text and line, in both themes and two widths."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Frame, Page

from taskpool.events import Event, EventKind
from taskpool.scenarios import run
from tests.browser.test_player import crowd
from visualize import player
from visualize.palette import contrast

pytestmark = pytest.mark.browser

# Notes every text with the colours that it is drawn upon, and every line and thin filled shape with its colour.
SPY = """(() => {
  const proto = CanvasRenderingContext2D.prototype;
  const { fillText, stroke, fillRect } = proto;
  window.drawn = null;
  const rgba = (style) => {
    if (typeof style !== "string") return null; // a pattern
    if (style[0] === "#") return [1, 3, 5].map((at) => parseInt(style.slice(at, at + 2), 16)).concat(1);
    return style.match(/[\\d.]+/g).map(Number);
  };
  proto.fillText = function (text, x, y) {
    if (window.drawn && this.canvas.width > 100 && text.trim()) {
      const size = this.measureText(text);
      const move = this.getTransform();
      const left = (x - size.actualBoundingBoxLeft) * move.a, top = (y - size.actualBoundingBoxAscent) * move.d;
      const width = (size.actualBoundingBoxLeft + size.actualBoundingBoxRight) * move.a;
      const height = (size.actualBoundingBoxAscent + size.actualBoundingBoxDescent) * move.d;
      const { data } = this.getImageData(left, top, Math.max(1, width), Math.max(1, height));
      const counts = new Map();
      for (let at = 0; at < data.length; at += 4) {
        const key = data.subarray(at, at + 3).join();
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
      const grounds = [...counts].filter(([, count]) => count * 4 >= 0.2 * data.length).map(([key]) => key);
      window.drawn.texts.push([text, rgba(this.fillStyle), this.globalAlpha, grounds, x]);
    }
    return fillText.apply(this, arguments);
  };
  const line = (context, style) => { // not those of the patterns' own small canvases
    if (context.canvas.width > 100) window.drawn?.lines.push([rgba(style), context.globalAlpha]);
  };
  proto.stroke = function () { line(this, this.strokeStyle); return stroke.apply(this, arguments); };
  proto.fillRect = function (x, y, width, height) {
    if (Math.min(width, height) < 16) line(this, this.fillStyle);
    return fillRect.apply(this, arguments);
  };
})()"""
DRAW = """cue => { const p = taskpoolPlayer; p.go(Math.round(cue * p.cues.size), { jump: true });
  window.drawn = { texts: [], lines: [] }; p.strip.stale = true; p.frame(performance.now());
  const { drawn } = window; window.drawn = null;
  for (const kind of ["texts", "lines"]) drawn[kind] = [...new Set(drawn[kind].map(JSON.stringify))].map(JSON.parse);
  return drawn; }"""

Look = Callable[..., Frame]


def hexed(channels: Any) -> str:
    return "#" + "".join(f"{round(channel):02X}" for channel in channels)


def over(colour: list[float], alpha: float, ground: list[float]) -> str:
    """What is seen of a colour that is drawn through."""
    part = alpha * colour[3]
    return hexed(part * top + (1 - part) * below for top, below in zip(colour[:3], ground, strict=True))


@pytest.fixture
def look(page: Page) -> Look:
    """Opens a player of its own page, in a theme and at a width, with what it draws noted."""
    page.add_init_script(SPY)

    def opened(*runs: Any, theme: str, width: int, **options: Any) -> Frame:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
        page.set_content(player(*runs, **options)._repr_mimebundle_()["text/html"])
        frame = page.frames[1]
        frame.wait_for_function("() => window.taskpoolPlayer")
        return frame

    return opened


def both(name: str) -> list[Any]:
    return [run(name, design, threads=2, runtime="controlled") for design in ("threadpool", "taskpool")]


RUNS: dict[str, Callable[[], list[Any]]] = {
    "masquerade": lambda: both("masquerade"),
    "nested-push-wait": lambda: both("nested-push-wait"),
    "crowd": lambda: [crowd(threads=30, serializers=40, tasks=600)],
}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 800])
@pytest.mark.parametrize("name", RUNS)
def test_every_text_and_line_stands_out_where_it_is_drawn(look, name, theme, width):
    """Texts have 4.5:1 on whatever covers a fifth of their ground, lines and bars 3:1 on the panel; but for edges of
    panels, and for rails and gates that are not there yet."""
    frame = look(*RUNS[name](), theme=theme, width=width)
    known = frame.evaluate("() => ({ ...taskpoolPlayer.stage.paint.theme })")
    panel = [int(known["panel"][at : at + 2], 16) for at in (1, 3, 5)]
    ornaments = {known["edge"].upper(), known["panel"].upper(), known["page"].upper(), known["blocked"].upper()}
    texts = lines = 0
    for part in (0, 0.1, 0.5, 0.7, 1):
        drawn = frame.evaluate(DRAW, part)
        for text, colour, alpha, grounds, _ in drawn["texts"]:
            for ground in grounds:
                below = [int(channel) for channel in ground.split(",")]
                seen = over(colour, alpha, below)
                assert contrast(seen, hexed(below)) >= 4.5, (text, seen, hexed(below), part)
                texts += 1
        for colour, alpha in drawn["lines"]:
            if colour is None or hexed(colour[:3]) in ornaments or alpha == 0.35:
                continue
            assert contrast(over(colour, alpha, panel), hexed(panel)) >= 3, (colour, alpha, part)
            lines += 1
    assert texts > 100 and lines > 20


# The colours around the name of each serializer and queue of the first run, before the name itself.
KEYS = """() => { const { stage } = taskpoolPlayer; const [{ rails, trace }] = stage.scenes;
  const { context, ratio } = stage.paint;
  return rails.filter(({ queue, row }) => queue !== undefined && row.name !== null).map(({ queue, row }) => {
    const { data } = context.getImageData(row.x * ratio, (row.name - 9) * ratio, 11 * ratio, 10 * ratio);
    const seen = new Set();
    for (let at = 0; at < data.length; at += 4) seen.add([...data.subarray(at, at + 3)].join());
    return [trace.queues[queue].role, trace.queues[queue].style, [...seen]]; }); }"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 800])
def test_every_serializers_name_stands_behind_its_colour(look, theme, width):
    """From the start on: also before anything of it is queued."""
    runs = both("masquerade")
    styles = player(*runs).data["styles"]
    frame = look(*runs, theme=theme, width=width)
    frame.evaluate(DRAW, 0)
    found = frame.evaluate(KEYS)
    assert [role for role, *_ in found].count("serializer") == 5
    for role, style, seen in found:
        if role != "serializer":
            continue
        colour = styles[style]["colour"]
        fill = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
        pixels = [[int(channel) for channel in pixel.split(",")] for pixel in seen]
        nearest = min(max(abs(one - two) for one, two in zip(pixel, fill, strict=True)) for pixel in pixels)
        assert nearest < 60, style  # lines of a pattern may leave no pixel without a trace of them


def test_lanes_are_named_as_far_as_there_is_room(look):
    def named(*runs: Any) -> list[str]:
        frame = look(*runs, theme="light", width=1280)
        lanes = frame.evaluate("() => taskpoolPlayer.strip.lanes.flat().map(({ label }) => label)")
        left = frame.evaluate("() => taskpoolPlayer.strip.left - 8")
        return [text for text, *_, x in frame.evaluate(DRAW, 0)["texts"] if text in lanes and x == left]

    assert named(*both("masquerade")) == ["pjsip-0", "pjsip-1", "s:pjsip-0", "s:pjsip-1"]
    assert named(crowd(threads=30, serializers=40, tasks=600)) == [f"p/{number}" for number in range(0, 30, 2)]


@pytest.mark.parametrize(
    ("last", "unit", "marks"),
    [
        (40e-6, "µs", ["0 µs", "20 µs", "40 µs"]),
        (2e-3, "ms", ["0.0 ms", "0.5 ms", "2.0 ms"]),
        (12.0, "s", ["0 s", "5 s", "10 s"]),
    ],
)
def test_an_axis_has_one_unit_also_at_its_zero(look, last, unit, marks):
    events = [
        Event(at, at * last / 4, "p/0", EventKind.TASK_PUSHED, "s", at, None, {"label": "one", "wait": False})
        for at in range(5)
    ]
    frame = look(events, theme="light", width=800)
    texts = [text for text, *_ in frame.evaluate(DRAW, 1)["texts"]]
    shown = [text for text in texts if re.fullmatch(r"[\d.,]+ (s|ms|µs)", text)]
    assert {text.split()[1] for text in shown} == {unit}
    assert set(marks) <= set(shown)
    assert frame.locator("#clock").inner_text().split()[3] == unit
