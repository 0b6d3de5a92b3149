"""The quiz in a running JupyterLab: answered by mouse and by keyboard, with hints, and without a kernel as text."""

from __future__ import annotations

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from taskpool.scenarios import run
from visualize import quiz

pytestmark = pytest.mark.browser

KINDS = ["waits", "blocked", "order", "state"]
CELL = f"""
from taskpool.scenarios import run
from visualize import quiz

questions = quiz(run("masquerade", "threadpool", runtime="controlled", threads=2), {KINDS!r}, count=4)
questions
"""


@pytest.fixture(scope="module")
def questions():
    return quiz(run("masquerade", "threadpool", runtime="controlled", threads=2), KINDS, count=4)


def letter_of(question, *, right):
    return next(letter for letter in question.letters if bool(question.check(letter)) == right)


def axe_finds(page):
    """What the accessibility rules say of the quiz alone."""
    found = Axe().run(page, context=".taskpool-quiz").response
    assert "button-name" in {rule["id"] for rule in found["passes"]}
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]]


def test_questions_are_answered_with_hints_on_the_way(lab, notebook, watch, questions):
    opened = notebook(lab.write("quiz.ipynb", CELL))
    opened.run_all()
    panel = opened.page.locator(".taskpool-quiz section")
    expect(panel.locator("legend").first).to_have_text(f"1. {questions[0].text}")
    sets = [panel.locator("fieldset").nth(index) for index in range(4)]
    verdicts = [one.get_by_role("status") for one in sets]
    keyboard = opened.page.keyboard

    check = sets[0].get_by_role("button", name="Check")
    check.click()
    expect(verdicts[0]).to_contain_text("Choose one first.")
    wrong, right = letter_of(questions[0], right=False), letter_of(questions[0], right=True)
    sets[0].get_by_role("radio").nth(questions[0].letters.index(wrong)).check()
    check.click()
    expect(verdicts[0]).to_have_text(f"✗{questions[0].check(wrong).text}")
    expect(sets[0]).to_have_attribute("data-state", "wrong")
    opened.screenshot("quiz-light")
    sets[0].get_by_role("radio").nth(questions[0].letters.index(wrong)).focus()
    steps = questions[0].letters.index(right) - questions[0].letters.index(wrong)
    for _ in range(abs(steps)):
        keyboard.press("ArrowDown" if steps > 0 else "ArrowUp")
    keyboard.press("Tab")
    expect(check).to_be_focused()
    keyboard.press("Enter")
    expect(verdicts[0]).to_have_text(f"✓{questions[0].check(right).text}")

    sets[1].get_by_role("spinbutton").focus()
    keyboard.type("7")
    keyboard.press("Enter")
    expect(verdicts[1]).to_have_text(f"✗{questions[1].check(7).text}")
    sets[1].get_by_role("button", name="Show the answer").click()
    expect(verdicts[1]).to_have_text(f"→{questions[1].reveal().text}")

    answer = questions[2].reveal().text.removeprefix("The order is ")[:4]
    up = sets[2].get_by_role("button", name=f"Move {answer[0]} up")
    up.focus()
    for _ in range(3):
        keyboard.press("Space")
        expect(up).to_be_focused()
    for place, letter in enumerate(answer[1:], 1):
        for _ in range(3):
            if sets[2].locator("li").nth(place).get_attribute("data-letter") == letter:
                break
            sets[2].get_by_role("button", name=f"Move {letter} up").click()
    sets[2].get_by_role("button", name="Check").click()
    expect(verdicts[2]).to_have_text(f"✓{questions[2].check(answer).text}")
    expect(panel.locator(".score")).to_have_text("Predict first, then check: 2 of 4 right so far.")
    assert len(opened.cells()) == 1

    assert axe_finds(opened.page) == []
    opened.theme("JupyterLab Dark")
    opened.screenshot("quiz-dark")
    assert axe_finds(opened.page) == []
    opened.page.set_viewport_size({"width": 800, "height": 1000})
    assert panel.evaluate("section => section.scrollWidth <= section.clientWidth")
    opened.screenshot("quiz-dark-narrow")
    opened.theme("JupyterLab Light")
    assert watch.errors == []
    assert watch.foreign == []


def test_a_committed_notebook_shows_the_questions_without_answers(lab, notebook, watch, questions):
    bundle = questions._repr_mimebundle_()
    del bundle["application/vnd.jupyter.widget-view+json"]  # as a notebook is committed
    path = lab.root / lab.write("committed.ipynb", CELL)
    written = nbformat.read(path, 4)
    written.cells[0].outputs = [nbformat.v4.new_output("display_data", bundle)]
    nbformat.write(written, path)
    opened = notebook("committed.ipynb")
    shown = opened.page.locator(".jp-OutputArea-output").inner_text()
    for question in questions:
        assert question.text in shown
        assert all(choice in shown for choice in question.choices)
        assert question.reveal().text not in shown
    opened.screenshot("quiz-committed")
    assert watch.errors == []
    assert watch.foreign == []
