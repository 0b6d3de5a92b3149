"""What the figures are held to: each goal is a ratio taken within one round, or a value, and a bound.

Where the bounds come from: the ratios of the two pools are those of the original, built in C and run with its own
benchmark on a machine of two cores (pushing 2.5, serializers 1.6); the others are this project's own aims for CPython
on such a machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from taskpool.bench.case import RATE
from taskpool.bench.measure import Spread, ratio_spread, spread
from taskpool.bench.rows import Rows
from taskpool.bench.sides import EXECUTOR, LIMIT, TASKPOOL, THREADPOOL
from taskpool.bench.waiting import OUTSIDE

__all__ = ["GOALS", "Goal", "Verdict", "verdicts"]

Key = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Goal:
    """One figure to reach.

    Attributes:
        workload: The letter of its workload.
        name: What is looked at.
        bound: What it is to reach, or not to exceed.
        kind: ``"at least"`` or ``"at most"``.
        unit: Of the value and the bound; empty for a ratio.
        rows: Which rows it is computed from: workload, part of the case's name, side, measure.
        compute: From these rows' values to the value, round by round.
    """

    workload: str
    name: str
    bound: float
    kind: Literal["at least", "at most"]
    unit: str
    rows: tuple[Key, ...]
    compute: Callable[..., Spread]

    def judge(self, rows: Rows) -> Verdict | None:
        """What was reached; None if it was not measured."""
        found = [rows.find(*key) for key in self.rows]
        measured = [row.values for row in found if row is not None]
        return Verdict(self, self.compute(*measured)) if len(measured) == len(found) else None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A goal, and what was measured."""

    goal: Goal
    value: Spread

    @property
    def reached(self) -> bool:
        """Whether the median keeps within the bound."""
        bound, value = self.goal.bound, self.value.median
        return value >= bound if self.goal.kind == "at least" else value <= bound

    @property
    def missing(self) -> float:
        """How far the median is from the bound, as a share of the bound; 0 when it is reached."""
        if self.reached:
            return 0.0
        distance = abs(self.goal.bound - self.value.median)
        return distance / self.goal.bound if self.goal.bound else distance

    def as_dict(self) -> dict[str, Any]:
        """All of it in JSON's types."""
        goal = self.goal
        return {
            "workload": goal.workload,
            "name": goal.name,
            "kind": goal.kind,
            "bound": goal.bound,
            "unit": goal.unit,
            **asdict(self.value),
            "reached": self.reached,
            "missing": self.missing,
        }


def _ratio(workload: str, name: str, bound: float, over: Key, under: Key) -> Goal:
    return Goal(workload, name, bound, "at least", "", (over, under), ratio_spread)


def _value(name: str, bound: float, kind: Literal["at least", "at most"], unit: str, key: Key) -> Goal:
    return Goal(key[0], name, bound, kind, unit, (key,), spread)


def _sides(workload: str, case: str, bounds: dict[str, float]) -> Iterator[Goal]:
    """The taskpool's rate beside other sides' rates."""
    for side, bound in bounds.items():
        mine, other = ((workload, case, one, RATE) for one in (TASKPOOL, side))
        yield _ratio(workload, f"TaskPool : {side}, {case}", bound, mine, other)


GOALS: tuple[Goal, ...] = (
    *_sides("a", "self-pushing", {EXECUTOR: 10, LIMIT: 0.6, THREADPOOL: 2.5}),
    _value("TaskPool, self-pushing", 1_000_000, "at least", RATE, ("a", "self-pushing", TASKPOOL, RATE)),
    *_sides("b", "pairs", {EXECUTOR: 5, THREADPOOL: 1.6}),
    _value("TaskPool, pairs", 400_000, "at least", RATE, ("b", "pairs", TASKPOOL, RATE)),
    *_sides("d", "1 caller", {EXECUTOR: 1.1}),
    *_sides("d", "8 callers", {EXECUTOR: 1.1}),
    _value("TaskPool, inside the pool", 2_000_000, "at least", RATE, ("e", "the pool", TASKPOOL, RATE)),
    _value("TaskPool, empty serializer", 700_000, "at least", RATE, ("e", "empty", TASKPOOL, RATE)),
    _ratio(
        "e",
        "TaskPool, inside : outside",
        30,
        ("e", "the pool", TASKPOOL, RATE),
        ("e", "the pool", TASKPOOL, OUTSIDE),
    ),
    _ratio(
        "e",
        "TaskPool, empty serializer : outside",
        30,
        ("e", "empty", TASKPOOL, RATE),
        ("e", "empty", TASKPOOL, OUTSIDE),
    ),
)
"""All of them, in the order of the workloads."""


def verdicts(rows: Rows) -> tuple[Verdict, ...]:
    """What became of every goal that was measured."""
    return tuple(verdict for goal in GOALS if (verdict := goal.judge(rows)) is not None)
