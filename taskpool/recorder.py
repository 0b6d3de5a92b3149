"""What a pool writes events to: a bounded ring that never blocks and never calls user code.

A recorder only watches; a listener changes what happens. Entries are plain tuples, appended without formatting, and
become `Event` objects when a `Trace` is made of them. One recorder may serve several pools of one runtime: they then
share task numbers and one order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from itertools import count, islice
from typing import TYPE_CHECKING, Any

from taskpool.errors import OptionError
from taskpool.events import Event, EventKind

if TYPE_CHECKING:
    from taskpool.runtime.base import Runtime
    from taskpool.trace import Trace

__all__ = ["Recorder"]

_EMPTY: Mapping[str, Any] = {}

_Entry = tuple[int, float, str, EventKind, str | None, int | None, int | None, Mapping[str, Any]]


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
        # deque.append (which drops on the left at maxlen) and next() of a count are single operations under the GIL
        # and locked per object without it, so writers need no lock. Two writers may append in the other order than
        # they drew their numbers; `trace` sorts.
        self._entries: deque[_Entry] = deque(maxlen=capacity)
        self._seq = count()
        self._task_ids = count(1)
        self._start: float | None = None

    def __repr__(self) -> str:
        return f"Recorder({len(self._entries)} events kept, {self.dropped} dropped, capacity {self.capacity})"

    def __len__(self) -> int:
        return len(self._entries)

    def __bool__(self) -> bool:
        return True  # an empty recorder is a recorder

    @property
    def dropped(self) -> int:
        """How many events the ring has dropped so far. A read that may be stale while pools are running."""
        try:
            newest = self._entries[-1][0]
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
        self._entries.append((next(self._seq), now, thread, kind, processor, task, parent, detail))

    def clear(self) -> None:
        """Forget what was recorded; numbering and time go on. Any thread."""
        self._entries.clear()

    def since(self, seq: int) -> list[Event]:
        """The events kept that are numbered ``seq`` or higher, in order; its cost is theirs alone.

        Who looks again and again asks for what follows the last event seen. Never blocks; any thread.

        Args:
            seq: The first number wanted; from 0. Numbers missing at the beginning were dropped by the ring.
        """
        slack = 64  # for what is appended between the look at the newest entry and the copy
        while True:
            try:
                wanted = self._entries[-1][0] + 1 - seq
                if wanted <= 0:
                    return []
                entries = list(islice(reversed(self._entries), wanted + slack))
            except IndexError:
                return []
            except RuntimeError:  # a writer appended while the copy was made: copy again
                continue
            if len(entries) < wanted + slack or entries[-1][0] < seq:
                break
            slack *= 4
        return self._events(sorted(entry for entry in entries if entry[0] >= seq))

    def _events(self, entries: list[_Entry]) -> list[Event]:
        start = self._start or 0.0
        return [
            Event(seq, time - start, thread, kind, processor, task, parent, detail)
            for seq, time, thread, kind, processor, task, parent, detail in entries
        ]

    def trace(self, meta: Mapping[str, Any] | None = None) -> Trace:
        """What was recorded so far, as a `Trace`; pools may go on recording meanwhile. Never blocks; any thread.

        Args:
            meta: Facts about the run to keep with the trace, in JSON's types.
        """
        from taskpool.trace import Trace

        while True:
            try:
                entries = list(self._entries)
                break
            except RuntimeError:  # a writer appended while the copy was made: copy again
                continue
        entries.sort()
        events = self._events(entries)
        dropped = entries[-1][0] + 1 - len(entries) if entries else 0
        return Trace(events, dropped=dropped, meta=meta)
