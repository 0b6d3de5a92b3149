"""The pools that an endpoint is put on, by the name of a design: one for SIP, one for the message bus."""

from __future__ import annotations

from typing import Any

from taskpool.errors import OptionError
from taskpool.options import TaskPoolOptions, ThreadPoolOptions
from taskpool.pool import TaskPool
from taskpool.recorder import Recorder
from taskpool.runtime import Runtime
from taskpool.scenarios.designs import AnyPool
from taskpool.threadpool import ThreadPool

__all__ = ["DESIGNS", "open_pools"]

DESIGNS = {
    "taskpool": "the newer design with PJSIP's defaults: 4 to 50 threads",
    "threadpool": "the older design without a limit: it grows whenever no thread is free",
    "threadpool-bounded": "the older design with 4 threads",
}

_BOUND = 4  # threads, as many as the newer design begins with


def open_pools(
    design: str, *, runtime: Runtime, threads: int | None = None, recorder: Recorder | None = None
) -> tuple[AnyPool, AnyPool]:
    """Open a pool called ``pjsip`` and one called ``stasis``.

    Args:
        design: One of `DESIGNS`.
        runtime: Threads and clock.
        threads: Of the first pool: just so many on ``taskpool`` and ``threadpool-bounded``, at the start on
            ``threadpool``; the design's own number if None.
        recorder: What the first pool's events are written to, or None.

    Raises:
        OptionError: If there is no such design, or the number is below 1.
    """
    if design not in DESIGNS:
        raise OptionError(f"design={design!r}: choose one of {', '.join(DESIGNS)}")
    if threads is not None and threads < 1:
        raise OptionError(f"threads={threads}: at least 1 is needed")
    common: dict[str, Any] = {"runtime": runtime, "recorder": recorder}
    pool: AnyPool
    if design == "taskpool":
        pool = (
            TaskPool("pjsip", TaskPoolOptions.pjsip(), **common)
            if threads is None
            else TaskPool("pjsip", minimum_size=threads, max_size=threads, **common)
        )
        return pool, TaskPool("stasis", TaskPoolOptions.stasis(), runtime=runtime)
    if design == "threadpool":
        pool = ThreadPool("pjsip", initial_size=threads or 0, max_size=0, **common)
        return pool, ThreadPool("stasis", ThreadPoolOptions.stasis(), runtime=runtime)
    size = threads or _BOUND
    pool = ThreadPool("pjsip", initial_size=size, max_size=size, auto_increment=0, idle_timeout=0, **common)
    return pool, ThreadPool("stasis", ThreadPoolOptions.stasis(), runtime=runtime)
