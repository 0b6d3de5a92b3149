"""One axis for all runs: time while time passes, else the order of events; round marks in one unit."""

from __future__ import annotations

import pytest

from taskpool.scenarios import run
from visualize._axis import axis_of, round_ticks
from visualize.lanes import lanes_of
from visualize.player import player


def axis_for(*runs, **options):
    return axis_of([lanes_of(one) for one in runs], **options)


def test_time_is_shown_where_it_passes(taskpool_events, threadpool_events):
    axis = axis_for(taskpool_events, threadpool_events)
    assert (axis.by, axis.unit, axis.title) == ("time", "ms", "time (ms)")
    assert (axis.low, axis.high) == (0, pytest.approx(12 * 1.15))


def test_order_is_shown_where_no_time_passes_also_with_tasks_that_never_end():
    story = run("cross-push-wait", "threadpool", threads=2, runtime="controlled")
    assert {event.time for event in story.trace} == {0.0}
    axis = axis_for(story)
    assert (axis.by, axis.title) == ("order", "event")
    assert axis.low == 0 and axis.high >= len(story.trace) - 1


def test_one_run_in_which_time_passes_is_enough(taskpool_events):
    assert axis_for(run("cross-push-wait", "threadpool", threads=2, runtime="controlled"), taskpool_events).by == "time"


def test_order_is_shown_where_most_tasks_take_no_time(teller):
    for task in (1, 2, 3):
        teller(task, "p/0", "task_started", "A", task)
        teller(task + (0.5 if task == 3 else 0), "p/0", "task_finished", "A", task)
    assert axis_for(teller.events).by == "order"
    assert axis_for(teller.events, by="time").by == "time"


@pytest.mark.parametrize("count", [0, 1])
def test_no_time_is_made_up_for_nothing_or_one_event(teller, count):
    for _ in range(count):
        teller(3, "main", "task_pushed", "A", 1, label="only", wait=False, depth=1)
    axis = axis_for(teller.events)
    assert (axis.by, axis.low, axis.high) == ("order", 0, 1)
    assert player(teller.events).data["by"] == "events"


def test_marks_are_round_and_few():
    assert round_ticks(0, 10, 5) == [0, 5, 10]
    assert round_ticks(0.3, 0.9, 4) == pytest.approx([0.4, 0.6, 0.8])
    assert round_ticks(0, 2, 9, whole=True) == [0, 1, 2]
