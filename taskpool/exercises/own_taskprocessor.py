"""Exercise: a queue of tasks with a thread while there is work, and none while there is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from taskpool.exercises.judging import Hint, explored
from taskpool.exercises.model import Exercise, Mistake, Verdict
from taskpool.exercises.work import Work

__all__ = ["EXERCISE"]

PROMPT = """\
Write a class `MyTaskProcessor` whose `push(task)` queues a task (a function without arguments) and returns at once.
The tasks run one at a time, in the order in which they were pushed, and every one of them runs.

It has no thread of its own: a push that finds nobody at work starts a thread, which runs tasks until none is left and
then ends. A task may push further tasks.

You get a `runtime`. Use `runtime.Lock()` for what threads share and `runtime.spawn(function)` to start a thread. Look
at shared things only while you hold the lock: what you do without it, the checker takes to happen all at once."""

HINTS = (
    Hint(
        "Two threads run the queue at once. Whoever starts one must have said so before, while holding the lock, so "
        "that the next push can see it.",
        about="began while",
    ),
    Hint(
        "The newest task was taken first. A queue is taken from at the end opposite to the one it is put to.",
        about="ran before",
    ),
    Hint(
        "The lock is held while a task runs, and that task pushes: it waits for a lock that its own thread holds. Take "
        "a task out under the lock, give the lock up, then run the task.",
        kind="deadlock",
    ),
    Hint(
        "A task stays in the queue. A push came after the thread had found the queue empty, but before it had said "
        "that it stops: so it started nobody. Find it empty and say so without giving the lock up in between.",
        about="never ran",
    ),
)


def judge(answer: Callable[..., Any]) -> Verdict:
    """Two threads push, and a task pushes as well."""

    def program(runtime: Any) -> Callable[[], None]:
        processor, work = answer(runtime), Work(runtime)

        def push_two() -> None:
            processor.push(work.task("a1", lambda: processor.push(work.task("a1's own"))))
            processor.push(work.task("a2"))

        runtime.spawn(push_two, name="pusher a")
        runtime.spawn(processor.push, work.task("b1"), name="pusher b")
        return lambda: work.check(["a1", "a2", "b1", "a1's own"], ["a1", "a2"])

    return explored(program, HINTS, "Every task runs, alone and in order.")


def starter() -> Any:
    from collections import deque

    class MyTaskProcessor:
        def __init__(self, runtime):
            self.runtime = runtime
            self.lock = runtime.Lock()
            self.tasks = deque()

        def push(self, task):
            with self.lock:
                self.tasks.append(task)
            # Who runs it?

    return MyTaskProcessor


def solution() -> Any:
    from collections import deque

    class MyTaskProcessor:
        def __init__(self, runtime):
            self.runtime = runtime
            self.lock = runtime.Lock()
            self.tasks = deque()
            self.at_work = False

        def push(self, task):
            with self.lock:
                self.tasks.append(task)
                start, self.at_work = not self.at_work, True
            if start:
                self.runtime.spawn(self.work)

        def work(self):
            while True:
                with self.lock:
                    if not self.tasks:
                        self.at_work = False
                        return
                    task = self.tasks.popleft()
                task()

    return MyTaskProcessor


def a_thread_for_each_push() -> Any:
    class MyTaskProcessor(solution()):
        def push(self, task):
            with self.lock:
                self.tasks.append(task)
            self.runtime.spawn(self.work)

    return MyTaskProcessor


def says_too_late_that_it_stops() -> Any:
    class MyTaskProcessor(solution()):
        def work(self):
            more = True
            while more:
                with self.lock:
                    task = self.tasks.popleft()
                task()
                with self.lock:
                    more = bool(self.tasks)
            with self.lock:
                self.at_work = False

    return MyTaskProcessor


def runs_tasks_under_the_lock() -> Any:
    class MyTaskProcessor(solution()):
        def work(self):
            with self.lock:
                while self.tasks:
                    self.tasks.popleft()()
                self.at_work = False

    return MyTaskProcessor


def takes_the_newest() -> Any:
    class MyTaskProcessor(solution()):
        def work(self):
            while True:
                with self.lock:
                    if not self.tasks:
                        self.at_work = False
                        return
                    task = self.tasks.pop()
                task()

    return MyTaskProcessor


EXERCISE = Exercise(
    name="own-taskprocessor",
    lesson=1,
    title="A queue, and a thread while there is work",
    prompt=PROMPT,
    answer="MyTaskProcessor",
    make_starter=starter,
    make_solution=solution,
    judge=judge,
    mistakes=(
        Mistake(a_thread_for_each_push, "Two threads run the queue at once"),
        Mistake(says_too_late_that_it_stops, "before it had said that it stops"),
        Mistake(runs_tasks_under_the_lock, "waits for a lock that its own thread holds"),
        Mistake(takes_the_newest, "The newest task was taken first"),
    ),
)
