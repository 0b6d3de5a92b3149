"""Random programs: every strategy finds what naive search finds. `crosscheck.py` does it for as many as one likes."""

from __future__ import annotations

import pytest
from crosscheck import check, survey
from random_programs import random_program

from taskpool.explore.optimal_dpor import OptimalSearch


@pytest.mark.parametrize("first", range(0, 240, 24))
def test_all_strategies_agree_with_naive_search(first):
    compared = 0
    for seed in range(first, first + 24):
        wrong, results = check(seed, bound=150)
        assert wrong == [], f"seed {seed}\n{random_program(seed)}"
        compared += results["dfs"].complete
    assert compared >= 10


@pytest.mark.parametrize("first", range(1000, 1120, 24))
def test_they_agree_when_deadlines_may_fire_early(first):
    for seed in range(first, first + 24):
        wrong, _ = check(seed, bound=150, early=1)
        assert wrong == [], f"seed {seed}\n{random_program(seed)}"


def test_hardly_any_execution_is_made_in_vain():
    executions = redundant = 0
    for seed in range(2000, 2200):
        found = survey(random_program(seed), OptimalSearch(), 300)
        executions += found.executions
        redundant += found.redundant + found.repeated
    assert executions > 1000
    assert redundant <= executions * 0.005
