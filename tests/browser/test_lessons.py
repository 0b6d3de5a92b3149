"""Every lesson in JupyterLab, as a learner has it: run from top to bottom, widgets used by mouse and keyboard."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

LESSONS = sorted(path.name for path in (Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
KINDS = ("player", "stepper", "quiz", "live")


def shown(opened, number):
    """A cell, in sight: JupyterLab draws no others."""
    opened.page.evaluate("number => jupyterapp.shell.currentWidget.content.scrollToItem(number, 'start')", number)
    cell = opened.page.locator(f'.jp-Cell[data-windowed-list-index="{number}"]')
    expect(cell).to_be_visible()
    return cell


def widgets_of(opened):
    """The cells that show a widget: their numbers and kinds."""
    found = []
    for number, cell in enumerate(opened.cells()):
        data = [output.get("data", {}) for output in cell.get("outputs", [])]
        if any("application/vnd.jupyter.widget-view+json" in one for one in data):
            kinds = [kind for kind in ("stepper", "quiz", "live") if f"{kind}(" in "".join(cell["source"])]
            found.append((number, kinds[0] if kinds else drawn_kind(opened, number)))
        elif any("taskpool-player" in "".join(one.get("text/html", "")) for one in data):
            found.append((number, "player"))
    return found


def drawn_kind(opened, number):
    """What kind of widget a cell shows that does not make it."""
    cell = shown(opened, number)
    expect(cell.locator(", ".join(f".taskpool-{kind}" for kind in KINDS)).first).to_be_visible()
    return next(kind for kind in KINDS if cell.locator(f".taskpool-{kind}").count())


def use_player(opened, number):
    element = shown(opened, number).locator(".taskpool-player iframe").first
    element.scroll_into_view_if_needed()
    frame = element.element_handle().content_frame()
    frame.wait_for_function("() => window.taskpoolPlayer")
    frame.evaluate("() => taskpoolPlayer.go(0, { jump: true })")
    frame.locator("#next").click()
    frame.wait_for_function("() => taskpoolPlayer.cue === 1")
    opened.page.keyboard.press("ArrowRight")
    frame.wait_for_function("() => taskpoolPlayer.cue === 2")
    assert frame.evaluate("() => taskpoolPlayer.stage.scenes.length") >= 1


def use_stepper(opened, number):
    panel = shown(opened, number).locator(".taskpool-stepper")
    undo = panel.get_by_role("button", name="Undo", exact=True)
    expect(undo).to_be_disabled()
    panel.locator("button.go").first.click()
    expect(undo).to_be_enabled()
    undo.focus()
    opened.page.keyboard.press("Enter")
    expect(undo).to_be_disabled()


def use_quiz(opened, number):
    question = shown(opened, number).locator(".taskpool-quiz fieldset").first
    verdict = question.get_by_role("status")
    question.get_by_role("button", name="Check").click()
    expect(verdict).not_to_be_empty()
    first = question.locator("input, li button").first
    first.focus()
    kind = first.get_attribute("type")
    opened.page.keyboard.press("Space" if kind == "radio" else "7")
    if kind == "radio":
        expect(first).to_be_checked()
    elif kind != "button":
        expect(first).to_have_value("7")
    expect(first).to_be_focused()


def use_live(opened, number):
    """A later cell may have put a panel of its own in this one's place: made anew first."""
    cell = shown(opened, number)
    opened.page.evaluate(
        """async number => { jupyterapp.shell.currentWidget.content.activeCellIndex = number;
            await jupyterapp.commands.execute('notebook:run-cell'); }""",
        number,
    )
    panel = cell.locator(".taskpool-live section")
    panel.get_by_role("button", name="Push fast", exact=True).click()
    expect(panel.get_by_role("status")).not_to_be_empty()
    said = panel.get_by_role("status").inner_text()
    panel.get_by_role("button", name="Suspend A", exact=True).focus()
    opened.page.keyboard.press("Enter")
    expect(panel.get_by_role("status")).not_to_have_text(said)


USES = {"player": use_player, "stepper": use_stepper, "quiz": use_quiz, "live": use_live}


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_runs_and_its_widgets_answer(notebook, watch, name):
    opened = notebook(name)
    opened.run_all()
    assert opened.failures() == []
    for number, kind in widgets_of(opened):
        USES[kind](opened, number)
    opened.screenshot(f"lesson-{name.removesuffix('.ipynb')}")
    assert watch.errors == []
    assert watch.foreign == []
