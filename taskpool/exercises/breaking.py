"""Break a revision: programs that go wrong on some schedules only, each to be met with a schedule that shows it.

``case("second-suspender")`` shows one; ``stepper(each.program, goal="failure")`` plays it, and ``each.check("1:2")``
says whether that schedule breaks it. The programs are those of `taskpool.scenarios.journey`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from taskpool.errors import OptionError
from taskpool.exercises.model import Verdict
from taskpool.explore import Diverged, ScheduleError, explore, replay
from taskpool.scenarios.journey import PROGRAMS

__all__ = ["CASES", "Case", "case"]


@dataclass(frozen=True, slots=True, repr=False)
class Case:
    """A program on a revision that it breaks on some schedules.

    Args:
        name: The program's name, one of `taskpool.scenarios.journey.PROGRAMS`.
        revision: The design that it is to break.
        task: What happens and what is to be brought about, as Markdown.
        hints: From a nudge to nearly the answer.
    """

    name: str
    revision: str
    task: str
    hints: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<Case {self.name} on {self.revision}>"

    @property
    def program(self) -> Callable[[Any], Any]:
        """What runs; as for `taskpool.explore.explore`."""
        return PROGRAMS[self.name].on(self.revision)

    @property
    def solution(self) -> str:
        """A schedule that breaks it: the one that a search finds first. Blocks while it searches."""
        report = explore(self.program, stop_at_failure=True)
        return str(report.failures[0].schedule)

    def check(self, schedule: str) -> Verdict:
        """Replay a schedule and say whether it goes wrong. Blocks meanwhile; any thread outside a controlled run.

        Args:
            schedule: As a stepper's ``schedule`` or a failure's report gives it.
        """
        try:
            run = replay(self.program, schedule)
        except (ScheduleError, Diverged) as error:
            text = str(error)
            text = text if text.endswith(("?", ".")) else f"{text}."
            return Verdict(False, text, "Play it in the stepper and copy its `.schedule`.")
        if run.outcome == "completed":
            well = "On this schedule all is well: the run ends, and every promise is kept."
            return Verdict(False, well, self.hints[0])
        said = str(run.error) if run.error is not None else "nothing can move"
        return Verdict(True, f"It breaks: {said}.")

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, str]:
        text = f"**{self.name}**, on `{self.revision}`\n\n{self.task}"
        return {"text/plain": text, "text/markdown": text}


CASES = (
    Case(
        "push-wait-through-pause",
        "taskpool-first",
        "*main* pauses a session. When its `suspend()` has returned, it writes down that the session is paused. A task "
        "of another session asks the paused one a question, with `push_wait`.\n\nLet the question be answered during "
        "the pause.",
        (
            "The pool's thread and main have to take turns. By itself a run lets the thread that runs go on.",
            "Let the pool's thread go on until the checkpoint has run, but not to its own question.",
            "As soon as suspend() can return, let main return from it and write paused; then the pool's thread.",
        ),
    ),
    Case(
        "second-suspender",
        "taskpool-shipped",
        "A message is queued in a session. *main*, the transfer, pauses the session, and so does a *pickup*. Each "
        "expects that the message has been handled when its `suspend()` returns.\n\nLet one of them return too early.",
        (
            "Who comes second? What does the shipped revision tell the second one?",
            "Let main ask for its pause and wait. Do not let the pool handle the message yet.",
            "Now let pickup go on to its end, before the pool's thread has taken the message.",
        ),
    ),
    Case(
        "premature-unsuspend",
        "taskpool-shipped",
        "*main*, the transfer, has paused a session, and a message for it is queued. A *pickup* pauses the session as "
        "well, and writes down when its pause begins and ends.\n\nLet the message be handled during the pickup's "
        "pause.",
        (
            "Whose unsuspend() ends whose pause?",
            "Let pickup suspend the session, which is suspended already, and write that its pause has begun.",
            "Then let main resume, and the pool's thread handle the message, before pickup goes on.",
        ),
    ),
)


def case(name: str) -> Case:
    """The case of this name.

    Raises:
        OptionError: If there is none; names those that there are.
    """
    for each in CASES:
        if each.name == name:
            return each
    raise OptionError(f"name={name!r}: there is no such case; there are {', '.join(each.name for each in CASES)}")
