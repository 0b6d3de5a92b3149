"""What becomes of futures when their pool ends: none stays pending."""

from __future__ import annotations

import threading
from concurrent.futures import Future, wait
from typing import Any

import pytest

from taskpool import PoolExecutor
from taskpool.errors import PoolAborted, PoolShutDown, TaskDiscarded, WrongThreadError

pytestmark = pytest.mark.threads

DEADLINE = 60


def tellers() -> list[threading.Thread]:
    """Threads that tell futures of discarded calls now."""
    return [thread for thread in threading.enumerate() if thread.name.startswith("executor of")]


def errors_of(futures: list[Future[Any]]) -> list[str]:
    assert not wait(futures, DEADLINE).not_done
    return [f"{type(future.exception()).__name__}: {future.exception()}" for future in futures]


def test_what_is_queued_when_the_pool_shuts_down_still_runs(lab: Any, design: str, through: str) -> None:
    pool, gate = lab.open(design, 1), lab.gate()
    executor = PoolExecutor(pool if through == "pool" else pool.serializer("s"))
    futures = [executor.submit(gate), *(executor.submit(int) for _ in range(5))]
    gate.reached()
    pool.shutdown(wait=False)
    gate.open()
    assert [future.result(DEADLINE) for future in futures[1:]] == [0] * 5


def test_calls_behind_a_suspension_are_discarded_with_their_pool(lab: Any, design: str) -> None:
    pool = lab.open(design)
    serializer = pool.serializer("s")
    serializer.suspend()
    executor = PoolExecutor(serializer)
    futures = [executor.submit(divmod, 7, 2), executor.submit(len, "")]
    cancelled = executor.submit(int)
    cancelled.cancel()
    pool.shutdown()
    numbers = [event.task for event in pool.trace() if event.kind == "task_discarded"]
    assert errors_of(futures) == [
        f"TaskDiscarded: task {number} {label!r} of s will never run: "
        "its pool was shut down while serializer 's' was suspended"
        for number, label in zip(numbers, ("divmod", "len"), strict=False)
    ]
    assert cancelled.cancelled()
    with pytest.raises(TaskDiscarded):
        futures[0].result()
    executor.shutdown()


def test_calls_of_a_threadpool_without_threads_are_discarded_with_it(lab: Any, through: str) -> None:
    pool = lab.threadpool(0)
    executor = PoolExecutor(pool if through == "pool" else pool.serializer("s"))
    future = executor.submit(int)
    pool.shutdown()
    assert isinstance(future.exception(DEADLINE), TaskDiscarded)
    executor.shutdown()


def test_an_abort_ends_every_future(lab: Any, design: str) -> None:
    pool, gate = lab.open(design, 1), lab.gate()
    serializer, still = pool.serializer("s"), pool.serializer("still")
    still.suspend() if design == "taskpool" else None
    executors = [PoolExecutor(queue) for queue in (pool, serializer, still)]
    running = executors[0].submit(gate)
    gate.reached()
    futures = [executor.submit(abs, -1) for executor in executors]
    pool.abort()
    for error, name in zip(errors_of(futures), ("", "s", "still"), strict=True):
        assert error.startswith("PoolAborted: task ")
        assert error.endswith(f"{name} will never run: its pool was aborted")
    assert running.running()
    gate.open()
    assert running.result(DEADLINE)
    for executor in executors:
        with pytest.raises(PoolAborted):
            executor.submit(int)
        executor.shutdown()


def test_a_call_that_waits_in_the_pool_is_released_by_an_abort(lab: Any, design: str) -> None:
    pool, gate = lab.open(design, 2), lab.gate()
    serializer = pool.serializer("s")
    serializer.push(gate)
    gate.reached()
    future = PoolExecutor(pool).submit(serializer.push_wait, int)
    lab.watch.until("wait_started")
    pool.abort()
    assert isinstance(future.exception(DEADLINE), PoolAborted)


