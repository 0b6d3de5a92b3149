"""The fair clock: what the pool of the exercise does to the time, and what is said of a clock that is wrong."""

import pytest

from taskpool.exercises import exercise
from taskpool.exercises.measuring import program_of
from taskpool.explore import explore, replay

MEASURE = exercise("measure")


def test_three_tasks_on_two_threads_take_four_milliseconds():
    seen = []

    def measure(*arguments):
        seen.append(MEASURE.make_solution()(*arguments))
        return seen[-1]

    assert replay(program_of(measure), "default").outcome == "completed"
    assert seen == [pytest.approx(3 / 0.004)]
    assert explore(program_of(measure)).exhausted
    assert {round(rate) for rate in seen} == {750}


@pytest.mark.parametrize(
    ("mistake", "says"),
    list(
        zip(
            MEASURE.mistakes,
            [
                "ran for 0.3 ms, the tasks took 4.0 ms: it stopped when all was pushed",
                "ran for 3.1 ms, the tasks took 4.0 ms: it stopped while a task still ran",
                "ran for 12.0 ms, the tasks took 4.0 ms: it ran before the first push",
                "ran for 7.0 ms, the tasks took 4.0 ms: it ran on after the last task",
            ],
            strict=True,
        )
    ),
)
def test_a_wrong_clock_is_told_when_it_ran(mistake, says):
    assert says in MEASURE.check(mistake.make()).says


def test_a_pool_is_opened_once_and_every_task_runs():
    def opens_two(runtime, open_pool, task, count):
        open_pool()
        return MEASURE.make_solution()(runtime, open_pool, task, count)

    def leaves_one_out(runtime, open_pool, task, count):
        return MEASURE.make_solution()(runtime, open_pool, task, count - 1)

    assert "2 pools were opened" in MEASURE.check(opens_two).says
    assert "2 tasks ran, of 3" in MEASURE.check(leaves_one_out).says


@pytest.mark.parametrize("rate", [None, "750", True, 0, -1.0])
def test_what_is_no_rate_is_told_so(rate):
    def measure(runtime, open_pool, task, count):
        open_pool().close()
        return rate

    verdict = MEASURE.check(measure)
    assert f"{rate!r}, is no number of tasks a second" in verdict.says
    assert "Return a number" in verdict.hint
