"""Exercise: to pause a serializer without keeping a thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from taskpool.exercises.judging import Hint, explored
from taskpool.exercises.model import Exercise, Mistake, Verdict
from taskpool.exercises.work import Work
from taskpool.pool import TaskPool

__all__ = ["EXERCISE"]

PROMPT = """\
Give the serializer a pause: `suspend()` and `unsuspend()`, called by threads from outside the pool.

* When `suspend()` returns, none of its tasks runs, and none begins until `unsuspend()`. If one runs, `suspend()` waits
  for it.
* Several threads may suspend it; it goes on when each of them has called `unsuspend()`.
* While it is suspended, `push` still queues, and **no thread of the pool is kept waiting**: the pool's threads do other
  work.
* After the last `unsuspend()` everything that was queued runs.

`runtime.Event()` has `set()` and `wait()`."""

HINTS = (
    Hint(
        "`suspend` must not return while a task runs. It says what it wants under the lock, and then waits, without "
        "the lock, for whoever runs the task to say that it has ended.",
        about="suspend returned while",
    ),
    Hint(
        "A task began during the pause. A turn has to look, under the lock, whether it is suspended before it takes a "
        "task out, and no turn may be asked for meanwhile.",
        about="while its serializer was suspended",
    ),
    Hint(
        "The pause keeps a thread of the pool: a task that waits for `unsuspend` blocks whichever thread runs it. Do "
        "not wait in the pool. Let the turn end, and let `unsuspend` ask for the next one.",
        about="did nothing else",
    ),
    Hint(
        "Tasks stay in the queue. No turn was asked for while it was suspended; `unsuspend` has to ask for one if "
        "something is queued.",
        about="ran at all",
    ),
    Hint(
        "A task stays in the queue. Who asks for a turn when a turn ends early, when a push comes during the pause, "
        "and when the pause ends?",
        about="never ran",
    ),
    Hint("Two threads of the pool run the serializer at once: was a second turn asked for?", about="began while task"),
    Hint("Somebody waits for ever. Who should have set the event, and did that thread see that somebody waits?"),
)

COUNT = Hint(
    "Two threads had suspended it, and it went on when the first of them let go. Count the suspensions.",
    about="while its serializer was suspended",
)


def judge(answer: Callable[..., Any]) -> Verdict:
    """A pause while tasks are pushed; two pauses at once; and a pause on a pool with one thread."""

    def paused(pauses: int, pushes: int) -> Callable[[Any], Callable[[], None]]:
        def program(runtime: Any) -> Callable[[], None]:
            work = Work(runtime)
            pool = TaskPool("pool", runtime=runtime, recorder=runtime.recorder, minimum_size=1)
            serializer = answer(pool, runtime)
            names = [f"a{number}" for number in range(1, pushes + 1)]

            def push_all() -> None:
                for name in names:
                    serializer.push(work.task(name))

            def pause() -> None:
                serializer.suspend()
                work.hold()
                work.let_go()
                serializer.unsuspend()

            threads = [runtime.spawn(push_all, name="pusher")]
            threads += [runtime.spawn(pause, name=f"transfer {number}") for number in range(1, pauses + 1)]
            for thread in threads:
                thread.join()
            runtime.sleep(1)  # until nothing moves any more
            pool.shutdown()
            return lambda: work.check(names, names)

        return program

    def alone(runtime: Any) -> Callable[[], None]:
        work = Work(runtime)
        pool = TaskPool("pool", runtime=runtime, recorder=runtime.recorder, minimum_size=1)
        serializer = answer(pool, runtime)
        other: list[str] = []
        serializer.suspend()
        work.hold()
        serializer.push(work.task("a1"))
        pool.push(other.append, "the pool's own")
        runtime.sleep(1)
        if not other:
            work.wrong("while the serializer was suspended, the pool's only thread did nothing else")
        work.let_go()
        serializer.unsuspend()
        runtime.sleep(1)
        pool.shutdown()
        return lambda: work.check(["a1"])

    says = "It is still when suspend returns, goes on after the last unsuspend, and keeps no thread."
    verdict = explored(alone, HINTS, says, seconds=1.0)
    for program, hints in ((paused(1, 2), HINTS), (paused(2, 1), (COUNT, *HINTS))):
        if verdict:
            verdict = explored(program, hints, says, seconds=2.5).with_coverage_of(verdict)
    return verdict


def starter() -> Any:
    from collections import deque

    class MySerializer:
        def __init__(self, pool, runtime):
            self.pool = pool
            self.runtime = runtime
            self.lock = runtime.Lock()
            self.tasks = deque()
            self.has_turn = False

        def push(self, task):
            with self.lock:
                self.tasks.append(task)
                self.ask()

        def ask(self):  # call it with the lock held
            if self.tasks and not self.has_turn:
                self.has_turn = True
                self.pool.push(self.turn)

        def turn(self):
            with self.lock:
                count = len(self.tasks)
            for _ in range(count):
                with self.lock:
                    task = self.tasks.popleft()
                task()
            with self.lock:
                self.has_turn = False
                self.ask()

        def suspend(self):
            pass

        def unsuspend(self):
            pass

    return MySerializer


def solution() -> Any:
    from collections import deque

    class MySerializer:
        def __init__(self, pool, runtime):
            self.pool = pool
            self.runtime = runtime
            self.lock = runtime.Lock()
            self.tasks = deque()
            self.has_turn = False
            self.running = False
            self.suspensions = 0
            self.waiting = []

        def push(self, task):
            with self.lock:
                self.tasks.append(task)
                self.ask()

        def ask(self):  # call it with the lock held
            if self.tasks and not self.has_turn and not self.suspensions:
                self.has_turn = True
                self.pool.push(self.turn)

        def turn(self):
            with self.lock:
                count = len(self.tasks)
            for _ in range(count):
                with self.lock:
                    if self.suspensions:
                        break
                    task = self.tasks.popleft()
                    self.running = True
                task()
                with self.lock:
                    self.running = False
                    for event in self.waiting:
                        event.set()
                    self.waiting.clear()
            with self.lock:
                self.has_turn = False
                self.ask()

        def suspend(self):
            with self.lock:
                self.suspensions += 1
                if not self.running:
                    return
                still = self.runtime.Event()
                self.waiting.append(still)
            still.wait()

        def unsuspend(self):
            with self.lock:
                self.suspensions -= 1
                self.ask()

    return MySerializer


def does_not_wait() -> Any:
    class MySerializer(solution()):
        def suspend(self):
            with self.lock:
                self.suspensions += 1

    return MySerializer


def keeps_a_thread() -> Any:
    from collections import deque

    class MySerializer:
        def __init__(self, pool, runtime):
            self.pool = pool
            self.runtime = runtime
            self.lock = runtime.Lock()
            self.tasks = deque()
            self.has_turn = False
            self.pauses = deque()

        def push(self, task):
            with self.lock:
                self.tasks.append(task)
                if not self.has_turn:
                    self.has_turn = True
                    self.pool.push(self.turn)

        def turn(self):
            while True:
                with self.lock:
                    if not self.tasks:
                        self.has_turn = False
                        return
                    task = self.tasks.popleft()
                task()

        def suspend(self):
            still, resumed = self.runtime.Event(), self.runtime.Event()
            with self.lock:
                self.pauses.append(resumed)

            def pause():
                still.set()
                resumed.wait()

            self.push(pause)
            still.wait()

        def unsuspend(self):
            with self.lock:
                self.pauses.popleft().set()

    return MySerializer


def a_flag_instead_of_a_count() -> Any:
    class MySerializer(solution()):
        def suspend(self):
            super().suspend()
            with self.lock:
                self.suspensions = 1

        def unsuspend(self):
            with self.lock:
                self.suspensions = 0
                self.ask()

    return MySerializer


def does_not_ask_again() -> Any:
    class MySerializer(solution()):
        def unsuspend(self):
            with self.lock:
                self.suspensions -= 1

    return MySerializer


EXERCISE = Exercise(
    name="pause",
    lesson=10,
    title="A pause that keeps no thread",
    prompt=PROMPT,
    answer="MySerializer",
    make_starter=starter,
    make_solution=solution,
    judge=judge,
    mistakes=(
        Mistake(does_not_wait, "must not return while a task runs"),
        Mistake(keeps_a_thread, "The pause keeps a thread of the pool"),
        Mistake(a_flag_instead_of_a_count, "Count the suspensions"),
        Mistake(does_not_ask_again, "`unsuspend` has to ask for one"),
    ),
)
