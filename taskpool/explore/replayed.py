"""A schedule's run, made again with recording on; it has the attributes of a scenario's `Run`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from taskpool.explore.execution import Execution, Limits, Program, executed, quiet_collector
from taskpool.explore.findings import Finding, Kind
from taskpool.explore.replay import Moment, Replayer
from taskpool.explore.schedule import Schedule
from taskpool.recorder import Recorder
from taskpool.runtime.carriers import pinned

if TYPE_CHECKING:
    from taskpool.trace import Trace

__all__ = ["Replayed", "name_of", "replay"]

_OUTCOMES = {
    Kind.DEADLOCK: "deadlocked",
    Kind.LOST_WAKEUP: "deadlocked",
    Kind.LIVELOCK: "timed_out",
    Kind.UNFINISHED: "timed_out",
}


@dataclass(frozen=True, slots=True, repr=False)
class Replayed:
    """One run of a program on one schedule.

    Attributes:
        name: The program's name.
        design: The pool design, if the program is a scenario's, else "".
        schedule: The schedule, complete with hash and operations.
        trace: What its pools recorded.
        outcome: completed, deadlocked, timed_out or failed.
        reason: Why, in one sentence.
        cycle: Who waits for whom, where waits formed a cycle.
        error: What was raised.
        metrics: The trace's summary.
        moments: Each step, with its source line.
    """

    name: str
    design: str
    schedule: Schedule
    trace: Trace
    outcome: str
    reason: str
    cycle: tuple[str, ...] = ()
    error: BaseException | None = None
    metrics: Mapping[str, Any] = field(default_factory=dict)
    moments: tuple[Moment, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<Replayed {self.name} [{self.schedule}]: {self.outcome}, {len(self.trace)} events>"

    def __str__(self) -> str:
        lines = [f"{self.name} [{self.schedule}]: {self.outcome}", f"  {self.reason}"]
        return "\n".join(lines + [f"  · {sentence}" for sentence in self.cycle])


class _Tape(Recorder):
    """A recorder that is true even while it is empty, for programs that ask ``recorder or Recorder()``."""

    def __bool__(self) -> bool:
        return True


def name_of(program: Program) -> str:
    """What a program is called in reports."""
    return getattr(program, "__name__", None) or type(program).__name__


def replay(
    program: Program, schedule: str | Schedule, *, max_steps: int = 5_000, stuck_after: float = 10.0
) -> Replayed:
    """Run ``program`` once, on ``schedule``, recording. Blocks until it has stopped.

    Args:
        program: As for `explore`.
        schedule: What a failure's report says, as text or as a value.
        max_steps: As for `explore`.
        stuck_after: As for `explore`.

    Raises:
        ScheduleError: If the text cannot be read.
        Diverged: If the schedule does not fit the program: names the step, what was expected and what there was.
    """
    schedule = schedule if isinstance(schedule, Schedule) else Schedule.parse(schedule)
    recorder = _Tape()
    replayer = Replayer(schedule, detailed=True)
    limits = Limits(max_steps, schedule.early_timeouts, stuck_after)
    with (
        quiet_collector(),
        pinned() as cpu,
        executed(program, replayer, limits, cpu=cpu, recorder=recorder, strict=True) as execution,
    ):
        return _replayed(program, replayer, recorder, execution)


def _replayed(program: Program, replayer: Replayer, recorder: Recorder, execution: Execution) -> Replayed:
    name, _, design = name_of(program).partition(" on ")
    finding = execution.finding
    outcome, reason = _outcome(finding)
    schedule = replayer.found()
    trace = recorder.trace(
        {
            "scenario": name,
            "design": design,
            "runtime": "controlled",
            "schedule": str(schedule),
            "outcome": outcome,
            "reason": reason,
            "cycle": list(finding.cycle) if finding is not None else [],
        }
    )
    return Replayed(
        name,
        design,
        schedule,
        trace,
        outcome,
        reason,
        finding.cycle if finding is not None else (),
        finding.error if finding is not None else None,
        trace.summary().as_dict(),
        tuple(replayer.moments),
    )


def _outcome(finding: Finding | None) -> tuple[str, str]:
    if finding is None:
        return "completed", "All threads ended, and what must hold held."
    return _OUTCOMES.get(finding.kind, "failed"), finding.message
