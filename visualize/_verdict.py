"""Runs that are compared, in a sentence for each and one for the difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from visualize._words import amount, listed, seconds
from visualize.palette import cleaned

__all__ = ["verdict"]


def verdict(runs: Sequence[tuple[str, str, Mapping[str, float]]]) -> str:
    """What came out, in words.

    Args:
        runs: For each run its title, how it ended (or empty), and `visualize.metrics.Metrics.totals`.
    """
    sentences = [f"{cleaned(title)} {_ending(outcome, totals)}." for title, outcome, totals in runs]
    difference = _difference(runs)
    return " ".join([*sentences, *([difference] if difference else [])])


def _ending(outcome: str, totals: Mapping[str, float]) -> str:
    duration = totals["duration (ms)"] / 1e3
    took = seconds(duration)
    said = {
        "completed": f"completed in {took}",
        "deadlocked": f"deadlocked after {took}" if duration else "deadlocked at once",
        "timed_out": f"ran out of time after {took}",
        "failed": f"failed after {took}",
    }.get(outcome, f"ran for {took}")
    threads, stuck = int(totals["threads used"]), int(totals["threads blocked at the end"])
    blocked = totals["time threads were blocked (ms)"]
    if stuck:
        parts = [f"{_of(stuck, threads)} {'is' if stuck == 1 else 'are'} blocked for good"]
    elif not blocked:
        parts = [_unblocked(threads)]
    else:
        share = totals["share of thread time blocked"] * 100
        who = "its one thread was" if threads == 1 else f"its {threads} threads were"
        parts = [f"{who} blocked for {seconds(blocked / 1e3)} together ({share:.0f} % of their time)"]
    inline, tasks = int(totals["tasks run inline"]), int(totals["tasks run"])
    if inline:
        parts.append(f"{inline:,} of {amount(tasks, 'task')} ran inline")
    if totals["tasks failed"]:
        parts.append(f"{amount(int(totals['tasks failed']), 'task')} failed")
    if totals["tasks never run"]:
        never = "never ran" if outcome else "had not run"
        parts.append(f"{amount(int(totals['tasks never run']), 'task')} {never}")
    return f"{said}: {listed(parts)}"


def _of(some: int, all_: int) -> str:
    if some == all_:
        return {1: "its one thread", 2: "both of its threads"}.get(all_, f"all {all_} of its threads")
    return f"{some} of its {all_} threads"


def _unblocked(threads: int) -> str:
    """That the pools' own threads never waited; those from outside, which a timeline shows too, may have."""
    if not threads:
        return "it used no thread"
    return "its one thread was never blocked" if threads == 1 else "none of its threads was ever blocked"


def _difference(runs: Sequence[tuple[str, str, Mapping[str, float]]]) -> str:
    """The one thing that tells the runs apart most, or empty."""
    if len(runs) < 2:
        return ""
    done = [(title, totals) for title, outcome, totals in runs if outcome == "completed"]
    if 0 < len(done) < len(runs) and all(outcome for _, outcome, _ in runs):
        names = [cleaned(title) for title, _ in done]
        return f"Only {listed(names)} came to an end."
    threads = {int(totals["threads used"]) for _, _, totals in runs}
    if len(done) == len(runs):
        slow = max(done, key=lambda run: run[1]["duration (ms)"])
        fast = min(done, key=lambda run: run[1]["duration (ms)"])
        if fast[1]["duration (ms)"] > 0 and slow[1]["duration (ms)"] >= 1.1 * fast[1]["duration (ms)"]:
            times = slow[1]["duration (ms)"] / fast[1]["duration (ms)"]
            return f"{cleaned(slow[0])} took {times:,.2g} times as long as {cleaned(fast[0])}."
        if len(threads) > 1:
            most = max(done, key=lambda run: run[1]["threads used"])
            least = min(done, key=lambda run: run[1]["threads used"])
            return (
                f"{cleaned(most[0])} needed {amount(int(most[1]['threads used']), 'thread')}, "
                f"{cleaned(least[0])} {amount(int(least[1]['threads used']), 'thread')}."
            )
    return ""
