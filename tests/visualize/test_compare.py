"""Runs side by side: one axis, one table, one verdict."""

import json
import re
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest

from taskpool.scenarios import compare_runs
from visualize import compare
from visualize._plotly import PLOTLY_MIME
from visualize._verdict import verdict


@pytest.fixture
def runs(threadpool_events, taskpool_events):
    old = SimpleNamespace(trace=threadpool_events, name="story", design="threadpool", outcome="deadlocked")
    new = SimpleNamespace(trace=taskpool_events, name="story", design="taskpool", outcome="completed")
    return old, new


def test_the_verdict_says_what_came_out(runs):
    assert compare(*runs).verdict == (
        "threadpool deadlocked after 10 ms: both of its threads are blocked for good and 3 tasks never ran. "
        "taskpool completed in 12 ms: none of its threads was ever blocked, 1 of 4 tasks ran inline and 1 task failed. "
        "Only taskpool came to an end."
    )


TOTALS = {
    "duration (ms)": 10.0,
    "threads used": 3,
    "threads blocked at the end": 0,
    "time threads were blocked (ms)": 0.0,
    "share of thread time blocked": 0.0,
    "tasks run": 5,
    "tasks failed": 0,
    "tasks never run": 0,
    "tasks run inline": 0,
}

BLOCKED = {"threads used": 1, "time threads were blocked (ms)": 4.0, "share of thread time blocked": 0.4}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (
            ("completed", {}),
            ("completed", {"duration (ms)": 25.0, "threads used": 1}),
            "a completed in 10 ms: none of its threads was ever blocked. "
            "b completed in 25 ms: its one thread was never blocked. b took 2.5 times as long as a.",
        ),
        (
            (
                "completed",
                {"threads used": 1, "time threads were blocked (ms)": 4.0, "share of thread time blocked": 0.4},
            ),
            ("completed", {}),
            "a completed in 10 ms: its one thread was blocked for 4 ms together (40 % of their time). "
            "b completed in 10 ms: none of its threads was ever blocked. b needed 3 threads, a 1 thread.",
        ),
        (
            ("timed_out", {"threads blocked at the end": 1, "tasks never run": 2}),
            ("deadlocked", {"duration (ms)": 0.0, "threads blocked at the end": 3}),
            "a ran out of time after 10 ms: 1 of its 3 threads is blocked for good and 2 tasks never ran. "
            "b deadlocked at once: all 3 of its threads are blocked for good.",
        ),
        (
            ("", {"tasks never run": 1}),
            ("failed", {"tasks failed": 1, "threads used": 0}),
            "a ran for 10 ms: none of its threads was ever blocked and 1 task had not run. "
            "b failed after 10 ms: it used no thread and 1 task failed.",
        ),
    ],
)
def test_verdicts(one, other, expected):
    runs = [(title, outcome, TOTALS | totals) for title, (outcome, totals) in (("a", one), ("b", other))]
    assert verdict(runs) == expected


def test_the_table_has_a_column_for_each_run(runs):
    table = compare.table(*runs)
    assert list(table.columns) == ["threadpool", "taskpool"]
    assert list(table.loc["time threads were blocked (ms)"]) == pytest.approx([10, 0])
    assert list(table.loc["tasks run"]) == [0, 4]


def test_waits_of_tasks_that_never_ran_make_no_pool_look_faster(runs):
    # The deadlocked pool's waits are shorter: what waited longest never ran.
    comparison = compare(*runs)
    lines = {line.split("  ")[0]: line.split()[-2:] for line in comparison.text.split("\n")}
    markup = comparison._repr_mimebundle_()["text/html"]
    assert lines["tasks never run"] == ["3", "0"]
    assert lines["wait p99 (ms), of tasks run"] == ["1", "2"] and "wait p99 (ms), of tasks run" in markup
    assert "wait p99 (ms), of tasks run" not in compare(runs[1], runs[1]).text


def test_threads_from_outside_are_not_told_as_the_pools(runs):
    # main waits for task 4, and the picture shows it blocked: only the pool's own threads were not.
    text = compare.text(runs[1])
    assert "none of its threads was ever blocked" in " ".join(text.split())
    assert "main is blocked" in text


