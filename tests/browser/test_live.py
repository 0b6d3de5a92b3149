"""The live panel in a running JupyterLab: driven by mouse and keyboard, while a cell runs, and gone when stopped."""

from __future__ import annotations

import os

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

PANEL = """
import threading
from visualize import live

gate = threading.Event()
panel = live(design={design!r}, tasks={{"open the gate": gate.set}})
panel
"""
BUSY = "print(gate.wait(60))"
BUSY_UNTIL_A_PIPE_IS_WRITTEN_TO = """
panel.push("fast", "A", count=7)
print(open("go on").read())
"""
WHAT_IS_LEFT = """
from taskpool.registry import names

kept = [thread.name for thread in threading.enumerate() if "panel" in thread.name or "live" in thread.name]
print(kept, names("pool"), names("serializer"), names("taskprocessor"))
"""
KERNEL = "jupyterapp.shell.currentWidget.sessionContext.session.kernel"


def start_cell(opened, number):
    """Run a cell without waiting for its end."""
    opened.page.evaluate(
        """number => {
            jupyterapp.shell.currentWidget.content.activeCellIndex = number;
            jupyterapp.commands.execute('notebook:run-cell');
        }""",
        number,
    )


def wait_for_cell(opened, number):
    """Wait until a cell has ended; the kernel's state says little, for clicks are handled meanwhile."""
    prompt = f"() => jupyterapp.shell.currentWidget.content.widgets[{number}].promptNode.textContent"
    opened.page.wait_for_function(f"({prompt})() !== '[*]:' && /[0-9]/.test(({prompt})())")
    opened.wait_idle()


def run_cell(opened, number):
    start_cell(opened, number)
    wait_for_cell(opened, number)


def panel_of(opened):
    panel = opened.page.locator(".taskpool-live section")
    expect(panel.get_by_role("heading", name="Live: live")).to_be_visible()
    return panel


def push(panel, kind):
    panel.get_by_role("button", name=f"Push {kind}", exact=True).click()


def output_of(opened, number):
    return "".join(output.get("text", "") for output in opened.cells()[number]["outputs"])


def row(panel, name):
    return panel.locator(".rows > li", has=panel.page.locator(".name", has_text=name)).first


def axe_finds(page):
    """What the accessibility rules say of the panel alone."""
    found = Axe().run(page, context=".taskpool-live").response
    assert "button-name" in {rule["id"] for rule in found["passes"]}
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]]


def test_it_is_driven_while_a_cell_runs_and_leaves_nothing_behind(lab, notebook, watch):
    path = lab.write("live.ipynb", PANEL.format(design="threadpool"), BUSY, WHAT_IS_LEFT)
    opened = notebook(path)
    run_cell(opened, 0)
    panel = panel_of(opened)
    status = panel.get_by_role("status")
    start_cell(opened, 1)
    opened.page.wait_for_function(f"() => {KERNEL}.status === 'busy'")
    push(panel, "slow")
    expect(status).to_have_text("Pushed 1 slow task onto the pool live.")
    panel.get_by_role("button", name="Suspend B").click()
    expect(row(panel, "B")).to_have_attribute("data-closed", "true")
    expect(panel.locator("li[data-status='blocked'] .why")).to_contain_text("is kept while B is paused")
    panel.get_by_label("push onto").select_option("B")
    panel.get_by_label("how many").fill("11")
    push(panel, "failing")
    expect(row(panel, "B").locator(".badge").last).to_have_text("11 queued")
    expect(row(panel, "B")).to_contain_text("and 3 more")
    assert output_of(opened, 1) == ""
    opened.screenshot("live-light")
    assert axe_finds(opened.page) == []
    panel.get_by_role("button", name="Resume B").click()
    expect(panel.locator(".counts")).to_contain_text("11 failed")
    expect(panel.get_by_label("What tasks printed, and failures")).to_contain_text("this task was pushed to fail")
    panel.get_by_label("push onto").select_option("")
    panel.get_by_label("how many").fill("1")
    push(panel, "nested")
    expect(panel.get_by_label("What tasks printed, and failures")).to_contain_text("while this thread waited.")
    panel.get_by_label("threads").fill("4")
    panel.get_by_role("button", name="Set size").click()
    expect(panel.locator(".headline")).to_contain_text("4 threads")
    push(panel, "open the gate")
    wait_for_cell(opened, 1)
    assert output_of(opened, 1) == "True\n"
    panel.get_by_role("button", name="Stop").click()
    expect(status).to_have_text("Stopped. Run the cell again for a new panel.")
    expect(panel.get_by_role("button", name="Push fast")).to_be_disabled()
    run_cell(opened, 2)
    assert output_of(opened, 2) == "[] [] [] []\n"
    assert opened.failures() == []
    assert watch.errors == []
    assert watch.foreign == []


