"""The player in a real browser: every control by mouse and by keyboard, what it tells, and what it costs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from nbconvert import HTMLExporter
from playwright.sync_api import Browser, Frame, Page, expect

from taskpool.events import Event, EventKind
from taskpool.scenarios import run
from visualize import player

pytestmark = pytest.mark.browser

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"

EVENTS = """() => { const { cues, traces } = taskpoolPlayer;
  return Array.from(cues.run, (run, cue) => [run, traces[run].kindName(cues.at[cue])]); }"""
STATE = (
    "() => { const { cue, playing, speed, by, cues } = taskpoolPlayer; return [cue, playing, speed, by, cues.size]; }"
)
# Where on the stage something is, by what the player itself says lies there.
FIND = """([run, type, name]) => { const { stage, traces } = taskpoolPlayer; const trace = traces[run];
  const index = type === "task" ? name : trace[type + "s"].findIndex((one) => one.short === name);
  const scene = stage.scenes[run];
  const box = type === "task" ? scene.items.find((item) => item.key === index)
    : type === "thread" ? scene.boxes.concat(scene.chips).find((one) => one.thread === index).box
    : (({ row }) => ({ x: row.x, y: row.rail, width: 8, height: row.bottom - row.rail }))(
        scene.rails.find((rail) => rail.queue === index));
  return { x: box.x + Math.min(6, box.width / 2), y: box.y + box.height / 2 }; }"""


class Played:
    """A player in a page, as a learner has it."""

    def __init__(self, page: Page, frame: Frame) -> None:
        self.page, self.frame = page, frame

    @property
    def cue(self) -> int:
        """How many events have happened."""
        return int(self.frame.evaluate(STATE)[0])

    @property
    def size(self) -> int:
        return int(self.frame.evaluate(STATE)[4])

    @property
    def playing(self) -> bool:
        return bool(self.frame.evaluate(STATE)[1])

    def events(self) -> list[tuple[int, str]]:
        """Run and kind of every event, in the order of the playhead."""
        return [(number, kind) for number, kind in self.frame.evaluate(EVENTS)]

    def focus(self) -> None:
        """Click into the player, where nothing is."""
        self.frame.locator("#said").click()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def click(self, name: str, **options: Any) -> None:
        self.frame.get_by_role("button", name=name, exact=True).click(**options)

    def go(self, cue: int) -> None:
        self.frame.evaluate("cue => taskpoolPlayer.go(cue, { jump: true })", cue)

    def click_on(self, number: int, kind: str, name: str | int) -> None:
        """Click on a thread, queue or task on the stage of a run."""
        where = self.frame.evaluate(FIND, [number, kind, name])
        self.frame.locator("#stage").click(position=where)

    def wait_for(self, condition: str) -> None:
        self.frame.wait_for_function(f"() => {{ const p = taskpoolPlayer; return {condition}; }}")


Show = Callable[..., Played]


@pytest.fixture
def show(page: Page) -> Show:
    """Shows a player in a page as a notebook does: its HTML among other things."""
    page.emulate_media(reduced_motion="reduce")

    return lambda *runs, body="", **options: put(page, player(*runs, **options), body)


def put(page: Page, shown: Any, body: str = "") -> Played:
    html = shown._repr_mimebundle_()["text/html"]
    page.set_content(f"<!doctype html><body {body}><p>before</p>{html}<p>after</p>")
    frame = page.frames[1]
    frame.wait_for_function("() => window.taskpoolPlayer")
    return Played(page, frame)


@pytest.fixture(scope="module")
def masquerades() -> list[Any]:
    return [run("masquerade", design, threads=2, runtime="controlled") for design in ("threadpool", "taskpool")]


@pytest.fixture(scope="module")
def opened(browser: Browser, masquerades: list[Any]) -> Iterator[tuple[Played, list[str]]]:
    """One page with both runs, and what went wrong in it."""
    wrong: list[str] = []
    page = browser.new_page(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    page.on("request", lambda request: None if local(request.url) else wrong.append(request.url))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield put(page, player(*masquerades)), wrong
    page.close()


@pytest.fixture
def pair(opened: tuple[Played, list[str]]) -> Iterator[Played]:
    """Both runs, as if they had just been opened."""
    shown, wrong = opened
    yield shown
    assert wrong == []
    shown.frame.evaluate(
        """() => { const p = taskpoolPlayer; p.stop(); p.useAxis("time"); p.setSpeed(1); p.strip.fit(); p.pick(null);
          p.go(0, { jump: true }); document.activeElement.blur(); window.scrollTo(0, 0); }"""
    )
    shown.page.mouse.move(0, 0)


@pytest.fixture(autouse=True)
def nothing_wrong(watch):
    """No test here may leave an error in the console or ask for anything."""
    yield
    assert watch.errors == []
    assert [url for url in watch.requests if not local(url)] == []


def local(url: str) -> bool:
    return url.startswith(("data:", "blob:", "about:", "file:"))


def following(events: list[tuple[int, str]], cue: int, *kinds: str) -> int:
    """The playhead at the next event of these kinds."""
    return next(at + 1 for at in range(cue, len(events)) if events[at][1] in kinds)


def preceding(events: list[tuple[int, str]], cue: int, *kinds: str) -> int:
    return next(at + 1 for at in range(cue - 2, -1, -1) if events[at][1] in kinds)


# -- what one sees first ---------------------------------------------------------------------------------------------


def test_it_waits_at_the_start_and_the_picture_is_out_of_sight(pair):
    assert (pair.cue, pair.playing) == (0, False)
    expect(pair.frame.locator("#said")).to_have_text(
        "Nothing has happened yet. Press play, or step from event to event."
    )
    expect(pair.page.locator("img")).to_be_hidden()
    expect(pair.page.locator("iframe")).to_have_attribute("title", "Player: threadpool and taskpool")


def test_the_frame_is_as_high_as_what_is_in_it(pair):
    def heights() -> list[int]:
        return pair.frame.evaluate("() => [window.innerHeight, document.documentElement.scrollHeight]")

    inner, content = heights()
    assert content <= inner <= content + 2
    pair.click("end")
    pair.click_on(0, "thread", "pjsip-0")
    expect(pair.frame.locator("#panel")).to_be_visible()
    assert heights()[0] > inner
    assert heights()[1] <= heights()[0]


def test_what_is_removed_from_an_untrusted_page_leaves_the_picture(page, masquerades):
    """JupyterLab's sanitizer takes frames and styles out."""
    html = player(*masquerades)._repr_mimebundle_()["text/html"]
    style, rest = html[: html.index("</style>") + 8], html[html.index("</style>") + 8 :]
    assert style.startswith("<style>")
    page.set_content(rest[: rest.index("<iframe")] + rest[rest.index("</iframe>") + 9 :])
    picture = page.get_by_role("img")
    assert picture.evaluate("image => image.complete && image.naturalWidth") > 300
    assert "deadlocked" in (picture.get_attribute("alt") or "")


