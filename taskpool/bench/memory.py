"""How much is kept: for a task that waits in a queue, for a serializer that has nothing to do, for a recorded event.

Counted by `tracemalloc`: what Python allocates, not what the system gives. Each size is that of many, divided; what a
pool passes on to a thread of its own is waited for.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from taskpool.bench.case import Case, Readings, Settings
from taskpool.bench.sides import SIDES, TASKPOOL, THREADPOOL, opened
from taskpool.recorder import Recorder
from taskpool.runtime.real import default_runtime

__all__ = ["BYTES", "sizes"]

BYTES = "bytes"

_LOOKS = 200
_LONGEST, _REUSED = 12, 2_000  # the lengths of tuples that occur, and how many of each CPython keeps


def sizes(settings: Settings) -> list[Case]:
    """Workload j: a queued task, an idle serializer (its name included), a recorded event."""
    kinds: dict[str, tuple[Callable[[str, int], float], tuple[str, ...]]] = {
        "a queued task": (_queued_task, tuple(SIDES)),
        "an idle serializer": (_idle_serializer, tuple(SIDES)),
        "a recorded event": (_recorded_event, (TASKPOOL, THREADPOOL)),
    }
    return [
        Case("j", what, {side: partial(_size, kind, side, settings.kept) for side in sides}, main=BYTES, better="less")
        for what, (kind, sides) in kinds.items()
    ]


def _size(kind: Callable[[str, int], float], side: str, count: int) -> Readings:
    # The interpreter keeps freed tuples for reuse, and reuse is not counted: hold them all, so that new ones are.
    held = [tuple(range(length)) for length in range(1, _LONGEST) for _ in range(_REUSED)]
    with _tracing():
        size = kind(side, count)
    del held
    return {BYTES: size}


def _queued_task(name: str, count: int) -> float:
    """Tasks behind one that keeps the only thread."""
    runtime = default_runtime()
    begun, end = runtime.Event(), runtime.Event()

    def keep() -> None:
        begun.set()
        end.wait()

    with opened(name, 1) as side:
        side.push(keep)
        begun.wait()
        try:
            before = _settled()
            for _ in range(count):
                side.push(_nothing)
            after = _settled()
        finally:
            end.set()
    return (after - before) / count


def _idle_serializer(name: str, count: int) -> float:
    with opened(name, 1) as side:
        kept = [side.serializer("bench/first")] * count
        before = _settled()
        for at in range(count):
            kept[at] = side.serializer(f"bench/{at}")
        return (_settled() - before) / count


def _recorded_event(name: str, count: int) -> float:
    recorder = Recorder()
    with opened(name, 1, recorder=recorder) as side:
        side.push_wait(_nothing)
        before, first = _settled(), len(recorder)
        for _ in range(count):
            side.push(_nothing)
        side.push_wait(_nothing)
        after, last = _settled(), len(recorder)
    return (after - before) / (last - first)


def _nothing() -> None:
    pass


@contextmanager
def _tracing() -> Iterator[None]:
    if tracemalloc.is_tracing():
        yield
        return
    tracemalloc.start()
    try:
        yield
    finally:
        tracemalloc.stop()


def _settled() -> int:
    """What is allocated once it does not change any more, in bytes."""
    sleep, size = default_runtime().sleep, -1
    for _ in range(_LOOKS):
        now = tracemalloc.get_traced_memory()[0]
        if now == size:
            break
        size = now
        sleep(0.01)
    return size
