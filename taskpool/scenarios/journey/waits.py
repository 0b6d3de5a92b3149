"""Programs about synchronous pushes: who waits for whom, and what runs inside what."""

from __future__ import annotations

from contextlib import suppress

from taskpool.errors import DeadlockError
from taskpool.scenarios.designs import AnySerializer
from taskpool.scenarios.journey.program import JourneyProgram, Stage
from taskpool.scenarios.lane import named
from taskpool.task import nothing

__all__ = ["A_B_A", "CROSS_PUSH_WAIT", "NESTED_PUSH_WAIT", "PUSH_WAIT_AFTER_RELEASE", "PUSH_WAIT_HOLDING_A_LOCK"]


def _cross_push_wait(stage: Stage) -> None:
    a, b = stage.serializer("A"), stage.serializer("B")

    def ask(other: AnySerializer) -> None:
        with suppress(DeadlockError):
            other.push_wait(named("answer", nothing))

    a.push(named("A asks B", ask, b))
    b.push(named("B asks A", ask, a))


CROSS_PUSH_WAIT = JourneyProgram(
    name="cross-push-wait",
    title="A waits for B while B waits for A",
    story=(
        "Two calls are bridged, and both ends act at once: a task of A's serializer asks B and waits, while a task "
        "of B's serializer asks A and waits. Each thread holds its own serializer's lock and waits for the other's. "
        "This project's taskpool refuses the second wait with a DeadlockError that names the cycle."
    ),
    play=_cross_push_wait,
    found_on=("taskpool-first", "taskpool-shipped", "threadpool"),
    finds="deadlock",
    cured_on=("taskpool",),
    threads=2,
)


def _a_b_a(stage: Stage) -> None:
    a, b = stage.serializer("A"), stage.serializer("B")
    unfinished = stage.var(False, "A's first task unfinished")

    def first() -> None:
        unfinished.set(True)
        b.push_wait(named("B asks A", a.push_wait, named("answer", nothing)))
        unfinished.set(False)

    def second() -> None:
        stage.expect(not unfinished.get(), "A's second task ran inside its unfinished first one")

    a.push(named("A asks B", first))
    a.push(second)


A_B_A = JourneyProgram(
    name="a-b-a",
    title="A asks B, which asks A: A's next task runs inside the unfinished one",
    story=(
        "A task of A's serializer asks B and waits; B's task, to answer, asks A. The lock that keeps A's tasks apart "
        "is recursive and held by this very thread, and what it executes at the moment is B: so it runs A's queue up "
        "to the new question, inside A's unfinished task. One at a time, the one promise of a serializer, is broken. "
        "This project's taskpool knows all tasks that wait up the call chain, and runs the question alone."
    ),
    play=_a_b_a,
    found_on=("taskpool-first", "taskpool-shipped"),
    finds="assertion",
    cured_on=("taskpool",),
)


def _nested_push_wait(stage: Stage) -> None:
    for _ in range(stage.threads):
        stage.pool.push(named("ask the pool", stage.pool.push_wait, named("answer", nothing)))


NESTED_PUSH_WAIT = JourneyProgram(
    name="nested-push-wait",
    title="every thread waits for a task that no thread is left to run",
    story=(
        "As many tasks as the older pool has threads each push a task to the pool and wait for it. Every thread "
        "waits, and what they wait for is queued behind them. The taskpool runs such a task at once, on the thread "
        "that asked."
    ),
    play=_nested_push_wait,
    found_on=("threadpool",),
    finds="deadlock",
    cured_on=("taskpool", "taskpool-shipped"),
)


def _push_wait_holding_a_lock(stage: Stage) -> None:
    session, channel = stage.serializer("session"), stage.lock("channel")

    def message() -> None:
        with channel:
            pass

    session.push(message)
    with channel:
        session.push_wait(named("question", nothing))


PUSH_WAIT_HOLDING_A_LOCK = JourneyProgram(
    name="push-wait-holding-a-lock",
    title="waiting for a serializer with a lock in hand that its tasks need (issue 1872)",
    story=(
        "A thread holds a channel's lock, asks the channel's session something and waits. A message that is queued "
        "before the question needs the same lock. The lock is the program's own, no pool knows of it, and so no pool "
        "can help: this one hangs on every design. What helps is to give the lock up before waiting."
    ),
    play=_push_wait_holding_a_lock,
    found_on=("taskpool-shipped", "taskpool", "threadpool"),
    finds="deadlock",
    cured_on=(),
)


def _push_wait_after_release(stage: Stage) -> None:
    session, channel = stage.serializer("session"), stage.lock("channel")

    def message() -> None:
        with channel:
            pass

    session.push(message)
    with channel:
        pass
    session.push_wait(named("question", nothing))


PUSH_WAIT_AFTER_RELEASE = JourneyProgram(
    name="push-wait-after-release",
    title="the cure of push-wait-holding-a-lock: give the lock up, then wait",
    story=(
        "The same thread, session and message, but the channel's lock is given up before the question is asked. What "
        "the lock protects has to be looked at again afterwards; nothing can hang."
    ),
    play=_push_wait_after_release,
    found_on=(),
    finds="deadlock",
    cured_on=("taskpool-shipped", "taskpool"),
)
