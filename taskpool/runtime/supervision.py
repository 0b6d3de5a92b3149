"""Watching over a controlled run from outside: it must move, and it must end without leaving anything behind."""

from __future__ import annotations

import ctypes
import sys

from taskpool.runtime.base import RunAbandoned
from taskpool.runtime.carriers import is_asleep
from taskpool.runtime.kernel import ControlledRunError, Kernel
from taskpool.runtime.logical import LogicalThread
from taskpool.runtime.standstill import where

__all__ = ["StuckError", "may_profile", "stop", "watch"]

_SAMPLE = 0.25  # seconds between looks at a run
_SAMPLES = 6  # looks in a row at which a thread must be asleep to be thought stuck

_interrupted: list[LogicalThread] = []  # told to end, and did not in good time


class StuckError(ControlledRunError):
    """A thread neither reached an operation nor ended in good time: it waits for something real, or loops."""


def watch(kernel: Kernel, stuck_after: float = 10.0) -> None:
    """Block until a run has stopped, as long as it moves: at least a step in ``stuck_after`` seconds of real time.

    A thread that sleeps in the system, sample after sample, without a step in between waits for something real: there
    is no need to be patient with it.

    Raises:
        StuckError: If it does not move; names the thread and its line.
    """
    steps, idle, asleep = -1, 0.0, 0
    while not kernel.wait(_SAMPLE):
        if len(kernel.steps) != steps:
            steps, idle, asleep = len(kernel.steps), 0.0, 0
            continue
        idle += _SAMPLE
        asleep = asleep + 1 if is_asleep(kernel.current.native) else 0
        if idle >= stuck_after or asleep >= _SAMPLES:
            raise _stuck(kernel, idle)


def _stuck(kernel: Kernel, seconds: float) -> StuckError:
    thread = kernel.current
    line = where(thread) or "an unknown line"
    return StuckError(
        f"thread {thread.name!r} has been at {line} for {seconds:g} s without reaching an operation of the runtime: it "
        "waits for something real (a lock or queue of the standard library, time.sleep, input) or loops without end. "
        "Use the runtime's own threads, locks, queues and sleep"
    )


def stop(kernel: Kernel) -> None:
    """Unwind what is left of a run, even if a thread has to be interrupted for it. Idempotent; from outside the run."""
    if kernel.live:
        kernel.halt()
        thread = kernel.current
        if not kernel.wait(0.2) and thread.ident:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(RunAbandoned))
            if not kernel.wait(2.0):
                _interrupted.append(thread)
        kernel.live = False
        kernel.current = kernel.outside
    kernel.close(lambda: kernel.wait(5.0))


def may_profile() -> bool:
    """Whether threads may be given a profile function now.

    While an exception is on its way to a thread that does not take it, because it waits in the system, Python 3.11
    stays for ever at the start of a function in any thread that is profiled.
    """
    _interrupted[:] = [thread for thread in _interrupted if not thread.ended]
    return sys.version_info >= (3, 12) or not _interrupted
