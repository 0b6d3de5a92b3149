"""The taskpool's threads: which of them gets a task, when the pool grows and shrinks, and who helps a blocked one."""

from __future__ import annotations

import random
import threading
from typing import Any

import pytest

from taskpool import Recorder, TaskPool
from taskpool.runtime.controlled import ControlledRuntime
from taskpool.runtime.kernel import is_ready

pytestmark = pytest.mark.threads


def here() -> str:
    return threading.current_thread().name


def occupy(lab: Any, pool: Any, tasks: int) -> list[Any]:
    """Tasks that have begun and wait to be let go."""
    gates = [lab.gate() for _ in range(tasks)]
    for gate in gates:
        pool.push(gate)
        gate.reached()
    return gates


def test_on_light_load_the_first_thread_gets_all_the_work(lab: Any) -> None:
    pool = lab.taskpool(4)
    assert {pool.push_wait(here) for _ in range(10)} == {"taskpool/s:pool-00000000"}


def test_round_robin_is_a_choice(lab: Any) -> None:
    pool = lab.taskpool(3, selector="sequential")
    assert [pool.push_wait(here)[-1] for _ in range(6)] == ["0", "1", "2", "0", "1", "2"]


def test_a_task_in_flight_counts_as_load(lab: Any) -> None:
    """Otherwise a thread in the middle of a long task would get more while others sleep."""
    pool = lab.taskpool(4)
    occupy(lab, pool, 3)
    assert {pool.push_wait(here) for _ in range(5)} == {"taskpool/s:pool-00000003"}


def test_it_grows_when_every_queue_is_at_the_threshold(lab: Any) -> None:
    pool = lab.taskpool(2, auto_increment=2, max_size=5, growth_threshold=2)
    occupy(lab, pool, 2)
    sizes = []
    for _ in range(16):
        pool.push(lab.gate())
        sizes.append(len(pool))
    # Two queues of two, then two new threads and two tasks for each, and then one more: max_size is 5.
    assert sizes[:5] == [2, 2, 2, 4, 4]
    assert max(sizes) == 5
    assert [e.detail for e in pool.trace() if e.kind == "pool_grew"] == [{"by": 2, "size": 4}, {"by": 1, "size": 5}]


@pytest.mark.parametrize("selector", ["least_full", "sequential"])
def test_on_demand_it_grows_when_no_thread_is_free_and_never_before(lab: Any, selector: str) -> None:
    pool = lab.taskpool(2, selector=selector, auto_increment=1, max_size=4, grow_when="exhausted")
    gates = occupy(lab, pool, 1)
    for _ in range(6):
        pool.push(int)
        assert len(pool) == 2
        lab.watch.until("thread_idled", times=lab.watch.count("thread_woke") - 1)
    gates[0].open()
    lab.watch.until("thread_idled", times=lab.watch.count("thread_woke"))
    occupy(lab, pool, 4)
    assert len(pool) == 4
    pool.push(int)
    assert len(pool) == 4


def test_long_tasks_stall_a_pool_that_looks_at_its_queues_only(lab: Any) -> None:
    """Issue 2074: the pool may grow to 50 threads, and two long tasks keep the third waiting."""
    pool = lab.taskpool(2, auto_increment=1, max_size=50)
    gates, third = occupy(lab, pool, 2), threading.Event()
    pool.push(third.set)
    assert (len(pool), pool.queue_size, third.is_set()) == (2, 1, False)
    gates[1].open()
    gates[0].open()
    assert third.wait(60)


def test_shrinking_never_removes_a_busy_taskprocessor_and_its_task_may_push_to_its_pool(lab: Any) -> None:
    pool = lab.taskpool(1, auto_increment=1, max_size=2, grow_when="exhausted", idle_timeout=0.01)
    first, second = occupy(lab, pool, 2)

    def long() -> int:
        again = threading.Event()
        pool.push(again.set)
        first.open()
        assert again.wait(60)
        return int(pool.push_wait(len, "abc"))

    second.open()
    lab.watch.until("pool_shrank")
    answer = lab.go(pool.push_wait, long)
    assert answer.get() == 3
    lab.watch.until("pool_shrank", times=2)
    assert (len(pool), lab.watch.count("thread_stopped")) == (1, 2)
    spans: dict[str, int] = {}
    for event in pool.trace():
        if event.kind in ("task_started", "task_finished"):
            spans[event.thread] = spans.get(event.thread, 0) + (1 if event.kind == "task_started" else -1)
        if event.kind == "pool_shrank":
            assert spans[event.thread] == 0


def test_the_last_thread_that_is_not_blocked_stays_whatever_the_idle_timeout() -> None:
    """Waits that have begun count on it: without it they might never end."""
    sizes = []

    def program(runtime: ControlledRuntime) -> None:
        options = {"minimum_size": 1, "initial_size": 2, "max_size": 2, "auto_increment": 1, "idle_timeout": 1}
        with TaskPool("pool", runtime=runtime, **options) as pool:
            serializer = pool.serializer("s")
            serializer.suspend()
            pool.push(lambda: serializer.push_wait(int))
            runtime.sleep(10)
            sizes.append(len(pool))
            serializer.unsuspend()
            runtime.sleep(10)
            sizes.append(len(pool))

    runtime = ControlledRuntime()
    runtime.run(program, runtime)
    assert sizes == [2, 1]


