"""What a caller hears on each design: an endpoint of ours, sipp against it, design after design, round after round.

Each run opens an endpoint on a design, lets one or two sipps call it, and closes it. Designs take turns within a round,
in an order that rotates, since a machine's speed drifts; the table has the median over the rounds. Blocked
thread-seconds are sampled: how many of the pool's threads are blocked in one of its waits, 50 times a second.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from time import process_time
from typing import Any

from taskpool.errors import OptionError
from taskpool.recorder import Recorder
from taskpool.runtime import Runtime
from taskpool.runtime.real import default_runtime
from taskpool.scenarios.designs import AnyPool
from taskpool.scenarios.sip.core import EndpointOptions
from taskpool.scenarios.sip.endpoint import Endpoint
from taskpool.scenarios.sip.load_row import LoadRow, median_of
from taskpool.scenarios.sip.own_client import OwnCaller
from taskpool.scenarios.sip.pools import open_pools
from taskpool.scenarios.sip.sipp_client import PATIENCE, Caller, percentile
from taskpool.scenarios.sip.transport import UdpTransport

__all__ = ["CLIENTS", "WORKLOADS", "Workload", "load", "run_once"]

_SAMPLE = 0.02  # seconds
_TOLD = 0.25  # seconds
_STOP = 1.0  # seconds that an endpoint has to stop, when nobody calls any more


@dataclass(frozen=True, slots=True)
class Workload:
    """What sipp does.

    Attributes:
        title: In one line.
        scenario: Of the sipp whose response times are reported.
        rate: Its calls started in a second.
        beside: Another sipp's scenario, whom it calls, its rate and its calls in progress at most; or None.
        options: The endpoint's.
    """

    title: str
    scenario: str
    rate: float
    beside: tuple[str, str, float, int] | None = None
    options: EndpointOptions = field(default_factory=EndpointOptions)


WORKLOADS = {
    "registrations": Workload("phones register, 1,000 a second", "register", 1_000),
    "calls": Workload("calls, 100 a second", "uac", 100),
    "transfers": Workload(
        "the same beside 20 transfers at once, each of which pauses its call for 0.5 s",
        "uac",
        100,
        ("transfer", "south", 40, 20),
    ),
    "slow-lookups": Workload(
        "the same beside a peer, called 4 times a second, whose lookups take 2 s each",
        "uac",
        100,
        ("uac", "slow", 4, 1_000),
        EndpointOptions(lookups={"slow": 2.0}),
    ),
}


CLIENTS: dict[str, type[Caller] | type[OwnCaller]] = {"sipp": Caller, "own": OwnCaller}


class _Sampler:
    """Looks at a pool's blocked threads now and then. A look may be stale."""

    def __init__(self, runtime: Runtime, endpoint: Endpoint, watch: Callable[[Endpoint], object]) -> None:
        self.runtime = runtime
        self.endpoint = endpoint
        self.pool: Any = endpoint.pool
        self.watch = watch
        self.blocked = 0.0
        self._end = runtime.Event()
        self._thread = runtime.spawn(self._run, name="sampler")

    def stop(self) -> float:
        """End it; thread-seconds blocked until now."""
        self._end.set()
        self._thread.join()
        return self.blocked

    def _run(self) -> None:
        before = told = self.runtime.monotonic()
        while not self._end.wait(_SAMPLE):
            now = self.runtime.monotonic()
            if now - told >= _TOLD:
                self.watch(self.endpoint)
                told = now
            with self.runtime.monitor:
                blocked = sum(agent.worker is not None for agent in self.pool.waits)
            self.blocked += blocked * (now - before)
            before = now


