"""The scheduler under a ControlledRuntime: one logical thread at a time, each step chosen, time that jumps.

A thread *reaches* an operation: it announces it and asks the run's chooser, on its own OS thread, who goes on. If that
is itself, nothing is switched; otherwise it releases the other's baton and waits for its own. Whoever is chosen applies
its operation's effect and runs up to its next one: that is one step. A spawned thread runs up to its first operation
before the next choice is made, so that every thread that is alive stands before an operation whenever one is made.

Invariants:

* While a run is live exactly one logical thread is awake, `Kernel.current`, and it alone touches the kernel.
* Outside of that (before the run, once nothing more is chosen, while threads are unwound) `Kernel.live` is false and
  no operation blocks or is recorded.
* Time moves only when no thread can go on: to the earliest deadline.
"""

from __future__ import annotations

import _thread
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from taskpool.runtime.base import RunAbandoned
from taskpool.runtime.carriers import Carrier, take_carrier
from taskpool.runtime.logical import LogicalThread, describe, is_ready
from taskpool.runtime.operations import Operation, Step

__all__ = [
    "Choose",
    "ControlledRunError",
    "ForeignThreadError",
    "Kernel",
    "default_choice",
    "first_early",
]

_get_ident = _thread.get_ident
_PATIENCE = 1_000  # operations that a thread may call after it was told to end


class ControlledRunError(RuntimeError):
    """A controlled run cannot go on, or an operation was called where there is no run."""


class ForeignThreadError(ControlledRunError):
    """An operation of a controlled runtime was called by a thread that the runtime did not spawn."""


class Choose(Protocol):
    """Who goes on: called with the kernel and the thread that has just stopped (or ended); on that thread.

    Returns a thread that can go on (or gives up early, where its deadline may fire at any time), or None where no
    thread can or the run is to be stopped here.
    """

    def __call__(self, kernel: Kernel, current: LogicalThread, /) -> LogicalThread | None: ...


