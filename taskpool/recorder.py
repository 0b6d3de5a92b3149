"""What a pool writes events to: a bounded ring that never blocks and never calls user code.

A recorder only watches; a listener changes what happens. An event is kept as its fields, one after the other in one
ring, and becomes an `Event` when a `Trace` is made: an object for each event, or a dict for its detail, would take
twice the memory. One recorder may serve several pools of one runtime: they then share task numbers and one order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from itertools import count, islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from taskpool.errors import OptionError
from taskpool.events import Event, EventKind

if TYPE_CHECKING:
    from taskpool.runtime.base import Runtime
    from taskpool.trace import Trace

__all__ = ["Recorder"]

_EMPTY: Mapping[str, Any] = {}

_FIELDS = 8
"""Seq, time, thread, shape, processor, task, parent, and the detail's values, or None where there is no detail."""

_Shape = tuple[EventKind, tuple[str, ...]]

_shapes: dict[_Shape, _Shape] = {}
"""A kind and the keys of its detail, each combination once: there are hardly more than there are kinds."""


class Recorder:
    """A bounded buffer of what happened.

    Args:
        capacity: How many of the newest events are kept; older ones are dropped and counted.

    Raises:
        OptionError: If ``capacity`` is not a positive whole number.
    """

    def __init__(self, capacity: int = 1_000_000) -> None:
        if isinstance(capacity, bool) or not isinstance(capacity, int) or capacity < 1:
            raise OptionError(f"capacity={capacity!r}: a Recorder keeps a whole number of events, at least 1")
        self.capacity = capacity
        # deque.extend with a tuple (which drops on the left at maxlen) and next() of a count are single operations
        # under the GIL and locked per object without it, so writers need no lock, and the ring holds whole events.
        # Two writers may append in the other order than they drew their numbers; `trace` sorts.
        self._ring: deque[Any] = deque(maxlen=_FIELDS * capacity)
        self._seq = count()
        self._task_ids = count(1)
        self._start: float | None = None

    def __repr__(self) -> str:
        return f"Recorder({len(self)} events kept, {self.dropped} dropped, capacity {self.capacity})"

    def __len__(self) -> int:
        return len(self._ring) // _FIELDS

    def __bool__(self) -> bool:
        return True  # an empty recorder is a recorder

    @property
    def dropped(self) -> int:
        """How many events the ring has dropped so far. A read that may be stale while pools are running."""
        try:
            newest: int = self._ring[-_FIELDS]
        except IndexError:
            return 0
        return max(0, newest + 1 - self.capacity)

    def new_task_id(self) -> int:
        """A task number that no other pool on this recorder uses. Never blocks; any thread."""
        return next(self._task_ids)

    def record(
        self,
        runtime: Runtime,
        thread: str,
        kind: EventKind,
        processor: str | None = None,
        task: int | None = None,
        parent: int | None = None,
        detail: Mapping[str, Any] = _EMPTY,
    ) -> None:
        """Append one event, stamped with ``runtime``'s clock. Never blocks; any thread."""
        now = runtime.monotonic()
        if self._start is None:
            self._start = now
        shape: EventKind | _Shape = kind
        values = None
        if detail:
            shape = kind, tuple(detail)
            shape = _shapes.setdefault(shape, shape)
            values = tuple(detail.values())
        self._ring.extend((next(self._seq), now, thread, shape, processor, task, parent, values))

    def clear(self) -> None:
        """Forget what was recorded; numbering and time go on. Any thread."""
        self._ring.clear()

    def since(self, seq: int) -> list[Event]:
        """The events kept that are numbered ``seq`` or higher, in order; its cost is theirs alone.

        Who looks again and again asks for what follows the last event seen. Never blocks; any thread.

        Args:
            seq: The first number wanted; from 0. Numbers missing at the beginning were dropped by the ring.
        """
        slack = 64  # for what is appended between the look at the newest event and the copy
        while True:
            try:
                wanted = self._ring[-_FIELDS] + 1 - seq
                if wanted <= 0:
                    return []
                fields = list(islice(reversed(self._ring), _FIELDS * (wanted + slack)))
            except IndexError:
                return []
            except RuntimeError:  # a writer appended while the copy was made: copy again
                continue
            fields.reverse()
            if len(fields) < _FIELDS * (wanted + slack) or fields[0] < seq:
                break
            slack *= 4
        return [event for event in self._events(fields) if event.seq >= seq]

    def _events(self, fields: list[Any]) -> list[Event]:
        """The events that these are the fields of, in order."""
        start = self._start or 0.0
        rows = zip(*[iter(fields)] * _FIELDS, strict=True)
        events = []
        for seq, time, thread, shape, processor, task, parent, values in sorted(rows, key=itemgetter(0)):
            if values is None:
                kind, detail = shape, _EMPTY
            else:
                kind, keys = shape
                detail = dict(zip(keys, values, strict=True))
            events.append(Event(seq, time - start, thread, kind, processor, task, parent, detail))
        return events

    def trace(self, meta: Mapping[str, Any] | None = None) -> Trace:
        """What was recorded so far, as a `Trace`; pools may go on recording meanwhile. Never blocks; any thread.

        Args:
            meta: Facts about the run to keep with the trace, in JSON's types.
        """
        from taskpool.trace import Trace

        while True:
            try:
                fields = list(self._ring)
                break
            except RuntimeError:  # a writer appended while the copy was made: copy again
                continue
        events = self._events(fields)
        dropped = events[-1].seq + 1 - len(events) if events else 0
        return Trace(events, dropped=dropped, meta=meta)
