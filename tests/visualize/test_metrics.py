"""Figures against numbers worked out by hand, and against the trace's own summary."""

import json
import math
import re
from xml.etree import ElementTree as ET

import pytest

from taskpool.scenarios import list_scenarios, run
from visualize import metrics
from visualize._measures import percentile
from visualize._plotly import PLOTLY_MIME

NASTY = "</script><script>alert(1)</script>"


def column(table, name):
    """A column as a dictionary, rounded; nan as None."""
    return {key: None if math.isnan(value) else round(float(value), 6) for key, value in table[name].items()}


@pytest.mark.parametrize(("percent", "expected"), [(50, 3), (99, 5), (100, 5), (20, 1), (21, 2), (1, 1)])
def test_a_percentile_is_a_value_that_occurred(percent, expected):
    assert percentile([5, 3, 1, 2, 4], percent) == expected
    assert math.isnan(percentile([], percent))


def test_the_newer_pools_figures(taskpool_events):
    # Task 1 waits 1 ms and runs 4; 3 runs inline for 2; 4 waits 2 and runs 2; 5 waits 0, runs 2 and fails.
    table = metrics(taskpool_events).table
    assert list(table.index) == ["A", "B", "(no serializer)", "all"]
    assert column(table, "tasks") == {"A": 1, "B": 2, "(no serializer)": 1, "all": 4}
    assert column(table, "failed") == {"A": 0, "B": 0, "(no serializer)": 1, "all": 1}
    assert column(table, "inline share") == {"A": 0, "B": 0.5, "(no serializer)": 0, "all": 0.25}
    assert column(table, "wait p50 (ms)") == {"A": 1, "B": 0, "(no serializer)": 0, "all": 0}
    assert column(table, "wait p99 (ms)") == {"A": 1, "B": 2, "(no serializer)": 0, "all": 2}
    assert column(table, "run p50 (ms)") == {"A": 4, "B": 2, "(no serializer)": 2, "all": 2}
    assert column(table, "run p99 (ms)") == {"A": 4, "B": 2, "(no serializer)": 2, "all": 4}
    # A holds a task from 1 to 2 ms, B from 7 to 9 ms, of 12.
    assert column(table, "mean queue") == {
        "A": round(1 / 12, 6),
        "B": round(2 / 12, 6),
        "(no serializer)": 0,
        "all": round(3 / 12, 6),
    }
    assert column(table, "blocked (ms)") == {"A": 0, "B": 0, "(no serializer)": 0, "all": 0}


def test_the_newer_pools_threads(taskpool_events):
    found = metrics(taskpool_events)
    # p/0 is at work from 1 to 6 and from 9 to 11 ms (turns), p/1 from 8 to 10.
    assert column(found.threads, "running (ms)") == {"p/0": 7, "p/1": 2}
    assert column(found.threads, "blocked (ms)") == {"p/0": 0, "p/1": 0}
    assert column(found.threads, "idle (ms)") == {"p/0": 5, "p/1": 10}
    assert [tuple(row) for row in found.threads_over_time.to_numpy()] == [
        (0, 2, 0, 0),
        (1, 2, 1, 0),
        (6, 2, 0, 0),
        (8, 2, 1, 0),
        (9, 2, 2, 0),
        (10, 2, 1, 0),
        (11, 2, 0, 0),
    ]
    depth = found.queue_depth
    assert [(row[0], row[2]) for row in depth[depth["queue"] == "B"].to_numpy()] == [(7, 1), (9, 0)]


def test_the_older_pools_figures(threadpool_events):
    found = metrics(threadpool_events)
    assert found.totals == pytest.approx(
        {
            "duration (ms)": 10,
            "threads used": 2,
            "most threads at once": 2,
            "threads blocked at the end": 2,
            "time threads were blocked (ms)": 8 + 2,
            "share of thread time blocked": 0.5,
            "tasks run": 0,
            "tasks failed": 0,
            "tasks never run": 3,
            "tasks run inline": 0,
            "inline share": 0,
            "control tasks": 2,
            "wait p50 (ms)": 1,
            "wait p99 (ms)": 1,
            "run p50 (ms)": math.nan,
            "run p99 (ms)": math.nan,
            "deepest queue": 1,
        },
        nan_ok=True,
    )
    assert list(found.waits.index) == ["blocking_suspend", "sync_task"]
    assert column(found.waits, "total (ms)") == {"blocking_suspend": 8, "sync_task": 2}
    assert column(found.waits, "never ended") == {"blocking_suspend": 1, "sync_task": 1}
    assert column(found.table, "blocked (ms)") == {"B": 10, "A": 0, "C": 0, "all": 10}


def test_as_text(taskpool_events):
    lines = metrics(taskpool_events).text.split("\n")
    assert lines[:3] == [
        "trace",
        "  duration (ms)                     12",
        "  threads used                       2",
    ]
    assert "  inline share                    25 %" in lines
    assert lines[-11:-6] == [
        "serializer       tasks  failed  inline  inline share  wait p50 (ms)  wait p99 (ms)",
        "A                    1       0       0           0 %              1              1",
        "B                    2       0       1          50 %              0              2",
        "(no serializer)      1       1       0           0 %              0              0",
        "all                  4       1       1          25 %              0              2",
    ]
    assert lines[-1] == "all                         2             4              1        0.25             0"


