"""Notebooks are committed as `make notebooks` leaves them: run from top to bottom, without what differs by machine."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("notebooks_tool", ROOT / "tools" / "notebooks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_committed_notebook_is_run_and_clean(tool, path):
    notebook = nbformat.read(path, as_version=4)
    cleaned = nbformat.read(path, as_version=4)
    tool.clean(cleaned)
    assert notebook == cleaned
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert notebook.metadata.get("code_hash") == tool.code_hash(notebook), "changed since it was run: make notebooks"


def test_running_keeps_tags_and_writes_nothing_that_changes(tool, tmp_path):
    path = tmp_path / "lesson.ipynb"
    cells = [
        new_markdown_cell("# Lesson"),
        new_code_cell("print(6 * 7)", metadata={"tags": ["keep"]}, execution_count=9),
    ]
    nbformat.write(new_notebook(cells=cells), path)
    tool.run(path)
    first = path.read_bytes()
    tool.run(path)
    assert path.read_bytes() == first
    notebook = nbformat.read(path, as_version=4)
    assert notebook.cells[1].outputs == [new_output("stream", name="stdout", text="42\n")]
    assert notebook.cells[1].execution_count == 1
    assert notebook.cells[1].metadata == {"tags": ["keep"]}
    assert notebook.metadata.language_info == {"name": "python"}


def test_widgets_and_times_are_taken_out(tool):
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": "1", "version_major": 2}}
    both = new_output("display_data", data=view | {"text/plain": "a panel"})
    cell = new_code_cell(
        "panel", outputs=[new_output("display_data", data=view), both], metadata={"execution": {"iopub.execute": "1"}}
    )
    notebook = new_notebook(cells=[cell], metadata={"widgets": {"state": {}}})
    tool.clean(notebook)
    assert notebook.cells[0].outputs == [new_output("display_data", data={"text/plain": "a panel"})]
    assert notebook.cells[0].metadata == {}
    assert set(notebook.metadata) == {"kernelspec", "language_info"}


def test_what_is_printed_in_a_row_is_one_output_and_changed_code_another_hash(tool):
    printed = (("stdout", "a"), ("stdout", "b"), ("stderr", "c"))
    cut = [new_output("stream", name=name, text=text) for name, text in printed]
    notebook = new_notebook(cells=[new_code_cell("print()", outputs=cut), new_markdown_cell("text")])
    before = tool.code_hash(notebook)
    tool.clean(notebook)
    assert [(output.name, output.text) for output in notebook.cells[0].outputs] == [("stdout", "ab"), ("stderr", "c")]
    notebook.cells[1].source = "other text"
    assert tool.code_hash(notebook) == before
    notebook.cells[0].source = "print(1)"
    assert tool.code_hash(notebook) != before


def test_a_notebook_that_fails_stays_as_it_was(tool, tmp_path, capsys):
    path = tmp_path / "failing.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("1 / 0")]), path)
    before = path.read_bytes()
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        tool.run(path)
    assert tool.main([str(path)]) == 1
    assert path.read_bytes() == before
    assert "failing.ipynb failed and is unchanged" in capsys.readouterr().err
    assert [found.name for found in tmp_path.iterdir()] == ["failing.ipynb"]
