"""Rehearsals: the same every time, on every design, with what a lesson reads off them."""

from __future__ import annotations

import pytest

from taskpool.errors import OptionError
from taskpool.scenarios.sip.pools import DESIGNS
from taskpool.scenarios.sip.rehearsal import rehearse


def transfers(at_once):
    def story(callers, endpoint):
        for _ in range(at_once):
            callers.place("south", transfer=True)
        callers.runtime.sleep(0.1)
        callers.place("other")

    return story


def slow(at_once):
    def story(callers, endpoint):
        for _ in range(at_once):
            callers.place("slow")
        callers.runtime.sleep(0.1)
        callers.place("other")

    return story


def rings(run):
    return run.heard[-1].ringing


def test_a_pause_disturbs_nobody_on_the_taskpool_and_takes_threads_of_the_older_pool():
    runs = {design: rehearse(transfers(3), design) for design in DESIGNS}
    assert {design: rings(run) for design, run in runs.items()} == {
        "taskpool": 0,
        "threadpool": 0,
        "threadpool-bounded": pytest.approx(0.4),
    }
    assert (runs["taskpool"].peak_threads, runs["threadpool-bounded"].peak_threads) == (2, 2)
    assert runs["threadpool"].peak_threads > 3


def test_a_pause_that_needs_one_more_thread_never_ends_where_none_is_left():
    run = rehearse(transfers(6), "threadpool-bounded", notify_wait=True)
    assert rings(run) is None
    assert "waits for task" in run.stall
    assert not run.stopped.in_time
    assert run.trace.meta["outcome"] == "failed"
    assert "never" in str(run).splitlines()[-1]
    assert rings(rehearse(transfers(6), "taskpool", notify_wait=True)) == 0


def test_a_slow_peer_holds_threads_of_any_pool_and_growth_by_depth_does_not_help():
    slow_peer = {"threads": 4, "most": 50, "lookups": {"slow": 2.0}}
    assert rings(rehearse(slow(8), "taskpool", **slow_peer)) == pytest.approx(1.9)
    assert rings(rehearse(slow(8), "threadpool", **slow_peer)) == 0
    grown = rehearse(slow(8), "taskpool", grow_when="exhausted", **slow_peer)
    assert (rings(grown), 8 < grown.peak_threads <= 50) == (0, True)
    timer = rehearse(slow(8), "taskpool", threads=4, ring_time=2.0)
    assert (rings(timer), timer.peak_threads) == (0, 4)


def test_it_is_the_same_every_time_and_prints_what_was_heard():
    one, other = (rehearse(transfers(1)) for _ in range(2))
    assert (one.heard, one.log, one.counts) == (other.heard, other.log, other.counts)
    assert [event.kind for event in one.trace] == [event.kind for event in other.trace]
    assert str(one).splitlines()[-1].split() == ["other", "0", "ms", "0", "ms", "0", "completed"]
    assert one.ladder().splitlines()[0] == "     0 ms  -> INVITE"
    assert repr(one) == "<Rehearsal on taskpool: 2 calls>"


def test_what_cannot_be_rehearsed_is_refused():
    with pytest.raises(OptionError, match="design='no': choose one of taskpool"):
        rehearse(transfers(1), "no")
