"""The unit tests of the original's threadpool and taskprocessor, each as a test here."""

from __future__ import annotations

import logging
import threading
from typing import Any

import pytest

from taskpool.errors import DuplicateNameError
from taskpool.registry import alert_count
from taskpool.taskprocessor import TaskProcessor

pytestmark = pytest.mark.threads


class Told:
    """A listener of a threadpool that a test can wait on."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.states: list[tuple[int, int]] = []
        self.pushed: list[bool] = []
        self.emptied_times = 0
        self.shutdowns = 0

    def state_changed(self, pool: Any, active: int, idle: int) -> None:
        with self._changed:
            self.states.append((active, idle))
            self._changed.notify_all()

    def task_pushed(self, pool: Any, was_empty: bool) -> None:
        with self._changed:
            self.pushed.append(was_empty)

    def emptied(self, pool: Any) -> None:
        with self._changed:
            self.emptied_times += 1
            self._changed.notify_all()

    def shutdown(self, pool: Any) -> None:
        self.shutdowns += 1

    def until(self, active: int, idle: int) -> None:
        """Block until the latest state is this one."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.states[-1:] == [(active, idle)], 60), self.states

    def until_emptied(self, times: int = 1) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.emptied_times >= times, 60)


@pytest.fixture
def told() -> Told:
    return Told()


def test_a_push_is_heard_of_and_the_empty_queue_too(lab: Any, told: Told) -> None:
    pool = lab.threadpool(1, listener=told)
    told.until(0, 1)
    pool.push(int)
    told.until_emptied()
    pool.shutdown()
    assert told.pushed == [True]
    assert told.shutdowns == 1


def test_initial_threads_are_there_and_idle(lab: Any, told: Told) -> None:
    pool = lab.threadpool(3, listener=told)
    told.until(0, 3)
    assert len(pool) == 3


def test_set_size_makes_threads_and_ends_them(lab: Any, told: Told) -> None:
    pool = lab.threadpool(0, listener=told)
    pool.set_size(3)
    told.until(0, 3)
    pool.set_size(2)
    told.until(0, 2)
    pool.set_size(0)
    told.until(0, 0)
    lab.watch.until("thread_stopped", "pool", times=3)
    assert len(pool) == 0


def test_idle_threads_die_after_the_idle_timeout(lab: Any, told: Told) -> None:
    pool = lab.threadpool(4, listener=told, idle_timeout=0.01)
    told.until(0, 0)
    lab.watch.until("thread_stopped", "pool", times=4)
    assert len(pool) == 0


def test_a_thread_that_times_out_as_it_is_needed_costs_nothing_but_a_new_one(lab: Any) -> None:
    """A hundred times a task comes about when the only thread dies: it always runs, on one thread at a time."""
    pool = lab.threadpool(0, auto_increment=1, max_size=1, idle_timeout=0.001)
    for n in range(100):
        assert pool.push_wait(lambda n=n: n) == n
    started = lab.watch.count("thread_started", "pool")
    pool.shutdown()
    assert 1 <= started <= 100
    assert max(event.detail["size"] for event in pool.trace() if event.kind == "pool_grew") == 1


@pytest.mark.parametrize("thread_first", [True, False])
def test_one_task_and_one_thread_in_both_orders(lab: Any, told: Told, thread_first: bool) -> None:
    pool, ran = lab.threadpool(0, listener=told), threading.Event()
    steps = [lambda: pool.set_size(1), lambda: pool.push(ran.set)]
    for step in steps if thread_first else reversed(steps):
        step()
    assert ran.wait(60)
    told.until(0, 1)


def test_many_tasks_on_one_thread_run_in_order(lab: Any, told: Told) -> None:
    pool, ran = lab.threadpool(0, listener=told), []
    for n in range(100):
        pool.push(ran.append, n)
    assert pool.queue_size == 100
    pool.set_size(1)
    told.until_emptied()
    told.until(0, 1)
    assert ran == list(range(100))


