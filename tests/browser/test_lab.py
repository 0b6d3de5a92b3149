"""What a learner meets first: JupyterLab opens, the first notebook runs, nothing leaves the machine."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

START = "00-start-here.ipynb"
NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


@pytest.mark.skipif(not (NOTEBOOKS / START).exists(), reason=f"notebooks/{START} is not written yet")
def test_the_first_notebook_opens_and_runs(notebook, watch):
    opened = notebook(START)
    opened.run_all()
    opened.screenshot("start-here")
    assert opened.failures() == []
    assert watch.errors == []
    assert watch.foreign == []


def test_outputs_are_read_from_a_running_notebook(lab, notebook, watch):
    opened = notebook(lab.write("outputs.ipynb", "import visualize\nprint('ready')", "6 * 7"))
    opened.run_all()
    opened.screenshot("outputs")
    assert opened.failures() == []
    assert [cell["outputs"][0]["output_type"] for cell in opened.cells()] == ["stream", "execute_result"]
    assert opened.page.get_by_text("42", exact=True).is_visible()
    assert watch.errors == []
    assert watch.foreign == []
    assert any(url.startswith("ws://127.0.0.1") for url in watch.requests)


def test_cells_that_fail_and_cells_that_never_ran_are_reported(lab, notebook):
    opened = notebook(lab.write("failing.ipynb", "print('fine')", "1 / 0"))
    assert opened.failures() == ["cell 0 never ran: print('fine')", "cell 1 never ran: 1 / 0"]
    opened.run_all()
    assert opened.failures() == ["cell 1: ZeroDivisionError: division by zero"]


def test_console_errors_and_foreign_requests_are_seen(lab, notebook, watch):
    script = "console.error('drawn badly'); new Image().src = 'http://elsewhere.invalid/x.png'"
    html = f'<img src="data:," onerror="{script}">'
    opened = notebook(lab.write("leaking.ipynb", f"from IPython.display import HTML\nHTML({html!r})"))
    with opened.page.expect_request("http://elsewhere.invalid/**"):
        opened.run_all()
    assert watch.foreign == ["http://elsewhere.invalid/x.png"]
    assert watch.errors[0].startswith("drawn badly")


def test_both_themes_are_shown(lab, notebook, watch):
    opened = notebook(lab.write("themes.ipynb", "print('seen')"))
    opened.theme("JupyterLab Dark")
    opened.screenshot("dark")
    opened.theme("JupyterLab Light")
    assert watch.errors == []
