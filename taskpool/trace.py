"""What happened in a run, in order: events to look through, spans, figures, files.

A trace is made once, by `Recorder.trace` or `Trace.load`, and does not change. It may begin in the middle of a run,
when the recorder's ring has dropped the oldest events (`Trace.dropped`); all that is computed from it copes with that.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, overload

from taskpool.events import Event, EventKind
from taskpool.spans import SuspensionSpan, TaskSpan, WaitSpan, suspension_spans, task_spans, wait_spans
from taskpool.summary import TraceSummary, own_tasks, summarize

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Trace"]


class Trace(Sequence[Event]):
    """The events of a run, in order; a sequence that does not change.

    Nothing here blocks, except for reading and writing files, and everything may be called from any thread.

    Args:
        events: The events, in order.
        dropped: How many older events are missing before the first.
        meta: Facts about the run, in JSON's types.
    """

    def __init__(
        self, events: Iterable[Event] = (), *, dropped: int = 0, meta: Mapping[str, Any] | None = None
    ) -> None:
        self._events = tuple(events)
        self._dropped = dropped
        self._meta = MappingProxyType(dict(meta or {}))

    # -- a sequence ---------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._events)

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Event, ...]: ...
    def __getitem__(self, index: int | slice) -> Event | tuple[Event, ...]:
        return self._events[index]

    def __iter__(self) -> Iterator[Event]:
        return iter(self._events)

    def __reversed__(self) -> Iterator[Event]:
        return reversed(self._events)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Trace):
            return NotImplemented
        return (self._dropped, self._meta, self._events) == (other._dropped, other._meta, other._events)

    __hash__ = None  # type: ignore[assignment]

    # -- facts --------------------------------------------------------------------------------------------------

    @property
    def dropped(self) -> int:
        """How many older events are missing before the first."""
        return self._dropped

    @property
    def meta(self) -> Mapping[str, Any]:
        """Facts about the run."""
        return self._meta

    @property
    def start(self) -> float:
        """The first event's time, in seconds; 0 for an empty trace."""
        return self._events[0].time if self._events else 0.0

    @property
    def end(self) -> float:
        """The last event's time, in seconds; 0 for an empty trace."""
        return self._events[-1].time if self._events else 0.0

    @cached_property
    def threads(self) -> tuple[str, ...]:
        """The names of all threads, in the order in which they first appear."""
        return tuple(dict.fromkeys(event.thread for event in self._events))

    @cached_property
    def processors(self) -> tuple[str, ...]:
        """The names of all queues and pools, in the order in which they first appear."""
        return tuple(dict.fromkeys(event.processor for event in self._events if event.processor is not None))

    @cached_property
    def own_tasks(self) -> frozenset[int]:
        """The numbers of the tasks that are the pool's own: serializers' turns and suspends' checkpoints."""
        return own_tasks(self._events)

    @cached_property
    def labels(self) -> Mapping[int, str]:
        """The names of the tasks, by their numbers, in the order in which they were pushed."""
        labels: dict[int, str] = {}
        for event in self._events:
            if event.detail and event.task is not None and (label := event.detail.get("label")) is not None:
                labels.setdefault(event.task, str(label))
        return MappingProxyType(labels)

    # -- queries ------------------------------------------------------------------------------------------------

    def of_kind(self, *kinds: EventKind | str) -> list[Event]:
        """The events of these kinds."""
        wanted = frozenset(EventKind(kind) for kind in kinds)
        return [event for event in self._events if event.kind in wanted]

    def of_task(self, task: int) -> list[Event]:
        """The events about one task: its push, its run, and the waits for it."""
        return [event for event in self._events if event.task == task]

    def of_thread(self, thread: str) -> list[Event]:
        """What happened on one thread."""
        return [event for event in self._events if event.thread == thread]

    def of_processor(self, processor: str) -> list[Event]:
        """What happened to one queue or pool."""
        return [event for event in self._events if event.processor == processor]

    def label(self, task: int) -> str:
        """A task's name; ``"task N"`` where the event that names it was dropped."""
        return self.labels.get(task) or f"task {task}"

    def task_spans(self) -> list[TaskSpan]:
        """The tasks that ran, in the order in which they began. One that ran inline lies within its caller."""
        return task_spans(self._events, self.label, self.own_tasks)

    def waits(self) -> list[WaitSpan]:
        """The waits of all threads, in the order in which they began."""
        return wait_spans(self._events)

    def suspensions(self) -> list[SuspensionSpan]:
        """The times for which serializers were suspended, in the order in which they began."""
        return suspension_spans(self._events)

    def summary(self) -> TraceSummary:
        """The figures that runs are compared by."""
        return self._summary

    @cached_property
    def _summary(self) -> TraceSummary:
        return summarize(self._events, self.own_tasks, whole=not self._dropped)

    # -- other forms --------------------------------------------------------------------------------------------

    def to_frame(self) -> pd.DataFrame:
        """The events as a table: a row for each, its fields as columns, and the label and reason besides.

        Raises:
            ImportError: If pandas is not installed.
        """
        from taskpool.frame import frame_of

        return frame_of(self._events, self.labels)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the trace to a file of JSON lines; blocks. A file of that name is replaced once all is written.

        Args:
            path: The file's name; compressed with gzip when it ends in ``.gz``.

        Raises:
            TraceError: If the file cannot be written, or something in the trace is not of JSON's types.
        """
        from taskpool.tracefile import save_events

        save_events(path, self._events, self._dropped, self._meta)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Trace:
        """Read a trace that `save` has written; blocks.

        Raises:
            TraceError: If the file cannot be read, or is damaged, truncated, foreign or of a newer version; it names
                the file, the line and the cause.
        """
        from taskpool.tracefile import load_events

        events, dropped, meta = load_events(path)
        return cls(events, dropped=dropped, meta=meta)

    def to_perfetto(self, path: str | os.PathLike[str]) -> None:
        """Write the trace as Chrome trace JSON, to be opened in ui.perfetto.dev or chrome://tracing; blocks.

        Args:
            path: The file's name; compressed with gzip when it ends in ``.gz``.

        Raises:
            TraceError: As for `save`.
        """
        from taskpool.perfetto import export

        export(path, self._events, label=self.label, own=self.own_tasks, dropped=self._dropped, meta=self._meta)

    # -- how it shows itself ------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        lost = f", {self._dropped:,} older ones dropped" if self._dropped else ""
        return f"<Trace{self._title(' of ')}: {len(self):,} events in {self.end - self.start:.6g} s{lost}>"

    def __str__(self) -> str:
        rows = self._rows()
        width = max(len(label) for label, _ in rows)
        return "\n".join([repr(self)[1:-1], *(f"  {label:{width}}  {value}" for label, value in rows)])

    def _title(self, before: str) -> str:
        scenario, design = self._meta.get("scenario"), self._meta.get("design")
        text = " on ".join(str(part) for part in (scenario, design) if part)
        return before + text if text else ""

    def _rows(self) -> list[tuple[str, str]]:
        rows = []
        for key, value in self.summary().as_dict().items():
            if isinstance(value, dict):
                value = ", ".join(f"{reason} {seconds:.4g} s" for reason, seconds in value.items()) or "–"
            elif isinstance(value, float):
                value = f"{value:.4g} s"
            else:
                value = f"{value:,}"
            rows.append((key.replace("_", " "), value))
        return rows

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, str]:
        import html

        rows = "".join(
            f"<tr><th style='text-align:left'>{html.escape(label)}</th><td>{html.escape(value)}</td></tr>"
            for label, value in self._rows()
        )
        title = html.escape(repr(self)[1:-1])
        return {"text/plain": str(self), "text/html": f"<div><b>{title}</b><table>{rows}</table></div>"}