@pytest.mark.parametrize("design", ["threadpool", "taskpool"])
@pytest.mark.parametrize("name", list(list_scenarios()))
def test_the_traces_own_summary_says_the_same(name, design):
    result = run(name, design, threads=2, runtime="controlled")
    summary, totals = result.trace.summary(), metrics(result).totals
    assert totals["threads used"] == summary.threads
    assert totals["most threads at once"] == summary.peak_threads
    assert totals["threads blocked at the end"] == summary.still_blocked
    assert totals["time threads were blocked (ms)"] == pytest.approx(summary.blocked_thread_seconds * 1e3)
    assert totals["tasks run"] == summary.finished + summary.failed
    assert totals["tasks failed"] == summary.failed
    assert totals["tasks run inline"] == summary.inlined
    assert totals["control tasks"] == summary.control_tasks
    assert totals["duration (ms)"] == pytest.approx(summary.duration * 1e3)


@pytest.mark.parametrize(("name", "never"), [("masquerade", 12), ("nested-push-wait", 6), ("cross-push-wait", 2)])
def test_what_is_still_queued_at_the_end_never_ran_but_for_the_pools_own_tasks(name, never):
    found = metrics(run(name, "threadpool", threads=2, runtime="controlled"))
    assert found.totals["tasks never run"] == never
    assert "  wait p99 (ms), of tasks run" in found.text
    assert metrics(run(name, "taskpool", threads=2, runtime="controlled")).totals["tasks never run"] == 0


def test_what_was_discarded_never_ran_but_for_the_pools_own_tasks(teller):
    teller(0, "main", "task_pushed", "A", 1, label="x", wait=False, depth=1)
    teller(0, "main", "task_pushed", "p", 2, label="turn", wait=False, depth=1, turn="A")
    teller(0, "main", "task_pushed", "A", 3, label="checkpoint", wait=True, depth=2, checkpoint=True)
    teller(1, "main", "task_discarded", "A", 1, reason="aborted")
    teller(1, "main", "task_discarded", "p", 2, reason="aborted")
    teller(1, "main", "task_discarded", "A", 3, reason="aborted")
    teller(2, "main", "task_discarded", "B", 9, reason="aborted")  # its push was dropped
    assert metrics(teller.events).totals["tasks never run"] == 2


def test_threads_come_and_go(teller):
    teller(0, "a", "thread_started", "q", pool="p")
    teller(2, "b", "thread_started", "q", pool="p")
    teller(5, "a", "thread_stopped", "q", pool="p")
    teller(9, "b", "thread_idled", "q")
    found = metrics(teller.events)
    assert [tuple(row)[:2] for row in found.threads_over_time.to_numpy()] == [(0, 1), (2, 2), (5, 1)]
    assert column(found.threads, "idle (ms)") == {"a": 5, "b": 7}


def test_charts_in_their_three_forms(taskpool_events):
    found = metrics(taskpool_events)
    assert found.threads_chart.text.split("\n") == [
        "Threads over time: trace",
        "",
        "  threads  ████████████████████████████████████████  at most 2",
        "  running     ▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄      ▄▄▄▄████▄▄▄     at most 2",
        "  blocked                                            at most 0",
        "           time (ms): 0 to 12",
    ]
    for chart in (found.threads_chart, found.queue_chart, found.latency_chart):
        assert ET.fromstring(chart.svg).get("aria-label") == chart.summary
        shown = chart._repr_mimebundle_()
        assert set(shown) == {PLOTLY_MIME, "text/html", "text/plain"} and shown["text/plain"] == repr(chart)
        assert "http" not in json.dumps(shown[PLOTLY_MIME])
        assert chart.figure is not None  # plotly itself checks every property
    waits = {trace["hovertext"][1] for trace in found.latency_chart._repr_mimebundle_()[PLOTLY_MIME]["data"]}
    assert waits == {"B, p50: 0", "B, p99: 2"}


def test_charts_stay_small_and_keep_their_peaks(many_events, teller):
    teller.events += many_events(40_000)
    for number in range(77):
        teller(1_500, "main", "task_pushed", "session-1", 900_000 + number, label="x", wait=False, depth=number + 1)
    for number in range(77):
        teller(1_500.001, "p/0", "task_started", "session-1", 900_000 + number)
    teller.events.sort(key=lambda event: event.time)
    chart = metrics(teller.events).queue_chart
    assert chart.note == "31 more queues, none of them longer, are not shown."
    data = chart._repr_mimebundle_()[PLOTLY_MIME]["data"]
    assert all(len(trace["x"]) <= 505 for trace in data)
    assert max(max(trace["y"]) for trace in data) == 77


def test_names_are_shown_as_text_whatever_they_say(teller):
    teller(0, NASTY, "task_pushed", NASTY, 1, label=NASTY, wait=False, depth=1)
    teller(1, NASTY, "task_started", NASTY, 1)
    teller(9, NASTY, "task_finished", NASTY, 1)
    found = metrics(teller.events)
    shown = [found._repr_mimebundle_()["text/html"]]
    for chart in (found.threads_chart, found.queue_chart, found.latency_chart):
        shown += [chart.svg, *(str(value) for key, value in chart._repr_mimebundle_().items() if key != "text/plain")]
    assert not [text for text in shown if re.search("<script", text)]
    assert NASTY in found.text


def test_nothing_and_one_event_are_fine(teller):
    teller(3, "p/0", "task_started", "A", 1)
    for events in ([], teller.events):
        found = metrics(events)
        assert found.totals["tasks run"] == 0
        assert len(found.threads_over_time) == len(events)
        assert found.text and found._repr_mimebundle_()["text/html"]
        for chart in (found.threads_chart, found.queue_chart, found.latency_chart):
            assert ET.fromstring(chart.svg) is not None and chart.text and chart.figure is not None
