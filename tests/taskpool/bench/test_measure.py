"""Figures are taken in turns, counted exactly, and compared only within a round."""

from __future__ import annotations

import pytest

from taskpool.bench.measure import Sample, Spread, interleave, ratio_spread, sample, spread


def test_every_side_runs_once_a_round_and_another_one_begins_each_round():
    ran: list[str] = []

    def side(name):
        def run():
            ran.append(name)
            return Sample(len(ran), 1.0, 1.0)

        return run

    samples = interleave({name: side(name) for name in "abc"}, 3)
    assert ran == list("abcbcacab")
    assert {name: [one.count for one in taken] for name, taken in samples.items()} == {
        "a": [1, 6, 8],
        "b": [2, 4, 9],
        "c": [3, 5, 7],
    }


def test_a_ratio_is_of_one_round():
    """The medians' ratio would be 1: the machine was slower in the second round."""
    over = (Sample(10, 1.0, 1.0), Sample(10, 10.0, 1.0), Sample(10, 5.0, 1.0))
    under = (Sample(10, 2.0, 1.0), Sample(10, 30.0, 1.0), Sample(10, 5.0, 1.0))
    assert ratio_spread(over, under) == Spread(2.0, 1.0, 3.0)


def test_rounds_that_do_not_match_give_no_ratio():
    with pytest.raises(ValueError, match="shorter"):
        ratio_spread((Sample(1, 1.0, 1.0),) * 2, (Sample(1, 1.0, 1.0),))


def test_a_sample_counts_what_ran():
    taken = sample(lambda: 7)
    assert taken.count == 7
    assert (Sample(4, 2.0, 1.0).rate, Sample(4, 2.0, 1.0).cpu_per_task) == (2.0, 0.25)


def test_nothing_measured_is_an_error():
    with pytest.raises(ValueError, match="0 tasks ran"):
        sample(lambda: 0)
    with pytest.raises(ValueError, match="at least 1 round"):
        spread([])
    with pytest.raises(ValueError, match="rounds=0"):
        interleave({}, 0)
