"""A rehearsal: an endpoint and its callers on a network in memory, in virtual time, the same every time.

What happens is exactly what the same endpoint does over UDP, but that nothing takes time except what waits for it: so
what a caller hears shows who waited for whom, and nothing of the machine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from taskpool.errors import OptionError
from taskpool.pool import TaskPool
from taskpool.recorder import Recorder
from taskpool.runtime.controlled import ControlledRuntime
from taskpool.scenarios.designs import AnyPool
from taskpool.scenarios.sip.callers import Callers, Heard
from taskpool.scenarios.sip.core import EndpointOptions
from taskpool.scenarios.sip.endpoint import Endpoint, StopReport
from taskpool.scenarios.sip.pools import DESIGNS
from taskpool.scenarios.sip.transport import FakeNetwork, Peer
from taskpool.threadpool import ThreadPool
from taskpool.trace import Trace

__all__ = ["Rehearsal", "rehearse"]

Story = Callable[[Callers, Endpoint], object]


@dataclass(frozen=True, slots=True, repr=False)
class Rehearsal:
    """What a rehearsal leaves; printed, a line for each caller.

    Attributes:
        design: The design.
        heard: What each caller heard, in the order in which they called.
        log: Each datagram that the callers sent or received: the time, the arrow and what it is.
        counts: The endpoint's, after it has stopped.
        stall: What moves in the pool, in words, when all callers had given up or were through.
        stopped: How the endpoint stopped.
        peak_threads: The most threads that the pool had.
        trace: The pool's.
    """

    design: str
    heard: tuple[Heard, ...]
    log: tuple[tuple[float, str, str], ...]
    counts: dict[str, int]
    stall: str
    stopped: StopReport
    peak_threads: int
    trace: Trace = field(repr=False)

    def __repr__(self) -> str:
        return f"<Rehearsal on {self.design}: {len(self.heard)} calls>"

    def __str__(self) -> str:
        lines = [f"{self.design}, {self.peak_threads} threads", "  calls    rings after  answered after  again  ends"]
        for one in self.heard:
            rings, answered = (
                "never" if time is None else f"{time * 1e3:.0f} ms" for time in (one.ringing, one.answered)
            )
            lines.append(f"  {one.user:7} {rings:>12} {answered:>15} {one.resent:6}  {one.outcome}")
        return "\n".join(lines)

    def ladder(self) -> str:
        """The datagrams, one a line, as the callers saw them."""
        return "\n".join(f"{time * 1e3:6.0f} ms  {arrow} {what}" for time, arrow, what in self.log)


def rehearse(
    story: Story,
    design: str = "taskpool",
    *,
    threads: int = 2,
    most: int | None = None,
    grow_when: str = "queued",
    lose: Callable[[bytes, Peer], bool] | None = None,
    **options: Any,
) -> Rehearsal:
    """Run ``story(callers, endpoint)`` and wait until every call is over. Blocks; from outside controlled runs.

    Args:
        story: Places calls; it may sleep with ``callers.runtime.sleep(seconds)``, which takes no real time.
        design: As for `open_pools`; ``threadpool`` begins without a thread and has no limit.
        threads: Of the SIP pool.
        most: How many a taskpool may grow to; None: it does not grow.
        grow_when: When a taskpool grows, as for `TaskPoolOptions`.
        lose: As for `FakeNetwork`.
        **options: The endpoint's, as for `EndpointOptions`; four distributors unless they say so.

    Raises:
        OptionError: If there is no such design, or an option makes no sense.
    """
    if design not in DESIGNS:
        raise OptionError(f"design={design!r}: choose one of {', '.join(DESIGNS)}")
    runtime = ControlledRuntime(recorder=Recorder())
    kept: list[Rehearsal] = []

    def body() -> None:
        network = FakeNetwork(runtime, lose)
        here, there = network.open(), network.open()
        pool: Any = _pool(design, "pjsip", threads, most, grow_when, runtime, runtime.recorder)
        stasis = _pool(design, "stasis", 1, None, "queued", runtime, None)
        numbers = count(1)
        settings = EndpointOptions(**{"distributors": 4, **options})
        endpoint = Endpoint(here, pool, stasis, settings, runtime=runtime, token=lambda: f"tag{next(numbers)}")
        with endpoint, Callers(there, here.address, runtime=runtime) as callers:
            story(callers, endpoint)
            heard, log, stall = callers.wait(), tuple(callers.log), str(pool.stall())
            report, peak = endpoint.stop(), pool.statistics().peak_threads
        what = {"scenario": "sip rehearsal", "design": design, "outcome": "completed" if report.in_time else "failed"}
        trace = runtime.recorder.trace(what)
        kept.append(Rehearsal(design, tuple(heard), log, endpoint.counts.as_dict(), stall, report, peak, trace))

    runtime.run(body)
    return kept[0]


def _pool(
    design: str,
    name: str,
    threads: int,
    most: int | None,
    grow_when: str,
    runtime: ControlledRuntime,
    recorder: Recorder | None,
) -> AnyPool:
    common: dict[str, Any] = {"runtime": runtime, "recorder": recorder, "idle_timeout": 0}
    if design == "taskpool":
        growth: dict[str, Any] = {"auto_increment": 1, "grow_when": grow_when} if most is not None else {}
        return TaskPool(name, minimum_size=threads, max_size=most or threads, **growth, **common)
    if design == "threadpool":
        return ThreadPool(name, max_size=0, auto_increment=1, **common)
    return ThreadPool(name, initial_size=threads, max_size=threads, auto_increment=0, **common)
