"""Calls and their futures, on pools and on serializers: results, errors, names, cancelling, callbacks, wait."""

from __future__ import annotations

import gc
import threading
import traceback
import weakref
from collections.abc import Callable
from concurrent.futures import (
    ALL_COMPLETED,
    FIRST_COMPLETED,
    FIRST_EXCEPTION,
    CancelledError,
    Executor,
    Future,
    as_completed,
    wait,
)
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from taskpool import PoolExecutor

pytestmark = pytest.mark.threads

DEADLINE = 60


class Thing:
    """Something that can be referred to weakly."""


class Broken(Exception):  # noqa: N818 - another such thing
    """An error that can be referred to weakly."""


def breaks() -> None:
    raise Broken


def test_it_is_an_executor_and_its_futures_are_the_standard_ones(executor: PoolExecutor) -> None:
    future = executor.submit(divmod, 7, 2)
    assert isinstance(executor, Executor) and isinstance(future, Future)
    assert future.result(DEADLINE) == (3, 1)
    assert future.exception() is None
    assert future.done() and not future.cancelled() and not future.cancel()


def test_a_call_may_have_arguments_of_any_name(executor: PoolExecutor) -> None:
    given = {"self": 1, "fn": 2, "args": 3}
    assert executor.submit(dict, **given).result(DEADLINE) == given


def test_calls_run_on_the_pools_threads(executor: PoolExecutor, target: Any) -> None:
    name = executor.submit(lambda: threading.current_thread().name).result(DEADLINE)
    assert name in {handle.name for handle in getattr(target, "pool", target).threads}


def test_an_error_is_the_futures_with_its_traceback(executor: PoolExecutor) -> None:
    error = KeyError("broken")

    def breaks() -> None:
        raise error

    future = executor.submit(breaks)
    assert future.exception(DEADLINE) is error
    with pytest.raises(KeyError) as caught:
        future.result()
    assert caught.value is error
    assert "breaks" in [frame.name for frame in traceback.extract_tb(error.__traceback__)]


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, GeneratorExit, CancelledError])
def test_a_call_may_raise_anything_and_its_thread_goes_on(single: PoolExecutor, kind: type[BaseException]) -> None:
    def breaks() -> None:
        raise kind

    future = single.submit(breaks)
    assert type(future.exception(DEADLINE)) is kind
    assert single.submit(len, "abc").result(DEADLINE) == 3


def test_what_cannot_be_called_is_an_error_of_the_future(executor: PoolExecutor) -> None:
    future: Future[Any] = executor.submit(3)  # type: ignore[arg-type]
    assert isinstance(future.exception(DEADLINE), TypeError)


def test_an_error_is_counted_and_recorded_but_not_logged(
    lab: Any, design: str, caplog: pytest.LogCaptureFixture
) -> None:
    pool = lab.open(design, 1)
    PoolExecutor(pool).submit(divmod, 1, 0).exception(DEADLINE)
    pool.push_wait(int)
    failed = [event.detail["error"] for event in pool.trace() if event.kind == "task_failed"]
    assert failed == ["ZeroDivisionError: integer division or modulo by zero"]
    assert (pool.statistics().failed, pool.statistics().processed) == (1, 2)
    assert caplog.records == []


def test_on_a_serializer_calls_run_one_at_a_time_in_order(lab: Any, design: str) -> None:
    ran: list[int] = []
    executor = PoolExecutor(lab.open(design, 4).serializer("s"))
    wait([executor.submit(ran.append, n) for n in range(500)], DEADLINE)
    assert ran == list(range(500))


def test_the_pools_thread_start_is_the_initializer(lab: Any, design: str) -> None:
    here = threading.local()
    pool = lab.open(design, 2, thread_start=lambda: setattr(here, "ready", True))
    assert all(PoolExecutor(pool).map(lambda _: here.ready, range(20)))


def test_the_trace_and_the_statistics_name_the_call_and_the_line_that_submitted_it(lab: Any, design: str) -> None:
    pool = lab.open(design, 1)
    executor = PoolExecutor(pool)

    def carried() -> None: ...

    thing = [1]
    for fn in (carried, partial(partial(carried)), thing.copy, len, Thing):
        executor.submit(*((fn, "x") if fn is len else (fn,))).result(DEADLINE)
    list(executor.map(abs, range(4), chunksize=4))
    labels = [event.detail["label"] for event in pool.trace() if event.kind == "task_pushed"]
    assert labels == ["carried", "carried", "copy", "len", "Thing", "abs"]
    pool.push_wait(int)
    for processor in pool.statistics().processors:
        file, _, line = processor.longest_origin.rpartition(":")
        source = Path(__file__).read_text(encoding="utf-8").splitlines()[int(line) - 1]
        assert Path(file) == Path(__file__)
        assert "executor." in source or "push_wait" in source


