"""A saved trace comes back equal; a file that is no whole trace of ours is refused, with the place and the cause."""

import gc
import gzip
import json
import os
import string
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taskpool.errors import TraceError
from taskpool.events import VERSION, Event, EventKind
from taskpool.trace import Trace

NAMES = ["trace.jsonl", "trace.jsonl.gz"]
HEADER = {"format": "taskpool-trace", "version": VERSION, "events": 1, "dropped": 0, "meta": {}}
EVENT = [0, 0.5, "main", "task_pushed", "q", 1, None, {"label": "a"}]


def some(count: int = 3) -> Trace:
    return Trace(
        [Event(n, n / 10, "main", EventKind.TASK_PUSHED, "q", n, None, {"label": f"task {n}"}) for n in range(count)],
        meta={"scenario": "masquerade"},
    )


def written(path: Path, *lines: Any) -> Path:
    path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))
    return path


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


text = st.text(st.characters(), max_size=8) | st.sampled_from(["a\nb\r\n", "</script>", "\u2028", "", "\x00", "ü→🎈"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)
events = st.builds(
    Event,
    seq=st.integers(min_value=0, max_value=10**12),
    time=st.floats(allow_nan=False, allow_infinity=False),
    thread=text,
    kind=st.sampled_from(EventKind),
    processor=st.none() | text,
    task=st.none() | st.integers(),
    parent=st.none() | st.integers(),
    detail=st.dictionaries(text, values, max_size=4),
)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=st.lists(events, max_size=6), dropped=st.integers(0, 10**9), meta=st.dictionaries(text, values, max_size=3))
def test_what_is_saved_is_loaded(tmp_path: Path, name: str, rows: list[Event], dropped: int, meta: Any) -> None:
    trace = Trace(rows, dropped=dropped, meta=meta)
    path = tmp_path / name
    trace.save(path)
    loaded = Trace.load(path)
    assert loaded == trace
    # Equality takes 1, 1.0 and True for the same; JSON does not.
    assert [repr(dict(event.detail)) for event in loaded] == [repr(event.detail) for event in trace]
    assert names_in(tmp_path) == [name]


