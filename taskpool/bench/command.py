"""``python -m taskpool bench``: measure the pools, or the search for schedules."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from taskpool.bench.titles import TITLES
from taskpool.errors import OptionError

__all__ = ["add_arguments", "bench", "examples"]

_EXAMPLES = """\
examples:
  {prog} bench --quick                    both pools beside the standard library's, in half a minute
  {prog} bench --only a,b                 some workloads, in full; without --only all of them, which takes a while
  {prog} bench --json figures.json        the same, kept
  {prog} bench explore                    the search: schedules a second and time per step

workloads:
{workloads}

Figures are of this machine; run them while it does nothing else. Ctrl-C ends the measurement after the rounds that are
complete. Exit code 0, whether the goals are reached or not.
"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Give the command its options."""
    command.add_argument(
        "what", metavar="WHAT", nargs="?", choices=("pools", "explore"), default="pools",
        help="pools (default), or explore: the search for schedules",
    )  # fmt: skip
    command.add_argument("--quick", action="store_true", help="smaller workloads: rougher figures in half a minute")
    command.add_argument("--only", metavar="A,B", help="the letters of the workloads wanted (default: all)")
    command.add_argument("--threads", metavar="N", type=int, help="threads of the pools of fixed size (default: 5)")
    command.add_argument("--repeats", metavar="N", type=int, help="rounds of each figure (default: 5; quick: up to 3)")
    command.add_argument("--json", metavar="FILE", type=Path, help="keep the figures as JSON, too")


def examples(prog: str) -> str:
    """What the command's help says below its options."""
    workloads = "\n".join(f"  {letter}  {title}" for letter, title in TITLES.items())
    return _EXAMPLES.format(prog=prog, workloads=workloads)


def bench(args: argparse.Namespace) -> int:
    """Run the command; its exit code. Prints to standard output.

    Raises:
        OptionError: If it cannot be done as asked; nothing has been measured then.
    """
    if args.repeats is not None and args.repeats < 1:
        raise OptionError(f"--repeats {args.repeats}: at least 1 round is needed")
    if args.json is not None and not args.json.parent.is_dir():
        raise OptionError(f"--json {args.json}: there is no folder {args.json.parent}")
    return _explore(args) if args.what == "explore" else _pools(args)


def _pools(args: argparse.Namespace) -> int:
    from taskpool.bench.runner import run

    threads = 5 if args.threads is None else args.threads
    result = run(args.only, quick=args.quick, repeats=args.repeats, threads=threads)
    print(result)
    if args.json is not None:
        result.save(args.json)
    return 130 if result.interrupted else 0


def _explore(args: argparse.Namespace) -> int:
    from taskpool.bench.explore import HEADER, line, measure

    for option, value in (("--quick", args.quick or None), ("--only", args.only), ("--threads", args.threads)):
        if value is not None:
            raise OptionError(f"{option} is for the pools: leave it out with bench explore")
    repeats = 5 if args.repeats is None else args.repeats
    print(HEADER, flush=True)
    rows = []
    for row in measure(repeats):
        print(line(row), flush=True)
        rows.append(row.as_dict())
    if args.json is not None:
        here = {"python": sys.version.split()[0], "processors": os.cpu_count(), "repeats": repeats}
        args.json.write_text(json.dumps({**here, "rows": rows}, indent=1) + "\n")
    return 0