@pytest.mark.parametrize("at", ["start", "end", "difference", 0.004])
def test_the_playhead_begins_where_it_is_told_to(show, masquerades, at):
    shown = show(*masquerades, at=at)
    events = shown.events()
    difference = next(n for n, (number, kind) in enumerate(events) if kind == "wait_started" and number == 0)
    said = shown.frame.locator("#said")
    if at == "difference":
        expect(said).to_have_text("threadpoolpjsip-0 is blocked: it is kept while pjsip/session-1 is paused.")
        assert shown.cue > difference
    elif at == 0.004:
        times = shown.frame.evaluate("() => [0, 1].map((by) => taskpoolPlayer.cues.timeAt(taskpoolPlayer.cue + by))")
        assert times[0] <= 4_000_000 < times[1]
    else:
        assert shown.cue == {"start": 0, "end": len(events)}[at]


# -- controls --------------------------------------------------------------------------------------------------------


def drive(played: Played, do: Callable[[str], None]) -> None:
    """Go through all controls; ``do`` performs one, by mouse or by key."""
    events = played.events()
    do("next")
    do("next")
    assert played.cue == 2
    do("previous")
    assert played.cue == 1
    do("wait")
    assert played.cue == following(events, 1, "wait_started")
    do("pause")
    first = following(events, played.cue - 1, "serializer_suspended")
    assert played.cue == first
    do("pause")
    second = following(events, first, "serializer_suspended")
    assert played.cue == second
    do("previous pause")
    assert played.cue == first
    do("end")
    assert played.cue == len(events)
    do("previous wait")
    assert played.cue == preceding(events, len(events) + 1, "wait_started")
    do("start")
    assert played.cue == 0
    do("failure")
    assert events[played.cue - 1][0] == 0
    assert not [at for at in range(played.cue, len(events)) if events[at][0] == 0]  # the run that ends in a deadlock
    do("difference")
    assert events[played.cue - 1] == (0, "wait_started")
    do("play")
    assert played.playing
    played.wait_for(f"p.cue > {played.cue}")
    do("play")
    assert not played.playing
    for _ in range(2):
        do("faster")
    assert played.frame.evaluate(STATE)[2] == 4
    do("slower")
    assert played.frame.evaluate(STATE)[2] == 2
    shown = played.frame.evaluate("() => [taskpoolPlayer.strip.view.low, taskpoolPlayer.strip.view.high]")
    do("zoom in")
    closer = played.frame.evaluate("() => [taskpoolPlayer.strip.view.low, taskpoolPlayer.strip.view.high]")
    assert shown[0] < closer[0] < closer[1] < shown[1]
    do("zoom in")
    do("zoom out")
    assert played.frame.evaluate(
        "() => taskpoolPlayer.strip.view.high - taskpoolPlayer.strip.view.low"
    ) == pytest.approx(closer[1] - closer[0])
    do("all")
    assert played.frame.evaluate("() => [taskpoolPlayer.strip.view.low, taskpoolPlayer.strip.view.high]") == shown
    before = played.frame.evaluate("() => taskpoolPlayer.cues.at[taskpoolPlayer.cue - 1]")
    for by in ("events", "progress", "time"):
        do(f"axis {by}")
        assert played.frame.evaluate(STATE)[3] == by
        assert played.frame.evaluate("() => taskpoolPlayer.cues.at[taskpoolPlayer.cue - 1]") == before
    do("keys")
    expect(played.frame.get_by_role("dialog", name="Keys")).to_be_visible()
    do("close keys")
    expect(played.frame.get_by_role("dialog", name="Keys")).to_be_hidden()


def test_every_control_by_mouse(pair):
    def do(what: str) -> None:
        speeds = {"faster": 1, "slower": -1}
        match what.split():
            case ["previous", ("wait" | "pause") as kind]:
                pair.click(f"next {kind}", modifiers=["Shift"]) if pair.cue < pair.size else pair.frame.evaluate(
                    "kind => taskpoolPlayer.mark(kind, true)", kind
                )
            case [("wait" | "pause" | "failure") as kind]:
                pair.click(f"next {kind}")
            case ["next"]:
                pair.click("next event")
            case ["previous"]:
                pair.click("previous event")
            case ["difference"]:
                pair.click("first difference")
            case ["play"]:
                pair.frame.locator("#play").click()
            case [("faster" | "slower") as way]:
                select = pair.frame.get_by_label("speed")
                labels = select.locator("option").all_inner_texts()
                now = select.evaluate("select => select.selectedIndex")
                select.select_option(label=labels[now + speeds[way]])
            case ["zoom", way]:
                pair.click(f"Zoom {way}")
            case ["axis", by]:
                pair.frame.get_by_label("strip", exact=True).select_option(value=by)
            case ["keys"]:
                pair.click("? keys")
            case ["close", "keys"]:
                pair.frame.get_by_role("dialog").get_by_role("button", name="close").click()
            case _:
                pair.click(what)

    drive(pair, do)