def test_all_timelines_have_one_axis_and_one_legend(runs):
    comparison = compare(*runs)
    layout = comparison.figure.to_plotly_json()["layout"]
    assert list(layout["xaxis"]["range"]) == pytest.approx([0, 12 * 1.15])
    assert [note["text"] for note in layout["annotations"] if "nothing moves any more" in note["text"]]
    svg = comparison.svg
    words = ["".join(element.itertext()) for element in ET.fromstring(svg).iter() if element.tag[-4:] == "text"]
    assert words.count("A") == 1 and "threadpooldeadlocked after 10 ms, 32 events" in words
    assert "taskpoolcompleted after 12 ms, 37 events" in words


def test_as_text(runs):
    lines = compare(*runs).text.split("\n")
    assert lines[:4] == [
        "threadpool deadlocked after 10 ms: both of its threads are blocked for good",
        "and 3 tasks never ran. taskpool completed in 12 ms: none of its threads was",
        "ever blocked, 1 of 4 tasks ran inline and 1 task failed. Only taskpool came to",
        "an end.",
    ]
    assert lines[-19:-16] == [
        "                                threadpool   taskpool",
        "outcome                         deadlocked  completed",
        "duration (ms)                           10         12",
    ]
    assert "threadpool: deadlocked after 10 ms, 32 events" in lines
    assert "What happened: threadpool" in lines and "What happened: taskpool" in lines
    assert "Blocked at the end: threadpool" in lines and "Blocked at the end: taskpool" not in lines
    assert max(map(len, compare.text(*runs, width=60).split("\n"))) <= 60


def test_the_table_has_room_between_its_columns_and_no_empty_heading(runs):
    markup = compare(*runs)._table_html()
    assert "<th" in markup and not [cell for cell in re.findall(r"<th\b[^>]*>([^<]*)<", markup) if not cell]
    assert markup.count("padding:") == markup.count("<th scope") + markup.count("<td")


def test_titles_tell_runs_apart(runs, taskpool_events):
    old, new = runs
    assert compare(old, new, new).titles == ("story on threadpool", "story on taskpool (1)", "story on taskpool (2)")
    assert compare(taskpool_events, taskpool_events).titles == ("trace (1)", "trace (2)")
    assert compare({"before": old, "after": new}).titles == ("before", "after")


def test_a_notebook_shows_the_verdict_the_timelines_and_the_table(runs, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    comparison = compare(*runs, play=False)
    comparison._ipython_display_()
    assert [set(data) for data in shown] == [
        {"text/html", "text/plain"},
        {PLOTLY_MIME, "text/html", "text/plain"},
        {"text/html", "text/plain"},
    ]
    assert "\n".join(data["text/plain"] for data in shown).split() == comparison.text.split()
    whole = comparison._repr_mimebundle_()
    assert whole["text/plain"] == comparison.text and "<table style=" in whole["text/html"]
    assert len(json.dumps(whole)) < 80_000


def test_the_player_is_shown_unless_it_is_unwanted(runs, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    comparison = compare(*runs)
    comparison._ipython_display_()
    assert [data["text/plain"].split("\n")[0].split(":")[0] for data in shown[:1] + shown[2:3]] == [
        "threadpool deadlocked after 10 ms",
        "threadpool",
    ]
    assert len(shown) == 4 and "<iframe" in shown[1]["text/html"]
    assert comparison.player is comparison.player
    assert shown[1]["text/plain"] == "Player: threadpool and taskpool"  # the timelines' text says the rest
    assert shown[1]["text/html"].count("<img") == 1  # for where scripts and frames are removed
    assert sum(len(json.dumps(data)) for data in shown) < 400_000
    assert [data["text/plain"].split("\n")[0] for data in shown][3].split() == ["threadpool", "taskpool"]


def test_the_same_controlled_runs_give_the_same_text():
    once, again = (compare(compare_runs("masquerade", threads=2, runtime="controlled")).text for _ in range(2))
    assert once == again
    assert once.startswith(
        "threadpool deadlocked after 8.5 ms: both of its threads are blocked for good\nand 12 tasks never ran."
    )


def test_what_makes_no_sense_is_refused(runs):
    with pytest.raises(ValueError, match="compare needs runs"):
        compare()
    with pytest.raises(TypeError, match="there is no trace in 'int'"):
        compare(runs[0], 3)
    with pytest.raises(ValueError, match="limit=0"):
        compare(*runs, limit=0)


def test_one_run_and_empty_runs_are_fine(runs):
    assert compare(runs[1]).verdict.startswith("taskpool completed in 12 ms")
    assert "no events" in compare([], []).text
