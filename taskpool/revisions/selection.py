"""The original's selectors, as they were until August 2026: only what is queued counts, not what runs (issue 2074)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from taskpool.revisions.worker import OriginalWorker

__all__ = ["Select", "make_select"]

Select = Callable[["Sequence[OriginalWorker]", int], "tuple[OriginalWorker | None, bool]"]
"""The best of some taskprocessors, and whether the growth threshold is reached; none at all reach it."""


def _least_full(workers: Sequence[OriginalWorker], threshold: int) -> tuple[OriginalWorker | None, bool]:
    """The first with an empty queue, else the one with the shortest."""
    best: OriginalWorker | None = None
    least, reached = 0, not workers
    for worker in workers:
        depth = worker.queue.queue_size
        if not depth:
            return worker, reached
        reached = reached or depth >= threshold
        if best is None or depth < least:
            best, least = worker, depth
    return best, reached


def _sequential() -> Select:
    """Round robin; the threshold is judged on the one chosen."""
    following = 0

    def select(workers: Sequence[OriginalWorker], threshold: int) -> tuple[OriginalWorker | None, bool]:
        nonlocal following
        if not workers:
            return None, True
        chosen = workers[following % len(workers)]
        following += 1
        return chosen, chosen.queue.queue_size >= threshold

    return select


def make_select(name: str) -> Select:
    """The selector called ``name``, for one set of taskprocessors. To be called with the pool's lock."""
    return _sequential() if name == "sequential" else _least_full
