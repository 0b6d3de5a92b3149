"""The command line of the endpoint: ``python -m taskpool sip`` serves, ``sip-call`` calls, ``sip-load`` measures."""

from __future__ import annotations

import argparse
import json
import os
import sys
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from taskpool.conf_options import Module
from taskpool.errors import OptionError
from taskpool.recorder import Recorder
from taskpool.runtime.real import default_runtime
from taskpool.scenarios.sip.callers import Callers
from taskpool.scenarios.sip.core import EndpointOptions
from taskpool.scenarios.sip.endpoint import Endpoint
from taskpool.scenarios.sip.highest_rate import highest_rates
from taskpool.scenarios.sip.load import WORKLOADS, load
from taskpool.scenarios.sip.load_row import HEADER, line
from taskpool.scenarios.sip.pools import DESIGNS, PoolOptions, open_pools, options_of
from taskpool.scenarios.sip.sipp_client import find_sipp, percentile
from taskpool.scenarios.sip.transport import UdpTransport

__all__ = ["add_commands"]

_DESIGNS = "designs:\n" + "\n".join(f"  {name:19} {title}" for name, title in DESIGNS.items())
_WORKLOADS = "workloads:\n" + "\n".join(f"  {name:15} {one.title}" for name, one in WORKLOADS.items())

_SIP = f"""\
examples:
  python -m taskpool sip --design taskpool --port 5060
  python -m taskpool sip --design threadpool-bounded --threads 2 --out calls.jsonl
  python -m taskpool sip --conf /etc/asterisk/pjsip.conf --stasis-conf /etc/asterisk/stasis.conf
then, from another terminal:
  python -m taskpool sip-call 127.0.0.1:5060 --calls 10
  sipp -sn uac 127.0.0.1:5060 -i 127.0.0.1 -r 10

{_DESIGNS}

It listens on 127.0.0.1 only, and prints a line of counts each second until Ctrl-C.
"""

_CALL = """\
examples:
  python -m taskpool sip-call 127.0.0.1:5060
  python -m taskpool sip-call 127.0.0.1:5060 --calls 100 --rate 20 --transfer --at-once 10

It prints what the callers heard. Its exit code is 1 if a call was not completed.
"""

_LOAD = f"""\
examples:
  python -m taskpool sip-load                                   everything, three rounds of 10 s: some minutes
  python -m taskpool sip-load --workload transfers --threads 4
  python -m taskpool sip-load --workload calls --rounds 1 --seconds 60
  python -m taskpool sip-load --highest-rate                    the most calls a second without a failure

{_WORKLOADS}

{_DESIGNS}

It needs sipp, Debian's package sip-tester; or, with --client own and without registrations, nothing.
"""