def test_every_control_by_keyboard(pair):
    keys = {
        "next": "ArrowRight",
        "previous": "ArrowLeft",
        "wait": "w",
        "previous wait": "Shift+W",
        "pause": "p",
        "previous pause": "Shift+P",
        "failure": "f",
        "start": "Home",
        "end": "End",
        "difference": "d",
        "play": "Space",
        "faster": "]",
        "slower": "[",
        "zoom in": "+",
        "zoom out": "-",
        "all": "0",
        "axis events": "a",
        "axis progress": "a",
        "axis time": "a",
        "keys": "?",
        "close keys": "Escape",
    }
    pair.focus()
    drive(pair, lambda what: pair.press(keys[what]))


def test_all_keys_are_listed_and_all_that_are_listed_work(pair):
    pair.focus()
    pair.press("?")
    listed = pair.frame.locator("#help-keys kbd").all_inner_texts()
    assert listed[:4] == ["Space", "K", "→", "L"]
    assert "Shift F" in listed and "Esc" in listed
    pair.press("?")
    expect(pair.frame.get_by_role("dialog")).to_be_hidden()
    pair.press("l", "l", "l", "j", "PageDown")
    assert pair.cue == 2 + round(pair.size / 20)
    pair.press("PageUp")
    assert pair.cue == 2
    pair.press("k")
    assert pair.playing
    pair.press("k")
    assert not pair.playing


def test_keys_stay_in_the_player_and_others_stay_outside(pair):
    pair.page.evaluate("() => { window.heard = []; addEventListener('keydown', (event) => heard.push(event.key)); }")
    pair.focus()
    pair.press("ArrowRight", "w", "b", "Space", "Space", "d")
    assert pair.cue > 0
    assert pair.page.evaluate("heard") == []
    cue = pair.cue
    pair.page.get_by_text("after").click()
    pair.page.evaluate("() => { document.querySelector('iframe').blur(); document.body.focus(); window.focus(); }")
    pair.press("ArrowRight", "w")
    assert pair.page.evaluate("heard") == ["ArrowRight", "w"]
    assert pair.cue == cue


def test_keys_with_control_or_in_a_list_are_left_alone(pair):
    pair.focus()
    pair.press("Control+ArrowRight", "Alt+w")
    assert pair.cue == 0
    pair.frame.get_by_label("speed").focus()
    pair.press("End")
    assert pair.cue == 0


def test_a_button_with_the_focus_is_pressed_by_space(pair):
    pair.frame.get_by_role("button", name="next event", exact=True).focus()
    pair.press("Space", "Enter")
    assert (pair.cue, pair.playing) == (2, False)


def test_buttons_without_a_use_say_so_and_do_nothing(pair):
    start = pair.frame.get_by_role("button", name="start", exact=True)
    expect(start).to_have_attribute("aria-disabled", "true")
    pair.click("end")
    expect(start).to_have_attribute("aria-disabled", "false")
    following = pair.frame.get_by_role("button", name="next wait", exact=True)
    expect(following).to_have_attribute("aria-disabled", "true")
    following.click(force=True)
    assert pair.cue == pair.size


def test_playing_comes_to_the_end_and_stops_and_begins_again(show):
    shown = show(run("cross-push-wait", "threadpool", threads=2, runtime="controlled"))
    shown.frame.get_by_label("speed").select_option(value="32")
    shown.frame.locator("#play").click()
    shown.wait_for("p.cue === p.cues.size && !p.playing")
    expect(shown.frame.locator("#play")).to_have_text("▶ play")
    expect(shown.frame.locator("#said")).to_contain_text("Nothing can move")
    shown.frame.locator("#play").click()
    shown.wait_for("p.playing && p.cue < p.cues.size")
    shown.press("Space")


# -- the strip -------------------------------------------------------------------------------------------------------


def strip_x(played: Played, part: float) -> float:
    return played.frame.evaluate(
        "part => taskpoolPlayer.strip.left + part * (taskpoolPlayer.strip.right - taskpoolPlayer.strip.left)", part
    )


def test_a_frame_that_is_put_back_is_where_it_was(show, masquerades):
    """A notebook detaches the cells that are scrolled away."""
    shown = show(*masquerades)
    shown.focus()
    shown.press("d", "a", "]")
    cue = shown.cue
    shown.page.evaluate("() => document.body.append(document.querySelector('.taskpool-player'))")
    again = Played(shown.page, shown.page.frames[-1])
    again.frame.wait_for_function("() => window.taskpoolPlayer")
    assert again.frame.evaluate(STATE)[:4] == [cue, False, 2, "events"]


