"""You are the scheduler: ten programs of rising difficulty, each with something to bring about by choosing who goes on.

``stepper(level.program, goal=level.goal)`` plays one. Most go wrong on some schedules only: the level is to find one.
Others are to be brought to a good end, in few switches from thread to thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from taskpool.errors import OptionError
from taskpool.exercises.level_programs import (
    lost_update,
    lost_wake_up,
    overtaking,
    philosophers,
    relay,
    starving,
    two_locks,
    waiting_inside,
)
from taskpool.scenarios.journey import PROGRAMS

__all__ = ["LEVELS", "Level", "level"]

Program = Callable[[Any], Any]


@dataclass(frozen=True, slots=True, repr=False)
class Level:
    """A program, and what the learner is to make of it.

    Args:
        number: From 1 on.
        title: In a few words.
        story: What the program does, and what is to be done, as Markdown.
        program: What runs; as for `taskpool.explore.explore`.
        goal: ``"deadlock"``, ``"failure"``, or a number: bring it to a good end in at most so many switches.
        hints: From a nudge to nearly the answer.
        solution: A schedule that reaches the goal.
    """

    number: int
    title: str
    story: str
    program: Program
    goal: str | int
    hints: tuple[str, ...]
    solution: str

    def __repr__(self) -> str:
        return f"<Level {self.number}: {self.title}>"

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, str]:
        goals = {"deadlock": "make it deadlock", "failure": "make it go wrong"}
        what = goals.get(str(self.goal), f"bring it to its end in {self.goal} switches at most")
        text = f"**Level {self.number}: {self.title}**\n\n{self.story}\n\n*Your goal:* {what}."
        return {"text/plain": text, "text/markdown": text}


def _named(name: str, design: str) -> Program:
    return PROGRAMS[name].on(design)


LEVELS = (
    Level(
        1,
        "Lost update",
        "Two threads add one each to a counter. Each reads it and then writes what it has read plus one.",
        lost_update,
        "failure",
        ("A thread may be stopped between its two steps.", "Let both read before either writes."),
        "1:2",
    ),
    Level(
        2,
        "Two locks",
        "T1 takes lock A and then B. T2 takes B and then A.",
        two_locks,
        "deadlock",
        ("Who holds something that the other one needs?", "T1 takes A; now T2 takes B."),
        "1:2",
    ),
    Level(
        3,
        "Few words",
        "A sender puts three letters into a queue, and an echo sends each of them back. Going from one thread to "
        "another is not free: do it as seldom as you can.",
        relay,
        2,
        ("A queue holds more than one letter.", "Let a thread go on until it cannot."),
        "default",
    ),
    Level(
        4,
        "Overtaking",
        "Two tasks are pushed to a taskpool with two threads, one after the other. Each writes its number on a "
        "page. Is the order of pushes the order in which they run?",
        overtaking,
        "failure",
        (
            "Each task is in a queue of its own, with a thread of its own.",
            "Let the second thread take its task and write before the first one does.",
        ),
        "15:2",
    ),
    Level(
        5,
        "Three philosophers",
        "Each of three philosophers takes the fork to the left, then the one to the right, eats, and puts both back.",
        philosophers,
        "deadlock",
        ("A circle of three: each holds what the next one needs.", "All three take their left fork first."),
        "1:2 2:3",
    ),
    Level(
        6,
        "The bell that nobody heard",
        "The reader looks for mail. If there is none it makes the bell ready and sleeps until it rings. The postman "
        "brings mail and rings.",
        lost_wake_up,
        "deadlock",
        (
            "Between the look and the sleep there is a gap.",
            "The reader looks; the postman does all his work; the reader goes on.",
        ),
        "1:2",
    ),
    Level(
        7,
        "Give up",
        "The patient thread tries three times to get a lock, without waiting, and then gives up. The busy one takes "
        "the lock and gives it back three times. Make the patient one give up.",
        starving,
        "failure",
        (
            "A try fails only while the lock is held.",
            "Let the busy one take the lock, and then let the patient one try three times.",
        ),
        "0:2 5:1",
    ),
    Level(
        8,
        "Waiting inside",
        "Two threads share a queue of tasks. Two tasks each put a task of their own behind what is queued and wait "
        "until that has run. If both threads wait, nobody is left to run it. Bring it to a good end.",
        waiting_inside,
        8,
        (
            "Who runs the inner tasks? A thread that is not waiting.",
            "Let the first outer task put its own into the queue before main puts the second outer task there.",
        ),
        "1:1 12:2",
    ),
    Level(
        9,
        "What shipped",
        "The taskpool that Asterisk shipped: a task of A pushes to B and waits, a task of B pushes to A and waits. "
        "Each runs inline if it can.",
        _named("cross-push-wait", "taskpool-shipped"),
        "deadlock",
        (
            "To run a task inline, a thread has to hold the other serializer.",
            "Let a thread begin each of the two tasks; then let both push.",
        ),
        "42:2",
    ),
    Level(
        10,
        "Too early",
        "Two transfers pause the same session, on the taskpool that shipped. It knows only whether it is paused, "
        "not how often. Make it go on while one of them still counts on its being still.",
        _named("premature-unsuspend", "taskpool-shipped"),
        "failure",
        (
            "Whose unsuspend is it that ends the pause of the other one?",
            "Let both suspend before either resumes; then let one resume and a message run.",
        ),
        "38:2 41:0",
    ),
)


def level(number: int) -> Level:
    """The level with this number.

    Raises:
        OptionError: If there is none.
    """
    if not 1 <= number <= len(LEVELS):
        raise OptionError(f"number={number!r}: there are levels 1 to {len(LEVELS)}")
    return LEVELS[number - 1]