def run_once(
    workload: str,
    design: str,
    *,
    seconds: float,
    rate: float | None = None,
    threads: int | None = None,
    recorder: Recorder | None = None,
    client: str = "sipp",
    patience: float = PATIENCE,
    watch: Callable[[Endpoint], object] = lambda endpoint: None,
) -> LoadRow:
    """One endpoint, its callers, and what came of them. Blocks, about as long as it is told and until calls end.

    Args:
        workload: One of `WORKLOADS`.
        design: One of `taskpool.scenarios.sip.pools.DESIGNS`.
        seconds: How long calls are started.
        rate: Of the calls that are reported on; the workload's own if None.
        threads: As for `open_pools`.
        recorder: What the SIP pool's events are written to, or None.
        client: Who calls: ``"sipp"``, or ``"own"``, our client, which needs nothing but does not register.
        patience: Seconds that a call waits for any one message.
        watch: Called with the endpoint some times a second while the calls are placed, on a thread of its own.

    Raises:
        OptionError: If there is no such workload, design or client.
        SippError: If sipp is missing, or failed.
    """
    if client not in CLIENTS:
        raise OptionError(f"client={client!r}: choose one of {', '.join(CLIENTS)}")
    if workload not in WORKLOADS:
        raise OptionError(f"workload={workload!r}: choose one of {', '.join(WORKLOADS)}")
    if not seconds > 0 or (rate is not None and not rate > 0):
        raise OptionError(f"seconds={seconds}, rate={rate}: both must be above 0")
    gc.collect()
    before = sys.getallocatedblocks()
    row = _run_once(WORKLOADS[workload], workload, design, seconds, rate, threads, recorder, client, patience, watch)
    gc.collect()
    return replace(row, kept=sys.getallocatedblocks() - before)


def _run_once(
    what: Workload,
    workload: str,
    design: str,
    seconds: float,
    rate: float | None,
    threads: int | None,
    recorder: Recorder | None,
    client: str,
    patience: float,
    watch: Callable[[Endpoint], object],
) -> LoadRow:
    """The row, but for what is kept: that can be seen when everything here has gone."""
    runtime = default_runtime()
    rate = what.rate if rate is None else rate
    with ExitStack() as stack:
        pool, stasis = open_pools(design, runtime=runtime, threads=threads, recorder=recorder)
        endpoint = Endpoint(UdpTransport(), pool, stasis, what.options, runtime=runtime)
        stack.callback(endpoint.stop, _STOP)
        sampler = _Sampler(runtime, endpoint, watch)
        stack.callback(sampler.stop)
        cpu = process_time()
        place = CLIENTS[client]
        calls = max(1, round(rate * seconds))
        callers = [place(endpoint.address, what.scenario, rate=rate, calls=calls, patience=patience)]
        stack.enter_context(callers[0])
        if what.beside is not None:
            scenario, user, other_rate, at_once = what.beside
            calls = max(1, round(other_rate * seconds))
            callers.append(
                place(
                    endpoint.address,
                    scenario,
                    rate=other_rate,
                    calls=calls,
                    user=user,
                    at_once=at_once,
                    patience=patience,
                )
            )
            stack.enter_context(callers[1])
        results = [caller.result() for caller in callers]
        cpu = process_time() - cpu
        blocked, peak, resent = sampler.stop(), _peak(pool), endpoint.state()["resent"]
    return LoadRow(
        workload=workload,
        design=design,
        completed=sum(result.completed for result in results),
        failed=sum(result.failed for result in results),
        retransmissions=resent + sum(result.retransmissions for result in results),
        p50=percentile(results[0].times, 50),
        p99=percentile(results[0].times, 99),
        cpu_per_call=cpu / sum(result.calls for result in results),
        peak_threads=peak,
        blocked=blocked,
        kept=0,
    )


def load(
    workloads: Sequence[str],
    designs: Sequence[str],
    *,
    rounds: int = 3,
    seconds: float = 10.0,
    rate: float | None = None,
    threads: int | None = None,
    recorder_of: Callable[[str, str, int], Recorder | None] = lambda workload, design, number: None,
    client: str = "sipp",
) -> Iterator[LoadRow]:
    """Run every workload on every design, and yield the medians when a workload's rounds are done.

    Args:
        workloads: Names.
        designs: Names.
        rounds: How often each design has its turn.
        seconds: As for `run_once`.
        rate: As for `run_once`.
        threads: As for `run_once`.
        recorder_of: Called before each run with its workload, design and round; what it records to.
        client: As for `run_once`.

    Raises:
        OptionError, SippError: As `run_once`.
    """
    if rounds < 1:
        raise OptionError(f"rounds={rounds}: at least 1 is needed")
    for workload in workloads:
        rows: dict[str, list[LoadRow]] = {design: [] for design in designs}
        for number in range(rounds):
            first = number % len(designs)
            for design in (*designs[first:], *designs[:first]):
                common: dict[str, Any] = {"seconds": seconds, "rate": rate, "threads": threads, "client": client}
                recorder = recorder_of(workload, design, number)
                rows[design].append(run_once(workload, design, recorder=recorder, **common))
        yield from (median_of(runs) for runs in rows.values())


def _peak(pool: AnyPool) -> int:
    statistics: Any = pool.statistics()  # type: ignore[attr-defined]  # both pools have it
    return int(statistics.peak_threads)
