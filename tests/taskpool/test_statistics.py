"""What pools count, where tasks came from, and what pools say of themselves."""

from __future__ import annotations

import logging
import sys
from typing import Any

import pytest

from taskpool.errors import OptionError
from taskpool.registry import alert_count

pytestmark = pytest.mark.threads


def line() -> int:
    """The caller's line."""
    return sys._getframe(1).f_lineno


@pytest.mark.parametrize("how", ["push", "push_wait"])
def test_the_longest_task_is_named_with_the_line_that_pushed_it(lab: Any, design: str, how: str) -> None:
    pool = lab.open(design, 1)
    serializer = pool.serializer("s")
    getattr(pool, how)(len, "abc"), (pushed_at := line())
    lab.watch.until("task_finished")
    own = pool.statistics().processors[0]
    getattr(serializer, how)(len, "abc"), (serialized_at := line())
    lab.watch.until("task_finished", "s")
    for numbers, at in ((own, pushed_at), (serializer.statistics(), serialized_at)):
        assert (numbers.processed, numbers.failed, numbers.inlined, numbers.queued) == (1, 0, 0, 0)
        assert (numbers.longest_label, numbers.longest_origin) == ("len", f"{__file__}:{at}")
        assert numbers.shortest == numbers.longest
    assert pool.statistics().serializers == (serializer.statistics(),)


def test_a_task_that_ran_inline_has_an_origin_too(lab: Any) -> None:
    pool = lab.taskpool(1)
    serializer = pool.serializer("s")
    at = pool.push_wait(lambda: (serializer.push_wait(len, "abc"), line())[1])
    assert serializer.statistics().longest_origin == f"{__file__}:{at}"


def test_a_pools_numbers_outlive_its_threads(lab: Any, design: str) -> None:
    pool = lab.open(design, 3)
    with pytest.raises(ZeroDivisionError):
        pool.push_wait(divmod, 1, 0)
    if design == "taskpool":
        pool.push_wait(pool.push_wait, int)
    pool.shutdown()
    numbers = pool.statistics()
    assert (numbers.name, numbers.threads, numbers.peak_threads, numbers.failed) == ("pool", 0, 3, 1)
    assert (numbers.processed, numbers.inlined) == ((3, 1) if design == "taskpool" else (1, 0))
    assert (len(pool), pool.queue_size, numbers.serializers) == (0, 0, ())


def test_depths_count_what_is_queued_and_what_runs(lab: Any, design: str) -> None:
    pool, gate = lab.open(design, 1), lab.gate()
    serializer = pool.serializer("s")
    serializer.push(gate)
    gate.reached()
    for _ in range(3):
        serializer.push(int)
        pool.push(int)
    numbers = serializer.statistics()
    assert (numbers.queued, numbers.executing, numbers.max_depth) == (3, 1, 4)
    assert (serializer.queue_size, pool.queue_size, pool.statistics().queued) == (3, 3, 3)
    assert serializer.queued_tasks() == ("int",) * 3
    serializer.reset_statistics()
    assert (serializer.statistics().processed, serializer.statistics().max_depth) == (0, 4)
    gate.open()


def test_every_queue_of_a_pool_has_its_high_water_mark(lab: Any, design: str, caplog: pytest.LogCaptureFixture) -> None:
    pool, gate = lab.open(design, 1, "p", high_water=3), lab.gate()
    serializer = pool.serializer("sip/s")
    pool.push(gate)
    gate.reached()
    with caplog.at_level(logging.WARNING, logger="taskpool"):
        for _ in range(3):
            pool.push(int)
            serializer.push(int)
    queue = pool.statistics().processors[0].name
    assert [r.getMessage() for r in caplog.records] == [
        f"{name} reached its high water mark of 3 queued tasks" for name in (queue, "sip/s")
    ]
    assert [alert_count(s, lab.runtime) for s in ("", queue.partition("/")[0], "sip")] == [2, 1, 1]
    gate.open()
    pool.shutdown()
    assert alert_count(runtime=lab.runtime) == 0
    assert lab.watch.count("high_water_reached") == lab.watch.count("low_water_cleared") == 2


@pytest.mark.parametrize("end", ["shutdown", "abort"])
def test_no_alert_outlives_its_pool(lab: Any, design: str, end: str) -> None:
    pool = lab.open(design, 2, "p", high_water=2)
    serializer = pool.serializer("sip/s")
    serializer.suspend()
    for _ in range(5):
        serializer.push(int)
    assert alert_count("sip", lab.runtime) == 1
    getattr(pool, end)()
    assert alert_count("sip", lab.runtime) == 0


def test_a_pool_says_what_it_is_and_is_true_whatever_its_size(lab: Any) -> None:
    new, old = lab.taskpool(0, "new", initial_size=0, max_size=1, auto_increment=1), lab.threadpool(0, "old")
    assert bool(new) and bool(old) and len(new) == len(old) == 0
    assert repr(new) == "<TaskPool new: open, 0 static and 0 dynamic threads>"
    assert repr(old) == "<ThreadPool old: open, 0 active, 0 idle, 0 zombies>"
    new.push_wait(int)
    assert repr(new) == "<TaskPool new: open, 0 static and 1 dynamic threads>"
    new.shutdown()
    old.abort()
    assert (repr(new).split(",")[0], repr(old).split(",")[0]) == (
        "<TaskPool new: shut down",
        "<ThreadPool old: aborted",
    )


def test_a_trace_needs_a_recorder(lab: Any, design: str) -> None:
    pool = lab.open(design, 1, recorder=None)
    assert pool.push_wait(int) == 0
    with pytest.raises(OptionError, match="pool 'pool' has no recorder: open it with recorder=Recorder\\(\\)"):
        pool.trace()


def test_a_stall_is_told_only_where_nothing_moves(lab: Any, design: str) -> None:
    pool, gate = lab.open(design, 1), lab.gate()
    pool.push(gate)
    gate.reached()
    assert pool.stall() is None
    gate.open()
    pool.shutdown()
    assert str(pool.stall()) == "nothing runs."
