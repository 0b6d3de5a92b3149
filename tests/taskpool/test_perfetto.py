"""The Chrome trace: checked by rules that know nothing of how it is made, on any events at all."""

import gzip
import json
from collections import defaultdict
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taskpool.errors import TraceError
from taskpool.events import Event, EventKind
from taskpool.trace import Trace
from tests.taskpool.by_hand import at, made

Record = dict[str, Any]


def exported(trace: Trace, folder: Path) -> list[Record]:
    """The records, after all rules were checked."""
    path = folder / "trace.json"
    trace.to_perfetto(path)
    # Times are read as the viewers read them, as binary floating-point numbers, and then compared exactly.
    document = json.loads(path.read_text(), parse_float=lambda text: Fraction(float(text)))
    records: list[Record] = document["traceEvents"]
    check_numbers_and_names(records)
    check_nesting(records)
    check_arrows(records)
    check_spans(records)
    return records


def of(records: list[Record], *phases: str) -> list[Record]:
    return [record for record in records if record["ph"] in phases]


def place(record: Record) -> tuple[int, int]:
    return record["pid"], record["tid"]


def check_numbers_and_names(records: list[Record]) -> None:
    named = {(record["name"], *place(record)) for record in of(records, "M")}
    assert len(named) == len(of(records, "M"))
    for record in records:
        assert all(type(record[key]) is int for key in ("pid", "tid", "id") if key in record)
        assert {"ph", "pid", "tid", "name"} <= set(record)
        assert ("process_name", record["pid"], 0) in named
        if record["tid"]:
            assert ("thread_name", *place(record)) in named
            assert ("thread_sort_index", *place(record)) in named
        if record["ph"] != "M":
            assert record["ts"] >= 0
    assert all(type(record["args"]["queued"]) is int and record["args"]["queued"] >= 0 for record in of(records, "C"))


def check_nesting(records: list[Record]) -> None:
    tracks = defaultdict(list)
    for record in of(records, "X"):
        tracks[place(record)].append((record["ts"], record["ts"] + record["dur"]))
    for slices in tracks.values():
        moments = [moment for both in slices for moment in both]
        assert len(set(moments)) == len(moments), "two slices begin or end at the same moment"
        open_ends: list[Any] = []
        for begin, end in sorted(slices):
            assert begin < end
            while open_ends and open_ends[-1] < begin:
                open_ends.pop()
            assert not open_ends or end < open_ends[-1], "two slices overlap"
            open_ends.append(end)


def around(records: list[Record], arrow: Record) -> Record:
    """The innermost slice at an arrow's end."""
    return min(
        (
            record
            for record in of(records, "X")
            if place(record) == place(arrow) and record["ts"] < arrow["ts"] < record["ts"] + record["dur"]
        ),
        key=lambda record: record["dur"],
    )


def check_arrows(records: list[Record]) -> None:
    begins = {record["id"]: record for record in of(records, "s")}
    ends = {record["id"]: record for record in of(records, "f")}
    assert len(begins) == len(of(records, "s")) == len(of(records, "f"))
    assert begins.keys() == ends.keys()
    for number, begin in begins.items():
        end = ends[number]
        assert begin["ts"] < end["ts"]
        assert end["bp"] == "e"
        assert (begin["cat"], begin["name"]) == (end["cat"], end["name"])
        assert around(records, begin)["cat"] == "push"
        assert around(records, end)["cat"] in ("task", "pool", "control")
        assert around(records, begin)["args"]["task"] == around(records, end)["args"]["task"]


def check_spans(records: list[Record]) -> None:
    running: dict[Any, Record] = {}
    names = defaultdict(set)
    for record in of(records, "b", "e"):
        key = (record["pid"], record["cat"], record["id"])
        names[key].add(record["name"].rpartition(" ")[0])
        if record["ph"] == "b":
            assert key not in running
            running[key] = record
        else:
            begin = running.pop(key)
            assert begin["name"] == record["name"]
            assert begin["ts"] < record["ts"]
    assert not running
    assert all(len(serializers) == 1 for serializers in names.values())


def slices(records: list[Record]) -> list[tuple[str, str, Any, Any]]:
    """Thread, name, begin and end of all slices, in the order in which they begin."""
    threads = {place(r): r["args"]["name"] for r in of(records, "M") if r["name"] == "thread_name"}
    found = sorted(of(records, "X"), key=lambda record: record["ts"])
    return [(threads[place(r)], r["name"], float(r["ts"]), float(r["ts"] + r["dur"])) for r in found]


PUSHED_AND_RUN = (
    at(0.0, "p/1", "thread_started", "p/1", pool="p"),
    at(0.0, "main", "task_pushed", "p/1", 1, label="outer", wait=True, depth=1),
    at(0.0, "main", "wait_started", "p/1", 1, reason="sync_task"),
    at(0.0, "p/1", "task_started", "p/1", 1),
    at(0.0, "p/1", "task_inlined", "s", 2, 1, label="inner", reason="idle_serializer"),
    at(0.0, "p/1", "task_started", "s", 2, 1),
    at(0.0, "p/1", "task_failed", "s", 2, 1, error="ValueError: no"),
    at(0.0, "p/1", "task_finished", "p/1", 1),
    at(1.0, "main", "wait_ended", "p/1", 1, reason="sync_task", outcome="done"),
)


