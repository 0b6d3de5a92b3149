"""Exercise: a pool with one queue that grows when a push finds no free thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from taskpool.exercises.judging import Hint, explored
from taskpool.exercises.model import Exercise, Mistake, Verdict
from taskpool.exercises.work import Work

__all__ = ["EXERCISE"]

PROMPT = """\
Write a class `MyThreadPool`: one queue that all its threads share. `MyThreadPool(runtime, most)` begins without a
thread. `push(task)` queues a task and returns at once.

* A push that finds a **free** thread starts none: that thread will take the task.
* A push that finds no free thread starts one more, as long as there are fewer than `most`.
* Then as many tasks run at once as there may be threads: a task may wait for one that was pushed after it.
* A thread runs one task after the other, and stays when the queue is empty.

`runtime.spawn(self.work)` starts a thread and returns it. `runtime.Lock()` is for what threads share. Nobody shuts this
pool down: its threads need not end."""

HINTS = (
    Hint(
        "A thread in the middle of a task is not free, and its task is no longer in the queue: an empty queue does "
        "not mean a free thread. Count the tasks in progress as well.",
        about="was in progress",
    ),
    Hint(
        "Two tasks were counted on the same thread. A free thread is taken from the moment of the push, not from the "
        "moment at which it wakes: let the push do the counting.",
        about="was still queued",
    ),
    Hint(
        "There was a thread with nothing to do, and it would have taken the task. When is a thread free again?",
        about="a free thread",
    ),
    Hint("Is the lock held while a task runs? Then nobody else gets on meanwhile.", about="did not begin while"),
    Hint("`most` is a limit. Count the threads that you have started.", about="may have"),
    Hint("Tasks stay in the queue. Does every thread come back to the queue after a task?", about="never ran"),
    Hint(
        "Somebody waits for ever. Is the lock held while a thread waits in `get()`, or taken twice by one thread?",
        kind="deadlock, lost wakeup",
    ),
)


class _Counted:
    """A runtime that counts the threads that are started through it.

    Args:
        runtime: The run's.
    """

    def __init__(self, runtime: Any) -> None:
        self._runtime = runtime
        self.threads = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._runtime, name)

    def spawn(self, *args: Any, **options: Any) -> Any:
        """As the runtime's."""
        self.threads += 1
        return self._runtime.spawn(*args, **options)


class _Pair:
    """Two tasks, of which the first waits for the second; good for one run."""

    def __init__(self, runtime: _Counted, work: Work) -> None:
        self._runtime = runtime
        self._work = work
        self._began = False
        self._then = ""
        self._second_ran = runtime.Event()
        self.first = work.task("a", self._wait)
        self.second = work.task("b", self._second_ran.set)

    def push(self, pool: Any) -> None:
        """Push both."""
        pool.push(self.first)
        pool.push(self.second)
        self._then = "was in progress" if self._began else "was still queued"

    def _wait(self) -> None:
        self._began = True
        if self._second_ran.wait(timeout=1):
            return
        if self._runtime.threads > 1:
            self._work.wrong("there was a thread for task b, and b did not begin while task a ran")
        else:
            self._work.wrong(
                "task b had to wait for the thread of task a, and one more thread was allowed: when b had been pushed, "
                f"a {self._then}"
            )


