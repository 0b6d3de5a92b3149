"""Stories and their parameters: complete, checked before anything is opened, helpful when wrong."""

import inspect

import pytest

from taskpool.scenarios import (
    Design,
    Parameter,
    Scenario,
    ScenarioError,
    get_design,
    get_scenario,
    list_designs,
    list_scenarios,
    program,
    register,
    register_design,
    run,
)
from taskpool.scenarios.program import set_up

STORIES = [
    "nested-push-wait",
    "masquerade",
    "pause-many",
    "cross-push-wait",
    "long-tasks",
    "registration-storm",
    "stasis-fanout",
]


def test_every_story_is_listed_in_the_order_in_which_it_is_best_met():
    assert list(list_scenarios()) == STORIES


@pytest.mark.parametrize("name", STORIES)
def test_a_story_is_complete(name):
    scenario = get_scenario(name)
    assert scenario.name == name
    assert scenario.title
    assert scenario.story.count(".") >= 3 and "\n" not in scenario.story
    assert len(scenario.look_for) >= 3
    assert all(sentence.endswith(".") for sentence in scenario.look_for)
    for parameter in scenario.parameters:
        assert parameter.meaning.endswith((".", "none."))
        assert parameter.unit or parameter.choices
        assert parameter.checked(parameter.default) == parameter.default
        assert parameter.checked(str(parameter.default)) == parameter.default
        assert parameter.name.endswith("_ms") == (parameter.unit == "ms")


@pytest.mark.parametrize("name", STORIES)
def test_a_program_takes_exactly_the_parameters_that_the_story_names(name):
    scenario = get_scenario(name)
    signature = inspect.signature(scenario.play)
    taken = {p.name for p in signature.parameters.values() if p.kind is p.KEYWORD_ONLY}
    assert taken == {p.name for p in scenario.parameters if not p.of_pool}
    assert {"threads", "bounded"} <= {p.name for p in scenario.parameters}


@pytest.mark.parametrize(
    ("default", "given", "value"),
    [
        (2, "3", 3),
        (2, 3.0, 3),
        (0.5, "2", 2.0),
        (0.5, 2, 2.0),
        (True, "no", False),
        (False, "On", True),
        ("a", "a", "a"),
    ],
)
def test_values_are_converted_to_the_parameters_type(default, given, value):
    checked = Parameter("p", default, "A parameter.").checked(given)
    assert checked == value
    assert type(checked) is type(default)


@pytest.mark.parametrize(
    ("default", "given"),
    [
        (2, "x"),
        (2, 2.5),
        (2, True),
        (2, None),
        (2, -1),
        (0.5, "nan"),
        (0.5, "inf"),
        (0.5, []),
        (True, 1),
        (True, "perhaps"),
        ("a", 1),
    ],
)
def test_other_values_are_refused_by_name_and_value(default, given):
    with pytest.raises(ScenarioError, match=r"p=.* needed"):
        Parameter("p", default, "A parameter.").checked(given)


def test_a_choice_is_refused_with_the_choices():
    with pytest.raises(ScenarioError, match="where='nowhere': choose one of all, pool, empty, busy, own"):
        run("nested-push-wait", where="nowhere")


def test_unknown_names_offer_the_nearest():
    with pytest.raises(ScenarioError, match="no scenario 'masquerad'. Did you mean masquerade"):
        run("masquerad")
    with pytest.raises(ScenarioError, match="no design 'taskpol'. Did you mean taskpool"):
        run("masquerade", "taskpol")
    with pytest.raises(ScenarioError, match="no parameter of masquerade called 'cals'. Did you mean calls"):
        run("masquerade", cals=3)
    with pytest.raises(ScenarioError, match="Known: nested-push-wait, masquerade"):
        get_scenario("zzz")
    with pytest.raises(ScenarioError, match="Known: threadpool, taskpool"):
        get_design("zzz")
    with pytest.raises(ScenarioError, match="runtime='imagined': choose one of real, controlled"):
        run("masquerade", runtime="imagined")
    with pytest.raises(ScenarioError, match="deadline=0"):
        run("masquerade", deadline=0)


def test_the_explorers_program_is_checked_when_it_is_made():
    with pytest.raises(ScenarioError, match="threads=0: at least 1"):
        program("masquerade", threads=0)
    assert program("masquerade", "threadpool").__name__ == "masquerade on threadpool"


def test_a_bounded_pool_stays_at_its_threads_and_an_unbounded_one_has_no_limit():
    def asked(**params: object) -> tuple[int, int, str]:
        request = set_up("pause-many", "taskpool", params).request()
        return request.threads, request.max_threads, request.grow_when

    assert asked(threads=3) == (3, 3, "queued")
    assert asked(threads=3, bounded=False) == (3, 0, "queued")
    request = set_up("long-tasks", "taskpool", {"threads": 2, "max_threads": 6, "grow_when": "exhausted"}).request()
    assert (request.threads, request.max_threads, request.grow_when) == (2, 6, "exhausted")
    assert set_up("long-tasks", "taskpool", {"threads": 9, "max_threads": 6}).request().max_threads == 9


def test_names_are_registered_once():
    scenario = get_scenario("masquerade")
    assert register(scenario) is scenario
    other = Scenario("masquerade", "t", "s", (), (), print)
    with pytest.raises(ScenarioError, match="already a scenario"):
        register(other)
    with pytest.raises(ScenarioError, match="already a design"):
        register_design(Design("taskpool", "t", lambda request, runtime, recorder: None))  # type: ignore[arg-type,return-value]
    assert set(list_designs()) >= {"threadpool", "taskpool"}
