"""What all tests share."""

from importlib.util import find_spec

# These drive whole pools; they are collected as soon as the pools and the trace are in the package.
collect_ignore = (
    ["taskpool/test_cli.py", "taskpool/scenarios/test_scenario_runs.py"]
    if find_spec("taskpool.pool") is None or find_spec("taskpool.trace") is None
    else []
)
