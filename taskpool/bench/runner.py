"""Runs the workloads: every round goes through all cases, and within a case the sides take turns."""

from __future__ import annotations

from collections.abc import Iterable

from taskpool.bench.case import Case, Readings, Settings
from taskpool.bench.machine import Machine
from taskpool.bench.measure import turns
from taskpool.bench.progress import Progress
from taskpool.bench.report import Result
from taskpool.bench.rows import Row, Rows
from taskpool.bench.workloads import WORKLOADS, chosen
from taskpool.errors import OptionError
from taskpool.runtime.real import default_runtime

__all__ = ["QUICK_ROUNDS", "QUICK_SECONDS", "ROUNDS", "measure_cases", "run"]

ROUNDS = 5
QUICK_ROUNDS = 3
QUICK_SECONDS = 30.0
"""A quick measurement begins no round that would probably end later, in seconds."""


def run(
    only: str | Iterable[str] | None = None,
    *,
    quick: bool = False,
    repeats: int | None = None,
    threads: int = 5,
    settings: Settings | None = None,
    progress: bool | None = None,
) -> Result:
    """Measure both pools beside the standard library's executor and the limit row. Blocks, for minutes if not quick.

    Figures are of this machine while it does nothing else. An interrupt after the first round ends the measurement
    with the rounds that are complete; from any thread but a pool's.

    Args:
        only: The letters of the workloads wanted, ``"a,b"`` or ``["a", "b"]``; all if None. See
            `taskpool.bench.titles.TITLES`.
        quick: Smaller workloads: rougher figures in half a minute.
        repeats: Rounds. If None 5 or, if quick, up to 3: as many as there is time for.
        threads: Threads of the pools of fixed size.
        settings: The workloads' sizes, instead of ``quick`` and ``threads``.
        progress: Whether to show on standard error how far it is; None: only in a terminal.

    Raises:
        OptionError: If there is no such workload, or ``repeats`` or ``threads`` is below 1.
    """
    rounds = repeats if repeats is not None else QUICK_ROUNDS if quick else ROUNDS
    if rounds < 1:
        raise OptionError(f"repeats={rounds}: at least 1 round is needed")
    if threads < 1:
        raise OptionError(f"threads={threads}: at least 1 thread is needed")
    if settings is None:
        settings = Settings.quick(threads) if quick else Settings(threads)
    cases = [case for letter in chosen(only) for case in WORKLOADS[letter](settings)]
    machine = Machine.here()
    within = QUICK_SECONDS if quick and repeats is None else None
    done, interrupted, rows = measure_cases(cases, rounds, progress, within)
    return Result(machine, settings, done, rows, interrupted)


def measure_cases(
    cases: list[Case], rounds: int, progress: bool | None = None, within: float | None = None
) -> tuple[int, bool, Rows]:
    """Run every side of every case in each round. Blocks.

    Args:
        cases: What is measured.
        rounds: How often, at most.
        progress: See `run`.
        within: Begin no round after the first that would probably end later than this, in seconds; None: no limit.

    Returns:
        How many rounds are complete, whether an interrupt ended the measurement, and the rows of these rounds.

    Raises:
        KeyboardInterrupt: If the first round is interrupted.
    """
    shown = Progress(rounds * sum(len(case.sides) for case in cases), progress)
    complete: list[dict[tuple[int, str], Readings]] = []
    interrupted = False
    clock = default_runtime().monotonic
    start = clock()
    try:
        for number in range(rounds):
            if within is not None and complete and (clock() - start) * (number + 1) > within * number:
                break
            complete.append(_round(cases, number, shown))
    except KeyboardInterrupt:
        if not complete:
            raise
        interrupted = True
    finally:
        shown.end()
    return len(complete), interrupted, Rows(_rows(cases, complete))


def _round(cases: list[Case], number: int, shown: Progress) -> dict[tuple[int, str], Readings]:
    taken: dict[tuple[int, str], Readings] = {}
    for at, case in enumerate(cases):
        for name, run_side in turns(case.sides, number):
            shown.next(f"round {number + 1}: {case.workload}  {case.name}: {name}")
            taken[at, name] = run_side()
    return taken


def _rows(cases: list[Case], complete: list[dict[tuple[int, str], Readings]]) -> Iterable[Row]:
    for at, case in enumerate(cases):
        for side in case.sides:
            for measure in complete[0][at, side]:
                values = tuple(taken[at, side][measure] for taken in complete)
                main = measure == case.main
                yield Row(case.workload, case.name, side, measure, values, main, case.better if main else "less")
