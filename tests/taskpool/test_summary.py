"""A trace's figures: what counts, what does not, and what a beginning that was dropped leaves of them."""

from typing import Any

import pytest

from taskpool.trace import Trace
from tests.taskpool.by_hand import Row, at, made


def figures(*rows: Row, dropped: int = 0) -> dict[str, Any]:
    return made(*rows, dropped=dropped).summary().as_dict()


def only(found: dict[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(found[name] for name in names)


def test_of_an_empty_trace_all_figures_are_nothing() -> None:
    assert figures() == {
        "threads": 0,
        "peak_threads": 0,
        "still_blocked": 0,
        "blocked_thread_seconds": 0,
        "blocked_by_reason": {},
        "pushed": 0,
        "finished": 0,
        "failed": 0,
        "inlined": 0,
        "discarded": 0,
        "control_tasks": 0,
        "suspensions": 0,
        "duration": 0.0,
    }


def test_a_run_of_the_older_design() -> None:
    assert figures(
        at(1.0, "p/control", "thread_started", "p/control", pool="p", control=True),
        at(1.0, "p/1", "thread_started", "p", pool="p"),
        at(1.0, "p/2", "thread_started", "p", pool="p"),
        at(1.0, "main", "task_pushed", "s", 1, label="call"),
        at(1.0, "main", "task_pushed", "p", 2, label="turn of s", turn="s"),
        at(1.0, "main", "control_queued", "p/control", 3, action="task_pushed"),
        at(1.0, "p/control", "control_ran", "p/control", 3, action="task_pushed"),
        at(1.0, "p/1", "task_started", "p", 2),
        at(1.0, "p/1", "task_started", "s", 1),
        at(1.25, "p/1", "wait_started", "t", 4, 1, reason="sync_task"),
        at(1.25, "main", "wait_started", "s", 1, reason="sync_task"),
        at(1.5, "p/2", "serializer_suspended", "t", count=1),
        at(1.5, "p/2", "wait_started", "t", reason="blocking_suspend"),
        at(2.0, "p/1", "wait_ended", "t", 4, 1, reason="sync_task", outcome="done"),
        at(2.0, "p/1", "task_finished", "s", 1),
        at(2.0, "p/1", "task_finished", "p", 2),
        at(3.5, "p/1", "thread_stopped", "p", pool="p"),
    ) == {
        "threads": 2,
        "peak_threads": 2,
        "still_blocked": 1,
        "blocked_thread_seconds": 2.75,
        "blocked_by_reason": {"blocking_suspend": 2.0, "sync_task": 0.75},
        "pushed": 1,
        "finished": 1,
        "failed": 0,
        "inlined": 0,
        "discarded": 0,
        "control_tasks": 1,
        "suspensions": 1,
        "duration": 2.5,
    }


def test_a_task_run_inline_is_run_but_was_not_pushed() -> None:
    found = figures(
        at(0.0, "p/1", "task_inlined", "s", 1, label="inner", reason="idle_serializer"),
        at(0.0, "p/1", "task_started", "s", 1),
        at(0.0, "p/1", "task_failed", "s", 1, error="ValueError: no"),
    )
    assert only(found, "pushed", "finished", "failed", "inlined") == (0, 0, 1, 1)


def test_the_pools_own_tasks_do_not_count() -> None:
    own: list[tuple[str, dict[str, Any]]] = [("turn of s", {"turn": "s"}), ("checkpoint", {"checkpoint": True})]
    rows = []
    for number, (label, mark) in enumerate(own):
        rows += [
            at(0.0, "main", "task_pushed", "p", 10 + number, label=label, **mark),
            at(0.0, "p/1", "task_started", "p", 10 + number),
            at(0.0, "p/1", "task_finished", "p", 10 + number),
            at(0.0, "main", "task_pushed", "p", 20 + number, label=label, **mark),
            at(0.0, "p/1", "task_discarded", "p", 20 + number, reason="aborted"),
        ]
    assert only(figures(*rows), "pushed", "finished", "discarded") == (0, 0, 0)
    rows.append(at(0.0, "main", "task_pushed", "p", 30, label="mine"))
    rows.append(at(0.0, "main", "task_discarded", "p", 30, reason="aborted"))
    assert only(figures(*rows), "pushed", "finished", "discarded") == (1, 0, 1)


def test_a_turn_whose_push_was_dropped_is_known_by_its_serializer() -> None:
    found = figures(
        at(0.0, "p/1", "task_finished", "s", 1),
        at(0.0, "p/1", "task_finished", "p", 2),
        at(0.0, "p/1", "serializer_released", "s", 2, requeued=False, left=0),
        dropped=7,
    )
    assert found["finished"] == 1


def test_the_most_threads_at_once_are_fewer_than_all() -> None:
    found = figures(
        at(0.0, "a", "thread_started", "q", pool="p"),
        at(1.0, "b", "thread_started", "q", pool="p"),
        at(2.0, "a", "thread_stopped", "q", pool="p"),
        at(3.0, "c", "thread_started", "q", pool="p"),
        at(4.0, "a", "thread_started", "q", pool="p"),
        at(5.0, "b", "thread_stopped", "q", pool="p"),
        at(6.0, "c", "thread_stopped", "q", pool="p"),
        at(7.0, "d", "thread_started", "q", pool="p"),
    )
    assert only(found, "threads", "peak_threads") == (5, 3)


def test_threads_that_started_before_the_trace_were_there_from_its_beginning() -> None:
    rows = (
        at(9.0, "p/1", "thread_stopped", "p/1", pool="p"),
        at(9.0, "p/2", "thread_idled", "p/2"),
        at(9.0, "p/control", "control_ran", "p/control", 5, action="thread_idle"),
        at(9.0, "p/control", "thread_stopped", "p/control", pool="p", control=True),
        at(9.0, "p/3", "thread_started", "p/3", pool="p"),
        at(9.0, "p/4", "task_started", "p/4", 1),
        at(9.0, "p/4", "wait_started", "s", 2, 1, reason="sync_task"),
        at(9.0, "main", "wait_started", "p/4", 1, reason="sync_task"),
    )
    assert only(figures(*rows, dropped=3), "threads", "peak_threads", "still_blocked") == (4, 3, 1)
    assert only(figures(*rows), "threads", "peak_threads", "still_blocked") == (1, 1, 0)


def test_waits_that_began_before_the_trace_count_from_its_beginning() -> None:
    found = figures(
        at(4.0, "p/1", "thread_woke", "p/1"),
        at(4.5, "p/1", "wait_ended", "s", 2, reason="suspended", outcome="done"),
        at(5.0, "p/1", "task_finished", "p/1", 1),
        dropped=3,
    )
    assert only(found, "still_blocked", "blocked_by_reason", "finished", "duration") == (0, {"suspended": 0.5}, 1, 1.0)


def test_the_figures_do_not_change() -> None:
    summary = Trace().summary()
    with pytest.raises(AttributeError):
        summary.pushed = 1  # type: ignore[misc]
    with pytest.raises(TypeError):
        summary.blocked_by_reason["sync_task"] = 1.0  # type: ignore[index]
    assert Trace().summary() == summary
