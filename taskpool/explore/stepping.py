"""Holding a run half-way and choosing who goes on: the learner is the scheduler.

Going back is running again: undo repeats the steps before on a fresh runtime.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Any

from taskpool.explore.errors import ExploreError
from taskpool.explore.execution import Program
from taskpool.explore.findings import Finding, finding_of
from taskpool.explore.replay import Moment, Replayer
from taskpool.explore.search import able
from taskpool.recorder import Recorder
from taskpool.runtime.controlled import ControlledRuntime
from taskpool.runtime.kernel import ControlledRunError, Kernel
from taskpool.runtime.logical import LogicalThread, describe, is_ready
from taskpool.runtime.standstill import wait_of, where
from taskpool.runtime.strict import forbid_real_threads
from taskpool.runtime.supervision import may_profile, stop, watch

__all__ = ["Stepper", "ThreadState"]


@dataclass(frozen=True, slots=True)
class ThreadState:
    """One thread of a run that is held.

    Attributes:
        number: Its number, by which it is chosen.
        name: Its name.
        state: ``"can go on"``, ``"waits"`` or ``"ended"``.
        text: What it stands before, or what it waits for.
        where: The line it stands at, ``file:line``.
    """

    number: int
    name: str
    state: str
    text: str
    where: str


class Stepper:
    """One run of a program, taken step by step. Also a context manager: leaving it ends the run.

    Args:
        program: As for `taskpool.explore.explore`.
        early_timeouts: How many timed operations of each thread may give up at any time.

    Attributes:
        recorder: What the program's pools recorded so far.
    """

    def __init__(self, program: Program, *, early_timeouts: int = 0) -> None:
        self._program = program
        self._early = early_timeouts
        self._chosen: list[int] = []
        self._start()

    def __enter__(self) -> Stepper:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Stepper after {len(self._chosen)} steps, {len(self.enabled())} threads can go on>"

    def __str__(self) -> str:
        states = self.state()
        width = max(len(state.name) for state in states)
        return "\n".join(
            f"{s.number:2}  {s.name:{width}}  {s.state:9}  {s.text}{f'  ({s.where})' if s.where else ''}"
            for s in states
        )

    def enabled(self) -> tuple[int, ...]:
        """The numbers of the threads that can go on now: the one the run would take by itself comes first."""
        return tuple(thread.number for thread in self._able())

    def step(self, thread: int | str | None = None) -> Moment:
        """Let one thread take its next step; what it did. Blocks until it has stopped again.

        Args:
            thread: Its number or name; None for the one that the run would take by itself.

        Raises:
            ExploreError: If it cannot go on, or nobody can.
            RealThreadError, StuckError, ForeignThreadError: If it uses real threads, locks or sleeps. The run is over.
        """
        ready = self._able()
        if not ready:
            raise ExploreError("nobody can go on: the run has ended" if self.ended else f"nobody can go on:\n{self}")
        chosen = ready[0] if thread is None else next((t for t in ready if thread in (t.number, t.name)), None)
        if chosen is None:
            names = ", ".join(f"{t.number} ({t.name})" for t in ready)
            raise ExploreError(f"thread {thread!r} cannot go on now; these can: {names}")
        return self._take(chosen)

    def undo(self, steps: int = 1) -> None:
        """Go back, by running again up to there. Blocks meanwhile.

        Raises:
            ExploreError: If so many steps have not been taken.
        """
        if not 0 <= steps <= len(self._chosen):
            raise ExploreError(f"undo({steps}): {len(self._chosen)} steps have been taken")
        keep = self._chosen[: len(self._chosen) - steps]
        self.close()
        self._start()
        for number in keep:
            self._able()
            self._take(self._kernel.threads[number])

    def run(self) -> None:
        """Let the run go on by itself to where nobody can. Blocks meanwhile."""
        while self._able():
            self.step()

    def state(self) -> tuple[ThreadState, ...]:
        """Every thread, by number. Does not block."""
        return tuple(self._state_of(thread) for thread in self._kernel.threads)

    @property
    def ended(self) -> bool:
        """Whether all threads have ended."""
        return not self._kernel.blocked()

    @property
    def time(self) -> float:
        """The run's clock, seconds."""
        return self._kernel.now

    @property
    def errors(self) -> tuple[tuple[str, BaseException], ...]:
        """What threads of the program have raised so far: the thread's name and the error, in order."""
        return tuple((thread.name, error) for thread, error in self._kernel.errors)

    def identity(self, thread: int) -> int:
        """What the thread of this number is called in every run in which the same parent spawns it as its n-th child.

        Raises:
            ExploreError: If there is no such thread yet.
        """
        return self._thread(thread).identity

    def frame(self, thread: int) -> FrameType | None:
        """Where the thread of this number stands: its innermost Python frame; None if it has ended. For reading only.

        Raises:
            ExploreError: If there is no such thread yet.
        """
        known = self._thread(thread)
        return None if known.ended else sys._current_frames().get(known.ident)

    @property
    def schedule(self) -> str:
        """The schedule so far, as `taskpool.explore.replay` takes it."""
        replayer = Replayer(threads=self._chosen)
        runtime = ControlledRuntime(replayer.choose, early_timeouts=self._early, max_steps=len(self._chosen))
        try:
            runtime.kernel.begin(self._program, runtime)
            watch(runtime.kernel)
        finally:
            stop(runtime.kernel)
        return str(replayer.found())

    def finding(self) -> Finding | None:
        """What is wrong with the run, once nobody can go on; None if nothing is, or it is not that far yet."""
        return None if self._able() else finding_of(self._kernel)

    def close(self) -> None:
        """End the run and its threads. Idempotent."""
        stop(self._kernel)

    # -- inside

    def _start(self) -> None:
        self._chosen = []
        self.recorder = Recorder()
        self._runtime = ControlledRuntime(_park, early_timeouts=self._early, recorder=self.recorder)
        self._last: LogicalThread = self._kernel.outside
        if may_profile():
            self._kernel.profile = forbid_real_threads
        self._kernel.begin(self._program, self._runtime)
        self._watch()
        self._last = self._kernel.threads[0]

    @property
    def _kernel(self) -> Kernel:
        return self._runtime.kernel

    def _thread(self, number: int) -> LogicalThread:
        threads = self._kernel.threads
        if not 0 <= number < len(threads):
            raise ExploreError(f"there is no thread {number}: {len(threads)} have been spawned, numbered from 0")
        return threads[number]

    def _able(self) -> list[LogicalThread]:
        kernel = self._kernel
        while True:
            ready = able(kernel, self._last)
            if ready or not kernel.pass_time():
                return ready

    def _take(self, thread: LogicalThread) -> Moment:
        kernel = self._kernel
        obj: Any = thread.obj
        said = f"{thread.op.name} {describe(obj) if obj is not None else ''}".rstrip()
        moment = Moment(len(self._chosen), thread.number, thread.name, said, where(thread))
        self._chosen.append(thread.number)
        self._last = thread
        kernel.go_on(thread)
        self._watch()
        return moment

    def _watch(self) -> None:
        """Block until everybody has stopped; what cannot be controlled ends the run."""
        kernel = self._kernel
        try:
            watch(kernel)
            for _, error in kernel.errors:
                if isinstance(error, ControlledRunError):
                    raise error
        except ControlledRunError:
            stop(kernel)
            raise

    def _state_of(self, thread: LogicalThread) -> ThreadState:
        if thread.ended:
            return ThreadState(thread.number, thread.name, "ended", "", "")
        obj: Any = thread.obj
        if is_ready(thread) or thread.early:
            text = f"{thread.op.name} {describe(obj) if obj is not None else ''}".rstrip()
            return ThreadState(thread.number, thread.name, "can go on", text, where(thread))
        text = wait_of(thread).removeprefix(thread.name).strip()
        return ThreadState(thread.number, thread.name, "waits", text, where(thread))


def _park(kernel: Kernel, current: LogicalThread) -> LogicalThread | None:
    """Nobody goes on by itself."""
    raise _Hold


class _Hold(BaseException):
    """Stops the run where it is."""
