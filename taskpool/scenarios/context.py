"""What a scenario's program works with: the pool, threads and waits of its own, and promises to watch over.

Everything here that waits can be released from outside, so that a program that hangs can be ended and leaves no
thread behind. Program threads are the threads of the outside world (the network, an operator, a test); pool threads
run tasks. Both may use a `ScenarioContext`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from taskpool.errors import PoolAborted, TaskPoolError
from taskpool.scenarios.lane import Lane

if TYPE_CHECKING:
    from taskpool.runtime.base import Runtime, ThreadHandle
    from taskpool.scenarios.designs import AnyPool, AnySerializer

__all__ = ["Countdown", "PromiseBroken", "ScenarioContext"]


class PromiseBroken(TaskPoolError, AssertionError):  # noqa: N818 - what learners read in a report
    """What a scenario says must hold did not hold."""


class Countdown:
    """Opens when ``arrive`` has been called ``n`` times; a gate is a countdown from one.

    Made by `ScenarioContext.countdown`, so that ending the run releases who waits.
    """

    def __init__(self, ctx: ScenarioContext, n: int, name: str) -> None:
        self.name = name
        self._ctx = ctx
        self._left = n
        self._lock = ctx.runtime.Lock(f"{name} count")
        self._event = ctx.runtime.Event(name)
        if n <= 0:
            self._event.set()

    def __repr__(self) -> str:
        return f"Countdown({self.name!r}, {self._left} left)"

    def arrive(self) -> None:
        """Count one down. Never blocks for long; any thread."""
        with self._lock:
            self._left -= 1
            opened = self._left <= 0
        if opened:
            self._event.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Block until it is open, or for ``timeout`` seconds; any thread. Whether it is open.

        Raises:
            PoolAborted: If the run is ended meanwhile.
        """
        with self._ctx.state("timed wait" if timeout is not None else f"waits for {self.name}"):
            opened = self._event.wait(timeout)
        self._ctx.raise_if_ended()
        return opened

    def meet(self, timeout: float | None = None) -> bool:
        """`arrive`, then `wait`: all ``n`` go on together."""
        self.arrive()
        return self.wait(timeout)

    def release(self) -> None:
        """Let go who waits, whatever the count. Used when the run is ended; any thread."""
        self._event.set()


class _State:
    """What the calling program thread is doing, while a ``with`` block lasts."""

    def __init__(self, states: dict[str, str], thread: str, state: str) -> None:
        self._states, self._thread, self._state = states, thread, state
        self._before: str | None = None

    def __enter__(self) -> None:
        self._before = self._states.get(self._thread)
        if self._before is not None:
            self._states[self._thread] = self._state

    def __exit__(self, *_error: object) -> None:
        if self._before is not None:
            self._states[self._thread] = self._before


