"""A run held between two steps, with the moves that led there: noted, repeated on a fresh run, and ended for good.

Going back is running again; what the program does then is compared with what it did before.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Self

from taskpool.explore.errors import ExploreError
from taskpool.explore.execution import Program
from taskpool.explore.findings import Finding
from taskpool.explore.replay import Moment
from taskpool.explore.stepping import Stepper as Run
from visualize._words import amount
from visualize.palette import cleaned

__all__ = ["Held"]


class Held:
    """A run and its moves. A context manager, which closes it; so does the end of the last reference to it.

    Args:
        program: What runs.
        early_timeouts: How many timed operations of each thread may give up at any time.

    Attributes:
        title: The program's name.
        moves: What was done so far: for each move, its steps.
    """

    def __init__(self, program: Program, early_timeouts: int) -> None:
        if not callable(program):
            raise TypeError(f"stepper needs a program, a function that is given a runtime, not {program!r}")
        self.title = cleaned(getattr(program, "__name__", None) or type(program).__name__)
        self.moves: list[tuple[Moment, ...]] = []
        self._program = program
        self._early = early_timeouts
        self._lock = threading.RLock()
        self._closed = False
        self._finding: tuple[int, Finding | None] | None = None
        self._hold(Run(program, early_timeouts=early_timeouts))

    def _hold(self, run: Run) -> None:
        self._run = run
        self._finalizer = weakref.finalize(self, run.close)
        self._finalizer.atexit = False  # an interpreter that exits takes its threads along

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def taken(self) -> tuple[Moment, ...]:
        """All steps taken so far."""
        return tuple(moment for move in self.moves for moment in move)

    def close(self) -> None:
        """End the run and its threads; nothing can be done with it afterwards. Idempotent."""
        with self._lock:
            self._closed = True
            self._finalizer()

    @property
    def closed(self) -> bool:
        """Whether the run and its threads have been ended."""
        return self._closed

    def _open(self) -> Run:
        if self._closed:
            raise ExploreError(f"this stepper is closed: make a new one with stepper({self.title})")
        return self._run

    def _steps(self) -> str:
        return amount(len(self.taken), "step")

    @contextmanager
    def _noting(self, moments: list[Moment]) -> Iterator[None]:
        """Note the steps of a move, also of one that is broken off: a thread that got stuck stands before its step."""
        broken = True
        try:
            yield
            broken = False
        except ExploreError:
            broken = False
            raise
        finally:
            if moments:
                self.moves.append(tuple(moments))
            if broken:
                self._again(self.moves, self._early)

    def _again(self, moves: Sequence[tuple[Moment, ...]], early_timeouts: int) -> None:
        """Begin again and make these moves; what was held before is ended once that has worked."""
        run = Run(self._program, early_timeouts=early_timeouts)
        try:
            for wanted in (moment for move in moves for moment in move):
                got = run.step(wanted.thread) if wanted.thread in run.enabled() else None
                if got is None or (got.name, got.operation) != (wanted.name, wanted.operation):
                    said = "it cannot" if got is None else f"{got.name} did '{got.operation}'"
                    raise ExploreError(
                        f"the program is not deterministic: step {wanted.step} was '{wanted.operation}' by "
                        f"{wanted.name}, and now {said}. Look for random numbers, the real clock, and state kept "
                        "between runs"
                    )
        except BaseException:
            run.close()
            raise
        self._finalizer()
        self._hold(run)
        self.moves = list(moves)
        self._early = early_timeouts
        self._finding = None
