"""Selectors: which taskprocessor gets the next task, and whether the pool should grow.

A task in progress counts as load (the original counts it since pull request 2075). A taskprocessor whose thread is
blocked in a wait is chosen only if there is no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

__all__ = ["Candidate", "LeastFull", "Selector", "Sequential", "make_selector"]


class Candidate(Protocol):
    """What a selector sees of a taskprocessor and its thread."""

    @property
    def depth(self) -> int:
        """Tasks queued."""

    @property
    def load(self) -> int:
        """Tasks queued and in progress."""

    @property
    def blocked(self) -> bool:
        """Whether the thread is blocked in one of the pools' waits."""


C = TypeVar("C", bound=Candidate)


class Selector(Protocol):
    """Chooses among candidates. Called with the monitor held."""

    def select(self, candidates: Sequence[C], threshold: int) -> tuple[C | None, bool]:
        """The one chosen (None of none), and whether the growth threshold is reached (none at all reach it)."""


class LeastFull:
    """The first without load, else the one with the least; on light load the first gets nearly all."""

    def select(self, candidates: Sequence[C], threshold: int) -> tuple[C | None, bool]:
        best: C | None = None
        best_key = (True, 0)
        reached = not candidates
        for candidate in candidates:
            load = candidate.load
            if not load and not candidate.blocked:
                return candidate, reached
            if candidate.depth >= threshold:
                reached = True
            key = (candidate.blocked, load)
            if best is None or key < best_key:
                best, best_key = candidate, key
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
            if not chosen.blocked:
                break
        return chosen, chosen.depth >= threshold


def make_selector(name: str) -> Selector:
    """The selector called ``name``."""
    return Sequential() if name == "sequential" else LeastFull()
