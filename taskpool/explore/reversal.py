"""Turning a race round: the tail that would have had the later step come first."""

from __future__ import annotations

from collections.abc import Iterator

from taskpool.explore.happens_before import END, GIVES_UP, HappensBefore, Race
from taskpool.explore.independence import Action, conflict, end_key
from taskpool.explore.wakeup import TailStep
from taskpool.runtime import operations as op
from taskpool.runtime.kernel import Kernel
from taskpool.runtime.operations import COUNT, LAST, Operation

__all__ = ["reversals"]


def reversals(
    history: HappensBefore, kernel: Kernel, announced: list[tuple[Operation, int]], *, whole: bool
) -> Iterator[tuple[int, list[TailStep]]]:
    """The races of the steps that ``history`` has not seen, and of those still blocked, turned round.

    Args:
        history: Is extended by ``kernel``'s new steps.
        kernel: An execution that has stopped.
        announced: For each step the operation that was announced, and its object's key.
        whole: Whether a tail also holds the steps after the later one that do not depend on the earlier one.

    Yields:
        The earlier step, and the tail from the choice before it that has the later one come first.
    """
    length = len(kernel.steps)
    for race in history.extend(kernel):
        earlier, later, _ = race
        tail, bits = _independent(history, earlier, length if whole else later)
        action = _in_its_place(history, race, announced)
        yield earlier, _end(history, tail, action, history.first_past(race, kernel) & bits, 1 << later)
    for earlier, action, past in history.pending_races(kernel):
        tail, bits = _independent(history, earlier, length)
        yield earlier, _end(history, tail, action, past & bits, 1 << length)


def _independent(history: HappensBefore, earlier: int, end: int) -> tuple[list[TailStep], int]:
    """The steps after one and before ``end`` that do not depend on it, and their bits."""
    pasts, actions = history.pasts, history.actions
    tail, bits = [], 0
    for step in range(earlier + 1, end):
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
    """What the later step of a race would do in the earlier one's place."""
    earlier, later, way = race
    action, first = history.actions[later], history.actions[earlier]
    operation, key = announced[later]
    if way == END:
        return action
    if way == GIVES_UP:
        return Action(action.thread, op.EXPIRED, key, 0, 0)
    access, arg = _turned(first, action, operation.access), action.arg
    if access in _TAKES and first.access in _TAKES:
        arg = first.arg
    elif access == first.access == op.PUT:
        arg += (first.arg & LAST) - (first.arg >> COUNT) + (arg >> COUNT) - (arg & LAST)
    # Where nothing that the thread sees is changed it goes on as it did; otherwise this may become its last step.
    end = action.end if access in _TELLS_NOTHING else end_key(action.thread)
    return Action(action.thread, access, action.key, arg, end)


def _turned(first: Action, action: Action, announced: int) -> int:
    """The access that ``action`` becomes when it comes before ``first``.

    Where that is open, the one that conflicts with more: too much costs an execution, too little loses some.
    """
    before, access = first.access, action.access
    if before in _LOCKS:
        if access == op.TRY_FAIL:
            return op.SEEN_FREE if announced == op.TRY_FAIL else op.TRY_OK
        return op.SEEN_FREE if access == op.RELEASE_FOREIGN else access
    if before in _FREES and access in (op.TRY_OK, op.SEEN_FREE):
        return op.RELEASE_FOREIGN if announced == op.RELEASE else op.TRY_FAIL
    if before in _TAKES and access == op.FOUND_EMPTY:
        return op.TRY_GET
    if before == op.PUT and access == op.TRY_GET:
        return op.FOUND_EMPTY
    if before == op.SET and announced in (op.CLEAR, op.TRY_WAITED):
        return op.SEEN_FLAG
    if before == op.CLEAR and announced == op.SET:
        return op.SEEN_FLAG
    if before in (op.SET, op.CLEAR, op.FUTURE_WRITE):
        return announced
    return access


_LOCKS = frozenset({op.ACQUIRE, op.TRY_OK, op.WAKE_TIMED})
_FREES = frozenset({op.RELEASE, op.RELEASE_FOREIGN})
_TAKES = frozenset({op.GET, op.TRY_GET})
_TELLS_NOTHING = frozenset({op.ACQUIRE, op.RELEASE, op.PUT, op.WRITE, op.SET, op.CLEAR, op.WAITED, op.NOTIFY, op.JOIN})
