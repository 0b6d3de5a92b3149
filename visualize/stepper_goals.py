"""What a learner tries to reach by choosing who goes on, each goal judged by code.

A goal sees only what was chosen and how the run ended: it says whether it is reached, and what is missing otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from visualize._words import amount

__all__ = ["DEADLOCKS", "Goal", "Judgement", "Switches", "Wrong", "goal_of", "switches"]

#: The kinds of finding that are a deadlock to a learner: nothing can move any more.
DEADLOCKS = ("deadlock", "lost wakeup")


@dataclass(frozen=True, slots=True)
class Judgement:
    """How things stand with a goal.

    Attributes:
        reached: Whether it is reached.
        text: What is reached, or what is missing.
    """

    reached: bool
    text: str


class Goal(Protocol):
    """What is to be reached."""

    @property
    def text(self) -> str:
        """The task, in a few words."""

    def judge(self, threads: Sequence[int], over: bool, failure: str) -> Judgement:
        """Whether it is reached.

        Args:
            threads: The number of the thread that took each step.
            over: Whether nobody can go on.
            failure: What went wrong once nobody can: a kind of finding, or empty.
        """


def switches(threads: Sequence[int]) -> int:
    """How often a step was another thread's than the step before."""
    return sum(one != other for one, other in pairwise(threads))


@dataclass(frozen=True, slots=True)
class Wrong:
    """Make the program go wrong.

    Args:
        text: The task, in a few words.
        kinds: The kinds of finding that count; empty for any.
    """

    text: str
    kinds: tuple[str, ...] = ()

    def judge(self, threads: Sequence[int], over: bool, failure: str) -> Judgement:
        """See `Goal`."""
        if failure and (not self.kinds or failure in self.kinds):
            return Judgement(True, f"Goal reached: {failure} after {amount(len(threads), 'step')}.")
        if failure:
            return Judgement(False, f"It went wrong in another way ({failure}). Undo and choose otherwise.")
        if over:
            return Judgement(False, "The run has ended well. Undo and choose otherwise.")
        return Judgement(False, "Not yet.")


@dataclass(frozen=True, slots=True)
class Switches:
    """Bring the program to its end, without a failure, and change threads at most so often.

    Args:
        most: How often a step may be another thread's than the step before.

    Raises:
        ValueError: If it is negative.
    """

    most: int

    def __post_init__(self) -> None:
        if self.most < 0:
            raise ValueError(f"Switches({self.most}): a run has 0 switches or more")

    @property
    def text(self) -> str:
        """The task, in a few words."""
        return f"finish in {amount(self.most, 'switch', 'switches')}"

    def judge(self, threads: Sequence[int], over: bool, failure: str) -> Judgement:
        """See `Goal`."""
        made = switches(threads)
        so_far = amount(made, "switch", "switches")
        if failure:
            return Judgement(False, f"It went wrong ({failure}) after {so_far}. Undo and choose otherwise.")
        if made > self.most:
            return Judgement(False, f"{so_far}, and {self.most} are allowed. Undo and choose otherwise.")
        if over:
            return Judgement(True, f"Goal reached: the run has ended, with {so_far}.")
        return Judgement(False, f"{so_far} so far.")


_NAMED = {
    "deadlock": Wrong("make it deadlock", DEADLOCKS),
    "failure": Wrong("make it go wrong"),
}


def goal_of(goal: Goal | str | int | None) -> Goal | None:
    """A goal from what a learner writes; a number is that of the switches allowed.

    Raises:
        ValueError: If there is no goal of that name, or the number is negative.
    """
    if isinstance(goal, int):
        return Switches(goal)
    if not isinstance(goal, str):
        return goal
    if goal not in _NAMED:
        raise ValueError(f"goal={goal!r}: choose one of {', '.join(map(repr, _NAMED))}, or a number of switches")
    return _NAMED[goal]
