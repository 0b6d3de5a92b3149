"""The cases to break: their solutions do, the schedule that a run takes by itself does not, and nonsense is told so."""

import pytest

from taskpool.errors import OptionError
from taskpool.exercises.breaking import CASES, case
from taskpool.scenarios.journey import PROGRAMS

EACH = pytest.mark.parametrize("each", CASES, ids=lambda each: each.name)


@EACH
def test_the_solution_breaks_it_and_the_run_by_itself_does_not(each):
    verdict = each.check(each.solution)
    assert len(each.solution) <= 40
    assert verdict, str(verdict)
    assert verdict.says.startswith("It breaks: ")
    assert ".py:" not in verdict.says
    by_itself = each.check("default")
    assert not by_itself
    assert by_itself.hint == each.hints[0]


@EACH
def test_it_is_a_fault_of_that_revision(each):
    assert each.revision in PROGRAMS[each.name].found_on


@pytest.mark.parametrize(("schedule", "says"), [("1-2", "is not STEP:THREAD"), ("1:77", "thread 77"), ("", "schedule")])
def test_a_schedule_that_cannot_be_is_told_so(schedule, says):
    verdict = CASES[0].check(schedule)
    assert not verdict
    assert says in verdict.says
    assert "stepper" in verdict.hint


def test_a_case_shows_its_task():
    shown = CASES[1]._repr_mimebundle_()["text/markdown"]
    assert "**second-suspender**" in shown
    assert CASES[1].task in shown
    assert repr(CASES[1]) == "<Case second-suspender on taskpool-shipped>"


def test_a_case_is_found_by_its_name():
    assert [case(each.name) for each in CASES] == list(CASES)
    with pytest.raises(OptionError, match="there are push-wait-through-pause, "):
        case("third-suspender")
