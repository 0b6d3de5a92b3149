"""`sip` and `sip-load`: what they print, and their exit codes; sipp's files; a small load with the real sipp."""

from __future__ import annotations

import json
import math
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from taskpool import Recorder
from taskpool.__main__ import main
from taskpool.errors import OptionError
from taskpool.scenarios.sip.core import EndpointOptions
from taskpool.scenarios.sip.highest_rate import highest_rates
from taskpool.scenarios.sip.load import WORKLOADS, load, run_once
from taskpool.scenarios.sip.load_row import HEADER, LoadRow, line
from taskpool.scenarios.sip.pools import DESIGNS
from taskpool.scenarios.sip.sipp_client import Result, SippError, percentile, read_result
from taskpool.scenarios.sip.transactions import Timing
from taskpool.scenarios.sip.transport import UdpTransport
from taskpool.trace import Trace
from tests.taskpool.scenarios.sip.phone import Phone

ROOT = Path(__file__).parents[4]
with_sipp = pytest.mark.skipif(shutil.which("sipp") is None, reason="sipp is missing: apt-get install sip-tester")


@pytest.mark.threads
@pytest.mark.parametrize("design", DESIGNS)
def test_sip_serves_until_interrupted(design, tmp_path):
    command = [sys.executable, "-m", "taskpool", "sip", "--design", design, "--out", str(tmp_path / "calls.jsonl")]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    transport = UdpTransport()
    try:
        first = server.stdout.readline()
        assert first.startswith(f"{design} serves SIP on 127.0.0.1:")
        port = int(first.partition("127.0.0.1:")[2].partition(" ")[0])
        phone = Phone(transport, ("127.0.0.1", port))
        phone.dial()
        phone.send("BYE")
        phone.expect(200)
        while "completed 1" not in server.stdout.readline():
            pass
        server.send_signal(signal.SIGINT)
        out, _ = server.communicate(timeout=60)
    finally:
        server.kill()
        server.wait()
        server.stdout.close()
        transport.close()
    assert "every call has ended, every message was handled" in out
    assert server.returncode == 0
    assert len(Trace.load(tmp_path / "calls.jsonl")) > 10


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["sip", "--design", "no"], "design='no': choose one of taskpool, threadpool, threadpool-bounded"),
        (["sip", "--port", "70000"], "--port 70000: a port is a number from 0 to 65535"),
        (["sip", "--threads", "0"], "threads=0: at least 1 is needed"),
        (["sip", "--lookup", "slow"], "--lookup 'slow': write it as USER=SECONDS"),
        (["sip", "--out", "/no/such/folder/x"], "there is no folder /no/such/folder"),
    ],
)
def test_what_sip_cannot_do_is_one_line(argv, message, capsys):
    assert main(argv) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1


