"""Many calls from many threads, and asyncio's."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future, as_completed
from typing import Any

import pytest

from taskpool import PoolExecutor

pytestmark = pytest.mark.threads

DEADLINE = 60


def test_20_000_submits_from_4_threads(lab: Any, design: str, through: str) -> None:
    """None is lost, none is doubled, and a serializer keeps each thread's order."""
    pool = lab.open(design, 4, recorder=None, high_water=1_000_000)
    executor = PoolExecutor(pool if through == "pool" else pool.serializer("s"))
    ran: list[tuple[int, int]] = []

    def call(thread: int, n: int) -> tuple[int, int]:
        ran.append((thread, n))
        return thread, n

    def submit(thread: int) -> list[Future[tuple[int, int]]]:
        return [executor.submit(call, thread, n) for n in range(5_000)]

    threads = [lab.go(submit, thread) for thread in range(4)]
    futures = [future for thread in threads for future in thread.get()]
    results = [future.result(DEADLINE) for future in as_completed(futures, DEADLINE)]
    executor.shutdown()
    everything = [(thread, n) for thread in range(4) for n in range(5_000)]
    assert sorted(results) == sorted(ran) == everything
    if through == "serializer":
        assert sorted(ran, key=lambda one: one[0]) == everything


def test_cancelling_under_load_ends_every_future_in_one_way(lab: Any, design: str, through: str) -> None:
    pool = lab.open(design, 2, recorder=None, high_water=1_000_000)
    executor = PoolExecutor(pool if through == "pool" else pool.serializer("s"))
    ran: list[int] = []
    futures = [executor.submit(ran.append, n) for n in range(4_000)]
    cancelling = [lab.go(lambda part: [n for n in part if futures[n].cancel()], range(n, 4_000, 2)) for n in range(2)]
    cancelled = [n for one in cancelling for n in one.get()]
    executor.shutdown()
    assert sorted([*cancelled, *ran]) == list(range(4_000))


def test_1_000_calls_of_asyncio(executor: PoolExecutor) -> None:
    async def main() -> list[int]:
        loop = asyncio.get_running_loop()
        return await asyncio.gather(*(loop.run_in_executor(executor, pow, n, 2) for n in range(1_000)))

    assert asyncio.run(main()) == [n * n for n in range(1_000)]


def test_asyncio_gets_errors(executor: PoolExecutor) -> None:
    async def main() -> None:
        await asyncio.get_running_loop().run_in_executor(executor, divmod, 1, 0)

    with pytest.raises(ZeroDivisionError):
        asyncio.run(main())


def test_cancelling_in_asyncio_cancels_the_call(single: PoolExecutor, lab: Any) -> None:
    gate, ran = lab.gate(), threading.Event()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        running = loop.run_in_executor(single, gate)
        pending = loop.run_in_executor(single, ran.set)
        pending.cancel()
        await asyncio.wait([pending])
        gate.open()
        await running

    asyncio.run(main())
    single.shutdown()
    assert not ran.is_set()


def test_a_pool_that_ends_ends_what_asyncio_waits_for(lab: Any, design: str) -> None:
    pool = lab.open(design)
    serializer = pool.serializer("s")
    serializer.suspend()

    async def main() -> list[object]:
        loop = asyncio.get_running_loop()
        waiting = [loop.run_in_executor(PoolExecutor(serializer), int) for _ in range(3)]
        loop.call_soon(pool.abort)
        return await asyncio.gather(*waiting, return_exceptions=True)

    assert [type(error).__name__ for error in asyncio.run(main())] == ["PoolAborted"] * 3
