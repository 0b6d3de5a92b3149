"""Serializers: order, turns, synchronous pushes that run inline or visit, and cycles that are refused."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from taskpool import DeadlockError, PoolAborted, PoolShutDown
from taskpool.registry import names

pytestmark = pytest.mark.threads


def here() -> str:
    return threading.current_thread().name


def inlined(lab: Any) -> list[tuple[str, str]]:
    """Which queue's tasks ran inline, and why."""
    return [(e.processor, e.detail["reason"]) for e in lab.watch.trace() if e.kind == "task_inlined"]


def test_a_synchronous_push_from_inside_runs_on_the_current_thread_with_one_thread_in_all(lab: Any) -> None:
    pool = lab.taskpool(1, max_size=1)
    own, other = pool.serializer("own"), pool.serializer("other")

    def task() -> list[str]:
        return [here(), pool.push_wait(here), own.push_wait(here), other.push_wait(here), other.push_wait(nested)]

    def nested() -> str:
        return str(other.push_wait(own.push_wait, pool.push_wait, here))

    thread, *others = own.push_wait(task)
    assert others == [thread] * 4
    assert [reason for _, reason in inlined(lab)] == [
        "inside_pool",
        "own_serializer",
        "idle_serializer",
        "idle_serializer",
        "own_serializer",
        "own_serializer",
        "inside_pool",
    ]
    assert lab.watch.count("wait_started") == 1


def test_a_visitor_runs_what_is_queued_before_its_own_task_and_no_more(lab: Any) -> None:
    pool, ran, turn = lab.taskpool(2), [], lab.gate()
    serializer = pool.serializer("s")

    def visit() -> None:
        for n in range(3):
            serializer.push(lambda n=n: ran.append((n, here())))
        serializer.push_wait(lambda: (serializer.push(turn), ran.append(("own", here()))))
        ran.append(("after", here()))

    # The other thread is kept busy, so that nobody else can take the serializer's turn meanwhile.
    busy = lab.gate()
    pool.push(busy)
    busy.reached()
    pool.push_wait(visit)
    visitor = ran[-1][1]
    assert ran == [(0, visitor), (1, visitor), (2, visitor), ("own", visitor), ("after", visitor)]
    assert inlined(lab) == []
    turn.reached()
    assert serializer.statistics().processed == 4


def test_a_busy_serializer_gives_its_thread_back_after_its_turn(lab: Any, design: str) -> None:
    """The threadpool's serializer keeps it until nothing is queued."""
    pool, ran, last = lab.open(design, 1), [], threading.Event()
    serializer = pool.serializer("s")

    def again(left: int) -> None:
        ran.append(left)
        if left == 5:
            pool.push(ran.append, "pool")
        if left:
            serializer.push(again, left - 1)
        else:
            last.set()

    serializer.push(again, 5)
    assert last.wait(60)
    pool.shutdown()
    assert ran == ([5, "pool", 4, 3, 2, 1, 0] if design == "taskpool" else [5, 4, 3, 2, 1, 0, "pool"])


def test_a_turn_runs_as_many_tasks_as_were_queued_when_it_began(lab: Any) -> None:
    pool, gate = lab.taskpool(1), lab.gate()
    serializer = pool.serializer("s")
    pool.push(gate)
    gate.reached()
    for _ in range(3):
        serializer.push(serializer.push, int)
    gate.open()
    pool.push_wait(int)
    lab.watch.until("serializer_released", "s", times=2)
    released = [e.detail for e in pool.trace() if e.kind == "serializer_released"]
    assert released == [{"requeued": True, "left": 3}, {"requeued": False, "left": 0}]


def test_a_to_b_to_a_keeps_one_at_a_time(lab: Any, design: str) -> None:
    """A's task waits for B's, which waits for A: that runs inside A's task, and A's queue is left alone."""
    pool, order = lab.open(design, 1 if design == "taskpool" else 3), []
    a, b = pool.serializer("a"), pool.serializer("b")

    def outer() -> None:
        order.append("outer begins")
        a.push(order.append, "queued meanwhile")
        b.push_wait(middle)
        order.append("outer ends")

    def middle() -> None:
        order.append("middle begins")
        if design == "taskpool":
            a.push_wait(order.append, "inner")
        order.append("middle ends")

    a.push_wait(outer)
    a.push_wait(int)
    assert order == [
        "outer begins",
        "middle begins",
        *(["inner"] if design == "taskpool" else []),
        "middle ends",
        "outer ends",
        "queued meanwhile",
    ]


def test_a_to_b_to_a_through_another_pool_and_a_taskprocessor_runs_inline_too(lab: Any) -> None:
    pool, far = lab.taskpool(1), lab.taskpool(1, "far")
    a, b = pool.serializer("a"), far.serializer("b")
    thread = a.push_wait(b.push_wait, a.push_wait, here)
    assert thread.startswith("taskpool/s:far-")
    assert inlined(lab) == [("a", "own_serializer")]
    assert a.push_wait(far.push_wait, pool.push_wait, here).startswith("taskpool/s:far-")


def cross(lab: Any, a: Any, b: Any) -> list[Any]:
    """Tasks of a and b push_wait onto each other at the same moment; what each of them came to."""
    met = threading.Barrier(2)

    def call(other: Any) -> Any:
        met.wait(60)
        return other.push_wait(lambda: "done")

    answers = [lab.go(a.push_wait, call, b), lab.go(b.push_wait, call, a)]
    return [answer.future.exception(60) or answer.get() for answer in answers]


