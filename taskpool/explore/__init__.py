"""Every interleaving of a program, or the ones that matter: search, replay, report.

A *program* is called with a `ControlledRuntime`, creates its threads and objects through it, and returns None or a
check that is called once everything has ended. A *strategy* decides which thread goes on at each step:

* `taskpool.explore.optimal_dpor` – one execution for each trace class; the default
* `taskpool.explore.source_dpor`, `taskpool.explore.sleep_sets`, `taskpool.explore.dfs` – its simpler forerunners
* `taskpool.explore.state_search` – each state once, where somebody says what a state is; `make prove` does
* `taskpool.explore.random_walk`, `taskpool.explore.pct`, `taskpool.explore.round_robin` – samples
* `taskpool.explore.replay` – the one execution of a `Schedule`
"""

from taskpool.explore.errors import Diverged, NotDeterministic, ScheduleError
from taskpool.explore.explorer import explore, random_walks
from taskpool.explore.replayed import replay
from taskpool.explore.report import Failure, Report
from taskpool.explore.schedule import Schedule

__all__ = [
    "Diverged",
    "Failure",
    "NotDeterministic",
    "Report",
    "Schedule",
    "ScheduleError",
    "explore",
    "random_walks",
    "replay",
]