def test_a_line_is_an_event(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    Trace([Event(7, 0.25, "main", EventKind.TASK_PUSHED, "q", 1, None, {"label": "Grüße\n"})], dropped=7).save(path)
    assert path.read_text() == (
        f'{{"format":"taskpool-trace","version":{VERSION},"events":1,"dropped":7,"meta":{{}}}}\n'
        '[7,0.25,"main","task_pushed","q",1,null,{"label":"Gr\\u00fc\\u00dfe\\n"}]\n'
    )


def test_the_same_trace_makes_the_same_file_and_gzip_is_known_by_its_content(tmp_path: Path) -> None:
    some().save(tmp_path / "a.jsonl.gz")
    some().save(tmp_path / "b.jsonl.gz")
    packed = (tmp_path / "a.jsonl.gz").read_bytes()
    assert packed == (tmp_path / "b.jsonl.gz").read_bytes()
    assert packed[3:8] == bytes(5), "a name or a time is inside"
    assert gzip.decompress(packed).startswith(b'{"format":"taskpool-trace"')
    renamed = (tmp_path / "a.jsonl.gz").rename(tmp_path / "renamed")
    assert Trace.load(str(renamed)) == some()


def test_loading_leaves_garbage_collection_as_it_was(tmp_path: Path) -> None:
    some().save(tmp_path / "trace.jsonl")
    for on in (True, False):
        (gc.enable if on else gc.disable)()
        try:
            Trace.load(tmp_path / "trace.jsonl")
            with pytest.raises(TraceError):
                Trace.load(written(tmp_path / "damaged.jsonl", HEADER, "garbage"))
            assert gc.isenabled() is on
        finally:
            gc.enable()


def test_names_are_shared_between_loaded_events(tmp_path: Path) -> None:
    some().save(tmp_path / "trace.jsonl")
    loaded = Trace.load(tmp_path / "trace.jsonl")
    assert loaded[0].thread is loaded[2].thread
    assert loaded[0].processor is loaded[2].processor


def test_more_events_than_are_parsed_at_once(tmp_path: Path) -> None:
    trace = some(12_001)
    trace.save(tmp_path / "trace.jsonl")
    assert Trace.load(tmp_path / "trace.jsonl") == trace
    lines = (tmp_path / "trace.jsonl").read_text().splitlines()
    lines[11_000] = "[1,2"
    with pytest.raises(TraceError, match=r"trace\.jsonl, line 11001: the line is damaged"):
        Trace.load(written(tmp_path / "trace.jsonl", *lines))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "line 1: the file is empty"),
        (["hello"], "line 1: this is not a trace"),
        (["{hello"], "line 1: the header line is damaged"),
        ([{"format": "chrome"}], "line 1: this is not a trace that taskpool has saved: its format is 'chrome'"),
        ([{"traceEvents": []}], "line 1: this is not a trace that taskpool has saved: its format is None"),
        ([HEADER | {"version": VERSION + 1}], f"line 1: the trace has version {VERSION + 1}; .* update it"),
        ([HEADER | {"version": "1"}], "line 1: the header is damaged: version is '1'"),
        ([HEADER | {"events": -1}], "line 1: the header is damaged: events is -1"),
        ([HEADER | {"dropped": None}], "line 1: the header is damaged: dropped is None"),
        ([HEADER | {"meta": []}], r"line 1: the header is damaged: meta is \[\]"),
        ([HEADER], "line 2: truncated: the header promises 1 events, there are 0"),
        ([HEADER | {"events": 3}, EVENT, EVENT], "line 4: truncated: the header promises 3 events, there are 2"),
        ([HEADER, EVENT, EVENT], "line 3: the header promises 1 events, but there are more"),
        ([HEADER | {"events": 2}, EVENT, "garbage"], "line 3: the line is damaged or cut off"),
        ([HEADER | {"events": 2}, EVENT, ""], "line 3: the line is empty"),
        ([HEADER | {"events": 2}, EVENT, '[0,0.5,"ma'], "line 3: the line is damaged or cut off"),
        ([HEADER | {"events": 2}, "[1,[2", "3]]"], "line 2: the line is damaged or cut off"),
        ([HEADER, "[" * 100_000], "line 2: the line is damaged or cut off"),
        ([HEADER, {"seq": 0}], "line 2: not an event"),
        ([HEADER, EVENT[:-1]], r"line 2: not an event, which is a list of 8 values \(seq, time"),
        ([HEADER, [*EVENT[:3], "task_run", *EVENT[4:]]], "line 2: there is no event kind 'task_run'"),
        ([HEADER, [*EVENT[:3], [], *EVENT[4:]]], "line 2: an event has a value of the wrong type"),
        ([HEADER, ["0", *EVENT[1:]]], "line 2: an event has a value of the wrong type"),
        ([HEADER, [True, *EVENT[1:]]], "line 2: an event has a value of the wrong type"),
        ([HEADER, '[0,NaN,"main","task_pushed",null,null,null,{}]'], "line 2: the line is damaged .*NaN is not JSON"),
        ([HEADER, '[0,1e999,"main","task_pushed",null,null,null,{}]'], "line 2: an event has a value of the wrong"),
        ([HEADER, [0, 10**400, *EVENT[2:]]], "line 2: an event has a value of the wrong type"),
        ([HEADER, [*EVENT[:7], None]], "line 2: an event has a value of the wrong type"),
    ],
)
@pytest.mark.parametrize("name", NAMES)
def test_damaged_and_foreign_files_are_refused(tmp_path: Path, name: str, lines: Iterable[Any], message: str) -> None:
    path = written(tmp_path / name, *lines)
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(path.read_bytes()))
    with pytest.raises(TraceError, match=f"{name}, {message}") as refusal:
        Trace.load(path)
    assert str(refusal.value).startswith(str(path))


def test_every_truncation_is_noticed(tmp_path: Path) -> None:
    for name in NAMES:
        path = tmp_path / name
        some().save(path)
        whole = path.read_bytes()
        # Without its last line break a file of lines still holds everything.
        for size in range(len(whole) - (name == "trace.jsonl")):
            path.write_bytes(whole[:size])
            with pytest.raises(TraceError, match=f"{name}, line "):
                Trace.load(path)


