"""Races between submitting, running, cancelling and ending, on seeded random schedules of the controlled runtime."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import CancelledError
from typing import Any

import pytest

from taskpool import PoolExecutor, TaskPool, ThreadPool
from taskpool.errors import PoolShutDown
from taskpool.runtime.controlled import ControlledRuntime
from taskpool.runtime.kernel import ControlledRunError, is_ready

SCHEDULES = 150


def open_pool(design: str, runtime: Any, threads: int = 1) -> Any:
    if design == "taskpool":
        return TaskPool(runtime=runtime, minimum_size=threads)
    return ThreadPool(runtime=runtime, initial_size=threads, auto_increment=0, idle_timeout=0)


def outcomes(program: Callable[[Any], object], schedules: int = SCHEDULES) -> set[object]:
    """What a program returns on each of these schedules; it fails if any of them leaves a thread that cannot go on."""
    found = set()
    for seed in range(schedules):
        draw = random.Random(seed)

        def choose(kernel: Any, current: Any, draw: random.Random = draw) -> Any:
            ready = [thread for thread in kernel.threads if not thread.ended and is_ready(thread)]
            return draw.choice(ready) if ready else None

        runtime = ControlledRuntime(choose, recorder=random.Random(seed))  # the recorder is the program's business
        found.add(runtime.run(program, runtime))
    return found


def dawdle(runtime: Any) -> None:
    """Let others go ahead: by more or fewer steps, depending on the schedule's seed."""
    variable = runtime.Var(0)
    for _ in range(runtime.recorder.randrange(25)):
        variable.get()


def ending(future: Any) -> str:
    try:
        return str(future.result())
    except (CancelledError, PoolShutDown) as error:
        return type(error).__name__


def test_a_call_runs_or_is_cancelled_or_its_pool_is_aborted(design: str, through: str) -> None:
    def program(runtime: Any) -> tuple[str, bool, int, int]:
        pool = open_pool(design, runtime)
        executor = PoolExecutor(pool if through == "pool" else pool.serializer("s"))
        ran: list[int] = []
        told: list[int] = []
        future: Any = executor.submit(ran.append, 1)
        future.add_done_callback(lambda _: told.append(1))
        cancelled: list[bool] = []
        helper = runtime.spawn(lambda: (dawdle(runtime), cancelled.append(future.cancel())))
        dawdle(runtime)
        pool.abort()
        executor.shutdown()
        helper.join()
        return ending(future), cancelled[0], len(ran), len(told)

    assert outcomes(program, 300) == {
        ("None", False, 1, 1),
        ("CancelledError", True, 0, 1),
        ("PoolAborted", False, 0, 1),
    }


def test_after_shutdown_nothing_runs_that_was_submitted_while_it_began(design: str) -> None:
    def program(runtime: Any) -> tuple[int, int, bool]:
        with open_pool(design, runtime) as pool:
            executor = PoolExecutor(pool)
            ran: list[int] = []
            accepted: list[int] = []

            def submit() -> None:
                try:
                    for n in range(2):
                        executor.submit(ran.append, n)
                        accepted.append(n)
                except PoolShutDown:
                    return

            helper = runtime.spawn(submit)
            executor.shutdown()
            at_the_end = len(ran)
            helper.join()
            return len(accepted), len(ran), at_the_end == len(ran)

    assert outcomes(program) == {(n, n, True) for n in range(3)}


def test_shutdown_returns_after_the_calls_and_their_callbacks(design: str, through: str) -> None:
    def program(runtime: Any) -> tuple[str, ...]:
        with open_pool(design, runtime, 2) as pool:
            executor = PoolExecutor(pool if through == "pool" else pool.serializer("s"))
            seen: list[str] = []
            for _ in range(2):
                executor.submit(seen.append, "ran").add_done_callback(lambda _: seen.append("told"))
            helper = runtime.spawn(executor.shutdown)
            executor.shutdown()
            seen.append("shut down")
            helper.join()
            return tuple(sorted(seen[:4])), seen[4]

    assert outcomes(program, 60) == {(("ran", "ran", "told", "told"), "shut down")}


@pytest.mark.parametrize("end", ["shutdown", "abort"])
def test_a_pool_that_ends_under_suspend_and_submit_leaves_no_future_pending(design: str, end: str) -> None:
    def program(runtime: Any) -> tuple[str, ...]:
        pool = open_pool(design, runtime)
        serializer = pool.serializer("s")
        executor = PoolExecutor(serializer)
        futures: list[Any] = []

        def attempt(call: Callable[[], object]) -> None:
            try:
                call()
            except PoolShutDown:
                return

        helpers = [
            runtime.spawn(attempt, serializer.suspend),
            runtime.spawn(attempt, lambda: futures.extend(executor.submit(str, n) for n in range(2))),
        ]
        dawdle(runtime)
        getattr(pool, end)()
        for helper in helpers:
            helper.join()
        executor.shutdown()
        return tuple(sorted({ending(future) for future in futures}))

    kind = "TaskDiscarded" if end == "shutdown" else "PoolAborted"
    found = {one for ends in outcomes(program, 300) for one in ends}
    assert {"0", kind} <= found <= {"0", "1", kind}


def test_waiting_for_a_future_in_the_only_thread_is_a_deadlock_that_push_wait_avoids(design: str) -> None:
    def program(runtime: Any, through: str) -> object:
        with open_pool(design, runtime) as pool:
            serializer = pool.serializer("s")
            executor = PoolExecutor(serializer)
            inner = {
                "submit": lambda: executor.submit(len, "abc").result(),
                "push_wait": lambda: serializer.push_wait(len, "abc"),
            }
            return executor.submit(inner[through]).result()

    runtime = ControlledRuntime()
    with pytest.raises(ControlledRunError, match="deadlock"):
        runtime.run(program, runtime, "submit")
    runtime = ControlledRuntime()
    assert runtime.run(program, runtime, "push_wait") == 3


def test_map_in_virtual_time(design: str) -> None:
    def program(runtime: Any) -> tuple[int, ...]:
        with open_pool(design, runtime) as pool:
            executor = PoolExecutor(pool)

            def call(seconds: int) -> int:
                runtime.sleep(seconds)
                return seconds

            results = executor.map(call, [1, 2, 3, 4], timeout=3.5)
            taken = [next(results), next(results)]
            with pytest.raises(TimeoutError):
                next(results)
            executor.shutdown()
            return (*taken, int(runtime.monotonic()))

    runtime = ControlledRuntime()
    assert runtime.run(program, runtime) == (1, 2, 6)
