"""The command line: ``python -m taskpool``.

Tell the stories, run them on each pool design, look at the traces they leave, search their schedules. Every command
says what went wrong in one line and ends with 0 (fine), 1 (a run did not complete, a search found a failure), 2 (it
could not be done as asked) or 130 (interrupted).
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import logging
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from taskpool.errors import TaskPoolError
from taskpool.scenarios import Run, ScenarioError, compare_text, get_scenario, list_designs, list_scenarios

__all__ = ["main"]

_PROG = "python -m taskpool"

_INTRO = """\
Two thread pool designs from Asterisk, the older threadpool and the newer taskpool, and stories that show how they
differ when tasks push from inside, wait for each other and pause serializers.

start here:
  {prog} scenarios                      list the stories
  {prog} scenarios masquerade           read one, with its parameters
  {prog} run masquerade                 run it on both designs, side by side
  {prog} run masquerade --threads 3     the same with one thread more
  {prog} run pause-many --design taskpool --param serializers=20 --out pause.jsonl
  {prog} explore pause-many --design threadpool      search its schedules for a deadlock
  {prog} trace pause.jsonl --perfetto pause.json     then open it at ui.perfetto.dev
"""

_RUN_EXAMPLES = """\
examples:
  {prog} run nested-push-wait                          both designs, two threads
  {prog} run nested-push-wait --unbounded              the older pool completes, with more threads
  {prog} run long-tasks --design taskpool --param grow_when=exhausted
  {prog} run cross-push-wait --runtime controlled      virtual time: the same trace every time

designs:
{designs}

Exit code 0 if every run completed, 1 if one deadlocked, failed or timed out.
"""

_TRACE_EXAMPLES = """\
examples:
  {prog} trace masquerade.jsonl
  {prog} trace masquerade.jsonl --perfetto masquerade.json     then open it at ui.perfetto.dev
"""

_EXPLORE_EXAMPLES = """\
examples:
  {prog} explore pause-many --design threadpool --param serializers=2 --param tasks=0
  {prog} explore cross-push-wait --design taskpool --max-schedules 2000

A search can be ended with Ctrl-C: what it has found by then is printed. In a terminal a line shows how far it is.

