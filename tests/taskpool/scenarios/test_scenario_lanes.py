"""Lanes and the context find what a broken serializer does, and say so once everything has ended."""

from collections.abc import Callable
from typing import Any

import pytest

from taskpool.errors import PoolAborted
from taskpool.runtime.real import RealRuntime
from taskpool.scenarios import PromiseBroken, ScenarioContext
from taskpool.scenarios.lane import named


class HandSerializer:
    """Keeps what is pushed, so that a test decides what runs when."""

    name = "hand"

    def __init__(self) -> None:
        self.tasks: list[Callable[[], Any]] = []

    def push(self, fn: Callable[[], Any]) -> None:
        self.tasks.append(fn)

    def push_wait(self, fn: Callable[[], Any]) -> Any:
        return fn()


@pytest.fixture
def ctx() -> ScenarioContext:
    return ScenarioContext(RealRuntime(), 2, interruptible=True)


def test_a_well_behaved_serializer_breaks_no_promise(ctx):
    serializer = HandSerializer()
    lane = ctx.lane(serializer)
    seen = []
    lane.push("first", seen.append, 1)
    lane.push("second", seen.append, 2)
    assert [task.__name__ for task in serializer.tasks] == ["first", "second"]
    for task in serializer.tasks:
        task()
    assert lane.push_wait("third", lambda: "answer") == "answer"
    lane.still()
    lane.moving()
    ctx.check()
    assert seen == [1, 2]
    assert lane.ran == 3


def test_a_lost_task_is_found(ctx):
    ctx.lane(HandSerializer()).push("lost", print)
    with pytest.raises(PromiseBroken, match="hand was given 1 tasks and ran 0"):
        ctx.check()


def test_the_wrong_order_is_found_for_each_sender(ctx):
    serializer = HandSerializer()
    lane = ctx.lane(serializer)
    for sender in ("a", "b"):
        for number in (1, 2):
            lane.push(f"{sender}{number}", int, sender=sender)
    a1, a2, b1, b2 = serializer.tasks
    for task in (b1, a2, a1, b2):
        task()
    with pytest.raises(PromiseBroken, match=r"hand ran task 2 by a \('a2'\) after task 0: out of order"):
        ctx.check()
    assert not any("by b" in finding for finding in ctx.findings)


def test_a_task_inside_an_unfinished_one_is_found(ctx):
    serializer = HandSerializer()
    lane = ctx.lane(serializer)
    lane.push("outer", lambda: serializer.tasks[1]())
    lane.push("inner", int)
    serializer.tasks[0]()
    with pytest.raises(PromiseBroken, match="hand ran 'inner' while its task 'outer' was unfinished"):
        ctx.check()


def test_a_task_during_a_pause_is_found(ctx):
    serializer = HandSerializer()
    lane = ctx.lane(serializer)
    lane.push("early", int)
    lane.still()
    serializer.tasks[0]()
    lane.moving()
    with pytest.raises(PromiseBroken, match="hand ran 'early' while it was paused"):
        ctx.check()


def test_a_pause_reported_while_a_task_runs_is_found(ctx):
    serializer = HandSerializer()
    lane = ctx.lane(serializer)
    lane.push("running", lane.still)
    serializer.tasks[0]()
    with pytest.raises(PromiseBroken, match="reported still while its task 'running' was running"):
        ctx.check()


def test_a_named_task_keeps_its_result():
    task = named("label", max, 1, 2)
    assert (task.__name__, task()) == ("label", 2)


def test_an_error_of_the_program_comes_before_findings(ctx):
    ctx.expect(False, "a finding")
    ctx.fail("main", ValueError("wrong"))
    with pytest.raises(ValueError, match="wrong"):
        ctx.check()


def test_a_countdown_opens_at_zero(ctx):
    gate = ctx.countdown(2, "two")
    assert not gate.wait(0)
    gate.arrive()
    assert gate.meet()
    assert ctx.countdown(0, "none").wait()


@pytest.mark.threads
def test_ending_the_run_releases_every_wait(ctx):
    ended = []
    started = ctx.runtime.Semaphore(0)

    def wait(what: Callable[[], object], name: str) -> None:
        started.release()
        try:
            what()
        except PoolAborted:
            ended.append(name)
            raise

    gate = ctx.countdown(1, "a gate")
    ctx.spawn(wait, gate.wait, "gate", name="gate")
    ctx.spawn(wait, lambda: ctx.sleep(1e9), "sleep", name="sleep")
    for _ in range(2):
        started.acquire()
    ctx.end()
    ctx.join()
    assert sorted(ended) == ["gate", "sleep"]
    assert ctx.errors == []
    assert ctx.program_threads == {}
    with pytest.raises(PoolAborted):
        ctx.countdown(1, "too late").wait()
