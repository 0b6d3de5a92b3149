"""A trace as Chrome trace JSON, for ui.perfetto.dev and chrome://tracing, written as it goes.

Every thread is a track of slices that nest: tasks, waits, pushes. An arrow leads from a push to the task's run. The
serializers' suspensions are spans of their own, and every queue has a counter of its depth. `taskpool._chrome` says how
slices come to nest although events may have equal times.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from taskpool._chrome import ChromeRecords, Slice, Track
from taskpool._output import NOT_JSON, json_of, not_json, write_whole
from taskpool.events import Event, EventKind

__all__ = ["export"]

_RECORDS = 5_000
_PROCESSES = ("threads outside the pools", "serializers", "queues")
_OUTSIDE, _SERIALIZERS, _QUEUES = 1, 2, 3
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
    """Write a trace's events to a file; see `Trace.to_perfetto`.

    Args:
        path: The file's name.
        events: The events, in order.
        label: The name of a task, by its number.
        own: The numbers of the pool's own tasks.
        dropped: How many older events are missing.
        meta: Facts about the run.

    Raises:
        TraceError: If the file cannot be written, or something in the trace is not of JSON's types.
    """
    records = _Export(events, label, own).records(os.fspath(path))
    write_whole(path, _document(os.fspath(path), records, {"dropped": dropped, "meta": dict(meta)}))


def _document(name: str, records: Iterator[list[str]], other: dict[str, Any]) -> Iterator[str]:
    try:
        tail = f'\n],"otherData":{json_of(other)}}}\n'
    except NOT_JSON as error:
        raise not_json(name, "the trace's meta", error) from error
    before = '{"displayTimeUnit":"ms","traceEvents":[\n'
    for some in records:
        yield before + ",\n".join(some)
        before = ",\n"
    yield tail


def _json(number: int | None) -> str:
    return "null" if number is None else str(number)


class _Export:
    """One pass over the events.

    Args:
        events: The events, in order.
        label: The name of a task, by its number.
        own: The numbers of the pool's own tasks.
    """

    def __init__(self, events: Sequence[Event], label: Callable[[int], str], own: frozenset[int]) -> None:
        self._events = events
        self._label_of = label
        self._own = own
        self._tracks: dict[str, Track] = {}
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
        self._chrome = ChromeRecords(events[0].time if events else 0.0, cut)
        self._text = self._chrome.text

    def _look_ahead(self) -> int:
        """Learn each thread's pool and how often each task starts; how much has an end but no beginning."""
        waiting: dict[str, int] = {}
        still: set[str | None] = set()
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
            elif kind is EventKind.SERIALIZER_SUSPENDED:
                still.add(event.processor)
            elif kind is EventKind.SERIALIZER_UNSUSPENDED and not event.detail.get("count"):
                cut += event.processor not in still
                still.discard(event.processor)
            elif kind is EventKind.THREAD_STARTED:
                self._pool_of[event.thread] = str(event.detail.get("pool") or event.processor)
        return cut

    def records(self, name: str) -> Iterator[list[str]]:
        """The records as JSON, in lists of some thousands, the first of which is never empty.

        Args:
            name: The file's, for an error.
        """
        chrome = self._chrome
        for pid, process in enumerate(_PROCESSES, 1):
            chrome.process(pid, process)
        handlers = {kind: getattr(self, f"_{kind.value}", None) for kind in EventKind}
        for event in self._events:
            handler = handlers[event.kind]
            track = self._tracks.get(event.thread) or self._new_track(event.thread)
            if handler is not None:
                chrome.reach(event.time)
                try:
                    handler(event, track)
                except NOT_JSON as error:
                    raise not_json(name, f"event {event.seq} ({event.kind})", error) from error
                if len(chrome.out) >= _RECORDS:
                    yield chrome.out
                    chrome.out = []
        for track in self._tracks.values():
            track.end_all()
        for serializer in list(self._states):
            self._turn_to(serializer, None)
        if chrome.out:
            yield chrome.out

    def _pool(self, name: str) -> int:
        """A pool's process number."""
        if name not in self._pools:
            self._pools[name] = len(_PROCESSES) + 1 + len(self._pools)
            self._chrome.process(self._pools[name], f"pool {name}")
        return self._pools[name]

    def _new_track(self, thread: str) -> Track:
        pool = self._pool_of.get(thread)
        pid = _OUTSIDE if pool is None else self._pool(pool)
        where = self._chrome.thread(pid, len(self._tracks) + 1, thread)
        track = self._tracks[thread] = Track(self._chrome, where)
        return track

    # -- slices -------------------------------------------------------------------------------------------------

    def _slice_of_task(self, event: Event, task: int) -> Slice:
        queue = "null" if event.processor is None else self._text[event.processor]
        args = f'"task":{task},"queue":{queue}{self._inline.pop(task, "")}'
        return Slice(task, "pool" if task in self._own else "task", self._label_of(task), args)

    def _task_inlined(self, event: Event, _track: Track) -> None:
        if event.task is not None:
            self._inline[event.task] = f',"inline":{self._text[str(event.detail.get("reason"))]}'

    def _task_started(self, event: Event, track: Track) -> None:
        if event.task is not None:
            track.begin(self._slice_of_task(event, event.task))
            self._arrive(event.task, track)

    def _task_finished(self, event: Event, track: Track) -> None:
        if event.task is not None:
            error = event.detail.get("error")
            more = "" if error is None else f',"error":{self._text[str(error)]}'
            track.end(self._slice_of_task(event, event.task), more)

    _task_failed = _task_finished

    def _slice_of_wait(self, event: Event) -> Slice:
        name = f"waits: {event.detail.get('reason', '')} {event.processor or ''}".rstrip()
        return Slice(None, "wait", name, f'"task":{_json(event.task)}')

    def _wait_started(self, event: Event, track: Track) -> None:
        track.begin(self._slice_of_wait(event))

    def _wait_ended(self, event: Event, track: Track) -> None:
        track.end(self._slice_of_wait(event), f',"outcome":{self._text[str(event.detail.get("outcome"))]}')

    # -- pushes, arrows, depths ---------------------------------------------------------------------------------

    def _task_pushed(self, event: Event, track: Track) -> None:
        self._push(event, track, "push" if event.task is None else f"push {self._label_of(event.task)}")

    def _control_queued(self, event: Event, track: Track) -> None:
        self._push(event, track, f"queue control task {event.detail.get('action', '')}")

    def _control_ran(self, event: Event, track: Track) -> None:
        begin = self._chrome.moment()
        if event.task is not None:
            self._arrive(event.task, track)
        name = f"control task {event.detail.get('action', '')}"
        self._chrome.slice(track.where, begin, "control", name, f'"task":{_json(event.task)}')

    def _push(self, event: Event, track: Track, name: str) -> None:
        """A short slice, so that the arrow has something to begin at; and the queue's depth."""
        task, queue, begin = event.task, event.processor or "", self._chrome.moment()
        if task is not None:
            self._queued[task] = queue
            if self._runs.get(task) and task not in self._arrows:
                self._arrow += 1
                self._arrows[task] = self._arrow
                self._chrome.arrow_begins(track.where, self._arrow)
        self._chrome.slice(track.where, begin, "push", name, f'"task":{_json(task)},"queue":{self._text[queue]}')
        depth = event.detail.get("depth")
        self._depth(queue, depth if isinstance(depth, int) else self._depths.get(queue, 0) + 1)

    def _arrive(self, task: int, track: Track) -> None:
        """A task starts: it has left its queue, and the arrow from its push ends."""
        self._runs[task] -= 1
        arrow = self._arrows.pop(task, None)
        if arrow is not None:
            self._chrome.arrow_ends(track.where, arrow)
        self._leave(task)

    def _leave(self, task: int | None) -> None:
        queue = None if task is None else self._queued.pop(task, None)
        if queue is not None:
            self._depth(queue, max(0, self._depths[queue] - 1))

    def _depth(self, queue: str, depth: int) -> None:
        self._depths[queue] = depth
        self._chrome.counter(self._chrome.at(_QUEUES), queue, depth)

    def _task_discarded(self, event: Event, track: Track) -> None:
        self._chrome.instant(track.where, "t", event.kind, event.detail)
        self._leave(event.task)
        name = event.processor or ""
        if event.task in self._own and self._states.get(name) == "suspending":
            self._turn_to(name, None)

    # -- serializers, pools, water marks ------------------------------------------------------------------------

    def _serializer_suspending(self, event: Event, _track: Track) -> None:
        name = event.processor or ""
        if name not in self._states:
            self._turn_to(name, "suspending")

    def _serializer_suspended(self, event: Event, _track: Track) -> None:
        name = event.processor or ""
        if self._states.get(name) != "suspended":
            self._turn_to(name, "suspended")

    def _serializer_unsuspended(self, event: Event, _track: Track) -> None:
        name = event.processor or ""
        if not event.detail.get("count"):
            if name not in self._states:
                self._turn_to(name, "suspended", self._chrome.moment_before())
            self._turn_to(name, None)

    def _turn_to(self, name: str, state: str | None, moment: int | None = None) -> None:
        """End the span of a serializer's state, and begin that of the next."""
        where, number = self._chrome.at(_SERIALIZERS), self._serializers.setdefault(name, len(self._serializers) + 1)
        before = self._states.pop(name, None)
        if before is not None:
            self._chrome.span("e", where, number, f"{name} {before}")
        if state is not None:
            self._states[name] = state
            self._chrome.span("b", where, number, f"{name} {state}", moment)

    def _pool_created(self, event: Event, _track: Track) -> None:
        self._chrome.instant(self._chrome.at(self._pool(event.processor or "")), "p", event.kind, event.detail)

    _pool_grew = _pool_shrank = _pool_shut_down = _pool_created

    def _high_water_reached(self, event: Event, _track: Track) -> None:
        self._chrome.instant(self._chrome.at(_QUEUES), "p", event.kind, event.detail)

    _low_water_cleared = _high_water_reached
