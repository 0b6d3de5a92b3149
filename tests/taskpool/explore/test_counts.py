"""Exactly how many executions each strategy needs, for programs where that is known."""

from __future__ import annotations

from collections import Counter

import pytest
from explore_programs import crossing, philosophers, reads_and_writes, writer_and_readers

from taskpool.explore import explore
from taskpool.explore.dfs import NaiveSearch
from taskpool.runtime.logical import is_ready


def found(program, strategy):
    """Executions, those given up, and executions that deadlocked."""
    report = explore(program, strategy)
    assert report.exhausted
    return report.schedules, report.redundant, sum(failure.count for failure in report.failures)


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [("dfs", (6, 0, 2)), ("sleep-sets", (5, 2, 1)), ("source", (3, 0, 1)), ("optimal", (3, 0, 1))],
)
def test_two_locks_in_opposite_orders(strategy, expected):
    assert found(crossing, strategy) == expected


@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_philosophers_have_all_orders_but_one_and_one_of_them_deadlocks(count):
    assert found(philosophers(count), "optimal") == (2**count - 1, 0, 1)


def test_philosophers_naively():
    assert found(philosophers(3), "dfs") == (168, 0, 6)


@pytest.mark.parametrize("count", [2, 3, 4])
def test_ordered_forks_never_deadlock(count):
    assert found(philosophers(count, ordered=True), "optimal") == (2**count - 2, 0, 0)


@pytest.mark.parametrize(("threads", "expected"), [(2, 4), (3, 36)])
@pytest.mark.parametrize("strategy", ["source", "optimal"])
def test_reading_then_writing_one_variable(threads, expected, strategy):
    assert found(reads_and_writes(threads), strategy) == (expected, 0, 0)


def test_one_writer_and_eight_readers():
    assert found(writer_and_readers(8), "optimal") == (256, 0, 0)


def test_a_put_and_the_get_that_waits_for_it_have_one_order():
    def program(runtime):
        queue = runtime.Queue("q")
        runtime.spawn(queue.put, 1)
        runtime.spawn(queue.get)

    assert found(program, "optimal") == (1, 0, 0)


def test_a_look_at_a_queue_has_two_orders_with_the_put():
    def program(runtime):
        queue = runtime.Queue("q")
        runtime.spawn(queue.put, 1)
        runtime.spawn(queue.qsize)

    assert found(program, "optimal") == (2, 0, 0)


def test_a_bound_on_preemptions_tries_the_schedules_within_it():
    class Counting(NaiveSearch):
        """Naive search that counts for itself how often a thread that could go on was made to wait."""

        def begin(self):
            self.preempted = 0
            return super().begin()

        def choose(self, kernel, current):
            chosen = super().choose(kernel, current)
            if chosen is not None and chosen is not current and not current.ended and is_ready(current):
                self.preempted += 1
            return chosen

        def end(self, kernel):
            counts[self.preempted] += 1

    counts = Counter()
    explore(philosophers(3), Counting())
    within = [sum(count for preempted, count in counts.items() if preempted <= bound) for bound in range(4)]
    assert sum(counts.values()) == 168
    assert [explore(philosophers(3), "dfs", preemptions=bound).schedules for bound in range(4)] == within
