"""Exercises of the lessons: something to write, and a checker that tries it on every schedule.

``exercise("own-taskprocessor")`` shows the task in a notebook; its ``check(MyTaskProcessor)`` says whether the answer
is right and, if it is not, on which schedule it fails; ``player(verdict.run)`` shows that. Each module has one exercise
with its text, a starter, a solution, and wrong answers with the hint that each gets.
"""

from __future__ import annotations

from importlib import import_module

from taskpool.errors import OptionError
from taskpool.exercises.model import Exercise, Mistake, Verdict

__all__ = ["Exercise", "Mistake", "Verdict", "exercise", "exercises"]

_MODULES = (
    "own_taskprocessor",
    "growth",
    "choosing",
    "turns",
    "crossing",
    "masquerade",
    "mended_pause",
    "measuring",
    "own_serializer",
    "pause",
    "shutdown",
    "distributor",
)


def exercises() -> list[Exercise]:
    """All of them, in the order of the lessons."""
    return [import_module(f"taskpool.exercises.{module}").EXERCISE for module in _MODULES]


def exercise(name: str) -> Exercise:
    """The exercise called ``name``.

    Raises:
        OptionError: If there is none; names those that there are.
    """
    known = {each.name: each for each in exercises()}
    if name not in known:
        raise OptionError(f"name={name!r}: there is no such exercise; there are {', '.join(known)}")
    return known[name]
