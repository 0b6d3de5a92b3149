"""The levels: each solution reaches its goal, and the goal is neither given away nor out of reach."""

import pytest

from taskpool.errors import OptionError
from taskpool.exercises.levels import LEVELS, level
from taskpool.explore import explore, replay
from taskpool.explore.dfs import NaiveSearch
from taskpool.explore.schedule import Schedule
from visualize.stepper import stepper
from visualize.stepper_goals import switches


def reached(each, schedule):
    """Whether a schedule, played in the stepper, reaches the level's goal."""
    with stepper(each.program, goal=each.goal) as played:
        played.load(schedule, whole=True)
        return played.judgement.reached


@pytest.mark.parametrize("each", LEVELS, ids=lambda each: each.title)
def test_its_solution_reaches_the_goal(each):
    assert reached(each, each.solution)
    Schedule.parse(each.solution)
    assert len(each.solution) <= 40


@pytest.mark.parametrize("each", [each for each in LEVELS if each.number != 3], ids=lambda each: each.title)
def test_just_going_on_does_not_reach_it(each):
    outcome = replay(each.program, "default").outcome
    assert outcome == ("deadlocked" if isinstance(each.goal, int) else "completed")


class Fewest(NaiveSearch):
    """Tries everything, and remembers the fewest switches of a run that comes to its end."""

    def __init__(self):
        super().__init__()
        self.found = []

    def end(self, kernel):
        if all(thread.ended for thread in kernel.threads):
            self.found.append(switches([step[0].number for step in kernel.steps]))


@pytest.mark.parametrize("each", [each for each in LEVELS if isinstance(each.goal, int)], ids=lambda each: each.title)
def test_fewer_switches_than_asked_for_are_impossible(each):
    search = Fewest()
    assert explore(each.program, search).exhausted
    assert min(search.found) == each.goal < max(search.found)


def test_there_are_ten_from_one_on_and_each_has_hints():
    assert [each.number for each in LEVELS] == list(range(1, 11))
    assert all(len(each.hints) >= 2 for each in LEVELS)
    assert level(2) is LEVELS[1]
    with pytest.raises(OptionError, match="levels 1 to 10"):
        level(11)


def test_a_level_tells_its_story_and_its_goal():
    assert "*Your goal:* make it deadlock." in level(2)._repr_mimebundle_()["text/markdown"]
    assert "in 8 switches at most" in level(8)._repr_mimebundle_()["text/plain"]
