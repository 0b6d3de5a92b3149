"""Running a scenario to its end, whatever that end is.

On real threads the program runs on a thread of its own while the caller watches it; a run that cannot go on is
aborted, and says who waited for whom. Whatever happens, what was opened is closed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from taskpool.recorder import Recorder
from taskpool.runtime.real import RealRuntime
from taskpool.scenarios.program import Setup, set_up
from taskpool.scenarios.result import Outcome, Run
from taskpool.scenarios.scenario import ScenarioError
from taskpool.scenarios.watch import Watch

if TYPE_CHECKING:
    from taskpool.scenarios.context import ScenarioContext
    from taskpool.trace import Trace

__all__ = ["compare_runs", "run"]

_RUNTIMES = ("real", "controlled")
_GRACE = 10.0


def run(
    name: str,
    design: str = "taskpool",
    *,
    runtime: str = "real",
    deadline: float = 30.0,
    recorder: Recorder | None = None,
    **params: Any,
) -> Run:
    """Run one scenario on one design and say how it ended.

    Blocks until the run has ended; afterwards no thread of it is left and its names are free. Interrupting it
    (Ctrl-C, the kernel's stop button) ends the run and closes what it opened first.

    Args:
        name: The scenario's name (see `list_scenarios`).
        design: The design's name (see `list_designs`).
        runtime: ``"real"`` for real threads, ``"controlled"`` for one logical thread at a time in virtual time, whose
            trace is the same every time.
        deadline: Seconds after which a run on real threads is ended and reported as timed out.
        recorder: What the pool records to; None for a new one. One that has recorded before makes a longer trace.
        **params: The scenario's parameters; ``threads`` and ``bounded`` are known to all of them.

    Raises:
        ScenarioError: If the scenario, design or a parameter does not exist, or a value cannot be.
    """
    setup = set_up(name, design, params)
    if runtime not in _RUNTIMES:
        raise ScenarioError(f"runtime={runtime!r}: choose one of {', '.join(_RUNTIMES)}")
    if not isinstance(deadline, (int, float)) or not deadline > 0:
        raise ScenarioError(f"deadline={deadline!r}: a number of seconds above 0 is needed")
    recorder = recorder if recorder is not None else Recorder()
    if runtime == "controlled":
        from taskpool.scenarios.controlled import run_controlled

        return run_controlled(setup, recorder)
    return _run_real(setup, recorder, deadline)


def compare_runs(name: str, designs: Iterable[str] = ("threadpool", "taskpool"), **params: Any) -> dict[str, Run]:
    """Run one scenario on several designs, one after the other, with the same parameters.

    Args:
        name: The scenario's name.
        designs: The designs' names.
        **params: As for `run`.

    Returns:
        Each design's run, in the order given.
    """
    designs = list(designs)
    for design in designs:
        set_up(name, design, {key: value for key, value in params.items() if key not in _RUN_OPTIONS})
    return {design: run(name, design, **params) for design in designs}


_RUN_OPTIONS = frozenset({"runtime", "deadline", "recorder"})


def _run_real(setup: Setup, recorder: Recorder, deadline: float) -> Run:
    # A runtime of its own keeps the run's names apart from those of pools that the caller has open.
    runtime = RealRuntime()
    ctx = setup.context(runtime, interruptible=True)
    ended = runtime.Event("the program has ended")

    def main() -> None:
        try:
            setup.perform(ctx, recorder)
        finally:
            ended.set()

    finished, stall = False, None
    thread = runtime.spawn(main, name="main")
    try:
        finished, stall = Watch(ctx, recorder, ended).until(runtime.monotonic() + deadline)
        if stall is not None:
            return describe_stall(setup, ctx, recorder, stall)
        if not finished:
            reason = f"It had not ended after {deadline:g} s, and something could still move."
            return outcome_of(setup, ctx, recorder, Outcome.TIMED_OUT, reason)
    finally:
        if not finished:
            ctx.end()
        thread.join(_GRACE)
    return judge(setup, ctx, recorder)


def judge(setup: Setup, ctx: ScenarioContext, recorder: Recorder) -> Run:
    """The Run of a program that came to its end: completed, or failed by its own check."""
    try:
        ctx.check()
    except Exception as error:  # noqa: BLE001 - whatever it raises is the finding
        return outcome_of(setup, ctx, recorder, Outcome.FAILED, f"{type(error).__name__}: {error}", error=error)
    cycle = tuple(sentence for error in ctx.surprises for sentence in getattr(error, "cycle", ()))
    if ctx.surprises:
        count = len(ctx.surprises)
        what = "a wait was refused" if count == 1 else f"{count} waits were refused"
        reason = f"It completed because {what} that would have closed a cycle (DeadlockError), and its task failed."
    else:
        reason = "Everything that was pushed has run, and what must hold held."
    return outcome_of(setup, ctx, recorder, Outcome.COMPLETED, reason, cycle=cycle)


def describe_stall(setup: Setup, ctx: ScenarioContext, recorder: Recorder, stall: Any) -> Run:
    """The Run of a program that cannot go on; to be made before anything is aborted."""
    cycle = tuple(stall.cycle)
    waiting = tuple(stall.waiting)
    if cycle:
        reason = f"Nothing can move: {'; '.join(_plain(sentence) for sentence in cycle)}."
    elif waiting:
        reason = f"Nothing can move: {'; '.join(_plain(sentence) for sentence in waiting)}."
    else:
        reason = f"Nothing can move: {stall}"
    return outcome_of(setup, ctx, recorder, Outcome.DEADLOCKED, reason, cycle=cycle)


def _plain(sentence: str) -> str:
    return sentence.rstrip(". ")


def outcome_of(
    setup: Setup,
    ctx: ScenarioContext,
    recorder: Recorder,
    outcome: Outcome,
    reason: str,
    *,
    cycle: tuple[str, ...] = (),
    error: BaseException | None = None,
) -> Run:
    """A Run with the trace as it is now and its figures."""
    trace: Trace = recorder.trace(
        {
            "scenario": setup.scenario.name,
            "design": setup.design.name,
            "runtime": ctx.runtime.name,
            "params": dict(setup.params),
            "outcome": str(outcome),
            "reason": reason,
            "cycle": list(cycle),
            "notes": dict(ctx.notes),
        }
    )
    metrics = {**trace.summary().as_dict(), "notes": dict(ctx.notes)}
    return Run(
        setup.scenario.name, setup.design.name, dict(setup.params), trace, outcome, reason, cycle, error, metrics
    )