def test_damaged_compression_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl.gz"
    some().save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-8] + b"\x00" * 8)
    with pytest.raises(TraceError, match=r"trace\.jsonl\.gz, line \d: the compressed data is truncated or damaged"):
        Trace.load(path)


@pytest.mark.parametrize(
    "content",
    [
        b"\x00\x01\x02\xff" * 100,
        b"\x89PNG\r\n\x1a\n",
        b"{\xff\xfe",
        b"\x1f\x8b",
        b"\x1f\x8bnonsense",
        b"\x80\x04}\x94.",
    ],
)
def test_binary_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_bytes(content)
    with pytest.raises(TraceError, match=r"trace\.jsonl, line 1: "):
        Trace.load(path)


def test_a_folder_and_a_missing_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match=f"{tmp_path}: cannot be read: Is a directory"):
        Trace.load(tmp_path)
    with pytest.raises(TraceError, match="missing.jsonl: cannot be read: No such file"):
        Trace.load(tmp_path / "missing.jsonl")


def test_a_file_with_other_line_ends_is_read(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    some().save(path)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert Trace.load(path) == some()


@pytest.mark.parametrize(
    ("trace", "message"),
    [
        (Trace([Event(4, 0.0, "main", EventKind.TASK_PUSHED, detail={"label": object()})]), "event 4 .*object is not"),
        (Trace([Event(4, 0.0, "main", EventKind.TASK_PUSHED, detail={"depth": float("nan")})]), "event 4 "),
        (Trace([Event(4, 0.0, "main", EventKind.TASK_PUSHED, detail={1: 2})]), "event 4 "),  # type: ignore[dict-item]
        (
            Trace([Event(4, float("inf"), "main", EventKind.TASK_PUSHED)]),
            r"event 4 \(task_pushed\) cannot be written as JSON: its time is inf",
        ),
        (Trace(meta={"params": {"deadline": float("inf")}}), "the trace's meta cannot be written as JSON"),
    ],
)
@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_json_is_not_saved_and_what_was_there_is_kept(
    tmp_path: Path, name: str, trace: Trace, message: str
) -> None:
    path = tmp_path / name
    some().save(path)
    with pytest.raises(TraceError, match=f"{name}: not written, because {message}"):
        trace.save(path)
    assert Trace.load(path) == some()
    assert names_in(tmp_path) == [name]


def test_an_interrupt_while_saving_keeps_what_was_there(tmp_path: Path) -> None:
    class Interrupting(dict[str, Any]):
        def items(self) -> Any:
            raise KeyboardInterrupt

    path = tmp_path / "trace.jsonl"
    some().save(path)
    with pytest.raises(KeyboardInterrupt):
        Trace([Event(0, 0.0, "main", EventKind.TASK_PUSHED, detail=Interrupting(a=1))]).save(path)
    assert Trace.load(path) == some()
    assert names_in(tmp_path) == ["trace.jsonl"]


def test_saving_onto_a_folder_is_refused_and_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(TraceError, match="folder: cannot be written: "):
        some().save(folder)
    assert names_in(tmp_path) == ["folder"]


def test_saving_through_a_link_replaces_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    link = tmp_path / "latest.jsonl"
    link.symlink_to(tmp_path / "kept" / "trace.jsonl")
    some().save(link)
    assert link.is_symlink()
    assert Trace.load(tmp_path / "kept" / "trace.jsonl") == some()


def test_a_pipe_is_written_to_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        some().save(pipe)
        content = os.read(reader, 10_000)
    finally:
        os.close(reader)
    assert pipe.is_fifo()
    some().save(tmp_path / "trace.jsonl")
    assert content == (tmp_path / "trace.jsonl").read_bytes()


def test_a_long_name_leaves_room_for_the_file_beside_it(tmp_path: Path) -> None:
    path = tmp_path / (string.ascii_lowercase * 9 + ".jsonl")
    some().save(path)
    assert Trace.load(path) == some()