def test_the_playhead_is_dragged_along_the_strip(pair):
    strip = pair.frame.locator("#strip")
    box = strip.bounding_box()
    assert box is not None
    pair.page.mouse.move(box["x"] + strip_x(pair, 0.3), box["y"] + 30)
    pair.page.mouse.down()
    low, high = pair.frame.evaluate("() => [taskpoolPlayer.axis.low, taskpoolPlayer.axis.high]")
    times = pair.frame.evaluate("() => [0, 1].map((by) => taskpoolPlayer.cues.timeAt(taskpoolPlayer.cue + by))")
    assert times[0] <= low + 0.301 * (high - low) and times[1] > low + 0.299 * (high - low)
    pair.page.mouse.move(box["x"] + strip_x(pair, 1.2), box["y"] + 30, steps=3)
    assert pair.cue == pair.size
    pair.page.mouse.move(box["x"] + 2, box["y"] + 30, steps=3)
    assert pair.frame.evaluate("() => taskpoolPlayer.cues.timeAt(taskpoolPlayer.cue)") == 0
    pair.page.mouse.up()
    pair.page.mouse.move(box["x"] + strip_x(pair, 0.9), box["y"] + 30)
    assert pair.frame.evaluate("() => taskpoolPlayer.cues.timeAt(taskpoolPlayer.cue)") == 0


def test_the_wheel_zooms_with_control_and_else_scrolls_the_page(pair):
    strip = pair.frame.locator("#strip")
    strip.scroll_into_view_if_needed()
    box = strip.bounding_box()
    assert box is not None
    pair.page.mouse.move(box["x"] + strip_x(pair, 0.5), box["y"] + 30)
    pair.page.mouse.wheel(0, -120)
    assert not pair.frame.evaluate("() => taskpoolPlayer.strip.zoomed")
    pair.page.keyboard.down("Control")
    pair.page.mouse.wheel(0, -240)
    pair.page.keyboard.up("Control")
    pair.wait_for("p.strip.zoomed")
    low = pair.frame.evaluate("() => taskpoolPlayer.strip.view.low")
    pair.page.mouse.wheel(200, 0)
    pair.wait_for(f"p.strip.view.low > {low}")
    low = pair.frame.evaluate("() => taskpoolPlayer.strip.view.low")
    box = strip.bounding_box()
    pair.page.keyboard.down("Shift")
    pair.page.mouse.down()
    pair.page.mouse.move(box["x"] + strip_x(pair, 0.7), box["y"] + 30, steps=2)
    pair.page.mouse.up()
    pair.page.keyboard.up("Shift")
    assert pair.frame.evaluate("() => taskpoolPlayer.strip.view.low") < low
    assert pair.cue == 0
    strip.dblclick(position={"x": 300, "y": 30})
    assert not pair.frame.evaluate("() => taskpoolPlayer.strip.zoomed")


def test_pointing_at_a_bar_tells_what_it_is(pair):
    strip = pair.frame.locator("#strip")
    lane = pair.frame.evaluate("() => 16 + 16 + taskpoolPlayer.strip.row / 2")  # the first run's first thread
    tip = pair.frame.locator("#strip-tip")
    strip.hover(position={"x": strip_x(pair, 0.03), "y": lane})
    expect(tip).to_have_text("task 3 'SIP 1 (call 1)' of pjsip/session-1, on pjsip-0: 0 ms to 500 µs, 500 µs")
    strip.hover(position={"x": strip_x(pair, 0.9), "y": lane})
    expect(tip).to_have_text("pjsip-0 is kept while pjsip/session-1 is paused: from 3.5 ms, not over at the end")
    strip.hover(position={"x": 90, "y": lane})
    expect(tip).to_have_text("pjsip-0")
    strip.hover(position={"x": strip_x(pair, 0.5), "y": 5})
    expect(tip).to_be_hidden()


def test_the_strip_is_a_slider_that_says_where_it_is(pair):
    slider = pair.frame.get_by_role("slider", name="Playhead")
    slider.focus()
    pair.press("End")
    expect(slider).to_have_attribute("aria-valuenow", str(pair.size))
    expect(slider).to_have_attribute("aria-valuetext", f"10.500 ms · event {pair.size} of {pair.size}")


# -- asking ----------------------------------------------------------------------------------------------------------


def test_a_click_on_a_thread_a_queue_or_a_token_opens_its_history(pair):
    pair.click("end")
    panel = pair.frame.locator("#panel")
    pair.click_on(0, "thread", "pjsip-0")
    expect(panel.get_by_role("heading", level=2)).to_have_text("Thread pjsip-0")
    why = panel.locator(".why li")
    expect(why.first).to_have_text(
        "pjsip-0 (in task 57 'checkpoint') is kept while pjsip/session-1 is paused. "
        "transfer-1 has paused pjsip/session-1 and must resume it."
    )
    expect(why.last).to_have_text("None of them can go on: this is a deadlock.")
    pair.click_on(0, "queue", "pjsip/session-3")
    expect(panel.get_by_role("heading", level=2)).to_have_text("Serializer pjsip/session-3")
    expect(panel.locator("dl")).to_contain_text("3 tasks")
    pair.click_on(0, "task", 67)
    expect(panel.get_by_role("heading", level=2)).to_have_text("Task 67 'NOTIFY (call 1)'")
    expect(panel.locator("dl")).to_contain_text("transfer-1, at 8.5 ms")
    expect(panel.locator(".events li")).to_have_text(
        [
            "8.5 ms transfer-1 pushes task 67 'NOTIFY (call 1)' onto pjsip/transferer; it wants the result.",
            "8.5 ms transfer-1 is blocked: it waits for task 67 'NOTIFY (call 1)' of pjsip/transferer.",
        ]
    )
    pair.press("Escape")
    expect(panel).to_be_hidden()


