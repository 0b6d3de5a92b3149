"""A result's arithmetic, and how it is told, on samples made by hand."""

from __future__ import annotations

import json
from itertools import count

import pytest

from taskpool.bench import runner
from taskpool.bench.case import CPU, RATE, Case, Settings
from taskpool.bench.goals import GOALS, verdicts
from taskpool.bench.machine import Machine
from taskpool.bench.measure import Spread
from taskpool.bench.report import Result, number
from taskpool.bench.rows import Row, Rows
from taskpool.bench.runner import measure_cases, run
from taskpool.bench.workloads import WORKLOADS
from taskpool.errors import OptionError

HERE = Machine("Linux 6 x86_64", "Some Processor", 2, "CPython 3.11.0", True, 0.005, (700, 10, 10), 0.5)
PUSH = "200 self-pushing tasks, 5 threads"


def rows() -> Rows:
    """Three rounds; the machine was four times slower in the second."""
    rates = {
        "TaskPool": (1_200_000.0, 300_000.0, 1_000_000.0),
        "ThreadPool": (400_000.0, 120_000.0, 500_000.0),
        "ThreadPoolExecutor": (100_000.0, 25_000.0, 100_000.0),
    }
    made = []
    for side, values in rates.items():
        made.append(Row("a", PUSH, side, RATE, values))
        cpu = (1.0, 4.0, 1.5) if side == "TaskPool" else (4.0, 4.0, 3.0)
        made.append(Row("a", PUSH, side, CPU, cpu, main=False, better="less"))
    return Rows(made)


def result(**changes) -> Result:
    return Result(**{"machine": HERE, "settings": Settings(), "rounds": 3, "rows": rows(), **changes})


def spaced(line: str) -> str:
    """A line with one space between its words."""
    return " ".join(line.split())


def test_ratios_are_taken_within_a_round():
    taskpool = rows().find("a", "self-pushing", "TaskPool", RATE)
    threadpool = rows().find("a", "self-pushing", "ThreadPool", RATE)
    assert taskpool is not None
    assert threadpool is not None
    assert taskpool.spread == Spread(1_000_000.0, 300_000.0, 1_200_000.0)
    assert taskpool.times(threadpool) == Spread(2.5, 2.0, 3.0)


def test_less_is_better_where_it_is():
    cheap, dear = (Row("f", "pauses", side, "µs", values, better="less") for side, values in [("x", (2,)), ("y", (8,))])
    assert cheap.times(dear) == Spread(4.0, 4.0, 4.0)


def test_goals_say_what_was_reached_and_how_far_the_rest_is():
    told = {
        verdict.goal.name: (verdict.value.median, verdict.reached, round(verdict.missing, 3))
        for verdict in verdicts(rows())
    }
    assert told == {
        "TaskPool : ThreadPoolExecutor, self-pushing": (12.0, True, 0.0),
        "TaskPool : ThreadPool, self-pushing": (2.5, True, 0.0),
        "TaskPool, self-pushing": (1_000_000.0, True, 0.0),
    }
    slower = Rows(
        Row(row.workload, row.case, row.side, row.measure, tuple(value / 2 for value in row.values))
        if row.side == "TaskPool"
        else row
        for row in rows()
    )
    assert [(verdict.reached, round(verdict.missing, 3)) for verdict in verdicts(slower)] == [
        (False, 0.4),
        (False, 0.5),
        (False, 0.5),
    ]


def test_every_goal_is_of_rows_that_the_workloads_give():
    cases = {letter: workload(Settings()) for letter, workload in WORKLOADS.items()}
    for goal in GOALS:
        for letter, name, side, _ in goal.rows:
            matching = [case.name for case in cases[letter] if name in case.name and side in case.sides]
            assert len(matching) == 1, (goal.name, name, matching)


def test_the_text_shows_medians_spreads_ratios_and_goals():
    lines = result().text.splitlines()
    assert lines[:4] == [
        "CPython 3.11.0, GIL, switch interval 5 ms, gc on (700, 10, 10)",
        "Some Processor, 2 cores, Linux 6 x86_64, load before 0.5",
        str(Settings()),
        "3 interleaved rounds: medians (least to greatest); ratios are taken within a round",
    ]
    assert lines[5] == "a  200 self-pushing tasks, 5 threads"
    assert spaced(lines[6]) == "tasks/s CPU µs/task TaskPool is better by × in CPU time by ×"
    assert spaced(lines[7]) == "TaskPool 1,000,000 (300,000 to 1,200,000) 1.50"
    assert spaced(lines[8]) == "ThreadPool 400,000 (120,000 to 500,000) 4 2.50 (2 to 3) 2 (1 to 4)"
    assert lines[11] == "goals"
    assert spaced(lines[13]) == "a TaskPool : ThreadPoolExecutor, self-pushing ≥ 10 12 (10 to 12) reached"
    assert len({len(line) for line in lines[8:10]}) == 1
    assert repr(result()) == result().text


