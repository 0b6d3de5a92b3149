"""A trace is a sequence that does not change, answers questions about itself, and shows itself briefly."""

import builtins
from collections.abc import Sequence
from typing import Any

import pytest

from taskpool.errors import TraceError
from taskpool.events import Event, EventKind
from taskpool.spans import SuspensionSpan, TaskSpan, WaitSpan
from taskpool.trace import Trace
from tests.taskpool.by_hand import at, made

# Task 1 runs task 2 inline on serializer s, then waits for s, which another thread has suspended, and for ever.
STORY = (
    at(0.0, "main", "pool_created", "p", design="taskpool"),
    at(0.1, "p/1", "thread_started", "p/1", pool="p"),
    at(0.2, "main", "task_pushed", "p/1", 1, label="outer", wait=False, depth=1),
    at(0.3, "p/1", "task_started", "p/1", 1),
    at(0.3, "p/1", "task_inlined", "s", 2, 1, label="inner", reason="idle_serializer"),
    at(0.3, "p/1", "task_started", "s", 2, 1),
    at(0.4, "p/1", "task_failed", "s", 2, 1, error="ValueError: no"),
    at(0.5, "main", "serializer_suspending", "s", count=1),
    at(0.6, "main", "serializer_suspended", "s", count=1),
    at(0.7, "p/1", "wait_started", "s", 3, 1, reason="suspended"),
    at(0.8, "main", "serializer_unsuspended", "s", count=0),
    at(0.9, "p/1", "wait_ended", "s", 3, 1, reason="suspended", outcome="done"),
    at(1.0, "p/1", "wait_started", "s", 4, 1, reason="sync_task"),
)


def test_a_trace_is_a_sequence_of_events() -> None:
    trace = made(*STORY)
    assert isinstance(trace, Sequence)
    assert len(trace) == 13
    assert trace[0].kind is EventKind.POOL_CREATED
    assert trace[-1] == Event(12, 1.0, "p/1", EventKind.WAIT_STARTED, "s", 4, 1, {"reason": "sync_task"})
    assert [event.seq for event in trace] == list(range(13))
    assert [event.seq for event in trace[3:9:2]] == [3, 5, 7]
    assert [event.seq for event in reversed(trace)] == list(range(12, -1, -1))
    assert trace.index(trace[4]) == 4


def test_neither_its_events_nor_its_meta_can_be_changed() -> None:
    rows = [Event(0, 0.0, "main", EventKind.POOL_CREATED)]
    meta = {"scenario": "masquerade"}
    trace = Trace(rows, meta=meta)
    rows.clear()
    meta.clear()
    assert len(trace) == 1
    assert trace.meta == {"scenario": "masquerade"}
    with pytest.raises(TypeError):
        trace.meta["scenario"] = "another"  # type: ignore[index]
    with pytest.raises(TypeError):
        trace[0] = trace[0]  # type: ignore[index]
    with pytest.raises(AttributeError):
        trace.dropped = 1  # type: ignore[misc]


def test_traces_are_equal_when_all_that_they_hold_is() -> None:
    assert made(*STORY) == made(*STORY)
    assert made(*STORY) != made(*STORY[:-1])
    assert made(*STORY) != made(*STORY, design="taskpool")
    assert Trace() != Trace(dropped=1)
    assert Trace() != ()


def test_an_empty_trace_answers_everything_with_nothing() -> None:
    trace = Trace()
    assert (len(trace), trace.dropped, dict(trace.meta), trace.start, trace.end) == (0, 0, {}, 0.0, 0.0)
    assert trace.threads == trace.processors == ()
    assert (trace.task_spans(), trace.waits(), trace.suspensions(), trace.of_kind()) == ([], [], [], [])
    assert repr(trace) == "<Trace: 0 events in 0 s>"


def test_events_of_a_kind_a_task_a_thread_and_a_processor() -> None:
    trace = made(*STORY)

    def numbers(events: list[Event]) -> list[int]:
        return [event.seq for event in events]

    assert numbers(trace.of_kind(EventKind.TASK_STARTED, EventKind.TASK_FAILED)) == [3, 5, 6]
    assert numbers(trace.of_kind("wait_ended")) == [11]
    assert numbers(trace.of_task(2)) == [4, 5, 6]
    assert numbers(trace.of_thread("main")) == [0, 2, 7, 8, 10]
    assert numbers(trace.of_processor("p/1")) == [1, 2, 3]
    with pytest.raises(ValueError, match="task_run"):
        trace.of_kind("task_run")


def test_names_in_the_order_in_which_they_appear() -> None:
    trace = made(*STORY)
    assert trace.threads == ("main", "p/1")
    assert trace.processors == ("p", "p/1", "s")
    assert trace.labels == {1: "outer", 2: "inner"}
    assert [trace.label(task) for task in (1, 2, 3)] == ["outer", "inner", "task 3"]


def test_spans_of_tasks_waits_and_suspensions() -> None:
    trace = made(*STORY)
    assert trace.task_spans() == [
        TaskSpan("p/1", 1, "outer", "p/1", 0.3, None, None, pushed=0.2),
        TaskSpan("p/1", 2, "inner", "s", 0.3, 0.4, "failed", inline="idle_serializer", error="ValueError: no"),
    ]
    assert trace.waits() == [
        WaitSpan("p/1", "s", 3, 1, "suspended", 0.7, 0.9, "done"),
        WaitSpan("p/1", "s", 4, 1, "sync_task", 1.0, None, None),
    ]
    assert trace.suspensions() == [SuspensionSpan("main", "s", 0.6, 0.8)]