def test_by_keyboard_and_where_clicks_must_wait_for_the_cell(lab, notebook, watch):
    os.mkfifo(lab.root / "go on")
    cells = PANEL.format(design="taskpool"), BUSY_UNTIL_A_PIPE_IS_WRITTEN_TO, "panel.stop()", WHAT_IS_LEFT
    opened = notebook(lab.write("waiting.ipynb", *cells))
    opened.page.evaluate(f"() => {{ {KERNEL}.commsOverSubshells = 'disabled' }}")
    run_cell(opened, 0)
    panel = panel_of(opened)
    status, keyboard = panel.get_by_role("status"), opened.page.keyboard
    expect(panel.get_by_label("threads", exact=False)).to_have_count(0)
    expect(panel).to_contain_text("A taskpool sizes itself: from 2 to 6 threads")
    panel.get_by_label("new serializer").focus()
    keyboard.type("dd<i>C</i>")
    keyboard.press("Enter")
    expect(status).to_have_text("Opened the serializer dd<i>C</i>.")
    suspend = panel.get_by_role("button", name="Suspend dd<i>C</i>")
    suspend.focus()
    keyboard.press("Space")
    resume = panel.get_by_role("button", name="Resume dd<i>C</i>")
    expect(resume).to_be_focused()
    keyboard.press("Enter")
    expect(suspend).to_be_focused()
    panel.get_by_role("button", name="Push fast").focus()
    for key in ("b", "d", "d", "Space", "Enter"):  # outside the panel these would add and cut cells
        keyboard.press(key)
    expect(panel.locator(".counts")).to_contain_text("2 done")
    assert len(opened.cells()) == len(cells)
    start_cell(opened, 1)
    expect(panel.locator(".counts")).to_contain_text("9 done")
    push(panel, "nested")
    expect(status).to_contain_text("Waiting for the kernel: a cell is running, and this click is handled when it has")
    expect(status).to_have_attribute("data-kind", "waiting")
    opened.screenshot("live-waiting")
    (lab.root / "go on").write_text("gone on")
    expect(status).to_have_text("Pushed 1 nested task onto the pool live.")
    expect(panel.locator(".counts")).to_contain_text("11 done · 0 failed · 1 inline")
    opened.theme("JupyterLab Dark")
    opened.screenshot("live-dark")
    assert axe_finds(opened.page) == []
    opened.page.set_viewport_size({"width": 800, "height": 1000})
    assert panel.evaluate("section => section.scrollWidth <= section.clientWidth")
    opened.screenshot("live-dark-narrow")
    opened.theme("JupyterLab Light")
    run_cell(opened, 0)
    expect(panel.locator(".counts")).to_contain_text("0 done")
    run_cell(opened, 2)
    expect(status).to_have_text("Stopped. Run the cell again for a new panel.")
    run_cell(opened, 3)
    assert output_of(opened, 3) == "[] [] [] []\n"
    assert watch.errors == []
    assert watch.foreign == []