def test_a_push_that_finds_no_idle_thread_grows_the_pool_by_auto_increment(lab: Any, told: Told) -> None:
    pool = lab.threadpool(0, listener=told, auto_increment=3)
    pool.push_wait(int)
    told.until(0, 3)
    gates = [lab.gate() for _ in range(4)]
    for gate in gates:
        pool.push(gate)
    for gate in gates:
        gate.reached()
    told.until(4, 2)
    for gate in gates:
        gate.open()
    told.until(0, 6)


def test_it_never_grows_past_max_size(lab: Any, told: Told) -> None:
    pool = lab.threadpool(0, listener=told, auto_increment=3, max_size=2)
    gates = [lab.gate() for _ in range(3)]
    for gate in gates:
        pool.push(gate)
    gates[0].reached()
    gates[1].reached()
    told.until(2, 0)
    assert (len(pool), pool.queue_size, gates[2].begun.is_set()) == (2, 1, False)


def test_idle_threads_are_activated_again(lab: Any, told: Told) -> None:
    pool = lab.threadpool(2, listener=told)
    told.until(0, 2)
    for times in (2, 3):
        pool.push(int)
        lab.watch.until("control_ran", action="thread_idle", times=times + 1)
        told.until(0, 2)
    assert lab.watch.count("thread_started", "pool") == 2


def test_two_long_tasks_run_on_two_threads_at_once(lab: Any) -> None:
    pool, both = lab.threadpool(2), threading.Barrier(3)
    for _ in range(2):
        pool.push(both.wait, 60)
    both.wait(60)


def test_active_threads_that_are_too_many_finish_their_task_first(lab: Any, told: Told) -> None:
    pool, gates = lab.threadpool(3, listener=told), [lab.gate() for _ in range(2)]
    told.until(0, 3)
    for gate in gates:
        pool.push(gate)
        gate.reached()
    told.until(2, 1)
    pool.set_size(1)
    told.until(1, 0)
    lab.watch.until("thread_stopped", "pool")
    assert len(pool) == 2
    for gate in gates:
        gate.open()
    lab.watch.until("thread_stopped", "pool", times=2)
    told.until(0, 1)
    assert pool.statistics().processed == 2
    assert pool.push_wait(lambda: 5) == 5


def test_a_serializers_name_is_refused_twice(lab: Any, design: str) -> None:
    pool = lab.open(design)
    pool.serializer("s")
    with pytest.raises(DuplicateNameError, match="'s' is open: close it first"):
        pool.serializer("s")


# -- the taskprocessor


def test_a_taskprocessor_runs_one_task(lab: Any) -> None:
    processor, ran = TaskProcessor("t", runtime=lab.runtime), threading.Event()
    processor.push(ran.set)
    assert ran.wait(60)
    processor.shutdown()


def test_a_task_may_be_given_data_of_its_taskprocessor(lab: Any) -> None:
    """The original's push_local hands a task the taskprocessor's own data; a call's arguments do that here."""
    processor, seen = TaskProcessor("t", runtime=lab.runtime), []
    local = {"of": processor}
    processor.push(lambda local, data: seen.append((local["of"], data)), local, data=3)
    processor.shutdown()
    assert seen == [(processor, 3)]


def test_water_marks_raise_and_clear_the_alerts_of_a_subsystem(lab: Any, caplog: pytest.LogCaptureFixture) -> None:
    gate = lab.gate()
    processor = TaskProcessor("sip/t", runtime=lab.runtime, recorder=lab.watch, high_water=10)
    other = TaskProcessor("stasis/t", runtime=lab.runtime, high_water=10)
    processor.push(gate)
    gate.reached()
    with caplog.at_level(logging.WARNING, logger="taskpool"):
        for _ in range(9):
            processor.push(int)
        assert alert_count(runtime=lab.runtime) == 0
        processor.push(int)
    assert [r.getMessage() for r in caplog.records] == ["sip/t reached its high water mark of 10 queued tasks"]
    assert [alert_count(s, lab.runtime) for s in ("", "sip", "stasis")] == [1, 1, 0]
    gate.open()
    lab.watch.until("low_water_cleared", "sip/t", depth=9, subsystem="sip")
    assert [alert_count(s, lab.runtime) for s in ("", "sip", "stasis")] == [0, 0, 0]
    processor.shutdown()
    other.shutdown()
