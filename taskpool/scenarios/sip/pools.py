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

__all__ = ["DESIGNS", "PoolOptions", "open_pools", "options_of"]

PoolOptions = TaskPoolOptions | ThreadPoolOptions

DESIGNS = {
    "taskpool": "the newer design with PJSIP's defaults: 4 to 50 threads",
    "threadpool": "the older design without a limit: it grows whenever no thread is free",
    "threadpool-bounded": "the older design with 4 threads",
}

_BOUND = 4  # threads, as many as the newer design begins with


def open_pools(
    design: str,
    *,
    runtime: Runtime,
    threads: int | None = None,
    recorder: Recorder | None = None,
    pjsip: PoolOptions | None = None,
    stasis: PoolOptions | None = None,
) -> tuple[AnyPool, AnyPool]:
    """Open a pool called ``pjsip`` and one called ``stasis``.

    Args:
        design: One of `DESIGNS`.
        runtime: Threads and clock.
        threads: Of the first pool: just so many on ``taskpool`` and ``threadpool-bounded``, at the start on
            ``threadpool``; the design's own number if None.
        recorder: What the first pool's events are written to, or None.
        pjsip: The first pool's options, as from a pjsip.conf, of the design's kind; the design's own if None.
        stasis: The second pool's, likewise.

    Raises:
        OptionError: If there is no such design, the number is below 1, options are of the other design, or the first
            pool's size is given twice.
    """
    if design not in DESIGNS:
        raise OptionError(f"design={design!r}: choose one of {', '.join(DESIGNS)}")
    if threads is not None and threads < 1:
        raise OptionError(f"threads={threads}: at least 1 is needed")
    if pjsip is not None and (threads is not None or design == "threadpool-bounded"):
        raise OptionError("the pool's options say how many threads it has: give no number, nor threadpool-bounded")
    kind: type[PoolOptions] = options_of(design)
    for options in (pjsip, stasis):
        if options is not None and not isinstance(options, kind):
            raise OptionError(f"{type(options).__name__} is for the other design: {design} takes {kind.__name__}")
    common: dict[str, Any] = {"runtime": runtime, "recorder": recorder}
    second: Any = kind.stasis() if stasis is None else stasis
    pool: AnyPool
    if design == "taskpool":
        size: dict[str, Any] = {} if threads is None else {"minimum_size": threads, "max_size": threads}
        first: Any = pjsip or (TaskPoolOptions.pjsip() if threads is None else None)
        pool = TaskPool("pjsip", first, **size, **common)
        return pool, TaskPool("stasis", second, runtime=runtime)
    if design == "threadpool":
        unlimited = {"initial_size": threads or 0, "max_size": 0} if pjsip is None else {}
        pool = ThreadPool("pjsip", pjsip, **unlimited, **common)  # type: ignore[arg-type]  # its kind was looked at
    else:
        number = threads or _BOUND
        pool = ThreadPool("pjsip", initial_size=number, max_size=number, auto_increment=0, idle_timeout=0, **common)
    return pool, ThreadPool("stasis", second, runtime=runtime)


def options_of(design: str) -> type[PoolOptions]:
    """The kind of options that a design's pools take."""
    return TaskPoolOptions if design == "taskpool" else ThreadPoolOptions
