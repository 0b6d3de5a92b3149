"""long-tasks: as many long tasks as the pool keeps threads, and an urgent one behind them (Asterisk's issue 2074)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskpool.scenarios.lane import named
from taskpool.scenarios.scenario import BOUNDED, Parameter, Scenario, threads

if TYPE_CHECKING:
    from taskpool.scenarios.context import ScenarioContext

__all__ = ["LONG_TASKS"]


def play(ctx: ScenarioContext, /, *, long_tasks: int, long_ms: float, urgent: int, gap_ms: float) -> None:
    """Push the long tasks, then urgent ones at intervals; note how long the urgent ones waited."""
    started = ctx.countdown(min(long_tasks, ctx.threads), "the long tasks' start")
    done = ctx.countdown(long_tasks + urgent, "all tasks")
    waited: list[float] = []
    ran: list[str] = []

    def long_task(label: str) -> None:
        started.arrive()
        try:
            ctx.work(long_ms)
            ran.append(label)
        finally:
            done.arrive()

    def urgent_task(label: str, pushed: float) -> None:
        waited.append(ctx.now_ms() - pushed)
        ran.append(label)
        done.arrive()

    for number in range(1, long_tasks + 1):
        ctx.pool.push(named(f"long {number}", long_task, f"long {number}"))
    started.wait()
    for number in range(1, urgent + 1):
        ctx.pool.push(named(f"urgent {number}", urgent_task, f"urgent {number}", ctx.now_ms()))
        ctx.sleep(gap_ms)
    done.wait()
    ctx.expect(len(ran) == len(set(ran)) == long_tasks + urgent, f"{long_tasks + urgent} tasks were pushed, {ran} ran")
    ctx.note("longest wait of an urgent task", f"{max(waited, default=0.0):.1f} ms")
    ctx.note("threads at the end", len(ctx.pool))


LONG_TASKS = Scenario(
    name="long-tasks",
    title="long tasks take every thread while the pool could still grow (Asterisk's issue 2074)",
    story=(
        "As many long tasks arrive as the pool keeps threads (a slow database, a DNS server that does not "
        "answer), and then short, urgent ones. The older pool grows when a push finds no idle thread. The newer "
        "one grows when a queue gets long: a handful of urgent tasks is far below the threshold, so they wait "
        "behind the long ones while max_threads is never reached. Counting the task in flight, as the original "
        "does since August 2026, spreads tasks over all threads but adds none. Growing on exhaustion, an option "
        "here, cures it."
    ),
    parameters=(
        threads(4),
        BOUNDED,
        Parameter("max_threads", 8, "Threads that the pool may grow to, if bounded.", "threads", 1, of_pool=True),
        Parameter(
            "grow_when",
            "queued",
            "When the taskpool grows: a queue is long, or every thread is busy.",
            choices=("queued", "exhausted"),
            of_pool=True,
        ),
        Parameter("long_tasks", 4, "Long tasks, pushed first.", "tasks", 0),
        Parameter("long_ms", 40.0, "How long each of them takes.", "ms", 0),
        Parameter("urgent", 3, "Urgent tasks, pushed once the long ones run.", "tasks", 1),
        Parameter("gap_ms", 2.0, "Time between one urgent task and the next.", "ms", 0),
    ),
    look_for=(
        "Taskpool: the urgent tasks wait for a long one to end; the pool stays at `threads` of `max_threads`.",
        "Taskpool with grow_when=exhausted, and the threadpool: one more thread, and the urgent tasks run at once.",
        "With long_tasks one fewer than threads: the task in flight counts, so the urgent ones find the free thread.",
    ),
    play=play,
)
