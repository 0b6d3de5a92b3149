"""The command line: what it prints, where, and its exit codes."""

import json
import subprocess
import sys

import pytest

from taskpool.__main__ import main


def lines(capsys):
    return capsys.readouterr().out.splitlines()


def test_help_shows_where_to_start(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0
    out = capsys.readouterr().out
    for word in ("start here", "scenarios", "run masquerade", "trace", "--perfetto"):
        assert word in out


@pytest.mark.parametrize("command", ["scenarios", "run", "trace", "explore", "bench"])
def test_each_command_has_help(command, capsys):
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    assert "usage: python -m taskpool" in capsys.readouterr().out


def test_no_command_is_wrong_usage(capsys):
    with pytest.raises(SystemExit) as stop:
        main([])
    assert stop.value.code == 2
    assert "COMMAND" in capsys.readouterr().err


def test_stories_are_listed_one_a_line(capsys):
    assert main(["scenarios"]) == 0
    out = lines(capsys)
    assert len(out) == 7
    assert out[0].startswith("nested-push-wait  ")


def test_a_story_is_told_with_its_parameters(capsys):
    assert main(["scenarios", "masquerade"]) == 0
    out = capsys.readouterr().out
    for text in ("threads=2", "bounded=yes", "replace_ms=5 ms", "what to look for", "run it: python -m taskpool run"):
        assert text in out


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["scenarios", "masquerad"], "there is no scenario 'masquerad'. Did you mean masquerade?"),
        (["run", "masquerad"], "there is no scenario 'masquerad'. Did you mean masquerade?"),
        (["run", "masquerade", "--design", "taskpol"], "there is no design 'taskpol'. Did you mean taskpool"),
        (["run", "masquerade", "--param", "cals=2"], "called 'cals'. Did you mean calls?"),
        (["run", "masquerade", "--param", "deadline=2"], "there is no parameter of masquerade called 'deadline'"),
        (["run", "masquerade", "--param", "calls"], "--param 'calls': write it as KEY=VALUE"),
        (["run", "masquerade", "--param", "calls=many"], "calls='many': a whole number is needed (default: 4)"),
        (["run", "masquerade", "--threads", "0"], "threads='0': at least 1 is needed"),
        (["run", "masquerade", "--deadline", "-1"], "deadline=-1.0: a number of seconds above 0 is needed"),
        (["run", "masquerade", "--out", "/no/such/folder/x.jsonl"], "there is no folder /no/such/folder"),
        (["trace", "/no/such/file.jsonl"], "/no/such/file.jsonl"),
        (["explore", "masquerad"], "there is no scenario 'masquerad'. Did you mean masquerade?"),
        (["explore", "masquerade", "--strategy", "best"], "strategy='best': choose one of optimal"),
        (["explore", "masquerade", "--max-schedules", "0"], "max_schedules=0"),
        (["bench", "explore", "--repeats", "0"], "--repeats 0: at least 1 round is needed"),
        (["bench", "explore", "--json", "/no/such/folder/x.json"], "there is no folder /no/such/folder"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(argv, message, capsys):
    assert main(argv) == 2
    streams = capsys.readouterr()
    assert streams.out == ""
    assert message in streams.err
    assert streams.err.startswith("python -m taskpool: ")
    assert streams.err.count("\n") == 1


@pytest.mark.threads
def test_a_run_of_both_designs_is_a_table_and_two_traces(capsys, tmp_path):
    out_file = tmp_path / "m.jsonl"
    assert main(["run", "masquerade", "--out", str(out_file)]) == 1
    out = lines(capsys)
    assert out[0].startswith("threadpool: deadlocked. Nothing can move: ")
    assert out[1].startswith("taskpool: completed. ")
    assert any(line.split() == ["outcome", "deadlocked", "completed"] for line in out)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.taskpool.jsonl", "m.threadpool.jsonl"]


@pytest.mark.threads
def test_a_saved_trace_is_summed_up_and_converted(capsys, tmp_path):
    saved, converted = tmp_path / "p.jsonl", tmp_path / "p.json"
    argv = ["run", "pause-many", "--design", "taskpool", "--param", "serializers=3", "--threads", "1"]
    assert main([*argv, "--out", str(saved)]) == 0
    assert "pause-many on taskpool: completed" in capsys.readouterr().out
    assert main(["trace", str(saved), "--perfetto", str(converted)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("pause-many on taskpool: completed. Everything that was pushed has run")
    assert "peak threads             1" in out
    assert json.loads(converted.read_text())


@pytest.mark.threads
def test_a_refused_wait_leaves_no_traceback_on_the_terminal(capfd):
    assert main(["run", "cross-push-wait", "--design", "taskpool"]) == 0
    streams = capfd.readouterr()
    assert "DeadlockError" in streams.out
    assert streams.err == ""


@pytest.mark.threads
def test_an_unbounded_pool_is_a_flag(capsys):
    assert main(["run", "nested-push-wait", "--design", "threadpool", "--unbounded"]) == 0
    assert "nested-push-wait on threadpool: completed" in capsys.readouterr().out


def test_an_interrupt_ends_it_with_130(monkeypatch, capsys):
    import taskpool.scenarios

    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(taskpool.scenarios, "compare_runs", interrupted)
    assert main(["run", "masquerade"]) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_a_reader_that_has_gone_is_no_error():
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "taskpool", "scenarios"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.close()
    _, err = process.communicate(timeout=60)
    assert err == b""
    assert process.returncode == 141


PAUSES = ["explore", "pause-many", "--param", "serializers=1", "--param", "tasks=0", "--threads", "1"]


def test_a_search_that_finds_something_ends_with_1_and_says_which_schedule(capsys):
    assert main([*PAUSES, "--design", "threadpool", "--max-schedules", "5"]) == 1
    streams = capsys.readouterr()
    assert streams.out.startswith("pause-many on threadpool: 1 failure\n")
    assert "schedule: default" in streams.out
    assert streams.err == ""  # no bar where nobody sees it move


def test_a_search_that_finds_nothing_ends_with_0(capsys):
    assert main([*PAUSES, "--design", "taskpool", "--max-schedules", "5"]) == 0
    assert capsys.readouterr().out.startswith("pause-many on taskpool: no failure found\n")


def test_a_terminal_is_shown_how_far_a_search_is(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert main([*PAUSES, "--design", "taskpool", "--max-schedules", "5"]) == 0
    assert "] 3 schedules, all, " in capsys.readouterr().err


def test_an_interrupted_search_prints_what_it_covered_and_ends_with_130(capsys, monkeypatch):
    from taskpool.explore.progress import Bar

    def interrupt(bar, report):
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr("taskpool.explore.explorer._PROGRESS_EVERY", 0.0)
    monkeypatch.setattr(Bar, "__call__", interrupt)
    monkeypatch.setattr(Bar, "end", lambda bar, report: None)
    assert main([*PAUSES, "--design", "taskpool"]) == 130
    assert "Not every schedule was tried (interrupted)" in capsys.readouterr().out


def test_the_searchs_figures_are_printed_and_kept(capsys, monkeypatch, tmp_path):
    import taskpool.bench.explore as bench

    monkeypatch.setattr(bench, "programs", lambda: {"3 philosophers": (bench.philosophers(3), "optimal")})
    kept = tmp_path / "figures.json"
    assert main(["bench", "explore", "--repeats", "2", "--json", str(kept)]) == 0
    out = lines(capsys)
    assert out[0] == bench.HEADER
    assert out[1].split()[:3] == ["3", "philosophers", "7"]
    figures = json.loads(kept.read_text())
    assert (figures["repeats"], [row["schedules"] for row in figures["rows"]]) == (2, [7])
    assert len(figures["rows"][0]["seconds"]) == 2
