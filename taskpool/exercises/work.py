"""The tasks that answers get to run, and what became of them.

A task does not raise what it notices: a pool would take that for the task's own affair. It is kept for the check.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

__all__ = ["Work"]


class Work:
    """Tasks that notice when two of them run at once, or while they should not; good for one run.

    Args:
        runtime: The run's.
        alone: Whether only one of them may run at a time.

    Attributes:
        ran: The names of the tasks that have ended, in that order.
    """

    def __init__(self, runtime: Any, *, alone: bool = True) -> None:
        self._alone = alone
        self._held = 0
        self.ran: list[str] = []
        self._running: list[str] = []
        self._wrong: list[str] = []
        self._spot = runtime.Var(0, "a task's work")

    def task(self, name: str, inside: Callable[[], object] | None = None) -> Callable[[], None]:
        """A task without arguments, in whose middle any other thread may go on.

        Args:
            name: Its name.
            inside: Called by the task.
        """

        def task() -> None:
            self._spot.set(name)
            if self._held:
                self._wrong.append(f"task {name} began while its serializer was suspended")
            if self._running and self._alone:
                self._wrong.append(f"task {name} began while task {self._running[0]} ran")
            if name in self.ran:
                self._wrong.append(f"task {name} ran twice")
            self._running.append(name)
            if inside is not None:
                inside()
            self._spot.set(name)  # written, so that another task's beginning comes before it on some schedules
            self._running.remove(name)
            self.ran.append(name)

        return task

    def wrong(self, what: str) -> None:
        """Something is not as it should be; for the check."""
        self._wrong.append(what)

    def hold(self) -> None:
        """A suspend has returned: none of the tasks may run, or begin, until `let_go`."""
        for name in self._running:
            self._wrong.append(f"suspend returned while task {name} ran")
        self._held += 1
        self._spot.set("suspended")

    def let_go(self) -> None:
        """An unsuspend is about to be called."""
        self._spot.set("resumed")
        self._held -= 1

    def check(self, names: Sequence[str], *in_order: Sequence[str]) -> None:
        """Once everything has ended: each of ``names`` ran alone and once, those of each of ``in_order`` in that order.

        Raises:
            AssertionError: Naming a task that did not.
        """
        assert not self._wrong, self._wrong[0]
        assert self.ran or not names, "no task ran at all"
        for name in names:
            assert name in self.ran, f"task {name} never ran"
        for sequence in in_order:
            for one, other in pairwise(sequence):
                assert self.ran.index(one) < self.ran.index(other), f"task {other} ran before task {one}"
