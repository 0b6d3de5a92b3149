"""The revisions of the original's serializer: what they do right, and each of their faults, made certain by gates."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from taskpool.errors import WrongThreadError
from taskpool.history import FirstSerializer, Pause, ShippedSerializer
from taskpool.original import OriginalTaskPool

pytestmark = pytest.mark.threads


def opened(lab: Any, revision: Any, threads: int = 1, name: str = "pool", **options: Any) -> Any:
    fixed = {"minimum_size": threads, "runtime": lab.runtime, "recorder": lab.watch}
    return lab.keep(OriginalTaskPool(name, serializers=revision, **{**fixed, **options}))


@pytest.fixture(params=[FirstSerializer, ShippedSerializer], ids=["first", "shipped"])
def revision(request: pytest.FixtureRequest) -> Any:
    return request.param


# -- what every revision does


def test_a_synchronous_push_returns_the_result_or_raises_the_error(lab: Any, revision: Any) -> None:
    serializer = opened(lab, revision).serializer("s")
    assert serializer.push_wait(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        serializer.push_wait(divmod, 7, 0)


def test_serializers_keep_their_order(lab: Any, revision: Any) -> None:
    pool = opened(lab, revision, 3)
    first, second = pool.serializer("first"), pool.serializer("second")
    ran: dict[str, list[int]] = {"first": [], "second": []}
    for n in range(300):
        first.push(ran["first"].append, n)
        second.push(ran["second"].append, n)
    first.push_wait(int)
    second.push_wait(int)
    assert ran == {"first": list(range(300)), "second": list(range(300))}


def test_pairs_of_serializers_pass_a_task_back_and_forth(lab: Any, revision: Any) -> None:
    pool, done = opened(lab, revision, 2, recorder=None), threading.Semaphore(0)
    pairs = [(pool.serializer(f"{n}/left"), pool.serializer(f"{n}/right")) for n in range(50)]
    passed = [0] * 50

    def pass_on(which: int) -> None:
        passed[which] += 1
        if passed[which] < 20:
            pairs[which][passed[which] % 2].push(pass_on, which)
        else:
            done.release()

    for which, (left, _) in enumerate(pairs):
        left.push(pass_on, which)
    assert all(done.acquire(timeout=60) for _ in range(50))
    pool.shutdown()
    assert passed == [20] * 50


def test_a_turn_runs_what_was_queued_when_it_began(lab: Any, revision: Any) -> None:
    pool, gate, ran = opened(lab, revision), lab.gate(), []
    busy, other = pool.serializer("busy"), pool.serializer("other")
    pool.push(gate)
    gate.reached()
    busy.push(lambda: (ran.append("busy 1"), busy.push(ran.append, "busy 3")))
    busy.push(ran.append, "busy 2")
    other.push(ran.append, "other")
    gate.open()
    other.push_wait(int)
    busy.push_wait(int)
    assert ran == ["busy 1", "busy 2", "other", "busy 3"]


def test_a_task_asks_its_own_serializer_also_after_it_has_asked_another(lab: Any, revision: Any) -> None:
    pool = opened(lab, revision)
    own, other = pool.serializer("own"), pool.serializer("other")

    def task() -> set[str]:
        return {serializer.push_wait(threading.current_thread).name for serializer in (own, other, own)}

    (thread,) = own.push_wait(task)
    assert thread.startswith("taskpool/s:pool-")
    inlined = [event for event in pool.trace() if event.kind == "task_inlined"]
    assert [(event.processor, event.detail["reason"]) for event in inlined] == [
        ("own", "own_serializer"),
        ("other", "idle_serializer"),
        ("own", "own_serializer"),
    ]


def test_an_inlined_task_is_not_counted_and_does_not_count_as_executing(lab: Any, revision: Any) -> None:
    pool, gate = opened(lab, revision, 2), lab.gate()
    outer, inner = pool.serializer("outer"), pool.serializer("inner")
    answer = lab.go(outer.push_wait, inner.push_wait, gate)
    gate.reached()
    pool.push(int)
    inner.push(int)
    assert lab.watch.count("serializer_scheduled", "inner") == 1  # as if nothing of it ran
    assert inner.statistics().executing == 0
    gate.open()
    answer.get()
    inner.push_wait(int)
    assert inner.statistics().processed == 2


def test_a_synchronous_push_onto_a_busy_serializer_runs_its_queue(lab: Any, revision: Any) -> None:
    pool, gate, ran = opened(lab, revision), lab.gate(), []
    asker, busy = pool.serializer("asker"), pool.serializer("busy")
    asker.push(lambda: (gate(), busy.push_wait(ran.append, "asked"), ran.append("answered")))
    gate.reached()
    busy.push(ran.append, "queued")
    gate.open()
    asker.push_wait(int)
    assert ran == ["queued", "asked", "answered"]


@pytest.mark.parametrize("target", ["pool", "serializer"])
def test_inside_means_inside_any_taskpool(lab: Any, revision: Any, target: str) -> None:
    p, q = opened(lab, revision, name="p"), opened(lab, revision, name="q")
    asked = q if target == "pool" else q.serializer("s")
    assert p.push_wait(asked.push_wait, threading.current_thread).name.startswith("taskpool/s:p-")


def test_a_pause_holds_no_thread_and_keeps_the_order(lab: Any, revision: Any) -> None:
    pool, ran = opened(lab, revision), []
    serializer = pool.serializer("s")
    serializer.push(ran.append, "before")
    with serializer.suspended():
        assert ran == ["before"] and serializer.is_suspended
        serializer.push(ran.append, "during")
        pool.push_wait(ran.append, "unrelated")
    serializer.push_wait(ran.append, "after")
    assert ran == ["before", "unrelated", "during", "after"]


# -- the first revision


def test_the_first_revisions_second_pause_waits_for_the_resume_of_the_first(lab: Any) -> None:
    pool = opened(lab, FirstSerializer, 2)
    serializer = pool.serializer("s")
    serializer.suspend()
    second = lab.go(serializer.suspend)
    lab.watch.until("wait_started", "s", times=2, reason="suspend")
    pool.push_wait(int)
    assert not second.done
    assert "waits until s is still" in str(pool.stall())
    serializer.unsuspend()
    second.get()
    assert serializer.is_suspended


def test_the_first_revision_runs_a_paused_serializers_queue(lab: Any) -> None:
    pool, ran = opened(lab, FirstSerializer), []
    serializer, other = pool.serializer("s"), pool.serializer("other")
    serializer.suspend()
    serializer.push(ran.append, "kept out")
    other.push_wait(serializer.push_wait, ran.append, "asked")
    assert serializer.is_suspended
    assert ran == ["kept out", "asked"]


def test_the_first_revision_may_be_paused_from_inside_but_not_by_its_own_task(lab: Any) -> None:
    pool = opened(lab, FirstSerializer)
    serializer, other = pool.serializer("s"), pool.serializer("other")
    serializer.push_wait(serializer.suspend)
    assert not serializer.is_suspended
    other.push_wait(serializer.suspend)
    assert serializer.is_suspended


# -- the shipped revision


def suspending(lab: Any) -> Any:
    """A serializer that somebody is about to pause behind a queued task, what has run, and how to go on."""
    pool, gate, ran = opened(lab, ShippedSerializer), lab.gate(), []
    serializer = pool.serializer("s")
    pool.push(gate)
    gate.reached()
    serializer.push(ran.append, "queued before")
    first = lab.go(serializer.suspend)
    lab.watch.until("wait_started", "s", reason="suspend")
    assert serializer.pause is Pause.SUSPENDING
    return serializer, ran, lambda: (gate.open(), first.get())


def test_the_shipped_revisions_second_pause_returns_before_it_is_in_force(lab: Any) -> None:
    serializer, ran, go_on = suspending(lab)
    serializer.suspend()
    assert ran == [] and not serializer.is_suspended
    go_on()
    assert ran == ["queued before"] and serializer.is_suspended


def test_the_shipped_revision_loses_a_resume_while_a_pause_is_under_way(lab: Any) -> None:
    serializer, _, go_on = suspending(lab)
    serializer.unsuspend()
    go_on()
    assert serializer.is_suspended


def test_the_shipped_revisions_first_resume_ends_everybodys_pause(lab: Any) -> None:
    serializer = opened(lab, ShippedSerializer).serializer("s")
    serializer.suspend()
    serializer.suspend()
    serializer.unsuspend()
    assert serializer.push_wait(int) == 0
    serializer.unsuspend()
    assert serializer.pause is Pause.UNSUSPENDED


def test_the_shipped_revision_parks_a_thread_that_asks_a_paused_serializer(lab: Any) -> None:
    pool, ran = opened(lab, ShippedSerializer), []
    serializer, other = pool.serializer("s"), pool.serializer("other")
    serializer.suspend()
    answer = lab.go(other.push_wait, serializer.push_wait, ran.append, "asked")
    lab.watch.until("wait_started", "s", reason="suspended")
    assert ran == []
    serializer.unsuspend()
    answer.get()
    assert ran == ["asked"]


@pytest.mark.parametrize("call", ["suspend", "unsuspend"])
def test_the_shipped_revision_refuses_to_be_paused_from_inside_any_taskpool(lab: Any, call: str) -> None:
    pool, foreign = opened(lab, ShippedSerializer, name="p"), opened(lab, ShippedSerializer, name="q")
    serializer = pool.serializer("s")
    with pytest.raises(WrongThreadError, match=f"{call} serializer 's': not from inside any taskpool"):
        foreign.push_wait(getattr(serializer, call))


# -- what both do wrong


def test_two_serializers_that_ask_each_other_hang(lab: Any, revision: Any) -> None:
    pool, gate, a_runs, b_runs = opened(lab, revision, 2), lab.gate(), lab.gate(), lab.gate()
    a, b = pool.serializer("A"), pool.serializer("B")
    pool.push(gate)  # to the first thread
    gate.reached()
    pool.push(int)  # to the first thread, whose queue is empty
    a.push(lambda: (a_runs(), b.push_wait(int)))  # to the second thread
    a_runs.reached()
    pool.push(int)  # to the second thread
    b.push(lambda: (b_runs(), a.push_wait(int)))  # to the first thread
    gate.open()
    b_runs.reached()
    a_runs.open()
    b_runs.open()
    lab.watch.until("wait_started", times=2, reason="serializer_lock")
    stall = pool.stall()
    assert len(stall.cycle) == 2
    assert sorted(sentence.split(" waits for ")[1][0] for sentence in stall.cycle) == ["A", "B"]
    pool.abort()
    lab.everything_ends()
    assert {event.detail["outcome"] for event in pool.trace() if event.kind == "wait_ended"} == {"aborted"}


def test_a_serializers_task_runs_inside_its_unfinished_one(lab: Any, revision: Any) -> None:
    pool, gate, ran = opened(lab, revision), lab.gate(), []
    a, b = pool.serializer("A"), pool.serializer("B")
    a.push(lambda: (gate(), b.push_wait(a.push_wait, ran.append, "asked by B"), ran.append("first ends")))
    gate.reached()
    a.push(ran.append, "second")
    gate.open()
    a.push_wait(int)
    assert ran == ["second", "asked by B", "first ends"]