def test_the_pools_own_tasks_are_told_apart() -> None:
    trace = made(
        at(0.0, "main", "task_pushed", "s", 1, label="mine"),
        at(0.0, "main", "task_pushed", "p/1", 2, label="turn of s", turn="s"),
        at(0.0, "main", "task_pushed", "s", 3, label="checkpoint", checkpoint=True),
        at(0.1, "p/1", "task_started", "p/1", 2),
        at(0.1, "p/1", "task_started", "s", 1),
        at(0.2, "p/1", "task_finished", "s", 1),
        at(0.2, "p/1", "task_finished", "p/1", 2),
    )
    assert trace.own_tasks == {2, 3}
    assert [(span.task, span.own) for span in trace.task_spans()] == [(2, True), (1, False)]


def test_suspensions_of_one_serializer_that_overlap_are_one() -> None:
    trace = made(
        at(0.1, "a", "serializer_suspended", "s", count=1),
        at(0.2, "b", "serializer_suspended", "s", count=2),
        at(0.3, "a", "serializer_suspended", "t", count=1),
        at(0.4, "a", "serializer_unsuspended", "s", count=1),
        at(0.5, "b", "serializer_unsuspended", "s", count=0),
        at(0.6, "b", "serializer_suspended", "s", count=1),
    )
    assert trace.suspensions() == [
        SuspensionSpan("a", "s", 0.1, 0.5),
        SuspensionSpan("a", "t", 0.3, None),
        SuspensionSpan("b", "s", 0.6, None),
    ]


def test_what_began_before_the_trace_begins_with_it_the_outer_first() -> None:
    trace = made(
        at(5.0, "p/1", "task_finished", "s", 8),
        at(5.1, "p/1", "wait_ended", "s", 8, 7, reason="sync_task", outcome="done"),
        at(5.2, "p/1", "task_finished", "p/1", 7),
        at(5.3, "main", "serializer_unsuspended", "s", count=0),
        dropped=1000,
    )
    assert trace.task_spans() == [
        TaskSpan("p/1", 7, "task 7", "p/1", 5.0, 5.2, "finished"),
        TaskSpan("p/1", 8, "task 8", "s", 5.0, 5.0, "finished"),
    ]
    assert trace.waits() == [WaitSpan("p/1", "s", 8, 7, "sync_task", 5.0, 5.1, "done")]
    assert trace.suspensions() == [SuspensionSpan("main", "s", 5.0, 5.3)]


def test_as_a_table() -> None:
    pandas = pytest.importorskip("pandas")
    frame = made(*STORY).to_frame()
    assert list(frame) == [
        "seq", "time", "thread", "kind", "processor", "task", "parent", "label", "reason", "detail",
    ]  # fmt: skip
    assert list(frame["seq"]) == list(range(13))
    assert dict(frame.loc[4, ["time", "thread", "kind", "processor", "label", "reason"]]) == {
        "time": 0.3, "thread": "p/1", "kind": "task_inlined", "processor": "s",
        "label": "inner", "reason": "idle_serializer",
    }  # fmt: skip
    assert (frame.loc[4, "task"], frame.loc[4, "parent"]) == (2, 1)
    assert frame.loc[5, "label"] == "inner"
    assert frame.loc[12, "detail"] == {"reason": "sync_task"}
    assert frame.loc[0, ["task", "parent", "label", "reason"]].isna().all()
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == {
        "seq": "int64", "time": "float64", "thread": "category", "kind": "category", "processor": "category",
        "task": "Int64", "parent": "Int64", "label": "category", "reason": "category", "detail": "object",
    }  # fmt: skip
    assert frame[frame["kind"] == "wait_started"].groupby("reason", observed=True).size().to_dict() == {
        "suspended": 1,
        "sync_task": 1,
    }
    empty = Trace().to_frame()
    assert len(empty) == 0
    assert list(empty) == list(frame)
    assert isinstance(empty, pandas.DataFrame)


def test_without_pandas_a_table_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    original = builtins.__import__

    def without_pandas(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.partition(".")[0] in ("pandas", "numpy"):
            raise ModuleNotFoundError(f"No module named {name!r}")
        return original(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_pandas)
    with pytest.raises(ImportError, match=r"pip install taskpool-lab\[visualize\]"):
        made(*STORY).to_frame()


def test_it_shows_itself_briefly() -> None:
    trace = made(*STORY, dropped=1234, scenario="masquerade", design="taskpool")
    assert repr(trace) == ("<Trace of masquerade on taskpool: 13 events in 1 s, 1,234 older ones dropped>")
    lines = str(trace).splitlines()
    assert lines[0] == "Trace of masquerade on taskpool: 13 events in 1 s, 1,234 older ones dropped"
    assert "  threads                 1" in lines
    assert "  blocked by reason       suspended 0.2 s, sync_task 0 s" in lines


def test_what_a_notebook_shows_is_escaped_and_small() -> None:
    rows = [at(0.0, f"<b>{number}", "thread_started", "q", pool="p") for number in range(2000)]
    trace = made(*rows, scenario="</script><img>", design="a & b")
    bundle = trace._repr_mimebundle_()
    assert bundle["text/plain"] == str(trace)
    assert "<img>" not in bundle["text/html"]
    assert "&lt;/script&gt;&lt;img&gt; on a &amp; b: 2,000 events" in bundle["text/html"]
    assert len(bundle["text/html"]) < 2000


def test_a_missing_folder_is_named(tmp_path: Any) -> None:
    with pytest.raises(TraceError, match="nowhere"):
        made(*STORY).save(tmp_path / "nowhere" / "trace.jsonl")