def test_an_event_of_a_history_is_a_way_there(pair):
    pair.click("end")
    pair.click_on(0, "task", 67)
    pair.frame.locator(".events button").first.click()
    assert pair.events()[pair.cue - 1] == (0, "task_pushed")
    expect(pair.frame.locator("#said")).to_contain_text("transfer-1 pushes task 67")
    expect(pair.frame.locator(".events [aria-current=step]")).to_contain_text("pushes task 67")


def test_a_task_of_a_queue_leads_to_its_own_history(pair):
    pair.click("end")
    pair.click_on(0, "queue", "pjsip/transferer")
    pair.frame.locator("#panel .tasks button").nth(1).click()
    expect(pair.frame.locator("#panel h2")).to_have_text("Task 70 'NOTIFY (call 2)'")
    pair.frame.locator("#panel").get_by_role("button", name="close").click()
    expect(pair.frame.locator("#panel")).to_be_hidden()


# The corners around what was picked, drawn anew: {x, y, width, height}, or null.
CORNERS = """() => { const { stage } = taskpoolPlayer; stage.draw(performance.now());
  const box = stage.scenes[stage.picked.run].corners;
  return box && { x: box.x, y: box.y, width: box.width, height: box.height }; }"""
ITEM = """task => { const [scene] = taskpoolPlayer.stage.scenes;
  const { x, y } = scene.items.find(({ key }) => key === task); return { x, y }; }"""
PIXELS = """id => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() =>
  done(document.getElementById(id).toDataURL()))))"""


@pytest.mark.parametrize(
    ("kind", "name"), [("thread", "pjsip-0"), ("thread", "transfer-1"), ("queue", "pjsip/session-3"), ("task", 67)]
)
def test_what_was_picked_is_marked_on_the_stage(pair, kind, name):
    pair.click("end")
    before = pair.frame.evaluate(PIXELS, "stage")
    pair.click_on(0, kind, name)
    assert pair.frame.evaluate(PIXELS, "stage") != before
    where, box = pair.frame.evaluate(FIND, [0, kind, name]), pair.frame.evaluate(CORNERS)
    assert box["x"] <= where["x"] <= box["x"] + box["width"]
    assert box["y"] <= where["y"] <= box["y"] + box["height"]
    pair.press("Escape")
    assert pair.frame.evaluate(PIXELS, "stage") == before


def test_a_picked_token_keeps_its_mark_wherever_it_goes(pair):
    """From its push through its serializer and a thread to those that are done."""
    events = pair.events()
    task = 3
    pair.frame.evaluate("task => taskpoolPlayer.pick({ run: 0, type: 'task', task })", task)
    seen = set()
    for cue in range(1, len(events) + 1):
        pair.go(cue)
        box = pair.frame.evaluate(CORNERS)
        if box is not None:
            assert {"x": box["x"], "y": box["y"]} == pair.frame.evaluate(ITEM, task), cue
            seen.add((box["x"], box["y"]))
    assert len(seen) == 3


def test_what_is_only_counted_is_marked_where_it_is_counted(show):
    shown = show(crowd(threads=30, serializers=40, tasks=600))
    shown.click("end")
    for kind, group in (("thread", "boxes"), ("queue", "rails")):
        hidden, counted = shown.frame.evaluate(
            """([kind, group]) => { const p = taskpoolPlayer; const [scene] = p.stage.scenes;
              const one = scene[group].find((shown) => shown.group); const [hidden] = one.group;
              p.pick({ run: 0, type: kind, [kind]: hidden });
              const { x, y, width, height } = one.box ?? { ...one.row, y: one.row.top + 2, height: 34 };
              return [hidden, { x, y, width, height }]; }""",
            [kind, group],
        )
        assert shown.frame.evaluate(CORNERS) == counted, (kind, hidden)


def test_bars_and_lanes_of_what_was_picked_stand_out_on_the_strip(pair):
    plain = pair.frame.evaluate(PIXELS, "strip")
    marked = [plain]
    for target in ({"type": "task", "task": 3}, {"type": "thread", "thread": 2}, {"type": "queue", "queue": 2}):
        pair.frame.evaluate("target => taskpoolPlayer.pick({ run: 0, ...target })", target)
        marked.append(pair.frame.evaluate(PIXELS, "strip"))
        bars = pair.frame.evaluate(
            """() => { const { strip, traces } = taskpoolPlayer;
              return strip.picked.bars.map(({ run, kind, index }) => [run, traces[run].task[kind.from[index]],
                traces[run].queue[kind.from[index]]]); }"""
        )
        if target["type"] == "task":
            assert [bar[:2] for bar in bars] == [[0, 3]]
        elif target["type"] == "queue":
            assert bars and {(run, queue) for run, _, queue in bars} == {(0, 2)}
        else:
            assert bars == []
    assert len(set(marked)) == len(marked)
    pair.frame.evaluate("() => taskpoolPlayer.pick(null)")
    assert pair.frame.evaluate(PIXELS, "strip") == plain


def test_pointing_at_something_tells_what_it_is(pair):
    pair.click("end")
    where = pair.frame.evaluate(FIND, [0, "thread", "transfer-1"])
    pair.frame.locator("#stage").hover(position=where)
    tip = pair.frame.locator("#tip")
    expect(tip).to_have_text("Thread transfer-1. what: a thread from outside the pool; now: blocked.")
    pair.frame.locator("#stage").hover(position={"x": 3, "y": 300})
    expect(tip).to_be_hidden()


