"""Event, Future, Var and Local of a controlled run."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import CancelledError, InvalidStateError
from typing import Any

from taskpool.runtime.kernel import Kernel
from taskpool.runtime.logical import LogicalThread
from taskpool.runtime.operations import (
    CLEAR,
    FUTURE_CALLBACK,
    FUTURE_READ,
    FUTURE_RESULT,
    FUTURE_WRITE,
    READ,
    SEEN_FLAG,
    SET,
    TRY_WAITED,
    WAITED,
    WRITE,
    Operation,
    timed,
)

__all__ = ["ControlledContext", "ControlledEvent", "ControlledFuture", "ControlledLocal", "ControlledVar"]

_log = logging.getLogger("taskpool")


def _is_set(thread: LogicalThread) -> bool:
    return bool(thread.obj.flag)


def _is_done(thread: LogicalThread) -> bool:
    return thread.obj.state in _DONE


_SET = Operation("set", access=SET)
_CLEAR = Operation("clear", access=CLEAR)
_IS_SET = Operation("is_set", access=SEEN_FLAG)
_WAIT = Operation("wait", _is_set, "waits for {}", WAITED)
_TIMED_WAIT = Operation("timed wait", timed(_is_set), "waits for {}", TRY_WAITED)
_RESULT = Operation("result", _is_done, "waits for the result of {}", FUTURE_RESULT)
_TIMED_RESULT = Operation("timed result", timed(_is_done), "waits for the result of {}", FUTURE_READ)
_SET_FUTURE = Operation("set a future", access=FUTURE_WRITE)
_ADD_CALLBACK = Operation("add a callback", access=FUTURE_CALLBACK)
_LOOK_AT_FUTURE = Operation("look at a future", access=FUTURE_READ)
_GET_VAR = Operation("read", access=READ)
_SET_VAR = Operation("write", access=WRITE)


class ControlledEvent:
    """`threading.Event`."""

    __slots__ = ("flag", "kernel", "key", "name")

    def __init__(self, kernel: Kernel, name: str) -> None:
        self.kernel = kernel
        self.key = kernel.new_key()
        self.name = name or f"event-{self.key & 0xFFFF}"
        self.flag = False

    def __repr__(self) -> str:
        return f"<ControlledEvent {self.name!r}, {'set' if self.flag else 'not set'}>"

    def is_set(self) -> bool:
        kernel = self.kernel
        if kernel.live:
            kernel.steps.append((kernel.reach(_IS_SET, self), SEEN_FLAG, self.key, 0, -1))
        return self.flag

    def set(self) -> None:
        self._become(True, _SET, SET)

    def clear(self) -> None:
        self._become(False, _CLEAR, CLEAR)

    def _become(self, flag: bool, op: Operation, access: int) -> None:
        kernel = self.kernel
        if not kernel.live:
            return
        me = kernel.reach(op, self)
        kernel.steps.append((me, SEEN_FLAG if self.flag is flag else access, self.key, 0, -1))
        self.flag = flag

    def wait(self, timeout: float | None = None) -> bool:
        kernel = self.kernel
        if not kernel.live:
            if not self.flag:
                kernel.aside()
            return True
        if timeout is None:
            me, access = kernel.reach(_WAIT, self), WAITED
        else:
            me = kernel.reach_timed(_TIMED_WAIT, self, timeout)
            access = TRY_WAITED if kernel.gave_up(me) else WAITED
        kernel.steps.append((me, access if self.flag else SEEN_FLAG, self.key, 0, -1))
        return self.flag


class ControlledVar:
    """A shared variable; each access is a scheduling point."""

    __slots__ = ("_value", "kernel", "key", "name")

    def __init__(self, kernel: Kernel, value: Any, name: str) -> None:
        self.kernel = kernel
        self.key = kernel.new_key()
        self.name = name or f"var-{self.key & 0xFFFF}"
        self._value = value

    def __repr__(self) -> str:
        return f"<ControlledVar {self.name!r} = {self._value!r}>"

    def get(self) -> Any:
        kernel = self.kernel
        if kernel.live:
            kernel.steps.append((kernel.reach(_GET_VAR, self), READ, self.key, 0, -1))
        return self._value

    def set(self, value: Any) -> None:
        kernel = self.kernel
        if kernel.live:
            kernel.steps.append((kernel.reach(_SET_VAR, self), WRITE, self.key, 0, -1))
            self._value = value


_PENDING, _RUNNING, _CANCELLED, _FINISHED = "pending", "running", "cancelled", "finished"
_DONE = frozenset({_CANCELLED, _FINISHED})


class ControlledFuture:
    """The part of `concurrent.futures.Future` that the seam names; callbacks run on the thread that ends it."""

    __slots__ = ("_callbacks", "_exception", "_notified", "_result", "done_in", "kernel", "key", "name", "state")

    def __init__(self, kernel: Kernel, name: str) -> None:
        self.kernel = kernel
        self.key = kernel.new_key()
        self.name = name or f"future-{self.key & 0xFFFF}"
        self.state = _PENDING
        self.done_in = -1  # the step that ended it
        self._notified = False  # its cancellation was seen by who would have run it
        self._result: Any = None
        self._exception: BaseException | None = None
        self._callbacks: list[Callable[[Any], object]] = []

    def __repr__(self) -> str:
        return f"<ControlledFuture {self.name!r}, {self.state}>"

    def result(self, timeout: float | None = None) -> Any:
        self._wait(timeout)
        if self._exception is not None:
            raise self._exception
        return self._result

    def exception(self, timeout: float | None = None) -> BaseException | None:
        self._wait(timeout)
        return self._exception

    def set_result(self, result: Any) -> None:
        if self._write(lambda: self._finish(result, None), self._open):
            self._call_back()

    def set_exception(self, exception: BaseException | None) -> None:
        if self._write(lambda: self._finish(None, exception), self._open):
            self._call_back()

    def set_running_or_notify_cancel(self) -> bool:
        return self._write(self._start, lambda: self.state == _PENDING or self._unseen_cancel())

    def cancel(self) -> bool:
        if self._write(self._cancel, lambda: self.state == _PENDING):
            self._call_back()
        return self.state == _CANCELLED

    def cancelled(self) -> bool:
        self._look()
        return self.state == _CANCELLED

    def running(self) -> bool:
        self._look()
        return self.state == _RUNNING

    def done(self) -> bool:
        self._look()
        return self.state in _DONE

    def add_done_callback(self, fn: Callable[[Any], object]) -> None:
        kernel = self.kernel
        if not kernel.live:
            return
        me = kernel.reach(_ADD_CALLBACK, self)
        done = self.state in _DONE
        kernel.steps.append((me, FUTURE_READ if done else FUTURE_CALLBACK, self.key, 0, -1))
        if done:
            self._call(fn)
        else:
            self._callbacks.append(fn)

    # -- inside

    def _open(self) -> bool:
        """Whether it can still be given a result."""
        return self.state not in _DONE

    def _unseen_cancel(self) -> bool:
        return self.state == _CANCELLED and not self._notified

    def _write(self, change: Callable[[], bool], effective: Callable[[], bool]) -> bool:
        """Announce a change and make it; what it returns. One that finds nothing to change counts as a look."""
        kernel = self.kernel
        if not kernel.live:
            return False
        me = kernel.reach(_SET_FUTURE, self)
        kernel.steps.append((me, FUTURE_WRITE if effective() else FUTURE_READ, self.key, 0, -1))
        was_done = self.state in _DONE
        changed = change()
        if self.state in _DONE and not was_done:
            self.done_in = me.last_step
        return changed

    def _look(self) -> None:
        kernel = self.kernel
        if kernel.live:
            kernel.steps.append((kernel.reach(_LOOK_AT_FUTURE, self), FUTURE_READ, self.key, 0, -1))

    def _wait(self, timeout: float | None) -> None:
        kernel = self.kernel
        if kernel.live:
            if timeout is None:
                me, access = kernel.reach(_RESULT, self), FUTURE_RESULT
            else:
                me = kernel.reach_timed(_TIMED_RESULT, self, timeout)
                access = FUTURE_READ if kernel.gave_up(me) else FUTURE_RESULT
            kernel.steps.append((me, access, self.key, 0, self.done_in if access == FUTURE_RESULT else -1))
            if self.state not in _DONE:
                raise TimeoutError
        elif self.state not in _DONE:
            kernel.aside()
        if self.state == _CANCELLED:
            raise CancelledError

    def _finish(self, result: Any, exception: BaseException | None) -> bool:
        if self.state in _DONE:
            raise InvalidStateError(f"{self.state}: {self!r}")
        self._result, self._exception, self.state = result, exception, _FINISHED
        return True

    def _start(self) -> bool:
        if self.state == _PENDING:
            self.state = _RUNNING
            return True
        if self._unseen_cancel():
            self._notified = True
            return False
        raise InvalidStateError(f"{self.state}: {self!r}")

    def _cancel(self) -> bool:
        if self.state == _PENDING:
            self.state = _CANCELLED
            return True
        return False

    def _call_back(self) -> None:
        for fn in self._callbacks:
            self._call(fn)

    def _call(self, fn: Callable[[Any], object]) -> None:
        try:
            fn(self)
        except Exception:  # noqa: BLE001 - as concurrent.futures does
            _log.exception("exception calling callback for %r", self)


class ControlledContext:
    """The pools' thread-local state: the attribute ``agent`` of the calling logical thread."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    @property
    def agent(self) -> Any:
        return self._kernel.current.agent

    @agent.setter
    def agent(self, agent: Any) -> None:
        self._kernel.current.agent = agent


class ControlledLocal:
    """`threading.local`: attributes that are separate in each logical thread."""

    def __init__(self, kernel: Kernel) -> None:
        object.__setattr__(self, "_kernel", kernel)

    def _mine(self) -> dict[str, Any]:
        kernel: Kernel = object.__getattribute__(self, "_kernel")
        return kernel.current.local.setdefault(self, {})

    def __getattr__(self, name: str) -> Any:
        try:
            return self._mine()[name]
        except KeyError:
            raise AttributeError(f"this thread has set no attribute {name!r}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self._mine()[name] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self._mine()[name]
        except KeyError:
            raise AttributeError(f"this thread has set no attribute {name!r}") from None
