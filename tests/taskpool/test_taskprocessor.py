"""A taskprocessor on real threads: order, results, shutdown, water marks, references."""

import logging
import sys
import threading
from queue import SimpleQueue
from typing import Any

import pytest

from taskpool.errors import (
    DeadlockError,
    DuplicateNameError,
    OptionError,
    PoolAborted,
    PoolShutDown,
    WrongThreadError,
)
from taskpool.explore import explore
from taskpool.registry import names
from taskpool.runtime import RealRuntime
from taskpool.taskprocessor import TaskProcessor, ThreadListener

pytestmark = pytest.mark.threads


class NoThread:
    """A listener that only watches: tasks run when the test calls execute()."""

    def __init__(self) -> None:
        self.seen: list[object] = []

    def start(self, processor: TaskProcessor) -> None:
        self.seen.append("start")

    def task_pushed(self, processor: TaskProcessor, was_empty: bool) -> None:
        self.seen.append(was_empty)

    def emptied(self, processor: TaskProcessor) -> None:
        self.seen.append("emptied")

    def shutdown(self, processor: TaskProcessor) -> None:
        self.seen.append("shutdown")


def test_20_000_tasks_run_in_order_and_shutdown_runs_what_is_queued() -> None:
    ran: list[int] = []
    processor = TaskProcessor("load", runtime=RealRuntime(), high_water=100_000)
    for n in range(20_000):
        processor.push(ran.append, n)
    processor.shutdown()
    assert ran == list(range(20_000))
    assert processor.statistics().processed == 20_000
    with pytest.raises(PoolShutDown, match="'load' is shut down"):
        processor.push(ran.append, 0)


