"""Chrome trace JSON, record by record, on one clock that gives every beginning and end a moment of its own.

The viewers nest slices by their times alone, while many events of a trace may have the same time (all of them, in
virtual time that stands still). So a moment is the event's time, or one tick after the last moment given out, whichever
is later, on any thread. A tick is 1/8 µs, which the viewers' floating-point numbers hold exactly. So the order of the
trace is the order of the picture, and arrows lead forward.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from taskpool._output import JsonText

__all__ = ["ChromeRecords", "Slice", "Track"]

_TICKS = 8_000_000  # a second's
_EIGHTHS = tuple(f"{eighth / 8:g}"[1:] for eighth in range(8))


def _micros(ticks: int) -> str:
    return f"{ticks >> 3}{_EIGHTHS[ticks & 7]}"


class ChromeRecords:
    """Writes records into ``out``, as JSON. ``where`` arguments are a thread's or process' ``at``.

    Args:
        start: Seconds; no moment is earlier.
        before: How many moments `moment_before` may give out.

    Attributes:
        out: The records, to be taken out now and then.
        text: Strings as JSON.
    """

    def __init__(self, start: float, before: int) -> None:
        self.out: list[str] = []
        self.text = JsonText()
        self._base = max(0, round(start * _TICKS))
        self._first = self._clock = self._base + before

    # -- moments ------------------------------------------------------------------------------------------------

    def reach(self, seconds: float) -> None:
        """What comes now happens at this time, or later if moments beyond it were given out."""
        ticks = round(seconds * _TICKS)
        if ticks > self._clock:
            self._clock = ticks

    def moment(self) -> int:
        """The next moment, later than all that were given out."""
        self._clock += 1
        return self._clock

    def moment_before(self) -> int | None:
        """A moment before all that were given out, for what began before the trace; None if there is none left."""
        if self._first <= self._base:
            return None
        self._first -= 1
        return self._first

    # -- records ------------------------------------------------------------------------------------------------

    @staticmethod
    def at(pid: int, tid: int = 0) -> str:
        """Where a record belongs: to a thread, or to a process as a whole (0)."""
        return f'"pid":{pid},"tid":{tid}'

    def process(self, pid: int, name: str) -> None:
        """Name a process; processes are shown in the order of their numbers."""
        self._metadata("process", self.at(pid), name, pid)

    def thread(self, pid: int, tid: int, name: str) -> str:
        """Name a thread, shown within its process in the order of the numbers; its ``where``."""
        where = self.at(pid, tid)
        self._metadata("thread", where, name, tid)
        return where

    def _metadata(self, what: str, where: str, name: str, index: int) -> None:
        self.out.append(f'{{"ph":"M",{where},"name":"{what}_name","args":{{"name":{self.text[name]}}}}}')
        self.out.append(f'{{"ph":"M",{where},"name":"{what}_sort_index","args":{{"sort_index":{index}}}}}')

    def slice(self, where: str, begin: int, category: str, name: str, args: str) -> None:
        """A slice that ends now; ``args`` is the inside of a JSON object."""
        self.out.append(
            f'{{"ph":"X",{where},"ts":{_micros(begin)},"dur":{_micros(self.moment() - begin)},"cat":"{category}",'
            f'"name":{self.text[name]},"args":{{{args}}}}}'
        )

    def arrow_begins(self, where: str, number: int) -> None:
        """An arrow leads from the slice that is open here."""
        self._arrow('"ph":"s"', where, number)

    def arrow_ends(self, where: str, number: int) -> None:
        """The arrow leads to the slice that is open here."""
        self._arrow('"ph":"f","bp":"e"', where, number)

    def _arrow(self, phase: str, where: str, number: int) -> None:
        self.out.append(
            f'{{{phase},{where},"ts":{_micros(self.moment())},"id":{number},"cat":"push","name":"push to run"}}'
        )

    def counter(self, where: str, name: str, value: int) -> None:
        """From the last moment on, a counter has this value."""
        self.out.append(
            f'{{"ph":"C",{where},"ts":{_micros(self._clock)},"name":{self.text[name]},"args":{{"queued":{value}}}}}'
        )

    def span(self, phase: str, where: str, number: int, name: str, moment: int | None = None) -> None:
        """A span that belongs to no thread begins (``"b"``) or ends (``"e"``)."""
        self.out.append(
            f'{{"ph":"{phase}",{where},"ts":{_micros(self.moment() if moment is None else moment)},"id":{number},'
            f'"cat":"serializer","name":{self.text[name]}}}'
        )

    def instant(self, where: str, scope: str, name: str, args: Mapping[str, Any]) -> None:
        """Something that happens at one moment, to a thread (scope ``"t"``) or a process (``"p"``)."""
        self.out.append(
            f'{{"ph":"i","s":"{scope}",{where},"ts":{_micros(self.moment())},"name":{self.text[name]},'
            f'"args":{self.text.of_mapping(args)}}}'
        )


@dataclass(slots=True)
class Slice:
    """A slice that is still open: it is written when it ends.

    Args:
        key: What its end will name: a task's number, or None for a wait.
        category: ``"task"``, ``"pool"`` (one of the pool's own tasks) or ``"wait"``.
        name: What is shown.
        args: The inside of a JSON object.
        moment: When it began; `Track.begin` sets it.
    """

    key: int | None
    category: str
    name: str
    args: str
    moment: int = 0


class Track:
    """One thread's slices, which nest whatever the events say.

    Args:
        chrome: Where they are written.
        where: The thread's place there.
    """

    def __init__(self, chrome: ChromeRecords, where: str) -> None:
        self.where = where
        self._chrome = chrome
        self._open: list[Slice] = []  # innermost last

    def begin(self, begun: Slice) -> None:
        """A slice begins within those that are open."""
        begun.moment = self._chrome.moment()
        self._open.append(begun)

    def end(self, ended: Slice, args: str) -> None:
        """End the innermost slice of this key, and first what is open within it.

        Where there is none, it began before the trace: before all that is open, which ends first.
        """
        while self._open:
            innermost = self._open.pop()
            if innermost.key == ended.key:
                self._write(innermost, args)
                return
            self._write(innermost, ',"end":"unknown"')
        moment = self._chrome.moment_before()
        if moment is not None:
            ended.moment = moment
            self._write(ended, args + ',"begin":"before the trace"')

    def end_all(self) -> None:
        """The trace ends, and cuts off what is open."""
        while self._open:
            self._write(self._open.pop(), ',"end":"after the trace"')

    def _write(self, done: Slice, args: str) -> None:
        self._chrome.slice(self.where, done.moment, done.category, done.name, done.args + args)
