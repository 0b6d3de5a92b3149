"""Counting: nothing is lost when threads end, and what they counted into is used again."""

import pytest

from taskpool.runtime.controlled import ControlledRuntime
from taskpool.runtime.real import RealRuntime
from taskpool.scenarios.sip.counts import NAMES, Counts


@pytest.mark.threads
def test_threads_that_have_ended_leave_their_counts_and_no_more():
    runtime = RealRuntime()
    counts = Counts(runtime)
    for _ in range(50):
        runtime.spawn(counts.add, "calls").join(60)
    counts.add("calls")
    assert counts.of("calls") == 51
    assert counts.as_dict() == {**dict.fromkeys(NAMES, 0), "calls": 51}
    assert len(counts._threads) < 50


def test_counting_is_no_scheduling_point():
    runtime = ControlledRuntime()
    counts = Counts(runtime)

    def program():
        for _ in range(3):
            runtime.spawn(counts.add, "calls")

    runtime.run(program)
    assert counts.of("calls") == 3
    assert runtime.kernel.steps == []
