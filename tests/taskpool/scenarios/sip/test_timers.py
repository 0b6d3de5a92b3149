"""Timers in virtual time: order, cancelling, failing, ending."""

import logging

import pytest

from taskpool.runtime.controlled import ControlledRuntime
from taskpool.runtime.real import RealRuntime
from taskpool.scenarios.sip.timers import Timers


def test_calls_are_made_when_they_are_due_in_that_order():
    runtime = ControlledRuntime()
    made = []

    def note(what):
        made.append((what, runtime.monotonic()))

    def program():
        timers = Timers(runtime)
        timers.after(3, note, "c")
        timers.after(1, note, "a")
        timers.after(2, note, "b").cancel()
        timers.after(1, note, "a too")
        runtime.sleep(5)
        assert len(timers) == 0
        timers.after(1, note, "d")
        runtime.sleep(2)
        timers.after(1, note, "never")
        timers.stop()
        timers.stop()
        timers.after(1, note, "never")
        assert len(timers) == 0

    runtime.run(program)
    assert made == [("a", 1), ("a too", 1), ("c", 3), ("d", 6)]


def test_a_call_that_fails_is_logged_and_the_next_is_made(caplog):
    runtime = ControlledRuntime()
    made = []

    def program():
        timers = Timers(runtime)
        timers.after(1, lambda: 1 / 0)
        timers.after(2, made.append, 1)
        runtime.sleep(3)
        timers.stop()

    with caplog.at_level(logging.ERROR):
        runtime.run(program)
    assert made == [1]
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.threads
def test_on_real_threads_an_earlier_timer_overtakes():
    runtime = RealRuntime()
    timers, made = Timers(runtime), runtime.Event()
    timers.after(3600, lambda: None)
    timers.after(0, made.set)
    assert made.wait(60)
    timers.stop()
