"""What is the threadpool's alone: its control queue, its listener, its sizes, and the threads that waiting costs."""

from __future__ import annotations

import random
import re
import threading
from typing import Any

import pytest

from taskpool import PoolAborted, PoolShutDown, Recorder, ThreadPool
from taskpool.errors import OptionError, WrongThreadError
from taskpool.runtime.controlled import ControlledRuntime
from taskpool.runtime.kernel import is_ready
from taskpool.taskprocessor import TaskProcessor

pytestmark = pytest.mark.threads


class Told:
    """A listener that keeps what it is told, in order."""

    def __init__(self, *ignored: str) -> None:
        self.heard: list[tuple[Any, ...]] = []
        self._ignored = ignored

    def __getattr__(self, what: str) -> Any:
        if what.startswith("_") or what in self._ignored:
            raise AttributeError(what)
        return lambda pool, *args: self.heard.append((what, *args, threading.current_thread().name))


def test_every_push_queues_a_control_task_too(lab: Any) -> None:
    pool = lab.threadpool(1)
    serializer = pool.serializer("s")
    for _ in range(3):
        pool.push_wait(int)
        serializer.push_wait(int)
    pool.shutdown()
    assert lab.watch.count("control_queued", "pool/control", action="task_pushed") == 6
    queued = [e.task for e in pool.trace() if e.kind == "control_queued"]
    assert queued == [e.task for e in pool.trace() if e.kind == "control_ran"]
    ran_on = {e.thread for e in pool.trace() if e.kind == "control_ran"}
    assert ran_on == {"pool/control"}


def test_the_listener_is_told_on_the_control_thread_in_order(lab: Any) -> None:
    told = Told("state_changed")
    pool = lab.threadpool(1, listener=told)
    pool.push_wait(int)
    pool.shutdown()
    control = "pool/control"
    assert sorted(told.heard[:-1]) == [("emptied", control), ("task_pushed", True, control)]
    assert told.heard[-1] == ("shutdown", control)


def test_starting_threads_empties_nothing(lab: Any) -> None:
    told = Told()
    lab.threadpool(3, listener=told).shutdown()
    assert {what for what, *_ in told.heard} == {"state_changed", "shutdown"}


def test_a_listener_may_leave_things_out_and_may_raise(lab: Any, caplog: pytest.LogCaptureFixture) -> None:
    class Raises:
        def task_pushed(self, pool: Any, was_empty: bool) -> None:
            raise SystemExit

    pool = lab.threadpool(1, listener=Raises())
    assert [pool.push_wait(len, "ab") for _ in range(2)] == [2, 2]
    pool.shutdown()
    assert [r.getMessage() for r in caplog.records] == ["task_pushed of the listener of pool 'pool' raised"] * 2


def test_the_control_queue_is_the_pools_own(lab: Any) -> None:
    pool = lab.threadpool(1)
    control = TaskProcessor.get("pool/control", if_exists=True, runtime=lab.runtime)
    assert control is not None
    for call in (control.push, control.push_wait):
        with pytest.raises(WrongThreadError, match="'pool/control' is the control queue of a threadpool: push to the"):
            call(int)
    control.unreference()
    pool.push_wait(int)


@pytest.mark.parametrize("size", [-1, 1.5, "2", True, 5])
def test_set_size_refuses_what_is_no_size(lab: Any, size: Any) -> None:
    pool = lab.threadpool(1, max_size=4)
    with pytest.raises(OptionError, match=f"size={size!r}: must be a whole number from 0 to 4"):
        pool.set_size(size)
    pool.shutdown()
    with pytest.raises(PoolShutDown):
        pool.set_size(1)


def test_a_synchronous_push_from_inside_blocks_its_thread(lab: Any) -> None:
    pool, names = lab.threadpool(2), []
    pool.push_wait(
        lambda: names.extend([threading.current_thread().name, pool.push_wait(threading.current_thread).name])
    )
    assert len(set(names)) == 2
    assert lab.watch.count("wait_started", reason="sync_task") == 2


def test_bounded_to_one_thread_a_synchronous_push_from_inside_deadlocks_and_is_told(lab: Any) -> None:
    pool = lab.threadpool(1, max_size=1)
    answer = lab.go(pool.push_wait, lambda: pool.push_wait(int))
    lab.watch.until("control_ran", action="task_pushed", times=2)
    lab.watch.until("wait_started", times=2)
    stall = pool.stall()
    assert stall is not None and (len(stall.cycle), stall.queued) == (1, 1)
    assert "threadpool/pool-00000000 (in task " in stall.cycle[0]
    assert re.search(r"waits for task \d+ 'int' of pool, which has not started", stall.cycle[0])
    pool.abort()
    with pytest.raises(PoolAborted):
        answer.get()


