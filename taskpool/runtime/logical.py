"""A thread of a controlled run, and its handle.

It carries no decision: `taskpool.runtime.kernel` says when it goes on.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from taskpool.runtime.base import RunAbandoned
from taskpool.runtime.carriers import Carrier
from taskpool.runtime.operations import JOIN, SEEN_ALIVE, SEEN_ENDED, Operation, timed

if TYPE_CHECKING:
    from taskpool.agent import Agent
    from taskpool.runtime.kernel import Kernel

__all__ = ["LogicalThread", "describe", "is_ready"]


class LogicalThread:
    """A thread of a controlled run, and its handle.

    Attributes:
        number: Its place in the order of spawns of this run; the first thread is 0.
        identity: A number that is the same in every run in which the same parent spawns it as its n-th child.
        op, obj: The operation that it stands before, and on what.
        deadline: When that gives up, or None.
        early: Whether it may give up before its deadline (``timeouts="explore"``).
        spawned_after, last_step: The step in which it was spawned, and its latest; -1 for none.
    """

    __slots__ = (
        "_args",
        "_fn",
        "agent",
        "baton",
        "children",
        "clock",
        "deadline",
        "doomed",
        "early",
        "ended",
        "error",
        "ident",
        "identity",
        "kernel",
        "key",
        "last_step",
        "local",
        "made",
        "name",
        "native",
        "number",
        "obj",
        "op",
        "refusals",
        "spawned_after",
        "started",
        "timed",
    )

    def __init__(
        self, kernel: Kernel, number: int, identity: int, name: str, fn: Callable[..., object], args: tuple[Any, ...]
    ) -> None:
        self.kernel = kernel
        self.number = number
        self.identity = identity
        self.key = (identity << 16) + 0xFFFF  # as an object that others join
        self.name = name
        self._fn = fn
        self._args = args
        self.agent: Agent | None = None
        self.local: dict[Any, dict[str, Any]] = {}
        self.children = 0
        self.made = 0
        self.refusals = 0
        self.timed = 0
        self.clock = 0.0
        self.op: Operation = _BEGIN
        self.obj: Any = None
        self.deadline: float | None = None
        self.early = False
        self.started = False
        self.ended = False
        self.doomed = False
        self.error: BaseException | None = None
        self.ident = 0
        self.native = 0
        self.baton: Any = None
        self.spawned_after = -1
        self.last_step = -1

    def __repr__(self) -> str:
        state = "ended" if self.ended else f"before {self.op.name}" if self.started else "new"
        return f"<LogicalThread {self.number} {self.name!r}, {state}>"

    def is_alive(self) -> bool:
        """Whether it has not ended. A scheduling point."""
        kernel = self.kernel
        if not kernel.live:
            return not self.ended
        me = kernel.reach(_LOOK_ALIVE, self)
        kernel.steps.append((me, SEEN_ENDED if self.ended else SEEN_ALIVE, self.key, 0, self.end_step))
        return not self.ended

    def join(self, timeout: float | None = None) -> None:
        """Block until it has ended, or for ``timeout`` seconds of virtual time."""
        kernel = self.kernel
        if not kernel.live:
            return kernel.aside()
        if kernel.current is self:
            raise RuntimeError("cannot join current thread")
        if timeout is None:
            me = kernel.reach(_JOIN, self)
            kernel.steps.append((me, JOIN, self.key, 0, self.end_step))
            return None
        me = kernel.reach_timed(_TIMED_JOIN, self, timeout)
        gave_up = kernel.gave_up(me)
        access = (SEEN_ENDED if gave_up else JOIN) if self.ended else SEEN_ALIVE
        kernel.steps.append((me, access, self.key, 0, self.end_step))
        return None

    @property
    def end_step(self) -> int:
        """The step that its end belongs to; -1 if it has not ended, or took no step since the run's start."""
        if not self.ended:
            return -1
        return self.last_step if self.last_step >= 0 else self.spawned_after

    def _run(self, carrier: Carrier) -> Callable[[Carrier], object] | None:
        """Run to its end on ``carrier`` and pass control on."""
        kernel = self.kernel
        self.ident = carrier.ident
        self.native = carrier.native
        self.baton = carrier.baton
        self.started = True
        try:
            if not self.doomed:
                if kernel.profile is not None:
                    sys.setprofile(kernel.profile)
                result = self._fn(*self._args)
                if self.number == 0:
                    kernel.result = result
        except RunAbandoned:
            pass
        except BaseException as error:  # noqa: BLE001 - whatever a thread raises is the finding
            self.error = error
            if not self.doomed:
                kernel.errors.append((self, error))
        finally:
            if kernel.profile is not None:
                sys.setprofile(None)
        return kernel.thread_ended(self, carrier)


def is_ready(thread: LogicalThread) -> bool:
    """Whether a thread that has not ended can go on now without giving up early."""
    ready = thread.op.ready
    return ready is None or ready(thread)


def describe(obj: Any) -> str:
    """An object's name for a report."""
    return getattr(obj, "name", "") or type(obj).__name__.lower()


_BEGIN = Operation("begin")


def _target_ended(thread: LogicalThread) -> bool:
    return bool(thread.obj.ended)


_JOIN = Operation("join", _target_ended, "waits for the end of {}", JOIN)
_TIMED_JOIN = Operation("timed join", timed(_target_ended), "waits for the end of {}", SEEN_ENDED)
_LOOK_ALIVE = Operation("is_alive", access=SEEN_ALIVE)
