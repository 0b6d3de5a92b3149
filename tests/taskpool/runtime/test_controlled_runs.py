"""A controlled run as a whole: order, names, ends, and what is left."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from taskpool.runtime.carriers import carrier_count
from taskpool.runtime.controlled import ControlledRuntime
from taskpool.runtime.kernel import ControlledRunError
from taskpool.scenarios import list_scenarios, run


def on_new_runtime(program):
    runtime = ControlledRuntime()
    return runtime.run(program, runtime), runtime


def test_the_running_thread_goes_on_and_then_the_first_that_can():
    notes = []

    def program(runtime):
        def work(name):
            for number in range(2):
                runtime.sleep(0)
                notes.append(f"{name}{number}")

        for name in "ab":
            runtime.spawn(work, name)
        work("m")

    on_new_runtime(program)
    assert notes == ["m0", "m1", "a0", "a1", "b0", "b1"]


def test_workers_spawn_workers():
    def program(runtime):
        done = runtime.Queue("done")

        def work(depth):
            if depth:
                runtime.spawn(work, depth - 1)
                runtime.spawn(work, depth - 1)
            done.put(depth)

        runtime.spawn(work, 2)
        return sorted(done.get() for _ in range(7))

    result, runtime = on_new_runtime(program)
    assert result == [0, 0, 0, 0, 1, 1, 2]
    assert [thread.name for thread in runtime.kernel.threads] == ["main", *(f"thread-{n}" for n in range(1, 8))]


def test_objects_and_threads_have_the_same_numbers_on_every_schedule():
    def program(runtime):
        def work(name):
            runtime.sleep(0)
            variables = [runtime.Var(0), runtime.Var(0)]
            child = runtime.spawn(variables[1].get)
            keys[name] = ([variable.key for variable in variables], child.identity)

        for name in "ab":
            runtime.spawn(work, name)

    def backwards(kernel, current):
        ready = kernel.ready_threads()
        return ready[-1] if ready else None

    identities = {}
    found = []
    for choose in (None, backwards):
        keys = {}
        runtime = ControlledRuntime(choose, identities=identities)
        runtime.run(program, runtime)
        found.append(keys)
    assert found[0] == found[1]


def test_what_a_thread_raises_comes_out_of_run():
    def program(runtime):
        runtime.spawn(lambda: 1 // 0, name="divider")

    with pytest.raises(ZeroDivisionError):
        on_new_runtime(program)


def test_a_runtime_is_good_for_one_run():
    _, runtime = on_new_runtime(lambda runtime: None)
    with pytest.raises(ControlledRunError, match="good for one run"):
        runtime.run(lambda: None)


@pytest.mark.parametrize(
    "call",
    [
        lambda runtime: runtime.Queue().get(),
        lambda runtime: runtime.Event().wait(),
        lambda runtime: runtime.sleep(1),
        lambda runtime: runtime.spawn(list),
    ],
)
def test_operations_before_a_run_say_that_there_is_none(call):
    with pytest.raises(ControlledRunError, match="no run in progress"):
        call(ControlledRuntime())


def test_os_threads_are_used_again():
    def program(runtime):
        for _ in range(3):
            runtime.spawn(runtime.sleep, 1)

    on_new_runtime(program)
    before = carrier_count()
    for _ in range(50):
        on_new_runtime(program)
    assert carrier_count() == before


@pytest.mark.parametrize("design", ["threadpool", "taskpool"])
@pytest.mark.parametrize("name", list(list_scenarios()))
def test_a_scenario_leaves_the_same_trace_every_time(name, design):
    first, second = (run(name, design, runtime="controlled") for _ in range(2))
    assert first.outcome == second.outcome
    assert first.reason == second.reason
    assert list(first.trace) == list(second.trace)
    assert first.outcome != "timed_out"


_PRINT = """
from taskpool.scenarios import run
for design in ("threadpool", "taskpool"):
    found = run("masquerade", design, runtime="controlled")
    print(found.outcome, found.reason)
    for e in found.trace:
        print(e.seq, e.time, e.thread, e.kind, e.processor, e.task, sorted(e.detail.items()))
"""


def test_a_trace_does_not_depend_on_the_hash_seed():
    printed = {
        subprocess.run(
            [sys.executable, "-c", _PRINT],
            check=True,
            capture_output=True,
            text=True,
            cwd=Path(__file__).parents[3],
            env={"PYTHONHASHSEED": seed, "PATH": ""},
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(printed) == 1
    assert "deadlocked" in printed.pop()


@pytest.mark.skipif(not hasattr(os, "SCHED_BATCH"), reason="only Linux has batch work")
def test_carriers_are_batch_work_and_the_programs_own_threads_are_not():
    before = os.sched_getscheduler(0)
    policies = []

    def program(runtime):
        policies.append(os.sched_getscheduler(0))
        runtime.spawn(lambda: policies.append(os.sched_getscheduler(0)))

    runtime = ControlledRuntime()
    runtime.run(program, runtime)
    assert policies == [os.SCHED_BATCH, os.SCHED_BATCH]
    assert os.sched_getscheduler(0) == before
