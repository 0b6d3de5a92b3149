"""A measurement's result: as text, as a table in a notebook, as JSON and as a pandas table.

A case's sides stand one below the other: the median over the rounds with the least and the greatest value, the other
readings' medians, and how many times better the taskpool is, taken within each round. Then the goals, and by how much
they were reached or missed.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from taskpool.bench.case import CPU, Settings
from taskpool.bench.goals import Verdict, verdicts
from taskpool.bench.machine import Machine
from taskpool.bench.measure import Spread
from taskpool.bench.rows import Row, Rows
from taskpool.bench.sides import TASKPOOL

if TYPE_CHECKING:
    import os

    import pandas as pd

__all__ = ["Result", "number"]


@dataclass(frozen=True, slots=True, repr=False)
class Result:
    """What `taskpool.bench.run` gave. Immutable.

    Attributes:
        machine: Where it was measured.
        settings: How large the workloads were.
        rounds: How many rounds were completed.
        rows: A row for each reading of each side.
        interrupted: Whether it was ended before its last round.
    """

    machine: Machine
    settings: Settings
    rounds: int
    rows: Rows
    interrupted: bool = False

    @property
    def goals(self) -> tuple[Verdict, ...]:
        """What became of the goals that were measured."""
        return verdicts(self.rows)

    def as_dict(self) -> dict[str, Any]:
        """All of it in JSON's types."""
        return {
            "machine": self.machine.as_dict(),
            "settings": {
                name: list(value) if isinstance(value, tuple) else value
                for name, value in asdict(self.settings).items()
            },
            "rounds": self.rounds,
            "interrupted": self.interrupted,
            "rows": [row.as_dict() for row in self.rows],
            "goals": [verdict.as_dict() for verdict in self.goals],
        }

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it as JSON; blocks until it is written.

        Raises:
            OSError: If the file cannot be written.
        """
        Path(path).write_text(json.dumps(self.as_dict(), indent=1) + "\n", encoding="utf-8")

    def to_frame(self) -> pd.DataFrame:
        """A row for each reading of each side, with its median, least and greatest value.

        Raises:
            ImportError: If pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise ImportError(
                "Result.to_frame needs pandas, which is not installed: pip install taskpool-lab[visualize]"
            ) from error
        columns = ["workload", "case", "side", "measure", "median", "least", "greatest"]
        return pd.DataFrame([row.as_dict() for row in self.rows], columns=columns)

    @property
    def text(self) -> str:
        """All of it for a terminal."""
        lines = [*self._head(), ""]
        for workload, case in self.rows.cases():
            lines += [f"{workload}  {case}", *_aligned(_case_table(self.rows.of(workload, case))), ""]
        if self.goals:
            lines += ["goals", *_aligned(_goal_table(self.goals))]
        return "\n".join(lines).rstrip()

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, str]:
        parts = [f"<p>{'<br>'.join(map(escape, self._head()))}</p>"]
        for workload, case in self.rows.cases():
            parts.append(_html(f"{workload}  {case}", _case_table(self.rows.of(workload, case))))
        if self.goals:
            parts.append(_html("goals", _goal_table(self.goals)))
        return {"text/plain": self.text, "text/html": f"<div>{''.join(parts)}</div>"}

    def _head(self) -> list[str]:
        ended = ", interrupted" if self.interrupted else ""
        repeats = f"{self.rounds} interleaved round{'s' * (self.rounds != 1)}{ended}"
        head = [
            *str(self.machine).splitlines(),
            str(self.settings),
            f"{repeats}: medians (least to greatest); ratios are taken within a round",
        ]
        if self.machine.is_busy:
            head.append("The machine was busy: figures are too low, and differ from run to run. CPU µs/task say more.")
        return head


def number(value: float) -> str:
    """A number for people: two or three digits at least, thousands with commas."""
    size = abs(value)
    if size >= 100 or value == int(value):
        return f"{value:,.0f}"
    if size >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if size >= 0.1 else f"{value:.2g}"


def _spread(value: Spread) -> str:
    if value.least == value.greatest:
        return number(value.median)
    return f"{number(value.median)} ({number(value.least)} to {number(value.greatest)})"


def _case_table(rows: Rows) -> list[list[str]]:
    """The sides of a case, under a head."""
    main = [row for row in rows if row.main]
    others = list(dict.fromkeys(row.measure for row in rows if not row.main))
    by_side = {(row.side, row.measure): row for row in rows}
    compared = []
    if len(main) > 1 and any(row.side == TASKPOOL for row in main):
        compared = [main[0].measure, *([CPU] if CPU in others else [])]
    heads = ["TaskPool is better by ×", "in CPU time by ×"]
    table = [["", main[0].measure, *others, *heads[: len(compared)]]]
    for row in main:
        readings = [by_side.get((row.side, measure)) for measure in others]
        cells = [
            row.side,
            _spread(row.spread),
            *("–" if one is None else number(one.spread.median) for one in readings),
        ]
        cells += [_times(by_side[TASKPOOL, measure], by_side[row.side, measure]) for measure in compared]
        table.append(cells)
    return table


def _times(reference: Row, row: Row) -> str:
    """How many times better the reference is; nothing for itself, and where one of them is 0."""
    return "" if row is reference or 0 in (*row.values, *reference.values) else _spread(reference.times(row))


def _goal_table(goals: tuple[Verdict, ...]) -> list[list[str]]:
    table = [["", "at least / at most", "measured", ""]]
    for verdict in goals:
        goal = verdict.goal
        sign = "≥" if goal.kind == "at least" else "≤"
        table.append(
            [
                f"{goal.workload}  {goal.name}",
                f"{sign} {number(goal.bound)} {goal.unit}".rstrip(),
                _spread(verdict.value),
                "reached" if verdict.reached else f"missed by {_share(verdict)}",
            ]
        )
    return table


def _share(verdict: Verdict) -> str:
    if not verdict.goal.bound:
        return number(verdict.missing)
    return f"{verdict.missing * 100:.0f} %" if verdict.missing >= 0.01 else "under 1 %"


def _aligned(table: list[list[str]]) -> list[str]:
    """The rows of a table as lines; the first column to the left, the others to the right."""
    widths = [max(len(row[at]) for row in table) for at in range(len(table[0]))]
    return [
        "   " + "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in table
    ]


def _html(title: str, table: list[list[str]]) -> str:
    head, *body = table
    columns = "".join(f"<th style='text-align:right'>{escape(cell)}</th>" for cell in head)
    rows = "".join(
        f"<tr><th scope='row' style='text-align:left'>{escape(row[0])}</th>"
        + "".join(f"<td style='text-align:right'>{escape(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in body
    )
    caption = f"<caption style='text-align:left'><b>{escape(title)}</b></caption>"
    return f"<table>{caption}<thead><tr>{columns}</tr></thead><tbody>{rows}</tbody></table>"
