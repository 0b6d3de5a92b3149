"""Exercise: time a pool fairly, from the first push to the end of the last task.

The pool that an answer times is a small one on the controlled runtime. To open it, to push and to close it takes
virtual time, and so does each task, so that it is known to the microsecond what a right answer has to say.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from taskpool.exercises.judging import Hint, explored
from taskpool.exercises.model import Exercise, Mistake, Verdict

__all__ = ["EXERCISE", "program_of"]

PROMPT = """\
Write `measure(runtime, open_pool, task, count)`. It times `count` runs of `task` on a pool and returns how many tasks
the pool runs in a second.

* `open_pool()` returns a pool of two threads. That takes a while: threads begin.
* `pool.push(task)` takes a moment and does not wait for the task.
* `pool.close()` blocks until all tasks have run, and then a while longer: threads end.
* `runtime.monotonic()` is the time in seconds; `runtime.Lock()` and `runtime.Event()` are what you may need.

The time that counts goes from just before the first push to the moment when the **last task has ended**: no less, no
more. Tasks do not take equally long."""

HINTS = (
    Hint("Return a number: tasks, divided by seconds.", about="is no number of tasks a second"),
    Hint(
        "You have timed the pushing. A push only queues: the work was still to be done when you looked at the clock. "
        "Who tells you that it is done?",
        about="stopped when all was pushed",
    ),
    Hint(
        "The task that was pushed last is not always the last to end: with two threads a longer one may still run. "
        "Count the tasks that have ended, under a lock.",
        about="stopped while a task still ran",
    ),
    Hint(
        "Your clock ran while the pool was opened. A pool is opened once and used for months: start the clock behind "
        "it, or you compare how fast threads begin.",
        about="ran before the first push",
    ),
    Hint(
        "Your clock ran while the pool was closed, after the last task. Let the tasks tell when they are done, look at "
        "the clock, and close then.",
        about="ran on after the last task",
    ),
)

_OPENS, _PUSHES, _CLOSES = 0.005, 0.0001, 0.003  # seconds
_TASKS = (0.004, 0.001, 0.002)  # how long each takes, in the order in which they begin


class _Pool:
    """Two threads and a queue; notes when tasks were pushed and when they ended.

    Args:
        runtime: The run's.
    """

    def __init__(self, runtime: Any) -> None:
        self._runtime = runtime
        self._queue = runtime.Queue()
        self._closed = False
        self.pushed: list[float] = []
        self.pushed_until = 0.0
        self.ended: list[float] = []
        runtime.sleep(_OPENS)
        self._threads = [runtime.spawn(self._run, name=f"pool-{number}") for number in range(2)]

    def _run(self) -> None:
        while (task := self._queue.get()) is not None:
            task()

    def push(self, task: Callable[[], object]) -> None:
        """Queue a task."""
        self.pushed.append(self._runtime.monotonic())
        self._queue.put(task)
        self._runtime.sleep(_PUSHES)
        self.pushed_until = self._runtime.monotonic()

    def close(self) -> None:
        """Run what is queued, and end the threads."""
        if self._closed:
            return
        self._closed = True
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()
        self._runtime.sleep(_CLOSES)


def program_of(measure: Callable[..., Any]) -> Callable[[Any], None]:
    """A program in which an answer times a pool; at its end it fails if the figure is not right.

    Args:
        measure: An answer.
    """

    def program(runtime: Any) -> None:
        pools: list[_Pool] = []
        times = list(_TASKS)

        def open_pool() -> _Pool:
            pools.append(_Pool(runtime))
            return pools[-1]

        def task() -> None:
            runtime.sleep(times.pop(0))
            pools[-1].ended.append(runtime.monotonic())

        rate = measure(runtime, open_pool, task, len(_TASKS))
        for pool in pools:
            pool.close()
        right = isinstance(rate, int | float) and not isinstance(rate, bool) and rate > 0
        assert right, f"what measure returned, {rate!r}, is no number of tasks a second"
        assert len(pools) == 1, f"{len(pools)} pools were opened; one is to be timed"
        assert len(pools[0].ended) == len(_TASKS), f"{len(pools[0].ended)} tasks ran, of {len(_TASKS)}"
        complaint = _complaint(pools[0], len(_TASKS) / rate)
        assert not complaint, complaint

    program.__name__ = "measure"
    return program


def _complaint(pool: _Pool, took: float) -> str:
    """What is to be said of a clock that ran for ``took`` seconds; nothing if it is right."""
    begin, end = pool.pushed[0], max(pool.ended)
    right = end - begin
    if abs(took - right) <= right / 1_000:
        return ""
    if took <= pool.pushed_until - begin + 1e-6:
        why = "it stopped when all was pushed"
    elif took < right:
        why = "it stopped while a task still ran"
    elif took >= right + _OPENS - 1e-6:
        why = "it ran before the first push"
    else:
        why = "it ran on after the last task"
    return f"the clock of measure ran for {took * 1e3:.1f} ms, the tasks took {right * 1e3:.1f} ms: {why}"


def judge(answer: Callable[..., Any]) -> Verdict:
    """One pool, on every schedule."""
    return explored(program_of(answer), HINTS, "The clock runs from the first push to the end of the last task.")


def starter() -> Any:
    def measure(runtime, open_pool, task, count):
        pool = open_pool()
        for _ in range(count):
            pool.push(task)
        pool.close()
        return 0

    return measure


def solution() -> Any:
    def measure(runtime, open_pool, task, count):
        pool = open_pool()
        lock, done = runtime.Lock(), runtime.Event()
        left = count

        def counted():
            nonlocal left
            task()
            with lock:
                left -= 1
                if not left:
                    done.set()

        begin = runtime.monotonic()
        for _ in range(count):
            pool.push(counted)
        done.wait()
        seconds = runtime.monotonic() - begin
        pool.close()
        return count / seconds

    return measure


def times_the_pushing() -> Any:
    def measure(runtime, open_pool, task, count):
        pool = open_pool()
        begin = runtime.monotonic()
        for _ in range(count):
            pool.push(task)
        seconds = runtime.monotonic() - begin
        pool.close()
        return count / seconds

    return measure


def waits_for_the_last_one() -> Any:
    def measure(runtime, open_pool, task, count):
        pool = open_pool()
        done = runtime.Event()

        def last():
            task()
            done.set()

        begin = runtime.monotonic()
        for _ in range(count - 1):
            pool.push(task)
        pool.push(last)
        done.wait()
        seconds = runtime.monotonic() - begin
        pool.close()
        return count / seconds

    return measure


def times_the_opening() -> Any:
    def measure(runtime, open_pool, task, count):
        begin = runtime.monotonic()
        pool = open_pool()
        for _ in range(count):
            pool.push(task)
        pool.close()
        return count / (runtime.monotonic() - begin)

    return measure


def times_the_closing() -> Any:
    def measure(runtime, open_pool, task, count):
        pool = open_pool()
        begin = runtime.monotonic()
        for _ in range(count):
            pool.push(task)
        pool.close()
        return count / (runtime.monotonic() - begin)

    return measure


EXERCISE = Exercise(
    name="measure",
    lesson=9,
    title="A clock that times the tasks, and nothing else",
    prompt=PROMPT,
    answer="measure",
    make_starter=starter,
    make_solution=solution,
    judge=judge,
    mistakes=(
        Mistake(times_the_pushing, "A push only queues"),
        Mistake(waits_for_the_last_one, "not always the last to end"),
        Mistake(times_the_opening, "start the clock behind it"),
        Mistake(times_the_closing, "look at the clock, and close then"),
    ),
)