def test_push_wait_returns_the_result_re_raises_and_runs_inline_from_inside() -> None:
    processor = TaskProcessor("sync", runtime=RealRuntime())
    assert processor.push_wait(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        processor.push_wait(divmod, 1, 0)
    inner = processor.push_wait(lambda: processor.push_wait(threading.current_thread))
    assert inner.name == "sync"
    processor.shutdown()
    assert (processor.statistics().failed, processor.statistics().inlined) == (1, 1)


def test_the_listener_sees_pushes_and_the_empty_queue_as_they_are() -> None:
    listener = NoThread()
    processor = TaskProcessor("watched", listener, runtime=RealRuntime())
    processor.push(lambda: processor.push(int))
    assert processor.execute() is True
    assert processor.execute() is False
    processor.shutdown()
    assert listener.seen == ["start", True, False, "emptied", "shutdown"]


def test_names_are_shared_by_get_and_free_after_the_last_reference() -> None:
    runtime = RealRuntime()
    first = TaskProcessor.get("shared", runtime=runtime)
    assert first is not None and TaskProcessor.get("shared", runtime=runtime) is first
    with pytest.raises(DuplicateNameError, match="TaskProcessor.get"):
        TaskProcessor("shared", runtime=runtime)
    first.unreference()
    first.push_wait(int)
    first.unreference()
    assert TaskProcessor.get("shared", if_exists=True, runtime=runtime) is None


def test_the_high_water_mark_warns_once_then_again(caplog: pytest.LogCaptureFixture) -> None:
    processor = TaskProcessor("sub/q", NoThread(), runtime=RealRuntime(), high_water=2, low_water=0)
    with caplog.at_level(logging.WARNING, logger="taskpool"):
        for _ in range(2):
            for _ in range(3):
                processor.push(int)
            while processor.execute():
                pass
    assert [r.getMessage().endswith("again") for r in caplog.records] == [False, True]


def test_what_is_pushed_before_the_shutdown_runs_even_if_the_thread_hears_of_it_later() -> None:
    class ShutDownMeanwhile(ThreadListener):
        def task_pushed(self, processor: TaskProcessor, was_empty: bool) -> None:
            processor.shutdown(wait=False)
            super().task_pushed(processor, was_empty)

    listener, ran = ShutDownMeanwhile(), list[int]()
    TaskProcessor("raced", listener, runtime=RealRuntime()).push(ran.append, 1)
    listener.join()
    assert ran == [1]


def test_get_gives_what_another_thread_made_just_before() -> None:
    runtime, others = RealRuntime(), list[TaskProcessor]()

    class MadeTwice(TaskProcessor):
        def __init__(self, name: str, **options: Any) -> None:
            if not others:
                others.append(TaskProcessor(name, **options))
            super().__init__(name, **options)

    assert MadeTwice.get("t", runtime=runtime) is others[0]
    for _ in range(2):
        others[0].push_wait(int)
        others[0].unreference()
    assert names("taskprocessor", runtime) == []


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit()])
def test_a_hook_that_raises_is_logged_and_ends_no_thread(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise error

    processor = TaskProcessor("hooked", ThreadListener(fail, fail), runtime=RealRuntime())
    assert processor.push_wait(divmod, 7, 2) == (3, 1)
    processor.shutdown()
    assert [r.getMessage() for r in caplog.records] == [
        "thread_start hook of hooked raised",
        "thread_end hook of hooked raised",
    ]


def test_two_taskprocessors_that_wait_for_each_other_are_refused_the_second_wait() -> None:
    runtime = RealRuntime()
    left, right = TaskProcessor("left", runtime=runtime), TaskProcessor("right", runtime=runtime)
    met = threading.Barrier(2)
    ends: SimpleQueue[int | DeadlockError] = SimpleQueue()

    def call(other: TaskProcessor) -> None:
        met.wait(60)
        try:
            ends.put(other.push_wait(int))
        except DeadlockError as error:
            ends.put(error)

    left.push(call, right)
    right.push(call, left)
    first, second = ends.get(timeout=60), ends.get(timeout=60)
    left.shutdown()
    right.shutdown()
    assert isinstance(first, DeadlockError) and second == 0
    assert [sentence.split()[0] for sentence in sorted(first.cycle)] == ["left", "right"]


def test_who_was_waited_for_until_an_abort_is_not_inside_any_more(lab: Any) -> None:
    """The taskprocessor's task goes on, so what comes back to it has to wait for its turn."""
    processor, pool = TaskProcessor("t", runtime=lab.runtime, recorder=lab.watch), lab.taskpool(1)
    order, begun, aborted, go_on = list[str](), threading.Event(), threading.Event(), threading.Event()

    def waits() -> None:
        with pytest.raises(PoolAborted):
            pool.push_wait(comes_back)
        aborted.set()
        assert go_on.wait(60)
        order.append("went on")

    def comes_back() -> None:
        begun.set()
        assert aborted.wait(60)
        order.append(processor.push_wait(lambda: threading.current_thread().name))

    processor.push(waits)
    assert begun.wait(60)
    pool.abort()
    lab.watch.until("wait_started", "t")
    go_on.set()
    lab.everything_ends()
    processor.shutdown()
    assert order == ["went on", "t"]


def test_a_push_wait_that_comes_back_runs_inside_the_task_that_waits_for_it() -> None:
    runtime = RealRuntime()
    one, two = TaskProcessor("one", runtime=runtime), TaskProcessor("two", runtime=runtime)
    where = one.push_wait(two.push_wait, one.push_wait, threading.current_thread)
    assert where.name == "two"
    assert (one.statistics().inlined, two.statistics().inlined) == (1, 0)
    one.shutdown()
    two.shutdown()


def test_a_task_cannot_wait_for_its_own_taskprocessors_end() -> None:
    processor = TaskProcessor("own", runtime=RealRuntime())
    with pytest.raises(WrongThreadError, match="'own' cannot wait for its end: call shutdown\\(wait=False\\)"):
        processor.push_wait(processor.shutdown)
    processor.push_wait(processor.shutdown, wait=False)
    processor.shutdown()


def test_a_task_that_raises_is_logged_unless_somebody_waits_for_it(caplog: pytest.LogCaptureFixture) -> None:
    processor = TaskProcessor("fails", runtime=RealRuntime())
    processor.push(divmod, 1, 0)
    with pytest.raises(ZeroDivisionError):
        processor.push_wait(divmod, 1, 0)
    processor.shutdown()
    (record,) = caplog.records
    assert record.getMessage() == "task 'divmod' of fails raised on fails"
    assert record.exc_info is not None and record.exc_info[0] is ZeroDivisionError


def test_statistics_name_the_longest_task_and_where_it_was_pushed(monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = RealRuntime()
    clock = iter([0.0, 2.0, 2.0, 7.0, 7.0, 8.0])
    monkeypatch.setattr(runtime, "monotonic", lambda: next(clock))
    processor = TaskProcessor("timed", NoThread(), runtime=runtime)
    for fn in (int, str, list):
        processor.push(fn)
    pushed_at = sys._getframe().f_lineno - 1
    processor.drain()
    numbers = processor.statistics()
    assert (numbers.processed, numbers.max_depth, numbers.shortest, numbers.longest) == (3, 3, 1.0, 5.0)
    assert (numbers.longest_label, numbers.longest_origin) == ("str", f"{__file__}:{pushed_at}")
    processor.reset_statistics()
    assert (processor.statistics().processed, processor.statistics().longest) == (0, None)


def test_its_queue_can_be_looked_at_and_pinged() -> None:
    processor = TaskProcessor("seen", NoThread(), runtime=RealRuntime())
    processor.push(divmod, 7, 2)
    processor.push(lambda: None)
    assert (processor.queue_size, processor.queued_tasks()) == (2, ("divmod", "<lambda>"))
    processor.shutdown()
    alive = TaskProcessor("alive", runtime=RealRuntime())
    assert alive.ping() >= 0
    alive.shutdown()


@pytest.mark.parametrize(("high", "low"), [(0, None), (10, 11), (10, -1)])
def test_water_marks_that_mean_nothing_are_refused(high: int, low: int | None) -> None:
    with pytest.raises(
        OptionError, match=f"{'high' if low is None else 'low'}_water={low if low is not None else high}"
    ):
        TaskProcessor("marks", NoThread(), runtime=RealRuntime(), high_water=high, low_water=low)


def test_it_takes_the_same_steps_whether_somebody_records_or_not() -> None:
    def program(runtime: Any) -> None:
        kitchen = TaskProcessor("kitchen", runtime=runtime, recorder=runtime.recorder)
        kitchen.push(int)
        kitchen.shutdown()
        assert not kitchen.statistics().processed

    (failure,) = explore(program, stop_at_failure=True).failures  # searched without a recorder, replayed with one
    assert failure.run.outcome == "failed"
    assert failure.trace.of_kind("task_finished")
