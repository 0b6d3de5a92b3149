"""The workloads count exactly: what they say ran is what the pools counted, and every side of a case gives the same."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from types import SimpleNamespace

import pytest

from taskpool import TaskPool
from taskpool.bench import measure
from taskpool.bench.case import RATE, Settings
from taskpool.bench.load import _Load
from taskpool.bench.memory import _settled, _size
from taskpool.bench.pushing import push_chains
from taskpool.bench.rallies import pairs_of, pass_tasks
from taskpool.bench.sides import SIDES, Side
from taskpool.bench.stint import Stint
from taskpool.bench.titles import TITLES
from taskpool.bench.workloads import WORKLOADS, chosen
from taskpool.errors import OptionError
from taskpool.runtime.real import default_runtime

TINY = Settings(
    threads=2,
    seconds=0.0,
    chains=4,
    pushes=30,
    pauses=(3,),
    latencies=3,
    thread_counts=(1, 2),
    messages=200,
    kept=50,
)


@pytest.fixture(autouse=True)
def no_collection(monkeypatch):
    """A test process has much that can be looked through, again and again, before each sample."""
    monkeypatch.setattr(measure, "gc", SimpleNamespace(collect=int))


def side_of(pool: TaskPool) -> Side:
    return Side(pool.push, pool.push_wait, pool.serializer, pool.__len__, pool.shutdown, pool.abort)


@pytest.mark.threads
def test_self_pushing_tasks_are_counted_exactly():
    with TaskPool("counted", minimum_size=2) as pool:
        ran = push_chains(side_of(pool), TINY)
    assert pool.statistics().processed == ran >= TINY.chains  # each runs at least once, however short the time


@pytest.mark.threads
def test_tasks_passed_between_serializers_are_counted_exactly():
    with TaskPool("counted", minimum_size=2) as pool:
        pairs = pairs_of(side_of(pool), TINY.chains)
        ran = pass_tasks(pairs, 0.0)
        counted = sum(lane.push_wait(lambda: None) is None for pair in pairs for lane in pair)
        processed = sum(one.processed for one in pool.statistics().serializers)
    assert processed - counted == ran >= TINY.chains


@pytest.mark.threads
@pytest.mark.parametrize("letter", WORKLOADS)
def test_every_side_of_a_case_gives_readings_of_the_same_kind(letter):
    for case in WORKLOADS[letter](TINY):
        assert case.workload == letter
        readings = {name: run() for name, run in case.sides.items()}
        assert all(case.main in taken for taken in readings.values())
        assert len({tuple(taken) for taken in readings.values()}) == 1, case.name
        assert all(value >= 0 for taken in readings.values() for value in taken.values())


@pytest.mark.parametrize("letter", ["a", "b", "c", "d"])
def test_these_are_measured_on_every_side(letter):
    for case in WORKLOADS[letter](TINY):
        assert list(case.sides) == list(SIDES)
        assert (case.main, case.better) == (RATE, "more")


@pytest.mark.threads
def test_a_pause_costs_a_thread_but_on_the_taskpool():
    [case] = WORKLOADS["f"](TINY)
    more = {name: run()["threads more"] for name, run in case.sides.items()}
    assert more == {"TaskPool": 0, "ThreadPool": 3, "ThreadPoolExecutor": 3}


def test_scaling_has_both_works_at_every_number_of_threads():
    assert [case.name for case in WORKLOADS["g"](TINY)] == [
        "4 self-pushing tasks, 1 thread",
        "4 self-pushing tasks, 2 threads",
        "4 pairs of serializers, 1 thread",
        "4 pairs of serializers, 2 threads",
    ]


@pytest.mark.threads
def test_only_a_recording_side_records():
    for case in WORKLOADS["h"](TINY):
        events = {name: run()["events/task"] for name, run in case.sides.items()}
        assert [name for name, count in events.items() if count] == ["TaskPool, recording", "ThreadPool, recording"]


@pytest.mark.threads
def test_each_message_of_the_load_is_handled_once():
    [case] = WORKLOADS["i"](replace(TINY, seconds=0.05, messages=2_000))
    for run in case.sides.values():
        assert run()["messages/s"] > 0


@pytest.mark.threads
def test_a_lost_message_is_an_error(monkeypatch):
    monkeypatch.setattr(_Load, "_handle", lambda load, number: load.handled.append(number or 1))
    [case] = WORKLOADS["i"](TINY)
    with pytest.raises(RuntimeError, match="TaskPool: 20 of 20 messages were handled once"):
        case.sides["TaskPool"]()


def test_a_size_is_of_one_of_many(monkeypatch):
    kept = []
    assert not tracemalloc.is_tracing()
    [readings] = [_size(lambda side, count: keep(kept, count), "limit", 1_000)]
    assert not tracemalloc.is_tracing()
    assert 500 <= readings["bytes"] <= 600


def keep(kept: list[bytearray], count: int) -> float:
    before = _settled()
    kept.extend(bytearray(500) for _ in range(count))
    return (_settled() - before) / count


@pytest.mark.threads
def test_a_push_that_never_ran_is_an_error(monkeypatch):
    from taskpool.bench import pushing

    real = pushing.opened

    def loses_tasks(name, threads):
        class Losing:
            def __enter__(self):
                self.inner = real(name, threads)
                side = self.inner.__enter__()
                return Side(lambda *task: None, side.push_wait, side.serializer, len, side.close, side.abort)

            def __exit__(self, *error):
                return self.inner.__exit__(*error)

        return Losing()

    monkeypatch.setattr(pushing, "opened", loses_tasks)
    [case] = WORKLOADS["c"](TINY)
    with pytest.raises(ValueError, match="0 tasks ran"):
        case.sides["TaskPool"]()


def test_work_that_does_not_end_is_an_error(monkeypatch):
    monkeypatch.setattr("taskpool.bench.stint.PATIENCE", 0)
    stint = Stint(2)
    stint.end(5)
    with pytest.raises(RuntimeError, match="1 of 2 pieces of work did not end"):
        stint.wait(0)
    assert not stint.running


def test_an_interrupt_ends_the_work_and_waits_for_it(monkeypatch):
    stint, runtime = Stint(1), default_runtime()

    def interrupted(seconds):
        raise KeyboardInterrupt

    def work():
        while stint.running:
            pass
        stint.end(1)

    monkeypatch.setattr(type(runtime), "sleep", staticmethod(interrupted))
    thread = runtime.spawn(work)
    with pytest.raises(KeyboardInterrupt):
        stint.wait(99)
    thread.join()
    assert not stint.running


def test_a_stint_adds_up_what_its_pieces_ran():
    stint = Stint(3)
    for count in (5, 7, 1):
        stint.end(count)
    assert stint.running
    assert stint.wait(0) == 13
    assert not stint.running


def test_workloads_are_picked_by_letters_in_their_own_order():
    assert list(WORKLOADS) == list(TITLES)
    assert chosen(None) == tuple(TITLES)
    assert chosen("b, a") == chosen(["b", "a", "b"]) == ("a", "b")
    for wrong in ("a,z", "", []):
        with pytest.raises(OptionError, match="choose from a .tasks that push themselves again., b"):
            chosen(wrong)


@pytest.mark.parametrize(("name", "value"), [("threads", 0), ("chains", 0), ("pushes", 0), ("seconds", -1.0)])
def test_settings_that_measure_nothing_are_refused(name, value):
    with pytest.raises(ValueError, match=f"{name}={value}"):
        Settings(**{name: value})


def test_the_quick_form_is_smaller_throughout():
    quick, full = Settings.quick(), Settings()
    assert (quick.threads, quick.chains) == (full.threads, full.chains)
    assert quick.seconds < full.seconds
    assert quick.pushes < full.pushes
    assert set(quick.thread_counts) < set(full.thread_counts)
