"""A trace as Chrome trace JSON, for ui.perfetto.dev and chrome://tracing, written as it goes.

Every thread is a track of slices that nest: tasks, waits, pushes. An arrow leads from a push to the task's run. The
serializers' suspensions are spans of their own, and every queue has a counter of its depth.

The viewers nest slices by their times alone, while many events of a trace may have the same time (all of them, in
virtual time that stands still). So each beginning and end gets a moment of its own, on one clock for all threads: the
event's time, or one tick after the last moment given out, whichever is later. A tick is 1/8 µs, which the viewers'
floating-point numbers hold exactly. So the order of the trace is the order of the picture, and arrows lead forward.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from taskpool._output import JsonText, json_of, write_whole
from taskpool.errors import TraceError
from taskpool.events import Event, EventKind

__all__ = ["export"]

_TICKS = 8_000_000  # a second's
_EIGHTHS = tuple(f"{eighth / 8:g}"[1:] for eighth in range(8))
_RECORDS = 5_000
_OUTSIDE, _SERIALIZERS, _QUEUES = 1, 2, 3
_PROCESSES = ("threads outside the pools", "serializers", "queues")
_ENDS = frozenset({EventKind.TASK_FINISHED, EventKind.TASK_FAILED})
_STARTS = frozenset({EventKind.TASK_STARTED, EventKind.CONTROL_RAN})


def export(
    path: str | os.PathLike[str],
    events: Sequence[Event],
    *,
    label: Callable[[int], str],
    own: frozenset[int],
    dropped: int,
    meta: Mapping[str, Any],
) -> None:
    """Write a trace's events to a file; see `Trace.to_perfetto`."""
    name = os.fspath(path)

    def pieces() -> Iterator[str]:
        before = '{"displayTimeUnit":"ms","traceEvents":[\n'
        try:
            for records in _Export(events, label, own).records():
                yield before + ",\n".join(records)
                before = ",\n"
            other = json_of({"dropped": dropped, "meta": dict(meta)})
        except (TypeError, ValueError, RecursionError) as error:
            raise TraceError(f"{name}: not written, because something in the trace is not JSON: {error}") from error
        yield f'\n],"otherData":{other}}}\n'

    write_whole(path, pieces())


def _micros(ticks: int) -> str:
    return f"{ticks >> 3}{_EIGHTHS[ticks & 7]}"


def _json(number: int | None) -> str:
    return "null" if number is None else str(number)


class _Slice:
    """A slice that is open; it is written when it ends. ``key`` is its task's number, or None for a wait."""

    __slots__ = ("args", "begin", "head", "key")

    def __init__(self, key: int | None, begin: int, head: str, args: str) -> None:
        self.key = key
        self.begin = begin
        self.head = head
        self.args = args


