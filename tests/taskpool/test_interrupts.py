"""Interrupting the main thread in the middle of a wait: what it waited for is taken back, and everything goes on.

The interrupt is a real signal. It is sent once the main thread has entered the blocking call, which the runtime of
these tests tells, and again until it is noticed: one that comes just before the system puts the thread to sleep is not.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Any

import pytest

from taskpool.registry import names
from taskpool.runtime import RealRuntime
from taskpool.scenarios import run

pytestmark = [
    pytest.mark.threads,
    pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs a signal for one thread"),
]


class Interrupter(RealRuntime):
    """A runtime that tells when the main thread is about to block."""

    def __init__(self) -> None:
        super().__init__()
        # Put to by the main thread: a SimpleQueue, because an interrupt in the middle of an Event would break that.
        self.blocks: SimpleQueue[None] = SimpleQueue()
        self.too_late = False  # whether the main thread is to be interrupted as its next wait ends

    def entering(self) -> None:
        if threading.current_thread() is threading.main_thread():
            self.blocks.put(None)

    def Queue(self, name: str = "") -> Any:
        return _Queue(self, super().Queue(name))

    def spawn(self, fn: Any, /, *args: Any, name: str = "") -> Any:
        return _Handle(self, super().spawn(fn, *args, name=name))


class _Queue:
    def __init__(self, runtime: Interrupter, queue: Any) -> None:
        self._runtime = runtime
        self._queue = queue
        self.put = queue.put

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        self._runtime.entering()
        item = self._queue.get(block, timeout)
        if self._runtime.too_late and threading.current_thread() is threading.main_thread():
            self._runtime.too_late = False
            raise KeyboardInterrupt
        return item


class _Handle:
    def __init__(self, runtime: Interrupter, thread: Any) -> None:
        self._runtime = runtime
        self._thread = thread
        self.name = thread.name
        self.is_alive = thread.is_alive

    def join(self, timeout: float | None = None) -> None:
        self._runtime.entering()
        self._thread.join(timeout)


@pytest.fixture(autouse=True)
def runtime(lab: Any) -> Iterator[Interrupter]:
    before = signal.getsignal(signal.SIGINT)
    lab.runtime = Interrupter()
    yield lab.runtime
    signal.signal(signal.SIGINT, before)


def interrupt(call: Callable[[], object], blocks: SimpleQueue[None], also: threading.Event | None = None) -> None:
    """Make a call on the main thread, and interrupt it once it has entered a wait and ``also`` is set."""
    while not blocks.empty():
        blocks.get()
    noticed = threading.Event()

    def on_signal(*_: object) -> None:
        if not noticed.is_set():
            noticed.set()
            raise KeyboardInterrupt

    def send() -> None:
        blocks.get(timeout=60)
        assert also is None or also.wait(60)
        while not noticed.is_set():
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            noticed.wait(0.01)

    signal.signal(signal.SIGINT, on_signal)
    sender = threading.Thread(target=send)
    sender.start()
    with pytest.raises(KeyboardInterrupt):
        call()
    sender.join(60)


def busy(lab: Any, target: Any) -> Any:
    gate = lab.gate()
    target.push(gate)
    gate.reached()
    return gate


def test_a_push_wait_that_has_not_started_is_withdrawn(lab: Any, design: str, runtime: Interrupter) -> None:
    pool, ran = lab.open(design, 1), []
    serializer = pool.serializer("s")
    for target in (pool, serializer):
        gate = busy(lab, target)
        interrupt(lambda target=target: target.push_wait(ran.append, 1), runtime.blocks)
        gate.open()
        assert target.push_wait(ran.copy) == []
    assert lab.watch.count("task_discarded", reason="cancelled") == 2
    assert lab.watch.count("wait_ended", outcome="interrupted") == 2


def test_a_push_wait_that_runs_goes_on_without_its_waiter(lab: Any, design: str, runtime: Interrupter) -> None:
    pool = lab.open(design, 1)
    for target in (pool, pool.serializer("s")):
        gate, ended = lab.gate(), threading.Event()

        def task(gate: Any = gate, ended: Any = ended) -> None:
            gate()
            ended.set()

        interrupt(lambda target=target, task=task: target.push_wait(task), runtime.blocks, gate.begun)
        gate.open()
        assert ended.wait(60)
        assert target.push_wait(int) == 0


def test_a_pause_that_is_not_reached_is_taken_back(lab: Any, design: str, runtime: Interrupter) -> None:
    pool, ran = lab.open(design, 2), []
    serializer = pool.serializer("s")
    gate = busy(lab, serializer)
    serializer.push(ran.append, 1)
    interrupt(serializer.suspend, runtime.blocks)
    serializer.push(ran.append, 2)
    gate.open()
    assert serializer.push_wait(ran.copy) == [1, 2]
    assert (serializer.is_suspended, lab.watch.count("serializer_suspended")) == (False, 0)
    with serializer.suspended():
        assert serializer.is_suspended


def test_an_interrupt_that_comes_as_a_wait_ends_takes_back_what_it_brought(
    lab: Any, design: str, runtime: Interrupter
) -> None:
    pool = lab.open(design, 2)
    serializer = pool.serializer("s")
    gate = busy(lab, serializer)
    opener = threading.Thread(target=lambda: (lab.watch.until("wait_started", "s", reason="suspend"), gate.open()))
    opener.start()
    runtime.too_late = True
    with pytest.raises(KeyboardInterrupt):
        serializer.suspend()
    opener.join(60)
    assert lab.watch.count("wait_ended", "s", reason="suspend", outcome="done") == 1
    assert not serializer.is_suspended
    assert serializer.push_wait(int) == 0
    runtime.too_late = True
    with pytest.raises(KeyboardInterrupt):
        pool.push_wait(int)
    assert pool.push_wait(int) == 0


def test_of_two_pauses_one_is_taken_back(lab: Any, design: str, runtime: Interrupter) -> None:
    pool = lab.open(design, 2)
    serializer = pool.serializer("s")
    gate = busy(lab, serializer)
    other = lab.go(serializer.suspend)
    lab.watch.until("serializer_suspending", "s")
    interrupt(serializer.suspend, runtime.blocks)
    gate.open()
    other.get()
    assert serializer.is_suspended
    serializer.unsuspend()
    assert serializer.push_wait(int) == 0


def test_an_interrupted_shutdown_aborts(lab: Any, design: str, runtime: Interrupter) -> None:
    pool, ran = lab.open(design, 1), []
    gate = busy(lab, pool)
    pool.push(ran.append, 1)
    interrupt(pool.shutdown, runtime.blocks)
    assert names("pool", runtime) == []
    with lab.open(design, 1) as again:
        assert again.push_wait(int) == 0
    gate.open()
    # Not by joining: before Python 3.13 a thread counts as ended once a join of it has been interrupted.
    lab.watch.until("pool_shut_down", aborted=True)
    assert ran == []


def test_an_interrupted_with_block_aborts_and_its_cell_can_be_run_again(
    lab: Any, design: str, runtime: Interrupter
) -> None:
    for _ in range(2):
        gate = lab.gate()

        def cell(gate: Any = gate) -> None:
            with lab.open(design, 1, "cell") as pool:
                pool.serializer("s").push_wait(gate)

        interrupt(cell, runtime.blocks, gate.begun)
        gate.open()
    lab.everything_ends()
    assert names("serializer", runtime) == []


def test_an_abort_wakes_a_thread_whose_waking_was_interrupted(lab: Any) -> None:
    """The interrupt comes between counting the thread as awake and waking it."""

    class Interrupts(type(lab.watch)):  # type: ignore[misc]
        armed = True

        def record(self, runtime: Any, thread: str, kind: Any, *rest: Any) -> None:
            if kind == "thread_woke" and self.armed:
                self.armed = False
                raise KeyboardInterrupt
            super().record(runtime, thread, kind, *rest)

    pool = lab.taskpool(1, recorder=Interrupts())
    with pytest.raises(KeyboardInterrupt):
        pool.push(int)
    pool.abort()
    lab.everything_ends()
    assert pool.recorder.count("pool_shut_down", aborted=True) == 1


def test_an_interrupted_run_leaves_nothing_behind(lab: Any, design: str) -> None:
    class Polled(type(lab.watch)):  # type: ignore[misc]
        """Says when the runner looks at it on the main thread, once all tasks of the run have begun."""

        polled: SimpleQueue[None] = SimpleQueue()

        def __len__(self) -> int:
            if self.count("task_started") >= 2:
                self.polled.put(None)
            return super().__len__()

    before = set(threading.enumerate())
    recorder = Polled()
    program = {"long_tasks": 2, "threads": 2, "long_ms": 3_600_000}
    interrupt(lambda: run("long-tasks", design, recorder=recorder, deadline=600, **program), recorder.polled)
    for thread in set(threading.enumerate()) - before:
        thread.join(60)
        assert not thread.is_alive()
    assert run("long-tasks", design).outcome == "completed"
