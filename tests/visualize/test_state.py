"""The state between any two events, against a small model that knows nothing of how it is computed."""

import os
from types import SimpleNamespace

import pytest

from taskpool import Recorder, TaskPool, TaskPoolOptions
from taskpool.explore import random_walks
from taskpool.runtime.controlled import ControlledRuntime
from taskpool.scenarios import list_scenarios
from taskpool.scenarios.program import program
from visualize import state as state_module
from visualize.state import State, States


class Model:
    """Lists and dictionaries, one event at a time, the slow way."""

    def __init__(self):
        self.queues, self.stacks, self.waits, self.counts, self.still = {}, {}, {}, {}, set()
        self.owners, self.turns = {}, {}

    def apply(self, event):
        kind, queue = str(event.kind), event.processor
        if kind in ("task_pushed", "control_queued"):
            self.queues.setdefault(queue, []).append(event.task)
        elif kind in ("task_discarded", "control_ran", "task_started") and event.task in self.queues.get(queue, ()):
            self.queues[queue].remove(event.task)
        if kind == "task_pushed" and "turn" in event.detail:
            self.owners[event.task] = event.detail["turn"]
        elif kind == "serializer_scheduled":
            self.turns[queue] = event.task
        elif kind in ("task_finished", "task_failed", "task_discarded", "serializer_released"):
            self.turns = {name: task for name, task in self.turns.items() if task != event.task}
        if kind == "task_started":
            self.stacks.setdefault(event.thread, []).append((event.task, queue))
        elif kind in ("task_finished", "task_failed"):
            assert self.stacks[event.thread].pop() == (event.task, queue)
        elif kind == "wait_started":
            self.waits[event.thread] = (event.detail["reason"], queue, event.task)
        elif kind == "wait_ended":
            assert self.waits.pop(event.thread) == (event.detail["reason"], queue, event.task)
            if event.detail["reason"] == "suspend" and event.detail["outcome"] != "done":
                self.counts[queue] -= 1  # it gave up
        elif kind in ("serializer_suspending", "serializer_unsuspended"):
            self.counts[queue] = event.detail["count"]
            if not self.counts[queue]:
                self.still.discard(queue)
        elif kind == "serializer_suspended":
            self.counts[queue] = event.detail["count"]
            self.still.add(queue)

    def scheduled(self):
        """The serializers that only wait for their turn."""
        executing = {self.owners.get(task, queue) for stack in self.stacks.values() for task, queue in stack}
        suspended = {name for name, count in self.counts.items() if count}
        return self.turns.keys() - executing - suspended

    def seen(self):
        return (
            {name: tuple(queue) for name, queue in self.queues.items() if queue},
            {thread: tuple(stack) for thread, stack in self.stacks.items() if stack},
            dict(self.waits),
            {name: count for name, count in self.counts.items() if count},
            frozenset(self.still),
            dict(self.turns),
            self.scheduled(),
        )


def seen(state: State):
    threads = state.threads.values()
    serializers = state.serializers.values()
    return (
        {name: queue for name, queue in state.queues.items() if queue},
        {t.name: tuple((task.task, task.processor) for task in t.stack) for t in threads if t.stack},
        {t.name: (t.waiting.reason, t.waiting.on, t.waiting.task) for t in threads if t.waiting},
        {s.name: s.suspensions for s in serializers if s.suspensions},
        frozenset(s.name for s in serializers if s.still),
        {s.name: s.turn for s in serializers if s.turn is not None},
        {s.name for s in serializers if s.status == "scheduled"},
    )


#: Random schedules of each story on each design; 72 of them make a thousand runs.
WALKS = int(os.environ.get("TASKPOOL_STATE_WALKS", "72"))


@pytest.mark.parametrize("design", ["threadpool", "taskpool"])
@pytest.mark.parametrize("name", list(list_scenarios()))
def test_each_story_has_the_models_state_at_every_event_on_any_schedule(name, design):
    recorders = []

    def watched(runtime):
        recorders.append(Recorder())
        return program(name, design, recorder=recorders[-1], threads=2)(runtime)

    random_walks(watched, WALKS, seed=7)
    assert len(recorders) >= WALKS
    for recorder in recorders:
        trace = recorder.trace()
        states, model = States(trace), Model()
        assert len(states) == len(trace) > 10
        for index, event in enumerate(trace):
            assert seen(states.before(index)) == model.seen(), f"before event {index}: {event}"
            model.apply(event)
        assert seen(states.end) == model.seen()


