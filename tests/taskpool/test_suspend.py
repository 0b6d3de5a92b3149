"""Suspending a serializer: really still, counted, whose it is, what it costs, and what waits meanwhile."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from taskpool import DeadlockError
from taskpool.errors import NotSuspendedError, WrongThreadError

pytestmark = pytest.mark.threads


def here() -> str:
    return threading.current_thread().name


def test_a_suspended_serializer_holds_no_thread(lab: Any) -> None:
    """As many serializers are paused as there are threads, and all threads run others' tasks at the same time."""
    pool, together = lab.taskpool(4), threading.Barrier(5)
    paused = [pool.serializer(f"s{n}") for n in range(4)]
    for serializer in paused:
        serializer.push(int)
        serializer.suspend()
        serializer.push(int)
    others = [pool.serializer(f"other{n}") for n in range(4)]
    for other in others:
        other.push(lambda: together.wait(60))
    together.wait(60)
    assert [(s.is_suspended, s.queue_size) for s in paused] == [(True, 1)] * 4
    for serializer in paused:
        serializer.unsuspend()
        assert serializer.push_wait(int) == 0


def test_order_is_kept_across_pauses(lab: Any, design: str) -> None:
    pool, ran = lab.open(design, 2), []
    serializer = pool.serializer("s")
    for part in range(20):
        for n in range(10):
            serializer.push(ran.append, (part, n))
        with serializer.suspended():
            before = list(ran)
            for n in range(10, 20):
                serializer.push(ran.append, (part, n))
            assert (
                pool.push_wait(lambda: list(ran))
                == before
                == [(p, n) for p in range(part) for n in range(20)] + [(part, n) for n in range(10)]
            )
        assert serializer.push_wait(int) == 0
    assert ran == [(part, n) for part in range(20) for n in range(20)]


def test_suspend_returns_once_what_was_queued_before_has_run_and_nothing_runs_any_more(lab: Any, design: str) -> None:
    pool, gate, ran = lab.open(design, 2), lab.gate(), []
    serializer = pool.serializer("s")
    serializer.push(gate)
    gate.reached()
    serializer.push(ran.append, "before")
    pause = lab.go(serializer.suspend)
    lab.watch.until("serializer_suspending", "s")
    serializer.push(ran.append, "after")
    assert not pause.done and not serializer.is_suspended
    gate.open()
    pause.get()
    assert (ran, serializer.is_suspended, serializer.queued_tasks()) == (["before"], True, ("append",))
    assert serializer.statistics().executing == (0 if design == "taskpool" else 1)  # the one that keeps its thread
    serializer.unsuspend()
    assert serializer.push_wait(ran.copy) == ["before", "after"]


def test_a_second_suspender_returns_only_when_the_serializer_is_still(lab: Any, design: str) -> None:
    """In the original it returns while the first is still suspending, and a task may yet run."""
    pool, gate = lab.open(design, 2), lab.gate()
    serializer = pool.serializer("s")
    serializer.push(gate)
    gate.reached()
    pauses = [lab.go(serializer.suspend) for _ in range(3)]
    lab.watch.until("serializer_suspending", "s", times=3)
    assert [pause.done for pause in pauses] == [False] * 3
    gate.open()
    for pause in pauses:
        pause.get()
    finished = next(e.seq for e in pool.trace() if e.kind == "task_finished" and e.processor == "s")
    ends = [e.seq for e in pool.trace() if e.kind == "wait_ended" and e.detail["reason"] == "suspend"]
    assert len(ends) == 3 and min(ends) > finished


def test_suspensions_are_counted(lab: Any, design: str) -> None:
    """In the original the first unsuspend resumes everybody's pause."""
    pool, ran = lab.open(design, 2), []
    serializer = pool.serializer("s")
    serializer.suspend()
    lab.go(serializer.suspend).get()
    serializer.push(ran.append, 1)
    serializer.unsuspend()
    pool.push_wait(int)
    assert (serializer.is_suspended, ran) == (True, [])
    serializer.unsuspend()
    serializer.push_wait(int)
    assert (serializer.is_suspended, ran) == (False, [1])
    counts = [(str(e.kind), e.detail["count"]) for e in pool.trace() if "count" in e.detail]
    assert [c for c in counts if c[0] != "serializer_suspending"] == [
        ("serializer_suspended", 1),
        ("serializer_suspended", 2),
        ("serializer_unsuspended", 1),
        ("serializer_unsuspended", 0),
    ]


