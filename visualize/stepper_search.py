"""Can it still deadlock? All ways to go on from where a run is held, searched up to a bound.

The steps taken so far are repeated in every execution; what follows them is searched without missing or repeating an
order that matters. If that does not come to its end within the bound, some walks by chance are added, for a search in
depth stays near the path it began with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from taskpool.explore.execution import Limits, Program, executed, quiet_collector
from taskpool.explore.optimal_dpor import OptimalSearch
from taskpool.explore.random_walk import RandomWalk
from taskpool.explore.replay import Replayer
from taskpool.explore.search import Strategy
from taskpool.runtime.carriers import pinned
from taskpool.runtime.kernel import Kernel
from taskpool.runtime.logical import LogicalThread
from visualize._words import amount
from visualize.stepper_goals import DEADLOCKS

__all__ = ["Answer", "can_deadlock"]

_MAX_STEPS = 5_000


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a run can still deadlock. It is true, as a condition, only if the answer is yes.

    Attributes:
        verdict: ``"yes"``, ``"no"`` (all ways to go on were tried) or ``"not found"`` (some were).
        schedule: For yes: a schedule that leads there, steps taken so far included; else empty.
        threads: For yes: the number of the thread that takes each step of it.
        schedules: How many ways to go on were tried.
        more: For yes: how many steps it is from here.
    """

    verdict: str
    schedule: str
    threads: tuple[int, ...]
    schedules: int
    more: int = 0

    def __bool__(self) -> bool:
        return self.verdict == "yes"

    def __str__(self) -> str:
        tried = amount(self.schedules, "schedule")
        if self.verdict == "yes" and not self.more:
            return f"It has deadlocked: schedule {self.schedule} led here."
        if self.verdict == "yes":
            steps = amount(self.more, "step")
            return f"Yes, it can still deadlock, in {steps}: schedule {self.schedule} leads there ({tried} tried)."
        if self.verdict == "no":
            return f"No: however it goes on from here, it does not deadlock (exhausted: {tried})."
        return f"Not found within {tried}. Not all ways to go on were tried, so it may still deadlock."

    __repr__ = __str__


class _WalkFrom(RandomWalk):
    """Walks by chance that begin with given steps."""

    def __init__(self, threads: Sequence[int]) -> None:
        super().__init__()
        self._threads = threads

    def choose(self, kernel: Kernel, current: LogicalThread, /) -> LogicalThread | None:
        step = len(kernel.steps)
        if step >= len(self._threads):
            return super().choose(kernel, current)
        thread = kernel.threads[self._threads[step]]
        ready = thread.op.ready
        return thread if ready is None or ready(thread) or thread.early else None


def can_deadlock(
    program: Program, threads: Sequence[int], identities: Sequence[int], early_timeouts: int, most: int
) -> Answer:
    """Search the ways to go on after the steps of ``threads``. Blocks meanwhile; Ctrl-C ends it with what was found.

    Args:
        program: The program.
        threads: The number of the thread that took each step so far.
        identities: The same threads' identities.
        early_timeouts: As the steps were taken with.
        most: How many executions are made at most.
    """
    limits = Limits(_MAX_STEPS, early_timeouts)
    search = OptimalSearch()
    search.start_from(identities, {})
    in_depth, whole = max(1, most - most // 4), True
    count = 0
    try:
        with quiet_collector() as between_runs, pinned() as cpu:

            def attempt(strategy: Strategy) -> tuple[int, ...] | None:
                nonlocal count, whole
                with executed(program, strategy, limits, identities=known, cpu=cpu) as execution:
                    count += 1
                    finding = execution.finding
                    whole = whole and not execution.kernel.stopped
                    found = finding is not None and finding.kind in DEADLOCKS
                    taken = tuple(step[0].number for step in execution.kernel.steps) if found else None
                between_runs()
                return taken

            known: dict[tuple[int, int], int] = {}
            while count < in_depth:
                if not search.begin():
                    return Answer("no" if whole else "not found", "", (), count)
                if (taken := attempt(search)) is not None:
                    return _yes(program, taken, len(threads), limits, count)
            walk = _WalkFrom(threads)
            while count < most and walk.begin():
                if (taken := attempt(walk)) is not None:
                    return _yes(program, taken, len(threads), limits, count)
    except KeyboardInterrupt:
        pass
    return Answer("not found", "", (), count)


def _yes(program: Program, taken: tuple[int, ...], before: int, limits: Limits, count: int) -> Answer:
    replayer = Replayer(threads=taken)
    with executed(program, replayer, limits):
        found = replayer.found()
    schedule = f"e{limits.early_timeouts} {found}" if limits.early_timeouts else str(found)
    return Answer("yes", schedule, taken, count, len(taken) - before)
