"""Every strategy against naive search on random programs: the same outcomes, the same trace classes.

    python tests/taskpool/explore/crosscheck.py --count 10000 --first 0

A trace class is an execution's steps with what came before each. Programs with more executions than the bound are
checked without naive search: the three reductions against each other.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[3]))
    sys.path.insert(0, str(Path(__file__).parent))

from random_programs import random_program

from taskpool.explore.dfs import NaiveSearch
from taskpool.explore.happens_before import HappensBefore
from taskpool.explore.optimal_dpor import OptimalSearch
from taskpool.explore.sleep_sets import SleepSetSearch
from taskpool.explore.source_dpor import SourceSearch
from taskpool.runtime.controlled import ControlledRuntime

__all__ = ["Found", "check", "survey", "trace_class"]

REDUCTIONS: tuple[Callable[[], Any], ...] = (SleepSetSearch, SourceSearch, OptimalSearch)


@dataclass
class Found:
    """What one strategy found in one program."""

    classes: set[Any] = field(default_factory=set)
    outcomes: set[Any] = field(default_factory=set)
    executions: int = 0
    redundant: int = 0
    repeated: int = 0
    unforeseen: int = 0
    complete: bool = True


def trace_class(kernel: Any) -> Any:
    """An execution up to the order of steps that do not depend on each other."""
    history = HappensBefore()
    history.extend(kernel)
    threads = [step[0].identity for step in kernel.steps]
    seen: Counter[int] = Counter()
    steps = []
    for i, thread in enumerate(threads):
        seen[thread] += 1
        past = Counter(threads[j] for j in range(i + 1) if history.pasts[i] >> j & 1)
        steps.append((thread, seen[thread], history.actions[i].access, tuple(sorted(past.items()))))
    return frozenset(steps)


def survey(
    program: Any,
    strategy: Any,
    bound: int,
    early: int = 0,
    max_steps: int = 300,
    identities: dict[tuple[int, int], int] | None = None,
) -> Found:
    """Run a strategy to its end, or for ``bound`` executions."""
    found = Found()
    identities = {} if identities is None else identities
    gc.disable()
    try:
        while strategy.begin():
            if found.executions == bound:
                found.complete = False
                break
            runtime = ControlledRuntime(
                strategy.choose, identities=identities, early_timeouts=early, max_steps=max_steps
            )
            kernel = runtime.kernel
            kernel.begin(program, runtime)
            kernel.wait()
            if kernel.crash is None:
                strategy.end(kernel)
            found.executions += 1
            if kernel.stopped == "chosen":
                found.redundant += 1
            elif not kernel.stopped:
                of = trace_class(kernel)
                found.repeated += of in found.classes
                found.classes.add(of)
                found.outcomes.add(program.outcome(kernel))
            kernel.close()
            if kernel.crash is not None:
                raise kernel.crash
    finally:
        gc.enable()
    found.unforeseen = strategy.unforeseen
    return found


def check(seed: int, bound: int = 2000, early: int = 0) -> tuple[list[str], dict[str, Found]]:
    """Compare all strategies on one program; what differs, and what was found."""
    program = random_program(seed)
    results = {"dfs": survey(program, NaiveSearch(), bound, early)}
    for reduction in REDUCTIONS:
        strategy = reduction()
        results[strategy.name] = survey(program, strategy, bound * 3, early)
    wrong = []
    reference = results["dfs"] if results["dfs"].complete else results["sleep-sets"]
    if not reference.complete:
        return [], results
    for name, found in results.items():
        if found is reference or not found.complete:
            continue
        if found.classes != reference.classes:
            missed, extra = len(reference.classes - found.classes), len(found.classes - reference.classes)
            wrong.append(f"{name}: {missed} trace classes missed, {extra} not in the reference")
        if found.outcomes != reference.outcomes:
            wrong.append(f"{name}: outcomes missed {reference.outcomes - found.outcomes}")
        if found.unforeseen:
            wrong.append(f"{name}: {found.unforeseen} choices of threads that could not go on")
    return wrong, results


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--bound", type=int, default=2000)
    parser.add_argument("--early", type=int, default=0, help="early timeouts for each thread")
    parser.add_argument("--stop-after", type=int, default=5, help="failing programs")
    args = parser.parse_args()
    began, failing, naive = time.monotonic(), 0, 0
    executions: Counter[str] = Counter()
    redundant: Counter[str] = Counter()
    for seed in range(args.first, args.first + args.count):
        wrong, results = check(seed, args.bound, args.early)
        naive += results["dfs"].complete
        for name, found in results.items():
            executions[name] += found.executions
            redundant[name] += found.redundant + (found.repeated if name != "dfs" else 0)
        if wrong:
            failing += 1
            print(f"seed {seed}: {'; '.join(wrong)[:600]}\n{random_program(seed)}", flush=True)
            print({name: (f.executions, f.redundant, len(f.classes), f.complete) for name, f in results.items()})
            if failing == args.stop_after:
                break
        if (seed - args.first + 1) % 1000 == 0:
            print(f"{seed - args.first + 1} programs, {time.monotonic() - began:.0f} s, {failing} failing", flush=True)
    print(f"{failing} failing; naive search complete for {naive}; {time.monotonic() - began:.0f} s")
    for name in executions:
        print(f"  {name:10} {executions[name]:9,} executions, {redundant[name] / executions[name]:.3%} redundant")
    return 1 if failing else 0


if __name__ == "__main__":
    sys.exit(main())