class _Export:
    """One pass over the events, with what is open on each thread.

    Args:
        events: The events, in order.
        label: The name of a task, by its number.
        own: The numbers of the pool's own tasks.
    """

    def __init__(self, events: Sequence[Event], label: Callable[[int], str], own: frozenset[int]) -> None:
        self._events = events
        self._name_of = label
        self._own = own
        self._text = JsonText()
        self._out: list[str] = []
        self._tracks: dict[str, tuple[str, list[_Slice]]] = {}
        self._pools: dict[str, int] = {}
        self._pool_of: dict[str, str] = {}
        self._runs: dict[int, int] = {}  # how many starts of each task are still to come
        self._arrows: dict[int, int] = {}
        self._arrow = 0
        self._queued: dict[int, str] = {}
        self._depths: dict[str, int] = {}
        self._inline: dict[int, str] = {}
        self._serializers: dict[str, int] = {}
        self._states: dict[str, str] = {}
        cut = self._look_ahead()
        self._base = max(0, round(events[0].time * _TICKS)) if events else 0
        # Slices whose beginning is missing began before everything else, and the one that ends last began first.
        self._first = self._clock = self._base + cut

    def _look_ahead(self) -> int:
        """Learn each thread's pool and how often each task starts; how many slices have no beginning."""
        waiting: dict[str, int] = {}
        runs = self._runs
        cut = 0
        for event in self._events:
            kind, task = event.kind, event.task
            if kind in _STARTS and task is not None:
                runs[task] = runs.get(task, 0) + 1
            elif kind in _ENDS:
                cut += task not in runs
            elif kind is EventKind.WAIT_STARTED:
                waiting[event.thread] = waiting.get(event.thread, 0) + 1
            elif kind is EventKind.WAIT_ENDED:
                if waiting.get(event.thread):
                    waiting[event.thread] -= 1
                else:
                    cut += 1
            elif kind is EventKind.THREAD_STARTED:
                self._pool_of[event.thread] = str(event.detail.get("pool") or event.processor)
        return cut

    def records(self) -> Iterator[list[str]]:
        """The records as JSON, in lists of some thousands, the first of which is never empty."""
        for pid, name in enumerate(_PROCESSES, 1):
            self._process(pid, name)
        handlers = {kind: getattr(self, f"_{kind.value}", None) for kind in EventKind}
        for event in self._events:
            handler = handlers[event.kind]
            track = self._tracks.get(event.thread) or self._new_track(event.thread)
            if handler is not None:
                ticks = round(event.time * _TICKS)
                if ticks > self._clock:
                    self._clock = ticks
                handler(event, *track)
                if len(self._out) >= _RECORDS:
                    yield self._out
                    self._out = []
        self._close()
        if self._out:
            yield self._out

    # -- moments, processes, tracks -----------------------------------------------------------------------------

    def _moment(self) -> int:
        """The one clock's next moment, later than all that were given out."""
        self._clock += 1
        return self._clock

    def _process(self, pid: int, name: str) -> None:
        head = f'{{"ph":"M","pid":{pid},"tid":0,"name":'
        self._out.append(f'{head}"process_name","args":{{"name":{self._text[name]}}}}}')
        self._out.append(f'{head}"process_sort_index","args":{{"sort_index":{pid}}}}}')

    def _pool(self, name: str) -> int:
        """A pool's process number."""
        if name not in self._pools:
            self._pools[name] = len(_PROCESSES) + 1 + len(self._pools)
            self._process(self._pools[name], f"pool {name}")
        return self._pools[name]

    def _new_track(self, thread: str) -> tuple[str, list[_Slice]]:
        pool = self._pool_of.get(thread)
        number = len(self._tracks) + 1
        where = f'"pid":{_OUTSIDE if pool is None else self._pool(pool)},"tid":{number}'
        self._out.append(f'{{"ph":"M",{where},"name":"thread_name","args":{{"name":{self._text[thread]}}}}}')
        self._out.append(f'{{"ph":"M",{where},"name":"thread_sort_index","args":{{"sort_index":{number}}}}}')
        self._tracks[thread] = (where, [])
        return self._tracks[thread]

    def _label(self, task: int | None) -> str:
        return "task" if task is None else self._name_of(task)

    # -- slices -------------------------------------------------------------------------------------------------

    def _write(self, where: str, done: _Slice, more: str = "") -> None:
        """Write a slice that ends now."""
        begin = done.begin
        self._out.append(
            f'{{"ph":"X",{where},"ts":{_micros(begin)},"dur":{_micros(self._moment() - begin)},{done.head},'
            f'"args":{{{done.args}{more}}}}}'
        )

    def _end(self, where: str, stack: list[_Slice], event: Event, more: str) -> None:
        """End the slice that this event ends, and first what is open within it."""
        is_wait = event.kind is EventKind.WAIT_ENDED
        key = None if is_wait else event.task
        has_begun = any(open_slice.key == key for open_slice in stack)
        while stack:
            innermost = stack.pop()
            if innermost.key == key:
                self._write(where, innermost, more)
                return
            self._write(where, innermost, ',"end":"unknown"')
        if not has_begun and self._first > self._base:
            head = self._wait_head(event) if is_wait else self._task_head(event)
            self._write(where, _Slice(key, self._first, *head), more + ',"begin":"unknown"')
            self._first -= 1

    def _close(self) -> None:
        """End what the trace's end cuts off."""
        for where, stack in self._tracks.values():
            while stack:
                self._write(where, stack.pop(), ',"end":"after the trace"')
        for name in list(self._states):
            self._turn_to(name, None)

    def _task_head(self, event: Event) -> tuple[str, str]:
        task = event.task
        category = "pool" if task in self._own else "task"
        queue = "null" if event.processor is None else self._text[event.processor]
        return (
            f'"cat":"{category}","name":{self._text[self._label(task)]}',
            f'"task":{_json(task)},"queue":{queue}',
        )

    def _task_inlined(self, event: Event, _where: str, _stack: list[_Slice]) -> None:
        if event.task is not None:
            self._inline[event.task] = f',"inline":{self._text[str(event.detail.get("reason"))]}'

    def _task_started(self, event: Event, where: str, stack: list[_Slice]) -> None:
        task = event.task
        if task is None:
            return
        head, args = self._task_head(event)
        stack.append(_Slice(task, self._moment(), head, args + self._inline.pop(task, "")))
        self._arrive(task, where)

    def _task_finished(self, event: Event, where: str, stack: list[_Slice]) -> None:
        error = event.detail.get("error")
        if event.task is not None:
            self._end(where, stack, event, "" if error is None else f',"error":{self._text[str(error)]}')

    _task_failed = _task_finished

    def _wait_head(self, event: Event) -> tuple[str, str]:
        name = f"waits: {event.detail.get('reason', '')} {event.processor or ''}".rstrip()
        return f'"cat":"wait","name":{self._text[name]}', f'"task":{_json(event.task)}'

    def _wait_started(self, event: Event, _where: str, stack: list[_Slice]) -> None:
        stack.append(_Slice(None, self._moment(), *self._wait_head(event)))

    def _wait_ended(self, event: Event, where: str, stack: list[_Slice]) -> None:
        self._end(where, stack, event, f',"outcome":{self._text[str(event.detail.get("outcome"))]}')

    # -- pushes, arrows, depths ---------------------------------------------------------------------------------

    def _task_pushed(self, event: Event, where: str, _stack: list[_Slice]) -> None:
        self._push(event, where, f"push {self._label(event.task)}")

    def _control_queued(self, event: Event, where: str, _stack: list[_Slice]) -> None:
        self._push(event, where, f"control: {event.detail.get('action', '')}")

    def _control_ran(self, event: Event, where: str, _stack: list[_Slice]) -> None:
        name = self._text[f"control: {event.detail.get('action', '')}"]
        ran = _Slice(event.task, self._moment(), f'"cat":"control","name":{name}', f'"task":{_json(event.task)}')
        if event.task is not None:
            self._arrive(event.task, where)
        self._write(where, ran)

    def _push(self, event: Event, where: str, name: str) -> None:
        """A short slice, so that the arrow has something to begin at; and the queue's depth."""
        task, queue, begin = event.task, event.processor or "", self._moment()
        if task is not None:
            self._queued[task] = queue
            if self._runs.get(task) and task not in self._arrows:
                self._arrow += 1
                self._arrows[task] = self._arrow
                self._out.append(self._flow('"ph":"s"', where, self._arrow))
        head, args = f'"cat":"push","name":{self._text[name]}', f'"task":{_json(task)},"queue":{self._text[queue]}'
        self._write(where, _Slice(task, begin, head, args))
        depth = event.detail.get("depth")
        self._depth(queue, depth if isinstance(depth, int) else self._depths.get(queue, 0) + 1)

    def _arrive(self, task: int, where: str) -> None:
        """A task starts: it has left its queue, and the arrow from its push ends."""
        self._runs[task] -= 1
        arrow = self._arrows.pop(task, None)
        if arrow is not None:
            self._out.append(self._flow('"ph":"f","bp":"e"', where, arrow))
        self._leave(task)

    def _flow(self, phase: str, where: str, arrow: int) -> str:
        return f'{{{phase},{where},"ts":{_micros(self._moment())},"id":{arrow},"cat":"push","name":"push to run"}}'

    def _leave(self, task: int | None) -> None:
        queue = None if task is None else self._queued.pop(task, None)
        if queue is not None:
            self._depth(queue, max(0, self._depths[queue] - 1))

    def _depth(self, queue: str, depth: int) -> None:
        self._depths[queue] = depth
        self._out.append(
            f'{{"ph":"C","pid":{_QUEUES},"tid":0,"ts":{_micros(self._clock)},"name":{self._text[queue]},'
            f'"args":{{"queued":{depth}}}}}'
        )

    # -- serializers, pools, water marks ------------------------------------------------------------------------

    def _serializer_suspending(self, event: Event, _where: str, _stack: list[_Slice]) -> None:
        if event.processor not in self._states:
            self._turn_to(event.processor or "", "suspending")

    def _serializer_suspended(self, event: Event, _where: str, _stack: list[_Slice]) -> None:
        if self._states.get(event.processor or "") != "suspended":
            self._turn_to(event.processor or "", "suspended")

    def _serializer_unsuspended(self, event: Event, _where: str, _stack: list[_Slice]) -> None:
        if not event.detail.get("count"):
            name = event.processor or ""
            if name not in self._states:
                self._turn_to(name, "suspended", self._base)
            self._turn_to(name, None)

    def _turn_to(self, name: str, state: str | None, moment: int | None = None) -> None:
        """End the span of a serializer's state and begin the next state's."""
        before = self._states.pop(name, None)
        if before is not None:
            self._span("e", name, before, self._moment())
        if state is not None:
            self._states[name] = state
            self._span("b", name, state, self._moment() if moment is None else moment)

    def _span(self, phase: str, name: str, state: str, moment: int) -> None:
        number = self._serializers.setdefault(name, len(self._serializers) + 1)
        self._out.append(
            f'{{"ph":"{phase}","pid":{_SERIALIZERS},"tid":0,"ts":{_micros(moment)},"id":{number},"cat":"serializer",'
            f'"name":{self._text[f"{name} {state}"]}}}'
        )

    def _instant(self, event: Event, where: str, scope: str) -> None:
        self._out.append(
            f'{{"ph":"i","s":"{scope}",{where},"ts":{_micros(self._moment())},"name":{self._text[event.kind]},'
            f'"args":{self._text.of_mapping(event.detail)}}}'
        )

    def _pool_created(self, event: Event, _where: str, _stack: list[_Slice]) -> None:
        self._instant(event, f'"pid":{self._pool(event.processor or "")},"tid":0', "p")

    _pool_grew = _pool_shrank = _pool_shut_down = _pool_created

    def _high_water_reached(self, event: Event, _where: str, _stack: list[_Slice]) -> None:
        self._instant(event, f'"pid":{_QUEUES},"tid":0', "p")

    _low_water_cleared = _high_water_reached

    def _task_discarded(self, event: Event, where: str, _stack: list[_Slice]) -> None:
        self._instant(event, where, "t")
        self._leave(event.task)
