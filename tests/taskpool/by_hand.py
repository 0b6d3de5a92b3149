"""Traces made by hand, an event a line."""

from __future__ import annotations

from typing import Any

from taskpool.events import Event, EventKind
from taskpool.trace import Trace

__all__ = ["Row", "at", "made"]

Row = tuple[float, str, str, str | None, int | None, int | None, dict[str, Any]]


def at(
    time: float,
    thread: str,
    kind: str,
    processor: str | None = None,
    task: int | None = None,
    parent: int | None = None,
    **detail: Any,
) -> Row:
    """An event without its number."""
    return time, thread, kind, processor, task, parent, detail


def made(*rows: Row, dropped: int = 0, **meta: Any) -> Trace:
    """The trace of these events, numbered in order."""
    events = [Event(dropped + n, row[0], row[1], EventKind(row[2]), *row[3:]) for n, row in enumerate(rows)]
    return Trace(events, dropped=dropped, meta=meta)
