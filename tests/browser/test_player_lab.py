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
