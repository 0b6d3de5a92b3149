"""Random programs on random schedules against a simple sequential model; and a queue's numbers against one of its own.

The programs run in the controlled runtime, one logical thread at a time, so that a failing example fails again.
"""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taskpool import DeadlockError, PoolShutDown, Recorder, TaskPool, ThreadPool
from taskpool.registry import alert_count
from taskpool.runtime import RealRuntime
from taskpool.runtime.controlled import ControlledRuntime
from taskpool.runtime.kernel import is_ready
from taskpool.taskprocessor import TaskProcessor

SERIALIZERS = 3

# What a thread does next: to which serializer, and for "through" by way of which other one.
Step = tuple[str, int, int]
steps = st.tuples(
    st.sampled_from(["push", "push_wait", "pool", "through", "suspend", "unsuspend"]),
    st.integers(0, SERIALIZERS - 1),
    st.integers(0, SERIALIZERS - 1),
)
programs = st.lists(st.lists(steps, max_size=5), min_size=1, max_size=3)


@dataclass
class Seen:
    """What a program saw of one serializer."""

    ran: list[int]
    held: int = 0
    inside: int = 0


class Program:
    """Threads that each take their steps; whatever they push is numbered, and says when it runs."""

    def __init__(self, threads: list[list[Step]], design: str, pool_threads: int, end: str = "") -> None:
        self.threads = threads
        self.design = design
        self.pool_threads = pool_threads
        self.end = end  # how a thread of its own ends the pool in the middle of it all: "shutdown" or "abort"
        self.recorder = Recorder()
        self.seen = [Seen([]) for _ in range(SERIALIZERS)]
        self.accepted: list[set[int]] = [set() for _ in range(SERIALIZERS)]
        self.broken: list[str] = []
        self.refused = 0
        self._numbers = 0

    def __call__(self, runtime: Any) -> None:
        self.pool: Any = (
            TaskPool("pool", runtime=runtime, recorder=self.recorder, minimum_size=self.pool_threads)
            if self.design == "taskpool"
            else ThreadPool("pool", runtime=runtime, recorder=self.recorder, auto_increment=1, idle_timeout=0)
        )
        self.serializers = [self.pool.serializer(f"s{n}") for n in range(SERIALIZERS)]
        handles = [runtime.spawn(self.take, steps, name=f"outside-{n}") for n, steps in enumerate(self.threads)]
        if self.end:
            handles.append(runtime.spawn(getattr(self.pool, self.end), name="ends it"))
        for handle in handles:
            handle.join()
        self.pool.shutdown()
        self.names = [name for kind, name in runtime.names if kind in ("pool", "taskprocessor", "serializer")]
        self.left = [handle.name for handle in self.pool.threads if handle.is_alive()]

    def take(self, steps: list[Step]) -> None:
        held: list[int] = []
        for what, at, by in steps:
            if self.design == "threadpool":
                # The older design refuses nothing: nobody waits while holding, and waits go one way.
                what = "push" if held and what != "unsuspend" else what
                by, at = sorted((by, at))
            if what == "suspend":
                if self.attempt(self.serializers[at].suspend):
                    held.append(at)
                    self.seen[at].held += 1
            elif what == "unsuspend":
                if held:
                    self.let_go(held.pop())
            else:
                self.push(what, at, by)
        for at in held:
            self.let_go(at)

    def let_go(self, at: int) -> None:
        self.seen[at].held -= 1
        self.serializers[at].unsuspend()

    def push(self, what: str, at: int, by: int) -> None:
        self._numbers += 1
        number, serializer = self._numbers, self.serializers[at]
        calls = {
            "push": (serializer.push, self.task, at, number),
            "push_wait": (serializer.push_wait, self.task, at, number),
            "pool": (self.pool.push_wait, serializer.push_wait, self.task, at, number),
            "through": (self.serializers[by].push_wait, serializer.push_wait, self.task, at, number),
        }
        call, *args = calls[what]
        if self.attempt(call, *args):
            self.accepted[at].add(number)

    def attempt(self, call: Any, *args: Any) -> bool:
        try:
            call(*args)
        except DeadlockError:
            self.refused += 1
            return False
        except PoolShutDown:
            if not self.end:
                raise
            return False
        return True

    def task(self, at: int, number: int) -> None:
        seen = self.seen[at]
        seen.ran.append(number)
        if seen.held:
            self.broken.append(f"{number} ran while s{at} was suspended")


def tried(threads: list[list[Step]], design: str, pool_threads: int, seed: int, end: str = "") -> Program:
    """Run a program on one random schedule; it fails if anything is left that cannot go on."""
    draw = random.Random(seed)

    def choose(kernel: Any, current: Any) -> Any:
        ready = [thread for thread in kernel.threads if not thread.ended and is_ready(thread)]
        return draw.choice(ready) if ready else None

    program = Program(threads, design, pool_threads, end)
    runtime = ControlledRuntime(choose)
    runtime.run(program, runtime)
    return program