def test_the_stage_is_told_and_can_be_walked_through_without_a_mouse(pair):
    pair.click("end")
    expect(
        pair.frame.get_by_role("img", name="The stage. threadpool: 2 threads, 2 blocked: nothing can move.")
    ).to_have_count(1)
    mirror = pair.frame.get_by_role("region", name="The stage in words")
    names = mirror.get_by_role("button").all_inner_texts()
    assert (
        "Thread pjsip-1. serves: pjsip; now: blocked; tasks: task 58 'checkpoint', task 49 'turn of pjsip/session-2'."
        in names
    )
    [session] = [
        name for name in names if name.startswith("Serializer pjsip/session-1. queued: 2 tasks; gate: paused by")
    ]
    assert session.endswith("executed by: pjsip-0; tasks: task 59 'SIP 5 (call 1)', task 63 'SIP 6 (call 1)'.")
    mirror.get_by_role("button").first.focus()
    pair.press("ArrowDown")
    assert pair.frame.evaluate("() => document.activeElement.textContent") == names[1]
    assert pair.frame.evaluate("() => taskpoolPlayer.stage.ring !== null")
    pair.press("Enter")
    expect(pair.frame.locator("#panel h2")).to_have_text("Thread pjsip-1")


def test_narration_is_live_at_rest_and_silent_while_it_plays(pair):
    said = pair.frame.locator("#said")
    expect(said).to_have_attribute("aria-live", "polite")
    pair.frame.locator("#play").click()
    expect(said).to_have_attribute("aria-live", "off")
    pair.frame.locator("#play").click()
    expect(said).to_have_attribute("aria-live", "polite")


# -- names, themes, motion -------------------------------------------------------------------------------------------


def hostile_events() -> list[Event]:
    told = [
        (HOSTILE, "thread_started", HOSTILE + "q", None, {"pool": HOSTILE}),
        ("main", "task_pushed", HOSTILE + "s", 1, {"label": HOSTILE, "wait": False, "depth": 1}),
        ("main", "task_pushed", HOSTILE + "s", 2, {"label": HOSTILE + "2", "wait": False, "depth": 2}),
        (HOSTILE, "task_started", HOSTILE + "s", 1, {}),
        (HOSTILE, "wait_started", HOSTILE + "s", 2, {"reason": "sync_task"}),
        ("main", "task_failed", HOSTILE + "s", 2, {"error": HOSTILE}),
    ]
    return [
        Event(at, at / 1000, thread, EventKind(kind), queue, task, None, facts)
        for at, (thread, kind, queue, task, facts) in enumerate(told)
    ]


def test_names_are_text_everywhere(show):
    dialogs: list[str] = []
    shown = show(hostile_events(), hostile_events(), titles=[HOSTILE, "other"])
    shown.page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    shown.focus()
    for _ in range(12):
        shown.press("ArrowRight")
    for target in ({"type": "thread", "thread": 0}, {"type": "queue", "queue": 1}, {"type": "task", "task": 2}):
        shown.frame.evaluate("target => taskpoolPlayer.pick({ run: 0, ...target })", target)
        assert "<script>" in shown.frame.locator("#panel h2").inner_text()
    where = shown.frame.evaluate(FIND, [0, "task", 1])
    shown.frame.locator("#stage").hover(position=where)
    expect(shown.frame.locator("#tip")).to_contain_text(HOSTILE)
    assert shown.frame.locator("img, script").count() == 2  # the data and the player
    assert dialogs == []


def test_the_labs_theme_is_followed_where_there_is_one(show, masquerades):
    shown = show(masquerades[1], body='data-jp-theme-light="false"')
    theme = "() => document.documentElement.dataset.theme"
    assert shown.frame.evaluate(theme) == "dark"
    shown.page.evaluate("() => document.body.setAttribute('data-jp-theme-light', 'true')")
    shown.frame.wait_for_function("() => document.documentElement.dataset.theme === 'light'")


def test_elsewhere_the_systems_theme_is_followed(page, show, masquerades):
    page.emulate_media(color_scheme="dark")
    shown = show(masquerades[1])
    assert shown.frame.evaluate("() => document.documentElement.dataset.theme") == "dark"
    page.emulate_media(color_scheme="light")
    shown.frame.wait_for_function("() => document.documentElement.dataset.theme === 'light'")


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_tokens_travel_unless_motion_is_to_be_reduced(page, show, masquerades, motion):
    shown = show(masquerades[1])
    page.emulate_media(reduced_motion=motion)
    shown.go(3)
    before = shown.frame.evaluate(
        """() => { const p = taskpoolPlayer; const now = performance.now(); p.go(4); const [moving] = p.stage.moving;
          moving.now = now + 150;
          const item = p.stage.scenes[0].items.find((one) => one.key === 1);
          const shown = moving.where(moving.shown.get(1));
          return [shown.x === item.x && shown.y === item.y, item.shape]; }"""
    )
    assert before[1] == "task"
    travelled = shown.frame.evaluate(
        """() => { const p = taskpoolPlayer; p.go(3, { jump: true }); p.go(4); const [moving] = p.stage.moving;
          return [...moving.shown.values()].some(({ time }) => time > 0); }"""
    )
    assert travelled is (motion == "no-preference")


@pytest.mark.parametrize("width", [1280, 800, 420])
def test_nothing_is_wider_than_the_page(page, show, masquerades, width):
    page.set_viewport_size({"width": width, "height": 800})
    shown = show(*masquerades)
    shown.click("end")
    assert shown.frame.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    panels = shown.frame.evaluate("() => taskpoolPlayer.stage.places.map(({ rect }) => [rect.x, rect.y, rect.width])")
    side_by_side = panels[0][1] == panels[1][1]
    assert side_by_side is (width >= 800)


