"""A taskprocessor on real threads: order, results, shutdown, water marks, references."""

import logging
import threading

import pytest

from taskpool.errors import DuplicateNameError, PoolShutDown
from taskpool.runtime import RealRuntime
from taskpool.taskprocessor import TaskProcessor

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
