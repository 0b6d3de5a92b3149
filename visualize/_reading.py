"""The one pass that makes `visualize.lanes.Lanes` of a trace: a stack and a current wait per thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from taskpool.events import Event, EventKind
from visualize._cast import cast_of
from visualize._source import Source
from visualize._words import natural
from visualize.lanes import Bar, BarKind, Blocked, Lane, LaneKind, Lanes, Pause

__all__ = ["Reader"]


@dataclass(slots=True)
class _Thread:
    """One thread's lane while the trace is read. ``levels`` counts the open bars that are not turns."""

    name: str
    first: int
    start: float
    stack: list[_Open] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    blocked: list[Blocked] = field(default_factory=list)
    waiting: tuple[int, Event, int] | None = None
    started: bool = False
    stop: tuple[int, float] | None = None
    levels: int = 0


@dataclass(slots=True)
class _Known:
    """What a push or an inline decision told about a task."""

    kind: BarKind
    owner: str
    label: str
    pushed: float | None
    by: str | None
    inline: str = ""


@dataclass(slots=True)
class _Open:
    """A task that runs."""

    index: int
    event: Event
    known: _Known
    depth: int


class Reader:
    """Reads one trace."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.threads: dict[str, _Thread] = {}
        self.tasks: dict[int | None, _Known] = {}
        self.cast = cast_of(source.events)
        self.open_pauses: dict[str, Pause] = {}
        self.pauses: list[Pause] = []
        self.asking: dict[str, int] = {}
        self.handlers: dict[EventKind, Callable[[int, Event], None]] = {
            EventKind.THREAD_STARTED: self._thread_started,
            EventKind.THREAD_STOPPED: self._thread_stopped,
            EventKind.TASK_PUSHED: self._pushed,
            EventKind.TASK_INLINED: self._pushed,
            EventKind.TASK_STARTED: self._started,
            EventKind.TASK_FINISHED: self._ended,
            EventKind.TASK_FAILED: self._ended,
            EventKind.TASK_DISCARDED: self._discarded,
            EventKind.WAIT_STARTED: self._wait_started,
            EventKind.WAIT_ENDED: self._wait_ended,
            EventKind.SERIALIZER_RELEASED: self._released,
            EventKind.SERIALIZER_SUSPENDING: self._suspending,
            EventKind.SERIALIZER_SUSPENDED: self._suspended,
            EventKind.SERIALIZER_UNSUSPENDED: self._unsuspended,
            EventKind.CONTROL_QUEUED: self._control_queued,
            EventKind.CONTROL_RAN: self._control_ran,
        }

    def read(self) -> Lanes:
        """Read the events, close what is open, and put the lanes in order."""
        get = self.handlers.get
        for index, event in enumerate(self.source.events):
            handler = get(event.kind)
            if handler is not None:
                handler(index, event)
        return self._result()

    def _thread(self, index: int, event: Event) -> _Thread:
        thread = self.threads.get(event.thread)
        if thread is None:
            thread = self.threads[event.thread] = _Thread(event.thread, index, event.time)
        return thread

    def _thread_started(self, index: int, event: Event) -> None:
        self._thread(index, event).started = True

    def _thread_stopped(self, index: int, event: Event) -> None:
        self._thread(index, event).stop = (index, event.time)

    # -- tasks ---------------------------------------------------------------------------------------------------

    def _pushed(self, index: int, event: Event) -> None:
        detail = event.detail
        owner, kind, turn = event.processor or "", BarKind.TASK, detail.get("turn")
        if turn:
            kind, owner = BarKind.TURN, str(turn)
        elif detail.get("checkpoint"):
            kind = BarKind.CHECKPOINT
        inline = str(detail.get("reason", "")) if event.kind is EventKind.TASK_INLINED else ""
        self.tasks[event.task] = _Known(kind, owner, str(detail.get("label", "")), event.time, event.thread, inline)

    def _started(self, index: int, event: Event) -> None:
        thread = self._thread(index, event)
        known = self.tasks.pop(event.task, None) or _Known(BarKind.TASK, event.processor or "", "", None, None)
        thread.stack.append(_Open(index, event, known, thread.levels))
        if known.kind is not BarKind.TURN:
            thread.levels += 1

    def _ended(self, index: int, event: Event) -> None:
        thread = self._thread(index, event)
        cut = not thread.stack
        if cut:  # it started before the first kept event, around all that this thread has done since
            known = self.tasks.pop(event.task, None) or _Known(BarKind.TASK, event.processor or "", "", None, None)
            bar = _Open(0, replace(event, time=self.source.start), known, 0)
            if known.kind is not BarKind.TURN:
                thread.bars = [replace(inner, depth=inner.depth + 1) for inner in thread.bars]
                thread.blocked = [replace(inner, depth=inner.depth + 1) for inner in thread.blocked]
        else:
            bar = thread.stack.pop()
            if bar.known.kind is not BarKind.TURN:
                thread.levels -= 1
        failed = event.kind is EventKind.TASK_FAILED
        error = str(event.detail.get("error", "")) if failed else ""
        thread.bars.append(_bar(bar, index, event.time, "failed" if failed else "finished", error, cut))

    def _discarded(self, index: int, event: Event) -> None:
        self.tasks.pop(event.task, None)

    def _wait_started(self, index: int, event: Event) -> None:
        thread = self._thread(index, event)
        thread.waiting = (index, event, thread.levels)

    def _wait_ended(self, index: int, event: Event) -> None:
        thread = self._thread(index, event)
        waiting = thread.waiting
        if waiting is None:  # it began before the first kept event
            waiting = (0, replace(event, time=self.source.start), thread.levels)
            thread.first, thread.start = 0, self.source.start
        thread.waiting = None
        outcome = str(event.detail.get("outcome", ""))
        thread.blocked.append(_blocked(waiting, index, event.time, outcome))
        if event.detail.get("reason") == "suspend" and outcome != "done":
            self._given_up(index, event)

    def _given_up(self, index: int, event: Event) -> None:
        """Somebody no longer waits for a serializer to become still; with the last of them its pause is over."""
        name = event.processor or ""
        self.asking[name] = self.asking.get(name, 0) - 1
        pause = self.open_pauses.get(name)
        if pause is not None and pause.still is None and self.asking[name] <= 0:
            del self.open_pauses[name]
            self.pauses.append(replace(pause, end=event.time, last=index, open=False))

    # -- serializers ---------------------------------------------------------------------------------------------

    def _released(self, index: int, event: Event) -> None:
        name = event.processor or ""
        thread = self.threads.get(event.thread)
        if thread is None or not thread.bars or event.task is None:
            return
        turn = thread.bars[-1]
        if turn.cut and turn.task == event.task and turn.kind is BarKind.TASK:
            # Its push was dropped: only this tells that it was a turn, and no level of its own.
            thread.bars = [replace(bar, depth=bar.depth - 1) for bar in thread.bars[:-1]]
            thread.blocked = [replace(wait, depth=max(0, wait.depth - 1)) for wait in thread.blocked]
            thread.bars.append(replace(turn, kind=BarKind.TURN, owner=name))

    def _suspending(self, index: int, event: Event) -> None:
        name = event.processor or ""
        count = int(event.detail.get("count", 1))
        self.asking[name] = self.asking.get(name, 0) + 1
        pause = self.open_pauses.get(name)
        if pause is None:
            pause = Pause(name, event.thread, event.time, None, event.time, index, index, count, True)
        self.open_pauses[name] = replace(pause, count=max(pause.count, count))

    def _suspended(self, index: int, event: Event) -> None:
        name = event.processor or ""
        if name not in self.open_pauses:
            self._suspending(index, event)
        pause = self.open_pauses[name]
        pause = replace(pause, count=max(pause.count, int(event.detail.get("count", 1))))
        self.open_pauses[name] = replace(pause, still=event.time, quiet=index) if pause.still is None else pause
        self.asking.pop(name, None)

    def _unsuspended(self, index: int, event: Event) -> None:
        name = event.processor or ""
        pause = self.open_pauses.get(name)
        if pause is None:
            if not self.source.dropped:
                return
            start = self.source.start
            pause = self.open_pauses[name] = Pause(name, "", start, start, start, 0, 0, 1, True, 0)
        if int(event.detail.get("count", 0)) == 0:
            del self.open_pauses[name]
            self.pauses.append(replace(pause, end=event.time, last=index, open=False))

    # -- the older pool's control queue --------------------------------------------------------------------------

    def _control_queued(self, index: int, event: Event) -> None:
        label = str(event.detail.get("label") or event.detail.get("action", ""))
        self.tasks[event.task] = _Known(BarKind.CONTROL, event.processor or "", label, event.time, event.thread)

    def _control_ran(self, index: int, event: Event) -> None:
        thread = self._thread(index, event)
        if any(bar.event.task == event.task is not None for bar in thread.stack):
            return  # a bar of its own shows it
        label = str(event.detail.get("label") or event.detail.get("action", ""))
        known = self.tasks.pop(event.task, None) or _Known(BarKind.CONTROL, event.processor or "", label, None, None)
        known.kind = BarKind.CONTROL
        thread.bars.append(_bar(_Open(index, event, known, thread.levels), index, event.time, "finished", "", False))

    # -- the end -------------------------------------------------------------------------------------------------

    def _result(self) -> Lanes:
        source = self.source
        end, last = source.end, max(0, len(source.events) - 1)
        for pause in self.open_pauses.values():
            self.pauses.append(replace(pause, end=end, last=last))
        for name, thread in self.threads.items():
            if name in self.cast.workers and not thread.started:  # it was there before the first kept event
                thread.first, thread.start = 0, source.start
        lanes = [self._lane(thread, end, last) for thread in self.threads.values()]
        order = {name: number for number, name in enumerate(self.cast.pools)}
        kinds = list(LaneKind)
        lanes.sort(
            key=lambda lane: (
                lane.kind is LaneKind.OUTSIDE,
                order.get(lane.pool, len(order)),
                lane.pool,
                kinds.index(lane.kind),
                natural(lane.thread),
            )
        )
        return Lanes(
            lanes=tuple(lanes),
            pauses=tuple(sorted(self.pauses, key=lambda pause: pause.first)),
            serializers=tuple(self.cast.serializers),
            pools=dict(self.cast.pools),
            start=source.start,
            end=end,
            events=len(source.events),
            dropped=source.dropped,
        )

    def _lane(self, thread: _Thread, end: float, last: int) -> Lane:
        bars = thread.bars + [_bar(bar, last, end, "open", "", False) for bar in thread.stack]
        bars.sort(key=lambda bar: (bar.first, -bar.last))
        blocked = thread.blocked
        if thread.waiting is not None:
            blocked = [*blocked, _blocked(thread.waiting, last, end, "open")]
        kind = LaneKind.OUTSIDE
        if thread.name in self.cast.workers:
            kind = LaneKind.CONTROL if self.cast.served.get(thread.name) in self.cast.controls else LaneKind.POOL
        pool = self.cast.pool_of.get(thread.name, "")
        until, stop = thread.stop or (last, end)
        return Lane(thread.name, kind, pool, tuple(bars), tuple(blocked), thread.start, stop, thread.first, until)


def _bar(bar: _Open, last: int, end: float, outcome: str, error: str, cut: bool) -> Bar:
    event, known = bar.event, bar.known
    return Bar(
        thread=event.thread,
        kind=known.kind,
        task=event.task,
        owner=known.owner,
        label=known.label,
        depth=bar.depth,
        start=event.time,
        end=end,
        first=bar.index,
        last=last,
        inline=known.inline,
        outcome=outcome,
        error=error,
        pushed=known.pushed,
        pushed_by=known.by,
        parent=event.parent,
        cut=cut,
    )


def _blocked(waiting: tuple[int, Event, int], last: int, end: float, outcome: str) -> Blocked:
    first, event, depth = waiting
    return Blocked(
        thread=event.thread,
        reason=str(event.detail.get("reason", "")),
        on=event.processor or "",
        task=event.task,
        depth=depth,
        start=event.time,
        end=end,
        first=first,
        last=last,
        outcome=outcome,
    )