@settings(max_examples=400)
@given(programs, st.integers(1, 2), st.integers(0, 2**32))
@pytest.mark.parametrize("design", ["taskpool", "threadpool"])
def test_random_programs_end_and_keep_every_promise(
    design: str, threads: list[list[Step]], pool_threads: int, seed: int
) -> None:
    program = tried(threads, design, pool_threads, seed)
    assert program.broken == []
    assert design == "taskpool" or program.refused == 0
    for at in range(SERIALIZERS):
        ran = program.seen[at].ran
        assert len(ran) == len(set(ran)) and set(ran) == program.accepted[at]
    keeps_the_laws(program)


@settings(max_examples=400)
@given(programs, st.integers(1, 2), st.integers(0, 2**32), st.sampled_from(["shutdown", "abort"]))
@pytest.mark.parametrize("design", ["taskpool", "threadpool"])
def test_a_pool_that_ends_in_the_middle_of_it_all_ends_whole(
    design: str, threads: list[list[Step]], pool_threads: int, seed: int, end: str
) -> None:
    program = tried(threads, design, pool_threads, seed, end)
    assert (program.broken, program.names, program.left) == ([], [], [])
    for at in range(SERIALIZERS):
        ran = program.seen[at].ran
        assert len(ran) == len(set(ran))
    keeps_the_laws(program)
    ends = [event.detail for event in program.recorder.trace() if event.kind == "pool_shut_down"]
    discarded = [event for event in program.recorder.trace() if event.kind == "task_discarded"]
    assert len(ends) == 1
    if end == "shutdown":
        assert not ends[0]["aborted"]
        reported = sum(ends[0]["unrun"].values())
        assert reported == sum(event.detail["reason"] == "shut_down" for event in discarded)


def keeps_the_laws(program: Program) -> None:
    """What the trace of any run must keep: first in, first out; one at a time; none while suspended."""
    queued: dict[str, list[int]] = defaultdict(list)
    running: dict[str, list[int]] = defaultdict(list)
    still: set[str] = set()
    own = {serializer.name for serializer in program.serializers}
    labels: dict[int, str] = {}
    for event in program.recorder.trace():
        name, task = event.processor or "", event.task or 0
        if event.kind == "task_pushed":
            queued[name].append(task)
            labels[task] = "checkpoint" if "checkpoint" in event.detail else event.detail["label"]
        elif event.kind == "task_started" and name in own:
            if task in labels:
                assert queued[name].pop(0) == task
            # A task that starts while another one runs runs inside it, on its thread or on one that it waits for.
            assert not running[name] or task not in labels
            assert name not in still or labels.get(task) == "checkpoint"
            running[name].append(task)
        elif event.kind in ("task_finished", "task_failed") and name in own:
            assert running[name].pop() == task
        elif event.kind == "task_discarded":
            queued[name].remove(task)
        elif event.kind == "serializer_suspended":
            still.add(name)
        elif event.kind == "serializer_unsuspended" and not event.detail["count"]:
            still.discard(name)
    assert not any(queued[name] or running[name] for name in own)


class NoThread:
    """Tasks run when the test says so."""

    def start(self, processor: TaskProcessor) -> None:
        pass

    task_pushed = emptied = shutdown = lambda self, *_: None


@given(st.lists(st.sampled_from("+-"), max_size=60), st.integers(1, 8), st.data())
def test_water_marks_and_numbers_follow_the_queue(moves: list[str], high: int, data: st.DataObject) -> None:
    low = data.draw(st.none() | st.integers(0, high))
    runtime, recorder = RealRuntime(), Recorder()
    processor = TaskProcessor("sub/q", NoThread(), runtime=runtime, recorder=recorder, high_water=high, low_water=low)
    depth = processed = deepest = 0
    expected: list[tuple[str, int]] = []
    above = False
    for move in moves:
        if move == "+":
            processor.push(int)
            depth += 1
            deepest = max(deepest, depth)
            if depth >= high and not above:
                above = True
                expected.append(("high_water_reached", depth))
        elif depth:
            assert processor.execute() == (depth > 1)
            depth, processed = depth - 1, processed + 1
            if above and depth <= (high * 9 // 10 if low is None else low):
                above = False
                expected.append(("low_water_cleared", depth))
        else:
            assert processor.execute() is False
        assert [alert_count(subsystem, runtime) for subsystem in ("", "sub", "q")] == [above, above, 0]
    told = [(str(e.kind), e.detail["depth"]) for e in recorder.trace() if "water" in e.kind]
    assert told == expected
    numbers = processor.statistics()
    assert (numbers.processed, numbers.queued, numbers.executing, numbers.max_depth) == (processed, depth, 0, deepest)
