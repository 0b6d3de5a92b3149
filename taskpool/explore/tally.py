"""Execution after execution, counted: what a search, or one share of it, has done and found so far."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from taskpool.explore.execution import Limits, Program, executed
from taskpool.explore.findings import Finding, Kind
from taskpool.explore.search import Strategy

__all__ = ["Seen", "Tally"]


@dataclass(slots=True)
class Seen:
    """A cause of failure: how it was first found, by which threads' steps, and how often."""

    finding: Finding
    threads: list[int]
    count: int = 1


@dataclass(slots=True)
class Tally:
    """What was done and found.

    Attributes:
        schedules: Executions made.
        redundant: Those given up because they led to nothing new.
        steps: Steps made in all.
        bounded: Whether an execution was stopped by its step bound, so that what lay behind it is unknown.
        complete: Whether the strategy had nothing left to try.
        seen: Failures by cause, in the order found.
    """

    schedules: int = 0
    redundant: int = 0
    steps: int = 0
    bounded: bool = False
    complete: bool = False
    seen: dict[Hashable, Seen] = field(default_factory=dict)
    _unfinished: bool = False

    def search(
        self,
        program: Program,
        strategy: Strategy,
        limits: Limits,
        count: int,
        *,
        identities: dict[tuple[int, int], int],
        cpu: int | None,
        after_each: Callable[[bool], bool],
    ) -> None:
        """Make up to ``count`` executions.

        An execution that was interrupted is made again when the search goes on: its choices are kept.

        Args:
            program: What to run.
            strategy: Who goes on.
            limits: How far an execution may go.
            count: At most so many.
            identities: The search's known threads.
            cpu: The processor to run on.
            after_each: Called after each with whether it failed; the search stops where it returns False.
        """
        for _ in range(count):
            if not self._unfinished and not strategy.begin():
                self.complete = strategy.exhaustive
                return
            self._unfinished = True
            strict = self.schedules & (self.schedules - 1) == 0  # the first, and ever more rarely: it costs time
            with executed(program, strategy, limits, identities=identities, cpu=cpu, strict=strict) as execution:
                self._unfinished = False
                kernel, finding = execution.kernel, execution.finding
                self.schedules += 1
                self.steps += len(kernel.steps)
                self.redundant += execution.redundant
                if finding is not None:
                    self._note(finding, [step[0].number for step in kernel.steps])
            if not after_each(finding is not None):
                return

    def add(self, other: Tally) -> None:
        """Count another share's results too."""
        self.schedules += other.schedules
        self.redundant += other.redundant
        self.steps += other.steps
        self.bounded = self.bounded or other.bounded
        for cause, seen in other.seen.items():
            mine = self.seen.get(cause)
            if mine is None:
                self.seen[cause] = seen
            else:
                mine.count += seen.count

    def _note(self, finding: Finding, threads: list[int]) -> None:
        self.bounded = self.bounded or finding.kind in (Kind.LIVELOCK, Kind.UNFINISHED)
        seen = self.seen.get(finding.cause)
        if seen is None:
            self.seen[finding.cause] = Seen(finding, threads)
        else:
            seen.count += 1
