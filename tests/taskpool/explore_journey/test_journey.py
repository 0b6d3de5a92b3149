"""The journey, found by machine: each fault on the revision that had it, and the same program without it elsewhere."""

from __future__ import annotations

import re
from typing import Any

import pytest

from taskpool.explore import Report, explore, replay
from taskpool.scenarios import program as story
from taskpool.scenarios.journey import PROGRAMS, JourneyProgram
from taskpool.scenarios.scenario import ScenarioError

ENOUGH = 20_000

FOUND = [(name, design) for name, program in PROGRAMS.items() for design in program.found_on]
CURED = [(name, design) for name, program in PROGRAMS.items() for design in program.cured_on]
OUTCOMES = {"deadlock": "deadlocked", "assertion": "failed"}


def exhausted_without_a_finding(report: Report) -> None:
    assert [failure.message for failure in report.failures] == []
    assert report.exhausted


def unnumbered(text):
    return re.sub(r"\btask \d+ ", "task ", text)


@pytest.mark.parametrize(("name", "design"), FOUND)
def test_a_search_finds_the_fault_and_its_schedule_shows_it_again(name: str, design: str) -> None:
    program = PROGRAMS[name]
    report = explore(program.on(design), max_schedules=ENOUGH, stop_at_failure=True)
    (failure,) = report.failures
    assert failure.kind == program.finds
    text = str(failure.schedule)
    assert len(text) <= 40
    again = replay(program.on(design), text)
    assert again.outcome == OUTCOMES[program.finds]
    assert unnumbered(again.reason) == failure.message  # only a run that is recorded numbers its tasks
    assert (again.name, again.design) == (name, design)
    assert len(again.trace) > 0


@pytest.mark.parametrize(("name", "design"), CURED)
def test_the_same_program_has_no_fault_where_it_is_cured(name: str, design: str) -> None:
    exhausted_without_a_finding(explore(PROGRAMS[name].on(design), max_schedules=ENOUGH))


def test_every_fault_of_the_journey_is_there() -> None:
    """Issue 3, point 6; the lock of issue 1872 is the program's own, and so is the cure."""
    assert [name for name, program in PROGRAMS.items() if program.found_on and not program.cured_on] == [
        "push-wait-holding-a-lock"
    ]
    assert PROGRAMS["push-wait-after-release"].found_on == ()
    assert {name: program.finds for name, program in PROGRAMS.items() if program.found_on} == {
        "nested-push-wait": "deadlock",
        "pause-many": "deadlock",
        "lost-wake-up": "deadlock",
        "double-suspend": "deadlock",
        "push-wait-through-pause": "assertion",
        "second-suspender": "assertion",
        "lost-unsuspend": "deadlock",
        "premature-unsuspend": "assertion",
        "push-wait-holding-a-lock": "deadlock",
        "cross-push-wait": "deadlock",
        "a-b-a": "assertion",
        "shrinking-joins-under-lock": "deadlock",
        "shutdown-strands": "assertion",
    }


# -- what exactly is found


def found(name: str, **changes: Any) -> Any:
    """The first failure of a program on the first of the designs that have its fault, and its run."""
    program = PROGRAMS[name]
    report = explore(program.on(program.found_on[0], **changes), max_schedules=ENOUGH, stop_at_failure=True)
    return report.failures[0]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("push-wait-through-pause", "the session ran a task while it was paused"),
        ("second-suspender", "the pickup's pause began before the message that was there first was handled"),
        ("premature-unsuspend", "the session ran a task during the pickup's pause"),
        ("a-b-a", "A's second task ran inside its unfinished first one"),
        ("shutdown-strands", "a message that had been accepted was never handled"),
    ],
)
def test_the_promise_that_is_broken(name: str, message: str) -> None:
    assert found(name).message.endswith(message)


@pytest.mark.parametrize(
    ("name", "reasons"),
    [
        ("double-suspend", {"suspend"}),
        ("lost-unsuspend", {"sync_task"}),
        ("cross-push-wait", {"serializer_lock"}),
        ("shrinking-joins-under-lock", {"thread_end", "pool_lock"}),
        ("nested-push-wait", {"sync_task"}),
        ("pause-many", {"suspend", "blocking_suspend"}),
    ],
)
def test_what_those_who_hang_wait_for(name: str, reasons: set[str]) -> None:
    trace = found(name).trace
    waiting: dict[str, str | None] = {}
    for event in trace:
        if event.kind in ("wait_started", "wait_ended"):
            waiting[event.thread] = event.detail["reason"] if event.kind == "wait_started" else None
    assert {reason for reason in waiting.values() if reason} == reasons


def test_the_lost_task_is_queued_while_the_only_thread_sleeps() -> None:
    trace = found("lost-wake-up").trace
    kinds = [event.kind for event in trace]
    pushed, idle = kinds.index("task_pushed"), kinds.index("thread_idled")
    assert idle < pushed and "task_started" not in kinds and "thread_woke" not in kinds
    actions = [event.detail["action"] for event in trace if event.kind == "control_ran"]
    assert actions == ["task_pushed", "thread_idle"]


# -- the bounded threadpool, with any number of threads


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("name", ["nested-push-wait", "pause-many"])
def test_the_threadpool_of_k_threads_hangs_where_the_taskpool_of_k_does_not(name: str, threads: int) -> None:
    failure = found(name, threads=threads)
    assert failure.kind == "deadlock"
    assert sum(sentence.startswith("threadpool/pool") for sentence in failure.waiting) == threads
    report = explore(PROGRAMS[name].on("taskpool", threads=threads), max_schedules=1_000)
    assert report.failures == []


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("nested-push-wait", {"where": "pool", "messages": 0, "work_ms": 0}),
        ("pause-many", {"serializers": 3, "tasks": 0, "work_ms": 0}),
    ],
)
def test_the_stories_hang_on_the_bounded_threadpool(name: str, params: dict[str, Any], threads: int) -> None:
    report = explore(story(name, "threadpool", threads=threads, **params), max_schedules=100, stop_at_failure=True)
    (failure,) = report.failures
    assert failure.kind == "deadlock"
    assert len(str(failure.schedule)) <= 40
    assert explore(story(name, "taskpool", threads=threads, **params), max_schedules=200).failures == []


# -- how programs present themselves


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=list(PROGRAMS))
def test_a_program_tells_its_story(program: JourneyProgram) -> None:
    text = program.tell(80)
    assert text.splitlines()[0] == f"{program.name}: {program.title}"
    assert all(len(line) <= 80 for line in text.splitlines()[1:-2])
    for design in (*program.found_on, *program.cured_on):
        assert design in text
    assert str(program) == program.tell()


def test_a_design_that_does_not_exist_is_refused_with_the_nearest_ones() -> None:
    with pytest.raises(ScenarioError, match="no design of the journey 'taskpool-frist'. Did you mean taskpool-first"):
        PROGRAMS["a-b-a"].on("taskpool-frist")