Exit code 0 if no failure was found, 1 if one was, 130 if the search was interrupted before it found one.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; print to standard output, errors to standard error.

    Args:
        argv: The arguments after the program's name; None for the process's own.

    Returns:
        The exit code. ``--help`` and wrong usage raise SystemExit, as argparse does.
    """
    args = _parser().parse_args(argv)
    try:
        with _quiet_log():
            code: int = args.command(args)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader (a pager, `head`) has gone: leave nothing that the interpreter would try to write at its end.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except (TaskPoolError, OSError) as error:
        print(f"{_PROG}: {error}", file=sys.stderr)
        return 2
    return code


@contextlib.contextmanager
def _quiet_log() -> Iterator[None]:
    """Keep the pools' log of failed tasks from the terminal: the run's own report says it."""
    log = logging.getLogger("taskpool")
    handler = logging.NullHandler()
    propagate = log.propagate
    log.addHandler(handler)
    log.propagate = False
    try:
        yield
    finally:
        log.propagate = propagate
        log.removeHandler(handler)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=_PROG,
        description=_INTRO.format(prog=_PROG),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"`{_PROG} COMMAND --help` tells more about a command.",
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    command = _command(commands, "scenarios", _scenarios, "list the stories, or tell one")
    command.add_argument("name", metavar="NAME", nargs="?", help="the one to tell, with its parameters")

    designs = "\n".join(f"  {design.name:17} {design.title}" for design in list_designs().values())
    command = _command(
        commands, "run", _run, "run a story and compare designs", _RUN_EXAMPLES.format(prog=_PROG, designs=designs)
    )
    _what_to_run(command)
    command.add_argument(
        "--design", metavar="NAME", action="append", help="which design; repeat to compare (default: the two pools)"
    )
    command.add_argument(
        "--runtime",
        choices=("real", "controlled"),
        default="real",
        help="real threads, or virtual time (default: real)",
    )
    command.add_argument(
        "--deadline", metavar="S", type=float, default=30.0, help="end a run after S seconds (default: 30)"
    )
    command.add_argument(
        "--out", metavar="FILE", type=Path,
        help="save the trace as JSON lines; with several designs, each has its name put before the suffix",
    )  # fmt: skip
    command.add_argument("--timeline", action="store_true", help="draw the trace with characters (needs visualize)")

    command = _command(commands, "trace", _trace, "sum up or convert a saved trace", _TRACE_EXAMPLES.format(prog=_PROG))
    command.add_argument("file", metavar="FILE", type=Path, help="what `run --out` saved")
    command.add_argument(
        "--perfetto", metavar="OUT", type=Path, help="write it for ui.perfetto.dev (Chrome trace JSON)"
    )

    command = _command(
        commands, "explore", _explore, "search a story's schedules", _EXPLORE_EXAMPLES.format(prog=_PROG)
    )
    _what_to_run(command)
    command.add_argument("--design", metavar="NAME", default="taskpool", help="which design (default: taskpool)")
    command.add_argument("--strategy", metavar="NAME", default="optimal", help="how to search (default: optimal)")
    command.add_argument(
        "--max-schedules", metavar="N", type=int, default=10_000, help="stop after N schedules (default: 10000)"
    )

    from taskpool.bench import command as bench

    command = _command(commands, "bench", bench.bench, "measure how fast it is here", bench.examples(_PROG))
    bench.add_arguments(command)

    from taskpool.scenarios.sip.commands import add_commands

    add_commands(functools.partial(_command, commands))
    return parser


def _command(
    commands: Any, name: str, function: Callable[[argparse.Namespace], int], summary: str, epilog: str = ""
) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.set_defaults(command=function)
    return command


def _what_to_run(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", metavar="NAME", help=f"the story: {', '.join(list_scenarios())}")
    command.add_argument("--threads", metavar="N", help="threads the pool starts with (default: the story's own)")
    command.add_argument(
        "--unbounded", action="store_true", help="let the pool grow without limit (the same as --param bounded=no)"
    )
    command.add_argument(
        "--param", metavar="KEY=VALUE", action="append", default=[], help="a parameter of the story; repeat for more"
    )


def _params(args: argparse.Namespace) -> dict[str, Any]:
    params: dict[str, Any] = {}
    for pair in args.param:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise ScenarioError(f"--param {pair!r}: write it as KEY=VALUE")
        params[key.strip()] = value.strip()
    if args.threads is not None:
        params["threads"] = args.threads
    if args.unbounded:
        params["bounded"] = False
    return get_scenario(args.name).resolve(params)


def _scenarios(args: argparse.Namespace) -> int:
    if args.name is not None:
        print(get_scenario(args.name).tell(max(40, min(100, shutil.get_terminal_size().columns))))
        print(f"\nrun it: {_PROG} run {args.name}")
        return 0
    width = max(len(name) for name in list_scenarios())
    for scenario in list_scenarios().values():
        print(f"{scenario.name:{width}}  {scenario.title}")
    return 0


def _run(args: argparse.Namespace) -> int:
    from taskpool.scenarios import compare_runs

    designs = list(dict.fromkeys(args.design or ("threadpool", "taskpool")))
    if args.out is not None and not args.out.parent.is_dir():
        raise ScenarioError(f"--out {args.out}: there is no folder {args.out.parent}")
    runs = list(
        compare_runs(args.name, designs, runtime=args.runtime, deadline=args.deadline, **_params(args)).values()
    )
    if len(runs) == 1:
        print(runs[0])
    else:
        for run in runs:
            print(f"{run.design}: {run.outcome}. {run.reason}")
        print()
        print(compare_text(runs))
    for run in runs:
        if args.timeline:
            print()
            print(_timeline(run))
        if args.out is not None:
            path = args.out if len(runs) == 1 else args.out.with_name(_with_design(args.out, run.design))
            run.trace.save(path)
            print(f"trace of {run.design} saved: {path}")
    return 0 if all(run.outcome == "completed" for run in runs) else 1


def _with_design(path: Path, design: str) -> str:
    return f"{path.stem}.{design}{path.suffix}"


def _timeline(run: Run) -> str:
    try:
        from visualize.timeline import text
    except ImportError as error:
        raise ScenarioError(f"--timeline needs the package visualize: {error}") from None
    return str(text(run.trace))


def _trace(args: argparse.Namespace) -> int:
    from taskpool.trace import Trace

    trace = Trace.load(args.file)
    meta = trace.meta or {}
    if "scenario" in meta:
        print(f"{meta['scenario']} on {meta.get('design', '?')}: {meta.get('outcome', '?')}. {meta.get('reason', '')}")
    print(f"{len(trace):,} events, {trace.dropped:,} dropped")
    for key, value in trace.summary().as_dict().items():
        label = key.replace("_", " ")
        if isinstance(value, dict):
            value = ", ".join(f"{reason} {seconds:.4f}" for reason, seconds in value.items()) or "–"
        elif isinstance(value, float):
            value = f"{value:.4f}"
        print(f"  {label:24} {value}")
    if args.perfetto is not None:
        trace.to_perfetto(args.perfetto)
        print(f"written for ui.perfetto.dev: {args.perfetto}")
    return 0


def _explore(args: argparse.Namespace) -> int:
    from taskpool.explore import explore
    from taskpool.scenarios import program

    story = program(args.name, args.design, **_params(args))
    report = explore(story, strategy=args.strategy, max_schedules=args.max_schedules, progress=sys.stderr.isatty())
    print(report)
    return 1 if report.failures else 130 if report.interrupted else 0


if __name__ == "__main__":
    sys.exit(main())
