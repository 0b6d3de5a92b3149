"""ControlledRuntime: one logical thread at a time, every step chosen, virtual time.

It has the same primitives as `RealRuntime`, so that pools and programs run on it unchanged. A runtime is good for one
run of one program; `taskpool.explore` makes one for each schedule that it tries. Every call of a primitive that other
threads could notice is a scheduling point; making objects, spawning, reading the clock, a thread's own state (its
name, `Local`, the inner acquires of an RLock) are not. A thread's end belongs to its last step.

What happens between two scheduling points happens at once. That is faithful for code that keeps the rule of
`taskpool.runtime.base`: shared state is touched under a lock or through a primitive.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from taskpool.runtime.base import (
    ConditionLike,
    Context,
    EventLike,
    FutureLike,
    LockLike,
    QueueLike,
    SemaphoreLike,
    VarLike,
)
from taskpool.runtime.carriers import pinned
from taskpool.runtime.controlled_locks import ControlledCondition, ControlledLock, ControlledRLock
from taskpool.runtime.controlled_queues import ControlledQueue, ControlledSemaphore
from taskpool.runtime.controlled_values import (
    ControlledContext,
    ControlledEvent,
    ControlledFuture,
    ControlledLocal,
    ControlledVar,
)
from taskpool.runtime.kernel import Choose, ControlledRunError, Kernel, default_choice
from taskpool.runtime.logical import LogicalThread
from taskpool.runtime.operations import Operation
from taskpool.runtime.supervision import stop, watch

T = TypeVar("T")

__all__ = ["ControlledRuntime"]


class ControlledRuntime:
    """A runtime whose every step somebody chooses.

    Args:
        choose: Who goes on at each choice; by default the thread that is running, else the one with the lowest number.
        max_steps: The run is stopped after so many steps.
        early_timeouts: How many timed operations of each thread may give up before their deadline, at any time.
        recorder: Kept as the attribute ``recorder``, for programs that record.
        identities: For the explorer: known threads, shared between the runs of one program.
        cpu: For the explorer: the processor that the run's threads are kept on.

    Attributes:
        allow_leftover: Set it from the program if threads may still be blocked when the run ends; once the first thread
            has ended, the run then ends as soon as nothing can move without time passing.
    """

    name = "controlled"

    def __init__(
        self,
        choose: Choose | None = None,
        *,
        max_steps: int = 100_000,
        early_timeouts: int = 0,
        recorder: Any = None,
        identities: dict[tuple[int, int], int] | None = None,
        cpu: int | None = None,
    ) -> None:
        kernel = Kernel(
            choose or default_choice,
            max_steps=max_steps,
            early_timeouts=early_timeouts,
            identities=identities,
            cpu=cpu,
        )
        self.kernel = kernel
        self.recorder = recorder
        self.context: Context = ControlledContext(kernel)
        monitor = ControlledLock(kernel, "monitor")
        self.monitor: LockLike = monitor
        self.inside: AbstractContextManager[object] = monitor
        self.enter = monitor.__enter__
        self.names: dict[tuple[str, str], Any] = {}
        self.monotonic = kernel.time

    def __repr__(self) -> str:
        return f"<ControlledRuntime, {len(self.kernel.threads)} threads, {len(self.kernel.steps)} steps>"

    def run(self, program: Callable[..., object], *args: Any) -> Any:
        """Run ``program(*args)`` as the first thread, to the end of all threads, and return what it returned.

        Blocks the calling OS thread meanwhile. Afterwards no thread of the run is left.

        Raises:
            ControlledRunError: If threads are left that cannot go on, or the run was stopped before its end.
            StuckError: If a thread waits for something real, or loops without an operation of the runtime.
            Exception: What a thread raised first.
        """
        kernel = self.kernel
        with pinned() as cpu:
            kernel.cpu = cpu
            try:
                kernel.begin(program, *args)
                watch(kernel)
                stuck = [thread.name for thread in kernel.blocked()]
            finally:
                stop(kernel)
        if kernel.crash is not None:
            raise kernel.crash
        if kernel.errors:
            raise kernel.errors[0][1]
        if kernel.stopped:
            steps = len(kernel.steps)
            raise ControlledRunError(f"the run was stopped after {steps} steps: {', '.join(stuck)} still ran")
        if stuck and not kernel.leftover_allowed:
            raise ControlledRunError(f"deadlock: {', '.join(stuck)} can never go on")
        return kernel.result

    @property
    def allow_leftover(self) -> bool:
        return self.kernel.leftover_allowed

    @allow_leftover.setter
    def allow_leftover(self, allowed: bool) -> None:
        self.kernel.leftover_allowed = allowed

    # -- the seam

    def spawn(self, fn: Callable[..., object], /, *args: Any, name: str = "") -> LogicalThread:
        return self.kernel.spawn(fn, args, name)

    def thread_name(self) -> str:
        return self.kernel.current.name

    def Lock(self, name: str = "") -> LockLike:  # noqa: N802 - the names of the standard library's classes
        return ControlledLock(self.kernel, name)

    def RLock(self, name: str = "") -> LockLike:  # noqa: N802
        return ControlledRLock(self.kernel, name)

    def Condition(self, lock: LockLike | None = None, name: str = "") -> ConditionLike:  # noqa: N802
        if lock is not None and not isinstance(lock, ControlledLock):
            raise TypeError(f"a Condition of a controlled run needs a lock of that run, not {lock!r}")
        return ControlledCondition(self.kernel, lock, name)

    def Event(self, name: str = "") -> EventLike:  # noqa: N802
        return ControlledEvent(self.kernel, name)

    def Semaphore(self, value: int = 1, name: str = "") -> SemaphoreLike:  # noqa: N802
        return ControlledSemaphore(self.kernel, value, name)

    def Queue(self, name: str = "") -> QueueLike[Any]:  # noqa: N802
        return ControlledQueue(self.kernel, name)

    def Future(self, name: str = "") -> FutureLike[Any]:  # noqa: N802
        return ControlledFuture(self.kernel, name)

    def Local(self) -> Any:  # noqa: N802
        return ControlledLocal(self.kernel)

    def Var(self, value: T, name: str = "") -> VarLike[T]:  # noqa: N802
        return ControlledVar(self.kernel, value, name)

    def sleep(self, seconds: float) -> None:
        kernel = self.kernel
        if not kernel.live:
            return kernel.aside()
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        me = kernel.reach_timed(_SLEEP, None, seconds)
        kernel.gave_up(me)
        kernel.steps.append((me, 0, 0, 0, -1))
        return None


def _has_slept(thread: LogicalThread) -> bool:
    deadline = thread.deadline
    return deadline is None or thread.kernel.now >= deadline


_SLEEP = Operation("sleep", _has_slept, "sleeps")
