"""Exercise: split long work of one serializer into turns, so that nobody else has to wait for all of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from taskpool.exercises.judging import Hint, explored
from taskpool.exercises.model import Exercise, Mistake, Verdict
from taskpool.exercises.work import Work
from taskpool.pool import TaskPool
from taskpool.scenarios.lane import named

__all__ = ["EXERCISE"]

PROMPT = """\
A session has long work to do: a list of steps. Write `in_turns(pool, session, steps)`. It is called **by a task of the
session**; `session` is the serializer, and each step is a function without arguments.

* Each step is called once, and in the order of the list.
* Steps are tasks of the session: none of them runs while another task of the session does.
* The pool may have one thread only. A task that somebody pushes onto **another** serializer meanwhile waits for **one**
  step at the most.
* `in_turns` may be given a list of any length."""

HINTS = (
    Hint(
        "A synchronous push from a task of the session runs *inline*: on this thread, at once, inside the task that "
        "asked. The thread is never given back in between. Do not wait for the step.",
        about="ran inline",
    ),
    Hint(
        "The steps ran one after the other inside the task that called `in_turns`. As long as a task has not ended, "
        "its thread does nothing else. Do one step, and leave the rest to another task.",
        about="ran inside the task that called",
    ),
    Hint(
        "A turn runs as many tasks as were queued when it began. With all steps in the queue that is all of them. Let "
        "each step push the next one: what is pushed during a turn has to wait for the next turn.",
        about="had them all in its queue",
    ),
    Hint(
        "A step ran while another task of the session did. The pool runs its own tasks whenever a thread is free; only "
        "the session keeps its tasks apart.",
        about="began while task",
    ),
    Hint(
        "A step is missing. Who pushes the next one, and does somebody also push the last?",
        about="ran at all|never ran",
    ),
    Hint(
        "The order of the steps is that of the list. Does anything run before the step in front of it has ended?",
        about="ran before",
    ),
    Hint("The list may be of any length: what if it is empty?", about="in_turns raised"),
)


class _Scene:
    """A session with its steps, and another serializer's task that counts those it waits for; good for one run.

    Args:
        runtime: The run's.
        threads: How many the pool has.
        steps: How many there are.
    """

    def __init__(self, runtime: Any, threads: int, steps: int) -> None:
        self.pool = TaskPool("pool", runtime=runtime, recorder=runtime.recorder, minimum_size=threads)
        self.pool.log_failures = False
        self.session = _Watched(self.pool.serializer("session"))
        self.work = Work(runtime)
        self.names = [f"step {number}" for number in range(1, steps + 1)]
        self.steps = [named(name, self.work.task(name, self._begins)) for name in self.names]
        self._other = self.pool.serializer("other")
        self._runtime = runtime
        self._begun = runtime.Var(0, "steps begun")
        self._calling = False
        self._before = self._after = 0
        self._how = ""

    def call(self, answer: Callable[..., Any]) -> None:
        """The session's task: call the answer."""
        self._calling = True
        try:
            answer(self.pool, self.session, list(self.steps))
        except Exception as error:  # noqa: BLE001 - whatever it raises is the finding
            self.work.wrong(f"in_turns raised {type(error).__name__}: {error}")
        finally:
            self._calling = False

    def push_to_other(self) -> None:
        """Push the task that must not wait for more than one step."""
        self._other.push(named("another's task", self._count))
        self._before = self._begun.get()

    def end(self, *others: str) -> Callable[[], None]:
        """Wait until nothing moves any more; the check for the end of the run."""
        self._runtime.sleep(1)
        self.pool.shutdown()
        waited = self._after - self._before
        if waited > 1:
            self.work.wrong(f"a task of another serializer waited for {waited} steps, which {self._how}")
        return lambda: self.work.check([*self.names, *others], self.names)

    def _begins(self) -> None:
        self._begun.set(self._begun.get() + 1)
        if self.session.waited:
            self._how = "ran inline"
        elif self._calling:
            self._how = "ran inside the task that called in_turns"
        else:
            self._how = "had their turn together: the session had them all in its queue"

    def _count(self) -> None:
        self._after = self._begun.get()


class _Watched:
    """A serializer that knows whether it was pushed to synchronously."""

    def __init__(self, serializer: Any) -> None:
        self._serializer = serializer
        self.waited = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._serializer, name)

    def push_wait(self, *args: Any, **kwargs: Any) -> Any:
        """As the serializer's."""
        self.waited = True
        return self._serializer.push_wait(*args, **kwargs)


def judge(answer: Callable[..., Any]) -> Verdict:
    """No step; three steps and another serializer on one thread; two steps and another task of the session on two."""

    def empty(runtime: Any) -> Callable[[], None]:
        scene = _Scene(runtime, 1, 0)
        scene.session.push(named("long work", scene.call, answer))
        return scene.end()

    def long_work(runtime: Any) -> Callable[[], None]:
        scene = _Scene(runtime, 1, 3)
        scene.session.push(named("long work", scene.call, answer))
        scene.push_to_other()
        return scene.end()

    def shared(runtime: Any) -> Callable[[], None]:
        scene = _Scene(runtime, 2, 2)
        scene.session.push(named("long work", scene.call, answer))
        scene.session.push(named("a letter", scene.work.task("a letter")))
        return scene.end("a letter")

    says = "Every step runs, in order and alone, and others wait for one step at the most."
    verdict = explored(long_work, HINTS, says, seconds=2.5)
    for program in (empty, shared):
        if verdict:
            verdict = explored(program, HINTS, says, seconds=2.5).with_coverage_of(verdict)
    return verdict


def starter() -> Any:
    def in_turns(pool, session, steps):
        for step in steps:
            step()

    return in_turns


def solution() -> Any:
    def in_turns(pool, session, steps):
        if steps:
            steps[0]()
            session.push(in_turns, pool, session, steps[1:])

    return in_turns


def pushes_all_at_once() -> Any:
    def in_turns(pool, session, steps):
        for step in steps:
            session.push(step)

    return in_turns


def waits_for_each() -> Any:
    def in_turns(pool, session, steps):
        for step in steps:
            session.push_wait(step)

    return in_turns


def pushes_onto_the_pool() -> Any:
    def in_turns(pool, session, steps):
        if steps:
            steps[0]()
            pool.push(in_turns, pool, session, steps[1:])

    return in_turns


def leaves_the_last_one_out() -> Any:
    def in_turns(pool, session, steps):
        if len(steps) > 1:
            steps[0]()
            session.push(in_turns, pool, session, steps[1:])

    return in_turns


EXERCISE = Exercise(
    name="turns",
    lesson=4,
    title="Long work, in turns",
    prompt=PROMPT,
    answer="in_turns",
    make_starter=starter,
    make_solution=solution,
    judge=judge,
    mistakes=(
        Mistake(pushes_all_at_once, "as many tasks as were queued when it began"),
        Mistake(waits_for_each, "runs *inline*"),
        Mistake(pushes_onto_the_pool, "only the session keeps its tasks apart"),
        Mistake(leaves_the_last_one_out, "A step is missing"),
    ),
)