def test_settings_are_told_in_one_line():
    told = (
        "3 threads, 0.5 s for work that repeats itself, 2,000 pushes, 1,000 messages a second, 10,000 of what is sized"
    )
    assert str(Settings(threads=3, seconds=0.5, pushes=2_000)) == told


def test_an_event_costs_what_a_recorded_task_takes_more():
    case = "recording off and on: 200 self-pushing tasks, 5 threads"
    made = [
        Row("h", case, "TaskPool", CPU, (2.0, 4.0), main=False),
        Row("h", case, "TaskPool, recording", CPU, (5.0, 6.0), main=False),
        Row("h", case, "TaskPool, recording", "events/task", (3.0, 4.0), main=False),
    ]
    [verdict] = verdicts(Rows(made))
    assert (verdict.goal.name, verdict.value) == ("TaskPool, processor time of an event", Spread(0.75, 0.5, 1.0))
    assert verdict.reached


def test_what_is_not_recorded_costs_a_look_for_each_event():
    case = "recording off and on: 200 self-pushing tasks, 5 threads"
    made = [
        Row("h", case, "TaskPool", CPU, (1.0, 2.0), main=False),
        Row("h", case, "TaskPool", "ns to see that none records", (10.0, 20.0), main=False),
        Row("h", case, "TaskPool, recording", "events/task", (3.0, 8.0), main=False),
    ]
    [verdict] = verdicts(Rows(made))
    assert verdict.value.least == pytest.approx(3)
    assert verdict.value.greatest == pytest.approx(8)


def test_what_is_to_be_at_most_nothing_is_missed_by_what_there_is():
    case = "1,000 serializers paused at once"
    made = [
        Row("f", case, "TaskPool", "µs/pause", (9.0,), better="less"),
        Row("f", case, "TaskPool", "threads more", (3,), main=False),
    ]
    assert [(verdict.reached, verdict.missing) for verdict in verdicts(Rows(made))] == [(False, 3), (True, 0)]
    lines = result(rows=Rows(made), rounds=1).text.splitlines()
    assert spaced(lines[-2]) == "f TaskPool, threads for 1,000 pauses ≤ 0 threads 3 missed by 3"
    assert spaced(lines[-1]) == "f TaskPool, one of 1,000 pauses ≤ 15 µs 9 reached"


def test_a_busy_machine_is_told():
    busy = Machine("Linux", "p", 2, "python", True, 0.005, None, 1.0)
    assert busy.is_busy
    assert not HERE.is_busy
    assert "The machine was busy" in result(machine=busy).text
    assert "The machine was busy" not in result().text


def test_a_missed_goal_is_told_with_its_share():
    slow = Rows([Row("a", PUSH, "TaskPool", RATE, (750_000.0,))])
    assert result(rows=slow, rounds=1).text.splitlines()[-1].endswith("750,000  missed by 25 %")
    near = Rows([Row("a", PUSH, "TaskPool", RATE, (999_000.0,))])
    assert result(rows=near, rounds=1).text.splitlines()[-1].endswith("999,000  missed by under 1 %")


def test_a_notebook_gets_tables_of_the_same():
    bundle = result(machine=Machine("<system>", "p", 2, "python", False, 0.005, None, None))._repr_mimebundle_()
    assert bundle["text/plain"].startswith(
        "python, no GIL, switch interval 5 ms, gc off\np, 2 cores, <system>, load before unk"
    )
    assert bundle["text/html"].count("<table>") == 2
    assert "&lt;system&gt;" in bundle["text/html"]
    assert "1,000,000 (300,000 to 1,200,000)" in bundle["text/html"]


def test_json_has_every_value_and_what_it_cannot_be_read_without(tmp_path):
    path = tmp_path / "figures.json"
    result().save(path)
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert kept["machine"]["python"] == "CPython 3.11.0"
    assert kept["machine"]["gc"] == [700, 10, 10]
    assert kept["settings"]["thread_counts"] == [1, 2, 5, 20, 50, 200]
    assert (kept["rounds"], kept["interrupted"]) == (3, False)
    assert kept["rows"][0] == {
        "workload": "a",
        "case": PUSH,
        "side": "TaskPool",
        "measure": "tasks/s",
        "values": [1_200_000.0, 300_000.0, 1_000_000.0],
        "main": True,
        "better": "more",
        "median": 1_000_000.0,
        "least": 300_000.0,
        "greatest": 1_200_000.0,
    }
    assert kept["goals"][0]["reached"] is True
    assert kept["goals"][0]["median"] == 12.0


