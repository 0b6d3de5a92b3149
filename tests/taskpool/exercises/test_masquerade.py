"""The masquerade: what is told of an answer that is nearly right, and that any right order of pauses passes."""

import threading
from contextlib import suppress

import pytest

from taskpool.exercises import exercise

MASQUERADE = exercise("masquerade")


def pauses_the_new_one_first(old, new, replace):
    first, second = sorted((old, new), key=lambda channel: channel.number)
    with new.session.suspended(), old.session.suspended(), first.lock, second.lock:
        replace()


def locks_the_higher_number_first(old, new, replace):
    first, second = sorted((old, new), key=lambda channel: -channel.number)
    with old.session.suspended(), new.session.suspended(), first.lock, second.lock:
        replace()


@pytest.mark.parametrize("answer", [pauses_the_new_one_first, locks_the_higher_number_first])
def test_pauses_in_any_order_and_locks_in_one_order_pass(answer):
    verdict = MASQUERADE.check(answer)
    assert verdict, str(verdict)
    assert verdict.coverage.count("Exhausted") == 3


def locks_and_pauses_channel_by_channel(old, new, replace):
    first, second = sorted((old, new), key=lambda channel: channel.number)
    with first.session.suspended(), first.lock, second.session.suspended(), second.lock:
        replace()


def test_two_channels_one_after_the_other_cross_without_a_deadlock():
    """A message of the second session does not need the first one's lock."""
    assert MASQUERADE.check(locks_and_pauses_channel_by_channel)


def resumes_before_it_replaces(old, new, replace):
    with old.session.suspended(), new.session.suspended():
        pass
    first, second = sorted((old, new), key=lambda channel: channel.number)
    with first.lock, second.lock:
        replace()


def test_a_pause_that_is_over_before_the_replacement_is_found_out():
    verdict = MASQUERADE.check(resumes_before_it_replaces)
    assert not verdict
    assert "was replaced" in verdict.says
    assert "Both sessions have to be paused" in verdict.hint


def does_nothing(old, new, replace):
    """Neither pause nor lock nor replacement."""


def keeps_the_exception(old, new, replace):
    with suppress(Exception):
        MASQUERADE.make_solution()(old, new, replace)


def replaces_twice(old, new, replace):
    MASQUERADE.make_solution()(old, new, lambda: replace())
    MASQUERADE.make_solution()(old, new, replace)


def tries_again(old, new, replace):
    try:
        MASQUERADE.make_solution()(old, new, replace)
    except Exception:  # noqa: BLE001 - whatever replace raised
        MASQUERADE.make_solution()(old, new, replace)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (does_nothing, "Replace was never called."),
        (keeps_the_exception, "Replace raised, and the caller was not told."),
        (replaces_twice, "Replace was called 2 times."),
        (tries_again, "Replace was called 2 times."),
    ],
)
def test_what_becomes_of_replace_is_said(answer, says):
    verdict = MASQUERADE.check(answer)
    assert not verdict
    assert verdict.says == says
    assert verdict.hint


def has_a_bug_of_its_own(old, new, replace):
    {}["no such key"]


def loops(old, new, replace):
    while True:
        pass


def takes_a_real_lock(old, new, replace):
    threading.Lock().acquire()


@pytest.mark.parametrize(
    ("answer", "says"),
    [(has_a_bug_of_its_own, "KeyError"), (loops, "loops without end"), (takes_a_real_lock, "real lock")],
)
def test_whatever_an_answer_does_is_told(answer, says):
    verdict = MASQUERADE.check(answer)
    assert not verdict
    assert says in verdict.says
    assert verdict.hint


def test_a_refused_wait_is_told_without_lines_of_the_package():
    mistake = next(m for m in MASQUERADE.mistakes if m.make.__name__ == "asks_the_paused_session")
    verdict = MASQUERADE.check(mistake.make())
    assert verdict.says.startswith("Exception: DeadlockError in main: this wait would close a cycle")
    assert ".py:" not in str(verdict)


def test_what_is_no_function_is_told_so():
    assert MASQUERADE.check(3).says == "masquerade is to be a function; this is int 3."