def add_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add both commands.

    Args:
        add: Called with a command's name, function, one-line summary and epilog; returns its parser.
    """
    command = add("sip", _serve, "serve SIP calls on loopback", _SIP)
    command.add_argument(
        "--design", metavar="NAME", default="taskpool", help=f"{', '.join(DESIGNS)} (default: taskpool)"
    )
    command.add_argument("--port", metavar="N", type=int, default=0, help="UDP port (default: 0, one that is free)")
    command.add_argument("--threads", metavar="N", type=int, help="threads of the SIP pool (default: the design's own)")
    command.add_argument("--conf", metavar="FILE", help="a pjsip.conf: the options of the SIP pool")
    command.add_argument("--stasis-conf", metavar="FILE", help="a stasis.conf: the options of the message bus's pool")
    command.add_argument(
        "--lookup", metavar="USER=S", action="append", default=[], help="let calls to USER take S seconds to look up"
    )
    command.add_argument("--out", metavar="FILE", type=Path, help="save the SIP pool's trace when it ends")

    command = add("sip-call", _call, "call an endpoint on loopback", _CALL)
    command.add_argument("to", metavar="HOST:PORT", help="where the endpoint is")
    command.add_argument("--user", metavar="NAME", default="south", help="whom to call (default: south)")
    command.add_argument("--calls", metavar="N", type=int, default=1, help="how many calls (default: 1)")
    command.add_argument("--rate", metavar="N", type=float, default=10.0, help="calls begun in a second (default: 10)")
    command.add_argument("--transfer", action="store_true", help="transfer each call before it ends")
    command.add_argument("--at-once", metavar="N", type=int, help="calls in progress at most (default: no limit)")
    command.add_argument(
        "--patience", metavar="S", type=float, default=10.0, help="seconds to wait for any one answer (default: 10)"
    )
    command.add_argument("--json", metavar="FILE", type=Path, help="keep what each caller heard as JSON")

    command = add("sip-load", _load, "let sipp call the endpoint on each design", _LOAD)
    command.add_argument("--design", metavar="NAME", action="append", help="which design; repeat (default: all)")
    command.add_argument("--workload", metavar="NAME", action="append", help="which workload; repeat (default: all)")
    command.add_argument("--rounds", metavar="N", type=int, default=3, help="turns of each design (default: 3)")
    command.add_argument("--seconds", metavar="S", type=float, default=10.0, help="length of a run (default: 10)")
    command.add_argument("--rate", metavar="N", type=float, help="calls a second (default: the workload's own)")
    command.add_argument("--threads", metavar="N", type=int, help="threads of the SIP pool (default: the design's own)")
    command.add_argument(
        "--client", metavar="NAME", default="sipp", help="sipp, or own: a client of ours (default: sipp)"
    )
    command.add_argument("--highest-rate", action="store_true", help="double the rate until a call fails, then bisect")
    command.add_argument("--json", metavar="FILE", type=Path, help="keep the figures as JSON, too")
    command.add_argument(
        "--record", metavar="FOLDER", type=Path, help="save each design's first run as a trace; costs processor time"
    )


def _serve(args: argparse.Namespace) -> int:
    if args.out is not None and not args.out.parent.is_dir():
        raise OptionError(f"--out {args.out}: there is no folder {args.out.parent}")
    if not 0 <= args.port <= 65_535:
        raise OptionError(f"--port {args.port}: a port is a number from 0 to 65535")
    runtime = default_runtime()
    recorder = Recorder() if args.out is not None else None
    options = EndpointOptions(lookups=dict(_lookup(text) for text in args.lookup))
    conf: dict[str, Any] = {
        "pjsip": _from_conf(args.design, args.conf, "pjsip"),
        "stasis": _from_conf(args.design, args.stasis_conf, "stasis"),
    }
    transport = UdpTransport(args.port)
    try:
        pool, stasis = open_pools(args.design, runtime=runtime, threads=args.threads, recorder=recorder, **conf)
    except BaseException:
        transport.close()
        raise
    endpoint = Endpoint(transport, pool, stasis, options, runtime=runtime)
    host, port = endpoint.address
    print(f"{args.design} serves SIP on {host}:{port} (UDP) until Ctrl-C", flush=True)
    pause, shown = runtime.Event(), ""
    try:
        while True:
            pause.wait(1.0)
            text = _counts(endpoint)
            if text != shown:
                print(text, flush=True)
            shown = text
    except KeyboardInterrupt:
        print("stopping", flush=True)
    report = endpoint.stop()
    print(_counts(endpoint))
    if report.in_time:
        print("every call has ended, every message was handled")
    else:
        print(
            f"not in time: {report.dropped} calls dropped, {report.unhandled} messages unhandled,"
            f" {report.running} threads still in a task"
        )
    if recorder is not None:
        _save(recorder, args.out, "sip", args.design, report.in_time, f"{report.dropped} calls were dropped.")
    return 0 if report.in_time else 1


def _from_conf(design: str, path: str | None, module: Module) -> PoolOptions | None:
    """The options in a file, if there is one; warnings, as of deprecated names, are a line each on standard error."""
    if path is None:
        return None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        options = options_of(design).from_conf(path, module=module)
    for one in caught:
        print(f"warning: {one.message}", file=sys.stderr)
    return options


def _save(recorder: Recorder, path: Path, what: str, design: str, good: bool, reason: str) -> None:
    outcome = "completed" if good else "failed"
    recorder.trace({"scenario": what, "design": design, "outcome": outcome, "reason": reason}).save(path)
    print(f"trace saved: {path}")


def _lookup(text: str) -> tuple[str, float]:
    user, _, seconds = text.partition("=")
    try:
        return user, float(seconds)
    except ValueError:
        raise OptionError(f"--lookup {text!r}: write it as USER=SECONDS") from None


def _counts(endpoint: Endpoint) -> str:
    """One line: what there is now, and what has happened."""
    counts, state = endpoint.counts.as_dict(), endpoint.state()
    statistics: Any = endpoint.pool.statistics()  # type: ignore[attr-defined]  # both pools have it
    always = {"threads": statistics.threads, "calls up": state["dialogs"], "waiting": state["waiting"]}
    seldom = {"transfers up": state["transfers"], "absorbed": state["absorbed"], "resent": state["resent"]}
    happened = {name: number for name, number in counts.items() if name not in ("accepted", "handled")}
    shown = {**always, **{name: number for name, number in {**seldom, **happened}.items() if number}}
    text = "  ".join(f"{name} {number}" for name, number in shown.items())
    stall = endpoint.pool.stall() if state["waiting"] else None
    return text if stall is None or not stall.cycle else f"{text}\n  nothing moves: {stall}"


def _call(args: argparse.Namespace) -> int:
    host, _, port = args.to.rpartition(":")
    if not (host and port.isascii() and port.isdigit() and 0 < int(port) <= 65_535):
        raise OptionError(f"{args.to!r}: write it as HOST:PORT, as in 127.0.0.1:5060")
    if args.calls < 1 or not min(args.rate, args.patience) > 0 or (args.at_once is not None and args.at_once < 1):
        raise OptionError("--calls and --at-once must be at least 1, --rate and --patience above 0")
    if args.json is not None and not args.json.parent.is_dir():
        raise OptionError(f"--json {args.json}: there is no folder {args.json.parent}")
    to = host, int(port)
    with Callers(UdpTransport(), to, runtime=default_runtime(), patience=args.patience) as callers:
        callers.place_all(args.calls, args.rate, args.user, transfer=args.transfer, at_once=args.at_once)
        heard = callers.wait()
    outcomes = Counter(one.outcome for one in heard)
    times = [one.answered for one in heard if one.answered is not None]
    print(", ".join(f"{number} {outcome}" for outcome, number in outcomes.most_common()))
    if times:
        print(f"answered after {percentile(times, 50) * 1e3:.1f} ms (p50), {percentile(times, 99) * 1e3:.1f} ms (p99)")
    print(f"{sum(one.resent for one in heard)} messages sent again")
    if args.json is not None:
        args.json.write_text(json.dumps([asdict(one) for one in heard]) + "\n", encoding="utf-8")
    return 0 if set(outcomes) == {"completed"} else 1


def _load(args: argparse.Namespace) -> int:
    if args.client == "sipp":
        find_sipp()
    for path in (args.json and args.json.parent, args.record):
        if path is not None and not path.is_dir():
            raise OptionError(f"there is no folder {path}")
    designs = list(dict.fromkeys(args.design or DESIGNS))
    workloads = list(dict.fromkeys(args.workload or WORKLOADS))
    recorders: dict[tuple[str, str], Recorder] = {}

    def recorder_of(workload: str, design: str, number: int) -> Recorder | None:
        if args.record is None or number:
            return None
        return recorders.setdefault((workload, design), Recorder())

    print(HEADER, flush=True)
    rows = []
    if args.highest_rate:
        found = highest_rates(designs, seconds=args.seconds, threads=args.threads, client=args.client)
        for row in found:
            rows.append(row)
            print(line(row), flush=True)
    else:
        common: dict[str, Any] = {
            "rounds": args.rounds,
            "seconds": args.seconds,
            "rate": args.rate,
            "threads": args.threads,
        }
        common["client"] = args.client
        for row in load(workloads, designs, **common, recorder_of=recorder_of):
            rows.append(row)
            print(line(row), flush=True)
    for row in rows:
        recorder = recorders.get((row.workload, row.design))
        if recorder is not None:
            path = args.record / f"{row.workload}.{row.design}.jsonl"
            reason = f"{row.completed:.0f} calls completed, {row.failed:.0f} failed."
            _save(recorder, path, f"sip {row.workload}", row.design, not row.failed, reason)
    if args.json is not None:
        here = {"python": sys.version.split()[0], "processors": os.cpu_count(), "seconds": args.seconds}
        args.json.write_text(json.dumps({**here, "rows": [row.as_dict() for row in rows]}, indent=1) + "\n")
    return 0
