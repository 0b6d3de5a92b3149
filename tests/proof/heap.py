"""Everything that the threads of a run can reach, as bytes: an independent reading of a program's state.

It starts from the threads' frames (functions, positions, local variables) and follows every reference. What it leaves
out is listed here by name, so that a part of the pools that is added later is part of the state until somebody says
otherwise. It is slow; `tests.proof.world.World.fingerprint` is the quick way, and is held to this one.
"""

from __future__ import annotations

import io
import pickle
import sys
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import BuiltinMethodType, CodeType, FrameType, FunctionType, MethodType
from typing import Any

import taskpool
from taskpool.pool import TaskPool, TaskPoolCounts
from taskpool.runtime.controlled import ControlledRuntime
from taskpool.runtime.controlled_locks import ControlledLock
from taskpool.runtime.controlled_queues import ControlledQueue
from taskpool.runtime.controlled_values import ControlledContext
from taskpool.runtime.kernel import Kernel
from taskpool.runtime.logical import LogicalThread
from taskpool.serializer import Serializer
from taskpool.task import Task
from taskpool.taskqueue import TaskQueue
from taskpool.waits import Wait
from taskpool.worker import Worker
from tests.proof.world import Watch, World

__all__ = ["heap_of"]

_PACKAGE = Path(taskpool.__file__).parent
_PROGRAMS = str(Path(__file__).with_name("programs.py"))

_WORK = Worker._work.__code__

# Numbers that pools count and report, and decide nothing by.
_STATISTICS = frozenset(
    {"_processed", "_failed", "_inlined", "_max_depth", "_shortest", "_longest", "_longest_task", "_unrun", "_peak"}
)
# Of a task: its number, which its name stands for, and the times and places that it was pushed and started at.
_OF_TASKS = frozenset({"id", "parent", "started", "origin"})


def heap_of(world: World, kernel: Kernel) -> bytes:
    """All that ``kernel``'s threads can reach now."""
    frames = sys._current_frames()
    threads = [
        (thread.identity, thread.ended, thread.agent, _stack(frames[thread.ident]) if not thread.ended else ())
        for thread in kernel.threads
    ]
    promises = world.watch.promises.state(world.watch.names)
    found = io.BytesIO()
    _Pickler(found, world).dump((threads, kernel.now, _ordered(promises)))
    return found.getvalue()


def _stack(frame: FrameType | None) -> list[tuple[CodeType, int, list[tuple[str, Any]]]]:
    """Of one thread: where each function of the program or the pools is, and its local variables."""
    stack = []
    while frame is not None:
        path = Path(frame.f_code.co_filename)
        if path.parent == _PACKAGE or str(path) == _PROGRAMS:
            held = dict(frame.f_locals)
            if frame.f_code is _WORK and held["task"] is not None and held["task"].done:  # it looks at it no more
                del held["task"], held["ended"]
            stack.append((frame.f_code, frame.f_lasti, sorted(held.items())))
        frame = frame.f_back
    return stack


def _ordered(value: Any) -> Any:
    """The same without sets, whose order says nothing."""
    if isinstance(value, frozenset):
        return sorted(map(repr, value))
    return tuple(map(_ordered, value)) if isinstance(value, tuple) else value


def _mark(*_facts: Any) -> None:
    """Stands in the bytes where an object was."""


Reduced = tuple[Callable[..., Any], tuple[Any, ...], Any]


class _Pickler(pickle.Pickler):
    """Writes any object as what it is and holds; each object once."""

    def __init__(self, file: io.BytesIO, world: World) -> None:
        super().__init__(file, protocol=4)
        self._world = world

    def reducer_override(self, obj: Any) -> Any:
        kind = type(obj)
        if obj is _mark or kind is deque:
            return NotImplemented
        if isinstance(obj, type) or kind is CodeType or kind is BuiltinMethodType:
            return _mark, (getattr(obj, "__qualname__", None) or obj.co_qualname, obj.__class__.__name__)
        if kind is FunctionType:
            return _mark, (obj.__qualname__,), [_content(cell) for cell in obj.__closure__ or ()]
        if kind is MethodType:
            return _mark, (obj.__func__.__qualname__,), obj.__self__
        if kind is partial:
            return _mark, ("partial",), (obj.func, obj.args, obj.keywords)
        if isinstance(obj, BaseException):
            return _mark, (kind.__name__,), obj.args
        if kind in (Kernel, Watch, TaskPoolCounts, ControlledContext):
            return _mark, (kind.__name__,)
        if kind is ControlledRuntime:
            return _mark, (kind.__name__,), obj.names
        if kind is World:
            return _mark, (kind.__name__,), (obj.pool, obj.serializers, obj.wrong, obj.places, obj.watch.broken)
        if kind is LogicalThread:
            return _mark, (kind.__name__, obj.identity, obj.ended)
        if kind is ControlledLock:
            return _mark, (kind.__name__, obj.name, obj.owner and obj.owner.identity)
        if kind is ControlledQueue:
            return _mark, (kind.__name__, obj.name), list(obj.items)
        return _mark, (kind.__name__, *self._name(obj)), self._parts(obj, kind)

    def _name(self, obj: Any) -> tuple[Any, ...]:
        """What a task is called, and whether it counts as ended."""
        watch = self._world.watch
        return (watch.names.get(obj.id), watch.promises.has_ended(obj.id)) if isinstance(obj, Task) else ()

    def _parts(self, obj: Any, kind: type) -> Any:
        """An object's attributes that are part of the state."""
        parts: dict[str, Any] = dict(getattr(obj, "__dict__", ()))
        for base in kind.__mro__:
            for name in getattr(base, "__slots__", ()):
                if hasattr(obj, name):
                    parts[name] = getattr(obj, name)
        if isinstance(obj, (TaskQueue, TaskPool)):
            parts = {name: part for name, part in parts.items() if name not in _STATISTICS}
        if isinstance(obj, Task):
            parts = {name: part for name, part in parts.items() if name not in _OF_TASKS}
        if isinstance(obj, TaskPool):  # whoever waits for a thread that has ended goes on at once
            parts["threads"] = [handle for handle in obj.threads if not handle.ended]  # type: ignore[attr-defined]
        if isinstance(obj, Serializer) and obj._executor is None:  # set anew when a turn begins
            parts["_budget"] = 0
        if isinstance(obj, Wait) and obj.agent.waiting is not obj:  # it has ended: why it was does not matter any more
            del parts["reason"]
        return sorted(parts.items())


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not set yet
        return None
