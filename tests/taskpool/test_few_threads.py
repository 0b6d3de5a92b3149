"""Pools on a system that is short of threads: what cannot open leaves nothing behind, what cannot grow goes on."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from taskpool.errors import DuplicateNameError
from taskpool.registry import names
from taskpool.runtime import RealRuntime
from taskpool.taskprocessor import TaskProcessor

pytestmark = pytest.mark.threads

KINDS = ("pool", "taskprocessor", "serializer")


class FewThreads(RealRuntime):
    """A system that gives only so many threads."""

    def __init__(self, left: int) -> None:
        super().__init__()
        self.left = left

    def spawn(self, fn: Any, /, *args: Any, name: str = "") -> Any:
        if not self.left:
            raise RuntimeError("can't start new thread")
        self.left -= 1
        return super().spawn(fn, *args, name=name)


@pytest.mark.parametrize("left", [0, 1, 2])
def test_a_pool_that_cannot_be_opened_leaves_nothing_behind(lab: Any, design: str, left: int) -> None:
    runtime = FewThreads(left)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        lab.open(design, 3, runtime=runtime)
    assert [names(kind, runtime) for kind in KINDS] == [[], [], []]
    runtime.left = 4
    with lab.open(design, 3, runtime=runtime) as pool:
        assert pool.push_wait(divmod, 7, 2) == (3, 1)


def test_neither_a_taskprocessor_without_a_thread_nor_a_taken_control_queue_costs_a_name(lab: Any) -> None:
    runtime = FewThreads(0)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        TaskProcessor("pool/control", runtime=runtime)
    runtime.left = 4
    taken = TaskProcessor("pool/control", runtime=runtime)
    with pytest.raises(DuplicateNameError, match="taskprocessor named 'pool/control'"):
        lab.threadpool(1, runtime=runtime)
    taken.shutdown()
    lab.threadpool(1, runtime=runtime).shutdown()


def test_a_pool_that_cannot_grow_says_so_and_goes_on(lab: Any, design: str, caplog: pytest.LogCaptureFixture) -> None:
    runtime, gate, ran = FewThreads(2), lab.gate(), threading.Event()
    if design == "taskpool":
        pool = lab.taskpool(1, auto_increment=3, max_size=9, grow_when="exhausted", runtime=runtime)
        runtime.left = 0
    else:
        pool = lab.threadpool(0, auto_increment=3, runtime=runtime)
    pool.push(gate)
    gate.reached()
    pool.push(ran.set)
    gate.open()
    assert ran.wait(60)
    pool.shutdown()
    assert "can't start new thread" in caplog.text
    assert pool.statistics().peak_threads == 1
