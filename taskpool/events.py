"""The trace's vocabulary: what can happen in a pool, and the facts each happening carries.

Everything that is drawn, compared, asked in a quiz or searched for a deadlock is computed from these events. The
vocabulary is versioned: `VERSION` goes up when a kind or a detail changes its meaning.

Who is who in an event:

* ``thread`` – the name of the thread on which it happened.
* ``processor`` – the queue it happened to: a taskprocessor, a serializer, a pool (for the threadpool, whose pool has
  one queue, the pool's name) or the threadpool's control queue.
* ``task`` – the number of the task it is about; ``parent`` – the number of the task that pushed this one.

| kind | processor | task | detail |
|---|---|---|---|
| pool_created | pool | – | design, and the options in force |
| pool_grew, pool_shrank | pool | – | by, size (threads after it) |
| pool_shut_down | pool | – | aborted (bool), unrun ({processor: tasks that never ran}) |
| thread_started, thread_stopped | the queue it serves | – | pool; control (true: the threadpool's control thread) |
| thread_idled, thread_woke | the queue it serves | – | – |
| task_pushed | the queue it went into | yes | label, wait (bool: a push_wait), depth (queue length with it); turn (the serializer that this task gives a turn to) or checkpoint (true: a suspend waits for it) where it is one of the pool's own tasks |
| task_inlined | the queue it did not go into | yes | label, reason: inside_pool, idle_serializer, own_serializer |
| task_started | the queue it came from | yes | – |
| task_finished, task_failed | as task_started | yes | error (task_failed only: "ValueError: text") |
| task_discarded | the queue it was in | yes | reason: shut_down, aborted, cancelled, deadlock |
| wait_started, wait_ended | what is waited for | the task waited for, if one | reason; wait_ended also outcome: done, turn (the waiter may now run the serializer itself), aborted, shut_down, deadlock, interrupted |
| serializer_scheduled | serializer | the turn's task number | on (the queue that holds the turn) |
| serializer_released | serializer | the turn's task number, if a turn | requeued (bool), left (tasks still queued) |
| serializer_suspending, serializer_suspended, serializer_unsuspended | serializer | – | count (suspensions after it) |
| control_queued, control_ran | control queue | the control task | action: task_pushed, thread_idle, thread_died, set_size; label |
| high_water_reached, low_water_cleared | the queue | – | depth, subsystem |

Wait reasons: sync_task (for a task's result), serializer_lock (a serializer runs on another thread), suspended (a
serializer is paused), suspend (a suspend waits until its serializer is still), blocking_suspend (the threadpool: a
thread is kept while its serializer is paused); in the models of the original (`taskpool.original`) also pool_lock (for
the pool's own lock) and thread_end (a taskprocessor's thread is joined).

On one thread a task that runs inline nests inside its caller; every task_started has one task_finished or task_failed
on the same thread; a thread is in one wait at a time, and every wait_started has one wait_ended or the run's end.
A task that was pushed ends in exactly one of task_finished, task_failed and task_discarded, or the run's end.
Events are written while the runtime's monitor is held, in the critical section that brings about what they say: their
order is the order in which things happened, and a task's position in its queue is the order of task_pushed events. A
wait's end is written by whoever ends it, on behalf of the thread that waits. A task of a taskprocessor whose thread is
blocked may start on another thread of the pool.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

__all__ = ["VERSION", "Event", "EventKind"]

VERSION = 1

_NO_DETAIL: Mapping[str, Any] = MappingProxyType({})


def _no_detail() -> Mapping[str, Any]:  # Python 3.11 takes a mapping proxy, which it cannot hash, for a mutable default
    return _NO_DETAIL


class EventKind(StrEnum):
    """What happened, in the past tense."""

    POOL_CREATED = "pool_created"
    POOL_GREW = "pool_grew"
    POOL_SHRANK = "pool_shrank"
    POOL_SHUT_DOWN = "pool_shut_down"
    THREAD_STARTED = "thread_started"
    THREAD_STOPPED = "thread_stopped"
    THREAD_IDLED = "thread_idled"
    THREAD_WOKE = "thread_woke"
    TASK_PUSHED = "task_pushed"
    TASK_STARTED = "task_started"
    TASK_FINISHED = "task_finished"
    TASK_FAILED = "task_failed"
    TASK_INLINED = "task_inlined"
    TASK_DISCARDED = "task_discarded"
    WAIT_STARTED = "wait_started"
    WAIT_ENDED = "wait_ended"
    SERIALIZER_SCHEDULED = "serializer_scheduled"
    SERIALIZER_RELEASED = "serializer_released"
    SERIALIZER_SUSPENDING = "serializer_suspending"
    SERIALIZER_SUSPENDED = "serializer_suspended"
    SERIALIZER_UNSUSPENDED = "serializer_unsuspended"
    CONTROL_QUEUED = "control_queued"
    CONTROL_RAN = "control_ran"
    HIGH_WATER_REACHED = "high_water_reached"
    LOW_WATER_CLEARED = "low_water_cleared"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, immutable.

    Args:
        seq: Its place in the trace's one order, from 0.
        time: Seconds since the run's start, by the runtime's clock.
        thread: Name of the thread on which it happened.
        kind: What happened.
        processor: The queue or pool it happened to, or None.
        task: Number of the task it is about, or None.
        parent: Number of the task that pushed this one, or None.
        detail: Further facts, as the table in this module says; values are JSON's types.
    """

    seq: int
    time: float
    thread: str
    kind: EventKind
    processor: str | None = None
    task: int | None = None
    parent: int | None = None
    detail: Mapping[str, Any] = field(default_factory=_no_detail)
