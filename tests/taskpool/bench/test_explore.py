"""The explorer's benchmark: its programs have the sizes that it promises, and its rows say what was measured."""

from __future__ import annotations

import pytest

from taskpool.bench.explore import HEADER, Row, line, measure, philosophers, pool_program
from taskpool.explore import explore


def test_the_pool_program_has_35_steps_and_is_exhausted_without_a_failure():
    report = explore(pool_program)
    assert report.exhausted
    assert not report.failures
    assert report.schedules == 226
    assert round(report.steps / report.schedules) == 35


@pytest.mark.parametrize("count", [3, 4, 5])
def test_philosophers_deadlock_in_one_of_two_to_the_n_less_one(count):
    report = explore(philosophers(count))
    assert report.exhausted
    assert report.schedules == 2**count - 1
    assert [failure.kind for failure in report.failures] == ["deadlock"]


def test_every_program_has_a_row_with_all_its_rounds():
    rows = {row.program: row for row in measure(rounds=2, schedules=20)}
    assert list(rows) == [
        "pool of one thread",
        "pool of one thread, random",
        "locks and a queue",
        "locks and a queue, naive",
        "3 philosophers",
        "4 philosophers",
        "5 philosophers",
        "6 philosophers",
    ]
    assert {len(row.seconds) for row in rows.values()} == {2}
    assert {name: row.schedules for name, row in rows.items() if not row.exhausted} == dict.fromkeys(
        [*list(rows)[:4], "5 philosophers", "6 philosophers"], 20
    )
    assert (rows["4 philosophers"].schedules, rows["4 philosophers"].exhausted) == (15, True)


def test_a_row_is_of_the_median_round():
    row = Row("program", "optimal", 100, 2_000, False, (0.5, 0.1, 0.2))
    assert row.rate == 500
    assert row.step == pytest.approx(100e-6)
    assert row.as_dict()["schedules_per_second"] == 500
    assert line(row).split() == ["program", "100+", "20.0", "500", "200", "to", "1,000", "100.0"]
    assert len(HEADER) == len(line(row))


@pytest.mark.parametrize(("rounds", "schedules"), [(0, 1), (1, 0)])
def test_nothing_is_measured_without_a_round(rounds, schedules):
    with pytest.raises(ValueError, match="must be at least 1"):
        list(measure(rounds, schedules))
