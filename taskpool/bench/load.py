"""A load like a SIP server's, at a fixed rate: not how much a pool can do, but what it costs to do the same.

Messages arrive at an even rate from one thread. Of twenty:

* ten are registrations, spread over distributors: serializers that share what belongs to no call;
* eight belong to a call, which has a serializer of its own;
* one begins a call: a distributor's task pushes to the call's serializer and waits for the answer, from inside;
* one is a transfer: another thread pauses the call's serializer for a moment.

Each message is read into a dictionary by its handler. Pools begin with four threads and may grow to fifty, the shipped
sizes of the taskpool. The processor time is the whole process's, so what reading and pacing take is in every side.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from taskpool.bench.case import Case, Readings, Settings
from taskpool.bench.measure import sample
from taskpool.bench.sides import EXECUTOR, TASKPOOL, THREADPOOL, Side, opened
from taskpool.runtime.real import default_runtime

__all__ = ["COST", "message_load"]

COST = "CPU µs/message"

_THREADS, _MOST = 4, 50
_DISTRIBUTORS, _CALLS, _CYCLE = 8, 50, 20
_INVITE, _TRANSFER = 18, 19
_TICK = 0.005  # seconds between two looks at what is due
_HOLD = 0.002  # seconds for which a transfer pauses its call

_MESSAGE = "\n".join(
    f"{name}: {value}"
    for name, value in {
        "Via": "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-1",
        "From": "<sip:alice@example.org>;tag=1928301774",
        "To": "<sip:bob@example.org>",
        "Call-ID": "a84b4c76e66710",
        "CSeq": "314159 REGISTER",
        "Contact": "<sip:alice@192.0.2.1>",
        "Max-Forwards": "70",
        "Content-Length": "0",
    }.items()
)


def message_load(settings: Settings) -> list[Case]:
    """Workload i: both pools, and the executor with strands in the serializers' place."""
    sides = (TASKPOOL, THREADPOOL, EXECUTOR)
    return [
        Case(
            "i",
            f"{settings.messages:,} SIP-like messages a second",
            {side: partial(_serve, side, settings) for side in sides},
            main=COST,
            better="less",
        )
    ]


class _Load:
    """One run of the load on an open side."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self.distributors = [side.serializer(f"bench/distributor-{at}") for at in range(_DISTRIBUTORS)]
        self.calls = [side.serializer(f"bench/call-{at}") for at in range(_CALLS)]
        self.handled: list[int] = []
        self.transfers = default_runtime().Queue()
        self.threads = 0

    def run(self, messages: int, rate: float) -> int:
        """Send ``messages`` at ``rate`` a second, until all have been handled; how many were."""
        runtime = default_runtime()
        transferer = runtime.spawn(self._transfer_all, name="transferer")
        start, sent = runtime.monotonic(), 0
        while sent < messages:
            due = min(messages, int((runtime.monotonic() - start) * rate) + 1)
            for number in range(sent, due):
                self._arrive(number)
            sent = due
            runtime.sleep(_TICK)
        self.transfers.put(None)
        transferer.join()
        self.threads = self.side.thread_count()
        self.side.close()
        return len(self.handled)

    def _arrive(self, number: int) -> None:
        kind = number % _CYCLE
        call = self.calls[number // _CYCLE % _CALLS]
        if kind < 10:
            self.distributors[number % _DISTRIBUTORS].push(self._handle, number)
        elif kind < _INVITE:
            call.push(self._handle, number)
        elif kind == _INVITE:
            self.distributors[number % _DISTRIBUTORS].push(self._begin_call, call, number)
        else:
            self.transfers.put((call, number))

    def _handle(self, number: int) -> None:
        _read(_MESSAGE)
        self.handled.append(number)

    def _begin_call(self, call: Any, number: int) -> None:
        call.push_wait(_read, _MESSAGE)
        self.handled.append(number)

    def _transfer_all(self) -> None:
        sleep = default_runtime().sleep
        while (transfer := self.transfers.get()) is not None:
            call, number = transfer
            call.suspend()
            sleep(_HOLD)
            call.unsuspend()
            self.handled.append(number)


def _read(message: str) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in message.split("\n"))


def _serve(name: str, settings: Settings) -> Readings:
    messages = max(_CYCLE, int(settings.messages * settings.seconds * 2))
    with opened(name, _THREADS, most=_MOST) as side:
        load = _Load(side)
        taken = sample(lambda: load.run(messages, settings.messages))
    if sorted(load.handled) != list(range(messages)):
        raise RuntimeError(f"{name}: {taken.count:,} of {messages:,} messages were handled once")
    return {COST: taken.cpu_per_task * 1e6, "messages/s": taken.rate, "threads at the end": load.threads}
