"""``python -m tests.proof.prove``: explore every program, on all processors, and tell what was covered.

Programs are searched by states (`taskpool.explore.state_search`): the pool's one lock makes nearly all steps depend on
one another, and schedules are then hundreds of times as many as states. `tests/proof/test_states.py` checks what that
rests on.

Each program that is done is a line of a file under ``build/``, named after the sources' hash: an interrupted proof goes
on where it stopped, and a changed pool is proved anew. Small programs are exhausted; a random one that is not within
its bound is walked by PCT as well, and so reported.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from itertools import chain, islice
from pathlib import Path
from typing import Any

from taskpool.explore import explore, random_walks
from tests.proof.programs import Program, all_programs, random_programs
from tests.proof.world import Watched

__all__ = ["main", "prove"]

ROOT = Path(__file__).parents[2]
BOUND = 15_000  # executions of a random program before PCT takes over; they stand for far more than 50,000 schedules
WALKS = 2_000
OUTSIDE = ("__main__.py", "bench", "exercises", "scenarios")  # what no program of the proof imports

Job = tuple[str, str, int]  # kind ("all" or "random"), program, bound


def prove(job: Job) -> dict[str, Any]:
    """Explore one program's states; what came of it, in JSON's types. Blocks; any process."""
    kind, text, bound = job
    program = Program.parse(text)
    watched = Watched(program.run)
    search = watched.search()
    report = explore(watched, search, max_schedules=bound, stop_at_failure=True)
    found = list(report.failures)
    how = "exhausted" if report.exhausted else "bounded"
    if not report.exhausted and not found and kind == "random":
        found = list(random_walks(program, WALKS, depth=3).failures)
        how = "pct"
    failures = [f"{failure.kind}: {failure.message} [{failure.schedule}]" for failure in found]
    return {
        "kind": kind,
        "program": text,
        "how": "failed" if failures else how,
        "executions": report.schedules,
        "schedules": search.covered,
        "states": search.states,
        "steps": report.steps,
        "seconds": round(report.seconds, 3),
        "failures": failures,
    }


def jobs(randoms: int, bound: int) -> Iterator[Job]:
    """Every program, the small ones first."""
    short = list(all_programs(1))
    yield from (("all", str(program), bound) for program in short)
    known = {str(program) for program in short}
    yield from (("all", str(program), bound) for program in all_programs(2) if str(program) not in known)
    yield from (("random", str(program), BOUND) for program in random_programs(randoms))


def digest() -> str:
    """A hash of what the proof depends on: all of the package but the parts in `OUTSIDE`, and the proof itself."""
    package = ROOT / "taskpool"
    sources = [
        *(path for path in sorted(package.rglob("*.py")) if path.relative_to(package).parts[0] not in OUTSIDE),
        *sorted(path for path in (ROOT / "tests" / "proof").glob("*.py") if not path.name.startswith(("test", "heap"))),
    ]
    whole = hashlib.sha256()
    for source in sources:
        whole.update(source.read_bytes())
    return whole.hexdigest()[:12]


def _keep_to(processors: Any) -> None:
    """A worker process stays on a processor of its own, where the system has such a thing; Ctrl-C is for its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {processors.get()})


def main(argv: Sequence[str] | None = None) -> int:
    """Prove, or go on with it; 0 if nothing was found and everything is done, 1 if something was, 3 if time ran out."""
    parser = argparse.ArgumentParser(prog="python -m tests.proof.prove", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="worker processes (default: all)")
    parser.add_argument("--seconds", type=float, default=7200.0, help="stop after so long (default: 7200)")
    parser.add_argument("--random", type=int, default=2_000, help="random programs (default: 2000)")
    parser.add_argument("--bound", type=int, default=10_000_000, help="schedules of a small program at the most")
    parser.add_argument("--results", type=Path, help="where results are kept (default: under build/)")
    args = parser.parse_args(argv)
    path = args.results or ROOT / "build" / f"proof-{digest()}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = path.read_text().splitlines() if path.exists() else []
    done = {(line["kind"], line["program"]): line for line in map(json.loads, lines)}
    todo = [job for job in jobs(args.random, args.bound) if job[:2] not in done]
    print(f"{len(done):,} programs done, {len(todo):,} to do; results: {path}", flush=True)
    finished = _work(todo, done, path, args.processes, args.seconds)
    print(_table(done))
    failed = [line for line in done.values() if line["failures"]]
    for line in failed[:20]:
        print(f"\n{line['program']}\n  " + "\n  ".join(line["failures"]))
    return 1 if failed else 0 if finished else 3


def _work(
    todo: list[Job], done: dict[tuple[str, str], dict[str, Any]], path: Path, processes: int, seconds: float
) -> bool:
    """Do what is to be done and keep each result; whether all of it was done in time."""
    context = multiprocessing.get_context("spawn")
    processors = context.Queue()
    for number in islice(chain.from_iterable(iter(_processors, ())), processes * 4):
        processors.put(number)
    began = told = time.monotonic()
    left = iter(todo)
    running: set[Future[dict[str, Any]]] = set()
    with (
        path.open("a") as kept,
        ProcessPoolExecutor(processes, mp_context=context, initializer=_keep_to, initargs=(processors,)) as executor,
    ):
        try:
            while True:
                in_time = time.monotonic() - began < seconds
                running.update(
                    executor.submit(prove, job) for job in islice(left, 2 * processes - len(running)) if in_time
                )
                if not running:
                    return in_time
                ended, running = wait(running, timeout=1.0, return_when=FIRST_COMPLETED)
                for future in ended:
                    line = future.result()
                    done[line["kind"], line["program"]] = line
                    kept.write(json.dumps(line) + "\n")
                    kept.flush()
                if time.monotonic() - told > 5:
                    told = time.monotonic()
                    print(_progress(len(todo), done, told - began), flush=True)
        except KeyboardInterrupt:
            executor.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():
                process.terminate()
            print("interrupted: run it again to go on", flush=True)
            return False


def _processors() -> Sequence[int]:
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)


def _progress(todo: int, done: dict[tuple[str, str], dict[str, Any]], seconds: float) -> str:
    executions = sum(line["executions"] for line in done.values())
    found = sum(bool(line["failures"]) for line in done.values())
    return (
        f"{seconds:7.0f} s: {len(done):,} programs ({todo:,} at the start), {executions:,} executions, {found} failed"
    )


def _table(done: dict[tuple[str, str], dict[str, Any]]) -> str:
    """What was covered, a row for each kind and way."""
    rows: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for line in done.values():
        rows.setdefault((line["kind"], line["how"]), []).append(line)
    head = ("programs", "how", "count", "states", "executions", "schedules", "fewest", "most")
    table = [head]
    names = {"all": "2 threads x 2 calls", "random": "random"}
    for (kind, how), lines in sorted(rows.items()):
        sums = (sum(line[name] for line in lines) for name in ("states", "executions", "schedules"))
        covered = [line["schedules"] for line in lines]
        figures = (len(lines), *sums, min(covered), max(covered))
        table.append((names[kind], how, *map(_shown, figures)))
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" if place < 2 else f"{cell:>{width}}" for place, (cell, width) in row)
        for row in ([*enumerate(zip(line, widths, strict=True))] for line in table)
    )


def _shown(figure: int) -> str:
    return f"{figure:,}" if figure < 10**12 else f"{figure:.1e}"


if __name__ == "__main__":
    sys.exit(main())
