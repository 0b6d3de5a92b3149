"""Every exercise: its solution passes, every wrong answer gets its hint, and whatever is handed in is judged."""

import re
import threading
import time

import pytest

from taskpool.errors import OptionError
from taskpool.exercises import exercise, exercises
from taskpool.explore import explore

ALL = exercises()
MISTAKES = [(each, mistake) for each in ALL for mistake in each.mistakes]


def made_from(text, name):
    """The answer that a cell with this text defines."""
    names = {}
    exec(text, names)
    return names[name]


@pytest.mark.parametrize("each", ALL, ids=lambda each: each.name)
def test_the_solution_passes_as_it_is_written(each):
    verdict = each.check(made_from(each.solution, each.answer))
    assert verdict, str(verdict)
    assert verdict.hint == ""
    assert "Exhausted" in verdict.coverage


@pytest.mark.parametrize("each", ALL, ids=lambda each: each.name)
def test_the_starter_fails_politely(each):
    verdict = each.check(made_from(each.starter, each.answer))
    assert not verdict
    assert verdict.hint
    assert "Traceback" not in str(verdict)


@pytest.mark.parametrize(("each", "mistake"), MISTAKES, ids=[f"{e.name}-{m.make.__name__}" for e, m in MISTAKES])
def test_a_wrong_answer_gets_its_hint_and_a_schedule_that_shows_it(each, mistake):
    verdict = each.check(mistake.make())
    assert not verdict
    assert mistake.hint in verdict.hint
    assert verdict.run.outcome != "completed"
    shown = verdict._repr_mimebundle_()
    assert mistake.hint in shown["text/plain"]
    assert str(verdict.failure.schedule) in shown["text/html"]


@pytest.mark.parametrize("each", ALL, ids=lambda each: each.name)
def test_no_two_mistakes_of_an_exercise_are_told_alike(each):
    assert len({mistake.hint for mistake in each.mistakes}) == len(each.mistakes) >= 3


def answer_that(push):
    """An answer whose push is this."""

    class Answer:
        def __init__(self, runtime):
            self.runtime = runtime

    Answer.push = push
    return Answer


def never_ends(self, task):
    while True:
        pass


def goes_on_for_ever(self, task):
    while True:
        self.runtime.sleep(0)


def real_thread(self, task):
    threading.Thread(target=task).start()


def real_sleep(self, task):
    time.sleep(0)


def real_lock(self, task):
    threading.Lock().acquire()


def hangs(self, task):
    lock = self.runtime.Lock()
    lock.acquire()
    lock.acquire()


def raises(self, task):
    raise ValueError("no")


@pytest.mark.parametrize(
    ("push", "says"),
    [
        (never_ends, "loops without end"),
        (goes_on_for_ever, "Livelock|Unfinished"),
        (real_thread, "real thread"),
        (real_sleep, "calls time.sleep"),
        (real_lock, "real lock"),
        (hangs, "Deadlock"),
        (raises, "no"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_whatever_an_answer_does_is_reported_and_the_next_one_is_judged(push, says):
    each = exercise("own-taskprocessor")
    before = {thread for thread in threading.enumerate() if not thread.name.startswith("carrier-")}
    verdict = each.check(answer_that(push))
    assert not verdict
    assert verdict.hint
    assert re.search(says, verdict.says), verdict.says
    assert {thread for thread in threading.enumerate() if not thread.name.startswith("carrier-")} <= before
    assert each.check(each.make_solution())
    assert explore(lambda runtime: None).exhausted


@pytest.mark.parametrize("answer", [None, 3, "MyTaskProcessor"])
def test_what_is_no_class_is_told_so(answer):
    verdict = exercise("own-taskprocessor").check(answer)
    assert not verdict
    assert "MyTaskProcessor is to be a class" in verdict.says
    with pytest.raises(OptionError, match="no failing run"):
        _ = verdict.run


def test_a_class_of_another_shape_is_told_what_it_lacks():
    verdict = exercise("own-taskprocessor").check(type("MyTaskProcessor", (), {}))
    assert not verdict
    assert "MyTaskProcessor() takes no arguments" in verdict.says


def test_an_exercise_is_found_by_its_name():
    assert [exercise(each.name).title for each in ALL] == [each.title for each in ALL]
    with pytest.raises(OptionError, match="there are own-taskprocessor, "):
        exercise("own-pool")


def test_an_exercise_shows_its_prompt_and_where_to_start():
    each = exercise("pause")
    shown = each._repr_mimebundle_()["text/markdown"]
    assert each.prompt in shown
    assert "`.check(MySerializer)` judges" in shown
    assert [each.lesson for each in ALL] == sorted(each.lesson for each in ALL)


def test_a_verdict_in_short_says_what_happened_and_the_hint_and_nothing_else():
    each = exercise("own-taskprocessor")
    whole = each.check(each.make_starter())
    assert whole.failure is not None
    assert whole.coverage
    assert str(whole.short) == f"✗ {whole.says}\n  Hint: {whole.hint}"


def test_the_steps_show_the_lines_of_cells_and_not_those_of_the_package():
    each = exercise("own-taskprocessor")
    names = {}
    exec(compile(each.starter, "/tmp/ipykernel_1/2.py", "exec"), names)
    shown = each.check(names["MyTaskProcessor"])._repr_mimebundle_()
    for text in shown.values():
        assert "acquire lock-1 (cell:10)" in text
        assert ".py:" not in text
