"""The queue that every processor is made of: tasks in push order, water marks, statistics, events.

Invariants, all under the runtime's monitor:

* Tasks leave in the order in which they were pushed, and the events say so: an event is written in the critical section
  that brings about what it says, so that a trace's order is the order in which things happened.
* ``_executing`` counts the tasks in progress, inlined ones included; a queue is idle when it is empty and none is.

The monitor is never held while a task, a hook, a listener or a log handler runs.
"""

from __future__ import annotations

import logging
import sys
from collections import deque
from collections.abc import Callable, Mapping
from math import inf
from typing import TYPE_CHECKING, Any

from taskpool.errors import OptionError, PoolAborted, TaskDiscarded
from taskpool.events import EventKind
from taskpool.registry import raise_alert
from taskpool.runtime.base import RunAbandoned
from taskpool.statistics import ProcessorStatistics
from taskpool.task import Task, label_of
from taskpool.waits import Needs, Outcome, Wait, end

if TYPE_CHECKING:
    from taskpool.agent import Agent
    from taskpool.recorder import Recorder
    from taskpool.runtime.base import Runtime

__all__ = ["Ended", "TaskQueue", "result_of", "run_task", "subsystem_of"]

_log = logging.getLogger("taskpool")

Ended = tuple[Any, BaseException | None, str, float]
"""What a task returned, what it raised, that as text, and when it ended (seconds, by the runtime's clock)."""


def subsystem_of(name: str) -> str:
    """The part of a queue's name before its first ``/``: what its alerts are counted under."""
    return name.partition("/")[0]


def run_task(task: Task, runtime: Runtime, *, log: bool) -> Ended:
    """Call a task's function on the calling thread, without the monitor. No exception of the task leaves here.

    Args:
        task: A task that has begun.
        runtime: Whose clock says when it ended.
        log: Whether an error goes to the log, because nobody waits for it.
    """
    try:
        result = task.fn(*task.args, **task.kwargs) if task.kwargs else task.fn(*task.args)
    except RunAbandoned:
        raise
    except BaseException as error:  # noqa: BLE001 - a task may raise anything, and its thread goes on
        ended = runtime.monotonic()
        if log and task.submission is None and not isinstance(error, PoolAborted):
            name = task.agent.name if task.agent is not None else "?"
            _log.error("%s raised on %s", task, name, exc_info=error)
        return None, error, _describe(error), ended
    return result, None, "", runtime.monotonic()


def result_of(ended: Ended) -> Any:
    """What a task returned, or its error, raised."""
    result, error, _, _ = ended
    if error is None:
        return result
    try:
        raise error
    finally:
        del error, ended


