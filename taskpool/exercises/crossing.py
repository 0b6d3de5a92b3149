"""Exercise: two ends of a call that ask each other something at the same time, and hang; mend it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from taskpool.exercises.judging import Hint, explored
from taskpool.exercises.model import Exercise, Mistake, Verdict
from taskpool.original import OriginalTaskPool
from taskpool.pool import TaskPool
from taskpool.scenarios.lane import named
from taskpool.threadpool import ThreadPool

__all__ = ["EXERCISE"]

PROMPT = """\
Mend `ask(mine, other, question, then)`. It is called **by a task of `mine`**; `mine` and `other` are the serializers of
the two ends of a call.

* `question()` is called once, in a task of `other`. It returns the answer.
* `then(answer)` is called once, in a task of `mine`.
* Both ends may ask each other at the same moment. Nothing hangs: not on a threadpool with two threads, not on a
  taskpool with one, and not on the shipped taskpool with two.

`ask` need not have the answer when it returns. What comes after the answer is in `then`."""

HINTS = (
    Hint(
        "The answer comes by a task of the other end, and that task then waits for yours: `then` is pushed "
        "synchronously. The way back must not wait either.",
        kind="deadlock, lost wakeup",
        about="in task 'on the way'",
    ),
    Hint(
        "This is a `push_wait` by another name. It makes no difference what a task waits for: as long as it waits, "
        "it has not ended, and nothing else of its serializer runs. Return instead.",
        kind="deadlock, lost wakeup",
        about="event",
    ),
    Hint(
        "Each end waits inside its own task, so neither can run what the other one asks for. Push the question, and "
        "return.",
        kind="deadlock, lost wakeup",
    ),
    Hint(
        "`question` belongs to the other end: it may look at what only tasks of `other` may touch. Push it there.",
        about="question of .* outside",
    ),
    Hint(
        "`then` belongs to the end that asked: it may touch what only tasks of `mine` may touch. When the answer is "
        "there, push `then` back.",
        about="the rest of .* outside",
    ),
    Hint("Something was never called. Who calls `then`, and with what?", about="never called"),
)


class _End:
    """One end's serializer, which knows on which threads a task of it is being run.

    Args:
        scene: The run that it belongs to.
        pool: Where its tasks run.
        name: Its name.
    """

    def __init__(self, scene: _Scene, pool: Any, name: str) -> None:
        self.name = name
        self._scene = scene
        self._serializer = pool.serializer(name)
        self._running: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._serializer, name)

    def push(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> None:
        """As the serializer's."""
        self._serializer.push(self._task(fn, args, kwargs))

    def push_wait(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """As the serializer's."""
        return self._serializer.push_wait(self._task(fn, args, kwargs))

    @property
    def is_here(self) -> bool:
        """Whether the calling thread runs a task of this end."""
        return self._scene.runtime.thread_name() in self._running

    def _task(self, fn: Callable[..., Any], args: Any, kwargs: Any) -> Callable[[], Any]:
        def task() -> Any:
            self._running.append(self._scene.runtime.thread_name())
            try:
                return fn(*args, **kwargs)
            except Exception as error:
                self._scene.wrong(f"a task of {self.name} raised {type(error).__name__}: {error}")
                raise
            finally:
                self._running.remove(self._scene.runtime.thread_name())

        return named(self._scene.label(fn), task)


class _Scene:
    """Two ends that ask each other; good for one run.

    Args:
        runtime: The run's.
        pool: Where both run.
        answer: What the learner wrote.
    """

    def __init__(self, runtime: Any, pool: Any, answer: Callable[..., Any]) -> None:
        self.runtime = runtime
        self._pool = pool
        self._pool.log_failures = False
        self._answer = answer
        self._ends = tuple(_End(self, pool, name) for name in ("A", "B"))
        self._labels: dict[Any, str] = {}
        self._asked: list[str] = []
        self._told: list[str] = []
        self._wrong: list[str] = []

    def wrong(self, what: str) -> None:
        self._wrong.append(what)

    def label(self, fn: Callable[..., Any]) -> str:
        """What a task is called in the trace: by what it is for, or that it is the learner's own."""
        return self._labels.get(fn, "on the way")

    def play(self) -> Callable[[], None]:
        """Let both ask, wait until nothing moves any more; the check for the end of the run."""
        a, b = self._ends
        for mine, other in ((a, b), (b, a)):
            mine.push(self._asking(mine, other))
        self.runtime.sleep(1)
        self._pool.shutdown(wait=not self._wrong)

        def check() -> None:
            assert not self._wrong, self._wrong[0]
            for end in self._ends:
                assert self._asked.count(end.name) == 1, f"the question of {end.name} was {_times(self._asked, end)}"
                assert self._told.count(end.name) == 1, f"the rest of {end.name} was {_times(self._told, end)}"

        return check

    def _asking(self, mine: _End, other: _End) -> Callable[[], None]:
        def question() -> str:
            if not other.is_here:
                self.wrong(f"the question of {mine.name} was called outside {other.name}")
            self._asked.append(mine.name)
            return f"the answer for {mine.name}"

        def then(answer: str) -> None:
            if not mine.is_here:
                self.wrong(f"the rest of {mine.name} was called outside {mine.name}")
            if answer != f"the answer for {mine.name}":
                self.wrong(f"the rest of {mine.name} was given {answer!r} as the answer")
            self._told.append(mine.name)

        def asking() -> None:
            self._answer(mine, other, question, then)

        self._labels.update({question: "question", then: "then", asking: "asking"})
        return asking


def _times(names: list[str], end: _End) -> str:
    count = names.count(end.name)
    return "never called" if not count else f"called {count} times"


def judge(answer: Callable[..., Any]) -> Verdict:
    """Both ends ask at once: on a taskpool with one thread, on a threadpool with two, on the shipped taskpool with two.

    The threadpool has too many schedules to try them all; a task that waits there hangs on the first ones.
    """

    def on(design: Callable[..., Any], threads: int) -> Callable[[Any], Callable[[], None]]:
        def both_ask(runtime: Any) -> Callable[[], None]:
            options = {"initial_size": threads, "max_size": threads, "auto_increment": 0}
            return _Scene(runtime, design("pool", runtime=runtime, recorder=runtime.recorder, **options), answer).play()

        return both_ask

    says = "Both questions are answered where they belong, and nothing waits."
    verdict = explored(on(TaskPool, 1), HINTS, says, seconds=0.8)
    if verdict:
        older = explored(on(ThreadPool, 2), HINTS, says, seconds=0.4).with_coverage_of(verdict)
        verdict = older if not older else verdict
    if verdict:
        verdict = explored(on(OriginalTaskPool, 2), HINTS, says, seconds=5.5).with_coverage_of(verdict)
    return verdict


def starter() -> Any:
    def ask(mine, other, question, then):
        answer = other.push_wait(question)
        then(answer)

    return ask


def solution() -> Any:
    def ask(mine, other, question, then):
        def at_the_other_end():
            mine.push(then, question())

        other.push(at_the_other_end)

    return ask


def waits_by_another_name() -> Any:
    def ask(mine, other, question, then):
        answered = mine.runtime.Event()
        answers = []

        def at_the_other_end():
            answers.append(question())
            answered.set()

        other.push(at_the_other_end)
        answered.wait()
        then(answers[0])

    return ask


def waits_on_the_way_back() -> Any:
    def ask(mine, other, question, then):
        def at_the_other_end():
            mine.push_wait(then, question())

        other.push(at_the_other_end)

    return ask


def goes_on_at_the_other_end() -> Any:
    def ask(mine, other, question, then):
        def at_the_other_end():
            then(question())

        other.push(at_the_other_end)

    return ask


def asks_itself() -> Any:
    def ask(mine, other, question, then):
        then(question())

    return ask


def gives_no_answer_back() -> Any:
    def ask(mine, other, question, then):
        other.push(question)

    return ask


EXERCISE = Exercise(
    name="crossing",
    lesson=5,
    title="Two ends that ask each other",
    prompt=PROMPT,
    answer="ask",
    make_starter=starter,
    make_solution=solution,
    judge=judge,
    mistakes=(
        Mistake(waits_by_another_name, "by another name"),
        Mistake(waits_on_the_way_back, "The way back must not wait"),
        Mistake(goes_on_at_the_other_end, "push `then` back"),
        Mistake(asks_itself, "Push it there"),
        Mistake(gives_no_answer_back, "Who calls `then`"),
    ),
)
