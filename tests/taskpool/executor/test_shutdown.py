"""The end of an executor: who waits for what, who may not, and what becomes of its pool."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import (
    Future,
)
from typing import Any

import pytest

from taskpool import PoolExecutor
from taskpool.errors import OptionError, PoolShutDown, WrongThreadError

pytestmark = pytest.mark.threads

DEADLINE = 60


def test_after_shutdown_it_takes_no_calls_and_the_pool_goes_on(executor: PoolExecutor, target: Any) -> None:
    assert executor.submit(int).result(DEADLINE) == 0
    executor.shutdown()
    executor.shutdown(wait=False)
    with pytest.raises(RuntimeError, match=f"{target.name}' is shut down: make another PoolExecutor for 'len'"):
        executor.submit(len, "")
    with pytest.raises(PoolShutDown):
        executor.map(len, [""])
    assert target.push_wait(int) == 0
    assert PoolExecutor(target).submit(int).result(DEADLINE) == 0
    assert "shut down, 0 calls not over" in repr(executor)


def test_shutdown_waits_for_calls_and_their_callbacks(executor: PoolExecutor) -> None:
    seen: list[str] = []
    with executor:
        for _ in range(50):
            executor.submit(seen.append, "ran").add_done_callback(lambda _: seen.append("told"))
    assert sorted(seen) == ["ran"] * 50 + ["told"] * 50


def test_shutdown_without_waiting_lets_calls_run(executor: PoolExecutor, lab: Any) -> None:
    gate = lab.gate()
    futures = [executor.submit(gate), *(executor.submit(int) for _ in range(5))]
    executor.shutdown(wait=False)
    gate.open()
    assert [future.result(DEADLINE) for future in futures[1:]] == [0] * 5


def test_shutdown_may_cancel_what_has_not_begun(single: PoolExecutor, lab: Any) -> None:
    gate = lab.gate()
    running, *pending = [single.submit(fn) for fn in (gate, int, int)]
    gate.reached()
    single.shutdown(wait=False, cancel_futures=True)
    assert [future.cancelled() for future in pending] == [True, True]
    gate.open()
    single.shutdown()
    assert running.result(0)


def test_a_call_cannot_wait_for_its_own_executors_end(executor: PoolExecutor, target: Any) -> None:
    with pytest.raises(WrongThreadError, match=r"cannot wait until its own executor has ended: use shutdown\(wait=Fal"):
        executor.submit(executor.shutdown).result(DEADLINE)
    pool = getattr(target, "pool", target)
    other = pool.serializer("other")
    with pytest.raises(WrongThreadError):
        executor.submit(other.push_wait, executor.shutdown).result(DEADLINE)
    assert executor.submit(int).result(DEADLINE) == 0
    executor.submit(executor.shutdown, wait=False).result(DEADLINE)
    with pytest.raises(PoolShutDown):
        executor.submit(int)


def test_a_callback_on_a_calls_thread_cannot_wait_for_its_executors_end(executor: PoolExecutor, lab: Any) -> None:
    gate, raised = lab.gate(), []

    def close(_: object) -> None:
        with pytest.raises(WrongThreadError):
            executor.shutdown()
        raised.append(True)

    executor.submit(gate).add_done_callback(close)
    gate.open()
    executor.shutdown()
    assert raised == [True]


def test_an_owned_pool_ends_with_its_executor(lab: Any, design: str) -> None:
    pool = lab.open(design, 2)
    with PoolExecutor(pool, owns_pool=True) as executor:
        futures = [executor.submit(int) for _ in range(10)]
        with pytest.raises(WrongThreadError, match="a task of pool 'pool' cannot wait for its end"):
            pool.push_wait(executor.shutdown)
        assert executor.submit(int).result(DEADLINE) == 0
    assert all(future.done() for future in futures)
    assert not any(handle.is_alive() for handle in pool.threads)
    with pytest.raises(PoolShutDown):
        pool.push(int)


def test_what_it_cannot_run_on_and_what_cannot_be_owned(lab: Any, design: str) -> None:
    with pytest.raises(OptionError, match="pool='pool': must be a TaskPool, a ThreadPool or a serializer of one"):
        PoolExecutor("pool")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="owns_pool=True: serializer 's' belongs to its pool"):
        PoolExecutor(lab.open(design).serializer("s"), owns_pool=True)


def leave(executor: PoolExecutor, kind: type[BaseException], *calls: Callable[[], object]) -> list[Future[Any]]:
    """Submit calls in a block that ends with an error of this kind."""
    futures: list[Future[Any]] = []
    try:
        with executor:
            futures += [executor.submit(call) for call in calls]
            raise kind
    except kind:
        return futures


def test_an_error_in_the_block_waits_and_an_interrupt_does_not(lab: Any, design: str) -> None:
    pool, gate = lab.open(design, 1), lab.gate()
    assert leave(PoolExecutor(pool), LookupError, int)[0].result(0) == 0
    assert leave(PoolExecutor(pool), KeyboardInterrupt, gate, int)[1].cancelled()
    assert not pool.closing
    leave(PoolExecutor(pool, owns_pool=True), KeyboardInterrupt)
    assert pool.aborted


def test_a_submit_that_is_refused_leaves_nothing_to_wait_for(lab: Any, design: str, through: str) -> None:
    pool = lab.open(design)
    executor = PoolExecutor(pool if through == "pool" else pool.serializer("s"))
    pool.shutdown()
    with pytest.raises(PoolShutDown, match="is shut down"):
        executor.submit(int)
    executor.shutdown()


def test_loggers_hear_nothing_of_an_ordinary_life(executor: PoolExecutor, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), executor:
        executor.submit(int).cancel()
        executor.submit(divmod, 1, 0).cancel()
        list(executor.map(int, range(5)))
    assert caplog.records == []
