"""What a queue and a pool count about themselves. Immutable snapshots."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PoolStatistics", "ProcessorStatistics"]


@dataclass(frozen=True, slots=True)
class ProcessorStatistics:
    """One taskprocessor's or serializer's numbers.

    Attributes:
        name: The queue's name.
        processed: Tasks that ended, inlined and failed ones included.
        failed: Tasks of these that raised.
        inlined: Tasks of these that ran directly on their caller's thread.
        queued: Tasks in the queue now.
        executing: Tasks in progress now.
        max_depth: The deepest the queue has been, the tasks in progress included.
        shortest, longest: Task times in seconds; None before the first task ended.
        longest_label: What the longest task was.
        longest_origin: Where it was pushed from, ``file:line``; None where that is not known.
    """

    name: str
    processed: int
    failed: int
    inlined: int
    queued: int
    executing: int
    max_depth: int
    shortest: float | None
    longest: float | None
    longest_label: str | None
    longest_origin: str | None


@dataclass(frozen=True, slots=True)
class PoolStatistics:
    """A pool's numbers: its own, and those of the queues that are open now.

    Attributes:
        name: The pool's name.
        threads: Threads now.
        peak_threads: The most it has had at once.
        processed, failed: Tasks pushed to the pool itself that ended, and those of them that raised; serializers'
            turns are not counted.
        inlined: Tasks pushed synchronously to the pool from one of its own threads.
        queued: Tasks in the pool's own queues now.
        processors: Its taskprocessors (one queue for a threadpool).
        serializers: Its open serializers.
    """

    name: str
    threads: int
    peak_threads: int
    processed: int
    failed: int
    inlined: int
    queued: int
    processors: tuple[ProcessorStatistics, ...]
    serializers: tuple[ProcessorStatistics, ...]