def test_unsuspend_needs_a_suspend(lab: Any, design: str) -> None:
    pool, gate = lab.open(design, 2), lab.gate()
    serializer = pool.serializer("s")
    serializer.push(gate)
    gate.reached()
    pause = lab.go(serializer.suspend)
    lab.watch.until("serializer_suspending", "s")
    with pytest.raises(NotSuspendedError, match="serializer 's' is not suspended: call suspend\\(\\) first"):
        serializer.unsuspend()
    gate.open()
    pause.get()
    serializer.unsuspend()
    with pytest.raises(NotSuspendedError):
        serializer.unsuspend()


def test_a_task_cannot_pause_what_it_belongs_to(lab: Any, design: str) -> None:
    pool = lab.open(design, 2)
    serializer, other = pool.serializer("s"), pool.serializer("other")
    for call in (serializer.suspend, serializer.unsuspend):
        with pytest.raises(WrongThreadError, match=call.__name__):
            serializer.push_wait(call)
        if design == "taskpool":
            with pytest.raises(WrongThreadError, match="not from inside its pool 'pool'"):
                other.push_wait(call)
    assert not serializer.is_suspended


def test_another_pools_thread_may_pause_it(lab: Any, design: str) -> None:
    """In the original, "inside" means inside any taskpool."""
    pool, far = lab.open(design, 2), lab.taskpool(1, "far")
    serializer, ran = pool.serializer("s"), []
    far.push_wait(serializer.suspend)
    serializer.push(ran.append, 1)
    assert (serializer.is_suspended, ran) == (True, [])
    far.push_wait(serializer.unsuspend)
    assert serializer.push_wait(ran.copy) == [1]


def test_the_pause_of_a_with_block_ends_with_it(lab: Any, design: str) -> None:
    serializer = lab.open(design, 2).serializer("s")
    with serializer.suspended() as same:
        assert same is serializer and serializer.is_suspended
    assert not serializer.is_suspended
    with pytest.raises(KeyError), serializer.suspended():
        raise KeyError
    assert not serializer.is_suspended


def test_who_paused_it_is_refused_to_wait_for_it(lab: Any) -> None:
    pool = lab.taskpool(2)
    serializer = pool.serializer("s")
    serializer.suspend()
    with pytest.raises(DeadlockError) as caught:
        serializer.push_wait(int)
    either = "taskpool/s:pool-00000000 or taskpool/s:pool-00000001"
    needs = f"(needs {here()}, and {either})"  # it to be resumed, and then a thread
    assert caught.value.cycle == (f"{here()} waits for task 'int' of s, which has not started {needs}",)
    assert serializer.queue_size == 0
    lab.go(serializer.suspend).get()
    serializer.unsuspend()
    waiting = lab.go(serializer.push_wait, int)
    lab.watch.until("wait_started", "s", times=2)
    serializer.unsuspend()
    assert waiting.get() == 0


def test_who_paused_it_is_refused_to_wait_for_a_pool_whose_threads_wait_for_it(lab: Any) -> None:
    pool = lab.taskpool(2)
    serializer = pool.serializer("s")
    serializer.suspend()
    waiting = [lab.go(pool.push_wait, lambda: serializer.push_wait(int)) for _ in range(2)]
    lab.watch.until("wait_started", "s", times=2, reason="suspended")
    with pytest.raises(DeadlockError) as caught:
        pool.push_wait(int)
    assert len(caught.value.cycle) == 2
    assert "waits until s is resumed" in caught.value.cycle[1]
    serializer.unsuspend()
    assert [answer.get() for answer in waiting] == [0, 0]


def test_a_wait_is_refused_that_only_lasts_because_nobody_has_resumed_a_serializer_yet(lab: Any) -> None:
    """Once `busy` is resumed its task needs a thread; the only one would wait for who waits for that task."""
    pool, go = lab.taskpool(1), lab.gate()
    paused, busy = pool.serializer("paused"), pool.serializer("busy")
    resumed = threading.Event()

    def hold_and_wait() -> int:
        paused.suspend()
        answer = busy.push_wait(lambda: 7)
        paused.unsuspend()
        resumed.set()
        return int(answer)

    task = lab.go(pool.push_wait, lambda: (go(), paused.push_wait(int)))
    go.reached()
    busy.suspend()
    waiting = lab.go(hold_and_wait)
    lab.watch.until("wait_started", "busy")
    go.open()
    with pytest.raises(DeadlockError, match="waits until paused is resumed.*waits for task .* of busy"):
        task.get()
    busy.unsuspend()
    assert waiting.get() == 7
    assert resumed.is_set() and pool.push_wait(int) == 0