class ScenarioContext:
    """One run's surroundings.

    Args:
        runtime: Where threads, locks and time come from.
        threads: How many threads the pool starts with; a program may adapt to it.
        interruptible: Whether sleeps end when the run is ended (real threads), and are not plain sleeps.

    Attributes:
        pool: The pool under study; set before the program starts.
        notes: The program's own figures, by name.
        findings: Promises that did not hold, in the order found.
        errors: What program threads raised, with the thread's name.
        surprises: Errors that the story expects and that deserve a mention (a refused wait, for example).
    """

    def __init__(self, runtime: Runtime, threads: int, *, interruptible: bool) -> None:
        self.runtime = runtime
        self.threads = threads
        self.notes: dict[str, Any] = {}
        self.findings: list[str] = []
        self.errors: list[tuple[str, BaseException]] = []
        self.surprises: list[TaskPoolError] = []
        self.program_threads: dict[str, str] = {}
        self._pool: AnyPool | None = None
        self._interruptible = interruptible
        self._end_event = runtime.Event("the run is ended")
        self._ended = False  # set once, under the lock; elsewhere a read that may be stale
        self._lock = runtime.Lock("scenario")
        self._countdowns: list[Countdown] = []
        self._lanes: list[Lane] = []
        self._handles: list[ThreadHandle] = []

    @property
    def pool(self) -> AnyPool:
        """The pool under study."""
        if self._pool is None:
            raise RuntimeError("the scenario's pool is not open yet")
        return self._pool

    @pool.setter
    def pool(self, pool: AnyPool) -> None:
        self._pool = pool

    @property
    def has_pool(self) -> bool:
        """Whether the pool has been opened."""
        return self._pool is not None

    # -- threads and time

    def spawn(self, fn: Callable[..., object], *args: Any, name: str) -> None:
        """Start a program thread. Its error ends the run. Does not block; from program threads."""
        self.program_threads[name] = "running"
        handle = self.runtime.spawn(self._guarded, fn, args, name, name=name)
        with self._lock:
            self._handles.append(handle)

    def _guarded(self, fn: Callable[..., object], args: tuple[Any, ...], name: str) -> None:
        try:
            fn(*args)
        except Exception as error:  # noqa: BLE001 - whatever it raises is the finding
            self.fail(name, error)
        finally:
            self.program_threads.pop(name, None)

    def fail(self, thread: str, error: BaseException) -> None:
        """Note that a program thread raised, and end the run: nothing may wait for what will not come."""
        if isinstance(error, PoolAborted) and self._ended:
            return
        self.errors.append((thread, error))
        self.end()

    def join(self) -> None:
        """Block until all spawned threads have ended; from the program's first thread."""
        while True:
            with self._lock:
                if not self._handles:
                    return
                handle = self._handles.pop(0)
            with self.state(f"waits for the end of {handle.name}"):
                handle.join()

    def sleep(self, ms: float) -> None:
        """Let ``ms`` milliseconds pass; any thread. Zero passes no time.

        Raises:
            PoolAborted: If the run is ended meanwhile.
        """
        if ms <= 0:
            return
        if not self._interruptible:
            self.runtime.sleep(ms / 1000)
            return
        with self.state("timed wait"):
            self._end_event.wait(ms / 1000)
        self.raise_if_ended()

    work = sleep

    def now_ms(self) -> float:
        """Milliseconds by the run's clock."""
        return self.runtime.monotonic() * 1000

    def countdown(self, n: int, name: str) -> Countdown:
        """A `Countdown` from ``n`` that the end of the run releases."""
        countdown = Countdown(self, n, name)
        with self._lock:
            self._countdowns.append(countdown)
            ended = self._ended
        if ended:
            countdown.release()
        return countdown

    def state(self, state: str) -> _State:
        """Say what the calling program thread does for the length of a ``with`` block; nothing on a pool thread."""
        # Each program thread writes its own entry only; whoever else looks may see a stale one.
        return _State(self.program_threads, self.runtime.thread_name(), state)

    def end(self) -> None:
        """End the run: abort the pool and release every wait of this context. Any thread; idempotent."""
        with self._lock:
            self._ended = True
            countdowns = list(self._countdowns)
        self._end_event.set()
        for countdown in countdowns:
            countdown.release()
        if self._pool is not None:
            self._pool.abort()

    def raise_if_ended(self) -> None:
        """Raise PoolAborted once the run is ended; any thread."""
        if self._ended:
            raise PoolAborted("the run was ended; nothing more will come")

    # -- promises

    def lane(self, serializer: AnySerializer) -> Lane:
        """A `Lane` that watches over one serializer's order."""
        lane = Lane(self, serializer)
        self._lanes.append(lane)
        return lane

    def expect(self, holds: bool, otherwise: str) -> None:
        """Note the finding ``otherwise`` unless ``holds``. Any thread; raises nothing, so that the story goes on."""
        if not holds:
            self.findings.append(otherwise)

    def note(self, name: str, value: float | str) -> None:
        """Keep a figure of the program's own for the run's metrics. Any thread."""
        self.notes[name] = value

    def check(self) -> None:
        """Judge the run once everything has ended: no errors, no findings, nothing lost.

        Raises:
            PromiseBroken: With the first finding.
            Exception: What a program thread raised first.
        """
        if self.errors:
            raise self.errors[0][1]
        for lane in self._lanes:
            lane.check()
        if self.findings:
            more = f" (and {len(self.findings) - 1} more)" if len(self.findings) > 1 else ""
            raise PromiseBroken(self.findings[0] + more)
