"""The player where learners meet it: in a running JupyterLab, and in a notebook that it does not trust."""

from __future__ import annotations

import nbformat
import pytest
from playwright.sync_api import expect

from taskpool.scenarios import run
from visualize import player

pytestmark = pytest.mark.browser

CELL = """\
from taskpool.scenarios import compare_runs
from visualize import player
player(compare_runs("masquerade", threads=2, runtime="controlled"))"""


def test_it_is_played_in_a_cell_and_keys_stay_in_it(lab, notebook, watch):
    opened = notebook(lab.write("player.ipynb", CELL, "6 * 7"))
    opened.run_all()
    assert opened.failures() == []
    element = opened.page.locator("iframe[title='Player: threadpool and taskpool']")
    element.scroll_into_view_if_needed()
    frame = element.element_handle().content_frame()
    assert frame is not None
    frame.wait_for_function("() => window.taskpoolPlayer")
    expect(opened.page.locator(".jp-OutputArea img")).to_be_hidden()
    frame.locator("#said").click()
    for key in ("d", "b", "x", "ArrowRight", "ArrowLeft", "Space", "Space"):  # b and x would add and cut a cell
        opened.page.keyboard.press(key)
    expect(frame.locator("#said")).to_contain_text("is kept while pjsip/session-1 is paused")
    assert len(opened.cells()) == 2
    assert frame.evaluate("() => innerHeight >= document.documentElement.scrollHeight")
    assert frame.evaluate("() => document.documentElement.dataset.theme") == "light"
    opened.screenshot("player-light")
    opened.theme("JupyterLab Dark")
    frame.wait_for_function("() => document.documentElement.dataset.theme === 'dark'")
    opened.screenshot("player-dark")
    opened.theme("JupyterLab Light")
    assert watch.errors == []
    assert watch.foreign == []


def test_every_button_works_in_a_cell(lab, notebook, watch):
    """Each once, by the mouse, as the notebook's page passes the clicks on."""
    opened = notebook(lab.write("buttons.ipynb", CELL))
    opened.run_all()
    element = opened.page.locator("iframe[title='Player: threadpool and taskpool']")
    element.scroll_into_view_if_needed()
    frame = element.element_handle().content_frame()
    assert frame is not None
    frame.wait_for_function("() => window.taskpoolPlayer")
    clicked = []

    def click(name: str) -> None:
        button = frame.locator(f"#{name}")
        button.click()
        clicked.append(name)

    def cue() -> int:
        return int(frame.evaluate("() => taskpoolPlayer.cue"))

    marks = frame.evaluate("() => taskpoolPlayer.marks")
    size = frame.evaluate("() => taskpoolPlayer.cues.size")
    click("next")
    assert cue() == 1
    for kind in ("wait", "pause", "failure"):
        before = cue()
        click(kind)
        assert cue() == next(mark for mark in marks[kind] if mark > before), kind
    click("previous")
    click("difference")
    assert cue() == frame.evaluate("() => taskpoolPlayer.difference")
    click("end")
    assert cue() == size
    click("start")
    assert cue() == 0
    click("play")
    frame.wait_for_function("() => taskpoolPlayer.playing && taskpoolPlayer.cue > 0")
    click("play")
    assert not frame.evaluate("() => taskpoolPlayer.playing")
    span = "() => taskpoolPlayer.strip.view.high - taskpoolPlayer.strip.view.low"
    whole = frame.evaluate(span)
    click("closer")
    click("closer")
    close = frame.evaluate(span)
    click("farther")
    assert close < frame.evaluate(span) < whole
    click("whole")
    assert frame.evaluate(span) == whole
    frame.locator("#speed").select_option("4")
    frame.locator("#axis").select_option("events")
    assert frame.evaluate("() => [taskpoolPlayer.speed, taskpoolPlayer.axis.unit]") == [4, "events"]
    click("keys")
    dialog = frame.get_by_role("dialog", name="Keys")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="close").click()
    expect(dialog).to_be_hidden()
    assert set(clicked) == set(frame.locator("button[id]").evaluate_all("buttons => buttons.map(({ id }) => id)"))
    assert watch.errors == []
    assert watch.foreign == []


def test_a_notebook_that_is_not_trusted_shows_the_picture(lab, notebook, watch):
    runs = [run("masquerade", design, threads=2, runtime="controlled") for design in ("threadpool", "taskpool")]
    bundle = player(*runs)._repr_mimebundle_()
    path = lab.root / lab.write("untrusted.ipynb", CELL)
    written = nbformat.read(path, 4)
    written.cells[0].outputs = [nbformat.v4.new_output("display_data", bundle)]
    nbformat.write(written, path)
    opened = notebook("untrusted.ipynb")
    picture = opened.page.locator(".jp-OutputArea img")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") > 300
    expect(opened.page.locator(".jp-OutputArea iframe")).to_have_count(0)
    opened.screenshot("player-untrusted")
    assert watch.errors == []
    assert watch.foreign == []
