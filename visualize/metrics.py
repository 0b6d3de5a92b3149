"""A trace in figures: blocked thread-seconds, threads over time, inline share, latencies, queue depths.

``metrics(run)`` gives tables (pandas) and charts. Its threads are the pools' own, without the older pool's control
thread; its tasks are those that somebody pushed, without a pool's own (turns, checkpoints, control tasks). A wait
that has not ended counts up to the trace's end. Percentiles are values that occurred (nearest rank); they are of tasks
that ran, so they say nothing of those that never did, which are counted apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from visualize._bulk import bulk
from visualize._callable import make_callable
from visualize._chart import Chart, Series
from visualize._extra import extra
from visualize._measures import Group, measure, percentile
from visualize._source import source_of
from visualize._tables import html_table, number_text, row_label, text_table
from visualize._words import WAIT_REASONS, short_name
from visualize.lanes import lanes_of
from visualize.palette import BLOCKED, POOL, cleaned, escaped, style_of, styles_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Metrics", "metrics"]

_MOST_QUEUES = 10
_MOST_SERIALIZERS = 24


class Metrics:
    """One run's figures. Tables are made when they are asked for, and are the reader's own.

    Args:
        run: A run of a scenario, a trace, anything with a ``trace``, or events.

    Raises:
        TypeError: If there is no trace in ``run``.
    """

    def __init__(self, run: Any) -> None:
        source = source_of(run)
        self._lanes = lanes_of(source)
        with bulk():
            self._measures = measure(self._lanes, source.events)
        self.title = cleaned(source.title or "trace")
        self.outcome = source.outcome
        self._styles = styles_of(self._lanes.serializers)

    # -- tables ------------------------------------------------------------------------------------------------

    @property
    def totals(self) -> dict[str, float]:
        """The whole run in a few numbers, by name with unit; times in milliseconds."""
        found, everything = self._measures, self._measures.all
        alive = sum(thread.running + thread.blocked + thread.idle for thread in found.threads)
        blocked = sum(thread.blocked for thread in found.threads)
        return {
            "duration (ms)": (found.end - found.start) * 1e3,
            "threads used": len(found.threads),
            "most threads at once": found.peak_threads,
            "threads blocked at the end": found.still_blocked,
            "time threads were blocked (ms)": blocked * 1e3,
            "share of thread time blocked": blocked / alive if alive else 0.0,
            "tasks run": everything.finished + everything.failed,
            "tasks failed": everything.failed,
            "tasks never run": found.never_run,
            "tasks run inline": everything.inlined,
            "inline share": _share(everything),
            "control tasks": found.control_tasks,
            "wait p50 (ms)": percentile(everything.waited, 50) * 1e3,
            "wait p99 (ms)": percentile(everything.waited, 99) * 1e3,
            "run p50 (ms)": percentile(everything.ran, 50) * 1e3,
            "run p99 (ms)": percentile(everything.ran, 99) * 1e3,
            "deepest queue": everything.deepest,
        }

    @property
    def table(self) -> pd.DataFrame:
        """A row for each serializer, for the pool's own queue and for all together.

        ``wait`` is from a task's push to its start (0 for one that ran inline), ``run`` from its start to its end;
        ``blocked`` is how long the pools' threads were blocked waiting for it, together.
        """
        with extra("metrics().table"):
            import pandas as pd

        rows = self._rows()
        return pd.DataFrame([row for _, row in rows], index=pd.Index([name for name, _ in rows], name="serializer"))

    def _rows(self) -> list[tuple[str, dict[str, float]]]:
        return [(cleaned(group.name), _row(group)) for group in (*self._measures.groups, self._measures.all)]

    @property
    def threads(self) -> pd.DataFrame:
        """A row for each of the pools' threads: how long it ran tasks, was blocked and had nothing to do (ms)."""
        with extra("metrics().threads"):
            import pandas as pd

        rows = [
            {
                "pool": thread.pool,
                "running (ms)": thread.running * 1e3,
                "blocked (ms)": thread.blocked * 1e3,
                "idle (ms)": thread.idle * 1e3,
                "tasks": thread.tasks,
                "inline": thread.inlined,
            }
            for thread in self._measures.threads
        ]
        columns = ["pool", "running (ms)", "blocked (ms)", "idle (ms)", "tasks", "inline"]
        names = [cleaned(thread.name) for thread in self._measures.threads]
        return pd.DataFrame(rows, columns=columns, index=pd.Index(names, name="thread"))

    @property
    def waits(self) -> pd.DataFrame:
        """A row for each reason for which the pools' threads were blocked, the longest first."""
        with extra("metrics().waits"):
            import pandas as pd

        rows = [
            {
                "what for": WAIT_REASONS.get(reason, ""),
                "waits": time.count,
                "total (ms)": time.total * 1e3,
                "longest (ms)": time.longest * 1e3,
                "never ended": time.still,
            }
            for reason, time in self._measures.waits.items()
        ]
        columns = ["what for", "waits", "total (ms)", "longest (ms)", "never ended"]
        return pd.DataFrame(rows, columns=columns, index=pd.Index(list(self._measures.waits), name="reason"))

    @property
    def threads_over_time(self) -> pd.DataFrame:
        """A row for each time at which it changed: threads, and how many of them ran tasks and were blocked."""
        with extra("metrics().threads_over_time"):
            import pandas as pd

        rows = [(time * 1e3, *numbers) for time, *numbers in self._measures.over_time]
        return pd.DataFrame(rows, columns=["time (ms)", "threads", "running", "blocked"])

    @property
    def queue_depth(self) -> pd.DataFrame:
        """A row for each time at which a queue's length changed."""
        with extra("metrics().queue_depth"):
            import pandas as pd

        return pd.DataFrame(
            [
                (time * 1e3, cleaned(depth.queue), size)
                for depth in self._measures.depths
                for time, size in zip(depth.times, depth.depths, strict=True)
            ],
            columns=["time (ms)", "queue", "tasks"],
        ).sort_values("time (ms)", kind="stable", ignore_index=True)

    # -- charts ------------------------------------------------------------------------------------------------

    @property
    def threads_chart(self) -> Chart:
        """The pools' threads over time: all, those that run tasks, those that are blocked."""
        rows = self._measures.over_time
        times = [time * 1e3 for time, *_ in rows]
        columns: Sequence[tuple[str, int, Any, int]] = (
            ("threads", 1, POOL, 2),
            ("running", 2, style_of(0), 0),
            ("blocked", 3, BLOCKED, 1),
        )
        series = [Series(name, times, [row[at] for row in rows], style, dash) for name, at, style, dash in columns]
        title = f"Threads over time: {self.title}"
        return Chart(title, "time (ms)", "threads", series, high=self._measures.end * 1e3, whole=True)

    @property
    def queue_chart(self) -> Chart:
        """The longest queues over time."""
        depths = sorted(self._measures.depths, key=lambda depth: -max(depth.depths))
        shown = [depth for depth in self._measures.depths if depth in depths[:_MOST_QUEUES]]
        series = [
            Series(
                short_name(depth.queue),
                [time * 1e3 for time in depth.times],
                depth.depths,
                self._styles.get(depth.queue, POOL),
                number,
            )
            for number, depth in enumerate(shown)
        ]
        rest = len(depths) - len(shown)
        note = f"{rest} more queues, none of them longer, are not shown." if rest else ""
        title = f"Queued tasks over time: {self.title}"
        return Chart(title, "time (ms)", "tasks", series, high=self._measures.end * 1e3, whole=True, note=note)

    @property
    def latency_chart(self) -> Chart:
        """How long tasks waited before they ran, by serializer: the median and the 99th percentile."""
        groups = [group for group in self._measures.groups if group.waited]
        rest = len(groups) - _MOST_SERIALIZERS
        groups = sorted(groups, key=lambda group: -percentile(group.waited, 99))[:_MOST_SERIALIZERS]
        groups = [group for group in self._measures.groups if group in groups]
        names = [group.name for group in groups]
        series = [
            Series("p50", names, [percentile(group.waited, 50) * 1e3 for group in groups], style_of(0)),
            Series("p99", names, [percentile(group.waited, 99) * 1e3 for group in groups], style_of(1)),
        ]
        note = f"{rest} more serializers, whose tasks waited less, are not shown." if rest > 0 else ""
        return Chart(f"Wait before a task runs: {self.title}", "serializer", "ms", series, bars=True, note=note)

    # -- how it shows itself -----------------------------------------------------------------------------------

    @cached_property
    def text(self) -> str:
        """The totals and the table, as text."""
        totals = {label: number_text(value, label) for label, value in self._labelled().items()}
        width = max(map(len, totals))
        digits = max(map(len, totals.values()))
        title = f"{self.title}: {self.outcome}" if self.outcome else self.title
        lines = [title, *(f"  {label:<{width}}  {value:>{digits}}" for label, value in totals.items()), ""]
        return "\n".join([*lines, *_table_text(self._rows())]).rstrip()

    def _labelled(self) -> dict[str, float]:
        totals = self.totals
        return {row_label(label, [totals]): value for label, value in totals.items()}

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, str]:
        title = f"{self.title}: {self.outcome}" if self.outcome else self.title
        totals = html_table(["", ""], [[label, number_text(value, label)] for label, value in self._labelled().items()])
        names, *rows = _shown(self._rows())
        table = html_table(names, rows)
        return {"text/plain": self.text, "text/html": f"<div><b>{escaped(title)}</b>{totals}{table}</div>"}


