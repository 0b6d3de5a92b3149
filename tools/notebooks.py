"""Run notebooks and save them as they are committed: with outputs, without what differs from machine to machine.

``python tools/notebooks.py notebooks/*.ipynb`` runs each from top to bottom in a fresh kernel and replaces the file.
A notebook that fails is left as it was. What goes: times of execution, the state of widgets and the outputs that are
nothing without it, and the kernel's exact version. What comes: a hash of the code that was run, so that a change after
the run is noticed even in cells whose outputs nobody compares.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

__all__ = ["clean", "code_hash", "main", "run"]

_WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
_KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def code_hash(notebook: NotebookNode) -> str:
    """What the code of a notebook's cells comes to, in order."""
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return hashlib.sha256(json.dumps(code).encode()).hexdigest()[:16]


def clean(notebook: NotebookNode) -> None:
    """Take from a notebook, in place, what a commit should not hold."""
    kept = {name: value for name, value in notebook.metadata.items() if name == "code_hash"}
    notebook.metadata = nbformat.from_dict({"kernelspec": _KERNEL, "language_info": {"name": "python"}, **kept})
    for cell in notebook.cells:
        for name in ("execution", "collapsed", "jp-MarkdownHeadingCollapsed"):
            cell.metadata.pop(name, None)
        if cell.cell_type == "code":
            for output in cell.outputs:
                output.get("data", {}).pop(_WIDGET_VIEW, None)
            cell.outputs = _joined([output for output in cell.outputs if output.get("data") != {}])


def _joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Outputs in which what was printed in a row is one: how a kernel cuts it up is chance."""
    joined: list[NotebookNode] = []
    for output in outputs:
        before = joined[-1] if joined else None
        if before is not None and output.output_type == "stream" and before.get("name") == output.name:
            before.text += output.text
        else:
            joined.append(output)
    return joined


def run(path: Path, *, cell_timeout: int = 120) -> None:
    """Run one notebook in its own folder and replace it with the result; blocks until it is done.

    Args:
        path: The notebook.
        cell_timeout: Seconds that a cell may take.

    Raises:
        CellExecutionError: A cell raised; the file is unchanged.
    """
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=cell_timeout,
        record_timing=False,
        store_widget_state=False,
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()
    notebook.metadata["code_hash"] = code_hash(notebook)
    clean(notebook)
    nbformat.validate(notebook)
    unfinished = path.with_name(f".{path.name}.unfinished")
    nbformat.write(notebook, unfinished)
    unfinished.replace(path)


def main(paths: Sequence[str]) -> int:
    """Run the notebooks named; the exit code is 0, or 1 if one failed."""
    os.environ["PYTHONHASHSEED"] = "0"
    failed = 0
    for path in map(Path, paths):
        print(path, flush=True)
        try:
            run(path)
        except CellExecutionError as error:
            print(f"{path} failed and is unchanged:\n{error}", file=sys.stderr)
            failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
