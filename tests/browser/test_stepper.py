"""The stepper in a live JupyterLab: played to a deadlock by mouse and by keyboard, asked, undone, loaded, closed."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

CROSSING = """
from visualize import stepper

def crossing(runtime):
    a, b = runtime.Lock("A"), runtime.Lock("<b>B</b>")

    def take(one, other):
        with one:
            with other:
                pass

    runtime.spawn(take, a, b, name="T1")
    runtime.spawn(take, b, a, name="T2")

kept = stepper(crossing, goal="deadlock")
kept
"""
THREADPOOL = """
from taskpool.scenarios import program
from visualize import stepper

stepper(program("cross-push-wait", "threadpool", threads=2), goal="deadlock")
"""


def panel_of(opened):
    panel = opened.page.locator(".taskpool-stepper")
    expect(panel.locator("button.go").first).to_be_visible()
    return panel


def button(panel, name):
    return panel.get_by_role("button", name=name, exact=True)


def run_cell(opened, number):
    opened.page.evaluate(
        """async number => {
            jupyterapp.shell.currentWidget.content.activeCellIndex = number;
            await jupyterapp.commands.execute('notebook:run-cell');
        }""",
        number,
    )
    opened.wait_idle()


def axe_finds(page):
    """What the accessibility rules say of the panel alone."""
    found = Axe().run(page, context=".taskpool-stepper").response
    assert "button-name" in {rule["id"] for rule in found["passes"]}
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]]


def test_crossing_locks_by_mouse_and_a_cell_run_again(lab, notebook, watch):
    opened = notebook(lab.write("crossing.ipynb", CROSSING, "first = kept", "print(first.closed, kept.closed)"))
    opened.run_all()
    panel = panel_of(opened)
    status = panel.get_by_role("status")
    button(panel, "Can this still deadlock?").click()
    expect(panel.locator(".answer")).to_contain_text("Yes, it can still deadlock, in 2 steps: schedule 1:2")
    panel.locator("button.go", has_text="T1").click()
    expect(status).to_contain_text("T1 did: acquire A.")
    opened.screenshot("stepper-crossing")
    panel.locator("button.go", has_text="T2").click()
    expect(panel.locator(".goal")).to_contain_text("✓ Goal reached: deadlock after 2 steps.")
    expect(panel.locator(".stuck")).to_have_count(2)
    expect(panel.locator(".stuck").first).to_contain_text("waits for <b>B</b>, which T2 holds")
    expect(panel.get_by_label("Schedule so far")).to_have_value("1:2")
    opened.screenshot("stepper-crossing-deadlock")
    button(panel, "Undo").click()
    expect(panel.locator("button.go")).to_have_count(2)
    panel.locator("button.go", has_text="T1").click()
    expect(status).to_contain_text("T1 did: acquire <b>B</b>.")
    button(panel, "Can this still deadlock?").click()
    expect(panel.locator(".answer")).to_contain_text("No: however it goes on from here")
    panel.get_by_label("Schedule to load").fill("1:9")
    button(panel, "Load").click()
    expect(status).to_contain_text("the schedule does not fit this program: at step 1 it says thread 9")
    panel.get_by_label("Schedule to load").fill("0:2 1:1")
    panel.get_by_label("Schedule to load").press("Enter")
    expect(panel.locator(".goal")).to_contain_text("Goal reached")
    run_cell(opened, 0)
    expect(panel.locator("button.go")).to_have_count(2)
    run_cell(opened, 2)
    opened.page.get_by_text("True False").wait_for()
    button(panel, "Close").click()
    expect(status).to_contain_text("Closed after no steps.")
    assert opened.failures() == []
    assert watch.errors == []
    assert watch.foreign == []


def test_cross_push_wait_on_the_threadpool_by_keyboard(lab, notebook, watch):
    opened = notebook(lab.write("threadpool.ipynb", THREADPOOL))
    opened.run_all()
    panel = panel_of(opened)
    keyboard = opened.page.keyboard
    panel.get_by_label("A choice goes").select_option("event")
    panel.locator("button.go").first.focus()
    for move in range(1, 5):
        keyboard.press("Enter" if move % 2 else "1")
        expect(panel.locator(".moves > li")).to_have_count(move)
        expect(panel.locator("button.go:focus")).to_have_count(1)
    opened.screenshot("stepper-threadpool")
    keyboard.press("u")
    expect(panel.locator(".moves > li")).to_have_count(3)
    panel.get_by_label("A choice goes").select_option("wait")
    expect(panel.get_by_label("A choice goes")).to_have_value("wait")
    panel.locator("button.go").first.focus()
    move = 3
    while panel.locator("button.go").count():
        move += 1
        keyboard.press("1")
        expect(panel.locator(".moves > li")).to_have_count(move)
        assert move < 40
    expect(panel.locator(".goal")).to_contain_text("Goal reached: deadlock")
    expect(panel.locator(".problem li")).to_have_count(2)
    opened.screenshot("stepper-threadpool-deadlock")
    panel.locator("table").scroll_into_view_if_needed()
    opened.screenshot("stepper-threadpool-state")
    assert axe_finds(opened.page) == []
    opened.theme("JupyterLab Dark")
    assert axe_finds(opened.page) == []
    opened.screenshot("stepper-threadpool-dark")
    opened.page.set_viewport_size({"width": 800, "height": 800})
    opened.screenshot("stepper-threadpool-dark-800")
    opened.theme("JupyterLab Light")
    opened.screenshot("stepper-threadpool-800")
    assert len(opened.cells()) == 1  # no key reached the notebook
    assert opened.failures() == []
    assert watch.errors == []
    assert watch.foreign == []
