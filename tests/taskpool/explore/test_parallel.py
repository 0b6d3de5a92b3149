"""Searches split between workers: the same counts whoever does the work."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import pytest
from crosscheck import survey
from explore_programs import five_philosophers, lost_update, philosophers, three_philosophers
from random_programs import random_program

from taskpool.errors import OptionError
from taskpool.explore import explore
from taskpool.explore.dfs import NaiveSearch
from taskpool.explore.execution import Limits
from taskpool.explore.shares import split, strategy_of


class Here(Executor):
    """Does at once what it is given; every third time it dies of it."""

    def __init__(self, dies: bool = False) -> None:
        self.calls = 0
        self.dies = dies

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.calls += 1
        if self.dies and not self.calls % 3:
            future.set_exception(BrokenProcessPool("the worker died"))
        else:
            future.set_result(fn(*args, **kwargs))
        return future


def counts(report):
    return (
        report.schedules - report.redundant,
        report.exhausted,
        [(failure.kind, str(failure.schedule), failure.count) for failure in report.failures],
    )


@pytest.mark.parametrize("strategy", ["dfs", "sleep-sets", "source", "optimal"])
@pytest.mark.parametrize("program", [philosophers(3), lost_update])
def test_shares_add_up_to_the_whole(program, strategy):
    assert counts(explore(program, strategy, executor=Here())) == counts(explore(program, strategy))


@pytest.mark.parametrize("strategy", ["dfs", "source"])
def test_a_dead_workers_share_is_searched_again(strategy):
    executor = Here(dies=True)
    assert counts(explore(philosophers(3), strategy, executor=executor)) == counts(explore(philosophers(3), strategy))
    assert executor.calls > 6


def test_no_more_executions_are_made_than_asked_for():
    report = explore(philosophers(4), "dfs", max_schedules=5, executor=Here())
    assert (report.schedules, report.exhausted) == (5, False)


def test_an_interrupted_search_keeps_the_shares_that_are_done():
    class Interrupted(Here):
        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            future = super().submit(fn, *args, **kwargs)
            if self.calls == 2:
                future = Future()
                future.set_exception(KeyboardInterrupt())
            return future

    executor = Interrupted()
    report = explore(philosophers(3), "dfs", executor=executor)
    whole = explore(philosophers(3), "dfs")
    assert (report.interrupted, report.exhausted) == (True, False)
    assert executor.calls - 1 <= report.schedules < whole.schedules


def test_an_interrupted_search_goes_on_where_it_stopped():
    whole = explore(philosophers(3), "dfs", executor=Here())

    class InterruptedOnce(Here):
        def submit(self, fn, /, *args, **kwargs):
            if self.calls == 3:
                self.calls += 1
                future: Future[Any] = Future()
                future.set_exception(KeyboardInterrupt())
                return future
            return super().submit(fn, *args, **kwargs)

    report = explore(philosophers(3), "dfs", executor=InterruptedOnce())
    assert report.interrupted and not report.exhausted
    assert report.resume() is report
    assert counts(report) == counts(whole)
    with pytest.raises(RuntimeError, match="cannot be resumed"):
        report.resume()


def test_a_search_that_stopped_at_a_failure_goes_on_share_by_share():
    whole = explore(lost_update, "dfs", executor=Here())
    report = explore(lost_update, "dfs", executor=Here(), stop_at_failure=True)
    assert report.failures and not report.exhausted
    while not report.exhausted:
        report.resume()
    assert counts(report) == counts(whole)


def test_walks_are_split_by_their_seeds():
    whole = explore(lost_update, "random", max_schedules=600)
    split_up = explore(lost_update, "random", max_schedules=600, executor=Here())
    assert (split_up.schedules, split_up.steps) == (600, whole.steps)
    assert split_up.failures[0].count == whole.failures[0].count


def test_shares_of_random_programs_have_every_trace_class_once():
    limits = Limits(max_steps=300)
    compared = 0
    for seed in range(3000, 3080):
        program = random_program(seed)
        naive = survey(program, NaiveSearch(), 200)
        if not naive.complete:
            continue
        compared += 1
        identities: dict[tuple[int, int], int] = {}
        shares = split(program, "optimal", limits, identities, max_schedules=10_000, seed=0, cpu=None)
        found = [survey(program, strategy_of(share), 10_000, identities=dict(identities)) for share in shares]
        outcomes = set().union(*(part.outcomes for part in found))
        assert outcomes == naive.outcomes, f"seed {seed}\n{program}"
        classes = sum(len(part.classes) for part in found)
        assert classes == len(naive.classes), f"seed {seed}\n{program}"
    assert compared > 40


@pytest.mark.threads
def test_processes_count_the_same_however_many_they_are():
    found = []
    for workers in (1, 2):
        with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as executor:
            found.append(counts(explore(five_philosophers, executor=executor)))
            naive = explore(three_philosophers, "dfs", executor=executor)
            assert (naive.schedules, naive.failures[0].count) == (168, 6)
            with pytest.raises(OptionError, match="a process pool needs a function of a module"):
                explore(philosophers(3), executor=executor)
    assert found[0] == found[1] == (31, True, [("deadlock", "1:2 2:3 3:4 4:5", 1)])


@pytest.mark.threads
@pytest.mark.filterwarnings("ignore")
def test_a_dask_cluster_of_real_workers():
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        report = explore(philosophers(5), executor=client.get_executor())
        assert counts(report) == (31, True, [("deadlock", "1:2 2:3 3:4 4:5", 1)])


@pytest.mark.parametrize(
    "options", [{"strategy": NaiveSearch()}, {"strategy": "round-robin"}, {"strategy": "dfs", "preemptions": 1}]
)
def test_what_cannot_be_split(options):
    with pytest.raises(OptionError, match="executor= can split a search by"):
        explore(lost_update, executor=Here(), **options)