def test_shutdown_ends_when_an_abort_discards_what_it_waits_for(lab: Any, design: str) -> None:
    pool, gate = lab.open(design, 1), lab.gate()
    pool.push(gate)
    gate.reached()
    executor = PoolExecutor(pool)
    future = executor.submit(int)
    ended = lab.go(executor.shutdown)
    pool.abort()
    ended.get()
    assert isinstance(future.exception(0), PoolAborted)


@pytest.mark.parametrize("end", ["shutdown", "abort"])
def test_futures_are_told_without_any_lock_by_a_thread_that_ends(lab: Any, design: str, end: str) -> None:
    pool = lab.open(design)
    serializer = pool.serializer("s")
    serializer.suspend()
    executor = PoolExecutor(serializer)
    seen: list[tuple[int, int]] = []

    def look(future: Future[Any]) -> None:
        sizes = pool.queue_size, serializer.queue_size
        for use in (lambda: pool.push_wait(int), lambda: executor.submit(int)):
            with pytest.raises(PoolShutDown):
                use()
        with pytest.raises(WrongThreadError, match="cannot wait until its own executor has ended"):
            executor.shutdown()
        seen.append(sizes)

    futures = [executor.submit(int) for _ in range(3)]
    for future in futures:
        future.add_done_callback(look)
    getattr(pool, end)()
    executor.shutdown()
    assert all(isinstance(future.exception(0), PoolShutDown) for future in futures)
    assert seen == [(0, 0)] * 3
    for thread in tellers():
        thread.join(DEADLINE)
    assert tellers() == []


def test_a_callback_may_raise_anything_and_the_other_futures_are_told(
    lab: Any, design: str, caplog: pytest.LogCaptureFixture
) -> None:
    pool = lab.open(design)
    serializer = pool.serializer("s")
    serializer.suspend()
    executor = PoolExecutor(serializer)
    futures = [executor.submit(int) for _ in range(4)]

    def leave(future: Future[Any]) -> None:
        raise SystemExit

    for future in futures[::2]:
        future.add_done_callback(leave)
    pool.shutdown()
    assert len(errors_of(futures)) == 4
    executor.shutdown()
    for thread in tellers():
        thread.join(DEADLINE)
    message = "a callback of a future of the executor on serializer 's' raised"
    assert [record.getMessage() for record in caplog.records] == [message] * 2


def test_where_no_thread_can_be_started_shutdown_tells_futures(
    lab: Any, design: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = lab.open(design)
    serializer = pool.serializer("s")
    serializer.suspend()
    executor = PoolExecutor(serializer)
    futures = [executor.submit(int) for _ in range(3)]

    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(lab.runtime, "spawn", refuse)
    pool.abort()
    assert not any(future.done() for future in futures)
    executor.shutdown()
    assert all(isinstance(future.exception(0), PoolAborted) for future in futures)


@pytest.mark.parametrize("end", ["shutdown", "abort"])
def test_pools_that_end_under_submitting_threads_leave_no_future_pending(lab: Any, design: str, end: str) -> None:
    """Four threads submit to a pool and to serializers, paused and not, until they are refused."""
    for number in range(4):
        pool = lab.open(design, 2, f"pool-{number}", high_water=1_000_000)
        queues: list[Any] = [pool, pool.serializer(f"s-{number}"), pool.serializer(f"paused-{number}")]
        queues[2].suspend()
        executors = [PoolExecutor(queue) for queue in queues]
        begun = threading.Semaphore(0)

        def submit(first: int, executors: Any = executors, begun: Any = begun) -> list[Future[int]]:
            futures: list[Future[int]] = []
            try:
                while True:
                    futures.append(executors[(first + len(futures)) % 3].submit(int))
                    if len(futures) == 6:
                        begun.release()
            except PoolShutDown:
                return futures

        threads = [lab.go(submit, n) for n in range(4)]
        for _ in threads:
            assert begun.acquire(timeout=DEADLINE)
        getattr(pool, end)()
        futures = [future for thread in threads for future in thread.get()]
        assert not wait(futures, DEADLINE).not_done
        assert {type(future.exception()) for future in futures} <= {type(None), TaskDiscarded, PoolAborted}
        for executor in executors:
            executor.shutdown()
