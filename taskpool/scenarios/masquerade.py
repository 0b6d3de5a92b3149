"""masquerade: transfers pause a call's serializer, replace its channel and resume, while messages keep arriving."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskpool.scenarios.lane import Lane, named
from taskpool.scenarios.scenario import BOUNDED, Parameter, Scenario, threads

if TYPE_CHECKING:
    from taskpool.scenarios.context import ScenarioContext

__all__ = ["MASQUERADE"]


def play(
    ctx: ScenarioContext,
    /,
    *,
    calls: int,
    transfers: int,
    messages: int,
    gap_ms: float,
    work_ms: float,
    replace_ms: float,
) -> None:
    """Let messages arrive for all calls and, halfway through, transfer the first few at the same moment."""
    pool = ctx.pool
    transfers = min(transfers, calls)
    lanes = [ctx.lane(pool.serializer(f"pjsip/session-{call}")) for call in range(1, calls + 1)]
    channels = [ctx.runtime.Var(f"PJSIP/phone-{call}", name=f"channel of call {call}") for call in range(1, calls + 1)]
    transferer = pool.serializer("pjsip/transferer")
    done = ctx.countdown(calls * messages, "all messages")
    halfway = ctx.countdown(1, "the transfers")
    # Only as many as there are threads can be sure to be paused together on a pool that gives a thread to each pause.
    together = ctx.countdown(min(transfers, ctx.threads), "the other transfers' pauses")

    def message(call: int) -> None:
        try:
            before = channels[call].get()
            ctx.work(work_ms)
            ctx.expect(
                before == channels[call].get() and before != "",
                f"the channel of call {call + 1} was replaced while one of its messages was handled",
            )
        finally:
            done.arrive()

    def network() -> None:
        for number in range(1, messages + 1):
            if number > messages // 2:
                halfway.arrive()
            for call, lane in enumerate(lanes):
                lane.push(f"SIP {number} (call {call + 1})", message, call)
            ctx.sleep(gap_ms)

    def transfer(call: int, lane: Lane) -> None:
        halfway.wait()
        with lane.serializer.suspended():
            lane.still()
            channels[call].set("")
            together.meet()
            ctx.sleep(replace_ms)
            transferer.push_wait(named(f"NOTIFY (call {call + 1})", ctx.work, work_ms))
            channels[call].set(f"PJSIP/transferee-{call + 1}")
            lane.moving()

    for call in range(transfers):
        ctx.spawn(transfer, call, lanes[call], name=f"transfer-{call + 1}")
    ctx.spawn(network, name="network")
    done.wait()
    ctx.join()
    for call in range(transfers):
        ctx.expect(channels[call].get() == f"PJSIP/transferee-{call + 1}", f"call {call + 1} kept its old channel")


MASQUERADE = Scenario(
    name="masquerade",
    title="transfers pause a call, replace its channel and resume it, while SIP messages keep arriving",
    story=(
        "Each call has a session with a serializer of its own, and SIP messages for it arrive all the time. A "
        "transfer replaces one channel's contents with another's (a masquerade). Nothing of that session may run "
        "meanwhile, so the transfer pauses the serializer, replaces the channel, tells the transferer over a "
        "second serializer that it worked, waits for that, and resumes. Several transfers happen at the same "
        "moment. The older pool pays for each pause with a blocked thread, and once all are spent on pauses the "
        "message that would end them has no thread to run on. The newer pool's pauses hold no thread."
    ),
    parameters=(
        threads(2),
        BOUNDED,
        Parameter("calls", 4, "Calls, each with a session serializer.", "calls", 1),
        Parameter("transfers", 2, "Calls that are transferred at the same moment.", "calls", 0),
        Parameter("messages", 6, "SIP messages that arrive for each call.", "messages", 1),
        Parameter("gap_ms", 1.0, "Time between one round of messages and the next.", "ms", 0),
        Parameter("work_ms", 0.5, "How long handling a message takes.", "ms", 0),
        Parameter("replace_ms", 5.0, "How long replacing a channel takes.", "ms", 0),
    ),
    look_for=(
        "Nothing runs in a paused session; its messages wait in its queue, in order, and run after the resume.",
        "On the threadpool each pause is a thread in blocking_suspend: threads=2 and two transfers leave none.",
        "On the taskpool no thread belongs to a paused session: the NOTIFY and the other calls go on.",
        "With threads=3 the threadpool completes, slowly: one thread does everybody's work during the pauses.",
    ),
    play=play,
)
