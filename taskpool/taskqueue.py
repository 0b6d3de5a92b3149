"""The queue that every processor is made of: tasks in push order, water marks, statistics, events.

Invariants, all under the queue's own lock:

* Tasks leave in the order in which they were pushed, and the events say so: an event is written before the lock that
  orders the queue is given up.
* ``_executing`` counts the tasks in progress, inlined ones included; a queue is idle when it is empty and none is.
* A closed queue takes no task.

The lock is never held while a task, a listener or another queue runs.
"""

from __future__ import annotations

import logging
import sys
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from taskpool.errors import OptionError
from taskpool.events import EventKind
from taskpool.registry import raise_alert
from taskpool.runtime.base import RunAbandoned
from taskpool.statistics import ProcessorStatistics
from taskpool.task import Call, Outcome, Task

if TYPE_CHECKING:
    from taskpool.agent import Agent
    from taskpool.recorder import Recorder
    from taskpool.runtime.base import Runtime
    from taskpool.waits import Wait

__all__ = ["TaskQueue", "subsystem_of"]

_log = logging.getLogger("taskpool")


def subsystem_of(name: str) -> str:
    """The part of a queue's name before its first ``/``: what its alerts are counted under."""
    return name.partition("/")[0]


class TaskQueue:
    """A named FIFO of tasks; the base of taskprocessors and serializers. It decides nothing about threads.

    Args:
        name: Its name.
        runtime: Where its lock and clock come from.
        recorder: What it writes events to, or None.
        high_water: Depth (tasks) at which one warning is logged and an alert is counted.
        low_water: Depth at which the alert ends; 90 % of ``high_water`` if None.
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
        self._lock = runtime.Lock(name)
        self._queue: deque[Task] = deque()
        self._executing = 0
        self._closed = False
        self._alerted = False
        self._alerts = 0
        self._processed = self._failed = self._inlined = self._max_depth = 0
        self._shortest: float | None = None
        self._longest: float | None = None
        self._longest_task: tuple[str, tuple[str, int] | None] | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}: {len(self._queue)} queued, {self._executing} executing>"

    @property
    def queue_size(self) -> int:
        """Tasks queued now, without those in progress; may be stale. Never blocks; any thread."""
        return len(self._queue)

    @property
    def load(self) -> int:
        """Tasks queued and in progress now; may be stale. Never blocks; any thread."""
        return len(self._queue) + self._executing

    def statistics(self) -> ProcessorStatistics:
        """A snapshot of its numbers. Any thread."""
        with self._lock:
            label, origin = self._longest_task or (None, None)
            return ProcessorStatistics(
                name=self.name,
                processed=self._processed,
                failed=self._failed,
                inlined=self._inlined,
                queued=len(self._queue),
                executing=self._executing,
                max_depth=self._max_depth,
                shortest=self._shortest,
                longest=self._longest,
                longest_label=label,
                longest_origin=None if origin is None else f"{origin[0]}:{origin[1]}",
            )

    def reset_statistics(self) -> None:
        """Start counting anew; the tasks queued and in progress now stay counted as depth. Any thread."""
        with self._lock:
            self._processed = self._failed = self._inlined = 0
            self._max_depth = self.load
            self._shortest = self._longest = self._longest_task = None

    def queued_tasks(self) -> tuple[str, ...]:
        """The labels of the queued tasks, next first. Any thread."""
        with self._lock:
            return tuple(task.label for task in self._queue)

    # -- for pools and serializers ------------------------------------------------------------------------------

    def _new_task(
        self,
        fn: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        agent: Agent,
        *,
        caller: Task | None = None,
        call: Call | None = None,
        turn_of: Any = None,
        depth: int = 2,
    ) -> Task:
        """A task for this queue, numbered, that knows who pushed it. ``depth`` counts frames up to the pusher's."""
        current, recorder = agent.current, self.recorder
        frame = sys._getframe(depth)
        task = Task(
            fn,
            args,
            kwargs,
            task_id=recorder.new_task_id() if recorder is not None else 0,
            parent=current.id if current is not None and current.id else None,
            caller=caller,
            call=call,
            turn_of=turn_of,
            origin=(frame.f_code.co_filename, frame.f_lineno),
        )
        task.processor = self
        return task

    def _emit(self, agent: Agent, kind: EventKind, task: Task | None = None, **detail: Any) -> None:
        """Write an event about this queue, if anybody records."""
        if self.recorder is not None:
            number, parent = (task.id, task.parent) if task is not None else (None, None)
            self.recorder.record(self.runtime, agent.name, kind, self.name, number, parent, detail)

    def _enqueue(self, task: Task, agent: Agent, **detail: Any) -> bool:
        """Append a task; whether the queue was idle before. Call only with self._lock held."""
        idle = not self._queue and not self._executing
        self._queue.append(task)
        depth = len(self._queue)
        if depth + self._executing > self._max_depth:
            self._max_depth = depth + self._executing
        if self.recorder is not None:
            if task.turn_of is not None:
                detail["turn"] = task.turn_of.name
            self._emit(
                agent, EventKind.TASK_PUSHED, task, label=task.label, wait=task.call is not None, depth=depth, **detail
            )
        if depth >= self.high_water and not self._alerted:
            self._reach_high_water(agent, depth)
        return idle

    def _dequeue(self, agent: Agent) -> Task | None:
        """Take the next task and count it as in progress. Call only with self._lock held."""
        if not self._queue:
            return None
        task = self._queue.popleft()
        self._executing += 1
        if self._alerted and len(self._queue) <= self.low_water:
            self._clear_high_water(agent)
        return task

    def _account(self, task: Task, seconds: float, *, failed: bool, inlined: bool = False) -> None:
        """Count a task that ended. Call only with self._lock held."""
        task.done = True
        self._executing -= 1
        self._processed += 1
        self._failed += failed
        self._inlined += inlined
        if self._shortest is None or seconds < self._shortest:
            self._shortest = seconds
        if self._longest is None or seconds > self._longest:
            self._longest = seconds
            self._longest_task = (task.label, task.origin)

    def _discard(self, tasks: Iterable[Task], agent: Agent, reason: str) -> None:
        """Mark tasks that were taken out of the queue as never to be run. Call only with self._lock held."""
        for task in tasks:
            task.done = True
            self._emit(agent, EventKind.TASK_DISCARDED, task, reason=reason)
        if self._alerted and len(self._queue) <= self.low_water:
            self._clear_high_water(agent)

    def _execute(self, task: Task, agent: Agent) -> tuple[float, bool]:
        """Run a task on the calling thread and answer its call; its time in seconds and whether it raised.

        No exception of the task leaves here: it goes to the call, or to the log where there is none.
        """
        runtime = self.runtime
        failure: BaseException | None = None
        result: Any = None
        task.agent, task.outer, agent.current = agent, agent.current, task
        self._emit(agent, EventKind.TASK_STARTED, task)
        start = runtime.monotonic()
        try:
            result = task.fn(*task.args, **task.kwargs) if task.kwargs else task.fn(*task.args)
        except RunAbandoned:
            raise
        except BaseException as error:
            failure = error
        finally:
            agent.current = task.outer
        seconds = runtime.monotonic() - start
        if failure is None:
            self._emit(agent, EventKind.TASK_FINISHED, task)
        else:
            self._emit(agent, EventKind.TASK_FAILED, task, error=f"{type(failure).__name__}: {failure}")
            if task.call is None:
                _log.error("%s raised on %s", task, agent.name, exc_info=failure)
        if task.call is not None:
            task.call.result = (Outcome.RETURNED, result) if failure is None else (Outcome.RAISED, failure)
        return seconds, failure is not None

    def blockers(self, wait: Wait) -> Iterable[Agent]:
        """See `taskpool.waits.Waitable`."""
        return ()

    def _reach_high_water(self, agent: Agent, depth: int) -> None:
        self._alerted = True
        self._alerts += 1
        subsystem = subsystem_of(self.name)
        raise_alert(self.runtime, subsystem, 1)
        again = " again" if self._alerts > 1 else ""
        _log.warning("%s reached its high water mark of %d queued tasks%s", self.name, self.high_water, again)
        self._emit(agent, EventKind.HIGH_WATER_REACHED, depth=depth, subsystem=subsystem)

    def _clear_high_water(self, agent: Agent) -> None:
        self._alerted = False
        subsystem = subsystem_of(self.name)
        raise_alert(self.runtime, subsystem, -1)
        self._emit(agent, EventKind.LOW_WATER_CLEARED, depth=len(self._queue), subsystem=subsystem)
