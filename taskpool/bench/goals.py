"""What the figures are held to: each goal is a ratio taken within one round, or a value, and a bound.

Where the bounds come from: the ratios of the two pools are those of the original, built in C and run with its own
benchmark on a machine of two cores (pushing 2.5, serializers 1.6), which falls to 0.24 with fifty threads; its author
told of 5 to 10 % less processor time. The others are this project's own aims for CPython on such a machine. An
unrelated task's time counts as unchanged within a tenth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from taskpool.bench.case import CPU, RATE
from taskpool.bench.load import COST
from taskpool.bench.measure import Spread, ratio_spread, spread
from taskpool.bench.memory import BYTES
from taskpool.bench.pausing import AFTER, BEFORE, PAUSE, THREADS
from taskpool.bench.recording import CHECK, EVENTS, RECORDED
from taskpool.bench.rows import Rows
from taskpool.bench.sides import EXECUTOR, LIMIT, TASKPOOL, THREADPOOL
from taskpool.bench.waiting import OUTSIDE

__all__ = ["GOALS", "Goal", "Verdict", "verdicts"]

Key = tuple[str, str, str, str]
Kind = Literal["at least", "at most"]


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
    kind: Kind
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


def _ratio(name: str, bound: float, over: Key, under: Key, kind: Kind = "at least") -> Goal:
    return Goal(over[0], name, bound, kind, "", (over, under), ratio_spread)


def _value(name: str, bound: float, kind: Kind, unit: str, key: Key) -> Goal:
    return Goal(key[0], name, bound, kind, unit, (key,), spread)


def _sides(workload: str, case: str, bounds: dict[str, float]) -> Iterator[Goal]:
    """The taskpool's rate beside other sides' rates."""
    for side, bound in bounds.items():
        mine, other = ((workload, case, one, RATE) for one in (TASKPOOL, side))
        yield _ratio(f"TaskPool : {side}, {case}", bound, mine, other)


def _taskpool(workload: str, case: str, measure: str = RATE) -> Key:
    return workload, case, TASKPOOL, measure


def _recording(case: str, measure: str) -> Key:
    return "h", case, TASKPOOL + RECORDED, measure


def _each_event(on: Sequence[float], off: Sequence[float], events: Sequence[float]) -> Spread:
    """What a task costs more while it is recorded, for each of its events."""
    return spread([(more - less) / many for more, less, many in zip(on, off, events, strict=True)])


def _checks_share(check: Sequence[float], events: Sequence[float], task: Sequence[float]) -> Spread:
    """What the looks for a recorder take of a task's time, in percent: ``check`` in ns, ``task`` in µs."""
    return spread([one * many / (whole * 10) for one, many, whole in zip(check, events, task, strict=True)])


GOALS: tuple[Goal, ...] = (
    *_sides("a", "self-pushing", {EXECUTOR: 10, LIMIT: 0.6, THREADPOOL: 2.5}),
    _value("TaskPool, self-pushing", 1_000_000, "at least", RATE, _taskpool("a", "self-pushing")),
    *_sides("b", "pairs", {EXECUTOR: 5, THREADPOOL: 1.6}),
    _value("TaskPool, pairs", 400_000, "at least", RATE, _taskpool("b", "pairs")),
    *_sides("d", "1 caller", {EXECUTOR: 1.1}),
    *_sides("d", "8 callers", {EXECUTOR: 1.1}),
    _value("TaskPool, inside the pool", 2_000_000, "at least", RATE, _taskpool("e", "the pool")),
    _value("TaskPool, empty serializer", 700_000, "at least", RATE, _taskpool("e", "empty")),
    _ratio("TaskPool, inside : outside", 30, _taskpool("e", "the pool"), _taskpool("e", "the pool", OUTSIDE)),
    _ratio("TaskPool, empty serializer : outside", 30, _taskpool("e", "empty"), _taskpool("e", "empty", OUTSIDE)),
    _value("TaskPool, threads for 1,000 pauses", 0, "at most", "threads", _taskpool("f", "1,000 ser", THREADS)),
    _value("TaskPool, one of 1,000 pauses", 15, "at most", "µs", _taskpool("f", "1,000 ser", PAUSE)),
    _ratio(
        "TaskPool, unrelated task with 1,000 pauses : without",
        1.1,
        _taskpool("f", "1,000 ser", AFTER),
        _taskpool("f", "1,000 ser", BEFORE),
        "at most",
    ),
    _ratio("TaskPool, self-pushing, 50 : 5 threads", 0.5, _taskpool("g", "tasks, 50 t"), _taskpool("g", "tasks, 5 t")),
    _ratio(
        "TaskPool, pairs, 50 : 5 threads", 0.5, _taskpool("g", "serializers, 50 t"), _taskpool("g", "serializers, 5 t")
    ),
    _ratio(
        "TaskPool, self-pushing, recording : not",
        0.45,
        _recording("self-pushing", RATE),
        _taskpool("h", "self-pushing"),
    ),
    _ratio("TaskPool, 8 producers, recording : not", 0.45, _recording("producers", RATE), _taskpool("h", "producers")),
    Goal(
        "h",
        "TaskPool, not recording, share of a task's time (estimated)",
        3,
        "at most",
        "%",
        (
            _taskpool("h", "self-pushing", CHECK),
            _recording("self-pushing", EVENTS),
            _taskpool("h", "self-pushing", CPU),
        ),
        _checks_share,
    ),
    Goal(
        "h",
        "TaskPool, processor time of an event",
        1,
        "at most",
        "µs",
        (_recording("self-pushing", CPU), _taskpool("h", "self-pushing", CPU), _recording("self-pushing", EVENTS)),
        _each_event,
    ),
    _ratio(
        "TaskPool : ThreadPool, CPU per message", 0.9, _taskpool("i", "", COST), ("i", "", THREADPOOL, COST), "at most"
    ),
    _value("TaskPool, a queued task", 200, "at most", BYTES, _taskpool("j", "task", BYTES)),
    _value("TaskPool, an idle serializer", 2_048, "at most", BYTES, _taskpool("j", "serializer", BYTES)),
    _value("TaskPool, a recorded event", 160, "at most", BYTES, _taskpool("j", "event", BYTES)),
)
"""All of them, in the order of the workloads."""


def verdicts(rows: Rows) -> tuple[Verdict, ...]:
    """What became of every goal that was measured."""
    return tuple(verdict for goal in GOALS if (verdict := goal.judge(rows)) is not None)
