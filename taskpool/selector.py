"""Selectors: which taskprocessor gets the next task, and whether the pool should grow.

A task in progress counts as load (the original counts it since pull request 2075). A taskprocessor whose thread is
blocked in a wait is chosen only if there is no other.
"""

from __future__ import annotations

from collections.abc import Sequence, Sized
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from taskpool.agent import Agent

__all__ = ["Candidate", "LeastFull", "Selector", "Sequential", "make_selector"]


class Candidate(Protocol):
    """What a selector sees of a taskprocessor and its thread: plain attributes, for a push looks at many."""

    @property
    def queue(self) -> Sized:
        """The tasks queued."""

    @property
    def agent(self) -> Agent:
        """Its thread."""

    @property
    def called(self) -> bool:
        """Whether the thread has been woken for a task that is not in its queue."""


C = TypeVar("C", bound=Candidate)


class Selector(Protocol):
    """Chooses among candidates. Called with the monitor held."""

    def select(self, candidates: Sequence[C], threshold: int) -> tuple[C | None, bool]:
        """The one chosen (None of none), and whether the growth threshold is reached (none at all reach it)."""


_BLOCKED = 1 << 60  # more than any load


class LeastFull:
    """The first without load, else the one with the least; on light load the first gets nearly all."""

    def select(self, candidates: Sequence[C], threshold: int) -> tuple[C | None, bool]:
        best: C | None = None
        least = 0
        reached = not candidates
        for candidate in candidates:
            agent = candidate.agent
            depth = load = len(candidate.queue)
            if agent.current is not None or candidate.called:
                load += 1
            if agent.waiting is not None:
                load += _BLOCKED
            elif not load:
                return candidate, reached
            if depth >= threshold:
                reached = True
            if best is None or load < least:
                best, least = candidate, load
        return best, reached


class Sequential:
    """Round robin; the threshold is judged on the one chosen."""

    def __init__(self) -> None:
        self._turn = 0

    def select(self, candidates: Sequence[C], threshold: int) -> tuple[C | None, bool]:
        if not candidates:
            return None, True
        for _ in candidates:
            chosen = candidates[self._turn % len(candidates)]
            self._turn += 1
            if chosen.agent.waiting is None:
                break
        return chosen, len(chosen.queue) >= threshold


def make_selector(name: str) -> Selector:
    """The selector called ``name``."""
    return Sequential() if name == "sequential" else LeastFull()
