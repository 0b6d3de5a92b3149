"""Run notebooks and save them as they are committed: with outputs, without what differs from machine to machine.

``python tools/notebooks.py notebooks/*.ipynb`` runs each from top to bottom in a fresh kernel and replaces the file.
A notebook that fails is left as it was. What goes: times of execution, the state of widgets and the outputs that are
nothing without it, and the kernel's exact version.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

__all__ = ["clean", "main", "run"]

_WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
_KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def clean(notebook: NotebookNode) -> None:
    """Take from a notebook, in place, what a commit should not hold."""
    notebook.metadata = nbformat.from_dict({"kernelspec": _KERNEL, "language_info": {"name": "python"}})
    for cell in notebook.cells:
        for name in ("execution", "collapsed", "jp-MarkdownHeadingCollapsed"):
            cell.metadata.pop(name, None)
        if cell.cell_type == "code":
            for output in cell.outputs:
                output.get("data", {}).pop(_WIDGET_VIEW, None)
            cell.outputs = [output for output in cell.outputs if output.get("data") != {}]


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
