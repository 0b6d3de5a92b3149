"""Two thread pools, traced: Asterisk's newer taskpool and its older threadpool, to run, to compare and to explore.

Both pools take the same calls (`push`, `push_wait`, `serializer`, `suspend`, `unsuspend`, `shutdown`, `abort`) and
leave the same trace. They run on real threads, or on a runtime that is handed to them.

The map, in reading order:

* `taskpool.runtime`: the seam between pool code and the threads that run it.
* `taskpool.events`, `taskpool.recorder`, `taskpool.trace`: what happened.
* `taskpool.task`, `taskpool.agent`, `taskpool.waits`: tasks, threads, and who waits for whom.
* `taskpool.taskqueue`, `taskpool.taskprocessor`: a queue, and a queue with a thread.
* `taskpool.worker`, `taskpool.basepool`, `taskpool.baseserializer`: what both designs share.
* `taskpool.options`, `taskpool.conf`, `taskpool.conf_options`: how a pool is sized, also by an administrator's files.
* `taskpool.selector`, `taskpool.pool`, `taskpool.serializer`: the newer design.
* `taskpool.control`, `taskpool.threadpool`, `taskpool.blocking`: the older design.
* `taskpool.executor`: both as a `concurrent.futures.Executor`.
* `taskpool.original`, `taskpool.history`: models of the original and its revisions, faults included.
* `taskpool.scenarios`: stories that run on every design; `taskpool.scenarios.journey`: the original's faults.
* `taskpool.explore`: every schedule of a program.
* `taskpool.exercises`: things to write, checked on every schedule.
* `taskpool.bench`: how fast it all is.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from taskpool.errors import DeadlockError as DeadlockError
    from taskpool.errors import PoolAborted as PoolAborted
    from taskpool.errors import PoolShutDown as PoolShutDown
    from taskpool.errors import TaskPoolError as TaskPoolError
    from taskpool.events import Event as Event
    from taskpool.events import EventKind as EventKind
    from taskpool.executor import PoolExecutor as PoolExecutor
    from taskpool.group import SerializerGroup as SerializerGroup
    from taskpool.options import TaskPoolOptions as TaskPoolOptions
    from taskpool.options import ThreadPoolOptions as ThreadPoolOptions
    from taskpool.pool import TaskPool as TaskPool
    from taskpool.recorder import Recorder as Recorder
    from taskpool.serializer import Serializer as Serializer
    from taskpool.taskprocessor import TaskProcessor as TaskProcessor
    from taskpool.threadpool import ThreadPool as ThreadPool
    from taskpool.trace import Trace as Trace

# Imported at first use: a program that only needs a pool does not pay for the executor or the trace.
_HOMES = {
    "DeadlockError": "errors",
    "Event": "events",
    "EventKind": "events",
    "PoolAborted": "errors",
    "PoolExecutor": "executor",
    "PoolShutDown": "errors",
    "Recorder": "recorder",
    "Serializer": "serializer",
    "SerializerGroup": "group",
    "TaskPool": "pool",
    "TaskPoolError": "errors",
    "TaskPoolOptions": "options",
    "TaskProcessor": "taskprocessor",
    "ThreadPool": "threadpool",
    "ThreadPoolOptions": "options",
    "Trace": "trace",
}

__all__ = [
    "DeadlockError",
    "Event",
    "EventKind",
    "PoolAborted",
    "PoolExecutor",
    "PoolShutDown",
    "Recorder",
    "Serializer",
    "SerializerGroup",
    "TaskPool",
    "TaskPoolError",
    "TaskPoolOptions",
    "TaskProcessor",
    "ThreadPool",
    "ThreadPoolOptions",
    "Trace",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
