"""One execution of a program under a strategy, watched over: what came of it, and nothing left behind."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from taskpool.explore.findings import Finding, finding_of
from taskpool.runtime.controlled import ControlledRuntime
from taskpool.runtime.kernel import ControlledRunError, Kernel
from taskpool.runtime.strict import forbid_real_threads
from taskpool.runtime.supervision import StuckError, may_profile, stop, watch

if TYPE_CHECKING:
    from taskpool.explore.search import Strategy

__all__ = ["Execution", "Limits", "Program", "executed", "quiet_collector"]

Program = Callable[[Any], Any]
"""Called with a `ControlledRuntime`; returns None or a check to call once everything has ended."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How far one execution may go.

    Args:
        max_steps: Steps after which it is stopped.
        early_timeouts: How many timed operations of each thread may give up at any time.
        stuck_after: Seconds of real time in which a thread must get from one operation to the next.
    """

    max_steps: int = 5_000
    early_timeouts: int = 0
    stuck_after: float = 10.0


@dataclass(slots=True)
class Execution:
    """What came of one execution; its threads are stopped where they were.

    Attributes:
        runtime: Its runtime.
        finding: What went wrong, or None.
        redundant: Whether it was given up because it led to nothing new.
    """

    runtime: ControlledRuntime
    finding: Finding | None
    redundant: bool

    @property
    def kernel(self) -> Kernel:
        return self.runtime.kernel


@contextmanager
def executed(
    program: Program,
    strategy: Strategy,
    limits: Limits,
    *,
    identities: dict[tuple[int, int], int] | None = None,
    cpu: int | None = None,
    recorder: Any = None,
    strict: bool = False,
) -> Iterator[Execution]:
    """Run a program once and let its strategy learn from it; unwind its threads when the ``with`` block ends.

    Blocks until the execution has stopped. From any thread that is not of a controlled run.

    Raises:
        ControlledRunError: If a thread is stuck in something real, or the strategy cannot go on.
    """
    runtime = ControlledRuntime(
        strategy.choose,
        max_steps=limits.max_steps,
        early_timeouts=limits.early_timeouts,
        identities=identities,
        cpu=cpu,
        recorder=recorder,
    )
    kernel = runtime.kernel
    if strict and may_profile():
        kernel.profile = forbid_real_threads
    try:
        kernel.begin(program, runtime)
        watch(kernel, limits.stuck_after)
        if kernel.crash is not None:
            raise kernel.crash
        for _, error in kernel.errors:
            if isinstance(error, ControlledRunError):
                raise error
        strategy.end(kernel)
        redundant = kernel.stopped == "chosen"
        yield Execution(runtime, None if redundant else finding_of(kernel), redundant)
    finally:
        stop(kernel)
    if kernel.lost:
        raise StuckError(
            f"thread {kernel.lost[0].name!r} cannot be ended: it swallows RunAbandoned and goes on. Let exceptions "
            "that are not of class Exception pass"
        )


@contextmanager
def quiet_collector() -> Iterator[Callable[[], None]]:
    """Keep the garbage collector out of runs; gives what to call between runs, now and then to collect.

    What it would collect belongs to finished runs, whose operations do nothing; but the collector runs when it likes,
    and a program that it made to take a step would not be the same twice.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    runs = 0

    def between_runs() -> None:
        nonlocal runs
        runs += 1
        if was_enabled and not runs % 64:
            gc.collect(0 if runs % 2048 else 2)

    try:
        yield between_runs
    finally:
        if was_enabled:
            gc.enable()
