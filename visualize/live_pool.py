"""The pool that a live panel opens for itself when it is given none: small, so that little work shows what it does."""

from __future__ import annotations

from typing import Any

from taskpool import Recorder, SerializerGroup, TaskPool, ThreadPool

__all__ = ["DESIGNS", "group_for", "open_pool"]

DESIGNS = ("taskpool", "threadpool")
_EVENTS = 100_000


def open_pool(design: str, name: str, threads: int) -> Any:
    """A recording pool whose growth can be watched: up to three times its threads, gone again after some idle seconds.

    Args:
        design: One of `DESIGNS`.
        name: Its name.
        threads: What it starts with.
    """
    recorder = Recorder(_EVENTS)
    pool: TaskPool | ThreadPool
    if design == "taskpool":
        pool = TaskPool(
            name,
            recorder=recorder,
            minimum_size=threads,
            max_size=3 * threads,
            auto_increment=1,
            growth_threshold=3,
            idle_timeout=10,
        )
    else:
        pool = ThreadPool(
            name, recorder=recorder, initial_size=threads, max_size=3 * threads, auto_increment=1, idle_timeout=60
        )
    pool.log_failures = False  # the panel shows them
    return pool


def group_for(pool: Any) -> SerializerGroup:
    """A shutdown group for serializers of ``pool``."""
    return SerializerGroup(pool.runtime)