def _describe(error: BaseException) -> str:
    """An error as text, even where its own ``__str__`` fails."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - whatever a foreign __str__ raises
        return type(error).__name__


class TaskQueue:
    """A named FIFO of tasks; the base of taskprocessors and serializers. It decides nothing about threads.

    Args:
        name: Its name.
        runtime: Where its monitor and clock come from.
        recorder: What it writes events to, or None.
        high_water: Depth (tasks) at which one warning is logged and an alert is counted.
        low_water: Depth at which the alert ends; 90 % of ``high_water`` if None.

    Raises:
        OptionError: If a water mark is not meaningful.
    """

    def __init__(
        self,
        name: str,
        runtime: Runtime,
        recorder: Recorder | None,
        *,
        high_water: int = 500,
        low_water: int | None = None,
    ) -> None:
        if high_water < 1:
            raise OptionError(f"high_water={high_water!r}: a queue's high water mark is at least 1 task")
        low = high_water * 9 // 10 if low_water is None else low_water
        if not 0 <= low <= high_water:
            raise OptionError(f"low_water={low_water!r}: must lie between 0 and high_water={high_water}")
        self.name = name
        self.runtime = runtime
        self.recorder = recorder
        self.high_water = high_water
        self.low_water = low
        self._monitor = runtime.monitor
        self._queue: deque[Task] = deque()
        self._executing = 0
        self._alerted = False
        self._alerts = 0
        self._processed = self._failed = self._inlined = self._max_depth = 0
        self._shortest = inf
        self._longest = -1.0
        self._longest_task: tuple[str, tuple[str, int] | None] | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}: {len(self._queue)} queued, {self._executing} executing>"

    @property
    def queue_size(self) -> int:
        """Tasks queued now, without those in progress. Any thread."""
        with self._monitor:
            return len(self._queue)

    def statistics(self) -> ProcessorStatistics:
        """A snapshot of its numbers. Any thread."""
        with self._monitor:
            return self._snapshot()

    def reset_statistics(self) -> None:
        """Start counting anew; the tasks queued and in progress now stay counted as depth. Any thread."""
        with self._monitor:
            self._processed = self._failed = self._inlined = 0
            self._max_depth = self._load
            self._shortest, self._longest, self._longest_task = inf, -1.0, None

    def queued_tasks(self) -> tuple[str, ...]:
        """The labels of the queued tasks, next first. Any thread."""
        with self._monitor:
            return tuple(task.label for task in self._queue)

    # -- Everything below is for pools and serializers, and is called with the monitor held.

    @property
    def _load(self) -> int:
        """Tasks queued and in progress."""
        return len(self._queue) + self._executing

    def _snapshot(self) -> ProcessorStatistics:
        label, origin = self._longest_task or (None, None)
        return ProcessorStatistics(
            name=self.name,
            processed=self._processed,
            failed=self._failed,
            inlined=self._inlined,
            queued=len(self._queue),
            executing=self._executing,
            max_depth=self._max_depth,
            shortest=self._shortest if self._longest_task is not None else None,
            longest=self._longest if self._longest_task is not None else None,
            longest_label=label,
            longest_origin=None if origin is None else f"{origin[0]}:{origin[1]}",
        )

    def _new_task(
        self,
        fn: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        caller: Task | None = None,
        frames: int = 2,
    ) -> Task:
        """A task for this queue; ``frames`` counts the calls up to the one that pushes it. Needs no monitor."""
        frame = sys._getframe(frames)
        return Task(self, fn, args, kwargs or None, caller, None, frame.f_code, frame.f_lasti)

    def _number(self, task: Task, agent: Agent) -> None:
        """Give a task its place in the trace."""
        if self.recorder is not None:
            task.id = self.recorder.new_task_id()
            current = agent.current
            task.parent = current.id if current is not None and current.id else None

    def _emit(self, agent: Agent, kind: EventKind, task: Task | None = None, **detail: Any) -> None:
        """Write an event about this queue, if anybody records."""
        if self.recorder is not None:
            number, parent = (task.id, task.parent) if task is not None else (None, None)
            self.recorder.record(self.runtime, agent.name, kind, self.name, number, parent, detail)

    def _enqueue(self, task: Task, agent: Agent, *, wait: bool = False) -> bool:
        """Append a task; whether the queue was idle before."""
        queue = self._queue
        queue.append(task)
        depth = len(queue)
        load = depth + self._executing
        if load > self._max_depth:
            self._max_depth = load
        if self.recorder is not None:
            self._record_push(task, agent, wait)
        if depth >= self.high_water and not self._alerted:
            self._reach_high_water(agent, depth)
        return load == 1

    def _record_push(self, task: Task, agent: Agent, wait: bool) -> None:
        """Write that a task has just been appended."""
        self._number(task, agent)
        detail: dict[str, Any] = {"label": task.label, "wait": wait, "depth": len(self._queue)}
        if task.turn_of is not None:
            detail["turn"] = task.turn_of.name
        elif task.checkpoint:
            detail["checkpoint"] = True
        recorder = self.recorder
        assert recorder is not None
        recorder.record(self.runtime, agent.name, EventKind.TASK_PUSHED, self.name, task.id, task.parent, detail)

    def _pop(self, agent: Agent) -> Task:
        """Take the next task out."""
        task = self._queue.popleft()
        if self._alerted and len(self._queue) <= self.low_water:
            self._clear_high_water(agent)
        return task

    def _begin(self, task: Task, agent: Agent) -> None:
        """Count a task as in progress on ``agent``'s thread, on top of what runs there."""
        self._executing += 1
        task.agent, task.outer, agent.current = agent, agent.current, task
        task.started = self.runtime.monotonic()
        recorder = self.recorder
        if recorder is not None:
            recorder.record(self.runtime, agent.name, EventKind.TASK_STARTED, self.name, task.id, task.parent)

    def _end(self, task: Task, ended: Ended, *, inlined: bool = False) -> None:
        """Count a task that ended on its thread, and tell who waits for it."""
        agent = task.agent
        assert agent is not None
        result, error, text, at = ended
        agent.current = task.outer
        task.done = True
        self._executing -= 1
        recorder = self.recorder
        if recorder is not None:
            if error is None:
                recorder.record(self.runtime, agent.name, EventKind.TASK_FINISHED, self.name, task.id, task.parent)
            else:
                self._emit(agent, EventKind.TASK_FAILED, task, error=text)
        if task.turn_of is None and not task.checkpoint:
            self._count(task, at - task.started, error is not None, inlined)
        if task.wait is not None:
            if error is None:
                end(task.wait, Outcome.DONE, result)
            else:
                end(task.wait, Outcome.RAISED, error)

    def _count(self, task: Task, seconds: float, failed: bool, inlined: bool) -> None:
        self._processed += 1
        if failed:
            self._failed += 1
        if inlined:
            self._inlined += 1
        if seconds < self._shortest:
            self._shortest = seconds
        if seconds > self._longest:
            self._longest = seconds
            submission = task.submission
            self._longest_task = (label_of(task.fn), task.origin if submission is None else submission.origin)

    def _discard(
        self, task: Task, agent: Agent, reason: str, outcome: str = Outcome.ABORTED, error: TaskDiscarded | None = None
    ) -> None:
        """Mark a task that was taken out of the queue as never to be run, and tell who waits for it."""
        task.done = True
        self._emit(agent, EventKind.TASK_DISCARDED, task, reason=reason)
        if task.wait is not None:
            end(task.wait, outcome, error)
        submission = task.submission
        if submission is not None:
            submission.discarded(task, error)
        if self._alerted and len(self._queue) <= self.low_water:
            self._clear_high_water(agent)

    def _withdraw(self, task: Task, agent: Agent, reason: str) -> bool:
        """Take a task that has not started out of the queue; whether it was there."""
        if task.done or task.agent is not None or task not in self._queue:
            return False
        self._queue.remove(task)
        self._discard(task, agent, reason)
        return True

    def _begin_inline(self, task: Task, agent: Agent, reason: str) -> None:
        """Begin a task directly on the caller's thread."""
        self._number(task, agent)
        self._emit(agent, EventKind.TASK_INLINED, task, label=task.label, reason=reason)
        self._begin(task, agent)
        self._max_depth = max(self._max_depth, self._load)

    def _finish_inline(self, task: Task) -> Any:
        """Run a task that has begun inline; its result. Without the monitor."""
        agent = task.agent
        assert agent is not None
        ended = run_task(task, self.runtime, log=False)
        with self.runtime.inside if agent.worker is not None else self._monitor:
            self._end(task, ended, inlined=True)
        return result_of(ended)

    def _take_back(self, task: Task, agent: Agent) -> None:
        """Withdraw a task whose pusher does not wait for it any more; if it runs, it does so on nobody's behalf."""
        task.wait = task.caller = None
        self._withdraw(task, agent, "cancelled")

    def needs(self, wait: Wait) -> Needs:
        """See `taskpool.waits.Waitable`."""
        return Needs()

    def _reach_high_water(self, agent: Agent, depth: int) -> None:
        self._alerted = True
        self._alerts += 1
        subsystem = subsystem_of(self.name)
        raise_alert(self.runtime, subsystem, 1)
        again = " again" if self._alerts > 1 else ""
        agent.warnings.append(f"{self.name} reached its high water mark of {self.high_water} queued tasks{again}")
        self._emit(agent, EventKind.HIGH_WATER_REACHED, depth=depth, subsystem=subsystem)

    def _clear_high_water(self, agent: Agent) -> None:
        self._alerted = False
        subsystem = subsystem_of(self.name)
        raise_alert(self.runtime, subsystem, -1)
        self._emit(agent, EventKind.LOW_WATER_CLEARED, depth=len(self._queue), subsystem=subsystem)
