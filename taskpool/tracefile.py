"""Traces as files: JSON lines, one event a line, behind a header line that says what the file is.

The header is ``{"format": "taskpool-trace", "version": 1, "events": N, "dropped": D, "meta": {…}}``; an event is
``[seq, time, thread, kind, processor, task, parent, detail]``. The header's count is what tells a complete file from a
truncated one. A file is read as data only, so that a foreign one can do no more than be refused.
"""

from __future__ import annotations

import gc
import gzip
import json
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from math import isfinite
from pathlib import Path
from typing import IO, Any, NoReturn

from taskpool._output import NOT_JSON, JsonText, json_of, not_json, write_whole
from taskpool.errors import TraceError
from taskpool.events import VERSION, Event, EventKind

__all__ = ["load_events", "save_events"]

_FORMAT = "taskpool-trace"
_LINES = 5_000
_GZIP_MAGIC = b"\x1f\x8b"
_KINDS: dict[Any, EventKind] = {kind.value: kind for kind in EventKind}
_NO_DETAIL: Mapping[str, Any] = Event(0, 0.0, "", EventKind.POOL_CREATED).detail


def save_events(path: str | os.PathLike[str], events: Sequence[Event], dropped: int, meta: Mapping[str, Any]) -> None:
    """Write a trace's events to a file; see `Trace.save`."""
    write_whole(path, _lines(os.fspath(path), events, dropped, meta))


def _lines(name: str, events: Sequence[Event], dropped: int, meta: Mapping[str, Any]) -> Iterator[str]:
    header = {"format": _FORMAT, "version": VERSION, "events": len(events), "dropped": dropped, "meta": dict(meta)}
    try:
        yield json_of(header) + "\n"
    except NOT_JSON as error:
        raise not_json(name, "the trace's meta", error) from error
    text = JsonText()
    for event in events:
        task, parent, processor = event.task, event.parent, event.processor
        try:
            if not isfinite(event.time):
                raise ValueError(f"its time is {event.time}")
            detail = text.of_mapping(event.detail)
        except NOT_JSON as error:
            raise not_json(name, f"event {event.seq} ({event.kind})", error) from error
        yield (
            f"[{event.seq},{event.time!r},{text[event.thread]},{text[event.kind]},"
            f"{'null' if processor is None else text[processor]},{'null' if task is None else task},"
            f"{'null' if parent is None else parent},{detail}]\n"
        )


def load_events(path: str | os.PathLike[str]) -> tuple[list[Event], int, dict[str, Any]]:
    """Read a trace's events, the number of dropped ones and its meta from a file; see `Trace.load`."""
    name = os.fspath(path)
    lines = _Lines()
    try:
        with Path(name).open("rb") as raw:
            packed = raw.read(2) == _GZIP_MAGIC
            raw.seek(0)
            source: IO[bytes] = gzip.GzipFile(fileobj=raw) if packed else raw  # type: ignore[assignment]
            count, dropped, meta = _header(name, source)
            events: list[Event] = []
            names: dict[str, str] = {}
            numbered = lines.of(source)
            with _without_collections():
                while some := list(islice(numbered, _LINES)):
                    events += _events(name, lines.read - len(some) + 1, some, names)
                    if len(events) > count:
                        _refuse(name, count + 2, f"the header promises {count} events, but there are more")
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        _refuse(name, lines.read + 1, f"the compressed data is truncated or damaged: {error}", error)
    except OSError as error:
        where = f", line {lines.read + 1}" if lines.read else ""
        raise TraceError(f"{name}{where}: cannot be read: {error.strerror or error}") from error
    if len(events) < count:
        _refuse(name, lines.read + 1, f"truncated: the header promises {count} events, there are {len(events)}")
    return events, dropped, meta


class _Lines:
    """Counts the lines of a file while they are read, its header included."""

    read = 0

    def of(self, source: IO[bytes]) -> Iterator[bytes]:
        self.read = 1
        for line in source:
            self.read += 1
            yield line