@pytest.mark.parametrize("seed", range(50))
def test_a_thread_whose_time_is_up_as_the_pool_ends_ends_with_it(seed: int) -> None:
    draw, recorder, ended = random.Random(seed), Recorder(), []

    def choose(kernel: Any, current: Any) -> Any:
        ready = [thread for thread in kernel.threads if not thread.ended and is_ready(thread)]
        return draw.choice(ready) if ready else None

    def program(runtime: ControlledRuntime) -> None:
        options = {"minimum_size": 0, "initial_size": 2, "max_size": 2, "auto_increment": 1, "idle_timeout": 1}
        pool = TaskPool("pool", runtime=runtime, recorder=recorder, thread_end=lambda: ended.append(1), **options)
        runtime.sleep(1)
        pool.shutdown()

    runtime = ControlledRuntime(choose)
    runtime.run(program, runtime)
    kinds = [str(event.kind) for event in recorder.trace()]
    assert (kinds.count("pool_shut_down"), kinds.count("thread_stopped"), ended) == (1, 2, [1, 1])


def test_static_taskprocessors_stay_whatever_the_idle_timeout(lab: Any) -> None:
    pool = lab.taskpool(1, initial_size=3, auto_increment=1, max_size=3, idle_timeout=0.01)
    lab.watch.until("pool_shrank", times=2)
    assert len(pool) == 1
    assert pool.push_wait(here).startswith("taskpool/s:")
    assert pool.statistics().peak_threads == 3


def block_with_queue(lab: Any, pool: Any, queued: list[Any]) -> Any:
    """Block the first of three threads on a suspended serializer, with tasks in its queue, while the others sleep."""
    paused = pool.serializer("paused")
    paused.suspend()
    go = lab.gate()
    pool.push(lambda: (go(), paused.push_wait(int)))
    go.reached()
    gates = occupy(lab, pool, 2)
    for task in queued:
        pool.push(task)
        fillers = [lab.gate() for _ in range(2)]
        for filler in fillers:
            pool.push(filler)
        gates += fillers
    for gate in gates:
        gate.open()
    lab.watch.until("thread_idled", times=2)
    go.open()
    return paused


def test_tasks_of_a_blocked_thread_are_taken_by_others_all_at_once(lab: Any) -> None:
    pool, both = lab.taskpool(3), threading.Barrier(3)
    paused = block_with_queue(lab, pool, [lambda: both.wait(60), lambda: both.wait(60)])
    both.wait(60)
    paused.unsuspend()


def test_a_thread_that_helps_a_blocked_one_counts_as_busy(lab: Any) -> None:
    pool, helping = lab.taskpool(3), lab.gate()
    paused = block_with_queue(lab, pool, [helping])
    helping.reached()
    assert pool.push_wait(here) == "taskpool/s:pool-00000002"
    paused.unsuspend()


def test_where_the_helper_blocks_too_the_next_one_helps(lab: Any) -> None:
    pool, ran = lab.taskpool(3), threading.Event()
    other = pool.serializer("other")
    other.suspend()
    paused = block_with_queue(lab, pool, [lambda: other.push_wait(int), ran.set])
    assert ran.wait(60)
    other.unsuspend()
    paused.unsuspend()


def test_a_push_goes_past_a_blocked_thread_to_one_that_is_free(lab: Any) -> None:
    pool = lab.taskpool(1, initial_size=2, auto_increment=1, max_size=2)
    paused = pool.serializer("paused")
    paused.suspend()
    pool.push(lambda: paused.push_wait(int))
    lab.watch.until("wait_started", "paused")
    assert {pool.push_wait(here) for _ in range(3)} == {"taskpool/d:pool-00000001"}
    paused.unsuspend()


def test_a_new_thread_helps_where_the_pool_may_grow_on_demand(lab: Any) -> None:
    pool, ran = lab.taskpool(1, auto_increment=1, max_size=2, grow_when="exhausted"), threading.Event()
    paused = pool.serializer("paused")
    paused.suspend()
    (go,) = occupy(lab, pool, 1)
    (busy,) = occupy(lab, pool, 1)
    pool.push(lambda: paused.push_wait(int))
    pool.push(ran.set)
    assert len(pool) == 2
    go.open()
    lab.watch.until("wait_started", "paused")
    busy.open()
    assert ran.wait(60)
    paused.unsuspend()


def test_hooks_run_on_every_thread_before_its_first_and_after_its_last_task(lab: Any, design: str) -> None:
    seen: list[tuple[str, str]] = []
    lock = threading.Lock()

    def note(what: str) -> None:
        with lock:
            seen.append((here(), what))

    pool = lab.open(design, 2, thread_start=lambda: note("start"), thread_end=lambda: note("end"))
    both = threading.Barrier(2)
    for _ in range(2):
        pool.push(lambda: (both.wait(60), note("task")))
    pool.shutdown()
    threads = {thread for thread, _ in seen}
    assert len(threads) == 2 and all(thread.startswith(design) for thread in threads)
    for thread in threads:
        assert [what for name, what in seen if name == thread] == ["start", "task", "end"]


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit()])
def test_a_hook_that_raises_ends_no_thread(
    lab: Any, design: str, error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise error

    pool = lab.open(design, 1, thread_start=fail, thread_end=fail)
    assert pool.push_wait(divmod, 7, 2) == (3, 1)
    pool.shutdown()
    assert [r.getMessage() for r in caplog.records] == [
        "thread_start hook of pool 'pool' raised",
        "thread_end hook of pool 'pool' raised",
    ]


def test_a_hook_may_use_its_pool(lab: Any, design: str) -> None:
    ran: list[int] = []
    pool: Any = None
    ready = threading.Event()

    def start() -> None:
        assert ready.wait(60)
        pool.push(ran.append, 1)

    pool = lab.open(design, 1, thread_start=start)
    ready.set()
    pool.push_wait(int)
    pool.shutdown()
    assert ran == [1]
