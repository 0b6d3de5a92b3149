"""Exercise: a serializer on top of a pool's push."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from taskpool.exercises.judging import Hint, explored
from taskpool.exercises.model import Exercise, Mistake, Verdict
from taskpool.exercises.work import Work
from taskpool.pool import TaskPool

__all__ = ["EXERCISE"]

PROMPT = """\
Write a class `MySerializer`. `MySerializer(pool, runtime)` has no thread of its own: it borrows the pool's. Its
`push(task)` queues a task and returns at once; the tasks run one at a time, in order, on whichever thread of the pool
has time.

All that you may ask the pool for is `pool.push(function)`: some thread of it will call the function. Be fair: one such
call runs the tasks that are queued when it begins, and then lets the pool's other work go on. Use `runtime.Lock()` for
what threads share."""

HINTS = (
    Hint(
        "Two threads of the pool run the serializer at once. Ask the pool for a turn only when none is asked for or in "
        "progress, and remember that under the lock.",
        about="began while",
    ),
    Hint(
        "A task stays in the queue. It was pushed while a turn was in progress, so it asked for none; and the turn "
        "ended without asking again. When a turn ends, look at the queue and ask for the next one, under one lock.",
        about="never ran",
    ),
    Hint(
        "A turn that runs until the queue is empty can last for ever: a task that pushes itself keeps the thread from "
        "everybody else. Run as many tasks as were queued when the turn began, then ask for another turn.",
        about="ran before",
    ),
    Hint(
        "The lock is held while a task runs, and that task pushes: it waits for a lock that its own thread holds.",
        kind="deadlock, lost wakeup",
    ),
)


def judge(answer: Callable[..., Any]) -> Verdict:
    """Pushes from two threads on two pool threads; then, on one pool thread, a task that pushes on and on."""

    def ordered(runtime: Any) -> Callable[[], None]:
        work = Work(runtime)
        pool = TaskPool("pool", runtime=runtime, recorder=runtime.recorder, minimum_size=2)
        serializer = answer(pool, runtime)

        def push_two() -> None:
            serializer.push(work.task("a1"))
            serializer.push(work.task("a2"))

        pushers = [
            runtime.spawn(push_two, name="pusher a"),
            runtime.spawn(serializer.push, work.task("b1"), name="pusher b"),
        ]
        for pusher in pushers:
            pusher.join()
        runtime.sleep(1)  # until nothing moves any more
        pool.shutdown()
        return lambda: work.check(["a1", "a2", "b1"], ["a1", "a2"])

    def fair(runtime: Any) -> Callable[[], None]:
        work = Work(runtime)
        pool = TaskPool("pool", runtime=runtime, recorder=runtime.recorder, minimum_size=1)
        serializer = answer(pool, runtime)

        def again(left: int) -> Callable[[], None]:
            return work.task(f"push {left} more", (lambda: serializer.push(again(left - 1))) if left else None)

        def begin() -> None:
            serializer.push(again(2))
            pool.push(work.task("the pool's own"))

        pool.push(begin)
        runtime.sleep(1)
        pool.shutdown()
        names = [f"push {left} more" for left in (2, 1, 0)]
        return lambda: work.check([*names, "the pool's own"], names, ["the pool's own", names[-1]])

    verdict = explored(ordered, HINTS, "Every task runs, alone, in order, and turns are fair.", seconds=4.0)
    return explored(fair, HINTS, verdict.says, seconds=2.0).with_coverage_of(verdict) if verdict else verdict


def starter() -> Any:
    from collections import deque

    class MySerializer:
        def __init__(self, pool, runtime):
            self.pool = pool
            self.lock = runtime.Lock()
            self.tasks = deque()

        def push(self, task):
            with self.lock:
                self.tasks.append(task)
            # Who runs it?

    return MySerializer


def solution() -> Any:
    from collections import deque

    class MySerializer:
        def __init__(self, pool, runtime):
            self.pool = pool
            self.lock = runtime.Lock()
            self.tasks = deque()
            self.has_turn = False

        def push(self, task):
            with self.lock:
                self.tasks.append(task)
                ask, self.has_turn = not self.has_turn, True
            if ask:
                self.pool.push(self.turn)

        def turn(self):
            with self.lock:
                count = len(self.tasks)
            for _ in range(count):
                with self.lock:
                    task = self.tasks.popleft()
                task()
            with self.lock:
                self.has_turn = bool(self.tasks)
                again = self.has_turn
            if again:
                self.pool.push(self.turn)

    return MySerializer


def a_turn_for_each_task() -> Any:
    class MySerializer(solution()):
        def push(self, task):
            with self.lock:
                self.tasks.append(task)
            self.pool.push(self.turn)

        def turn(self):
            with self.lock:
                task = self.tasks.popleft()
            task()

    return MySerializer


def does_not_ask_again() -> Any:
    class MySerializer(solution()):
        def turn(self):
            with self.lock:
                count = len(self.tasks)
            for _ in range(count):
                with self.lock:
                    task = self.tasks.popleft()
                task()
            with self.lock:
                self.has_turn = False

    return MySerializer


def hogs_its_thread() -> Any:
    class MySerializer(solution()):
        def turn(self):
            while True:
                with self.lock:
                    if not self.tasks:
                        self.has_turn = False
                        return
                    task = self.tasks.popleft()
                task()

    return MySerializer


def holds_the_lock() -> Any:
    class MySerializer(solution()):
        def push(self, task):
            with self.lock:
                self.tasks.append(task)
                if len(self.tasks) == 1:
                    self.pool.push(self.turn)

        def turn(self):
            with self.lock:
                for _ in range(len(self.tasks)):
                    self.tasks[0]()
                    self.tasks.popleft()

    return MySerializer


EXERCISE = Exercise(
    name="own-serializer",
    lesson=10,
    title="A serializer of your own",
    prompt=PROMPT,
    answer="MySerializer",
    make_starter=starter,
    make_solution=solution,
    judge=judge,
    mistakes=(
        Mistake(a_turn_for_each_task, "Two threads of the pool run the serializer at once"),
        Mistake(does_not_ask_again, "the turn ended without asking again"),
        Mistake(hogs_its_thread, "A turn that runs until the queue is empty can last for ever"),
        Mistake(holds_the_lock, "it waits for a lock that its own thread holds"),
    ),
)
