"""A scenario made ready to run: which story, on which design, with which values.

`program` gives it the shape that the explorer takes: a callable that is given a runtime, runs the story to its end on
the calling thread and returns the check of what must hold afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from taskpool.recorder import Recorder
from taskpool.scenarios.context import ScenarioContext
from taskpool.scenarios.designs import Design, PoolRequest, get_design
from taskpool.scenarios.scenario import Scenario, get_scenario

if TYPE_CHECKING:
    from taskpool.runtime.base import Runtime

__all__ = ["Setup", "program", "set_up"]


@dataclass(frozen=True, slots=True)
class Setup:
    """A scenario, a design and every parameter's value, checked."""

    scenario: Scenario
    design: Design
    params: Mapping[str, Any]

    def request(self) -> PoolRequest:
        """What the scenario asks of its pool."""
        threads = self.params["threads"]
        limit = max(threads, self.params.get("max_threads", threads)) if self.params["bounded"] else 0
        return PoolRequest(threads, limit, self.params.get("grow_when", "queued"), self.scenario.pool)

    def context(self, runtime: Runtime, *, interruptible: bool) -> ScenarioContext:
        """A fresh context for one run."""
        return ScenarioContext(runtime, self.params["threads"], interruptible=interruptible)

    def perform(self, ctx: ScenarioContext, recorder: Recorder) -> None:
        """Open the pool, play the story, close the pool. Blocks until done; on the program's first thread.

        An error of the program ends the run and is noted in the context, for its `check` to raise.
        """
        name = ctx.runtime.thread_name()
        ctx.program_threads[name] = "running"
        of_pool = {parameter.name for parameter in self.scenario.parameters if parameter.of_pool}
        try:
            ctx.pool = self.design.open(self.request(), ctx.runtime, recorder)
            ctx.pool.log_failures = False  # the run's own report says it
            self.scenario.play(ctx, **{key: value for key, value in self.params.items() if key not in of_pool})
        except Exception as error:  # noqa: BLE001 - whatever it raises is the finding
            ctx.fail(name, error)
        try:
            ctx.join()
            if ctx.has_pool:
                with ctx.state("waits for the pool to shut down"):
                    ctx.pool.shutdown(wait=True)
        except Exception as error:  # noqa: BLE001 - whatever it raises is the finding
            ctx.fail(name, error)
        finally:
            ctx.program_threads.pop(name, None)


def set_up(name: str, design: str, params: Mapping[str, Any]) -> Setup:
    """Look everything up and check every value, before anything is opened.

    Raises:
        ScenarioError: If the scenario, the design or a parameter does not exist, or a value cannot be.
    """
    scenario = get_scenario(name)
    return Setup(scenario, get_design(design), scenario.resolve(params))


def program(
    name: str, design: str = "taskpool", *, recorder: Recorder | None = None, **params: Any
) -> Callable[[Runtime], Callable[[], None]]:
    """A scenario as a program for the explorer.

    Args:
        name: The scenario's name.
        design: The design's name.
        recorder: What the pool records to; cleared at each start. None: a new one for each start.
        **params: The scenario's parameters, ``threads`` and ``bounded`` among them.

    Returns:
        A callable that is given a runtime, runs the scenario there and returns a check, which raises if something
        that must hold afterwards does not.

    Raises:
        ScenarioError: As `taskpool.scenarios.run` does.
    """
    setup = set_up(name, design, params)

    def run_on(runtime: Runtime) -> Callable[[], None]:
        mine = recorder if recorder is not None else getattr(runtime, "recorder", None)
        if mine is None:
            mine = Recorder()
        if recorder is not None:
            recorder.clear()
        ctx = setup.context(runtime, interruptible=False)
        setup.perform(ctx, mine)
        return ctx.check

    run_on.__name__ = run_on.__qualname__ = f"{name} on {design}"
    return run_on
