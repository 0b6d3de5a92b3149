"""The unit tests of the original's taskpool and of its efficiency, on both designs where they apply.

Where the original waits some seconds to see that a task does not run, these look at the trace, whose order is the order
in which things happened.
"""

from __future__ import annotations

import threading
from typing import Any

import pytest

from taskpool import TaskPool, ThreadPool

pytestmark = pytest.mark.threads


def times_of(pool: Any, label: str, kind: str) -> list[int]:
    """Where in the trace's order the tasks of this label have this event."""
    trace = list(pool.trace())
    tasks = {event.task for event in trace if event.detail.get("label") == label}
    return [event.seq for event in trace if event.kind == kind and event.task in tasks]


def test_push_runs_the_task(lab: Any, design: str) -> None:
    pool, ran = lab.open(design), threading.Event()
    pool.push(ran.set)
    assert ran.wait(60)


def test_push_wait_has_run_the_task_when_it_returns(lab: Any, design: str) -> None:
    pool, ran = lab.open(design), []
    pool.push_wait(ran.append, 1)
    assert ran == [1]


def test_push_through_a_serializer_runs_the_task(lab: Any, design: str) -> None:
    serializer, ran = lab.open(design).serializer("s"), threading.Event()
    serializer.push(ran.set)
    assert ran.wait(60)


def test_push_wait_through_a_serializer_has_run_the_task_when_it_returns(lab: Any, design: str) -> None:
    serializer, ran = lab.open(design).serializer("s"), []
    serializer.push_wait(ran.append, 1)
    assert ran == [1]


def test_a_task_that_pushes_synchronously_onto_its_own_serializer_runs_it_inline(lab: Any, design: str) -> None:
    serializer = lab.open(design, 1).serializer("s")

    def outer() -> tuple[str, str]:
        return threading.current_thread().name, serializer.push_wait(lambda: threading.current_thread().name)

    here, there = serializer.push_wait(outer)
    assert here == there
    assert lab.watch.count("task_inlined", "s", reason="own_serializer") == 1


def test_a_pool_of_no_threads_grows_to_one_on_a_push(lab: Any, design: str) -> None:
    pool = (
        lab.taskpool(0, initial_size=0, max_size=1, auto_increment=1)
        if design == "taskpool"
        else lab.threadpool(0, max_size=1, auto_increment=1)
    )
    assert len(pool) == 0
    assert pool.push_wait(lambda: len(pool)) == 1
    assert pool.statistics().peak_threads == 1


def test_it_shrinks_back_to_none_after_the_idle_timeout(lab: Any, design: str) -> None:
    options: dict[str, Any] = {"initial_size": 0, "max_size": 1, "auto_increment": 1, "idle_timeout": 0.01}
    pool = lab.open(design, 0, **options)
    for times in (1, 2):
        pool.push_wait(int)
        lab.watch.until("thread_stopped", times=times)
        assert len(pool) == 0
    assert lab.watch.count("pool_shrank") == 2


@pytest.mark.parametrize("pauses", [1, 2])
def test_a_task_pushed_while_suspended_runs_once_the_last_suspension_has_ended(
    lab: Any, design: str, pauses: int
) -> None:
    """The original's second unsuspend does nothing; here suspensions are counted."""
    pool = lab.open(design, 2)
    serializer, ran = pool.serializer("s"), threading.Event()
    for _ in range(pauses):
        serializer.suspend()
    serializer.push(ran.set)
    for _ in range(pauses):
        pool.push_wait(int)
        assert serializer.queue_size == 1
        serializer.unsuspend()
    assert ran.wait(60)
    resumed = [event.seq for event in pool.trace() if event.kind == "serializer_unsuspended"]
    (started,) = times_of(pool, "set", "task_started")
    assert len(resumed) == pauses and started > resumed[-1]


def test_a_synchronous_push_onto_a_suspended_serializer_runs_once_it_is_resumed(lab: Any, design: str) -> None:
    """One thread is enough for the taskpool; the threadpool needs one more for the pause and one for the task."""
    pool = lab.open(design, 1 if design == "taskpool" else 3)
    outer, suspended = pool.serializer("outer"), pool.serializer("suspended")
    suspended.suspend()
    answer = lab.go(outer.push_wait, lambda: suspended.push_wait(lambda: 7))
    lab.watch.until("wait_started", "suspended", reason="suspended" if design == "taskpool" else "sync_task")
    assert suspended.queue_size == 1 and not answer.done
    suspended.unsuspend()
    assert answer.get() == 7


def test_200_tasks_that_push_themselves_again(lab: Any, design: str) -> None:
    """The original counts how many of them run in 30 s; here each runs 25 times."""
    pool, left, done = lab.open(design, 2, recorder=None), [25] * 200, threading.Semaphore(0)

    def again(which: int) -> None:
        left[which] -= 1
        if left[which]:
            pool.push(again, which)
        else:
            done.release()

    for which in range(200):
        pool.push(again, which)
    assert all(done.acquire(timeout=60) for _ in range(200))
    assert left == [0] * 200
    pool.shutdown()
    assert pool.statistics().processed == 5_000


def test_200_pairs_of_serializers_that_pass_a_task_back_and_forth(lab: Any, design: str) -> None:
    pool, done = lab.open(design, 2, recorder=None), threading.Semaphore(0)
    pairs = [(pool.serializer(f"{n}/left"), pool.serializer(f"{n}/right")) for n in range(200)]
    passed = [0] * 200

    def pass_on(which: int) -> None:
        passed[which] += 1
        if passed[which] < 20:
            pairs[which][passed[which] % 2].push(pass_on, which)
        else:
            done.release()

    for which, (left, _) in enumerate(pairs):
        left.push(pass_on, which)
    assert all(done.acquire(timeout=60) for _ in range(200))
    pool.shutdown()
    assert passed == [20] * 200


def test_serializers_keep_their_order(lab: Any, design: str) -> None:
    pool = lab.open(design, 3)
    first, second = pool.serializer("first"), pool.serializer("second")
    ran: dict[str, list[int]] = {"first": [], "second": []}
    for n in range(300):
        first.push(ran["first"].append, n)
        second.push(ran["second"].append, n)
    pool.shutdown()
    assert ran == {"first": list(range(300)), "second": list(range(300))}


def test_two_pools_with_one_runtime_serve_side_by_side(lab: Any) -> None:
    old, new = lab.threadpool(1, "old"), lab.taskpool(1, "new")
    assert isinstance(old, ThreadPool) and isinstance(new, TaskPool)
    assert old.push_wait(new.push_wait, threading.current_thread).name.startswith("taskpool/s:new-")
    assert new.push_wait(old.push_wait, threading.current_thread).name.startswith("threadpool/old-")
