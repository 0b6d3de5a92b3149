"""The state search on programs that can be counted by hand."""

from math import factorial

import pytest

from taskpool.errors import OptionError
from taskpool.explore import explore
from taskpool.explore.state_search import StateSearch


class Counters:
    """``threads`` threads, each of which adds to a total under one lock."""

    def __init__(self, threads):
        self.threads = threads
        self.total = 0

    def __call__(self, runtime):
        self.total = 0
        lock = runtime.Lock("lock")

        def add():
            with lock:
                self.total += 1

        for number in range(self.threads):
            runtime.spawn(add, name=f"add-{number}")

        def check():
            assert self.total == self.threads

        return check


def of_its_owner(thread, kernel):
    return thread.op.name == "release" and thread.obj.owner is thread


@pytest.mark.parametrize("threads", [2, 3, 4, 5])
def test_it_visits_each_state_once_and_counts_every_order(threads):
    program = Counters(threads)
    search = StateSearch(lambda kernel: program.total, of_its_owner)
    report = explore(program, search)
    assert report.exhausted and not report.failures
    # A state is the set of those that have added; there is a choice while two or more are left.
    assert search.states == 2**threads - 1 - threads
    assert search.covered == factorial(threads)


def test_without_a_fingerprint_it_tries_every_order():
    program = Counters(3)
    search = StateSearch(lambda kernel: None, of_its_owner)
    assert explore(program, search).schedules == search.covered == 6
    assert search.states == 0


def test_it_finds_a_deadlock():
    def program(runtime):
        locks = [runtime.Lock("a"), runtime.Lock("b")]

        def take(first, second):
            with first, second:
                pass

        runtime.spawn(take, *locks, name="ab")
        runtime.spawn(take, *reversed(locks), name="ba")

    def owners(kernel):
        return tuple(thread.obj.owner and thread.obj.owner.name for thread in kernel.threads if not thread.ended)

    report = explore(program, StateSearch(owners, lambda thread, kernel: False))
    assert report.exhausted
    assert [failure.kind for failure in report.failures] == ["deadlock"]


def test_a_search_can_be_resumed():
    program = Counters(4)
    search = StateSearch(lambda kernel: program.total, of_its_owner)
    report = explore(program, search, max_schedules=3)
    assert not report.exhausted
    report.resume()
    assert report.exhausted
    assert search.covered == 24


def test_it_refuses_deadlines_that_pass_at_any_time():
    program = Counters(2)
    with pytest.raises(OptionError, match="states are searched with deadlines"):
        explore(program, StateSearch(lambda kernel: 0, of_its_owner), timeouts="explore")
