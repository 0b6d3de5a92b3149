"""The selector: what an answer is shown of the queues, other answers that pass, and when the load is done."""

import pytest

from taskpool.exercises import exercise
from taskpool.exercises.choosing import LOADS, View, program_of
from taskpool.explore import replay

SELECTOR = exercise("selector")


def test_an_answer_is_shown_what_is_left_and_what_waits():
    seen = []

    def choose(queues):
        seen.append([(queue.running, queue.waiting) for queue in queues])
        return SELECTOR.make_solution()(queues)

    assert replay(program_of("three queues", choose), "default").outcome == "completed"
    assert seen == [
        [(0, []), (0, []), (0, [])],
        [(8.5, []), (0, []), (0, [])],
        [(8, []), (6.5, []), (0, [])],
        [(7.5, []), (6, []), (1.5, [])],
        [(7, []), (5.5, []), (1, [8])],
        [(0.75, []), (0.25, []), (2.75, [])],
    ]


@pytest.mark.parametrize(("load", "ends"), [("one long task", 6), ("five tasks", 5.1), ("three queues", 11)])
def test_the_solution_is_through_as_early_as_one_queue_would_be(load, ends):
    trace = replay(program_of(load, SELECTOR.make_solution()), "default").trace
    assert trace.end * 1000 == pytest.approx(ends)
    assert len(trace.task_spans()) == len(LOADS[load][1])


def test_the_last_of_equals_is_as_good_as_the_first():
    def choose(queues):
        return min(reversed(queues), key=lambda queue: queue.running + sum(queue.waiting))

    verdict = SELECTOR.check(choose)
    assert verdict, str(verdict)
    assert verdict.coverage.count("Exhausted") == len(LOADS)


def test_an_idle_thread_first_is_not_enough():
    def choose(queues):
        idle = [queue for queue in queues if not queue.running and not queue.waiting]
        return idle[0] if idle else queues[0]

    verdict = SELECTOR.check(choose)
    assert not verdict
    assert verdict.says == (
        "Task C went to queue 1, to begin after 3.8 ms; on queue 2 it would have begun after 0.9 ms."
    )


def test_a_view_shows_what_it_holds():
    assert repr(View([1.0, 2.5], 0.5)) == "<queue: running 0.5 ms, waiting [1.0, 2.5]>"


def test_an_answer_that_raises_is_told_so():
    def choose(queues):
        return queues[7]

    verdict = SELECTOR.check(choose)
    assert verdict.says.startswith("Exception: IndexError in main: list index out of range")


def test_a_wrong_choice_is_run_to_its_end_so_that_it_can_be_seen():
    mistake = next(each for each in SELECTOR.mistakes if each.make.__name__ == "counts_the_tasks")
    run = SELECTOR.check(mistake.make()).run
    assert run.outcome == "failed"
    assert [(span.label, span.processor) for span in run.trace.task_spans()] == [
        ("A", "queue 1"),
        ("B", "queue 2"),
        ("D", "queue 2"),
        ("C", "queue 1"),
        ("E", "queue 1"),
    ]
    assert run.trace.end * 1000 == pytest.approx(7)
