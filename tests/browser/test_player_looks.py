"""What the player draws, measured where it is drawn: contrast of every text and line, in both themes and two widths."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
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
  // The colours that cover at least a fifth of a place.
  const behind = (context, ...place) => {
    const { data } = context.getImageData(...place);
    const counts = new Map();
    for (let at = 0; at < data.length; at += 4) {
      const key = data.subarray(at, at + 3).join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    return [...counts].filter(([, count]) => count * 4 >= 0.2 * data.length).map(([key]) => key);
  };
  proto.fillText = function (text, x, y) {
    if (window.drawn && this.canvas.width > 100 && text.trim()) {
      const size = this.measureText(text);
      const move = this.getTransform();
      const left = (x - size.actualBoundingBoxLeft) * move.a, top = (y - size.actualBoundingBoxAscent) * move.d;
      const width = (size.actualBoundingBoxLeft + size.actualBoundingBoxRight) * move.a;
      const height = (size.actualBoundingBoxAscent + size.actualBoundingBoxDescent) * move.d;
      const grounds = window.drawn.grounds ? behind(this, left, top, Math.max(1, width), Math.max(1, height)) : [];
      window.drawn.texts.push([text, rgba(this.fillStyle), this.globalAlpha, grounds, x]);
      window.drawn.boxes.push([this.canvas.id, text, left / move.a, top / move.d, width / move.a, height / move.d]);
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
DRAW = """([cue, grounds]) => { const p = taskpoolPlayer; p.go(Math.round(cue * p.cues.size), { jump: true });
  window.drawn = { texts: [], lines: [], boxes: [], grounds }; p.strip.stale = true; p.frame(performance.now());
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


@pytest.fixture
def shots() -> Path | None:
    """The folder for screenshots that are kept, if there is one."""
    folder = os.environ.get("TASKPOOL_SCREENSHOTS")
    if not folder:
        return None
    path = Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    return path


def both(name: str) -> list[Any]:
    return [run(name, design, threads=2, runtime="controlled") for design in ("threadpool", "taskpool")]


RUNS: dict[str, Callable[[], list[Any]]] = {
    "masquerade": lambda: both("masquerade"),
    "nested-push-wait": lambda: both("nested-push-wait"),
    "crowd": lambda: [crowd(threads=30, serializers=40, tasks=600)],
}


def long_names() -> list[Event]:
    """Two threads with very long names; one waits for a task that the other runs."""
    stem = "PJSIP/a-very-long-endpoint-name-with-many-words@registrar.example.invalid-00001234"
    told: list[tuple[str, str, str, int, dict[str, Any]]] = [
        ("main", "task_pushed", f"{stem}-serializer-one", 1, {"label": f"handle {stem}", "wait": False}),
        ("main", "task_pushed", f"{stem}-serializer-two", 2, {"label": f"another {stem}", "wait": False}),
        ("main", "task_pushed", f"{stem}-serializer-one", 3, {"label": f"third {stem}", "wait": False}),
        (f"{stem}-worker-thread-0", "task_started", f"{stem}-serializer-one", 1, {}),
        (f"{stem}-worker-thread-0", "wait_started", f"{stem}-serializer-two", 2, {"reason": "sync_task"}),
        (f"{stem}-worker-thread-1", "task_started", f"{stem}-serializer-two", 2, {}),
        (f"{stem}-worker-thread-1", "task_failed", f"{stem}-serializer-two", 2, {"error": f"ValueError: {stem}"}),
    ]
    return [
        Event(at, at / 1000, thread, EventKind(kind), queue, task, None, facts)
        for at, (thread, kind, queue, task, facts) in enumerate(told)
    ]


LOOKS: dict[str, Callable[[], list[Any]]] = {
    **RUNS,
    "pause-many": lambda: both("pause-many"),
    "registration-storm": lambda: both("registration-storm"),
    "long names": lambda: [long_names(), long_names()],
}


@pytest.mark.parametrize("width", [1280, 800])
@pytest.mark.parametrize("name", LOOKS)
def test_texts_never_overlap(look, name, width):
    """Names, labels, numbers and words of the stage and of the strip, by the ink that they cover."""
    frame = look(*LOOKS[name](), theme="light", width=width, titles=["one", "two"][: len(LOOKS[name]())])
    count = 0
    for part in range(13):
        found = [box for box in frame.evaluate(DRAW, [part / 12, False])["boxes"] if box[0] == "stage"]
        for index, (_, text, x, y, across, down) in enumerate(found):
            for _, other, x2, y2, across2, down2 in found[index + 1 :]:
                apart = x + across <= x2 + 1 or x2 + across2 <= x + 1 or y + down <= y2 + 1 or y2 + down2 <= y + 1
                assert apart, (part, text, other, (x, y, across, down), (x2, y2, across2, down2))
            count += 1
    assert count > 100


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
        drawn = frame.evaluate(DRAW, [part, True])
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
    frame.evaluate(DRAW, [0, False])
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
        return [text for text, *_, x in frame.evaluate(DRAW, [0, False])["texts"] if text in lanes and x == left]

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
    texts = [text for text, *_ in frame.evaluate(DRAW, [1, False])["texts"]]
    shown = [text for text in texts if re.fullmatch(r"[\d.,]+ (s|ms|µs)", text)]
    assert {text.split()[1] for text in shown} == {unit}
    assert set(marks) <= set(shown)
    assert frame.locator("#clock").inner_text().split()[3] == unit


def test_what_is_cut_is_told_in_full_where_one_points(look):
    """The sentence and the history have whole names as their title; those that nothing is cut of have none."""
    events = long_names()
    frame = look(events, events, titles=["one" * 50, "two"], theme="light", width=800)
    frame.evaluate(
        "() => { taskpoolPlayer.go(9, { jump: true }); taskpoolPlayer.pick({ run: 0, type: 'task', task: 1 }); }"
    )
    said = frame.locator("#said")
    assert said.get_attribute("title").split("\n")[:2] == [events[4].thread, events[4].processor]
    row = frame.locator("#panel .events button").first
    assert row.get_attribute("title").split("\n") == [events[0].processor, events[0].detail["label"]]
    pill = frame.locator("#said .run")
    assert pill.get_attribute("title") == "one" * 50
    assert pill.evaluate("pill => pill.offsetHeight") < 24
    bullets = frame.evaluate(
        """() => { taskpoolPlayer.pick({ run: 0, type: 'thread', thread: 1 });
          return getComputedStyle(document.querySelector('#panel .tasks .link')).verticalAlign; }"""
    )
    assert bullets == "top"
    short = look(*both("masquerade"), theme="light", width=800)
    short.evaluate("() => taskpoolPlayer.go(30, { jump: true })")
    assert short.locator("#said").get_attribute("title") == ""


SHOTS: dict[str, tuple[Callable[[], list[Any]], str]] = {
    "masquerade": (RUNS["masquerade"], "p.go(Math.round(0.7 * p.cues.size), { jump: true })"),
    "deadlock": (
        RUNS["nested-push-wait"],
        "p.go(p.cues.size, { jump: true }); p.pick({ run: 0, type: 'thread', thread: 1 })",
    ),
    "crowd": (RUNS["crowd"], "p.go(900, { jump: true })"),
    "empty": (lambda: [[]], ""),
    "one-event": (lambda: [long_names()[:1]], "p.go(1, { jump: true })"),
    "long-names": (LOOKS["long names"], "p.go(9, { jump: true }); p.pick({ run: 0, type: 'thread', thread: 1 })"),
}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 800])
@pytest.mark.parametrize("name", SHOTS)
def test_no_view_is_wider_than_the_page_or_cut_off_below(look, shots, name, theme, width):
    """With TASKPOOL_SCREENSHOTS each view is photographed, to be looked at."""
    make, script = SHOTS[name]
    runs = make()
    frame = look(*runs, theme=theme, width=width, titles=["one", "two"][: len(runs)])
    frame.evaluate(f"() => {{ const p = taskpoolPlayer; {script} }}")
    frame.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert frame.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert frame.evaluate("() => document.documentElement.scrollHeight <= innerHeight")
    if shots is not None:
        frame.page.screenshot(path=shots / f"player-{name}-{width}-{theme}.png", full_page=True)