def test_two_serializers_that_wait_for_each_other_are_refused_the_second_wait(lab: Any) -> None:
    pool = lab.taskpool(2)
    a, b = pool.serializer("a"), pool.serializer("b")
    for _ in range(20):
        ends = cross(lab, a, b)
        (error,) = [end for end in ends if end != "done"]
        assert isinstance(error, DeadlockError)
        assert len(error.cycle) == 2
        for name in "ab":
            assert sum(f"of {name}, which has not started" in sentence for sentence in error.cycle) == 1
    assert lab.watch.count("wait_ended", outcome="deadlock") == 20
    assert (a.queue_size, b.queue_size) == (0, 0)


def test_a_cycle_through_two_pools_is_refused(lab: Any) -> None:
    left, right = lab.taskpool(1, "left"), lab.taskpool(1, "right")
    ends = cross(lab, left, right)
    (error,) = [end for end in ends if end != "done"]
    assert isinstance(error, DeadlockError)
    assert "this wait would close a cycle in which none can go on" in str(error)
    assert all(pool.push_wait(here) for pool in (left, right))


def test_the_threadpools_serializers_deadlock_and_it_can_be_told_and_ended(lab: Any) -> None:
    pool = lab.threadpool(2)
    a, b = pool.serializer("a"), pool.serializer("b")
    met = threading.Barrier(2)
    answers = [
        lab.go(first.push_wait, lambda second=second: (met.wait(60), second.push_wait(int)))
        for first, second in ((a, b), (b, a))
    ]
    lab.watch.until("wait_started", times=4)
    stall = pool.stall()
    assert stall is not None and len(stall.cycle) == 2 and stall.queued == 2
    pool.abort()
    for answer in answers:
        with pytest.raises(PoolAborted):
            answer.get()


def test_a_turn_leaves_a_visitors_task_to_the_visitor_also_where_a_task_before_it_is_withdrawn(lab: Any) -> None:
    pool, other = lab.taskpool(2), lab.taskpool(1, "other")
    serializer = pool.serializer("s")
    first, second = lab.gate(), lab.gate()
    serializer.push(first)
    first.reached()
    serializer.push(second)
    other.push(lambda: serializer.push_wait(int))
    lab.watch.until("wait_started", "s")
    first.open()  # the next turn is to run two tasks: `second`, and one that will be withdrawn
    second.reached()
    visitor = lab.go(pool.push_wait, lambda: serializer.push_wait(lambda: 42))
    lab.watch.until("wait_started", "s", times=2)
    other.abort()
    lab.watch.until("task_discarded", "s", reason="cancelled")
    second.open()
    assert visitor.get() == 42
    assert serializer.push_wait(lambda: 1) == 1


def test_a_task_whose_waiter_was_aborted_runs_on_nobodys_behalf(lab: Any) -> None:
    """It does not run inline on the aborted pool's serializer, as it would while that waited for it."""
    pool, aborted, gate, ends = lab.taskpool(1), lab.taskpool(1, "aborted"), lab.gate(), []
    a, b = aborted.serializer("a"), pool.serializer("b")

    def inner() -> None:
        gate()
        try:
            ends.append(a.push_wait(here))
        except PoolAborted as error:
            ends.append(str(error))

    a.push(lambda: b.push_wait(inner))
    gate.reached()
    aborted.abort()
    lab.watch.until("wait_ended", "b", outcome="aborted")
    gate.open()
    pool.shutdown()
    assert ends == ["pool 'aborted' was aborted: nothing can be pushed to it any more"]


def test_inlined_tasks_count(lab: Any) -> None:
    pool = lab.taskpool(1)
    serializer = pool.serializer("s")
    with pytest.raises(ZeroDivisionError):
        pool.push_wait(serializer.push_wait, divmod, 1, 0)
    pool.push_wait(lambda: serializer.push_wait(lambda: serializer.statistics()))
    numbers = serializer.statistics()
    assert (numbers.processed, numbers.inlined, numbers.failed, numbers.max_depth) == (2, 2, 1, 1)
    during = pool.push_wait(lambda: serializer.push_wait(serializer.statistics))
    assert (during.executing, during.queued) == (1, 0)
    assert pool.push_wait(pool.push_wait, lambda: pool.statistics().processors[0].executing) == 2


def test_a_closed_serializer_runs_what_it_holds_and_gives_its_name_back(lab: Any, design: str) -> None:
    pool, gate, ran = lab.open(design, 1), lab.gate(), []
    serializer = pool.serializer("s")
    serializer.push(gate)
    gate.reached()
    serializer.push(ran.append, 1)
    serializer.close()
    for call in (serializer.push, serializer.push_wait):
        with pytest.raises(PoolShutDown, match="serializer 's' is closed"):
            call(int)
    assert names("serializer", lab.runtime) == ["s"]
    gate.open()
    pool.push_wait(int)
    pool.serializer("t").push_wait(int)
    assert (ran, names("serializer", lab.runtime)) == ([1], ["t"])
    pool.serializer("s").push_wait(int)
    serializer.close()
    assert names("serializer", lab.runtime) == ["s", "t"]
