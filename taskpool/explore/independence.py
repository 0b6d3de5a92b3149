"""Which steps race: two steps of different threads that do something to one object that cannot be exchanged.

An action is what a step did, without the moment at which it did it; the same thread's same step has the same action as
long as nothing that conflicts with it comes before it. Steps that only enable each other (a release and the acquire
that waited for it, a put and the get of its item) do not conflict: their order is never a choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from taskpool.runtime import operations as op
from taskpool.runtime.operations import COUNT, LAST, Step

__all__ = ["Action", "action_of", "conflict", "end_key", "sleep_after"]


class Action(NamedTuple):
    """What a step did.

    Attributes:
        thread: The thread's identity.
        access, key, arg: As in `taskpool.runtime.operations.Step`.
        end: The thread's key if the step was its last, else 0.
    """

    thread: int
    access: int
    key: int
    arg: int
    end: int


_CONFLICTS: dict[int, tuple[int, ...]] = {
    op.ACQUIRE: (op.ACQUIRE, op.TRY_OK, op.TRY_FAIL, op.SEEN_FREE, op.WAKE_TIMED, op.RELEASE_FOREIGN),
    op.WAKE_TIMED: (op.WAKE_TIMED, op.TRY_OK, op.TRY_FAIL, op.SEEN_FREE, op.RELEASE_FOREIGN),
    op.TRY_OK: (op.TRY_OK, op.TRY_FAIL, op.SEEN_FREE, op.RELEASE, op.RELEASE_FOREIGN),
    op.TRY_FAIL: (op.RELEASE, op.RELEASE_FOREIGN),
    op.SEEN_FREE: (op.RELEASE, op.RELEASE_FOREIGN),
    op.RELEASE_FOREIGN: (op.RELEASE, op.RELEASE_FOREIGN),
    op.PUT: (op.PUT, op.FOUND_EMPTY, op.SIZE, op.TRY_GET),
    op.GET: (op.GET, op.TRY_GET, op.FOUND_EMPTY, op.SIZE),
    op.TRY_GET: (op.TRY_GET, op.FOUND_EMPTY, op.SIZE),
    op.WRITE: (op.WRITE, op.READ),
    op.SET: (op.SET, op.CLEAR, op.SEEN_FLAG, op.TRY_WAITED),
    op.CLEAR: (op.CLEAR, op.SEEN_FLAG, op.WAITED, op.TRY_WAITED),
    op.FUTURE_WRITE: (op.FUTURE_WRITE, op.FUTURE_READ, op.FUTURE_CALLBACK),
    op.FUTURE_CALLBACK: (op.FUTURE_CALLBACK,),
    op.END: (op.SEEN_ENDED, op.SEEN_ALIVE),
    op.NOTIFY: (op.EXPIRED, op.NOTIFY),
}

_MATRIX = [bytearray(len(op.ACCESS_NAMES)) for _ in op.ACCESS_NAMES]
for _one, _others in _CONFLICTS.items():
    for _other in _others:
        _MATRIX[_one][_other] = _MATRIX[_other][_one] = 1

_PUT, _TRY_GET = op.PUT, op.TRY_GET


def end_key(thread: int) -> int:
    """The key of a thread, by its identity, as an object that others join and look at."""
    return (thread << 16) + 0xFFFF


def action_of(step: Step) -> Action:
    """What a step did; once its thread has stopped again, or ended."""
    thread, access, key, arg, _ = step
    return Action(thread.identity, access, key, arg, thread.key if thread.ended else 0)


def conflict(one: Action, other: Action) -> bool:
    """Whether two steps' order matters. A thread's own steps always conflict."""
    thread, access, key, arg, end = one
    other_thread, other_access, other_key, other_arg, other_end = other
    if thread == other_thread:
        return True
    if key == other_key and _MATRIX[access][other_access]:
        if access + other_access != _PUT + _TRY_GET or access not in (_PUT, _TRY_GET):
            return True
        return _overlap(arg, other_arg) if access == _PUT else _overlap(other_arg, arg)
    if end and end == other_key and _MATRIX[op.END][other_access]:
        return True
    return bool(other_end) and other_end == key and bool(_MATRIX[op.END][access])


def _overlap(put: int, got: int) -> bool:
    """Whether the item that was got is among those that were put."""
    last = put & LAST
    return last - (put >> COUNT) <= got <= last


def sleep_after(sleep: Mapping[int, Action], action: Action) -> Mapping[int, Action]:
    """Who still sleeps after a step that did ``action``."""
    if not sleep:
        return sleep
    return {thread: asleep for thread, asleep in sleep.items() if not conflict(asleep, action)}
