"""Literal traces → literal lanes."""

from types import SimpleNamespace

import pytest

from visualize.lanes import BarKind, LaneKind, lanes_of


def bars(lanes):
    """Every bar in short: thread, kind, task, owner, depth, from and to (ms)."""
    return [
        (bar.thread, str(bar.kind), bar.task, bar.owner, bar.depth, round(bar.start * 1000), round(bar.end * 1000))
        for lane in lanes.lanes
        for bar in lane.bars
    ]


def blocked(lanes):
    return [
        (
            wait.thread,
            wait.reason,
            wait.on,
            wait.task,
            wait.depth,
            round(wait.start * 1000),
            wait.end * 1000,
            wait.outcome,
        )
        for lane in lanes.lanes
        for wait in lane.blocked
    ]


def test_inline_tasks_nest_in_their_callers_and_turns_hold_what_ran_in_them(taskpool_events):
    lanes = lanes_of(taskpool_events)
    assert bars(lanes) == [
        ("p/0", "turn", 2, "A", 0, 1, 6),
        ("p/0", "task", 1, "A", 0, 2, 6),
        ("p/0", "task", 3, "B", 1, 3, 5),
        ("p/0", "turn", 6, "B", 0, 9, 11),
        ("p/0", "task", 4, "B", 0, 9, 11),
        ("p/1", "task", 5, "p:1", 0, 8, 10),
    ]
    inline, failed = lanes.lanes[0].bars[2], lanes.lanes[1].bars[0]
    assert (inline.label, inline.inline, inline.parent, inline.pushed_by) == ("ask", "idle_serializer", 1, "p/0")
    assert (failed.outcome, failed.error, failed.pushed) == ("failed", "ValueError: no", 0.008)


def test_lanes_come_by_pool_then_control_then_outside(taskpool_events, threadpool_events):
    lanes = lanes_of(taskpool_events)
    assert [(lane.thread, lane.kind, lane.pool) for lane in lanes.lanes] == [
        ("p/0", LaneKind.POOL, "p"),
        ("p/1", LaneKind.POOL, "p"),
        ("main", LaneKind.OUTSIDE, ""),
    ]
    assert lanes.serializers == ("A", "B")
    assert lanes.pools == {"p": "taskpool"}
    older = lanes_of(threadpool_events)
    assert [(lane.thread, str(lane.kind)) for lane in older.lanes] == [
        ("p/0", "pool"),
        ("p/1", "pool"),
        ("p/control", "control"),
        ("boss", "outside"),
    ]


def test_a_pause_is_asked_for_then_still_then_over(taskpool_events, threadpool_events):
    (pause,) = lanes_of(taskpool_events).pauses
    assert (pause.serializer, pause.by, pause.start, pause.still, pause.end) == ("B", "boss", 0.006, 0.007, 0.009)
    assert (pause.count, pause.open) == (1, False)
    (pause,) = lanes_of(threadpool_events).pauses
    assert (pause.still, pause.end, pause.open) == (0.002, 0.010, True)


def test_suspensions_are_counted(teller):
    for ms, kind, count in [
        (0, "serializer_suspending", 1),
        (1, "serializer_suspended", 1),
        (2, "serializer_suspending", 2),
        (3, "serializer_suspended", 2),
        (4, "serializer_unsuspended", 1),
        (5, "serializer_unsuspended", 0),
        (6, "serializer_suspending", 1),
    ]:
        teller(ms, "boss", kind, "A", count=count)
    first, second = lanes_of(teller.events).pauses
    assert (first.start, first.still, first.end, first.count, first.open) == (0, 0.001, 0.005, 2, False)
    assert (second.start, second.still, second.end, second.open) == (0.006, None, 0.006, True)


def test_what_has_not_ended_is_open_to_the_end(threadpool_events):
    lanes = lanes_of(threadpool_events)
    assert bars(lanes) == [
        ("p/0", "turn", 2, "B", 0, 2, 10),
        ("p/0", "checkpoint", 1, "B", 0, 2, 10),
        ("p/1", "turn", 5, "A", 0, 4, 10),
        ("p/1", "task", 4, "A", 0, 4, 10),
        ("p/control", "control", 3, "p/control", 0, 1, 1),
        ("p/control", "control", 6, "p/control", 0, 3, 3),
    ]
    assert blocked(lanes) == [
        ("p/0", "blocking_suspend", "B", None, 1, 2, 10, "open"),
        ("p/1", "sync_task", "B", 9, 1, 8, 10, "open"),
        ("boss", "suspend", "B", 1, 0, 1, 2, "done"),
        ("boss", "sync_task", "C", 7, 0, 6, 10, "open"),
    ]
    assert {bar.outcome for lane in lanes.lanes[:2] for bar in lane.bars} == {"open"}


