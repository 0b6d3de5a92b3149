"""Wakeup trees: the sequences that must still be tried from a point of the search, so that none is tried twice.

A *tail* is a sequence of steps to be taken from some point: what an execution did there without a certain step and all
that came after it, and then the step that races with it. A wakeup tree holds tails, as an ordered tree of steps. A tail
is inserted only where it leads to something that no branch of the tree covers.
(Abdulla, Aronis, Jonsson, Sagonas: Optimal dynamic partial order reduction, POPL 2014, Definition 6.1 and Lemma 6.2.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from taskpool.explore.independence import Action, conflict

__all__ = ["Branch", "TailStep", "initials", "insert", "starts_asleep"]


class TailStep(NamedTuple):
    """A step of a tail: what it does, its own bit, and the bits of the tail's steps that must come before it."""

    action: Action
    bit: int
    needs: int


class Branch:
    """A step to be taken, and what to take after it; a leaf is followed by whatever the search likes."""

    __slots__ = ("action", "branches")

    def __init__(self, action: Action) -> None:
        self.action = action
        self.branches: list[Branch] = []

    def __repr__(self) -> str:
        return f"Branch({self.action.thread}, {self.branches})"


def initials(tail: Sequence[TailStep]) -> list[Action]:
    """The steps that the tail could begin with, each its thread's first in it."""
    found, seen = [], 0
    for step in tail:
        if not step.needs & seen:
            found.append(step.action)
        seen |= step.bit
    return found


def without(tail: Sequence[TailStep], action: Action) -> Sequence[TailStep] | None:
    """What is left of the tail once ``action``'s thread has taken its step first.

    None if that cannot be: the step is in the tail behind one that it needs, or not in it and in conflict with one.
    """
    thread = action.thread
    before = 0
    for place, step in enumerate(tail):
        if step.action.thread == thread:
            return None if step.needs & before else [*tail[:place], *tail[place + 1 :]]
        before |= step.bit
    for step in tail:
        if conflict(action, step.action):
            return None
    return tail


def starts_asleep(tail: Sequence[TailStep], sleep: Mapping[int, Action]) -> bool:
    """Whether a sleeping thread's step could come first: then what the tail leads to has been tried."""
    return any(without(tail, action) is not None for action in sleep.values())


def insert(branches: list[Branch], tail: Sequence[TailStep]) -> bool:
    """Add a tail to a tree unless a branch covers it; whether it was added."""
    while True:
        for branch in branches:
            rest = without(tail, branch.action)
            if rest is not None:
                if not branch.branches:
                    return False
                branches, tail = branch.branches, rest
                break
        else:
            for step in tail:
                branch = Branch(step.action)
                branches.append(branch)
                branches = branch.branches
            return bool(tail)
