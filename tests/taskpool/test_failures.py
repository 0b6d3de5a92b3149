"""A task that raises: its thread goes on; trace, statistics and log know; who waits gets the error itself."""

from __future__ import annotations

import gc
import threading
import traceback
import weakref
from typing import Any

import pytest

pytestmark = pytest.mark.threads


class BadTextError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


def fail(error: BaseException) -> None:
    raise error


def targets(pool: Any) -> list[Any]:
    return [pool, pool.serializer("s")]


@pytest.mark.parametrize(
    "error", [ValueError("no"), SystemExit(3), KeyboardInterrupt(), GeneratorExit(), BadTextError()]
)
def test_it_ends_no_thread(lab: Any, design: str, error: BaseException, caplog: pytest.LogCaptureFixture) -> None:
    pool = lab.open(design, 1)
    threads = {pool.push_wait(threading.current_thread)}
    for target in targets(pool):
        target.push(fail, error)
        threads.add(target.push_wait(threading.current_thread))
    assert len(threads) == 1
    pool.shutdown()
    logged = [(r.levelname, r.name, r.getMessage().split(" of ")[0].split()[-1]) for r in caplog.records]
    assert logged == [("ERROR", "taskpool", "'fail'")] * 2
    assert all(r.exc_info is not None and r.exc_info[1] is error for r in caplog.records)


def test_trace_and_statistics_tell(lab: Any, design: str) -> None:
    pool = lab.open(design, 1)
    own, serializer = targets(pool)
    for target in (own, serializer):
        target.push(fail, ValueError("no"))
        target.push(fail, BadTextError())
        target.push_wait(int)
    failed = [(e.processor, e.detail["error"]) for e in pool.trace() if e.kind == "task_failed"]
    queue = failed[0][0]
    assert failed == [(name, text) for name in (queue, "s") for text in ("ValueError: no", "BadTextError")]
    numbers = pool.statistics()
    assert (numbers.processed, numbers.failed) == (3, 2)
    assert (serializer.statistics().processed, serializer.statistics().failed) == (3, 2)
    started = [e.task for e in pool.trace() if e.kind == "task_started"]
    ended = [e.task for e in pool.trace() if e.kind in ("task_finished", "task_failed")]
    assert sorted(started) == sorted(ended)


def test_the_log_may_be_left_to_the_trace(lab: Any, design: str, caplog: pytest.LogCaptureFixture) -> None:
    pool = lab.open(design, 1)
    pool.log_failures = False
    for target in targets(pool):
        target.push(fail, ValueError("no"))
        target.push_wait(int)
    assert caplog.records == []
    assert lab.watch.count("task_failed") == 2


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3), KeyboardInterrupt()])
def test_who_waits_gets_the_error_itself_with_the_tasks_own_traceback(
    lab: Any, design: str, error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    pool = lab.open(design, 2)
    own, serializer = targets(pool)

    def nested(*through: Any) -> Any:
        return through[0].push_wait(nested, *through[1:]) if through else fail(error)

    for through in ([own], [serializer], [own, serializer], [serializer, own, serializer]):
        if design == "threadpool" and len(through) == 3:
            continue  # the older design would wait for itself
        with pytest.raises(type(error)) as caught:
            through[0].push_wait(nested, *through[1:])
        assert caught.value is error
        frames = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
        assert frames[-1] == "fail" and frames.count("nested") >= len(through)
        error.__traceback__ = None
    assert caplog.records == []


def test_a_failing_task_of_others_that_a_visitor_runs_does_not_reach_the_visitor(
    lab: Any, caplog: pytest.LogCaptureFixture
) -> None:
    pool = lab.taskpool(1)
    serializer = pool.serializer("s")
    pool.push_wait(lambda: (serializer.push(fail, ValueError("no")), serializer.push_wait(int)))
    assert lab.watch.count("task_failed", "s") == 1
    assert [r.exc_info[0] for r in caplog.records if r.exc_info] == [ValueError]


def test_what_a_task_held_is_given_up_when_it_has_ended(lab: Any, design: str) -> None:
    """Neither an idle thread, nor the statistics, nor an error's traceback keeps a task's data alive."""

    class Data:
        pass

    pool = lab.open(design, 1)
    alive = []
    for target in targets(pool):
        for call in (target.push, target.push_wait):
            data = Data()
            alive.append(weakref.ref(data))
            call(lambda _: None, data)
            del data
        data = Data()
        alive.append(weakref.ref(data))
        with pytest.raises(ZeroDivisionError):
            target.push_wait(lambda _: 1 / 0, data)
        del data
    pool.shutdown()
    gc.collect()
    assert [reference() for reference in alive] == [None] * 6


def test_results_of_any_kind_come_back(lab: Any, design: str) -> None:
    pool = lab.open(design, 1)
    for target in targets(pool):
        assert target.push_wait(lambda *args, **kwargs: (args, kwargs), 1, fn=2, self=3) == ((1,), {"fn": 2, "self": 3})
        error = ValueError("returned, not raised")
        assert target.push_wait(lambda value=error: value) is error
