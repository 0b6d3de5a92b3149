"""Turning a race round: the tail that would have had the later step come first."""

from __future__ import annotations

from collections.abc import Iterator

from taskpool.explore.happens_before import END, GIVES_UP, HappensBefore, Race
from taskpool.explore.independence import ANY_ITEM, Action, conflict
from taskpool.explore.wakeup import TailStep
from taskpool.runtime import operations as op
from taskpool.runtime.kernel import Kernel
from taskpool.runtime.operations import Operation

__all__ = ["reversals"]

# What these turned out to be they would be in the earlier step's place too.
_SURE = frozenset({op.RELEASE_FOREIGN, op.SEEN_FREE, op.EXPIRED, op.WAKE_TIMED})


def reversals(
    history: HappensBefore, kernel: Kernel, announced: list[tuple[Operation, int]]
) -> Iterator[tuple[int, list[TailStep]]]:
    """For each race of the steps that ``history`` has not seen, and of those still blocked: the earlier step, and the
    tail from the choice before it that has the later one come first.

    Args:
        history: Is extended by ``kernel``'s new steps.
        kernel: An execution that has stopped.
        announced: For each step the operation that was announced, and its object's key.
    """
    for race in history.extend(kernel):
        earlier, later, _ = race
        tail, bits = _independent(history, earlier, later)
        action = _in_its_place(history, race, announced)
        yield earlier, _end(history, tail, action, history.first_past(race, kernel) & bits, 1 << later)
    length = len(kernel.steps)
    for earlier, action, past in history.pending_races(kernel):
        tail, bits = _independent(history, earlier, length)
        yield earlier, _end(history, tail, action, past & bits, 1 << length)


def _independent(history: HappensBefore, earlier: int, later: int) -> tuple[list[TailStep], int]:
    """The steps between two that do not depend on the earlier one, and their bits."""
    pasts, actions = history.pasts, history.actions
    tail, bits = [], 0
    for step in range(earlier + 1, later):
        past = pasts[step]
        if not past >> earlier & 1:
            tail.append(TailStep(actions[step], 1 << step, past & bits))
            bits |= 1 << step
    return tail, bits


def _end(history: HappensBefore, tail: list[TailStep], action: Action, needs: int, bit: int) -> list[TailStep]:
    for step in tail:
        if conflict(step.action, action):
            needs |= step.needs | step.bit
    tail.append(TailStep(action, bit, needs))
    return tail


def _in_its_place(history: HappensBefore, race: Race, announced: list[tuple[Operation, int]]) -> Action:
    """What the later step of a race would do if it came first: as much as it might, where that is open."""
    _, later, way = race
    action = history.actions[later]
    if way == END or (action.access in _SURE and way != GIVES_UP):
        return action
    operation, key = announced[later]
    if way == GIVES_UP:
        return Action(action.thread, op.EXPIRED, key, 0, 0)
    return Action(action.thread, operation.access, action.key, ANY_ITEM, action.end)
