"""Many threads at once on real pools: nothing lost, doubled, out of order or stuck, and nothing left behind."""

from __future__ import annotations

import threading
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from taskpool.errors import DeadlockError
from taskpool.pool import TaskPool
from taskpool.runtime.real import RealRuntime
from taskpool.threadpool import ThreadPool

pytestmark = pytest.mark.threads

DEADLINE = 120.0

POOLS: dict[str, Callable[..., Any]] = {
    "taskpool": lambda name, runtime: TaskPool(name, runtime=runtime, minimum_size=4, high_water=10_000_000),
    "threadpool": lambda name, runtime: ThreadPool(
        name, runtime=runtime, initial_size=4, max_size=4, auto_increment=0, high_water=10_000_000
    ),
}


def run_together(*jobs: Callable[[], object]) -> None:
    """Run each job on a thread of its own, and raise what one raised."""
    errors: list[BaseException] = []

    def guarded(job: Callable[[], object]) -> None:
        try:
            job()
        except BaseException as error:  # noqa: BLE001 - raised again on the test's thread
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(job,), daemon=True) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)
        assert not thread.is_alive(), "a thread is stuck"
    if errors:
        raise errors[0]


@pytest.mark.parametrize(("design", "pushes"), [("taskpool", 1_000_000), ("threadpool", 100_000)])
def test_pushes_of_8_producers_over_100_serializers_keep_their_order(design: str, pushes: int) -> None:
    producers, serializers = 8, 100
    each = pushes // producers // serializers
    ran: list[list[int]] = [[] for _ in range(serializers)]

    with POOLS[design]("load", RealRuntime()) as pool:
        queues = [pool.serializer(f"load/{number}") for number in range(serializers)]

        def produce(producer: int) -> None:
            for step in range(each):
                for number, queue in enumerate(queues):
                    queue.push(ran[number].append, producer * each + step)

        run_together(*(lambda producer=producer: produce(producer) for producer in range(producers)))

    for seen in ran:
        assert len(seen) == producers * each
        for producer in range(producers):
            first = producer * each
            assert [step for step in seen if first <= step < first + each] == list(range(first, first + each))


def test_10_000_random_suspensions_and_pushes_leave_nothing_stuck() -> None:
    workers, rounds = 5, 2_000
    lock = threading.Lock()
    pushed = ran = refused = 0

    def work() -> None:
        nonlocal ran
        with lock:
            ran += 1

    with TaskPool("random", runtime=RealRuntime(), minimum_size=3) as pool:
        queues = [pool.serializer(f"random/{number}") for number in range(4)]

        def act(seed: int) -> None:
            nonlocal pushed, refused
            random = Random(seed)
            for _ in range(rounds):
                queue, other = random.sample(queues, 2)
                what = random.randrange(5)
                with lock:
                    pushed += what != 3
                if what == 0:
                    queue.push(work)
                elif what == 1:
                    queue.push_wait(work)
                elif what == 2:
                    with queue.suspended():
                        queue.push(work)
                elif what == 3:
                    queue.suspend()
                    queue.unsuspend()
                else:
                    try:
                        queue.push_wait(other.push_wait, work)
                    except DeadlockError:
                        with lock:
                            refused += 1

        run_together(*(lambda seed=seed: act(seed) for seed in range(workers)))
        assert not any(queue.is_suspended for queue in queues)
    assert ran == pushed - refused


@pytest.mark.parametrize("design", sorted(POOLS))
def test_200_pools_leave_no_thread_and_no_name(design: str) -> None:
    before = set(threading.enumerate())
    runtime = RealRuntime()
    for _ in range(200):
        with POOLS[design]("again", runtime) as pool:
            pool.push(int)
            assert pool.serializer("again/one").push_wait(int) == 0
    assert set(threading.enumerate()) == before
    assert [kind for kind, _ in runtime.names if kind in ("pool", "taskprocessor", "serializer")] == []
