"""The recorder keeps the newest events, counts what it drops, and refuses a capacity that is none."""

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


def test_task_numbers_are_never_given_twice() -> None:
    recorder = Recorder()
    assert [recorder.new_task_id() for _ in range(3)] == [1, 2, 3]


@pytest.mark.parametrize("capacity", [0, -1, 1.5, True, "many"])
def test_a_capacity_that_is_none_is_refused_by_name(capacity: object) -> None:
    with pytest.raises(OptionError, match="capacity="):
        Recorder(capacity)  # type: ignore[arg-type]