def judge(answer: Callable[..., Any]) -> Verdict:
    """Two tasks that need a thread each, on a new pool and on one with a free thread; and two pushes at the limit."""

    def cold(runtime: Any) -> Callable[[], None]:
        counted, work = _Counted(runtime), Work(runtime, alone=False)
        pool, pair = answer(counted, 2), _Pair(counted, work)
        pair.push(pool)
        runtime.sleep(5)  # until nothing moves any more
        runtime.allow_leftover = True  # the pool's threads sleep for ever; whoever pushes must have come back
        return lambda: work.check(["a", "b"])

    def warm(runtime: Any) -> Callable[[], None]:
        counted, work = _Counted(runtime), Work(runtime, alone=False)
        pool, pair = answer(counted, 2), _Pair(counted, work)
        for name in ("first", "second"):
            pool.push(work.task(name))
            runtime.sleep(5)
            if counted.threads > 1:
                work.wrong(f"a push started thread {counted.threads} although there was a free thread")
        pair.push(pool)
        runtime.sleep(5)
        runtime.allow_leftover = True  # the pool's threads sleep for ever; whoever pushes must have come back
        return lambda: work.check(["first", "second", "a", "b"])

    def full(runtime: Any) -> Callable[[], None]:
        counted, work = _Counted(runtime), Work(runtime, alone=False)
        pool = answer(counted, 1)
        pusher = runtime.spawn(lambda: pool.push(work.task("a")), name="pusher")
        pool.push(work.task("b"))
        pusher.join()
        runtime.sleep(5)
        if counted.threads > 1:
            work.wrong(f"the pool started {counted.threads} threads; it may have 1")
        runtime.allow_leftover = True  # the pool's threads sleep for ever; whoever pushes must have come back
        return lambda: work.check(["a", "b"])

    says = "It grows when no thread is free, never past its limit, and not while one is."
    verdict = explored(cold, HINTS, says, seconds=2.0)
    for program in (warm, full):
        if verdict:
            verdict = explored(program, HINTS, says, seconds=2.0).with_coverage_of(verdict)
    return verdict


def starter() -> Any:
    class MyThreadPool:
        def __init__(self, runtime, most):
            self.runtime, self.most = runtime, most
            self.lock, self.queue = runtime.Lock(), runtime.Queue()
            self.threads = []

        def push(self, task):
            if not self.threads:  # one thread, and never a second one
                self.threads.append(self.runtime.spawn(self.work))
            self.queue.put(task)

        def work(self):
            while True:
                task = self.queue.get()
                task()

    return MyThreadPool


def solution() -> Any:
    class MyThreadPool:
        def __init__(self, runtime, most):
            self.runtime, self.most = runtime, most
            self.lock, self.queue = runtime.Lock(), runtime.Queue()
            self.threads = []
            self.load = 0  # tasks queued and in progress

        def push(self, task):
            with self.lock:
                self.load += 1
                if self.load > len(self.threads) and len(self.threads) < self.most:
                    self.threads.append(self.runtime.spawn(self.work))
            self.queue.put(task)

        def work(self):
            while True:
                task = self.queue.get()
                task()
                with self.lock:
                    self.load -= 1

    return MyThreadPool


def looks_at_the_queue() -> Any:
    class MyThreadPool(solution()):
        def push(self, task):
            with self.lock:
                if (not self.threads or not self.queue.empty()) and len(self.threads) < self.most:
                    self.threads.append(self.runtime.spawn(self.work))
                self.queue.put(task)

    return MyThreadPool


def counts_a_thread_as_free_until_it_wakes() -> Any:
    class MyThreadPool(solution()):
        def __init__(self, runtime, most):
            super().__init__(runtime, most)
            self.free = 0

        def push(self, task):
            with self.lock:
                if not self.free and len(self.threads) < self.most:
                    self.threads.append(self.runtime.spawn(self.work))
            self.queue.put(task)

        def work(self):
            task = self.queue.get()
            while True:
                task()
                with self.lock:
                    self.free += 1
                task = self.queue.get()
                with self.lock:
                    self.free -= 1

    return MyThreadPool


def a_thread_for_each_task() -> Any:
    class MyThreadPool(solution()):
        def push(self, task):
            with self.lock:
                if len(self.threads) < self.most:
                    self.threads.append(self.runtime.spawn(self.work))
            self.queue.put(task)

    return MyThreadPool


def has_no_limit() -> Any:
    class MyThreadPool(solution()):
        def push(self, task):
            with self.lock:
                self.load += 1
                if self.load > len(self.threads):
                    self.threads.append(self.runtime.spawn(self.work))
            self.queue.put(task)

    return MyThreadPool


EXERCISE = Exercise(
    name="growth",
    lesson=2,
    title="A pool that grows when no thread is free",
    prompt=PROMPT,
    answer="MyThreadPool",
    make_starter=starter,
    make_solution=solution,
    judge=judge,
    mistakes=(
        Mistake(looks_at_the_queue, "an empty queue does not mean a free thread"),
        Mistake(counts_a_thread_as_free_until_it_wakes, "Two tasks were counted on the same thread"),
        Mistake(a_thread_for_each_task, "There was a thread with nothing to do"),
        Mistake(has_no_limit, "`most` is a limit"),
    ),
)
