"""Stories from Asterisk, each one program that runs unchanged on every pool design.

`run` plays one and says how it ended, `compare_runs` plays it on several designs, `program` hands it to the explorer.
"""

from taskpool.scenarios.context import PromiseBroken, ScenarioContext
from taskpool.scenarios.cross_push_wait import CROSS_PUSH_WAIT
from taskpool.scenarios.designs import Design, PoolRequest, get_design, list_designs, register_design
from taskpool.scenarios.long_tasks import LONG_TASKS
from taskpool.scenarios.masquerade import MASQUERADE
from taskpool.scenarios.nested_push_wait import NESTED_PUSH_WAIT
from taskpool.scenarios.pause_many import PAUSE_MANY
from taskpool.scenarios.program import program
from taskpool.scenarios.registration_storm import REGISTRATION_STORM
from taskpool.scenarios.result import Outcome, Run, compare_text
from taskpool.scenarios.runner import compare_runs, run
from taskpool.scenarios.scenario import (
    Parameter,
    Scenario,
    ScenarioError,
    get_scenario,
    list_scenarios,
    register,
)
from taskpool.scenarios.stasis_fanout import STASIS_FANOUT

__all__ = [
    "Design",
    "Outcome",
    "Parameter",
    "PoolRequest",
    "PromiseBroken",
    "Run",
    "Scenario",
    "ScenarioContext",
    "ScenarioError",
    "compare_runs",
    "compare_text",
    "get_design",
    "get_scenario",
    "list_designs",
    "list_scenarios",
    "program",
    "register",
    "register_design",
    "run",
]

# In the order in which they are best met.
for _scenario in (
    NESTED_PUSH_WAIT,
    MASQUERADE,
    PAUSE_MANY,
    CROSS_PUSH_WAIT,
    LONG_TASKS,
    REGISTRATION_STORM,
    STASIS_FANOUT,
):
    register(_scenario)