def test_a_waiter_that_gets_the_turn_runs_the_queue_inside_its_task(teller):
    t = teller
    t(0, "p/0", "task_started", "A", 1)
    t(0, "p/0", "task_pushed", "B", 2, 1, label="ask", wait=True, depth=2)
    t(0, "p/0", "wait_started", "B", 2, 1, reason="serializer_lock")
    t(2, "p/0", "wait_ended", "B", 2, 1, reason="serializer_lock", outcome="turn")
    t(2, "p/0", "task_started", "B", 9)
    t(3, "p/0", "task_finished", "B", 9)
    t(3, "p/0", "task_started", "B", 2, 1)
    t(4, "p/0", "task_finished", "B", 2, 1)
    t(5, "p/0", "task_finished", "A", 1)
    lanes = lanes_of(t.events)
    assert bars(lanes) == [
        ("p/0", "task", 1, "A", 0, 0, 5),
        ("p/0", "task", 9, "B", 1, 2, 3),
        ("p/0", "task", 2, "B", 1, 3, 4),
    ]
    assert blocked(lanes) == [("p/0", "serializer_lock", "B", 2, 1, 0, 2, "turn")]


def test_a_truncated_trace_is_drawn_from_its_first_event(taskpool_events):
    kept = taskpool_events[11:]  # from the inner task's start: its caller and the turn began before
    lanes = lanes_of(SimpleNamespace(trace=kept))
    assert [(bar.task, bar.depth, bar.cut, bar.start * 1000, bar.end * 1000) for bar in lanes.lanes[0].bars] == [
        (2, 0, True, 3, 6),
        (1, 0, True, 3, 6),
        (3, 1, False, 3, 5),
        (6, 0, False, 9, 11),
        (4, 0, False, 9, 11),
    ]


def test_a_wait_and_a_pause_that_began_before_the_first_event(teller):
    class Trace(list):
        dropped = 5

    teller(7, "p/0", "thread_idled", "p:0")
    teller(8, "boss", "serializer_unsuspended", "B", count=0)
    teller(9, "main", "wait_ended", "A", 1, reason="sync_task", outcome="done")
    lanes = lanes_of(Trace(teller.events))
    (pause,) = lanes.pauses
    assert (pause.start, pause.still, pause.end) == (0.007, 0.007, 0.008)
    assert blocked(lanes) == [("main", "sync_task", "A", 1, 0, 7, 9, "done")]
    assert lanes.dropped == 5


def test_nothing_and_one_event_are_fine(teller):
    empty = lanes_of([])
    assert (empty.lanes, empty.pauses, empty.events, empty.end) == ((), (), 0, 0.0)
    teller(3, "p/0", "task_started", "A", 1)
    (lane,) = lanes_of(teller.events).lanes
    assert (lane.bars[0].start, lane.bars[0].end, lane.bars[0].outcome) == (0.003, 0.003, "open")
    assert lane.bars[0].kind is BarKind.TASK


@pytest.mark.parametrize("what", [None, 3, "trace.jsonl", {"trace": []}, [1, 2]])
def test_what_has_no_trace_is_refused(what):
    with pytest.raises(TypeError, match="trace"):
        lanes_of(what)


def test_a_serializer_that_is_still_at_once_is_paused_at_once(teller):
    teller(1, "boss", "serializer_suspended", "A", count=1)
    teller(2, "other", "serializer_suspended", "A", count=2)
    teller(4, "boss", "serializer_unsuspended", "A", count=1)
    teller(5, "other", "serializer_unsuspended", "A", count=0)
    (pause,) = lanes_of(teller.events).pauses
    assert (pause.start, pause.still, pause.end, pause.count, pause.by) == (0.001, 0.001, 0.005, 2, "boss")


def test_a_pause_that_is_given_up_before_it_came_is_over(teller):
    teller(1, "boss", "serializer_suspending", "A", count=1)
    teller(1, "boss", "wait_started", "A", reason="suspend")
    teller(3, "boss", "wait_ended", "A", reason="suspend", outcome="aborted")
    teller(9, "boss", "task_pushed", "A", 1, label="x", wait=False, depth=1)
    (pause,) = lanes_of(teller.events).pauses
    assert (pause.start, pause.still, pause.end, pause.open) == (0.001, None, 0.003, False)
