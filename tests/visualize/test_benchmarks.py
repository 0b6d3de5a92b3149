"""A benchmark's chart: every side of every case is there, with its spread, told apart by more than colour."""

from __future__ import annotations

import json

import pytest

from visualize import benchmarks
from visualize._plotly import PLOTLY_MIME

MACHINE = {"python": "CPython 3.11.0", "processor": "Some <Processor>", "cores": 2}


def row(workload, case, side, values, measure="tasks/s", main=True):
    least, median, greatest = values
    return {
        "workload": workload,
        "case": case,
        "side": side,
        "measure": measure,
        "main": main,
        "median": median,
        "least": least,
        "greatest": greatest,
    }


ROWS = [
    row("a", "200 tasks, 5 threads", "TaskPool", (90.0, 100.0, 130.0)),
    row("a", "200 tasks, 5 threads", "TaskPool", (1.0, 1.0, 1.0), "CPU µs/task", main=False),
    row("a", "200 tasks, 5 threads", "limit", (300.0, 400.0, 500.0)),
    row("g", "200 tasks, 1 thread", "TaskPool", (70.0, 80.0, 90.0)),
    row("g", "200 tasks, 50 threads", "TaskPool", (30.0, 40.0, 50.0)),
    row("g", "pairs, 1 thread", "TaskPool", (60.0, 60.0, 60.0)),
    row("h", "recording off and on", "TaskPool, recording", (20.0, 20.0, 20.0)),
    row("j", "a queued task", "TaskPool", (200.0, 200.0, 200.0), "bytes"),
    row("j", "a queued task", "limit", (0.0, 0.0, 0.0), "bytes"),
]
KEPT = {"machine": MACHINE, "rounds": 3, "rows": ROWS}


def traces(kept=KEPT):
    return {
        (one["xaxis"], one["legendgroup"], one["mode"], one.get("line", {}).get("dash")): one
        for one in benchmarks(kept)._figure_data()["data"]
    }


def test_each_panel_has_a_trace_for_each_side_that_has_something_to_show():
    assert list(traces()) == [
        ("x", "TaskPool", "markers", None),
        ("x", "limit", "markers", None),
        ("x", "TaskPool, recording", "markers", None),
        ("x2", "TaskPool", "lines+markers", "solid"),
        ("x2", "TaskPool", "lines+markers", "dot"),
        ("x3", "TaskPool", "markers", None),
    ]


def test_a_dot_is_the_median_and_its_bar_reaches_to_the_least_and_the_greatest():
    dots = traces()["x", "TaskPool", "markers", None]
    assert (dots["x"], dots["y"]) == ([100.0], ["a  200 tasks, 5 threads"])
    assert (dots["error_x"]["array"], dots["error_x"]["arrayminus"]) == ([30.0], [10.0])
    assert dots["hovertext"] == ["200 tasks, 5 threads, TaskPool: 100 tasks/s (90 to 130)"]


def test_lines_are_over_the_numbers_of_threads():
    line = traces()["x2", "TaskPool", "lines+markers", "solid"]
    assert (line["x"], line["y"]) == ([1, 50], [80.0, 40.0])


def test_sides_are_told_apart_by_their_shape_too_and_named_once():
    named = {one["legendgroup"]: one["marker"]["symbol"] for one in traces().values() if one["showlegend"]}
    assert named == {"TaskPool": "circle", "limit": "x", "TaskPool, recording": "circle-open"}
    assert sum(one["showlegend"] for one in traces().values()) == 3


def test_panels_do_not_overlap():
    layout = benchmarks(KEPT)._figure_data()["layout"]
    domains = [layout[axis]["domain"] for axis in ("yaxis", "yaxis2", "yaxis3")]
    assert domains[0][1] == 1
    assert all(0 <= low < high <= 1 for low, high in domains)
    assert domains[0][0] > domains[1][1] > domains[1][0] > domains[2][1]


def test_plotly_takes_it_and_nothing_measured_is_an_empty_chart():
    assert benchmarks(KEPT).figure is not None  # plotly itself checks every property
    assert len(benchmarks({**KEPT, "rows": []}).figure.data) == 0


def test_a_notebook_gets_the_chart_and_a_table_of_the_medians():
    bundle = benchmarks(KEPT)._repr_mimebundle_()
    assert set(bundle) == {PLOTLY_MIME, "text/html", "text/plain"}
    lines = bundle["text/plain"].splitlines()
    assert lines[0] == "CPython 3.11.0, Some <Processor>, 2 cores, 3 rounds: medians"
    assert lines[2].split() == ["TaskPool", "limit", "TaskPool,", "recording"]
    assert lines[3].split() == ["a", "200", "tasks,", "5", "threads,", "tasks/s", "100", "400", "–"]
    assert lines[-1].split() == ["j", "a", "queued", "task,", "bytes", "200", "–", "–"]
    assert "200 tasks, 5 threads, tasks/s</th>" in bundle["text/html"]


def test_what_was_kept_as_json_is_drawn_the_same(tmp_path):
    path = tmp_path / "figures.json"
    path.write_text(json.dumps(KEPT), encoding="utf-8")

    class Result:
        def as_dict(self):
            return KEPT

    drawn = benchmarks(KEPT)._figure_data()
    assert benchmarks(str(path))._figure_data() == benchmarks(path)._figure_data() == drawn
    assert benchmarks(Result())._figure_data() == drawn


@pytest.mark.parametrize("wrong", [{}, 7, {"rows": []}])
def test_what_is_no_result_is_refused(wrong):
    with pytest.raises(TypeError, match="is no benchmark's result: call benchmarks"):
        benchmarks(wrong)
