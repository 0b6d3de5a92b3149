"""``python -m taskpool bench``: what it prints and keeps, and its exit codes."""

from __future__ import annotations

import json

import pytest

from taskpool.__main__ import main
from taskpool.bench import runner
from taskpool.bench.case import Settings
from taskpool.bench.titles import TITLES

TINY = Settings(threads=2, seconds=0.0, chains=3, pushes=20)


@pytest.fixture
def tiny(monkeypatch):
    monkeypatch.setattr(Settings, "quick", classmethod(lambda cls, threads=5: TINY))


@pytest.mark.threads
def test_figures_are_printed_and_kept(tiny, capsys, tmp_path):
    kept = tmp_path / "figures.json"
    assert main(["bench", "--quick", "--only", "c,a", "--repeats", "2", "--json", str(kept)]) == 0
    streams = capsys.readouterr()
    titles = [line for line in streams.out.splitlines() if line[:3] in ("a  ", "c  ")]
    assert titles == ["a  3 self-pushing tasks, 2 threads", "c  20 pushes from outside until drained, 2 threads"]
    assert streams.err == ""  # no progress where nobody sees it move
    figures = json.loads(kept.read_text(encoding="utf-8"))
    assert {(row["workload"], len(row["values"])) for row in figures["rows"]} == {("a", 2), ("c", 2)}


@pytest.mark.threads
def test_an_interrupted_measurement_prints_what_is_complete_and_ends_with_130(tiny, capsys, monkeypatch):
    real = runner._round

    def second_is_interrupted(cases, number, shown):
        if number:
            raise KeyboardInterrupt
        return real(cases, number, shown)

    monkeypatch.setattr(runner, "_round", second_is_interrupted)
    assert main(["bench", "--quick", "--only", "a", "--repeats", "1"]) == 0
    assert main(["bench", "--quick", "--only", "a", "--repeats", "3"]) == 130
    assert "1 interleaved round, interrupted" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--only", "a,z"], "only='a,z': choose from a (tasks that push themselves again)"),
        (["--threads", "0"], "threads=0: at least 1 thread is needed"),
        (["--repeats", "0"], "--repeats 0: at least 1 round is needed"),
        (["--json", "/no/such/folder/x.json"], "there is no folder /no/such/folder"),
        (["explore", "--quick"], "--quick is for the pools"),
        (["explore", "--only", "a"], "--only is for the pools"),
        (["explore", "--threads", "0"], "--threads is for the pools"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(argv, message, capsys):
    assert main(["bench", *argv]) == 2
    streams = capsys.readouterr()
    assert (streams.out, streams.err.count("\n")) == ("", 1)
    assert message in streams.err


def test_help_lists_the_workloads(capsys):
    with pytest.raises(SystemExit):
        main(["bench", "--help"])
    out = capsys.readouterr().out
    assert all(f"  {letter}  {title}\n" in out for letter, title in TITLES.items())


def test_the_options_reach_the_measurement(monkeypatch, capsys):
    asked = {}

    def measured(only, **options):
        asked.update(options, only=only)
        return runner.Result(runner.Machine.here(), TINY, 1, runner.Rows())

    monkeypatch.setattr(runner, "run", measured)
    assert main(["bench", "--only", "b", "--threads", "7"]) == 0
    assert asked == {"only": "b", "quick": False, "repeats": None, "threads": 7}
