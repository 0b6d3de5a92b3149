"""Who is who in a trace: which names are serializers, pools, control queues, and which threads are whose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from taskpool.events import Event, EventKind

__all__ = ["Cast", "cast_of"]


@dataclass(slots=True)
class Cast:
    """The names in a trace, each with the position of the first event that mentions it.

    Attributes:
        serializers: In the order of appearance.
        pools: Each pool's design, in the order of creation.
        controls: The older pools' control queues.
        served: For each pool's thread the queue it serves.
        pool_of: For each pool's thread its pool, as far as the trace tells.
        workers: The threads that serve a queue or run tasks.
        starts: Where each thread's start and each pool's creation stand in the trace.
    """

    serializers: dict[str, int] = field(default_factory=dict)
    pools: dict[str, str] = field(default_factory=dict)
    controls: set[str] = field(default_factory=set)
    served: dict[str, str] = field(default_factory=dict)
    pool_of: dict[str, str] = field(default_factory=dict)
    workers: set[str] = field(default_factory=set)
    starts: dict[str, int] = field(default_factory=dict)


def cast_of(events: Sequence[Event]) -> Cast:
    """Find out who is who, in one pass."""
    cast = Cast()
    queues: dict[str, int] = {}
    sure: dict[str, int] = {}
    others: set[str] = set()
    for index, event in enumerate(events):
        kind, name = event.kind, event.processor
        if name is None:
            continue
        if kind is EventKind.TASK_STARTED:
            cast.workers.add(event.thread)
            if name not in queues:
                queues[name] = index
        elif kind is EventKind.TASK_PUSHED or kind is EventKind.TASK_INLINED:
            if name not in queues:
                queues[name] = index
            turn = event.detail.get("turn")
            if turn:
                sure.setdefault(str(turn), index)
        elif kind in _SERIALIZERS:
            sure.setdefault(name, index)
            on = event.detail.get("on")
            if on:
                others.add(str(on))
        elif kind in _THREADS:
            cast.workers.add(event.thread)
            cast.served[event.thread] = name
            others.add(name)
            if kind is EventKind.THREAD_STARTED:
                cast.starts.setdefault(event.thread, index)
            pool = event.detail.get("pool")
            if pool:
                cast.pool_of[event.thread] = str(pool)
            if event.detail.get("control"):
                cast.controls.add(name)
        elif kind in _CONTROLS:
            cast.controls.add(name)
            others.add(name)
            if kind is EventKind.CONTROL_RAN:
                cast.workers.add(event.thread)
                cast.served[event.thread] = name
        elif kind is EventKind.POOL_CREATED:
            cast.pools[name] = str(event.detail.get("design", ""))
            cast.starts.setdefault(name, index)
            others.add(name)
    for name, index in queues.items():
        if name not in others:
            sure[name] = min(index, sure.get(name, index))
    cast.serializers = dict(sorted(sure.items(), key=lambda item: item[1]))
    _fill_in_pools(cast)
    return cast


def _fill_in_pools(cast: Cast) -> None:
    """Threads whose start is not in the trace belong to the pool of their queue, where that is known."""
    pool_of_queue = {queue: cast.pool_of[thread] for thread, queue in cast.served.items() if thread in cast.pool_of}
    for thread, queue in cast.served.items():
        if thread not in cast.pool_of:
            pool = pool_of_queue.get(queue) or (queue if queue in cast.pools else "")
            if pool:
                cast.pool_of[thread] = pool


_SERIALIZERS = frozenset(
    {
        EventKind.SERIALIZER_SCHEDULED,
        EventKind.SERIALIZER_RELEASED,
        EventKind.SERIALIZER_SUSPENDING,
        EventKind.SERIALIZER_SUSPENDED,
        EventKind.SERIALIZER_UNSUSPENDED,
    }
)
_THREADS = frozenset(
    {EventKind.THREAD_STARTED, EventKind.THREAD_STOPPED, EventKind.THREAD_IDLED, EventKind.THREAD_WOKE}
)
_CONTROLS = frozenset({EventKind.CONTROL_QUEUED, EventKind.CONTROL_RAN})