def test_a_frame_has_a_row_for_each_reading():
    frame = result().to_frame()
    assert list(frame.columns) == ["workload", "case", "side", "measure", "median", "least", "greatest"]
    assert len(frame) == 6
    assert frame.loc[0, "median"] == 1_000_000.0


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1_234_567.8, "1,234,568"),
        (99.94, "99.9"),
        (3.14159, "3.14"),
        (2.0, "2"),
        (0, "0"),
        (-150.5, "-150"),
        (0.0123, "0.012"),
    ],
)
def test_numbers_have_two_or_three_digits_at_least(value, text):
    assert number(value) == text


def counted(log: list[str], name: str, interrupt_at: int = 0):
    def run_side():
        log.append(name)
        if len(log) == interrupt_at:
            raise KeyboardInterrupt
        return {RATE: float(len(log)), CPU: 1.0}

    return run_side


def two_cases(log: list[str], interrupt_at: int = 0) -> list[Case]:
    return [
        Case(letter, f"case {letter}", {name: counted(log, letter + name, interrupt_at) for name in "xy"})
        for letter in "ab"
    ]


def test_a_round_goes_through_all_cases_and_their_sides_take_turns():
    log: list[str] = []
    done, interrupted, measured = measure_cases(two_cases(log), 2)
    assert log == ["ax", "ay", "bx", "by", "ay", "ax", "by", "bx"]
    assert (done, interrupted) == (2, False)
    assert [(row.workload, row.side, row.values) for row in measured if row.main] == [
        ("a", "x", (1.0, 6.0)),
        ("a", "y", (2.0, 5.0)),
        ("b", "x", (3.0, 8.0)),
        ("b", "y", (4.0, 7.0)),
    ]


def test_an_interrupt_leaves_the_rounds_that_are_complete():
    log: list[str] = []
    done, interrupted, measured = measure_cases(two_cases(log, interrupt_at=7), 5)
    assert (done, interrupted) == (1, True)
    assert [row.values for row in measured if row.main] == [(1.0,), (2.0,), (3.0,), (4.0,)]
    assert "1 interleaved round, interrupted: " in result(rounds=1, interrupted=True).text
    with pytest.raises(KeyboardInterrupt):
        measure_cases(two_cases([], interrupt_at=2), 5)


@pytest.mark.parametrize(("seconds_a_round", "rounds"), [(11.0, 1), (7.0, 2), (6.0, 2), (4.0, 3), (0.0, 3), (99.0, 1)])
def test_no_round_begins_that_would_end_too_late(monkeypatch, seconds_a_round, rounds):
    log: list[str] = []
    looks = count()

    class Clock:
        @staticmethod
        def monotonic():
            return 0.1 * next(looks) + seconds_a_round * (len(log) // 4)

    monkeypatch.setattr(runner, "default_runtime", Clock)
    assert measure_cases(two_cases(log), 3, within=15.0)[:2] == (rounds, False)
    assert len(log) == 4 * rounds


def test_progress_is_shown_when_asked_for_and_wiped_at_the_end(capsys):
    measure_cases(two_cases([]), 1, progress=True)
    shown = capsys.readouterr().err.split("\r")
    assert [line.rstrip() for line in shown] == [
        "",
        "0 %  round 1: a  case a: x".rjust(28),
        "25 %  round 1: a  case a: y".rjust(28),
        "50 %  round 1: b  case b: x".rjust(28),
        "75 %  round 1: b  case b: y".rjust(28),
        "",
        "",
    ]
    measure_cases(two_cases([]), 1)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("options", "message"),
    [({"repeats": 0}, "repeats=0"), ({"threads": 0}, "threads=0"), ({"only": "a,q"}, "only='a,q'")],
)
def test_what_cannot_be_measured_is_refused(options, message):
    with pytest.raises(OptionError, match=message):
        run(**options)


@pytest.mark.threads
def test_a_run_gives_a_row_for_every_reading_with_a_value_for_each_round():
    tiny = Settings(threads=2, seconds=0.0, chains=3)
    measured = run("a", settings=tiny, repeats=2)
    assert (measured.rounds, measured.settings) == (2, tiny)
    assert [(row.side, row.measure, len(row.values)) for row in measured.rows] == [
        (side, measure, 2)
        for side in ("TaskPool", "ThreadPool", "ThreadPoolExecutor", "limit")
        for measure in (RATE, CPU)
    ]


def test_the_machine_names_what_bears_on_speed():
    told = str(Machine.here())
    for word in ("GIL", "switch interval", "gc", "cores", "load before"):
        assert word in told
