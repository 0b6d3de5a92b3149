"""The recorder keeps the newest events, counts what it drops, and refuses a capacity that is none."""

import copy

import pytest

from taskpool.errors import OptionError
from taskpool.events import EventKind
from taskpool.recorder import Recorder
from taskpool.runtime import default_runtime


def test_the_ring_keeps_the_newest_and_counts_the_dropped() -> None:
    recorder = Recorder(capacity=3)
    for _ in range(5):
        recorder.record(default_runtime(), "main", EventKind.TASK_PUSHED, "pool")
    assert (len(recorder), recorder.dropped) == (3, 2)


def test_an_empty_recorder_is_a_recorder() -> None:
    assert Recorder()


def test_task_numbers_are_never_given_twice() -> None:
    recorder = Recorder()
    assert [recorder.new_task_id() for _ in range(3)] == [1, 2, 3]


def test_what_is_new_since_a_number_is_told_without_the_rest() -> None:
    recorder = Recorder(capacity=200)
    assert recorder.since(0) == []
    for _ in range(300):
        recorder.record(default_runtime(), "main", EventKind.TASK_PUSHED, "pool")
    assert recorder.since(0) == recorder.since(100) == list(recorder.trace())
    assert [event.seq for event in recorder.since(297)] == [297, 298, 299]
    assert recorder.since(250) == list(recorder.trace())[150:]
    assert recorder.since(300) == recorder.since(1_000) == []
    recorder.clear()
    assert recorder.since(0) == []


@pytest.mark.threads
def test_nothing_is_missed_or_told_twice_while_others_record() -> None:
    recorder, runtime = Recorder(), default_runtime()
    writers = [
        runtime.spawn(lambda: [recorder.record(runtime, "w", EventKind.TASK_PUSHED, "pool") for _ in range(3_000)])
        for _ in range(2)
    ]
    seen: list[int] = []
    while len(seen) < 6_000:
        # Two writers may append in the other order than they drew their numbers: only what has no gap is sure.
        for event in recorder.since(len(seen)):
            if event.seq != len(seen):
                break
            seen.append(event.seq)
    for writer in writers:
        writer.join()
    assert seen == list(range(6_000))


@pytest.mark.parametrize("capacity", [0, -1, 1.5, True, "many"])
def test_a_capacity_that_is_none_is_refused_by_name(capacity: object) -> None:
    with pytest.raises(OptionError, match="capacity="):
        Recorder(capacity)  # type: ignore[arg-type]


def test_details_come_back_as_they_were_handed_in_and_the_ring_drops_whole_events() -> None:
    recorder = Recorder(capacity=3)
    details = [{"label": "a", "wait": True, "depth": 1}, {}, {"unrun": {"p": 2}}, {"label": "b"}, {"depth": 7}]
    for number, detail in enumerate(details, 1):
        recorder.record(default_runtime(), "main", EventKind.TASK_PUSHED, "pool", number, None, detail)
    trace = recorder.trace()
    assert [(event.seq, event.task, event.detail) for event in trace] == [(n, n + 1, details[n]) for n in (2, 3, 4)]
    assert [event.detail for event in copy.deepcopy(list(trace))] == details[2:]
