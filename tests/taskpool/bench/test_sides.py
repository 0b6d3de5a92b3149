"""What is compared does the same work: every task once, serializers in order, all of it before a side is closed."""

from __future__ import annotations

from concurrent.futures import Future
from itertools import product

import pytest

from taskpool.bench.limit import LimitSerializer
from taskpool.bench.sides import EXECUTOR, LIMIT, SIDES, TASKPOOL, THREADPOOL, opened
from taskpool.bench.strand import Strand
from taskpool.recorder import Recorder
from taskpool.runtime import RealRuntime

pytestmark = pytest.mark.threads

every_side = pytest.mark.parametrize("name", SIDES)


@every_side
def test_every_pushed_task_runs_once_before_the_side_is_closed(name):
    ran: list[int] = []
    with opened(name, 3) as side:
        for number in range(500):
            side.push(ran.append, number)
    assert sorted(ran) == list(range(500))


@every_side
def test_a_synchronous_push_gives_the_result(name):
    with opened(name, 2) as side:
        assert side.push_wait(divmod, 17, 5) == (3, 2)
        assert side.serializer("lane").push_wait(divmod, 17, 5) == (3, 2)


@every_side
def test_a_serializer_keeps_each_pushers_order_and_runs_one_task_at_a_time(name):
    runtime, seen, inside, overlaps = RealRuntime(), [], [], []

    def task(pusher, number):
        inside.append(None)
        overlaps.append(len(inside) != 1)
        seen.append((pusher, number))
        inside.pop()

    def push_all(pusher):
        for number in range(200):
            lane.push(task, pusher, number)

    with opened(name, 3) as side:
        lane = side.serializer("lane")
        pushers = [runtime.spawn(push_all, pusher) for pusher in range(4)]
        for thread in pushers:
            thread.join()
    assert sorted(seen) == list(product(range(4), range(200)))
    assert [[number for pusher, number in seen if pusher == one] for one in range(4)] == [list(range(200))] * 4
    assert not any(overlaps)


@every_side
def test_a_side_of_fixed_size_has_its_threads_from_the_start(name):
    with opened(name, 4) as side:
        assert side.thread_count() == 4
        side.push_wait(int)
        assert side.thread_count() == 4


@pytest.mark.parametrize("name", [THREADPOOL, EXECUTOR])
def test_pauses_make_a_side_grow_where_a_pause_keeps_a_thread(name):
    with opened(name, 1, most=4) as side:
        lanes = [side.serializer(f"lane-{number}") for number in range(3)]
        for lane in lanes:
            lane.suspend()
        assert side.push_wait(int) == 0
        assert side.thread_count() == 4
        for lane in lanes:
            lane.unsuspend()


def test_a_pause_costs_the_taskpool_no_thread():
    with opened(TASKPOOL, 1, most=8) as side:
        lane = side.serializer("lane")
        lane.suspend()
        assert side.push_wait(int) == 0
        assert side.thread_count() == 1
        lane.unsuspend()


@pytest.mark.parametrize("name", [TASKPOOL, THREADPOOL])
def test_pools_are_opened_without_a_recorder_unless_one_is_given(name):
    recorder = Recorder()
    with opened(name, 1) as side:
        side.push(int)
    assert len(recorder) == 0
    with opened(name, 1, recorder=recorder) as side:
        side.push(int)
    assert len(recorder) > 0


@every_side
def test_a_side_is_let_go_when_the_work_fails(name):
    with pytest.raises(ZeroDivisionError), opened(name, 2) as side:
        raise ZeroDivisionError
    if name not in (EXECUTOR, LIMIT):
        with opened(name, 2):  # its name is free again
            pass
    assert side.thread_count() >= 0


def test_what_a_strand_runs_raises_in_whoever_waits_for_it():
    jobs = []
    strand = Strand(jobs.append)
    strand.push(jobs.append, "not yet")
    strand.push(int)
    assert len(jobs) == 1  # one job runs all that is queued
    jobs.pop()()
    assert jobs == ["not yet"]

    def at_once(job):
        job()
        return Future()

    with pytest.raises(ZeroDivisionError):
        Strand(at_once).push_wait(divmod, 1, 0)


def test_a_limit_serializer_asks_for_one_turn_at_a_time_and_again_for_what_came_in_it():
    class Turns:
        def __init__(self):
            self.asked = []

        def push(self, turn):
            self.asked.append(turn)

    turns, ran = Turns(), []
    lane = LimitSerializer(turns)
    lane.push(lane.push, ran.append, 2)
    lane.push(ran.append, 1)
    assert len(turns.asked) == 1
    turns.asked.pop()()
    assert (ran, len(turns.asked)) == ([1], 1)
    turns.asked.pop()()
    assert (ran, turns.asked) == ([1, 2], [])
