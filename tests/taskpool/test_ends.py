"""How pools of both designs end: in order, suddenly, late, twice, and not at all."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from taskpool import PoolAborted, PoolShutDown
from taskpool.errors import DuplicateNameError, TaskDiscarded, WrongThreadError
from taskpool.registry import names

pytestmark = pytest.mark.threads

KINDS = ("pool", "taskprocessor", "serializer")


def names_in_use(lab: Any) -> list[str]:
    return [name for kind in KINDS for name in names(kind, lab.runtime)]


def test_shutdown_runs_what_is_queued_everywhere(lab: Any, design: str) -> None:
    pool, gate, ran = lab.open(design, 1), lab.gate(), []
    serializer = pool.serializer("s")
    pool.push(gate)
    gate.reached()
    for n in range(50):
        pool.push(ran.append, n)
        serializer.push(ran.append, 100 + n)
    pool.shutdown(wait=False)
    gate.open()
    pool.shutdown()
    assert sorted(ran) == [*range(50), *range(100, 150)]
    (end,) = [event for event in pool.trace() if event.kind == "pool_shut_down"]
    assert end.detail == {"aborted": False, "unrun": {}}


def test_shutdown_reports_what_a_suspended_serializer_holds(lab: Any, design: str) -> None:
    pool = lab.open(design, 2)
    serializer = pool.serializer("s")
    serializer.suspend()
    for _ in range(3):
        serializer.push(int)
    waiting = lab.go(serializer.push_wait, int)
    lab.watch.until("wait_started", "s", reason="sync_task")
    pool.shutdown()
    with pytest.raises(TaskDiscarded, match="'int' of s will never run: .* while serializer 's' was suspended"):
        waiting.get()
    assert lab.watch.count("pool_shut_down", aborted=False, unrun={"s": 4}) == 1
    assert lab.watch.count("task_discarded", "s", reason="shut_down") == 4
    serializer.unsuspend()


def test_a_pause_that_is_reached_while_the_pool_shuts_down_keeps_no_thread(lab: Any, design: str) -> None:
    pool, gate = lab.open(design, 1), lab.gate()
    serializer = pool.serializer("s")
    serializer.push(gate)
    gate.reached()
    pause = lab.go(serializer.suspend)
    lab.watch.until("serializer_suspending", "s")
    serializer.push(int)
    pool.shutdown(wait=False)
    gate.open()
    pause.get()
    pool.shutdown()
    assert lab.watch.count("pool_shut_down", unrun={"s": 1}) == 1


def test_nobody_is_kept_waiting_for_what_is_suspended_while_the_pool_shuts_down(lab: Any, design: str) -> None:
    """Who suspended it may be the one that waits for the pool's end."""
    pool, gate = lab.open(design, 2), lab.gate()
    serializer = pool.serializer("s")
    serializer.suspend()
    answer = lab.go(pool.push_wait, lambda: (gate(), serializer.push_wait(int)))
    gate.reached()
    pool.shutdown(wait=False)
    gate.open()
    pool.shutdown()
    with pytest.raises(TaskDiscarded, match="'int' of s will never run: .* while serializer 's' was suspended"):
        answer.get()
    serializer.unsuspend()


def test_everything_is_refused_after_shutdown(lab: Any, design: str) -> None:
    pool = lab.open(design)
    serializer = pool.serializer("s")
    pool.shutdown()
    calls = [lambda: pool.push(int), lambda: pool.push_wait(int), lambda: pool.serializer("t"), serializer.suspend]
    calls += [lambda: serializer.push(int), lambda: serializer.push_wait(int)]
    for call in calls:
        with pytest.raises(PoolShutDown, match="'pool' is shut down"):
            call()
    assert len(pool) == 0 and lab.watch.count("task_pushed") == 0


def test_a_task_that_runs_during_shutdown_may_still_push_synchronously(lab: Any, design: str) -> None:
    pool, gate = lab.open(design, 2), lab.gate()
    own, other = pool.serializer("own"), pool.serializer("other")

    def task() -> tuple[Any, ...]:
        gate()
        return pool.push_wait(int), own.push_wait(int), other.push_wait(int)

    answer = lab.go(own.push_wait, task)
    gate.reached()
    pool.shutdown(wait=False)
    gate.open()
    assert answer.get() == (0, 0, 0)
    pool.shutdown()


def test_a_name_is_refused_while_it_is_in_use_and_free_after_shutdown_and_abort(lab: Any, design: str) -> None:
    for end in ("shutdown", "abort"):
        pool = lab.open(design, 1, "twice")
        pool.serializer("s")
        for again in ("taskpool", "threadpool"):
            with pytest.raises(DuplicateNameError, match="a pool named 'twice' is open: shut it down first"):
                lab.open(again, 1, "twice")
        getattr(pool, end)()
        assert names_in_use(lab) == []


def test_a_notebook_cell_may_be_run_twice(lab: Any, design: str) -> None:
    for _ in range(2):
        with lab.open(design, 1, "cell") as pool:
            assert pool.serializer("s").push_wait(divmod, 7, 2) == (3, 1)
        with pytest.raises(KeyError), lab.open(design, 1, "cell") as pool:
            raise KeyError
        assert (names_in_use(lab), len(pool)) == ([], 0)


