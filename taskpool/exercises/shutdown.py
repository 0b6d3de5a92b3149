"""Exercise: a shutdown that loses nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from taskpool.exercises.judging import Hint, explored
from taskpool.exercises.model import Exercise, Mistake, Verdict
from taskpool.exercises.work import Work

__all__ = ["EXERCISE"]

PROMPT = """\
Write a class `MyPool` with two threads of its own that start at once. `MyPool(runtime)` has

* `push(task)`: queues a task (a function without arguments) and returns at once. Once the pool is shut down it raises
  `RuntimeError` instead.
* `shutdown()`: refuses further pushes, and returns when every task that was accepted has run and both threads have
  ended. It may be called by any thread of outside, and more than once.

Use `runtime.spawn(function)`, which returns a thread with a `join()`, `runtime.Lock()`, and `runtime.Queue()` with
`put(item)` and `get()`."""

HINTS = (
    Hint(
        "A push looked whether the pool was open, then somebody shut it down, then the push put its task behind the "
        "threads' last message: nobody takes it any more. Look and put under one lock, and close under the same lock.",
        about="never ran|ran at all",
    ),
    Hint(
        "`shutdown` returned too early: wait for the threads as well.",
        about="shutdown returned before",
    ),
    Hint(
        "A thread waits in `get()` for ever, and `shutdown` waits for that thread. Each thread needs a message of its "
        "own that tells it to end, and a flag cannot wake it.",
        kind="deadlock, lost wakeup",
    ),
    Hint(
        "After `shutdown` a push must raise RuntimeError: what it queues would never run.", about="was accepted after"
    ),
)


def judge(answer: Callable[..., Any]) -> Verdict:
    """One thread pushes while another shuts down; then somebody pushes, and shuts down, once more."""

    def program(runtime: Any) -> Callable[[], None]:
        work = Work(runtime, alone=False)
        accepted: list[str] = []
        closed: list[bool] = []
        early: list[str] = []
        pool = answer(runtime)

        def push(*names: str) -> None:
            for name in names:
                after = bool(closed)
                try:
                    pool.push(work.task(name))
                except RuntimeError:
                    continue
                accepted.append(name)
                if after:
                    work.wrong(f"task {name} was accepted after shutdown had returned")

        def end() -> None:
            pool.shutdown()
            closed.append(True)
            early.extend(name for name in accepted if name not in work.ran)

        pusher = runtime.spawn(push, "a1", "a2", name="pusher")
        closer = runtime.spawn(end, name="closer")
        pusher.join()
        closer.join()
        push("b1")
        pool.shutdown()

        def check() -> None:
            work.check(accepted)
            assert not early, f"shutdown returned before task {early[0]} had run"

        return check

    return explored(program, HINTS, "What is accepted runs, and shutdown returns when it has.")


def starter() -> Any:
    class MyPool:
        def __init__(self, runtime):
            self.queue = runtime.Queue()
            self.threads = [runtime.spawn(self.work) for _ in range(2)]

        def work(self):
            while True:
                task = self.queue.get()
                task()

        def push(self, task):
            self.queue.put(task)

        def shutdown(self):
            pass

    return MyPool


def solution() -> Any:
    class MyPool:
        def __init__(self, runtime):
            self.lock = runtime.Lock()
            self.queue = runtime.Queue()
            self.closed = False
            self.threads = [runtime.spawn(self.work) for _ in range(2)]

        def work(self):
            while (task := self.queue.get()) is not None:
                task()

        def push(self, task):
            with self.lock:
                if self.closed:
                    raise RuntimeError("the pool is shut down")
                self.queue.put(task)

        def shutdown(self):
            with self.lock:
                if not self.closed:
                    self.closed = True
                    for _ in self.threads:
                        self.queue.put(None)
            for thread in self.threads:
                thread.join()

    return MyPool


def looks_without_the_lock() -> Any:
    class MyPool(solution()):
        def push(self, task):
            if self.closed:
                raise RuntimeError("the pool is shut down")
            self.queue.put(task)

    return MyPool


def one_message_for_two_threads() -> Any:
    class MyPool(solution()):
        def shutdown(self):
            with self.lock:
                if not self.closed:
                    self.closed = True
                    self.queue.put(None)
            for thread in self.threads:
                thread.join()

    return MyPool


def does_not_wait() -> Any:
    class MyPool(solution()):
        def shutdown(self):
            with self.lock:
                if not self.closed:
                    self.closed = True
                    for _ in self.threads:
                        self.queue.put(None)

    return MyPool


def goes_on_accepting() -> Any:
    class MyPool(solution()):
        def push(self, task):
            self.queue.put(task)

    return MyPool


EXERCISE = Exercise(
    name="shutdown",
    lesson=10,
    title="A shutdown that loses nothing",
    prompt=PROMPT,
    answer="MyPool",
    make_starter=starter,
    make_solution=solution,
    judge=judge,
    mistakes=(
        Mistake(looks_without_the_lock, "Look and put under one lock"),
        Mistake(one_message_for_two_threads, "Each thread needs a message of its own"),
        Mistake(does_not_wait, "wait for the threads as well"),
        Mistake(goes_on_accepting, "must raise RuntimeError"),
    ),
)