def _share(group: Group) -> float:
    return group.inlined / group.started if group.started else 0.0


def _row(group: Group) -> dict[str, float]:
    return {
        "tasks": group.finished + group.failed,
        "failed": group.failed,
        "inline": group.inlined,
        "inline share": _share(group),
        "wait p50 (ms)": percentile(group.waited, 50) * 1e3,
        "wait p99 (ms)": percentile(group.waited, 99) * 1e3,
        "run p50 (ms)": percentile(group.ran, 50) * 1e3,
        "run p99 (ms)": percentile(group.ran, 99) * 1e3,
        "deepest queue": group.deepest,
        "mean queue": group.mean_depth,
        "blocked (ms)": group.blocked * 1e3,
    }


def _shown(rows: Sequence[tuple[str, dict[str, float]]]) -> list[list[str]]:
    """The columns' names, then the rows as text: of many the first and the last."""
    if len(rows) > _MOST_SERIALIZERS + 1:
        rows = [*rows[:_MOST_SERIALIZERS], rows[-1]]
    texts = [[name, *(number_text(value, label) for label, value in row.items())] for name, row in rows]
    return [["serializer", *rows[0][1]], *texts]


def _table_text(rows: Sequence[tuple[str, dict[str, float]]]) -> list[str]:
    """The table's columns as lines, in two parts where one would be too wide."""
    shown = _shown(rows)
    lines: list[str] = []
    for first, last in ((1, 7), (7, None)):
        names, *part = [[row[0], *row[first:last]] for row in shown]
        lines += [*text_table(names, part), ""]
    if len(shown) - 1 < len(rows):
        lines.append(f"{len(rows) + 1 - len(shown)} more serializers are counted in all.")
    return lines


def metrics(run: Any) -> Metrics:
    """Measure a run. Does not block; any thread.

    Args:
        run: A run of a scenario, a trace, anything with a ``trace``, or events.

    Raises:
        TypeError: If there is no trace in ``run``.
    """
    return Metrics(run)


make_callable(__name__, metrics)
