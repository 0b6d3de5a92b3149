"""Programs about the pools themselves: shrinking, shutting down, waking up."""

from __future__ import annotations

from types import MappingProxyType

from taskpool.scenarios.journey.program import JourneyProgram, Stage
from taskpool.scenarios.lane import named

__all__ = ["LOST_WAKE_UP", "SHRINKING_JOINS_UNDER_LOCK", "SHUTDOWN_STRANDS"]


def _shrinking_joins_under_lock(stage: Stage) -> None:
    done = stage.event("both tasks done")

    def long_task() -> None:
        stage.runtime.sleep(3)
        stage.pool.push(named("short task", done.set))

    stage.pool.push(named("long task", long_task))
    done.wait()


SHRINKING_JOINS_UNDER_LOCK = JourneyProgram(
    name="shrinking-joins-under-lock",
    title="shrinking joins a busy thread with the pool's lock in hand",
    story=(
        "A pool that has grown runs one long task. Its last push is longer ago than idle_timeout, and so the job "
        "that shrinks the pool takes the taskprocessor for idle, removes it and joins its thread, all with the "
        "pool's lock. Then the long task pushes something to its own pool: it waits for the lock, whose holder waits "
        "for its thread. From here on every push to this pool hangs."
    ),
    play=_shrinking_joins_under_lock,
    found_on=("taskpool-shipped",),
    finds="deadlock",
    cured_on=("taskpool",),
    threads=0,
    options=MappingProxyType({"auto_increment": 1, "max_size": 2, "idle_timeout": 1.0}),
)


def _shutdown_strands(stage: Stage) -> None:
    session = stage.serializer("session")
    handled = stage.var(0, "messages handled")

    def message() -> None:
        handled.set(handled.get() + 1)

    session.push(message)
    session.push(message)
    stage.pool.shutdown()
    stage.expect(handled.get() == 2, "a message that had been accepted was never handled")


SHUTDOWN_STRANDS = JourneyProgram(
    name="shutdown-strands",
    title="shutting down strands what is in a serializer's queue",
    story=(
        "Two messages are pushed to a session, both pushes succeed, and the pool is shut down. It runs what is in "
        "its own queues; but a serializer's tasks are in a queue of their own. A turn that began with one message in "
        "the queue ends after it, and the next turn is refused by the pool that is shutting down. Nobody is told."
    ),
    play=_shutdown_strands,
    found_on=("taskpool-first", "taskpool-shipped"),
    finds="assertion",
    cured_on=("taskpool",),
)


def _lost_wake_up(stage: Stage) -> None:
    ran = stage.event("task ran")
    stage.pool.push(named("task", ran.set))
    ran.wait()


LOST_WAKE_UP = JourneyProgram(
    name="lost-wake-up",
    title="the older pool's last thread goes idle over a queued task",
    story=(
        "The older pool has one thread and may not grow. The thread finds the queue empty; before the control thread "
        "hears of that, a task is pushed. The control thread looks for an idle thread and finds none, for this one "
        "still counts as active. Then it hears that the thread is idle, and does not look at the queue. The task "
        "waits for the next push: in a live system, eight tasks queued and five threads idle."
    ),
    play=_lost_wake_up,
    found_on=("threadpool-original",),
    finds="deadlock",
    cured_on=("threadpool", "taskpool"),
)
