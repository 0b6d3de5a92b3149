"""Where in a program something is: short enough for a table, and the same on every machine."""

from __future__ import annotations

from pathlib import Path

__all__ = ["place"]


def place(filename: str, line: int | None) -> str:
    """``file:line``; for a notebook's cell, whose file is made up, ``cell:line``."""
    is_cell = "ipykernel" in filename or filename.startswith("<ipython-input")
    return f"{'cell' if is_cell else Path(filename).name}:{line}"
