"""What a search found: honest about what it covered, each failure with the schedule that repeats it."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from taskpool.explore.replay import Moment
from taskpool.explore.schedule import Schedule

if TYPE_CHECKING:
    from taskpool.explore.replayed import Replayed
    from taskpool.trace import Trace

__all__ = ["Failure", "Report"]


def _amount(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


@dataclass(slots=True, repr=False)
class Failure:
    """One way in which a program failed, found in one or more executions.

    Attributes:
        kind: deadlock, lost wakeup, livelock, unfinished, assertion or exception.
        message: What happened, to whom.
        schedule: The shortest schedule found that repeats it.
        count: In how many executions it was seen.
        cycle: For a deadlock with a wait-for cycle: one sentence for each thread.
        waiting: One sentence for each thread that could not go on, with its line and who could have woken it.
        error: What was raised.
        moments: The steps of that schedule, with source lines.
    """

    kind: str
    message: str
    schedule: Schedule
    count: int = 1
    cycle: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    error: BaseException | None = None
    moments: tuple[Moment, ...] = ()
    _again: Callable[[Schedule], Replayed] | None = None
    _run: Replayed | None = None

    def __repr__(self) -> str:
        return f"<Failure {self.kind}: {self.message} [{self.schedule}]>"

    def __str__(self) -> str:
        lines = [f"{self.kind} (in {self.count:,} executions): {self.message}", f"  schedule: {self.schedule}"]
        lines += [f"  · {sentence}" for sentence in self.waiting]
        if self.moments:
            lines += ["", *(f"  {line}" for line in self.columns().splitlines())]
        return "\n".join(lines)

    @property
    def run(self) -> Replayed:
        """The failing run, made again with recording on: its trace, ready for a timeline."""
        if self._run is None:
            if self._again is None:
                raise RuntimeError("this failure has been taken out of its report: call replay(program, schedule)")
            self._run = self._again(self.schedule)
        return self._run

    @property
    def trace(self) -> Trace:
        """The failing run's trace."""
        return self.run.trace

    def columns(self, last: int = 40) -> str:
        """The last steps as a table with a column for each thread."""
        moments = self.moments[-last:]
        names = {moment.thread: moment.name for moment in self.moments}
        numbers = sorted(names)
        cells = {m.step: f"{m.operation}{f' ({m.where})' if m.where else ''}" for m in moments}
        widths = {
            number: max([len(names[number])] + [len(cells[m.step]) for m in moments if m.thread == number])
            for number in numbers
        }
        lines = ["step  " + "  ".join(f"{names[number]:{widths[number]}}" for number in numbers)]
        lines += [
            f"{m.step:4}  " + "  ".join(f"{cells[m.step] if n == m.thread else '':{widths[n]}}" for n in numbers)
            for m in moments
        ]
        return "\n".join(line.rstrip() for line in lines)


@dataclass(slots=True, repr=False)
class Report:
    """What a search covered and found.

    Attributes:
        program: The program's name.
        strategy: How it was searched.
        schedules: Executions made.
        redundant: Those of them that were given up because they led to nothing new.
        steps: Steps made in all.
        exhausted: Whether every schedule was covered, at runtime-operation granularity: what happens between two
            operations of the runtime counts as one step.
        interrupted: Whether it was stopped by Ctrl-C or the kernel's stop button.
        failures: By cause, in the order found.
        seconds: Real time spent.
        timeouts: ``"never"``: a deadline passes only when nothing else can run; ``"explore"``: at any time.
        early_timeouts: With ``"explore"``: for the first so many timed operations of each thread.
    """

    program: str
    strategy: str
    schedules: int = 0
    redundant: int = 0
    steps: int = 0
    exhausted: bool = False
    interrupted: bool = False
    failures: list[Failure] = field(default_factory=list)
    seconds: float = 0.0
    timeouts: str = "never"
    early_timeouts: int = 0
    _resume: Callable[[int], Report] | None = None

    def resume(self, max_schedules: int = 100_000) -> Report:
        """Search on where this search stopped, for up to ``max_schedules`` more; this report, brought up to date.

        A search on an executor goes on with the shares that were not searched; there is nothing to go on with where
        each was, even if not to its end.
        """
        if self._resume is None:
            raise RuntimeError("this report comes from a search that cannot be resumed: call explore again")
        return self._resume(max_schedules)

    def __repr__(self) -> str:
        return f"<Report {self.program}: {self.schedules:,} schedules, {len(self.failures)} failures>"

    def coverage(self, *, timed: bool = True) -> str:
        """One sentence: what was tried, and so what the absence of a failure means.

        Args:
            timed: Whether to say how long it took; without it the sentence is the same on every machine.
        """
        took = f" in {self.seconds:.1f} s" if timed else ""
        tried = f"{_amount(self.schedules, 'schedule')} ({_amount(self.steps, 'step')}) by {self.strategy}{took}"
        if self.exhausted:
            deadlines = ", deadlines passing only when nothing else can run"
            if self.timeouts == "explore":
                deadlines += f", but for each thread's first {self.early_timeouts}: those at any time"
            return f"Exhausted at runtime-operation granularity{deadlines}: {tried}."
        why = "interrupted" if self.interrupted else "not exhausted"
        return f"Not every schedule was tried ({why}): {tried}."

    def __str__(self) -> str:
        found = len(self.failures)
        head = f"{self.program}: {_amount(found, 'failure') if found else 'no failure found'}"
        return "\n".join([head, self.coverage(), *(f"\n{number}. {f}" for number, f in enumerate(self.failures, 1))])

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, str]:
        rows = "".join(
            f"<tr><td>{html.escape(f.kind)}</td><td style='text-align:left'>{html.escape(f.message)}</td>"
            f"<td><code>{html.escape(str(f.schedule))}</code></td><td>{f.count:,}</td></tr>"
            for f in self.failures
        )
        head = "<tr><th>kind</th><th style='text-align:left'>what happened</th><th>schedule</th><th>seen</th></tr>"
        table = f"<table>{head}{rows}</table>" if rows else "<p>No failure found.</p>"
        details = "".join(
            f"<details><summary>{html.escape(f.kind)} step by step</summary><pre>{html.escape(str(f))}</pre></details>"
            for f in self.failures
        )
        markup = f"<div><b>{html.escape(self.program)}</b><br>{html.escape(self.coverage())}{table}{details}</div>"
        return {"text/plain": str(self), "text/html": markup}