def test_events_of_one_time_get_a_moment_each_in_their_order(tmp_path: Path) -> None:
    records = exported(made(*PUSHED_AND_RUN), tmp_path)
    assert slices(records) == [
        ("main", "push outer", 0.125, 0.375),
        ("main", "waits: sync_task p/1", 0.5, 1_000_000.125),
        ("p/1", "outer", 0.625, 1.125),
        ("p/1", "inner", 0.875, 1.0),
    ]
    assert [(r["ph"], float(r["ts"]), r["id"]) for r in of(records, "s", "f")] == [("s", 0.25, 1), ("f", 0.75, 1)]
    assert [r["args"] for r in of(records, "X")] == [
        {"task": 1, "queue": "p/1"},
        {"task": 2, "queue": "s", "inline": "idle_serializer", "error": "ValueError: no"},
        {"task": 1, "queue": "p/1"},
        {"task": 1, "outcome": "done"},
    ]


def test_pools_are_processes_and_their_threads_are_theirs(tmp_path: Path) -> None:
    records = exported(made(*PUSHED_AND_RUN, at(2.0, "main", "pool_created", "q", design="taskpool")), tmp_path)
    names = {record["pid"]: record["args"]["name"] for record in of(records, "M") if record["name"] == "process_name"}
    assert names == {1: "threads outside the pools", 2: "serializers", 3: "queues", 4: "pool p", 5: "pool q"}
    threads = {record["args"]["name"]: place(record) for record in of(records, "M") if record["name"] == "thread_name"}
    assert threads == {"p/1": (4, 1), "main": (1, 2)}
    assert [(r["name"], place(r), r["s"], r["args"]) for r in of(records, "i")] == [
        ("pool_created", (5, 0), "p", {"design": "taskpool"})
    ]


def test_what_the_traces_end_cuts_off_ends_there(tmp_path: Path) -> None:
    records = exported(made(*PUSHED_AND_RUN[:6], at(0.5, "main", "serializer_suspended", "t", count=1)), tmp_path)
    assert [(name, end > 500_000) for _, name, _, end in slices(records)] == [
        ("push outer", False),
        ("waits: sync_task p/1", True),
        ("outer", True),
        ("inner", True),
    ]
    assert [record["args"].get("end") for record in of(records, "X")] == [None, *["after the trace"] * 3]
    assert [(record["ph"], record["name"]) for record in of(records, "b", "e")] == [
        ("b", "t suspended"),
        ("e", "t suspended"),
    ]


def test_what_began_before_the_trace_nests_too(tmp_path: Path) -> None:
    trace = made(
        at(0.0, "p/1", "wait_ended", "s", 9, 8, reason="sync_task", outcome="done"),
        at(0.0, "p/1", "task_finished", "s", 8, 7),
        at(0.0, "p/1", "task_started", "s", 9, 7),
        at(0.0, "p/1", "task_finished", "s", 9, 7),
        at(0.0, "p/1", "task_finished", "p/1", 7),
        at(0.0, "main", "serializer_unsuspended", "s", count=0),
        dropped=5,
    )
    records = exported(trace, tmp_path)
    assert [(name, begin) for _, name, begin, _ in slices(records)] == [
        ("task 7", 0.125),
        ("task 8", 0.25),
        ("waits: sync_task s", 0.375),
        ("task 9", 0.875),
    ]
    assert [record["args"].get("begin") for record in of(records, "X")] == [
        "before the trace",
        "before the trace",
        None,
        "before the trace",
    ]
    assert [float(record["ts"]) for record in of(records, "b")] == [0.0]


def test_suspensions_are_spans_of_their_own(tmp_path: Path) -> None:
    records = exported(
        made(
            at(0.0, "a", "serializer_suspending", "s", count=1),
            at(0.0, "a", "serializer_suspended", "s", count=1),
            at(0.0, "b", "serializer_suspending", "s", count=2),
            at(0.0, "b", "serializer_suspended", "s", count=2),
            at(0.0, "a", "serializer_unsuspended", "s", count=1),
            at(0.0, "a", "serializer_suspended", "t", count=1),
            at(0.0, "b", "serializer_unsuspended", "s", count=0),
            at(0.0, "a", "serializer_suspending", "u", count=1),
            at(0.0, "a", "task_pushed", "u", 1, label="checkpoint", checkpoint=True, depth=1),
            at(0.0, "a", "task_discarded", "u", 1, reason="cancelled"),
            at(1.0, "a", "serializer_unsuspended", "t", count=0),
        ),
        tmp_path,
    )
    assert [(r["ph"], r["name"], r["id"]) for r in of(records, "b", "e")] == [
        ("b", "s suspending", 1),
        ("e", "s suspending", 1),
        ("b", "s suspended", 1),
        ("b", "t suspended", 2),
        ("e", "s suspended", 1),
        ("b", "u suspending", 3),
        ("e", "u suspending", 3),
        ("e", "t suspended", 2),
    ]


