"""Making a failing schedule short: as few deviations as still fail for the same reason."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from taskpool.explore.execution import Limits, Program, executed
from taskpool.explore.optimal_dpor import OptimalSearch
from taskpool.explore.replay import Replayer
from taskpool.explore.schedule import Schedule

__all__ = ["minimised"]

_FEW = 3  # deviations that need no search for fewer


def minimised(
    program: Program, threads: Sequence[int], cause: Hashable, limits: Limits, *, cpu: int | None, runs: int = 200
) -> Schedule | None:
    """The shortest schedule found that fails with ``cause``.

    Deviations are left out in ever smaller groups; what is left of the schedule is followed as far as it goes.

    Args:
        program: What failed.
        threads: The number of the thread chosen at each step of the failing execution.
        cause: The finding's cause.
        limits: Those of the failing execution.
        cpu: The processor to run on.
        runs: At most so many executions are spent on it.

    Returns:
        The schedule, or None if the execution does not fail when it is repeated.
    """

    def failing(replayer: Replayer) -> Schedule | None:
        with executed(program, replayer, limits, cpu=cpu) as execution:
            if execution.finding is not None and execution.finding.cause == cause:
                return replayer.found()
        return None

    def shorter_by_search() -> Schedule | None:
        # A reduction stays on the running thread where it can, so what it finds deviates little.
        strategy, identities = OptimalSearch(), dict[tuple[int, int], int]()
        for _ in range(runs):
            if not strategy.begin():
                break
            with executed(program, strategy, limits, identities=identities, cpu=cpu) as execution:
                found = execution.finding
                numbers = [step[0].number for step in execution.kernel.steps]
            if found is not None and found.cause == cause:
                return failing(Replayer(Schedule(early_timeouts=early), numbers))
        return None

    early = limits.early_timeouts
    best = failing(Replayer(Schedule(early_timeouts=early), threads))
    if best is None:
        return None
    if len(best.deviations) > _FEW:
        other = shorter_by_search()
        if other is not None and _cost(other) < _cost(best):
            best = other
    size = len(best.deviations)
    while size and runs > 0:
        at = 0
        while at < len(best.deviations) and runs > 0:
            rest = best.deviations[:at] + best.deviations[at + size :]
            shorter = failing(Replayer(Schedule(rest, early), lenient=True))
            runs -= 1
            if shorter is not None and _cost(shorter) < _cost(best):
                best = shorter
            else:
                at += size
        size = min(size, len(best.deviations) + 1) // 2
    return best


def _cost(schedule: Schedule) -> tuple[int, int, int]:
    return len(schedule.deviations), len(str(schedule)), len(schedule.operations)
