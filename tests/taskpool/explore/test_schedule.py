"""Schedules as values and as text, and what a replay makes of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from explore_programs import crossing, lost_update, philosophers
from replays import replayed

from taskpool.explore import Diverged, Schedule, ScheduleError, explore, replay
from taskpool.explore.schedule import digest_of


@pytest.mark.parametrize(
    ("schedule", "text"),
    [
        (Schedule(), "default"),
        (Schedule(((1, 2), (2, 3))), "1:2 2:3"),
        (Schedule(((4, 0),), early_timeouts=1), "e1 4:0"),
        (Schedule((), early_timeouts=2), "e2 default"),
    ],
)
def test_a_schedule_is_written_and_read(schedule, text):
    assert str(schedule) == text
    assert Schedule.parse(text) == schedule


def test_the_full_text_has_version_and_hash():
    schedule = Schedule(((1, 2),), digest=digest_of(["1 acquire fork 0"]))
    assert schedule.full == f"v1 #{schedule.digest} 1:2"
    assert Schedule.parse(schedule.full) == schedule


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "an empty schedule"),
        ("   ", "an empty schedule"),
        ("1:", "'1:' is not STEP:THREAD"),
        ("1:2 two:3", "'two:3' is not STEP:THREAD"),
        ("3:1 2:1", "step 2 comes after step 3"),
        ("2:1 2:3", "step 2 comes after step 2"),
        ("v2 1:2", "is of version 2; this package reads 1"),
        ("#12 1:2", "'#12' is not"),
        ("-1:2", "'-1:2' is not"),
        ("1:" + "9" * 5000, "is not STEP:THREAD"),
        ("e" + "9" * 5000, "is not STEP:THREAD"),
        ("\uff11:\uff12", "is not STEP:THREAD"),
        (b"1:2", "a schedule is a text like '1:2 2:3', not bytes"),
        (None, "a schedule is a text like '1:2 2:3', not NoneType"),
    ],
)
def test_a_garbled_schedule_says_what_is_wrong(text, complaint):
    with pytest.raises(ScheduleError, match=complaint.replace("(", r"\(")):
        Schedule.parse(text)
    with pytest.raises(ScheduleError):
        replay(crossing, text)


def test_a_replay_makes_the_same_run_again():
    run = replay(philosophers(3), "1:2 2:3")
    assert run.outcome == "deadlocked"
    assert [(moment.name, moment.operation) for moment in run.moments] == [
        ("philosopher 0", "acquire fork 0"),
        ("philosopher 1", "acquire fork 1"),
        ("philosopher 2", "acquire fork 2"),
    ]
    assert run.cycle == (
        "philosopher 0 waits for fork 1, which philosopher 1 holds",
        "philosopher 1 waits for fork 2, which philosopher 2 holds",
        "philosopher 2 waits for fork 0, which philosopher 0 holds",
    )
    assert str(run.schedule) == "1:2 2:3"


def test_a_replay_of_a_run_that_ends_well():
    run = replay(lost_update, "default")
    assert (run.outcome, run.error) == ("completed", None)
    assert len(run.trace) == 0


@pytest.mark.parametrize(
    ("text", "step", "expected", "got"),
    [
        ("0:9", 0, "thread 9", "no such thread (3 threads so far)"),
        ("0:0", 0, "thread 0", "main, which has ended"),
        ("1:1 2:2 3:1", 2, "thread 2", "philosopher 1, which cannot go on"),
        ("1:2 50:1", 50, "thread 1", "the end of the run, after 2 steps"),
        ("v1 #00000000 default", 8, "operations with the hash 00000000", None),
    ],
)
def test_a_foreign_schedule_diverges_where_it_does_not_fit(text, step, expected, got):
    with pytest.raises(Diverged) as diverged:
        replay(crossing, text)
    assert (diverged.value.step, diverged.value.expected) == (step, expected)
    assert got is None or diverged.value.got == got


def test_a_schedule_value_is_checked_operation_by_operation():
    schedule = explore(lost_update).failures[0].schedule

    def other(runtime):
        first, second = runtime.Var(0, "total"), runtime.Var(0, "other")
        for name in ("one", "other"):
            runtime.spawn(lambda: (first.get(), second.set(1)), name=name)

    with pytest.raises(Diverged) as diverged:
        replay(other, schedule)
    assert (diverged.value.step, diverged.value.expected) == (2, "'2 write total'")
    assert diverged.value.got == "'2 write other'"


def test_failures_are_reported_on_short_schedules():
    assert str(explore(philosophers(5), "random", seed=7, max_schedules=400).failures[0].schedule) == "1:2 2:3 3:4 4:5"
    assert str(explore(lost_update, "pct", max_schedules=50).failures[0].schedule) in ("1:2", "0:2 1:1")


@pytest.mark.parametrize("first", range(0, 200, 50))
def test_random_schedules_of_random_programs_replay_step_by_step(first):
    for seed in range(first, first + 50):
        replayed(seed)


def test_schedules_do_not_depend_on_the_hash_seed():
    script = Path(__file__).with_name("replays.py")
    printed = {
        subprocess.run(
            [sys.executable, str(script), "--count", "30"],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("0", "123")
    }
    assert len(printed) == 1
    assert len(printed.pop().splitlines()) == 30
