"""Replay: the one execution that a schedule stands for, checked step by step.

`Replayer` is a strategy of one execution. It also finds schedules: told thread by thread what an execution did, it
notes where that leaves the path that a run takes by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from taskpool.explore.errors import Diverged
from taskpool.explore.schedule import Schedule, digest_of
from taskpool.runtime.kernel import Kernel, default_choice
from taskpool.runtime.logical import LogicalThread, describe, is_ready
from taskpool.runtime.standstill import where

__all__ = ["Moment", "Replayer"]


@dataclass(frozen=True, slots=True)
class Moment:
    """One step of a replay, for people.

    Attributes:
        step: Its number.
        thread: The thread's number.
        name: The thread's name.
        operation: What it did.
        where: The line it stood at, ``file:line``.
    """

    step: int
    thread: int
    name: str
    operation: str
    where: str


class Replayer:
    """Follows deviations, or a whole list of threads.

    Args:
        schedule: The deviations to follow; where it knows its operations each is checked.
        threads: If given, the number of the thread to choose at each step, instead of the schedule's.
        lenient: Skip a deviation that cannot be made instead of raising (for making schedules shorter).
        detailed: Note each step with its source line.

    Attributes:
        moments: Each step, if ``detailed``.
    """

    name = "replay"
    exhaustive = False

    def __init__(
        self,
        schedule: Schedule | None = None,
        threads: Sequence[int] | None = None,
        *,
        lenient: bool = False,
        detailed: bool = False,
    ) -> None:
        self.schedule = schedule or Schedule()
        self.moments: list[Moment] = []
        self._threads = threads
        self._wanted: Mapping[int, int] = dict(self.schedule.deviations)
        self._lenient = lenient
        self._detailed = detailed
        self._made: list[tuple[int, int]] = []
        self._operations: list[str] = []
        self._begun = False

    def begin(self) -> bool:
        first, self._begun = not self._begun, True
        return first

    def choose(self, kernel: Kernel, current: LogicalThread, /) -> LogicalThread | None:
        step = len(kernel.steps)
        by_itself = default_choice(kernel, current)
        if self._threads is not None:
            number = self._threads[step] if step < len(self._threads) else None
        else:
            number = self._wanted.get(step)
        thread = by_itself if number is None else self._able(kernel, step, number, by_itself)
        if thread is None:
            return None
        if thread is not by_itself:
            self._made.append((step, thread.number))
        said = f"{thread.number} {thread.op.name} {describe(thread.obj) if thread.obj is not None else ''}".rstrip()
        expected = self.schedule.operations
        if not self._lenient and expected and (step >= len(expected) or expected[step] != said):
            wanted = f"'{expected[step]}'" if step < len(expected) else "the end"
            raise Diverged(step, wanted, f"'{said}'")
        self._operations.append(said)
        if self._detailed:
            self.moments.append(Moment(step, thread.number, thread.name, said.partition(" ")[2], where(thread)))
        return thread

    def end(self, kernel: Kernel) -> None:
        """Check that the whole schedule was followed.

        Raises:
            Diverged: If it was not.
        """
        if self._lenient or kernel.crash is not None:
            return
        missed = [pair for pair in self.schedule.deviations if pair[0] >= len(kernel.steps)]
        if missed:
            step, number = missed[0]
            raise Diverged(step, f"thread {number}", f"the end of the run, after {len(kernel.steps)} steps")
        if self.schedule.digest and self.schedule.digest != digest_of(self._operations):
            raise Diverged(
                len(kernel.steps),
                f"operations with the hash {self.schedule.digest}",
                f"a run whose operations have {digest_of(self._operations)}",
            )

    def found(self) -> Schedule:
        """The schedule of the execution that was made."""
        return Schedule(
            tuple(self._made), self.schedule.early_timeouts, digest_of(self._operations), tuple(self._operations)
        )

    def _able(self, kernel: Kernel, step: int, number: int, by_itself: LogicalThread | None) -> LogicalThread | None:
        thread = kernel.threads[number] if number < len(kernel.threads) else None
        if thread is not None and not thread.ended and (is_ready(thread) or thread.early):
            return thread
        if by_itself is None or self._lenient:
            return by_itself  # None: time moves first
        if thread is None:
            got = f"no such thread ({len(kernel.threads)} threads so far)"
        else:
            got = f"{thread.name}, which {'has ended' if thread.ended else 'cannot go on'}"
        raise Diverged(step, f"thread {number}", got)