@contextmanager
def _without_collections() -> Iterator[None]:
    """Events make no cycles; a collection among so many new objects would look at all of them again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _refuse(name: str, number: int, cause: str, error: BaseException | None = None) -> NoReturn:
    raise TraceError(f"{name}, line {number}: {cause}") from error


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


def _parse(line: bytes) -> Any:
    return json.loads(line.decode("utf-8"), parse_constant=_no_constant)


def _header(name: str, source: IO[bytes]) -> tuple[int, int, dict[str, Any]]:
    """The header's count of events, dropped events and meta."""
    start = source.read(1)
    if not start:
        _refuse(name, 1, "the file is empty")
    if start != b"{":
        _refuse(name, 1, "this is not a trace that taskpool has saved: there is no header line")
    try:
        header = _parse(start + source.readline())
    except (ValueError, RecursionError) as error:
        _refuse(name, 1, f"the header line is damaged, or this is not a trace that taskpool has saved: {error}", error)
    if header.get("format") != _FORMAT:
        _refuse(name, 1, f"this is not a trace that taskpool has saved: its format is {header.get('format')!r}")
    version = header.get("version")
    if type(version) is not int or version < 1:
        _refuse(name, 1, f"the header is damaged: version is {version!r}")
    if version > VERSION:
        _refuse(name, 1, f"the trace has version {version}; this taskpool-lab knows {VERSION} at most: update it")
    count, dropped, meta = header.get("events"), header.get("dropped"), header.get("meta")
    for key, value in (("events", count), ("dropped", dropped)):
        if type(value) is not int or value < 0:
            _refuse(name, 1, f"the header is damaged: {key} is {value!r}, not a number of events")
    if not isinstance(meta, dict):
        _refuse(name, 1, f"the header is damaged: meta is {meta!r}, not an object")
    return count, dropped, meta


def _events(name: str, number: int, lines: list[bytes], names: dict[str, str]) -> Iterable[Event]:
    """The events of some lines, the first of which has the given number. Many lines parse faster as one text."""
    try:
        rows = _parse(b"[" + b",".join(lines) + b"]")
    except (ValueError, RecursionError):
        rows = ()
    if len(rows) != len(lines):
        rows = _one_by_one(name, number, lines)
    share = names.setdefault
    events: list[Event] = []
    for row in rows:
        try:
            seq, time, thread, kind, processor, task, parent, detail = row
            if (
                type(seq) is not int
                or type(time) not in (float, int)
                or not isfinite(time)
                or type(thread) is not str
                or (processor is not None and type(processor) is not str)
                or (task is not None and type(task) is not int)
                or (parent is not None and type(parent) is not int)
                or type(detail) is not dict
            ):
                raise ValueError
            event_kind = _KINDS[kind]
        except (TypeError, ValueError, KeyError, OverflowError):
            _refuse(name, number + len(events), _cause(row))
        events.append(
            Event(
                seq,
                time,
                share(thread, thread),
                event_kind,
                None if processor is None else share(processor, processor),
                task,
                parent,
                detail or _NO_DETAIL,
            )
        )
    return events


def _one_by_one(name: str, number: int, lines: list[bytes]) -> list[Any]:
    rows = []
    for offset, line in enumerate(lines):
        if not line.strip():
            _refuse(name, number + offset, "the line is empty")
        try:
            rows.append(_parse(line))
        except (ValueError, RecursionError) as error:
            _refuse(name, number + offset, f"the line is damaged or cut off: {error}", error)
    return rows


_FIELDS = ("seq", "time", "thread", "kind", "processor", "task", "parent", "detail")


def _cause(row: Any) -> str:
    if not isinstance(row, list) or len(row) != len(_FIELDS):
        return f"not an event, which is a list of {len(_FIELDS)} values ({', '.join(_FIELDS)})"
    kind = row[3]
    if isinstance(kind, str) and kind not in _KINDS:
        return f"there is no event kind {kind!r}"
    return f"an event has a value of the wrong type among {', '.join(_FIELDS)}"
