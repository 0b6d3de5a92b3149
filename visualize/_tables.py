"""Tables for people: numbers as text, and rows as HTML or as lines."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from visualize.palette import cleaned, escaped

__all__ = ["html_table", "number_text", "row_label", "text_table"]


def number_text(value: float, label: str = "") -> str:
    """A number for people: shares in percent, times with three digits, whole numbers whole, nothing as ``–``."""
    if isinstance(value, float) and math.isnan(value):
        return "–"
    if "share" in label:
        return f"{value * 100:.0f} %"
    return f"{value:,.3g}" if isinstance(value, float) and abs(value) < 1000 else f"{value:,.0f}"


def row_label(label: str, totals: Sequence[Mapping[str, float]]) -> str:
    """What a row of totals is called: a percentile says of which tasks, where some of a run's never ran.

    Args:
        label: One of the names in `visualize.metrics.Metrics.totals`.
        totals: These, of each run that has a column.
    """
    if label.startswith(("wait p", "run p")) and any(one["tasks never run"] for one in totals):
        return f"{label}, of tasks run"
    return label


def html_table(names: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """An HTML table: the first column names the rows, the others are numbers. Empty names give no head."""
    head = ""
    if any(names):
        cells = "".join(_cell(name, at, "col" if name else "") for at, name in enumerate(names))
        head = f"<thead><tr>{cells}</tr></thead>"
    body = "".join(
        f"<tr>{''.join(_cell(cell, at, '' if at else 'row') for at, cell in enumerate(row))}</tr>" for row in rows
    )
    return f"<table style='border-collapse:collapse'>{head}<tbody>{body}</tbody></table>"


def _cell(content: object, column: int, scope: str) -> str:
    """A cell, a heading if it has a scope: the first column to the left, numbers to the right, with room between."""
    tag = f"th scope='{scope}'" if scope else "td"
    look = f"text-align:{'right' if column else 'left'};padding:.25em .75em"
    return f"<{tag} style='{look}'>{escaped(str(content))}</{tag[:2]}>"


def text_table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The same as lines, in columns."""
    table = [[cleaned(str(cell)) for cell in row] for row in (names, *rows)]
    widths = [max(len(row[at]) for row in table) for at in range(len(names))]
    lines = []
    for first, *rest in table:
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))]
        lines.append("  ".join(cells).rstrip())
    return lines
