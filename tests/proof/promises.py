"""What a serializer promises, judged from events alone: those of a trace, or one by one as they happen."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

from taskpool.events import Event, EventKind

__all__ = ["Promises", "check_promises"]

_ENDS = (EventKind.TASK_FINISHED, EventKind.TASK_FAILED)


class _Serializer:
    __slots__ = ("queued", "running", "suspensions")

    def __init__(self) -> None:
        self.queued: deque[int] = deque()
        self.running: list[int] = []
        self.suspensions = 0


class Promises:
    """Watches events one by one; every task runs once at most, in order, alone, not while suspended, to its end.

    A task that was pushed ends, or is discarded and said to be. A task may run inside another of its serializer only if
    it was pushed synchronously further down that task's own call chain.
    """

    def __init__(self) -> None:
        self._serializers: dict[str, _Serializer] = {}
        self._own: set[int] = set()
        self._pushed: set[int] = set()
        self._ended: set[int] = set()
        self._blocked: set[str] = set()

    def see(self, kind: EventKind, name: str, task: int, thread: str, detail: Mapping[str, Any]) -> None:
        """The next event.

        Raises:
            AssertionError: If it breaks a promise.
        """
        serializer = self._serializers.get(name)
        if serializer is None:
            serializer = self._serializers[name] = _Serializer()
        if kind is EventKind.TASK_PUSHED:
            self._pushed.add(task)
            serializer.queued.append(task)
        elif kind is EventKind.TASK_INLINED:
            self._pushed.add(task)
            self._own.add(task)
            if detail["reason"] == "idle_serializer":
                assert not serializer.queued, f"{name}: task {task} ran inline past a queue"
                assert not serializer.running, f"{name}: task {task} ran inline beside {serializer.running}"
                assert not serializer.suspensions, f"{name}: task {task} ran inline while suspended"
        elif kind is EventKind.TASK_STARTED:
            assert task in self._pushed and task not in self._ended, f"{name}: task {task} was doubled"
            if task not in self._own:
                assert serializer.queued and serializer.queued[0] == task, f"{name}: task {task} ran out of order"
                serializer.queued.popleft()
                if not name.startswith("taskpool/"):
                    assert not serializer.running, f"{name}: task {task} ran beside {serializer.running}"
                    assert not serializer.suspensions, f"{name}: task {task} ran while suspended"
            serializer.running.append(task)
        elif kind in _ENDS:
            assert serializer.running and serializer.running[-1] == task, f"{name}: task {task} ended out of turn"
            serializer.running.pop()
            assert task not in self._ended, f"{name}: task {task} ended twice"
            self._ended.add(task)
        elif kind is EventKind.TASK_DISCARDED:
            serializer.queued.remove(task)
            self._ended.add(task)
        elif kind is EventKind.SERIALIZER_SUSPENDED or kind is EventKind.SERIALIZER_UNSUSPENDED:
            if kind is EventKind.SERIALIZER_SUSPENDED:
                assert not serializer.running, f"{name}: reported still while {serializer.running} ran"
            serializer.suspensions = detail["count"]
        elif kind is EventKind.WAIT_STARTED:
            assert thread not in self._blocked, f"{thread} waits twice at once"
            self._blocked.add(thread)
        elif kind is EventKind.WAIT_ENDED:
            assert thread in self._blocked, f"{thread} ended a wait that it was not in"
            self._blocked.remove(thread)

    def end(self) -> None:
        """There are no more events.

        Raises:
            AssertionError: If a promise has not been kept.
        """
        assert not self._blocked, f"still blocked: {sorted(self._blocked)}"
        lost = self._pushed - self._ended
        assert not lost, f"lost: tasks {sorted(lost)}"

    def has_ended(self, task: int) -> bool:
        """Whether a task has ended, or was discarded."""
        return task in self._ended

    def state(self, named: Mapping[int, Hashable]) -> Hashable:
        """What the verdict on later events depends on, but for whether tasks have ended that somebody still knows.

        Args:
            named: Each task's name, which does not depend on the order in which tasks were pushed by several threads.
        """
        return (
            tuple(
                sorted(
                    (
                        name,
                        tuple(named[task] for task in serializer.queued),
                        tuple(named[task] for task in serializer.running),
                        serializer.suspensions,
                    )
                    for name, serializer in self._serializers.items()
                    if serializer.queued or serializer.running or serializer.suspensions
                )
            ),
            frozenset(Counter(named[task] for task in self._pushed - self._ended).items()),
            frozenset(named[task] for task in self._own - self._ended),
            frozenset(self._blocked),
        )


def check_promises(trace: Iterable[Event]) -> None:
    """Judge a whole trace; see `Promises`.

    Raises:
        AssertionError: Naming the first promise that was broken.
    """
    promises = Promises()
    for event in trace:
        promises.see(event.kind, event.processor or "", event.task or 0, event.thread, event.detail)
    promises.end()
