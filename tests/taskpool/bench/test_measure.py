"""Figures are taken in turns, counted exactly, and compared only within a round."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from taskpool.bench import measure
from taskpool.bench.measure import Sample, Spread, ratio_spread, sample, spread, turns


def test_every_side_has_its_turn_and_another_one_begins_each_round():
    sides = {"a": 1, "b": 2, "c": 3}
    rounds = [list(turns(sides, number)) for number in range(4)]
    assert ["".join(name for name, _ in taken) for taken in rounds] == ["abc", "bca", "cab", "abc"]
    assert all(dict(taken) == sides for taken in rounds)
    assert list(turns({}, 1)) == []


def test_a_ratio_is_of_one_round():
    """The medians' ratio would be 1: the machine was slower in the second round."""
    assert ratio_spread((10.0, 1.0, 2.0), (5.0, 1.0 / 3, 2.0)) == Spread(2.0, 1.0, 3.0)


def test_rounds_that_do_not_match_give_no_ratio():
    with pytest.raises(ValueError, match="shorter"):
        ratio_spread((1.0, 1.0), (1.0,))


def test_a_sample_counts_what_ran():
    taken = sample(lambda: 7)
    assert taken.count == 7
    assert (Sample(4, 2.0, 1.0).rate, Sample(4, 2.0, 1.0).cpu_per_task) == (2.0, 0.25)


def test_garbage_of_earlier_work_is_collected_before_a_sample(monkeypatch):
    steps: list[str] = []
    monkeypatch.setattr(measure, "gc", SimpleNamespace(collect=lambda: steps.append("collected")))

    def run():
        steps.append("ran")
        return 1

    sample(run)
    assert steps == ["collected", "ran"]


def test_nothing_measured_is_an_error():
    with pytest.raises(ValueError, match="0 tasks ran"):
        sample(lambda: 0)
    with pytest.raises(ValueError, match="at least 1 round"):
        spread([])