@pytest.mark.parametrize("width", [1280, 800])
def test_boxes_never_overlap(page, show, width):
    """Threads, rows and callers of a crowded stage, each in its place."""
    page.set_viewport_size({"width": width, "height": 800})
    shown = show(crowd(threads=30, serializers=40, tasks=600), crowd(threads=7, serializers=9, tasks=200))
    shown.click("end")
    for number in (0, 1):
        boxes = shown.frame.evaluate(
            """run => { const scene = taskpoolPlayer.stage.scenes[run]; const { rect } = scene.place;
              const rows = scene.rails.filter(({ row }) => row.x < rect.x + rect.width * 0.3)
                .map(({ row }) => [row.x, row.top, row.width, row.bottom - row.top]);
              const queues = scene.rails.filter(({ row }) => row.x > rect.x + rect.width * 0.3)
                .map(({ row }) => [row.x, row.rail - row.reach, row.width, row.bottom - row.rail + 2 * row.reach]);
              const of = (list) => list.map(({ box }) => [box.x, box.y, box.width, box.height]);
              return [...rows, ...queues, ...of(scene.boxes), ...of(scene.chips)]; }""",
            number,
        )
        for index, (x, y, across, down) in enumerate(boxes):
            for x2, y2, across2, down2 in boxes[index + 1 :]:
                apart = x + across <= x2 or x2 + across2 <= x or y + down <= y2 + 0.5 or y2 + down2 <= y + 0.5
                assert apart, ((x, y, across, down), (x2, y2, across2, down2))
    text = " ".join(
        shown.frame.evaluate("() => taskpoolPlayer.stage.scenes[0].rails.flatMap(({ parts }) => parts ?? [])")
    )
    assert "more" in text and "queued" in text


@pytest.mark.parametrize("count", [0, 1])
def test_an_empty_trace_and_one_event_are_shown(show, count):
    events = [Event(0, 0.0, "main", EventKind.TASK_PUSHED, "s", 1, None, {"label": "only", "wait": False})]
    shown = show(events[:count])
    shown.focus()
    shown.press("ArrowRight", "ArrowRight", "w", "End", "Space", "+", "a", "Home", "ArrowLeft")
    assert (shown.cue, shown.playing) == (0, False)
    shown.press("End")
    said = "main pushes task 1 'only' onto s." if count else "Nothing happened in this trace."
    expect(shown.frame.locator("#said")).to_have_text(said)
    expect(shown.frame.locator("#clock")).to_have_text("t = 0.000 ms · event 1 of 1" if count else "")


def test_an_empty_trace_takes_little_room_and_has_no_axis(show):
    shown = show([])
    for name in ("strip-box", "view", "zoom"):
        expect(shown.frame.locator(f"#{name}")).to_be_hidden()
    expect(shown.frame.locator("#play")).to_have_attribute("aria-disabled", "true")
    shown.frame.locator("#play").click(force=True)
    shown.focus()
    shown.press("Space")
    assert not shown.playing
    assert shown.frame.evaluate("() => taskpoolPlayer.stage.height") < 100
    assert shown.frame.evaluate("() => taskpoolPlayer.stage.scenes[0].boxes") == []
    expect(shown.frame.get_by_role("button", name="? keys")).to_be_visible()


def test_a_run_in_which_no_time_passes_is_shown_event_by_event(show):
    shown = show(run("cross-push-wait", "threadpool", threads=2, runtime="controlled"))
    assert shown.frame.evaluate(STATE)[3] == "events"
    places = shown.frame.evaluate("() => [0, 5, 23].map((cue) => taskpoolPlayer.axis.placeOfCue(cue))")
    assert places == [0, 5, 23]


def test_three_runs_share_one_playhead(show, masquerades):
    shown = show(*masquerades, masquerades[1], titles=["one", "two", "three"])
    shown.click("end")
    states = shown.frame.evaluate(
        "() => taskpoolPlayer.stage.scenes.map(({ state, trace }) => state.position === trace.size)"
    )
    assert states == [True, True, True]


# -- accessibility, costs, other places ------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(page, masquerades, theme):
    page.emulate_media(color_scheme=theme)
    page.set_content(
        player(*masquerades).page.replace(
            "default-src 'none'; script-src", "default-src 'none'; script-src 'unsafe-eval'"
        )
    )
    page.wait_for_function("() => window.taskpoolPlayer")
    for step in (
        "() => 0",
        "() => taskpoolPlayer.step(taskpoolPlayer.cues.size)",
        "() => taskpoolPlayer.pick({ run: 0, type: 'thread', thread: 1 })",
    ):
        page.evaluate(step)
        found = Axe().run(page)
        assert [violation["id"] for violation in found.response["violations"]] == [], found.generate_report()
    page.evaluate("() => document.getElementById('help').showModal()")
    found = Axe().run(page)
    assert [violation["id"] for violation in found.response["violations"]] == [], found.generate_report()


def crowd(*, threads: int, serializers: int, tasks: int) -> list[Event]:
    """Many threads that run tasks of many serializers, every seventh with one inline, every eleventh waiting."""
    events: list[Event] = []

    def tell(ms: float, thread: str, kind: EventKind, queue: str, task: int | None = None, **facts: Any) -> None:
        events.append(Event(len(events), ms / 1000, thread, kind, queue, task, None, facts))

    for number in range(threads):
        tell(0, f"p/{number}", EventKind.THREAD_STARTED, f"p:{number}", pool="p")
    ready: dict[int, int] = {}
    for task in range(1, tasks + 1):
        ms, queue = task * 0.05, f"p/session-{task % serializers}"
        tell(ms, "main", EventKind.TASK_PUSHED, queue, task, label=f"message {task}", wait=False, depth=1)
        number = task * 7 % threads
        thread = f"p/{number}"
        if number in ready:
            done = ready.pop(number)
            if done % 11 == 0:
                tell(ms, thread, EventKind.WAIT_ENDED, "other", reason="serializer_lock", outcome="done")
            tell(ms, thread, EventKind.TASK_FINISHED, f"p/session-{done % serializers}", done)
        if task % 3:
            tell(ms, thread, EventKind.TASK_STARTED, queue, task)
            ready[number] = task
            if task % 11 == 0:
                tell(ms, thread, EventKind.WAIT_STARTED, "other", reason="serializer_lock")
    return events