def test_without_sipp_one_line_names_the_package(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["sip-load"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        "python -m taskpool: sipp is not installed: it is in Debian's package sip-tester (apt-get install sip-tester)\n"
    )


def test_sipps_files_are_read(tmp_path):
    with pytest.raises(SippError, match="sipp left no statistics"):
        read_result(tmp_path, 3)
    (tmp_path / "calls.csv").write_text("SuccessfulCall(C);Retransmissions(C);\n0;0;\n2;5;\n")
    (tmp_path / "uac_1_rtt.csv").write_text("Date_ms;response_time_ms;rtd_no\n1;20;1\n2;8;1\n")
    result = read_result(tmp_path, 3)
    assert result == Result(calls=3, completed=2, retransmissions=5, times=(0.02, 0.008))
    assert result.failed == 1


def test_percentiles_are_of_the_nearest_rank():
    times = tuple(float(number) for number in range(100, 0, -1))
    assert [percentile(times, percent) for percent in (50, 99, 100)] == [50, 99, 100]
    assert percentile((7.0,), 99) == 7
    assert math.isnan(percentile((), 50))


def test_a_row_stands_under_its_header():
    row = LoadRow("calls", "taskpool", 6000, 0, 1, 0.0012, 0.05, 0.0021, 4, 0.0, 30)
    assert line(row).split() == ["calls", "taskpool", "6000", "0", "1", "1.2", "50.0", "2.10", "4", "0.0", "30"]
    assert len(line(row)) == len(HEADER)
    assert row.as_dict()["p99"] == 0.05


def test_every_workload_has_its_scenario():
    named = {one.scenario for one in WORKLOADS.values()}
    named |= {one.beside[0] for one in WORKLOADS.values() if one.beside is not None}
    for name in named - {"uac"}:
        text = (files("taskpool.scenarios.sip") / "sipp" / f"{name}.xml").read_text(encoding="utf-8")
        assert ET.fromstring(text).get("name") == name


def test_what_cannot_be_measured_is_refused():
    for options in ({"workload": "no"}, {"design": "no"}, {"seconds": 0}, {"rate": -1}):
        with pytest.raises(OptionError):
            run_once(**{"workload": "calls", "design": "taskpool", "seconds": 1, **options})
    with pytest.raises(OptionError, match="rounds=0"):
        list(load(["calls"], ["taskpool"], rounds=0))


@with_sipp
@pytest.mark.threads
@pytest.mark.parametrize("design", DESIGNS)
def test_a_few_calls_of_the_real_sipp_come_to_their_end(design):
    recorder = Recorder()
    rows = list(
        load(["registrations", "calls"], [design], rounds=1, seconds=0.5, rate=10, recorder_of=lambda *_: recorder)
    )
    assert [(row.workload, row.completed, row.failed) for row in rows] == [("registrations", 5, 0), ("calls", 5, 0)]
    assert all(row.peak_threads >= 1 and row.p99 >= row.p50 for row in rows)
    assert len(recorder.trace()) > 50


@with_sipp
@pytest.mark.threads
def test_transfers_of_the_real_sipp_are_recorded(monkeypatch, tmp_path, capsys):
    # No NOTIFY is repeated, however slow the machine: sipp takes a repeated one for a failure.
    patient = EndpointOptions(replace_time=0.05, timing=Timing(t1=30))
    monkeypatch.setitem(WORKLOADS, "transfers", replace(WORKLOADS["transfers"], options=patient))
    command = ["sip-load", "--workload", "transfers", "--design", "taskpool", "--rounds", "1", "--seconds", "0.25"]
    assert main([*command, "--rate", "20", "--record", str(tmp_path), "--json", str(tmp_path / "f.json")]) == 0
    header, row, saved = capsys.readouterr().out.splitlines()
    assert (header, row.split()[:4]) == (HEADER, ["transfers", "taskpool", "15", "0"])
    assert saved == f"trace saved: {tmp_path / 'transfers.taskpool.jsonl'}"
    trace = Trace.load(tmp_path / "transfers.taskpool.jsonl")
    assert sum(event.kind == "serializer_suspended" for event in trace) == 10
    assert trace.meta["reason"] == "15 calls completed, 0 failed."
    assert json.loads((tmp_path / "f.json").read_text())["rows"][0]["completed"] == 15


def test_the_rate_is_doubled_and_bisected_in_turns(monkeypatch):
    limits = {"taskpool": 300, "threadpool": 120, "threadpool-bounded": 30}
    runs = []

    def run(workload, design, *, seconds, rate, threads, client):
        runs.append((design, rate))
        return LoadRow(workload, design, 1, rate > limits[design], 0, 0, 0, 0, 1, 0, 0)

    monkeypatch.setattr("taskpool.scenarios.sip.highest_rate.run_once", run)
    rows = list(highest_rates(list(limits), seconds=1))
    assert runs[:7] == [
        ("taskpool", 50),
        ("threadpool", 50),
        ("threadpool-bounded", 50),
        ("taskpool", 100),
        ("threadpool", 100),
        ("threadpool-bounded", 25),
        ("taskpool", 200),
    ]
    assert len(rows) == len(runs) + 3
    for row, limit in zip(rows[-3:], limits.values(), strict=True):
        rate = float(row.workload.removesuffix("/s at most"))
        assert row.failed == 0
        assert limit / 1.15 <= rate <= limit


def test_a_design_that_takes_no_call_and_one_that_takes_all_end_the_search(monkeypatch):
    def run(workload, design, **_):
        return LoadRow(workload, design, 1, design == "threadpool", 0, 0, 0, 0, 1, 0, 0)

    monkeypatch.setattr("taskpool.scenarios.sip.highest_rate.run_once", run)
    rows = list(highest_rates(["taskpool", "threadpool"], seconds=1))
    assert [(row.design, row.workload) for row in rows if "most" in row.workload] == [("taskpool", "20000/s at most")]
