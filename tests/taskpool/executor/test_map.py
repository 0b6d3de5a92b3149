"""`PoolExecutor.map`: order, chunks, buffer, errors, time."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from taskpool import PoolExecutor
from taskpool.errors import OptionError

pytestmark = pytest.mark.threads

DEADLINE = 60


class Thing:
    """Something that can be referred to weakly."""


class Broken(Exception):  # noqa: N818 - another such thing
    """An error that can be referred to weakly."""


def breaks() -> None:
    raise Broken


def test_map_yields_in_order_and_ends_with_the_shortest(executor: PoolExecutor) -> None:
    assert list(executor.map(pow, range(10), range(7))) == [n**n for n in range(7)]
    assert list(executor.map(abs, [])) == []
    assert list(executor.map(int)) == []


def test_map_submits_before_it_is_iterated(executor: PoolExecutor) -> None:
    ran = threading.Event()
    executor.map(lambda event: event.set(), [ran])
    assert ran.wait(DEADLINE)


def test_map_takes_chunks(lab: Any, design: str) -> None:
    pool = lab.open(design, 2)
    ran = list(PoolExecutor(pool).map(lambda n: (n, threading.get_ident()), range(10), chunksize=4))
    assert [n for n, _ in ran] == list(range(10))
    assert [len({thread for _, thread in ran[at : at + 4]}) for at in (0, 4, 8)] == [1, 1, 1]
    assert lab.watch.count("task_pushed") == 3


@pytest.mark.parametrize(("chunksize", "expected"), [(1, [0, 1, 2, 3, 4, 5]), (3, [0, 1, 2, 3, 4, 6, 7, 8])])
def test_map_raises_in_order_and_cancels_the_rest(
    single: PoolExecutor, lab: Any, chunksize: int, expected: list[int]
) -> None:
    gate, ran = lab.gate(), []

    def call(n: int) -> int:
        ran.append(n)
        if n in (5, 6):
            gate()
        return 1 // (4 - n)

    results = single.map(call, range(30), chunksize=chunksize)
    assert [next(results) for _ in range(4)] == [0, 0, 0, 1]
    gate.reached()
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert next(results, "over") == "over"
    gate.open()
    single.shutdown()
    assert ran == expected


def test_map_cancels_what_has_not_begun_when_it_is_closed(single: PoolExecutor, lab: Any) -> None:
    gate, ran = lab.gate(), []
    results = single.map(lambda n: gate() if n == 1 else ran.append(n), range(10))
    assert next(results) is None
    gate.reached()
    results.close()
    gate.open()
    single.shutdown()
    assert ran == [0]


def test_map_times_out(single: PoolExecutor, lab: Any) -> None:
    gate, ran = lab.gate(), []
    results = single.map(lambda n: gate() if n == 1 else ran.append(n), range(5), timeout=0)
    with pytest.raises(TimeoutError):
        list(results)
    gate.open()
    single.shutdown()
    assert ran in ([], [0])


def test_map_in_time_does_not_time_out(executor: PoolExecutor) -> None:
    assert list(executor.map(abs, [-1, 2], timeout=DEADLINE)) == [1, 2]


def test_map_never_has_more_tasks_than_the_buffer(single: PoolExecutor) -> None:
    taken: list[int] = []
    endless = (taken.append(n) or n for n in count())
    results = single.map(lambda n: -n, endless, buffersize=3, chunksize=2)
    assert taken == [0, 1, 2, 3, 4, 5]
    for n in range(8):
        assert next(results) == -n
        assert len(taken) == 2 * (n // 2 + 1 + 3)
    results.close()  # type: ignore[attr-defined]


def test_map_with_a_buffer_takes_no_item_after_an_error(single: PoolExecutor) -> None:
    taken: list[int] = []
    endless = (taken.append(n) or n for n in count())
    results = single.map(lambda n: 1 // (1 - n), endless, buffersize=2)
    assert next(results) == 1
    assert taken == [0, 1, 2]
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert taken == [0, 1, 2]


def test_map_with_a_buffer_ends_with_its_items(executor: PoolExecutor) -> None:
    assert list(executor.map(abs, range(10), buffersize=4)) == list(range(10))
    assert list(executor.map(abs, range(3), buffersize=4)) == [0, 1, 2]


@pytest.mark.parametrize("sizes", [{"chunksize": 0}, {"chunksize": True}, {"buffersize": 0}, {"buffersize": 1.5}])
def test_map_refuses_sizes_without_meaning(executor: PoolExecutor, sizes: Any) -> None:
    ((name, value),) = sizes.items()
    with pytest.raises(OptionError, match=f"{name}={value}: must be a whole number, 1 or more"):
        executor.map(abs, [1], **sizes)


def test_map_cancels_what_it_submitted_if_its_items_raise(single: PoolExecutor, lab: Any) -> None:
    gate, ran = lab.gate(), []

    def items() -> Iterator[int]:
        yield 0
        yield 1
        raise LookupError

    single.submit(gate)
    with pytest.raises(LookupError):
        single.map(ran.append, items())
    gate.open()
    single.shutdown()
    assert ran == []


def test_map_keeps_no_result_and_no_error_alive(single: PoolExecutor) -> None:
    gc.disable()
    try:
        for thing in single.map(lambda _: Thing(), range(10), chunksize=2):
            ended: weakref.ref[object] = weakref.ref(thing)
            del thing
            assert ended() is None
        results = single.map(lambda _: breaks(), range(10), chunksize=2)
        try:
            next(results)
        except Broken as error:
            ended = weakref.ref(error)
        single.submit(int).result(DEADLINE)
        assert ended() is None
    finally:
        gc.enable()