def test_abort_releases_every_waiter_and_leaves_no_thread(lab: Any, design: str) -> None:
    pool, gate = lab.open(design, 3), lab.gate()
    still, busy = pool.serializer("still"), pool.serializer("busy")
    still.suspend()
    busy.push(gate)
    gate.reached()
    inside = lab.go(pool.push_wait, lambda: still.push_wait(int))
    lab.watch.until("wait_started", "still", reason="suspended" if design == "taskpool" else "sync_task")
    outside = [
        lab.go(still.push_wait, int),
        lab.go(busy.push_wait, int),
        lab.go(busy.suspend),
        lab.go(busy.suspend),
    ]
    pauses = 0 if design == "taskpool" else 2  # the threadpool's suspend waits, and then keeps a thread
    lab.watch.until("wait_started", times=2 + pauses + len(outside))
    pool.abort()
    for answer in [inside, *outside]:
        with pytest.raises(PoolAborted, match="pool 'pool' was aborted while .* waited for (still|busy|pool|taskpool)"):
            answer.get()
    gate.open()
    lab.everything_ends()
    assert (names_in_use(lab), len(pool)) == ([], 0)
    for call in (lambda: pool.push(int), lambda: still.push(int), lambda: busy.push_wait(int), busy.suspend):
        with pytest.raises(PoolAborted, match="pool 'pool' was aborted"):
            call()
    pool.abort()
    pool.shutdown()
    still.unsuspend()


def test_abort_from_inside_ends_the_pool_after_the_task(lab: Any, design: str) -> None:
    pool, ran = lab.open(design, 1), []
    serializer = pool.serializer("s")

    def task() -> None:
        pool.push(ran.append, 1)
        serializer.push(ran.append, 2)
        pool.abort()
        for push_wait in (pool.push_wait, serializer.push_wait):
            with pytest.raises(PoolAborted):
                push_wait(ran.append, 3)
        ran.append(0)

    serializer.push(task)
    lab.everything_ends()
    assert ran == [0]
    aborted = [event for event in pool.trace() if event.kind == "pool_shut_down"]
    assert [event.detail for event in aborted] == [{"aborted": True, "unrun": {**pool_tasks(pool), "s": 1}}]


def pool_tasks(pool: Any) -> dict[str, int]:
    """The one queue of a pool's own that held a task."""
    return {next(e.processor for e in pool.trace() if e.kind == "task_pushed" and "turn" in e.detail): 1}


def test_a_task_cannot_wait_for_its_own_pools_end(lab: Any, design: str) -> None:
    pool, other = lab.open(design, 1), lab.taskpool(1, "other")
    with pytest.raises(WrongThreadError, match="pool 'pool' cannot wait for its end: use shutdown\\(wait=False\\)"):
        pool.push_wait(pool.shutdown)
    with pytest.raises(WrongThreadError):
        pool.push_wait(other.push_wait, pool.shutdown)
    pool.push_wait(pool.shutdown, wait=False)
    pool.shutdown()


def test_shutdown_waits_for_threads_that_start_meanwhile(lab: Any) -> None:
    """The control thread grows the pool for the push after shutdown has begun to wait."""
    ended = []
    for n in range(20):
        pool = lab.threadpool(0, f"pool-{n}", auto_increment=3, thread_end=lambda: ended.append(1))
        pool.push(int)
        pool.shutdown()
        assert not any(thread.is_alive() for thread in pool.threads)
        assert len(ended) == 3 * (n + 1)


def test_a_pool_says_once_that_it_is_shut_down(lab: Any) -> None:
    """Also where a thread that went before still runs its thread_end hook."""
    gate = lab.gate()
    pool = lab.taskpool(0, initial_size=0, max_size=1, auto_increment=1, idle_timeout=0.01, thread_end=gate)
    pool.push_wait(int)
    gate.reached()
    pool.shutdown(wait=False)
    gate.open()
    pool.shutdown()
    assert lab.watch.count("pool_shut_down") == 1


def test_a_suspend_that_no_thread_will_ever_serve_ends_with_the_pool(lab: Any) -> None:
    pool = lab.threadpool(0)
    serializer = pool.serializer("s")
    answers = [lab.go(serializer.suspend), lab.go(serializer.push_wait, int)]
    lab.watch.until("wait_started", "s", times=2)
    lab.watch.until("control_ran")
    pool.shutdown()
    with pytest.raises(PoolShutDown, match="'s' cannot be suspended: its pool is gone"):
        answers[0].get()
    with pytest.raises(TaskDiscarded, match="'int' of s will never run: its pool was shut down when it had no thread"):
        answers[1].get()


@pytest.mark.parametrize("last", ["set_size", "task_pushed"])
def test_a_threadpool_ends_whatever_its_last_control_task_is(lab: Any, last: str) -> None:
    held = lab.gate()

    class Hold:
        def state_changed(self, pool: Any, active: int, idle: int) -> None:
            held()

    pool = lab.threadpool(0, listener=Hold())
    pool.set_size(0)
    held.reached()
    if last == "set_size":
        pool.set_size(0)
    else:
        pool.push(int)
    pool.shutdown(wait=False)
    held.open()
    lab.everything_ends()
    assert lab.watch.count("pool_shut_down", unrun={} if last == "set_size" else {"pool": 1}) == 1


@pytest.mark.parametrize("use", ["idle", "busy", "suspended", "blocked"])
def test_a_pool_that_nobody_shut_down_does_not_keep_the_interpreter(design: str, use: str) -> None:
    program = f"""
import threading
from taskpool import TaskPool, ThreadPool
pool = {"TaskPool('p', minimum_size=3)" if design == "taskpool" else "ThreadPool('p', initial_size=3)"}
serializer = pool.serializer("s")
serializer.push_wait(int)
if {use!r} != "idle":
    serializer.suspend()
begun = threading.Event()
if {use!r} == "blocked":
    pool.push(lambda: (begun.set(), serializer.push_wait(int)))
if {use!r} == "busy":
    pool.push(lambda: (begun.set(), threading.Event().wait()))
if {use!r} in ("blocked", "busy"):
    begun.wait()
print("end of program")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "end of program\n", "")
