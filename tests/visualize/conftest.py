"""Traces made by hand, event for event, for the pictures' tests."""

from collections.abc import Callable
from typing import Any

import pytest

from taskpool.events import Event, EventKind


class Teller:
    """Writes a trace: one call for one event, times in milliseconds."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(
        self,
        ms: float,
        thread: str,
        kind: str,
        processor: str | None = None,
        task: int | None = None,
        parent: int | None = None,
        **detail: Any,
    ) -> None:
        self.events.append(Event(len(self.events), ms / 1000, thread, EventKind(kind), processor, task, parent, detail))


def tell_taskpool() -> list[Event]:
    """Two threads. A task of A asks B inline; B is paused for a while with no thread; one task fails."""
    t = Teller()
    t(0, "main", "pool_created", "p", design="taskpool")
    t(0, "main", "pool_grew", "p", by=2, size=2)
    t(0, "p/0", "thread_started", "p:0", pool="p")
    t(0, "p/1", "thread_started", "p:1", pool="p")
    t(1, "main", "task_pushed", "A", 1, label="call", wait=False, depth=1)
    t(1, "main", "task_pushed", "p:0", 2, label="turn", wait=False, depth=1, turn="A")
    t(1, "main", "serializer_scheduled", "A", 2, on="p:0")
    t(1, "p/0", "thread_woke", "p:0")
    t(1, "p/0", "task_started", "p:0", 2)
    t(2, "p/0", "task_started", "A", 1)
    t(3, "p/0", "task_inlined", "B", 3, 1, label="ask", reason="idle_serializer")
    t(3, "p/0", "task_started", "B", 3, 1)
    t(5, "p/0", "task_finished", "B", 3, 1)
    t(6, "p/0", "task_finished", "A", 1)
    t(6, "p/0", "task_finished", "p:0", 2)
    t(6, "p/0", "serializer_released", "A", 2, requeued=False, left=0)
    t(6, "p/0", "thread_idled", "p:0")
    t(6, "boss", "serializer_suspending", "B", count=1)
    t(7, "boss", "serializer_suspended", "B", count=1)
    t(7, "main", "task_pushed", "B", 4, label="late", wait=True, depth=1)
    t(7, "main", "wait_started", "B", 4, reason="sync_task")
    t(8, "main2", "task_pushed", "p:1", 5, label="plain", wait=False, depth=1)
    t(8, "p/1", "thread_woke", "p:1")
    t(8, "p/1", "task_started", "p:1", 5)
    t(9, "boss", "serializer_unsuspended", "B", count=0)
    t(9, "boss", "task_pushed", "p:0", 6, label="turn", wait=False, depth=1, turn="B")
    t(9, "boss", "serializer_scheduled", "B", 6, on="p:0")
    t(9, "p/0", "task_started", "p:0", 6)
    t(9, "p/0", "task_started", "B", 4)
    t(10, "p/1", "task_failed", "p:1", 5, error="ValueError: no")
    t(11, "p/0", "task_finished", "B", 4)
    t(11, "main", "wait_ended", "B", 4, reason="sync_task", outcome="done")
    t(11, "p/0", "task_finished", "p:0", 6)
    t(11, "p/0", "serializer_released", "B", 6, requeued=False, left=0)
    t(12, "p/0", "thread_stopped", "p:0", pool="p")
    t(12, "p/1", "thread_stopped", "p:1", pool="p")
    t(12, "main", "pool_shut_down", "p", aborted=False, unrun={})
    return t.events


def tell_threadpool() -> list[Event]:
    """Two threads and a control queue: a pause keeps one, a push_wait the other, and nothing can move any more."""
    t = Teller()
    t(0, "main", "pool_created", "p", design="threadpool")
    t(0, "p/control", "thread_started", "p/control", pool="p", control=True)
    t(0, "p/0", "thread_started", "p", pool="p")
    t(0, "p/1", "thread_started", "p", pool="p")
    t(1, "boss", "serializer_suspending", "B", count=1)
    t(1, "boss", "task_pushed", "B", 1, label="pause", wait=True, depth=1, checkpoint=True)
    t(1, "boss", "task_pushed", "p", 2, label="turn", wait=False, depth=1, turn="B")
    t(1, "boss", "control_queued", "p/control", 3, action="task_pushed", label="p")
    t(1, "boss", "serializer_scheduled", "B", 2, on="p")
    t(1, "boss", "wait_started", "B", 1, reason="suspend")
    t(1, "p/control", "control_ran", "p/control", 3, action="task_pushed", label="p")
    t(2, "p/0", "thread_woke", "p")
    t(2, "p/0", "task_started", "p", 2)
    t(2, "p/0", "task_started", "B", 1)
    t(2, "p/0", "serializer_suspended", "B", count=1)
    t(2, "boss", "wait_ended", "B", 1, reason="suspend", outcome="done")
    t(2, "p/0", "wait_started", "B", reason="blocking_suspend")
    t(3, "main", "task_pushed", "A", 4, label="call", wait=False, depth=1)
    t(3, "main", "task_pushed", "p", 5, label="turn", wait=False, depth=1, turn="A")
    t(3, "main", "control_queued", "p/control", 6, action="task_pushed", label="p")
    t(3, "main", "serializer_scheduled", "A", 5, on="p")
    t(3, "p/control", "control_ran", "p/control", 6, action="task_pushed", label="p")
    t(4, "p/1", "thread_woke", "p")
    t(4, "p/1", "task_started", "p", 5)
    t(4, "p/1", "task_started", "A", 4)
    t(6, "boss", "task_pushed", "C", 7, label="notify", wait=True, depth=1)
    t(6, "boss", "task_pushed", "p", 8, label="turn", wait=False, depth=1, turn="C")
    t(6, "boss", "serializer_scheduled", "C", 8, on="p")
    t(6, "boss", "wait_started", "C", 7, reason="sync_task")
    t(8, "p/1", "task_pushed", "B", 9, 4, label="ask", wait=True, depth=1)
    t(8, "p/1", "wait_started", "B", 9, 4, reason="sync_task")
    t(10, "main", "task_pushed", "A", 10, label="more", wait=False, depth=1)
    return t.events


def tell_void_turns() -> list[Event]:
    """Turns without a release: A's is void, B's is replaced while it is queued, C's is discarded, D's fails."""
    t = Teller()
    for task, name in enumerate("ABCD", start=1):
        t(task, "main", "task_pushed", "p:0", task, label=f"turn of {name}", wait=False, depth=task, turn=name)
        t(task, "main", "serializer_scheduled", name, task, on="p:0")
    t(5, "p/1", "serializer_released", "B", None, requeued=True, left=1)
    t(5, "p/1", "task_pushed", "p:1", 5, label="turn of B", wait=False, depth=1, turn="B")
    t(5, "p/1", "serializer_scheduled", "B", 5, on="p:1")
    for task in (1, 2):
        t(5 + task, "p/0", "task_started", "p:0", task)
        t(5 + task, "p/0", "task_finished", "p:0", task)
    t(8, "main", "task_discarded", "p:0", 3, reason="aborted")
    t(9, "p/0", "task_started", "p:0", 4)
    t(9, "p/0", "task_failed", "p:0", 4, error="ValueError: no")
    t(10, "p/1", "task_started", "p:1", 5)
    t(10, "p/1", "task_finished", "p:1", 5)
    t(10, "p/1", "serializer_released", "B", 5, requeued=False, left=0)
    return t.events


@pytest.fixture
def teller() -> Teller:
    return Teller()


@pytest.fixture
def taskpool_events() -> list[Event]:
    return tell_taskpool()


@pytest.fixture
def threadpool_events() -> list[Event]:
    return tell_threadpool()


@pytest.fixture
def void_turns() -> list[Event]:
    return tell_void_turns()


@pytest.fixture
def many_events() -> Callable[[int], list[Event]]:
    """Makes about ``count`` events: four threads run short tasks of 50 serializers, every fifth with one inline."""

    def make(count: int) -> list[Event]:
        t = Teller()
        t(0, "main", "pool_created", "p", design="taskpool")
        for number in range(4):
            t(0, f"p/{number}", "thread_started", f"p:{number}", pool="p")
        task, ms = 0, 1.0
        while len(t.events) < count:
            task += 1
            thread, name = f"p/{task % 4}", f"session-{task % 50}"
            t(ms, "main", "task_pushed", name, task, label=f"message {task}", wait=False, depth=1)
            t(ms, thread, "task_started", name, task)
            if task % 5 == 0:
                inner, task = task, task + 1
                t(ms, thread, "task_inlined", "asked", task, inner, label="ask", reason="idle_serializer")
                t(ms, thread, "task_started", "asked", task, inner)
                t(ms + 0.1, thread, "task_finished", "asked", task, inner)
                t(ms + 0.2, thread, "task_finished", name, inner)
            else:
                t(ms + 0.2, thread, "task_finished", name, task)
            ms += 0.25
        return t.events

    return make
