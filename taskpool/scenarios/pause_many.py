"""pause-many: N serializers paused at once; then somebody unrelated needs a thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskpool.scenarios.lane import named
from taskpool.scenarios.scenario import BOUNDED, Parameter, Scenario, threads

if TYPE_CHECKING:
    from taskpool.scenarios.context import ScenarioContext

__all__ = ["PAUSE_MANY"]


def play(ctx: ScenarioContext, /, *, serializers: int, tasks: int, work_ms: float) -> None:
    """Pause every serializer, push to all of them, run an unrelated task, resume them."""
    pool = ctx.pool
    lanes = [ctx.lane(pool.serializer(f"pjsip/session-{number}")) for number in range(1, serializers + 1)]

    def push_to_all(when: str) -> None:
        for number in range(1, tasks + 1):
            for lane in lanes:
                lane.push(f"{when} {number}", ctx.work, work_ms)

    push_to_all("before the pause")
    for lane in lanes:
        lane.serializer.suspend()
        lane.still()
    ctx.note("threads with all paused", len(pool))
    push_to_all("during the pause")
    unrelated = ctx.countdown(1, "the unrelated task")
    pool.push(named("unrelated", unrelated.arrive))
    unrelated.wait()
    for lane in lanes:
        ctx.expect(lane.ran == tasks, f"{lane.serializer.name} was paused after {tasks} tasks and had run {lane.ran}")
        lane.moving()
        lane.serializer.unsuspend()
    for lane in lanes:
        lane.push_wait("last", ctx.work, work_ms)


PAUSE_MANY = Scenario(
    name="pause-many",
    title="many serializers paused at once: how many threads are left?",
    story=(
        "An operator redirects a whole group of calls: one session serializer after the other is paused until "
        "all are still, and only then are they resumed. Messages for them keep arriving and wait. Meanwhile "
        "somebody unrelated needs the pool for one small task. In the older pool each paused serializer keeps a "
        "thread; in the newer one a paused serializer is a queue that nobody looks at."
    ),
    parameters=(
        threads(2),
        BOUNDED,
        Parameter("serializers", 4, "Serializers that are paused at the same time.", "serializers", 1),
        Parameter("tasks", 2, "Tasks for each serializer before its pause, and again during it.", "tasks", 0),
        Parameter("work_ms", 0.2, "How long each task takes.", "ms", 0),
    ),
    look_for=(
        "Threadpool, threads=2: the third pause never completes, because both threads are parked by the first two.",
        "Threadpool, bounded=no: it completes, with one more thread than there are paused serializers.",
        "Taskpool: still `threads` threads, all free; the unrelated task runs at once, even with threads=1.",
        "Tasks pushed before a pause have run when the pause begins; tasks pushed during it wait, in order.",
    ),
    play=play,
)
