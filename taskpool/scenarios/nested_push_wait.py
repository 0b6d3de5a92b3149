"""nested-push-wait: tasks that push synchronously from inside, in each of the four places there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskpool.scenarios.lane import named
from taskpool.scenarios.scenario import BOUNDED, Parameter, Scenario, threads

if TYPE_CHECKING:
    from taskpool.scenarios.context import ScenarioContext

__all__ = ["NESTED_PUSH_WAIT"]

_PLACES = ("pool", "empty", "busy", "own")


def play(ctx: ScenarioContext, /, *, tasks: int, where: str, messages: int, think_ms: float, work_ms: float) -> None:
    """Fill the pool with dialogs' tasks, let them start together, and let each ask the chosen places in turn."""
    pool = ctx.pool
    places = _PLACES if where == "all" else (where,)
    go = ctx.countdown(1, "the starting signal")
    done = ctx.countdown(tasks, "all dialogs")
    busy = pool.serializer("pjsip/busy")
    watch_busy = ctx.lane(busy)

    def answer(value: int) -> int:
        ctx.work(work_ms)
        return value

    def dialog(number: int) -> None:
        own = pool.serializer(f"pjsip/dialog-{number}")
        targets = {"pool": pool, "empty": pool.serializer(f"pjsip/peer-{number}"), "busy": busy, "own": own}

        def request() -> None:
            try:
                go.wait()
                ctx.work(think_ms)
                for place in places:
                    got = targets[place].push_wait(named(f"ask {place} ({number})", answer, number))
                    ctx.expect(got == number, f"dialog {number} asked {place} and got {got}")
            finally:
                done.arrive()

        ctx.lane(own).push(f"dialog {number}", request)

    # All dialogs' tasks are queued before the first may ask: what they ask for comes behind them in a shared queue.
    for number in range(1, tasks + 1):
        dialog(number)
    for number in range(1, messages + 1):
        watch_busy.push(f"message {number}", ctx.work, work_ms)
    go.arrive()
    done.wait()


NESTED_PUSH_WAIT = Scenario(
    name="nested-push-wait",
    title="tasks that push synchronously from inside a pool thread",
    story=(
        "A SIP dialog's task is running on a pool thread and needs an answer before it can go on: from the pool, "
        "from another dialog's serializer that has nothing to do, from one that is busy, and from its own. It "
        "pushes a task and waits for the result. The older pool queues that task and blocks the thread until "
        "another thread has run it; when every thread waits like this, nobody is left to run anything. The newer "
        "pool runs the task at once, on the thread that asked."
    ),
    parameters=(
        threads(2),
        BOUNDED,
        Parameter("tasks", 3, "Dialogs that ask at the same time, each in a serializer of its own.", "tasks", 1),
        Parameter(
            "where",
            "all",
            "Where they push to: the pool, an empty serializer, a busy one, their own, or all in turn.",
            choices=("all", *_PLACES),
        ),
        Parameter("messages", 3, "Tasks that the busy serializer has to do anyway.", "tasks", 0),
        Parameter("think_ms", 1.0, "How long a dialog's task works before it asks.", "ms", 0),
        Parameter("work_ms", 2.0, "How long each answer and message takes.", "ms", 0),
    ),
    look_for=(
        "On the threadpool with as many threads as dialogs or fewer: every thread waits, none is left to answer.",
        "On the threadpool with bounded=no: it completes, with a new thread for each that waits.",
        "On the taskpool: answers nest inside the task that asked, on the same thread, even with threads=1.",
        "Asking the busy serializer is the one case where a taskpool's thread may wait for another thread's turn.",
        "where=own completes on both: a serializer's own task is never queued behind itself.",
    ),
    play=play,
)
