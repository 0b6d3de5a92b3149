"""registration-storm: a power cut is over and every phone registers at once, over the distributor's serializers."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

from taskpool.scenarios.scenario import BOUNDED, Parameter, Scenario, threads

if TYPE_CHECKING:
    from taskpool.scenarios.context import ScenarioContext

__all__ = ["REGISTRATION_STORM"]


def play(ctx: ScenarioContext, /, *, phones: int, distributors: int, sockets: int, work_ms: float) -> None:
    """Let each socket's thread receive its phones' two messages, and spread them over the distributors by Call-ID."""
    pool = ctx.pool
    lanes = [ctx.lane(pool.serializer(f"pjsip/distributor-{number}")) for number in range(1, distributors + 1)]
    done = ctx.countdown(2 * phones, "all registrations")

    def handle() -> None:
        ctx.work(work_ms)
        done.arrive()

    def receive(socket: int) -> None:
        for step in ("REGISTER", "REGISTER with password"):
            for phone in range(socket, phones, sockets):
                lane = lanes[crc32(f"phone-{phone}@pbx".encode()) % distributors]
                lane.push(f"{step} (phone {phone + 1})", handle, sender=f"phone {phone + 1}")

    for socket in range(sockets):
        ctx.spawn(receive, socket, name=f"socket-{socket + 1}")
    done.wait()
    ctx.join()
    counts = [lane.ran for lane in lanes]
    ctx.note("messages of the fullest distributor", max(counts))
    ctx.note("messages of the emptiest distributor", min(counts))


REGISTRATION_STORM = Scenario(
    name="registration-storm",
    title="every phone registers at once, over the distributor's serializers",
    story=(
        "A power cut is over, and every phone registers at once: a first REGISTER, and a second one with the "
        "password. A registration belongs to no dialog, so the distributor picks one of its serializers by a "
        "hash of the Call-ID: both messages of one phone meet in the same serializer and keep their order, while "
        "different phones are served in parallel. Neither design waits or pauses here: what differs is what a "
        "push costs and who does the work."
    ),
    parameters=(
        threads(4),
        BOUNDED,
        Parameter("phones", 60, "Phones that register, with two messages each.", "phones", 1),
        Parameter("distributors", 8, "Serializers that messages are spread over.", "serializers", 1),
        Parameter("sockets", 2, "Threads that receive messages and push them.", "threads", 1),
        Parameter("work_ms", 0.5, "How long handling a message takes.", "ms", 0),
    ),
    look_for=(
        "Threadpool: every push queues a second, control task; the control thread works as hard as the pool.",
        "Threadpool: a serializer keeps its thread until its queue is empty; some wait long for their first turn.",
        "Taskpool: no control tasks; a serializer runs what was queued when its turn began, then goes to the back.",
        "Each phone's two messages run in order, whichever threads they run on.",
    ),
    play=play,
)