def test_snapshots_do_not_show(many_events, monkeypatch):
    events = many_events(2_000)
    plain = States(events)
    monkeypatch.setattr("visualize.state._SPACING", 64)
    stepped = States(events)
    for index in range(0, 2_000, 37):
        assert seen(plain.before(index)) == seen(stepped.before(index))
        assert plain.before(index).counts == stepped.before(index).counts


def test_long_queues_are_the_same_wherever_one_looks(teller, monkeypatch):
    # Twice as many tasks are pushed as run; some leave out of order, and one number comes back after it has left.
    for number in range(300):
        teller(number, "main", "task_pushed", f"q{number % 2}", number, label="x", wait=False, depth=1)
        if number % 2:
            teller(number, "p", "task_started", f"q{number // 2 % 2}", number // 2)
            teller(number, "p", "task_finished", f"q{number // 2 % 2}", number // 2)
        if number % 50 == 49:
            teller(number, "p", "task_discarded", f"q{number % 2}", number, reason="cancelled")
            teller(number, "main", "task_pushed", f"q{number % 2}", number, label="again", wait=False, depth=1)
    monkeypatch.setattr("visualize.state._SPACING", 32)
    states, model = States(teller.events), Model()
    for index, event in enumerate(teller.events):
        state = states.before(index)
        queued = {name: tuple(queue) for name, queue in model.queues.items() if queue}
        assert {name: queue for name, queue in state.queues.items() if queue} == queued
        for name, queue in queued.items():
            assert state.queue_of(queue[-1]) == name
        assert state.origins() == tuple(sorted(set(state.origins())))
        model.apply(event)
    assert repr(states.end).startswith("<State after 612 events: 150 tasks queued")


def test_looking_at_a_state_brings_no_queue_back_that_nobody_asks_for(teller, monkeypatch):
    for number in range(200):
        teller(number, "main", "task_pushed", "q", number, label="x", wait=False, depth=number + 1)
    monkeypatch.setattr("visualize.state._SPACING", 64)
    state = States(teller.events).before(130)
    assert state.threads == {} and state.counts["finished"] == 0
    assert state._replay.queues["q"]._whole is None
    assert len(state.queues["q"]) == 130


def test_a_state_tells_who_does_what(taskpool_events):
    states = States(taskpool_events)
    inline = states.after(11)
    thread = inline.threads["p/0"]
    assert [(task.task, task.processor, task.inline, task.turn) for task in thread.stack] == [
        (2, "p:0", "", "A"),
        (1, "A", "", ""),
        (3, "B", "idle_serializer", ""),
    ]
    assert (thread.status, thread.pool, inline.thread_of(3), inline.label(3)) == ("running", "p", "p/0", "ask")
    assert inline.serializers["A"].executors == ("p/0",) and inline.serializers["A"].status == "executing"
    paused = states.at(0.0075)
    b = paused.serializers["B"]
    assert (b.status, b.suspensions, b.suspended_by, b.executors) == ("suspended", 1, ("boss",), ())
    assert paused.queue_of(4) == "B" and paused.queues["B"] == (4,)
    assert paused.threads["main"].status == "blocked" and paused.threads["p/0"].status == "idle"
    end = states.end
    assert {name: thread.status for name, thread in end.threads.items()} == {"p/0": "stopped", "p/1": "stopped"}
    assert end.counts == {"finished": 5, "failed": 1, "discarded": 0, "inlined": 1}
    assert end.pools == {"p": 2}
    assert repr(paused) == "<State after 21 events: 1 tasks queued, 1 threads blocked>"


def test_a_suspension_is_asked_for_then_still_and_counted(teller):
    for thread, kind, count in [
        ("x", "serializer_suspending", 1),
        ("y", "serializer_suspending", 2),
        ("x", "serializer_suspended", 2),
        ("x", "serializer_unsuspended", 1),
        ("y", "serializer_unsuspended", 0),
    ]:
        teller(1, thread, kind, "A", count=count)
    states = States(teller.events)
    found = [states.after(index).serializers["A"] for index in range(5)]
    assert [(one.status, one.suspended_by) for one in found] == [
        ("suspending", ("x",)),
        ("suspending", ("x", "y")),
        ("suspended", ("x", "y")),
        ("suspended", ("y",)),
        ("idle", ()),
    ]


def test_a_suspension_that_comes_at_once_or_is_given_up(teller):
    teller(1, "x", "serializer_suspended", "A", count=1)
    teller(2, "y", "serializer_suspended", "A", count=2)
    teller(3, "z", "serializer_suspending", "B", count=1)
    teller(3, "z", "wait_started", "B", reason="suspend")
    teller(4, "z", "wait_ended", "B", reason="suspend", outcome="interrupted")
    states = States(teller.events)
    assert states.after(1).serializers["A"].suspended_by == ("x", "y")
    assert states.after(2).serializers["B"].status == "suspending"
    assert states.end.serializers["B"].status == "idle"


def test_a_turn_is_scheduled_until_it_is_released(taskpool_events):
    states = States(taskpool_events)
    found = [states.after(index).serializers["A"] for index in (4, 6, 8, 15)]
    assert [(one.status, one.turn, one.turn_on) for one in found] == [
        ("idle", None, ""),
        ("scheduled", 2, "p:0"),
        ("executing", 2, "p:0"),
        ("idle", None, ""),
    ]
    assert list(states.before(4).serializers) == []


def test_a_turn_without_a_release_ends_with_its_task_and_an_older_one_ends_no_other(void_turns):
    states = States(void_turns)
    scheduled = [
        "".join(one.name for one in states.after(index).serializers.values() if one.status == "scheduled")
        for index, event in enumerate(void_turns)
        if event.kind in ("serializer_scheduled", "task_finished", "task_discarded", "task_failed")
    ]
    assert scheduled == ["A", "AB", "ABC", "ABCD", "ABCD", "BCD", "BCD", "BD", "B", ""]
    after_the_older = states.at(0.007).serializers["B"]
    assert (after_the_older.turn, after_the_older.turn_on) == (5, "p:1")
    assert [(one.status, one.turn) for one in states.end.serializers.values()] == [("idle", None)] * 4


def test_a_turn_that_is_void_by_a_push_wait_from_inside_leaves_its_serializer_idle():
    runtime, recorder = ControlledRuntime(), Recorder()

    def main():
        with TaskPool(
            "p", TaskPoolOptions(minimum_size=1, initial_size=1, max_size=1), runtime=runtime, recorder=recorder
        ) as pool:
            serializer = pool.serializer("s")

            def work():
                serializer.push(int)
                serializer.push_wait(int)

            pool.push_wait(work)
            pool.push_wait(int)  # the only thread has ended the void turn before this

    runtime.run(main)
    trace = recorder.trace()
    states = States(trace)
    (turn,) = [event.task for event in trace if event.kind == "serializer_scheduled"]
    (ended,) = [at for at, event in enumerate(trace) if event.task == turn and event.kind == "task_finished"]
    assert [event.task for event in trace if event.kind == "serializer_released"] == [None]
    assert states.before(ended - 1).serializers["s"].status == "scheduled"
    assert states.after(ended).serializers["s"].status == states.end.serializers["s"].status == "idle"


@pytest.mark.parametrize("spacing", [1, 4])
def test_a_snapshot_between_a_turn_and_its_end_does_not_show(void_turns, monkeypatch, spacing):
    plain = [seen(States(void_turns).before(index)) for index in range(len(void_turns) + 1)]
    monkeypatch.setattr("visualize.state._SPACING", spacing)
    stepped = States(void_turns)
    assert [seen(stepped.before(index)) for index in range(len(void_turns) + 1)] == plain


def test_replaying_only_its_origins_gives_the_same_state(threadpool_events, taskpool_events, void_turns):
    for events in (threadpool_events, taskpool_events, void_turns):
        states = States(events)
        for index in range(len(events) + 1):
            whole = states.before(index)
            part = States([events[at] for at in whole.origins()]).end
            assert seen(part) == seen(whole)
            assert part.threads.keys() == whole.threads.keys()
            assert [t.status for t in part.threads.values()] == [whole.threads[name].status for name in part.threads]


def test_a_trace_that_begins_in_the_middle_has_states(taskpool_events):
    states = States(SimpleNamespace(trace=taskpool_events[11:]))
    assert [task.task for task in states.after(0).threads["p/0"].stack] == [3]
    assert states.end.threads["p/0"].stack == ()


def test_asking_beyond_the_trace_is_refused(taskpool_events):
    states = States(taskpool_events)
    with pytest.raises(IndexError, match="event 37: the trace has events 0 to 36"):
        states.after(37)
    with pytest.raises(IndexError, match="event -1"):
        states.before(-1)
    assert States([]).end.threads == {}


def test_the_module_is_the_function(taskpool_events):
    assert state_module(taskpool_events, 0.0075).queues["B"] == (4,)
    assert state_module(taskpool_events).position == 37
