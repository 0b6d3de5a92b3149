"""Exercise: to mend the pause of the revision that shipped, from outside, on every schedule of its known faults.

The programs are those of `taskpool.scenarios.journey`, played with sessions whose pause is the learner's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from taskpool.errors import NotSuspendedError
from taskpool.exercises.judging import Hint, explored
from taskpool.exercises.model import Exercise, Mistake, Verdict
from taskpool.runtime.real import default_runtime
from taskpool.scenarios.journey import PROGRAMS, Stage
from taskpool.scenarios.journey.program import open_pool

__all__ = ["EXERCISE"]

PROMPT = """\
You cannot change the pool tonight, but you can change who calls it. Write a class `MyPause` that stands in front of a
session of the shipped revision. `MyPause(session, runtime)` is made once for each session; everybody then calls its
`suspend()` and `unsuspend()`, and it calls `session.suspend()` and `session.unsuspend()` as it sees fit.

* When **any** `suspend()` returns, everything that was queued before it has run, and nothing runs.
* The session goes on when each `suspend()` has had its `unsuspend()`, and not before.
* `unsuspend()` raises `NotSuspendedError` if nobody has it suspended.

The shipped session: `suspend()` waits until the session is still; but it returns at once if it *is being* suspended or
is suspended. `unsuspend()` resumes, whoever calls; it does nothing if the session is not suspended *yet*. Both are
called from outside the pool only. `runtime.Lock()`, `runtime.Event()` and `NotSuspendedError(text)` are yours."""

HINTS = (
    Hint(
        "The second `suspend()` came back while the first was still waiting for the session to become still. It has to "
        "wait as well, until the first one is through.",
        about="pause began before the message",
    ),
    Hint(
        "The session went on while somebody still counted on its being still. How many have it suspended? And between "
        "your counting and your call to the session, can somebody else come in?",
        about="during the pickup's pause",
    ),
    Hint(
        "A resume came before the pause was in force, the session shrugged, and the pause stayed for ever. "
        "`unsuspend()` has to raise, or to wait until there is something to resume.",
        kind="deadlock, lost wakeup",
        about="task 'message'",
    ),
    Hint("One `unsuspend()` too many has to raise `NotSuspendedError`.", about="nobody was told"),
    Hint(
        "`NotSuspendedError` was raised although this caller's own pause was still to be ended. Two pauses need two "
        "resumes: count them.",
        kind="exception",
        about="NotSuspendedError",
    ),
    Hint(
        "Somebody waits for ever. Is a lock held that the one who should go on needs, or an event never set?",
        kind="deadlock, lost wakeup",
    ),
)


class _Session:
    """A shipped session whose pause is the learner's."""

    def __init__(self, session: Any, pause: Any) -> None:
        self.push = session.push
        self.push_wait = session.push_wait
        self.suspend = pause.suspend
        self.unsuspend = pause.unsuspend


class _Stage(Stage):
    """A stage whose sessions are the shipped ones behind an answer."""

    answer: Callable[..., Any]

    def serializer(self, name: str) -> Any:
        session = super().serializer(name)
        return _Session(session, self.answer(session, self.runtime))


def _premature(stage: Stage) -> None:
    """The journey's premature-unsuspend; the pickup's pause lasts until nothing else can move."""
    session = stage.serializer("session")
    paused = stage.var(False, "the pickup's pause")

    def pickup() -> None:
        session.suspend()
        paused.set(True)
        stage.runtime.sleep(1)
        paused.set(False)
        session.unsuspend()

    def message() -> None:
        stage.expect(not paused.get(), "the session ran a task during the pickup's pause")

    session.suspend()
    session.push(message)
    stage.spawn(pickup, "pickup")
    session.unsuspend()


def _too_many(stage: Stage) -> None:
    """A resume without a pause."""
    session = stage.serializer("session")
    session.suspend()
    session.unsuspend()
    try:
        session.unsuspend()
    except NotSuspendedError:
        return
    stage.expect(False, "there was one unsuspend too many, and nobody was told")


