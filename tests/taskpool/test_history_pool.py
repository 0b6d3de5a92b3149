"""The model of the original's pool: growth, shrinking, shutdown and abort, its faults made certain by gates."""

from __future__ import annotations

import math
import threading
from typing import Any

import pytest

from taskpool.errors import PoolAborted, PoolShutDown, WrongThreadError
from taskpool.history import FirstSerializer, OriginalThreadPool, ShippedSerializer
from taskpool.original import OriginalTaskPool
from taskpool.scenarios import Outcome, Run, list_scenarios, run

pytestmark = pytest.mark.threads

DESIGNS = {"taskpool-first": FirstSerializer, "taskpool-shipped": ShippedSerializer}


def opened(lab: Any, revision: Any = None, threads: int = 1, name: str = "pool", **options: Any) -> Any:
    fixed = {"minimum_size": threads, "runtime": lab.runtime, "recorder": lab.watch}
    return lab.keep(OriginalTaskPool(name, serializers=revision, **{**fixed, **options}))


@pytest.fixture(params=list(DESIGNS.values()), ids=list(DESIGNS))
def revision(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_it_grows_from_none_and_shrinks_back(lab: Any) -> None:
    pool = opened(lab, threads=0, initial_size=0, auto_increment=1, max_size=1)
    assert len(pool) == 0
    assert pool.push_wait(lambda: len(pool)) == 1
    pool.shrink(math.inf)
    assert len(pool) == 0
    assert pool.push_wait(lambda: len(pool)) == 1
    assert lab.watch.count("pool_shrank") == 1 and lab.watch.count("pool_grew") == 2


def test_the_scheduled_job_shrinks_it(lab: Any) -> None:
    pool = opened(lab, threads=0, initial_size=0, auto_increment=1, max_size=1, idle_timeout=0.01)
    pool.push_wait(int)
    lab.watch.until("thread_stopped")
    assert len(pool) == 0
    pool.shutdown()


def test_a_pool_that_was_never_used_shuts_down(lab: Any) -> None:
    pool = opened(lab, threads=0, initial_size=0, auto_increment=1, idle_timeout=60)
    pool.shutdown()
    assert lab.watch.count("pool_shut_down") == 1


def test_shrinking_joins_a_busy_thread_with_the_pools_lock_in_hand(lab: Any) -> None:
    pool, gate = opened(lab, threads=0, initial_size=0, auto_increment=1, max_size=2), lab.gate()
    pool.push(lambda: (gate(), pool.push(int)))
    gate.reached()
    job = lab.go(pool.shrink, math.inf)
    lab.watch.until("wait_started", reason="thread_end")
    gate.open()
    lab.watch.until("wait_started", reason="pool_lock")
    late = lab.go(pool.push, int)
    lab.watch.until("wait_started", reason="pool_lock", times=2)
    assert len(pool.stall().cycle) == 2
    pool.abort()
    for answer in (job, late):
        with pytest.raises(PoolAborted):
            answer.get()


@pytest.mark.parametrize(("selector", "where"), [("least_full", 0), ("sequential", 1)])
def test_a_task_in_progress_does_not_count_when_a_queue_is_chosen(lab: Any, selector: str, where: int) -> None:
    pool, gate = opened(lab, threads=2, selector=selector), lab.gate()
    pool.push(gate)
    gate.reached()
    pool.push(int)
    threads = list(dict.fromkeys(event.processor for event in pool.trace() if event.kind == "thread_started"))
    assert [threads.index(event.processor) for event in pool.trace() if event.kind == "task_pushed"] == [0, where]


def test_it_grows_when_the_queues_are_long_not_when_the_threads_are_busy(lab: Any) -> None:
    pool, gate = opened(lab, threads=1, max_size=3, auto_increment=1, growth_threshold=2), lab.gate()
    pool.push(gate)
    gate.reached()
    sizes = []
    for _ in range(3):
        pool.push(gate)
        sizes.append(len(pool))
    assert sizes == [1, 1, 2]


def test_a_shutdown_runs_the_pools_own_queues_and_then_accepts_what_will_never_run(lab: Any, revision: Any) -> None:
    pool, ran = opened(lab, revision), []
    serializer = pool.serializer("s")
    pool.push(ran.append, "pool's")
    pool.shutdown()
    serializer.push(ran.append, "stranded")
    assert ran == ["pool's"] and serializer.queue_size == 1
    with pytest.raises(PoolShutDown):
        pool.push(int)
    with pytest.raises(PoolShutDown):
        pool.push_wait(int)


def test_what_a_shutdown_leaves_in_a_suspended_serializer_is_reported(lab: Any, revision: Any) -> None:
    pool, ran = opened(lab, revision), []
    serializer = pool.serializer("s")
    serializer.suspend()
    serializer.push(ran.append, "stranded")
    pool.shutdown()
    serializer.unsuspend()
    (over,) = (event for event in pool.trace() if event.kind == "pool_shut_down")
    assert dict(over.detail) == {"aborted": False, "unrun": {"s": 1}}
    assert ran == []


def test_a_synchronous_push_after_the_shutdown_waits_until_the_pool_is_aborted(lab: Any, revision: Any) -> None:
    pool = opened(lab, revision)
    serializer = pool.serializer("s")
    pool.shutdown()
    answer = lab.go(serializer.push_wait, int)
    lab.watch.until("wait_started", "s")
    pool.abort()
    with pytest.raises(PoolAborted):
        answer.get()


def test_an_abort_releases_everybody(lab: Any, revision: Any) -> None:
    pool, gate = opened(lab, revision), lab.gate()
    serializer, other = pool.serializer("s"), pool.serializer("other")
    pool.push(gate)
    gate.reached()
    answers = [lab.go(serializer.push_wait, int), lab.go(pool.push_wait, int), lab.go(other.suspend)]
    lab.watch.until("wait_started", times=3)
    pool.abort()
    for answer in answers:
        with pytest.raises(PoolAborted):
            answer.get()
    with pytest.raises(PoolAborted):
        serializer.push(int)
    with pytest.raises(PoolAborted):
        pool.push(int)
    gate.open()
    lab.everything_ends()
    pool.shutdown()
    assert lab.watch.count("pool_shut_down", aborted=True) == 1


def test_a_pool_cannot_be_shut_down_by_its_own_task_and_wait(lab: Any) -> None:
    pool = opened(lab)
    with pytest.raises(WrongThreadError):
        pool.push_wait(pool.shutdown)
    pool.push_wait(pool.shutdown, wait=False)
    pool.shutdown()
    assert len(pool) == 0


def test_two_pools_may_share_a_name(lab: Any) -> None:
    one, other = opened(lab), opened(lab)
    assert one.name == other.name


def test_it_cannot_grow_on_exhaustion(lab: Any) -> None:
    with pytest.raises(ValueError, match="grow_when='exhausted': the original's taskpool"):
        opened(lab, grow_when="exhausted")


def test_a_closed_serializer_gives_its_name_back_once_it_is_empty(lab: Any, revision: Any) -> None:
    pool, gate = opened(lab, revision), lab.gate()
    serializer = pool.serializer("s")
    serializer.push(gate)
    gate.reached()
    serializer.close()
    with pytest.raises(PoolShutDown):
        serializer.push(int)
    with pytest.raises(ValueError, match="'s' is open"):
        pool.serializer("s")
    gate.open()
    pool.push_wait(int)
    assert pool.serializer("s") is not serializer


def test_a_task_that_raises_is_counted_and_ends_no_thread(lab: Any, revision: Any) -> None:
    pool = opened(lab, revision)
    pool.log_failures = False
    serializer = pool.serializer("s")
    serializer.push(divmod, 1, 0)
    serializer.push_wait(int)
    pool.push(divmod, 1, 0)
    pool.push_wait(int)
    assert serializer.statistics().failed == 1 and pool.statistics().failed == 1
    assert len(pool.trace().of_kind("task_failed")) == 2


def test_hooks_run_on_every_thread(lab: Any) -> None:
    seen: list[str] = []
    pool = opened(lab, threads=2, thread_start=lambda: seen.append("start"), thread_end=lambda: seen.append("end"))
    pool.push_wait(int)
    pool.shutdown()
    assert sorted(seen) == ["end", "end", "start", "start"]


def test_the_older_pool_loses_nothing_where_it_may_grow(lab: Any) -> None:
    pool, done = (
        OriginalThreadPool("pool", initial_size=1, auto_increment=1, runtime=lab.runtime),
        threading.Semaphore(0),
    )
    lab.keep(pool)
    serializer = pool.serializer("s")
    for _ in range(200):
        pool.push(done.release)
        serializer.push(done.release)
    assert all(done.acquire(timeout=60) for _ in range(400))
    pool.shutdown()
    assert len(pool) == 0


# -- as designs of the stories


@pytest.fixture
def no_thread_left() -> Any:
    before = set(threading.enumerate())
    yield
    left = set(threading.enumerate()) - before
    for thread in left:
        thread.join(60)
    assert not [thread.name for thread in left if thread.is_alive()]


def ended(name: str, design: str) -> Run:
    result = run(name, design, deadline=60)
    assert result.error is None, result.reason
    return result


@pytest.mark.usefixtures("no_thread_left")
@pytest.mark.parametrize("design", list(DESIGNS))
@pytest.mark.parametrize("name", [name for name in list_scenarios() if name != "cross-push-wait"])
def test_the_revisions_complete_the_stories(name: str, design: str) -> None:
    result = ended(name, design)
    assert result.outcome is Outcome.COMPLETED, result.reason
    assert result.trace.of_kind("pool_created")[0].detail["design"] == design


@pytest.mark.usefixtures("no_thread_left")
@pytest.mark.parametrize("design", list(DESIGNS))
def test_the_revisions_hang_where_two_serializers_ask_each_other_and_say_so(design: str) -> None:
    result = ended("cross-push-wait", design)
    assert result.outcome is Outcome.DEADLOCKED
    assert len(result.cycle) == 2
    assert sorted("pjsip/A (needs" in sentence for sentence in result.cycle) == [False, True]
