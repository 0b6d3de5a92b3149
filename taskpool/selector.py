"""Selectors: which taskprocessor gets the next task, and whether the pool should grow.

They read queue sizes without the queues' locks: a read that may be stale, and does no harm if it is, since any choice is
a right one and only the balance suffers. A task in progress counts as load (the original counts it since pull request
2075); a taskprocessor whose thread is blocked in a wait is chosen only if there is no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from taskpool.taskprocessor import TaskProcessor, ThreadListener

__all__ = ["LeastFull", "Selection", "Selector", "Sequential", "is_blocked", "make_selector"]

Selection = tuple[TaskProcessor | None, bool]
"""The one chosen (None of an empty set), and whether the growth threshold is reached (an empty set reaches it)."""


class Selector(Protocol):
    """Called with the pool's lock held."""

    def select(self, processors: Sequence[TaskProcessor], threshold: int) -> Selection: ...


def is_blocked(processor: TaskProcessor) -> bool:
    """Whether the taskprocessor's thread is blocked in one of the pools' waits; may be stale."""
    listener = processor.listener
    return isinstance(listener, ThreadListener) and listener.agent is not None and listener.agent.waiting is not None


class LeastFull:
    """The first taskprocessor without load, else the one with the least; on light load the first gets nearly all."""

    def select(self, processors: Sequence[TaskProcessor], threshold: int) -> Selection:
        best: TaskProcessor | None = None
        best_key = (True, 0)
        reached = not processors
        for processor in processors:
            load = processor.load
            if load == 0:
                return processor, reached
            if processor.queue_size >= threshold:
                reached = True
            key = (is_blocked(processor), load)
            if best is None or key < best_key:
                best, best_key = processor, key
        return best, reached


class Sequential:
    """Round robin; the threshold is judged on the one chosen."""

    def __init__(self) -> None:
        self._turn = 0

    def select(self, processors: Sequence[TaskProcessor], threshold: int) -> Selection:
        for _ in range(len(processors)):
            chosen = processors[self._turn % len(processors)]
            self._turn += 1
            if not is_blocked(chosen):
                return chosen, chosen.queue_size >= threshold
        if not processors:
            return None, True
        return chosen, chosen.queue_size >= threshold


def make_selector(name: str) -> Selector:
    """The selector of this name."""
    return Sequential() if name == "sequential" else LeastFull()