_TRIES: tuple[tuple[str, Callable[[Stage], None]], ...] = (
    *((name, PROGRAMS[name].play) for name in ("second-suspender", "lost-unsuspend")),
    ("one-too-many", _too_many),
    ("premature-unsuspend", _premature),
)
_SECONDS = 8.0  # for all of them


def _on_shipped(name: str, play: Callable[[Stage], None], answer: Callable[..., Any]) -> Callable[[Any], Any]:
    def program(runtime: Any) -> Callable[[], None]:
        pool = open_pool("taskpool-shipped", 1, {}, runtime, runtime.recorder)
        pool.log_failures = False
        stage = _Stage(runtime, pool, 1)
        stage.answer = answer
        play(stage)
        stage.join()
        runtime.sleep(1)  # until nothing moves any more
        pool.shutdown()
        return stage.check

    program.__name__ = program.__qualname__ = name
    return program


def judge(answer: Callable[..., Any]) -> Verdict:
    """The known faults of the shipped pause, and a resume too many."""
    says = "Every pause is in force when it returns, each lasts as long as somebody needs it, and no resume is lost."
    verdict = Verdict(True, says)
    clock = default_runtime().monotonic
    until = clock() + _SECONDS
    for name, play in _TRIES:
        if verdict:
            left = max(0.5, until - clock())
            verdict = explored(_on_shipped(name, play, answer), HINTS, says, seconds=left).with_coverage_of(verdict)
    return verdict


def starter() -> Any:
    class MyPause:
        def __init__(self, session, runtime):
            self.session = session

        def suspend(self):
            self.session.suspend()

        def unsuspend(self):
            self.session.unsuspend()

    return MyPause


def solution() -> Any:
    from taskpool.errors import NotSuspendedError

    class MyPause:
        def __init__(self, session, runtime):
            self.session = session
            self.lock = runtime.Lock()
            self.count = 0

        def suspend(self):
            with self.lock:  # also while the session becomes still: whoever comes second waits here
                if self.count == 0:
                    self.session.suspend()
                self.count += 1

        def unsuspend(self):
            with self.lock:
                if self.count == 0:
                    raise NotSuspendedError("nobody has it suspended")
                self.count -= 1
                if self.count == 0:
                    self.session.unsuspend()

    return MyPause


def counts_and_does_not_wait() -> Any:
    class MyPause(solution()):
        def suspend(self):
            with self.lock:
                self.count += 1
                first = self.count == 1
            if first:
                self.session.suspend()

    return MyPause


def resumes_after_letting_go() -> Any:
    class MyPause(solution()):
        def unsuspend(self):
            with self.lock:
                if self.count == 0:
                    raise NotSuspendedError("nobody has it suspended")
                self.count -= 1
                last = self.count == 0
            if last:
                self.session.unsuspend()

    return MyPause


def waits_and_does_not_count() -> Any:
    class MyPause(solution()):
        def suspend(self):
            with self.lock:
                self.session.suspend()
                self.count = 1

    return MyPause


def shrugs() -> Any:
    class MyPause(solution()):
        def unsuspend(self):
            with self.lock:
                self.count = max(0, self.count - 1)
                if self.count == 0:
                    self.session.unsuspend()

    return MyPause


EXERCISE = Exercise(
    name="mended-pause",
    lesson=7,
    title="Mend what shipped",
    prompt=PROMPT,
    answer="MyPause",
    make_starter=starter,
    make_solution=solution,
    judge=judge,
    mistakes=(
        Mistake(counts_and_does_not_wait, "The second `suspend()` came back"),
        Mistake(resumes_after_letting_go, "can somebody else come in"),
        Mistake(waits_and_does_not_count, "Two pauses need two resumes"),
        Mistake(shrugs, "has to raise, or to wait"),
    ),
)
