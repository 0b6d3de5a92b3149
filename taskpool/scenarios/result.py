"""What a run of a scenario leaves: its trace, how it ended and why, and its figures."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from taskpool.trace import Trace

__all__ = ["Outcome", "Run", "compare_text"]


class Outcome(StrEnum):
    """How a run ended."""

    COMPLETED = "completed"
    DEADLOCKED = "deadlocked"
    TIMED_OUT = "timed_out"
    FAILED = "failed"


_ROWS: tuple[tuple[str, str, float, str], ...] = (
    ("threads started", "threads", 1, ""),
    ("most threads at once", "peak_threads", 1, ""),
    ("threads blocked at the end", "still_blocked", 1, ""),
    ("time threads spent blocked", "blocked_thread_seconds", 1000, "ms"),
    ("tasks pushed", "pushed", 1, ""),
    ("tasks run", "finished", 1, ""),
    ("tasks failed", "failed", 1, ""),
    ("tasks run inline", "inlined", 1, ""),
    ("control tasks", "control_tasks", 1, ""),
    ("duration", "duration", 1000, "ms"),
)


@dataclass(frozen=True, slots=True, repr=False)
class Run:
    """One run of a scenario on one design.

    Args:
        name: The scenario's name.
        design: The design's name.
        params: Every parameter's value.
        trace: What happened. A deadlocked run's ends where nothing moved any more.
        outcome: How it ended.
        reason: Why, in one sentence.
        cycle: Who waits for whom, where waits formed a cycle: one sentence each, the last waits for the first.
        error: What was raised, for a failed run.
        metrics: The trace's summary and the program's own figures.
    """

    name: str
    design: str
    params: Mapping[str, Any]
    trace: Trace
    outcome: Outcome
    reason: str
    cycle: tuple[str, ...] = ()
    error: BaseException | None = None
    metrics: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<Run {self.name} on {self.design}: {self.outcome}, {len(self.trace)} events>"

    def __str__(self) -> str:
        lines = [f"{self.name} on {self.design}: {self.outcome}", f"  {self.reason}"]
        lines += [f"  · {sentence}" for sentence in self.cycle]
        rows = self.rows()
        width = max(len(label) for label in rows)
        lines += [f"  {label:{width}}  {value}" for label, value in rows.items()]
        return "\n".join(lines)

    def rows(self) -> dict[str, str]:
        """The figures that a short table shows, with units, in a fixed order."""
        rows = {
            label: _number(self.metrics[key] * scale, unit) for label, key, scale, unit in _ROWS if key in self.metrics
        }
        own = self.metrics.get("notes", {})
        rows.update({label: value if isinstance(value, str) else _number(value) for label, value in own.items()})
        return rows

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, str]:
        rows = "".join(
            f"<tr><th style='text-align:left'>{html.escape(label)}</th><td>{html.escape(value)}</td></tr>"
            for label, value in self.rows().items()
        )
        cycle = "".join(f"<li>{html.escape(sentence)}</li>" for sentence in self.cycle)
        markup = (
            f"<div><b>{html.escape(self.name)}</b> on <b>{html.escape(self.design)}</b>: "
            f"<b>{self.outcome}</b><br>{html.escape(self.reason)}"
            + (f"<ul>{cycle}</ul>" if cycle else "")
            + f"<table>{rows}</table></div>"
        )
        return {"text/plain": str(self), "text/html": markup}


def _number(value: float, unit: str = "") -> str:
    text = f"{value:.1f}" if isinstance(value, float) and not value.is_integer() else f"{int(value):,}"
    return f"{text} {unit}".rstrip()


def compare_text(runs: Sequence[Run]) -> str:
    """Runs side by side as a text table: a column for each, its outcome first."""
    labels = ["outcome"]
    columns = []
    for run in runs:
        column = {"outcome": str(run.outcome), **run.rows()}
        labels += [label for label in column if label not in labels]
        columns.append(column)
    head = max(len(label) for label in labels)
    widths = [
        max(len(run.design), *(len(value) for value in column.values()))
        for run, column in zip(runs, columns, strict=True)
    ]
    lines = [" " * head + "".join(f"  {run.design:>{width}}" for run, width in zip(runs, widths, strict=True))]
    for label in labels:
        cells = (f"  {column.get(label, '–'):>{width}}" for column, width in zip(columns, widths, strict=True))
        lines.append(f"{label:{head}}" + "".join(cells))
    return "\n".join(lines)
