"""Long work in turns: other right ways to write it pass, and what is told of answers of other shapes."""

import pytest

from taskpool.exercises import exercise

TURNS = exercise("turns")


def pushes_before_it_steps(pool, session, steps):
    if steps:
        session.push(pushes_before_it_steps, pool, session, steps[1:])
        steps[0]()


def has_a_task_of_its_own(pool, session, steps):
    following = iter(steps)

    def next_step():
        step = next(following, None)
        if step is not None:
            step()
            session.push(next_step)

    session.push(next_step)


@pytest.mark.parametrize("answer", [pushes_before_it_steps, has_a_task_of_its_own])
def test_another_way_to_push_the_next_step_passes_on_every_schedule(answer):
    verdict = TURNS.check(answer)
    assert verdict, str(verdict)
    assert verdict.coverage.count("Exhausted") == 3


def two_at_a_time(pool, session, steps):
    for step in steps[:2]:
        session.push(step)
    if steps[2:]:
        session.push(two_at_a_time, pool, session, steps[2:])


def a_serializer_for_each_step(pool, session, steps):
    for number, step in enumerate(steps):
        pool.serializer(f"step-{number}").push(step)


def backwards(pool, session, steps):
    if steps:
        steps[-1]()
        session.push(backwards, pool, session, steps[:-1])


def counts_on_a_first_step(pool, session, steps):
    steps[0]()
    if len(steps) > 1:
        session.push(counts_on_a_first_step, pool, session, steps[1:])


@pytest.mark.parametrize(
    ("answer", "says", "hint"),
    [
        (two_at_a_time, "waited for 2 steps", "as many tasks as were queued"),
        (a_serializer_for_each_step, "had their turn together", "as many tasks as were queued"),
        (backwards, "ran before task", "The order of the steps"),
        (counts_on_a_first_step, "In_turns raised IndexError", "any length"),
        (lambda pool, session, steps: None, "No task ran at all", "A step is missing"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_an_answer_of_another_shape_is_told_what_happened(answer, says, hint):
    verdict = TURNS.check(answer)
    assert not verdict
    assert says in verdict.says
    assert hint in verdict.hint