def quantile(values: list[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def processor_seconds(page: Page) -> Callable[[], float]:
    """Tells how long the page's main thread has been busy since now, whatever else the machine does meanwhile."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def busy() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return float(next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration"))

    before = busy()
    return lambda: busy() - before


def note(name: str, text: str, record_property: Callable[[str, object], None]) -> None:
    """Tell a measurement: in the test's output, its report, and beside the screenshots if they are kept."""
    print(text)
    record_property(name, text)
    folder = os.environ.get("TASKPOOL_SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / f"{name}.txt").write_text(f"{text}\n", encoding="utf-8")


def test_frames_are_drawn_in_time(page, show, record_property):
    """30 lanes and 3,000 bars; the aim is 95 % of frames within 20 ms.

    The machine is shared: what the clock tells depends on whoever else is busy, so that its limit only finds what is
    slow by an order of magnitude. The processor time that a frame costs does not, and has the aim as its limit.
    """
    page.emulate_media(reduced_motion="no-preference")
    shown = show(crowd(threads=30, serializers=40, tasks=4_500))
    bars = shown.frame.evaluate(
        "() => taskpoolPlayer.strip.lanes[0].flatMap(({ levels }) => levels).reduce((n, b) => n + b.from.length, 0)"
    )
    assert (shown.frame.evaluate("() => taskpoolPlayer.strip.lanes[0].length"), bars) == (30, 3_000)
    busy = processor_seconds(page)
    count, windows = 0, []
    for _ in range(6):  # whatever else the machine does in between must not decide
        shown.frame.evaluate("() => { taskpoolPlayer.go(2000, { jump: true }); taskpoolPlayer.frames.length = 0; }")
        shown.frame.locator("#play").click()
        shown.wait_for("p.frames.length >= 100")
        shown.frame.locator("#play").click()
        frames = shown.frame.evaluate("() => taskpoolPlayer.frames")
        count += len(frames)
        windows.append([round(quantile([frame[column] for frame in frames], 0.95), 1) for column in (0, 1)])
        if windows[-1][0] <= 20:
            break
    each = 1_000 * busy() / count
    text = f"95 % of frames within, and drawn within, milliseconds: {windows}; processor time for each: {each:.1f} ms"
    note("player-frames", text, record_property)
    assert min(between for between, _ in windows) <= 200
    assert min(drawing for _, drawing in windows) <= 100
    assert each <= 20


def test_a_hundred_thousand_events_open_at_once(page, record_property):
    """The aim is 2 s; the limit, of processor time, leaves room for slower machines."""
    shown = player(crowd(threads=30, serializers=50, tasks=43_000))
    count = len(shown.data["runs"][0]["columns"]["kind"])
    assert count >= 100_000
    assert len(shown.page) < 10_000_000
    page.set_content("<p>before</p>")
    busy = processor_seconds(page)
    start = time.perf_counter()
    page.set_content(shown.page)
    page.wait_for_function("() => window.taskpoolPlayer?.stage.scenes.length")
    took, cost = time.perf_counter() - start, busy()
    jumps = page.evaluate(
        """() => Array.from({ length: 40 }, (_, number) => { const p = taskpoolPlayer; const start = performance.now();
          const cue = (number * 77_773) % p.cues.size;
          p.go(cue, { jump: true });
          const took = performance.now() - start;
          const [{ kind, code }] = p.traces; const [{ state }] = p.stage.scenes;
          const pushed = kind.subarray(0, cue).filter((one) => one === code.task_pushed).length;
          const known = [...state.queues.values(), ...state.stacks.values()].flatMap((some) => [...some]).length;
          return [took, p.cue === cue && state.position === cue && pushed === known + state.counts.finished]; })"""
    )
    slowest = quantile([jump for jump, _ in jumps], 0.95)
    text = f"{count:,} events, {len(shown.page):,} characters: {took:.2f} s to open, {cost:.2f} s of processor time"
    note("player-many-events", f"{text}; 95 % of jumps within {slowest:.1f} ms", record_property)
    assert [landed for _, landed in jumps] == [True] * 40
    assert cost <= 10


def test_it_plays_in_an_exported_page_without_a_network(page, watch, masquerades, tmp_path: Path):
    bundle = player(*masquerades)._repr_mimebundle_()
    cell = nbformat.v4.new_code_cell("player(old, new)", outputs=[nbformat.v4.new_output("display_data", bundle)])
    html, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    path = tmp_path / "exported.html"
    path.write_text(html, encoding="utf-8")
    page.context.set_offline(True)  # the exporter's own page asks for mathjax and the like
    page.goto(path.as_uri())
    frame = next(frame for frame in page.frames if frame.parent_frame is not None)
    frame.wait_for_function("() => window.taskpoolPlayer")
    played = Played(page, frame)
    played.focus()
    played.press("d")
    expect(frame.locator("#said")).to_contain_text("is kept while pjsip/session-1 is paused")
    assert frame.evaluate("() => performance.getEntriesByType('resource').length") == 0
    assert all("net::ERR_" in error and "(http" in error for error in watch.errors), watch.errors
    watch.errors.clear()
    watch.requests.clear()
