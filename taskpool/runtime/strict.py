"""Noticing real threads, locks and sleeps in a controlled run, without patching anything.

In some executions of a search, the first among them, the interpreter's profile hook sees every call of a built-in
function. A program that starts a real thread, sleeps for real or makes or takes a real lock gets an error at that
line. From Python 3.13 on the hook does not see that a Lock is made, or entered with ``with``: it sees ``acquire``,
and the watchdog one that blocks.
"""

from __future__ import annotations

import _thread
import os
import queue
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

from taskpool.runtime.kernel import ControlledRunError
from taskpool.runtime.places import place

__all__ = ["RealThreadError", "forbid_real_threads"]

_STDLIB = str(Path(os.__file__).parent)
_CARRIERS = str(Path(__file__).with_name("carriers.py"))
_PACKAGE = str(Path(__file__).parents[1])
# Files of the standard library that call for whoever called them.
_GO_BETWEENS = tuple(str(Path(_STDLIB) / name) for name in ("threading.py", "queue.py", "concurrent"))
_STARTS = {
    function
    for name in ("start_new_thread", "start_new", "start_joinable_thread")
    if (function := getattr(_thread, name, None)) is not None
}
_LOCK_TYPES = (type(_thread.allocate_lock()), type(threading.RLock()), queue.SimpleQueue)
_LOCK_CALLS = frozenset({"acquire", "get", "__enter__"})
_MAKES_RLOCK: Any = getattr(
    threading.RLock, "__code__", None
)  # a function of Python's, around a class whose calls are not seen


class RealThreadError(ControlledRunError):
    """A program used a real thread, lock or sleep in a controlled run."""


def forbid_real_threads(frame: FrameType, event: str, arg: Any) -> None:
    """A profile function that raises where a program calls something real.

    Raises:
        RealThreadError: At that call.
    """
    if event == "call":
        if frame.f_code is _MAKES_RLOCK and _is_the_programs(frame):
            raise RealThreadError(_said("makes a real lock", frame, "runtime.Lock and its kin"))
        return
    if event != "c_call":
        return
    if arg in _STARTS:
        if not _is_carriers(frame):
            instead = "runtime.spawn, and give pools runtime=runtime"
            raise RealThreadError(_said("starts a real thread", frame, instead))
    elif arg is time.sleep:
        raise RealThreadError(_said("calls time.sleep", frame, "runtime.sleep"))
    elif arg is _thread.allocate_lock and _is_the_programs(frame):
        if _for_a_thread(frame):
            raise RealThreadError(_said("makes a real thread", frame, "runtime.spawn"))
        raise RealThreadError(_said("makes a real lock", frame, "runtime.Lock and its kin"))
    elif _waits(arg) and not _asks_whether_alive(frame) and _is_the_programs(frame):
        if _for_a_thread(frame):
            raise RealThreadError(_said("makes a real thread", frame, "runtime.spawn"))
        what = type(arg.__self__).__name__
        raise RealThreadError(_said(f"waits on a real {what}", frame, "runtime.Lock, runtime.Queue and their kin"))


def _waits(function: Any) -> bool:
    return function.__name__ in _LOCK_CALLS and isinstance(getattr(function, "__self__", None), _LOCK_TYPES)


def _caller(frame: FrameType | None) -> FrameType | None:
    while frame is not None and frame.f_code.co_filename.startswith(_GO_BETWEENS):
        frame = frame.f_back
    return frame


def _is_carriers(frame: FrameType) -> bool:
    """Whether a thread is started by the runtime itself, which needs one more to carry a logical one."""
    caller = _caller(frame)
    return caller is not None and caller.f_code.co_filename == _CARRIERS


def _for_a_thread(frame: FrameType | None) -> bool:
    """Whether the standard library makes a lock because somebody makes a thread."""
    while frame is not None and frame.f_code.co_filename.startswith(_GO_BETWEENS):
        if frame.f_code.co_qualname.startswith("Thread."):
            return True
        frame = frame.f_back
    return False


def _asks_whether_alive(frame: FrameType | None) -> bool:
    """Whether a thread is asked if it still runs: its lock is tried, nobody waits. A notebook's print does that."""
    while frame is not None and frame.f_code.co_filename.startswith(_GO_BETWEENS):
        if frame.f_code.co_qualname == "Thread.is_alive":
            return True
        frame = frame.f_back
    return False


def _is_the_programs(frame: FrameType) -> bool:
    caller = _caller(frame)
    return caller is not None and not caller.f_code.co_filename.startswith((_STDLIB, _PACKAGE, "<frozen"))


def _said(what: str, frame: FrameType, instead: str) -> str:
    caller = _caller(frame) or frame
    at: FrameType | None = caller
    while at is not None and at.f_code.co_filename.startswith(_PACKAGE):
        at = at.f_back  # a pool does it for a line of the program's
    if at is not None and not at.f_code.co_filename.startswith(_STDLIB):
        caller = at
    line = place(caller.f_code.co_filename, caller.f_lineno)
    return f"the program {what} at {line}, which a controlled run cannot see or schedule: use {instead}"
