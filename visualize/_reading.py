"""The one pass that makes `visualize.lanes.Lanes` of a trace: a stack and a current wait per thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from taskpool.events import Event, EventKind
from visualize._source import Source
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
    pool: str = ""
    serves: str = ""
    waiting: tuple[int, Event, int] | None = None
    worked: bool = False
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
        self.queues: dict[str, None] = {}
        self.pools: dict[str, str] = {}
        self.serializers: dict[str, None] = {}
        self.not_serializers: set[str] = set()
        self.controls: set[str] = set()
        self.open_pauses: dict[str, Pause] = {}
        self.pauses: list[Pause] = []
        self.handlers: dict[EventKind, Callable[[int, Event], None]] = {
            EventKind.POOL_CREATED: self._pool_created,
            EventKind.THREAD_STARTED: self._thread_started,
            EventKind.THREAD_STOPPED: self._thread_stopped,
            EventKind.THREAD_IDLED: self._serves,
            EventKind.THREAD_WOKE: self._serves,
            EventKind.TASK_PUSHED: self._pushed,
            EventKind.TASK_INLINED: self._pushed,
            EventKind.TASK_STARTED: self._started,
            EventKind.TASK_FINISHED: self._ended,
            EventKind.TASK_FAILED: self._ended,
            EventKind.TASK_DISCARDED: self._discarded,
            EventKind.WAIT_STARTED: self._wait_started,
            EventKind.WAIT_ENDED: self._wait_ended,
            EventKind.SERIALIZER_SCHEDULED: self._scheduled,
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

    # -- pools and threads ---------------------------------------------------------------------------------------

    def _pool_created(self, index: int, event: Event) -> None:
        if event.processor is not None:
            self.pools[event.processor] = str(event.detail.get("design", ""))
            self.not_serializers.add(event.processor)

    def _thread_started(self, index: int, event: Event) -> None:
        thread = self._thread(index, event)
        thread.started = True
        thread.pool = str(event.detail.get("pool", ""))
        self._serves(index, event)

    def _thread_stopped(self, index: int, event: Event) -> None:
        self._serves(index, event)
        thread = self._thread(index, event)
        thread.pool = thread.pool or str(event.detail.get("pool", ""))
        thread.stop = (index, event.time)

    def _serves(self, index: int, event: Event) -> None:
        thread = self._thread(index, event)
        thread.worked = True
        if event.processor is not None:
            thread.serves = event.processor
            self.not_serializers.add(event.processor)

    # -- tasks ---------------------------------------------------------------------------------------------------

    def _pushed(self, index: int, event: Event) -> None:
        detail = event.detail
        owner, kind, turn = event.processor or "", BarKind.TASK, detail.get("turn")
        self.queues.setdefault(owner)
        if turn:
            kind, owner = BarKind.TURN, str(turn)
            self.serializers.setdefault(owner)
        elif detail.get("checkpoint"):
            kind = BarKind.CHECKPOINT
        inline = str(detail.get("reason", "")) if event.kind is EventKind.TASK_INLINED else ""
        self.tasks[event.task] = _Known(kind, owner, str(detail.get("label", "")), event.time, event.thread, inline)

    def _started(self, index: int, event: Event) -> None:
        thread = self._thread(index, event)
        thread.worked = True
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
            thread.worked = True
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
        thread.waiting = (index, event, max(0, thread.levels - 1))

    def _wait_ended(self, index: int, event: Event) -> None:
        thread = self._thread(index, event)
        waiting = thread.waiting
        if waiting is None:  # it began before the first kept event
            waiting = (0, replace(event, time=self.source.start), max(0, thread.levels - 1))
            thread.first, thread.start = 0, self.source.start
        thread.waiting = None
        thread.blocked.append(_blocked(waiting, index, event.time, str(event.detail.get("outcome", ""))))

    # -- serializers ---------------------------------------------------------------------------------------------

    def _released(self, index: int, event: Event) -> None:
        name, task = event.processor or "", event.task
        self.serializers.setdefault(name)
        if task is None or task in self.tasks:
            return
        thread = self.threads.get(event.thread)
        if thread is None or not any(bar.event.task == task for bar in thread.stack):
            # The turn's push was dropped: only this tells what the task is, which ends next.
            self.tasks[task] = _Known(BarKind.TURN, name, "", None, None)

    def _scheduled(self, index: int, event: Event) -> None:
        self.serializers.setdefault(event.processor or "")
        on = event.detail.get("on")
        if on:
            self.not_serializers.add(str(on))

    def _suspending(self, index: int, event: Event) -> None:
        name = event.processor or ""
        self.serializers.setdefault(name)
        count = int(event.detail.get("count", 1))
        pause = self.open_pauses.get(name)
        if pause is None:
            pause = Pause(name, event.thread, event.time, None, event.time, index, index, count, True)
        self.open_pauses[name] = replace(pause, count=max(pause.count, count))

    def _suspended(self, index: int, event: Event) -> None:
        name = event.processor or ""
        if name not in self.open_pauses:
            self._suspending(index, event)
        if self.open_pauses[name].still is None:
            self.open_pauses[name] = replace(self.open_pauses[name], still=event.time, quiet=index)

    def _unsuspended(self, index: int, event: Event) -> None:
        name = event.processor or ""
        self.serializers.setdefault(name)
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
        owner = self._control_queue(event)
        label = str(event.detail.get("label") or event.detail.get("action", ""))
        self.tasks[event.task] = _Known(BarKind.CONTROL, owner, label, event.time, event.thread)

    def _control_queue(self, event: Event) -> str:
        owner = event.processor or ""
        self.controls.add(owner)
        self.not_serializers.add(owner)
        return owner

    def _control_ran(self, index: int, event: Event) -> None:
        owner = self._control_queue(event)
        thread = self._thread(index, event)
        thread.serves, thread.worked = owner, True
        if any(bar.event.task == event.task is not None for bar in thread.stack):
            return  # a bar of its own shows it
        label = str(event.detail.get("label") or event.detail.get("action", ""))
        known = self.tasks.pop(event.task, None) or _Known(BarKind.CONTROL, owner, label, None, None)
        known.kind = BarKind.CONTROL
        thread.bars.append(_bar(_Open(index, event, known, thread.levels), index, event.time, "finished", "", False))

    # -- the end -------------------------------------------------------------------------------------------------

    def _result(self) -> Lanes:
        source = self.source
        end, last = source.end, max(0, len(source.events) - 1)
        for pause in self.open_pauses.values():
            self.pauses.append(replace(pause, end=end, last=last))
        for name in self.queues:
            if name and name not in self.not_serializers:
                self.serializers.setdefault(name)
        pool_of_queue = {thread.serves: thread.pool for thread in self.threads.values() if thread.pool}
        lanes = [self._lane(thread, pool_of_queue, end, last) for thread in self.threads.values()]
        order = {name: number for number, name in enumerate(self.pools)}
        kinds = list(LaneKind)
        lanes.sort(
            key=lambda lane: (
                lane.kind is LaneKind.OUTSIDE,
                order.get(lane.pool, len(order)),
                lane.pool,
                kinds.index(lane.kind),
            )
        )
        return Lanes(
            lanes=tuple(lanes),
            pauses=tuple(sorted(self.pauses, key=lambda pause: pause.first)),
            serializers=tuple(name for name in self.serializers if name),
            pools=dict(self.pools),
            start=source.start,
            end=end,
            events=len(source.events),
            dropped=source.dropped,
        )

    def _lane(self, thread: _Thread, pool_of_queue: dict[str, str], end: float, last: int) -> Lane:
        bars = thread.bars + [_bar(bar, last, end, "open", "", False) for bar in thread.stack]
        bars.sort(key=lambda bar: (bar.first, -bar.last))
        blocked = thread.blocked
        if thread.waiting is not None:
            blocked = [*blocked, _blocked(thread.waiting, last, end, "open")]
        if thread.serves in self.controls:
            kind = LaneKind.CONTROL
        else:
            kind = LaneKind.POOL if thread.worked else LaneKind.OUTSIDE
        stop = thread.stop or (last, end)
        start = (thread.first, thread.start)
        if thread.worked and not thread.started:  # it was there before the first kept event
            start = (0, self.source.start)
        pool = thread.pool or pool_of_queue.get(thread.serves, "")
        if not pool and thread.serves in self.pools:
            pool = thread.serves
        return Lane(thread.name, kind, pool, tuple(bars), tuple(blocked), start[1], stop[1], start[0], stop[0])


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
