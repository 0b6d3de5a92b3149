"""Two ends that ask each other: other right ways to write it pass, and what is told of answers of other shapes."""

import pytest

from taskpool.exercises import exercise

CROSSING = exercise("crossing")


def passes_then_on(mine, other, question, then):
    def finish(answer):
        then(answer)

    other.push(lambda: mine.push(finish, question()))


def test_another_way_to_push_the_answer_back_passes():
    verdict = CROSSING.check(passes_then_on)
    assert verdict, str(verdict)
    assert "Exhausted" in verdict.coverage


def asks_twice(mine, other, question, then):
    def at_the_other_end():
        question()
        mine.push(then, question())

    other.push(at_the_other_end)


def invents_the_answer(mine, other, question, then):
    other.push(question)
    then("yes")


def asks_the_pool(mine, other, question, then):
    then(mine.pool.push_wait(question))


def looks_again_and_again(mine, other, question, then):
    answers = []
    other.push(lambda: answers.append(question()))
    while not answers:
        mine.runtime.sleep(0.001)
    then(answers[0])


def forgets_an_argument(mine, other, question, then):
    other.push(lambda: mine.push(then))


@pytest.mark.parametrize(
    ("answer", "says", "hint"),
    [
        (asks_twice, "The question of A was called 2 times", "A promise was broken"),
        (invents_the_answer, "The rest of A was given 'yes' as the answer", "A promise was broken"),
        (asks_the_pool, "The question of A was called outside B", "Push it there"),
        (looks_again_and_again, "", "It goes round in circles|It does not come to an end"),
        (forgets_an_argument, "A task of A raised TypeError", "A promise was broken"),
        (lambda mine, other, question, then: None, "The question of A was never called", "Who calls `then`"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_an_answer_of_another_shape_is_told_what_happened(answer, says, hint):
    verdict = CROSSING.check(answer)
    assert not verdict
    assert says in verdict.says
    assert any(part in verdict.hint for part in hint.split("|")), verdict.hint


def test_what_comes_first_hangs_on_the_threadpool_and_not_on_a_taskpool_with_one_thread():
    verdict = CROSSING.check(CROSSING.make_starter())
    assert not verdict
    assert verdict.failure.kind == "deadlock"
    assert str(verdict.failure.schedule) == "default"
    assert verdict.coverage.startswith("Exhausted")
    assert verdict.trace.of_kind("pool_created")[0].detail["design"] == "threadpool"