def test_queues_count_what_is_in_them(tmp_path: Path) -> None:
    records = exported(
        made(
            at(0.0, "main", "task_pushed", "q", 1, label="a", depth=4),
            at(0.0, "main", "task_pushed", "q", 2, label="b", depth=5),
            at(0.0, "main", "control_queued", "c", 3, action="task_pushed"),
            at(0.0, "p/1", "task_started", "q", 1),
            at(0.0, "p/1", "task_inlined", "q", 4, label="d", reason="own_serializer"),
            at(0.0, "p/1", "task_started", "q", 4),
            at(0.0, "control", "control_ran", "c", 3, action="task_pushed"),
            at(0.0, "main", "task_discarded", "q", 2, reason="aborted"),
        ),
        tmp_path,
    )
    assert [(r["name"], r["args"]["queued"]) for r in of(records, "C")] == [
        ("q", 4),
        ("q", 5),
        ("c", 1),
        ("q", 4),
        ("c", 0),
        ("q", 3),
    ]
    assert [(thread, name) for thread, name, _, _ in slices(records)] == [
        ("main", "push a"),
        ("main", "push b"),
        ("main", "queue control task task_pushed"),
        ("p/1", "a"),
        ("p/1", "d"),
        ("control", "control task task_pushed"),
    ]


def test_what_cannot_be_so_is_left_out(tmp_path: Path) -> None:
    records = exported(
        made(
            at(0.0, "main", "task_pushed", "q", 1, label="a", depth=0),
            at(0.0, "p/1", "task_started", "q", 1),
            at(0.0, "p/2", "task_finished", "q", 1),
        ),
        tmp_path,
    )
    assert [(thread, name) for thread, name, _, _ in slices(records)] == [("main", "push a"), ("p/1", "a")]
    assert [record["args"]["queued"] for record in of(records, "C")] == [0, 0]


def test_a_task_that_is_never_run_has_no_arrow(tmp_path: Path) -> None:
    records = exported(made(PUSHED_AND_RUN[1]), tmp_path)
    assert of(records, "s", "f") == []
    assert [name for _, name, _, _ in slices(records)] == ["push outer"]


def test_a_task_that_is_pushed_again_has_an_arrow_each_time(tmp_path: Path) -> None:
    once = (
        at(0.0, "main", "task_pushed", "q", 1, label="turn of s", turn="s", depth=1),
        at(0.0, "p/1", "task_started", "q", 1),
        at(0.0, "p/1", "task_finished", "q", 1),
    )
    assert len(of(exported(made(*once, *once, once[0]), tmp_path), "s")) == 2


def test_an_empty_trace_is_a_file_too(tmp_path: Path) -> None:
    records = exported(Trace(), tmp_path)
    assert {record["ph"] for record in records} == {"M"}


def test_the_runs_facts_go_with_it_compressed_where_asked(tmp_path: Path) -> None:
    made(*PUSHED_AND_RUN, dropped=3, scenario="masquerade").to_perfetto(tmp_path / "trace.json.gz")
    document = json.loads(gzip.decompress((tmp_path / "trace.json.gz").read_bytes()))
    assert document["otherData"] == {"dropped": 3, "meta": {"scenario": "masquerade"}}


def test_what_is_no_json_is_refused_and_what_was_there_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    path.write_text("kept")
    with pytest.raises(TraceError, match=r"trace\.json: not written, because event 0 \(pool_created\) "):
        made(at(0.0, "main", "pool_created", "p", timeout=float("nan"))).to_perfetto(path)
    assert path.read_text() == "kept"
    assert [left.name for left in tmp_path.iterdir()] == ["trace.json"]


NAMES = st.sampled_from(["a", "b", "</script>\n\u2028ü"])
OFTEN = [
    EventKind.TASK_PUSHED,
    EventKind.TASK_STARTED,
    EventKind.TASK_FINISHED,
    EventKind.WAIT_STARTED,
    EventKind.WAIT_ENDED,
    EventKind.SERIALIZER_SUSPENDED,
    EventKind.SERIALIZER_UNSUSPENDED,
]
ANY_EVENTS = st.lists(
    st.builds(
        Event,
        seq=st.just(0),
        time=st.sampled_from([0.0, 0.0, 1e-9, 1e-7, 1e-6, 0.5]),
        thread=NAMES,
        kind=st.sampled_from([*EventKind, *OFTEN, *OFTEN]),
        processor=NAMES,
        task=st.sampled_from([None, 1, 1, 2, 2, 3]),
        parent=st.none(),
        detail=st.fixed_dictionaries(
            {}, optional={"label": NAMES, "depth": st.integers(0, 3), "count": st.integers(0, 2), "turn": NAMES}
        ),
    ),
    max_size=30,
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(events=ANY_EVENTS)
def test_the_rules_hold_for_any_events_at_all(tmp_path: Path, events: list[Event]) -> None:
    exported(Trace(events, dropped=1), tmp_path)
