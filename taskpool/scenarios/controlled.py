"""A scenario under the controlled scheduler: one thread at a time, in a fixed order, in virtual time.

The schedule is always the same: the thread that runs goes on as long as it can, else the one that was spawned first;
time passes only when nothing can run. So the trace is the same in every run, on every machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from taskpool.runtime.carriers import pinned
from taskpool.runtime.controlled import ControlledRuntime
from taskpool.runtime.standstill import standstill_of
from taskpool.runtime.supervision import stop, watch
from taskpool.scenarios.result import Outcome
from taskpool.scenarios.runner import describe_stall, judge, outcome_of

if TYPE_CHECKING:
    from taskpool.recorder import Recorder
    from taskpool.scenarios.context import ScenarioContext
    from taskpool.scenarios.program import Setup
    from taskpool.scenarios.result import Run

__all__ = ["run_controlled", "run_of"]


def run_controlled(setup: Setup, recorder: Recorder) -> Run:
    """Run a scenario on the default schedule, to its end or to where nothing can move. Blocks meanwhile."""
    runtime = ControlledRuntime(recorder=recorder)
    kernel = runtime.kernel
    ctx = setup.context(runtime, interruptible=False)
    with pinned() as cpu:
        kernel.cpu = cpu
        try:
            kernel.begin(setup.perform, ctx, recorder)
            watch(kernel)
            return run_of(setup, ctx, recorder, runtime)
        finally:
            stop(kernel)


def run_of(setup: Setup, ctx: ScenarioContext, recorder: Recorder, runtime: ControlledRuntime) -> Run:
    """The Run of a scenario whose threads have stopped. Call before they are unwound."""
    kernel = runtime.kernel
    if kernel.crash is not None:
        raise kernel.crash
    if kernel.errors:
        error = kernel.errors[0][1]
        return outcome_of(setup, ctx, recorder, Outcome.FAILED, f"{type(error).__name__}: {error}", error=error)
    if kernel.stopped:
        reason = f"It was stopped after {len(kernel.steps):,} steps, and something could still move."
        return outcome_of(setup, ctx, recorder, Outcome.TIMED_OUT, reason)
    if kernel.blocked():
        stall: Any = ctx.pool.stall() if ctx.has_pool else None
        if stall is None or not (stall.cycle or stall.waiting):
            stall = standstill_of(kernel)
        return describe_stall(setup, ctx, recorder, stall)
    return judge(setup, ctx, recorder)
