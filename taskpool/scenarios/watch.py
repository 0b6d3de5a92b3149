"""Watching a run on real threads: it has ended, it cannot go on, or its time is up.

A run cannot go on when the pool says that nothing of it can move, every program thread is in a wait without a
timeout, and nothing has been recorded for a quarter of a second. The last condition covers the moment between a
thread's release and its next event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from taskpool.events import EventKind

if TYPE_CHECKING:
    from taskpool.recorder import Recorder
    from taskpool.runtime.base import EventLike
    from taskpool.scenarios.context import ScenarioContext

__all__ = ["Watch"]

_POLL = 0.01
_STEADY_POLLS = 25  # a thread that has been released may wait that long for a processor on a busy machine


class Watch:
    """Watches one run from outside, by polling.

    Args:
        ctx: The run.
        recorder: What its pool records to.
        ended: Set by the program's first thread at its very end.
    """

    def __init__(self, ctx: ScenarioContext, recorder: Recorder, ended: EventLike) -> None:
        self._ctx = ctx
        self._recorder = recorder
        self._ended = ended

    def until(self, deadline: float) -> tuple[bool, Any]:
        """Block until the run has ended, stalled or reached ``deadline`` (the runtime's clock, seconds).

        Returns:
            Whether it has ended, and the pool's stall if it cannot go on.
        """
        runtime = self._ctx.runtime
        steady, before = 0, -1
        while not self._ended.wait(min(_POLL, max(0.0, deadline - runtime.monotonic()))):
            if runtime.monotonic() >= deadline:
                return self._ended.is_set(), None
            count = len(self._recorder) + self._recorder.dropped
            steady = steady + 1 if count == before else 0
            before = count
            if steady >= _STEADY_POLLS and (stall := self._stall()) is not None:
                return False, stall
        return True, None

    def _stall(self) -> Any:
        ctx = self._ctx
        if not ctx.has_pool or (stall := ctx.pool.stall()) is None:
            return None
        states = dict(ctx.program_threads)
        waits = self._open_waits()
        stuck = all(state.startswith("waits") or thread in waits for thread, state in states.items())
        return stall if states and stuck else None

    def _open_waits(self) -> set[str]:
        """The threads whose last recorded wait has not ended."""
        waits: dict[str, bool] = {}
        for event in self._recorder.trace():
            if event.kind in (EventKind.WAIT_STARTED, EventKind.WAIT_ENDED):
                waits[event.thread] = event.kind is EventKind.WAIT_STARTED
        return {thread for thread, waiting in waits.items() if waiting}
