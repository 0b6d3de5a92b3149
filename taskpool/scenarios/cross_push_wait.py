"""cross-push-wait: serializer A's task waits for B while B's task waits for A."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskpool.errors import DeadlockError
from taskpool.scenarios.lane import named
from taskpool.scenarios.scenario import BOUNDED, Parameter, Scenario, threads

if TYPE_CHECKING:
    from taskpool.scenarios.context import ScenarioContext
    from taskpool.scenarios.designs import AnySerializer

__all__ = ["CROSS_PUSH_WAIT"]


def play(ctx: ScenarioContext, /, *, meet_ms: float, work_ms: float) -> None:
    """Let A's and B's tasks meet while both run, then let each ask the other's serializer and wait."""
    a, b = ctx.pool.serializer("pjsip/A"), ctx.pool.serializer("pjsip/B")
    both_run = ctx.countdown(min(2, ctx.threads), "both tasks running")
    done = ctx.countdown(2, "both tasks")
    answers: dict[str, str] = {}

    def ask(asker: str, other_name: str, other: AnySerializer) -> None:
        try:
            both_run.meet(meet_ms / 1000)
            answers[asker] = other.push_wait(named(f"{asker} asks {other_name}", answer, other_name))
        except DeadlockError as error:
            ctx.surprises.append(error)
            answers[asker] = "refused"
            raise
        finally:
            done.arrive()

    def answer(name: str) -> str:
        ctx.work(work_ms)
        return name

    a.push(named("A's task", ask, "A", "B", b))
    b.push(named("B's task", ask, "B", "A", a))
    done.wait()
    for asker, other_name in (("A", "B"), ("B", "A")):
        got = answers.get(asker)
        ctx.expect(got in (other_name, "refused"), f"{asker} asked {other_name} and got {got}")
    ctx.expect(list(answers.values()).count("refused") < 2, "both waits were refused, although one would have done")


CROSS_PUSH_WAIT = Scenario(
    name="cross-push-wait",
    title="A waits for B while B waits for A",
    story=(
        "Two calls are bridged and both ends act at once: a task of A's serializer pushes to B and waits, while a "
        "task of B's serializer pushes to A and waits. Each serializer runs one task at a time, and its running "
        "task is the one that waits, so neither can ever run what the other asks for. No number of threads "
        "helps. The original hangs here in both designs; this project's taskpool refuses the wait that would "
        "close the cycle, with a DeadlockError that names it."
    ),
    parameters=(
        threads(2),
        BOUNDED,
        Parameter("meet_ms", 200.0, "How long each task waits for the other to be running as well.", "ms", 0),
        Parameter("work_ms", 0.5, "How long an answer takes.", "ms", 0),
    ),
    look_for=(
        "Threadpool: deadlocked, bounded or not; the cycle names both tasks.",
        "Taskpool: the second to ask gets a DeadlockError; its task fails, the first gets its answer.",
        "Taskpool with threads=1: A runs B's task inside its own, and B's wait for A runs inline: no cycle.",
    ),
    play=play,
)
