"""What the endpoint's tests share: a phone that is worked by hand, and endpoints on either runtime."""

from __future__ import annotations

from collections import Counter
from itertools import count
from typing import Any

from taskpool import TaskPool, ThreadPool
from taskpool.runtime.controlled import ControlledRuntime
from taskpool.runtime.real import RealRuntime
from taskpool.scenarios.sip.core import EndpointOptions
from taskpool.scenarios.sip.endpoint import Endpoint
from taskpool.scenarios.sip.message import SipMessage, response_to
from taskpool.scenarios.sip.transport import FakeNetwork, UdpTransport
from taskpool.scenarios.sip.wire import parse, write

DESIGNS = ("taskpool", "threadpool", "threadpool-bounded")


def small_pool(design: str, runtime: Any, name: str, threads: int = 2, recorder: Any = None) -> Any:
    common = {"runtime": runtime, "recorder": recorder}
    if design == "taskpool":
        return TaskPool(name, minimum_size=threads, max_size=threads, **common)
    if design == "threadpool":
        return ThreadPool(name, idle_timeout=0, **common)
    return ThreadPool(name, initial_size=threads, max_size=threads, auto_increment=0, idle_timeout=0, **common)


class Phone:
    """A caller. It sends what it is told to, and looks at what comes when it is told to."""

    def __init__(self, transport: Any, to: tuple[str, int], call: str = "call-1") -> None:
        self.transport = transport
        self.to = to
        self.call = call
        self.numbers = count(1)
        self.to_tag: str | None = None
        self.last: dict[str, SipMessage] = {}  # by method, what was sent

    def make(self, method: str, **parts: Any) -> SipMessage:
        """A request; parts replace what is usual: number, branch, headers, to_tag, from_tag, body."""
        number = parts.get("number") or next(self.numbers)
        branch = parts.get("branch", f"z9hG4bK-{self.call}-{method}-{number}")
        host, port = self.transport.address
        to_tag = parts.get("to_tag", self.to_tag)
        headers = [
            ("Via", f"SIP/2.0/UDP {host}:{port};branch={branch}"),
            ("From", f"<sip:caller@localhost>;tag={parts.get('from_tag', 'c')}"),
            ("To", f"<sip:{parts.get('user', 'south')}@localhost>" + (f";tag={to_tag}" if to_tag else "")),
            ("Call-ID", self.call),
            ("CSeq", f"{number} {method}"),
            ("Contact", f"<sip:caller@{host}:{port}>"),
            *parts.get("headers", ()),
        ]
        return SipMessage(method, "sip:south@localhost", headers=tuple(headers), body=parts.get("body", b""))

    def send(self, method: str, **parts: Any) -> SipMessage:
        request = self.make(method, **parts)
        self.last[method] = request
        assert self.transport.send(write(request), self.to)
        return request

    def again(self, method: str) -> None:
        """Send the latest request of a method once more."""
        assert self.transport.send(write(self.last[method]), self.to)

    def ack(self, *, failed: bool = False) -> None:
        """Acknowledge the final response to the latest INVITE."""
        invite = self.last["INVITE"]
        branch = invite.vias[0].branch if failed else f"z9hG4bK-{self.call}-ACK-{invite.cseq.number}"
        self.send("ACK", number=invite.cseq.number, branch=branch)

    def receive(self) -> SipMessage:
        arrived = self.transport.receive()
        assert arrived is not None
        return parse(arrived[0])

    def expect(self, *what: int | str) -> SipMessage:
        """What arrives next is this, in this order: statuses, or methods of requests, which are answered 200."""
        for one in what:
            message = self.receive()
            assert (message.status or message.method) == one, f"{message.start_line} instead of {one}"
            if message.method is not None:
                self.transport.send(write(response_to(message, 200, "OK")), self.to)
        return message

    def take(self, *what: int | str) -> dict[int | str, SipMessage]:
        """As `expect`, but in any order."""
        left, got = Counter(what), {}
        while left.total():
            message = self.receive()
            key = message.status or message.method
            assert left[key], f"{message.start_line} instead of {dict(left)}"
            left[key] -= 1
            got[key] = message
            if message.method is not None:
                self.transport.send(write(response_to(message, 200, "OK")), self.to)
        return got

    def dial(self, **parts: Any) -> SipMessage:
        """Call, and pick up the answer; the 200."""
        self.send("INVITE", **parts)
        answer = self.expect(100, 180, 200)
        self.to_tag = answer.to_address.tag
        self.ack()
        return answer


def played(program: Any, design: str, world: str, threads: int = 2, **options: Any) -> Endpoint:
    """Run ``program(endpoint, phones)`` with an endpoint that is stopped afterwards; ``phones(call)`` makes a phone.

    Args:
        program: What to do.
        design: One of DESIGNS.
        world: ``"controlled"``, for a network in memory and virtual time, or ``"real"``, for sockets and threads.
        threads: Of each pool.
        **options: The endpoint's.
    """
    runtime: Any = ControlledRuntime() if world == "controlled" else RealRuntime()
    network = FakeNetwork(runtime)
    transports = []
    kept = []

    def phones(call: str = "call-1") -> Phone:
        transport = network.open() if world == "controlled" else UdpTransport()
        transports.append(transport)
        return Phone(transport, kept[0].address, call)

    def body() -> None:
        pool, stasis = (small_pool(design, runtime, name, threads) for name in ("pool", "stasis"))
        tokens = count(1)
        own = network.open() if world == "controlled" else UdpTransport()
        token = (lambda: f"t{next(tokens)}") if world == "controlled" else None
        with Endpoint(own, pool, stasis, EndpointOptions(**options), runtime=runtime, token=token) as endpoint:
            kept.append(endpoint)
            try:
                program(endpoint, phones)
            finally:
                for transport in transports[1:] if world == "controlled" else transports:
                    transport.close()

    runtime.run(body) if world == "controlled" else body()
    return kept[0]