def test_a_visitor_that_comes_to_a_pause_waits_there_and_no_thread_executes_the_serializer(lab: Any) -> None:
    pool, gate, ran = lab.taskpool(1), lab.gate(), []
    serializer = pool.serializer("s")

    def visit() -> str:
        gate()
        return str(serializer.push_wait(lambda: ran.append("own") or here()))

    answer = lab.go(pool.push_wait, visit)
    gate.reached()
    serializer.push(ran.append, "queued before")
    pause = lab.go(serializer.suspend)
    lab.watch.until("serializer_suspending", "s")
    gate.open()
    pause.get()
    lab.watch.until("wait_started", "s", reason="suspended")
    assert (ran, serializer.queue_size, serializer.statistics().executing) == (["queued before"], 1, 0)
    serializer.unsuspend()
    assert answer.get().startswith("taskpool/s:pool-")
    assert ran == ["queued before", "own"]


def test_a_visitor_that_comes_to_a_pause_stays_the_first(lab: Any) -> None:
    pool, go, gate, ran = lab.taskpool(2), lab.gate(), lab.gate(), []
    serializer = pool.serializer("s")

    def visit(name: str) -> str:
        return str(serializer.push_wait(lambda: ran.append(name) or here()))

    first = lab.go(pool.push_wait, lambda: (go(), visit("first"))[1])
    go.reached()
    busy = lab.gate()
    pool.push(busy)
    busy.reached()
    serializer.push(gate)
    pause = lab.go(serializer.suspend)
    lab.watch.until("serializer_suspending", "s")
    go.open()
    gate.reached()  # run by the first visitor, whose own task is behind the pause
    busy.open()
    second = lab.go(pool.push_wait, visit, "second")
    lab.watch.until("wait_started", "s", reason="serializer_lock")
    gate.open()
    pause.get()
    lab.watch.until("wait_started", "s", reason="suspended")
    serializer.unsuspend()
    assert first.get() != second.get()
    assert ran == ["first", "second"]


def test_a_pause_that_begins_behind_a_visitors_task_lets_it_run(lab: Any) -> None:
    pool, gate, ran = lab.taskpool(1), lab.gate(), []
    serializer = pool.serializer("s")
    answer = lab.go(pool.push_wait, lambda: (serializer.push(gate), serializer.push_wait(ran.append, "own")))
    gate.reached()
    pause = lab.go(serializer.suspend)
    lab.watch.until("serializer_suspending", "s")
    gate.open()
    answer.get()
    pause.get()
    assert (ran, serializer.is_suspended) == (["own"], True)
    serializer.unsuspend()


def test_visitors_wait_their_turn_behind_a_pause(lab: Any) -> None:
    pool, gate, ran = lab.taskpool(3), lab.gate(), []
    serializer = pool.serializer("s")
    serializer.push(gate)
    gate.reached()
    pause = lab.go(serializer.suspend)
    lab.watch.until("serializer_suspending", "s")
    visitors = []
    for n in range(2):
        visitors.append(lab.go(pool.push_wait, lambda n=n: serializer.push_wait(lambda: ran.append(n) or here())))
        lab.watch.until("wait_started", "s", times=n + 1, reason="serializer_lock")
        serializer.push(ran.append, 10 + n)
    gate.open()
    pause.get()
    assert (ran, serializer.queue_size, serializer.statistics().executing) == ([], 4, 0)
    serializer.unsuspend()
    threads = [visitor.get() for visitor in visitors]
    assert serializer.push_wait(ran.copy) == [0, 10, 1, 11]
    assert len(set(threads)) == 2  # each ran its own task itself
    assert lab.watch.count("wait_ended", "s", outcome="turn") == 2


def test_a_pause_that_has_nothing_to_wait_for_is_one_at_once(lab: Any) -> None:
    pool = lab.taskpool(1)
    gate = lab.gate()
    pool.push(gate)
    gate.reached()
    serializer = pool.serializer("s")
    serializer.suspend()
    serializer.suspend()
    assert lab.watch.count("wait_started") == 0
    for _ in range(2):
        serializer.unsuspend()
    gate.open()
    assert serializer.push_wait(int) == 0