class Kernel:
    """One run's threads, steps and clock.

    Args:
        choose: Who goes on at each choice.
        max_steps: The run is stopped after so many steps.
        early_timeouts: How many timed operations of each thread may give up at any time (0: none).
        identities: Known threads, by (parent's identity, which child); shared between runs of one program.
        cpu: The processor that the run's threads are kept on, or None.

    Attributes:
        steps: What was chosen so far.
        jumps: (step before which time moved, the new time).
        threads: All threads, by number.
        by_identity: The same, by identity.
        errors: What threads raised, in order.
        result: What the first thread's function returned.
        stopped: Why the run was stopped by its chooser or bound: "", "chosen", "steps" or "crash".
        crash: What the chooser raised.
        lost: Threads that could not be unwound.
    """

    def __init__(
        self,
        choose: Choose,
        *,
        max_steps: int = 100_000,
        early_timeouts: int = 0,
        identities: dict[tuple[int, int], int] | None = None,
        cpu: int | None = None,
    ) -> None:
        self.choose = choose
        self.max_steps = max_steps
        self.early_timeouts = early_timeouts
        self.identities: dict[tuple[int, int], int] = identities if identities is not None else {}
        self.cpu = cpu
        self.profile: Callable[[Any, str, Any], object] | None = None  # see sys.setprofile; for every thread
        self.steps: list[Step] = []
        self.jumps: list[tuple[int, float]] = []
        self.threads: list[LogicalThread] = []
        self.by_identity: dict[int, LogicalThread] = {}
        self.errors: list[tuple[LogicalThread, BaseException]] = []
        self.result: Any = None
        self.stopped = ""
        self.crash: BaseException | None = None
        self.now = 0.0
        self.lost: list[LogicalThread] = []
        self.live = False
        self.begun = False
        self.closed = False
        self.leftover_allowed = False
        self._newborn: list[LogicalThread] = []
        self._mover: LogicalThread | None = None  # who stopped before the newborn threads began
        self._parked = _thread.allocate_lock()  # released when control comes back to who started the run
        self._parked.acquire()
        self.outside = LogicalThread(self, -1, 0, "outside", _nothing, ())
        self.current = self.outside

    # -- for who controls the run

    def begin(self, program: Callable[..., object], *args: Any, name: str = "main") -> None:
        """Start the first thread and come back when control does; once."""
        if self.begun:
            raise ControlledRunError("a ControlledRuntime is good for one run: make a new one for each")
        self.begun = True
        main = self._new_thread(program, args, name)
        self.live = True
        self.current = main
        carrier = take_carrier(self.cpu)
        carrier.job = main._run
        carrier.baton.release()

    def go_on(self, thread: LogicalThread) -> None:
        """Let ``thread``, which can, take the next step of a parked run; come back when control does."""
        self.stopped = ""
        self.live = True
        self._hand_to(thread)

    def wait(self, timeout: float = -1) -> bool:
        """Block until control comes back, at most ``timeout`` seconds of real time; whether it did."""
        return self._parked.acquire(True, timeout)

    def halt(self) -> None:
        """Park the run as soon as the thread that is awake reaches an operation or ends; any OS thread."""
        self.max_steps = -1
        self._newborn.clear()

    def close(self, wait: Callable[[], bool] | None = None) -> None:
        """Unwind every thread that has not ended; who does not end is in ``lost``. Idempotent; not while live.

        Args:
            wait: Blocks until control comes back; False if it did not in time. `wait` without a limit if None.
        """
        self.closed = True
        for thread in self.threads:
            if thread.ended or thread.doomed:
                continue
            thread.doomed = True
            if not thread.started:
                thread.ended = True
                continue
            self.current = thread
            thread.baton.release()
            if not (wait or self.wait)():
                self.lost.append(thread)
            self.current = self.outside
        self._newborn.clear()

    def blocked(self) -> list[LogicalThread]:
        """The threads that have not ended."""
        return [thread for thread in self.threads if not thread.ended]

    def ready_threads(self) -> list[LogicalThread]:
        """The threads that can go on without giving up early, by number."""
        return [thread for thread in self.threads if not thread.ended and is_ready(thread)]

    # -- for threads

    def reach(self, op: Operation, obj: Any) -> LogicalThread:
        """Stand before ``op``; the calling thread, once it has been chosen. Only while the run is live."""
        me = self.current
        if me.ident != _get_ident():
            self._refuse_foreign(op, obj)
        me.op = op
        me.obj = obj
        steps = self.steps
        if self._newborn or self._mover is not None or len(steps) >= self.max_steps:
            following = self._next(me)
        else:
            try:
                following = self.choose(self, me) or self._next(me)
            except BaseException as error:  # noqa: BLE001 - it is raised again where the run was started
                following = self._crash(error)
        if following is not me:
            self._pass_to(following)
            me.baton.acquire()
            if me.doomed:
                raise RunAbandoned
        me.last_step = len(steps)
        return me

    def reach_timed(self, op: Operation, obj: Any, timeout: float) -> LogicalThread:
        """`reach` with a deadline ``timeout`` seconds from now."""
        me = self.current
        if timeout <= 0:
            me.deadline = self.now
        else:
            me.deadline = (me.clock if self.early_timeouts else self.now) + timeout
            me.early = me.timed < self.early_timeouts
            me.timed += 1
        return self.reach(op, obj)

    def gave_up(self, me: LogicalThread) -> bool:
        """Whether a timed operation that was chosen could have been so for its deadline; ends the deadline."""
        deadline = me.deadline
        assert deadline is not None
        could = me.early or self.now >= deadline
        if could and deadline > me.clock:
            me.clock = deadline
        me.deadline = None
        me.early = False
        return could

    def spawn(self, fn: Callable[..., object], args: tuple[Any, ...], name: str) -> LogicalThread:
        """A new thread; it runs up to its first operation before the next choice."""
        if not self.begun:
            self.aside()
        parent = self.current
        if not self.live:
            never_run = LogicalThread(self, -1, 0, name, fn, args)
            never_run.ended = True
            return never_run
        thread = self._new_thread(fn, args, name)
        thread.clock = parent.clock
        thread.spawned_after = parent.last_step if parent.last_step >= 0 else parent.spawned_after
        self._newborn.append(thread)
        return thread

    def time(self) -> float:
        """The calling thread's clock, seconds since the run's start."""
        return self.current.clock if self.early_timeouts else self.now

    def new_key(self) -> int:
        """A number for a new object: the same in every run in which the same thread makes it as its n-th."""
        me = self.current
        me.made += 1
        return (me.identity << 16) + me.made

    def thread_ended(self, me: LogicalThread, carrier: Carrier) -> Callable[[Carrier], object] | None:
        """Pass control on for good; the carrier's next job."""
        me.ended = True
        me.agent = None
        me.local.clear()
        if not self.live or me.doomed:
            carrier.rest()
            with suppress(RuntimeError):  # a thread that was given up as lost comes to nobody
                self._parked.release()
            return None
        following = self._next(me)
        if following is not None and not following.started:
            self.current = following
            following.started = True
            return following._run
        carrier.rest()
        self._pass_to(following)
        return None

    def aside(self) -> None:
        """What a blocking operation does while the run is not live.

        Raises:
            RunAbandoned: In threads that are being unwound, or that outlived their run.
            ControlledRunError: Before the run.
        """
        if self.begun:
            self._let_go(self.current)
        else:
            raise ControlledRunError(
                "this ControlledRuntime has no run in progress: hand the program to run(), explore() or replay()"
            )
        raise RunAbandoned

    # -- inside

    def _let_go(self, me: LogicalThread) -> None:
        """Put a thread to sleep for good that has been told to end often enough and goes on all the same."""
        if me.doomed and me.ident == _get_ident():
            me.refusals += 1
            if me.refusals > _PATIENCE:
                self.lost.append(me)
                self._parked.release()
                me.baton.acquire()  # which nobody releases

    def _new_thread(self, fn: Callable[..., object], args: tuple[Any, ...], name: str) -> LogicalThread:
        parent = self.current
        parent.children += 1
        place = (parent.identity, parent.children)
        identity = self.identities.get(place)
        if identity is None:
            identity = self.identities[place] = len(self.identities) + 1
        number = len(self.threads)
        thread = LogicalThread(self, number, identity, name or f"thread-{number}", fn, args)
        self.threads.append(thread)
        self.by_identity[identity] = thread
        return thread

    def _next(self, me: LogicalThread) -> LogicalThread | None:
        """Who goes on after ``me`` has stopped or ended; None to park the run."""
        if self._newborn:
            self._mover = self._mover or me
            return self._newborn.pop(0)
        if self._mover is not None:
            me, self._mover = self._mover, None
        try:
            if len(self.steps) >= self.max_steps:
                self.stopped = "steps"
                return None
            while True:
                following = self.choose(self, me)
                if following is not None:
                    return following
                if self.ready_threads() or self._early_threads():
                    self.stopped = "chosen"
                    return None
                if not self.pass_time():
                    return None
        except BaseException as error:  # noqa: BLE001 - it is raised again where the run was started
            return self._crash(error)

    def _crash(self, error: BaseException) -> LogicalThread | None:
        self.crash = error
        self.stopped = "crash"
        return None

    def _early_threads(self) -> list[LogicalThread]:
        return [thread for thread in self.threads if thread.early and not thread.ended]

    def pass_time(self) -> bool:
        """Move time to the earliest deadline; False where there is none. Only where no thread can go on."""
        if self.leftover_allowed and self.threads[0].ended:
            return False
        now = self.now
        deadlines = [t.deadline for t in self.threads if t.deadline is not None and not t.ended and t.deadline > now]
        if not deadlines:
            return False
        self.now = min(deadlines)
        self.jumps.append((len(self.steps), self.now))
        return True

    def _pass_to(self, following: LogicalThread | None) -> None:
        if following is None:
            self.live = False
            self.current = self.outside
            self._parked.release()
        else:
            self._hand_to(following)

    def _hand_to(self, following: LogicalThread) -> None:
        self.current = following
        if following.started:
            following.baton.release()
        else:
            following.started = True
            carrier = take_carrier(self.cpu)
            carrier.job = following._run
            carrier.baton.release()

    def _refuse_foreign(self, op: Operation, obj: Any) -> None:
        """Refuse an operation of an OS thread that is none of the run's."""
        import threading

        error = ForeignThreadError(
            f"thread {threading.current_thread().name!r} called {op.text.format(describe(obj))}, but the controlled "
            "run did not spawn it: create threads with runtime.spawn, not with threading"
        )
        self.errors.append((self.outside, error))
        raise error


def default_choice(kernel: Kernel, current: LogicalThread) -> LogicalThread | None:
    """Stay on the current thread, else the lowest number; who could only give up early comes last, by deadline."""
    if not current.ended and is_ready(current):
        return current
    for thread in kernel.threads:
        if not thread.ended and is_ready(thread):
            return thread
    return first_early(kernel)


def first_early(kernel: Kernel) -> LogicalThread | None:
    """Of the threads that may give up early, the one whose deadline comes first."""
    first = None
    for thread in kernel.threads:
        if thread.early and not thread.ended and (first is None or thread.deadline < first.deadline):  # type: ignore[operator]
            first = thread
    return first


def _nothing() -> None:
    """The function of the thread that stands for everything outside the run."""