def test_a_queue_lists_the_calls_by_name(lab: Any, design: str) -> None:
    serializer = lab.open(design).serializer("s")
    with serializer.suspended():
        executor = PoolExecutor(serializer)
        executor.submit(divmod, 7, 2)
        executor.submit(len, "")
        assert serializer.queued_tasks() == ("divmod", "len")


def test_a_cancelled_call_does_not_run_and_the_queue_goes_on(single: PoolExecutor, lab: Any) -> None:
    gate, ran = lab.gate(), []
    running = single.submit(gate)
    first, second = single.submit(ran.append, 1), single.submit(ran.append, 2)
    gate.reached()
    assert running.running() and not running.cancel()
    assert first.cancel() and first.cancelled() and first.cancel()
    with pytest.raises(CancelledError):
        first.result()
    gate.open()
    second.result(DEADLINE)
    assert ran == [2]
    assert not second.cancel() and not running.cancelled()


def test_a_cancelled_call_keeps_nothing_alive_while_its_task_is_queued(lab: Any, design: str) -> None:
    serializer = lab.open(design).serializer("s")
    with serializer.suspended():
        thing = Thing()
        gone = weakref.ref(thing)
        future = PoolExecutor(serializer).submit(id, thing)
        del thing
        assert gone() is not None
        future.cancel()
        assert gone() is None
        assert serializer.queue_size == 1


def test_those_who_wait_hear_of_a_cancellation_at_once(lab: Any, design: str) -> None:
    serializer = lab.open(design).serializer("s")
    with serializer.suspended():
        executor = PoolExecutor(serializer)
        futures = [executor.submit(int) for _ in range(3)]
        waiting = lab.go(wait, futures, DEADLINE)
        executor.shutdown(cancel_futures=True)
        assert waiting.get().done == set(futures)
        assert set(as_completed(futures, DEADLINE)) == set(futures)


def test_wait_and_as_completed(lab: Any, design: str) -> None:
    executor = PoolExecutor(lab.open(design, 2))
    gate = lab.gate()
    slow, quick = executor.submit(gate), executor.submit(int)
    assert wait([slow, quick], DEADLINE, FIRST_COMPLETED).done == {quick}
    broken = executor.submit(divmod, 1, 0)
    assert slow in wait([slow, broken], DEADLINE, FIRST_EXCEPTION).not_done
    done = as_completed([slow, quick], DEADLINE)
    assert next(done) is quick
    gate.open()
    assert next(done) is slow
    assert wait([slow, quick, broken], DEADLINE, ALL_COMPLETED).not_done == set()


def test_callbacks_run_once_in_order_whatever_they_raise(
    executor: PoolExecutor, lab: Any, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[object] = []
    gate = lab.gate()
    future = executor.submit(gate)
    future.add_done_callback(lambda done: seen.append((done is future, threading.current_thread().name)))
    future.add_done_callback(lambda done: seen.append(1 // 0))
    future.add_done_callback(lambda done: seen.append("last"))
    gate.open()
    executor.shutdown()
    assert seen == [(True, future.result()), "last"]
    future.add_done_callback(lambda done: seen.append("late"))
    assert seen[-1] == "late"
    assert [record.name for record in caplog.records] == ["concurrent.futures"]


def test_callbacks_of_a_cancelled_future_run_where_it_is_cancelled(single: PoolExecutor, lab: Any) -> None:
    gate, seen = lab.gate(), []
    single.submit(gate)
    future = single.submit(int)
    future.add_done_callback(lambda done: seen.append((done.cancelled(), threading.current_thread())))
    future.cancel()
    assert seen == [(True, threading.current_thread())]


@pytest.mark.parametrize("call", [Thing, breaks])
def test_nothing_keeps_a_result_or_an_error_alive_but_its_future(
    lab: Any, design: str, call: Callable[[], object]
) -> None:
    """Also without the garbage collector: an error's traceback leads to no circle."""
    pool = lab.open(design, 1)
    gc.disable()
    try:
        future = PoolExecutor(pool).submit(call)
        wait([future], DEADLINE)
        pool.push_wait(int)
        ended = weakref.ref(future.exception() or future.result())
        assert ended() is not None
        del future
        assert ended() is None
    finally:
        gc.enable()