def test_growth_is_what_saves_it(lab: Any) -> None:
    pool = lab.threadpool(0, auto_increment=1)

    def nest(depth: int) -> int:
        return 0 if not depth else 1 + pool.push_wait(nest, depth - 1)

    assert pool.push_wait(nest, 5) == 5
    assert pool.statistics().peak_threads >= 6


def test_each_pause_costs_a_thread_and_where_they_are_bounded_the_pool_stops(lab: Any) -> None:
    pool = lab.threadpool(2)
    first, second, third = (pool.serializer(name) for name in ("first", "second", "third"))
    first.suspend()
    assert pool.push_wait(int) == 0
    second.suspend()
    answer = lab.go(pool.push_wait, int)
    pause = lab.go(third.suspend)
    lab.watch.until("wait_started", "third")
    lab.watch.until("wait_started", "pool", times=2)
    lab.watch.until("control_ran", times=lab.watch.count("control_queued"))
    stall = pool.stall()
    assert stall is not None and stall.cycle == () and stall.queued == 3
    assert sum("is kept until" in sentence for sentence in stall.waiting) == 2
    assert not answer.done and not pause.done
    second.unsuspend()
    assert answer.get() == 0
    pause.get()
    first.unsuspend()
    third.unsuspend()


def test_pauses_are_affordable_while_it_may_grow(lab: Any) -> None:
    pool = lab.threadpool(0, auto_increment=1)
    serializers = [pool.serializer(f"s{n}") for n in range(20)]
    for serializer in serializers:
        serializer.suspend()
    assert pool.push_wait(int) == 0
    assert pool.statistics().threads >= 21
    blocked = [w for w in lab.watch.trace() if w.kind == "wait_started" and w.detail["reason"] == "blocking_suspend"]
    assert len({w.thread for w in blocked}) == 20
    for serializer in serializers:
        serializer.unsuspend()


def test_eight_tasks_on_five_threads_that_may_not_grow_always_run(lab: Any) -> None:
    """The original may leave them queued with all five threads idle; over and over here, none is left."""
    pool = lab.threadpool(5)
    for _ in range(300):
        done = threading.Semaphore(0)
        for _ in range(8):
            pool.push(done.release)
        assert all(done.acquire(timeout=60) for _ in range(8))


def on_a_random_schedule(program: Any, seed: int) -> None:
    """Run a program; it fails if anything is left that cannot go on."""
    draw = random.Random(seed)

    def choose(kernel: Any, current: Any) -> Any:
        ready = [thread for thread in kernel.threads if not thread.ended and is_ready(thread)]
        return draw.choice(ready) if ready else None

    runtime = ControlledRuntime(choose)
    runtime.run(program, runtime)


@pytest.mark.parametrize("seed", range(50))
def test_no_wake_up_is_lost_where_the_pool_may_not_grow(seed: int) -> None:
    """In the original one can be: a push comes just before the control thread hears that the last thread is idle."""

    def program(runtime: Any) -> None:
        with ThreadPool("pool", runtime=runtime, initial_size=1, auto_increment=0, idle_timeout=0) as pool:
            for _ in range(3):
                assert pool.push_wait(len, "abc") == 3

    on_a_random_schedule(program, seed)


@pytest.mark.parametrize("seed", range(50))
def test_no_thread_times_out_while_a_task_is_queued(seed: int) -> None:
    """Tasks come when the only thread's time is up, on random schedules."""
    recorder = Recorder()

    def program(runtime: Any) -> None:
        options = {"initial_size": 1, "auto_increment": 1, "max_size": 1, "idle_timeout": 1}
        with ThreadPool("pool", runtime=runtime, recorder=recorder, **options) as pool:
            for _ in range(5):
                runtime.sleep(1)
                pool.push(int)

    on_a_random_schedule(program, seed)
    queued = 0
    for event in recorder.trace():
        queued += (event.kind == "task_pushed") - (event.kind == "task_started")
        assert event.kind != "pool_shrank" or not queued
    assert not queued


def test_a_zombie_runs_its_serializers_turn_to_the_end(lab: Any) -> None:
    pool, gate, ran = lab.threadpool(1), lab.gate(), []
    serializer = pool.serializer("s")
    serializer.push(gate)
    gate.reached()
    for n in range(3):
        serializer.push(ran.append, n)
    pool.set_size(0)
    lab.watch.until("control_ran", action="set_size")
    assert (len(pool), repr(pool)) == (1, "<ThreadPool pool: open, 0 active, 0 idle, 1 zombies>")
    gate.open()
    lab.watch.until("thread_stopped", "pool")
    assert (len(pool), ran) == (0, [0, 1, 2])
    pool.push(ran.append, 3)
    pool.set_size(1)
    pool.shutdown()
    assert ran == [0, 1, 2, 3]
