"""What a serializer promises, judged from a trace alone."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from taskpool.events import Event, EventKind

__all__ = ["check_promises"]

_ENDS = (EventKind.TASK_FINISHED, EventKind.TASK_FAILED)


class _Serializer:
    def __init__(self, name: str) -> None:
        self.name = name
        self.queued: deque[int] = deque()
        self.running: list[int] = []
        self.suspensions = 0


def check_promises(trace: Iterable[Event]) -> None:
    """Raise AssertionError unless every task ran once at most, in order, alone, not while suspended, to its end.

    A task that was pushed ends, or is discarded and said to be. A task may run inside another of its serializer only if
    it was pushed synchronously further down that task's own call chain.
    """
    serializers: dict[str, _Serializer] = {}
    own: set[int] = set()
    pushed: set[int] = set()
    ended: set[int] = set()
    blocked: dict[str, Event] = {}
    for event in trace:
        kind, name, task = event.kind, event.processor or "", event.task or 0
        serializer = serializers.setdefault(name, _Serializer(name))
        if kind is EventKind.TASK_PUSHED:
            pushed.add(task)
            serializer.queued.append(task)
        elif kind is EventKind.TASK_INLINED:
            pushed.add(task)
            own.add(task)
            if event.detail["reason"] == "idle_serializer":
                assert not serializer.queued, f"{name}: task {task} ran inline past a queue"
                assert not serializer.running, f"{name}: task {task} ran inline beside {serializer.running}"
                assert not serializer.suspensions, f"{name}: task {task} ran inline while suspended"
        elif kind is EventKind.TASK_STARTED:
            assert task in pushed and task not in ended, f"{name}: task {task} was doubled"
            if task not in own:
                assert serializer.queued and serializer.queued[0] == task, f"{name}: task {task} ran out of order"
                serializer.queued.popleft()
                if not name.startswith("taskpool/"):
                    assert not serializer.running, f"{name}: task {task} ran beside {serializer.running}"
                    assert not serializer.suspensions, f"{name}: task {task} ran while suspended"
            serializer.running.append(task)
        elif kind in _ENDS:
            assert serializer.running and serializer.running[-1] == task, f"{name}: task {task} ended out of turn"
            serializer.running.pop()
            assert task not in ended, f"{name}: task {task} ended twice"
            ended.add(task)
        elif kind is EventKind.TASK_DISCARDED:
            serializer.queued.remove(task)
            ended.add(task)
        elif kind in (EventKind.SERIALIZER_SUSPENDED, EventKind.SERIALIZER_UNSUSPENDED):
            if kind is EventKind.SERIALIZER_SUSPENDED:
                inside = list(serializer.running)
                assert not inside, f"{name}: reported still while {inside} ran"
            serializer.suspensions = event.detail["count"]
        elif kind is EventKind.WAIT_STARTED:
            assert event.thread not in blocked, f"{event.thread} waits twice at once"
            blocked[event.thread] = event
        elif kind is EventKind.WAIT_ENDED:
            assert event.thread in blocked, f"{event.thread} ended a wait that it was not in"
            del blocked[event.thread]
    assert not blocked, f"still blocked: {sorted(blocked)}"
    lost = pushed - ended
    assert not lost, f"lost: tasks {sorted(lost)}"
