"""Callers: a small SIP client of our own that places calls, and keeps what each caller hears and when.

One transport, one receiving thread and one thread of timers serve any number of calls. A call is a little machine: an
INVITE, repeated until somebody says something; the answer; perhaps a transfer of the call; a BYE. With a network in
memory on the controlled runtime, what a caller hears is the same every time. Over UDP it stands in for sipp.

Sections are those of RFC 3261. One lock guards the calls; datagrams are sent with it held, which does not block.
"""

from __future__ import annotations

from dataclasses import dataclass

from taskpool.runtime import Runtime
from taskpool.scenarios.sip.headers import SipError
from taskpool.scenarios.sip.message import SipMessage, response_to
from taskpool.scenarios.sip.timers import Timers
from taskpool.scenarios.sip.transactions import COOKIE, Timing
from taskpool.scenarios.sip.transport import Peer, Transport
from taskpool.scenarios.sip.wire import parse, write

__all__ = ["Callers", "Heard"]


@dataclass(frozen=True, slots=True)
class Heard:
    """What the caller heard of one call. Times in seconds since the first INVITE; None for what never came.

    Attributes:
        user: Who was called.
        ringing: When it rang.
        answered: When somebody answered.
        ended: When the call was over, or was given up.
        resent: Messages that the caller had to send again.
        outcome: ``"completed"``, ``"refused 503"`` or another status, or ``"no answer to INVITE"`` or another method.
    """

    user: str
    ringing: float | None
    answered: float | None
    ended: float | None
    resent: int
    outcome: str


@dataclass(slots=True, eq=False)
class _Call:
    number: int
    user: str
    transfer: bool
    began: float
    to: str
    cseq: int = 0
    invite: SipMessage | None = None
    waits_for: SipMessage | None = None  # the latest request of ours that has no answer yet
    referred: bool = False  # a transfer is under way: its end is waited for
    ringing: float | None = None
    answered: float | None = None
    ended: float | None = None
    resent: int = 0
    outcome: str = ""


class Callers:
    """Any number of callers at one address. Methods: any thread. Use it with ``with``, which ends it.

    Args:
        transport: What they send and receive by; it is closed with them.
        to: The endpoint.
        runtime: Threads, lock and clock.
        timing: How fast messages are repeated.
        patience: Seconds that a caller waits for any one answer.
        name: Begins the names of the threads and the Call-IDs.

    Attributes:
        log: Each message sent or received: the time, ``"->"`` or ``"<-"``, and what it is.
    """

    def __init__(
        self,
        transport: Transport,
        to: Peer,
        *,
        runtime: Runtime,
        timing: Timing | None = None,
        patience: float = 10.0,
        name: str = "caller",
    ) -> None:
        self.transport = transport
        self.to = to
        self.runtime = runtime
        self.timing = timing or Timing()
        self.patience = patience
        self.name = name
        self.log: list[tuple[float, str, str]] = []
        self._changed = runtime.Condition(runtime.Lock(f"{name}s"), f"{name}s")
        self._calls: list[_Call] = []  # guarded by _changed, as is every call
        self._open = 0  # of these, not over yet
        self._timers = Timers(runtime, f"{name}s/timers")
        self._receiver = runtime.spawn(self._receive, name=f"{name}s/receiver")

    def __enter__(self) -> Callers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def place(self, user: str = "south", *, transfer: bool = False) -> int:
        """Begin to call somebody, and hang up when the call has been answered. Does not block.

        Args:
            user: Whom.
            transfer: Whether to transfer the call to somebody else first.

        Returns:
            The call's number, its place in what `wait` returns.
        """
        with self._changed:
            number = len(self._calls)
            call = _Call(number, user, transfer, self.runtime.monotonic(), f"<sip:{user}@localhost>")
            self._calls.append(call)
            self._open += 1
            self._request(call, "INVITE")
            call.invite = call.waits_for
        return number

    def place_all(
        self, calls: int, rate: float, user: str = "south", *, transfer: bool = False, at_once: int | None = None
    ) -> None:
        """Begin so many calls, evenly in time. Blocks until the last one has begun.

        Args:
            calls: How many.
            rate: Calls begun in a second.
            user: Whom.
            transfer: As for `place`.
            at_once: Calls in progress at most; those that are due meanwhile begin later. None for no limit.
        """
        began = self.runtime.monotonic()
        for number in range(calls):
            self.runtime.sleep(max(0.0, began + number / rate - self.runtime.monotonic()))
            if at_once is not None:
                self._wait_until(at_once - 1)
            self.place(user, transfer=transfer)

    def wait(self) -> list[Heard]:
        """Block until every call is over; what the callers have heard, in the order in which the calls began."""
        self._wait_until(0)
        with self._changed:
            return [
                Heard(call.user, call.ringing, call.answered, call.ended, call.resent, call.outcome)
                for call in self._calls
            ]

    def _wait_until(self, most: int) -> None:
        """Block until so many calls at most are in progress."""
        with self._changed:
            self._changed.wait_for(lambda: self._open <= most)

    def close(self) -> None:
        """Close the transport and end the threads. Blocks until they have ended. Idempotent."""
        self.transport.close()
        self._timers.stop()
        self._receiver.join()

    # -- The receiving thread.

    def _receive(self) -> None:
        while (arrived := self.transport.receive()) is not None:
            try:
                message = parse(arrived[0])
            except SipError:
                continue
            with self._changed:
                self._note("<-", message)
                call = self._call_of(message)
                if message.method is not None:
                    self._asked(call, message)
                elif call is not None and not call.outcome:
                    self._answered(call, message)
                elif call is not None and message.cseq.method == "INVITE" and message.status in range(200, 300):
                    self._acknowledge(call, message)

    # -- Below: _changed is held.

    def _call_of(self, message: SipMessage) -> _Call | None:
        number = message.call_id.rpartition("-")[2]
        known = number.isascii() and number.isdigit() and len(number) < 10 and int(number) < len(self._calls)
        return self._calls[int(number)] if known else None

    def _asked(self, call: _Call | None, request: SipMessage) -> None:
        """A request of the endpoint's: a NOTIFY tells how far a transfer is, a BYE ends the call."""
        if request.method == "ACK":
            return
        status, reason = (200, "OK") if call is not None else (481, "Call/Transaction Does Not Exist")
        self._send(response_to(request, status, reason, to_tag="none"))
        if call is None or call.outcome:
            return
        state = request.value("Subscription-State") or ""
        if request.method == "NOTIFY" and state.startswith("terminated") and call.referred:
            call.referred = False
            self._request(call, "BYE")
        elif request.method == "BYE":
            self._over(call, "ended by the other side")

    def _answered(self, call: _Call, response: SipMessage) -> None:
        method, status = response.cseq.method, response.status or 0
        if method == "INVITE" and 200 <= status < 300:
            self._acknowledge(call, response)
        waits_for = call.waits_for
        if waits_for is None or waits_for.cseq != response.cseq:
            return
        now = self.runtime.monotonic() - call.began
        if status == 180 and call.ringing is None:
            call.ringing = now
        if status < 200:
            return
        call.waits_for = None
        if status >= 300:
            if method == "INVITE":
                self._acknowledge(call, response)
            self._over(call, f"refused {status}")
        elif method == "INVITE":
            call.answered, call.to = now, response.required("To")
            self._request(call, "REFER" if call.transfer else "BYE")
        elif method == "REFER":
            call.referred = True
        else:
            self._over(call, "completed")

    def _request(self, call: _Call, method: str) -> None:
        """Send a request and wait for its answer."""
        call.cseq += 1
        request = self._make(call, method, call.cseq, f"{COOKIE}-{self.name}-{call.number}-{call.cseq}")
        call.waits_for = request
        self._send(request)
        self._timers.after(self.timing.t1, self._again, call, request, self.timing.t1)
        self._timers.after(self.patience, self._give_up, call, request)

    def _make(self, call: _Call, method: str, number: int, branch: str) -> SipMessage:
        host, port = self.transport.address
        headers = [
            ("Via", f"SIP/2.0/UDP {host}:{port};branch={branch}"),
            ("From", f"<sip:{self.name}-{call.number}@localhost>;tag=c{call.number}"),
            ("To", call.to),
            ("Call-ID", f"{self.name}-{call.number}"),
            ("CSeq", f"{number} {method}"),
            ("Max-Forwards", "70"),
            ("Contact", f"<sip:{self.name}@{host}:{port}>"),
        ]
        if method == "REFER":
            headers.append(("Refer-To", "<sip:elsewhere@localhost>"))
        return SipMessage(method, f"sip:{call.user}@localhost", headers=tuple(headers))

    def _acknowledge(self, call: _Call, response: SipMessage) -> None:
        """Section 13.2.2.4 for a 2xx, 17.1.1.3 for the others, whose ACK has the branch of the INVITE."""
        branch = f"{COOKIE}-{self.name}-{call.number}-ack"
        if (response.status or 0) >= 300 and call.invite is not None:
            branch = call.invite.vias[0].branch or branch
        call.to = response.required("To")
        self._send(self._make(call, "ACK", response.cseq.number, branch))

    def _again(self, call: _Call, request: SipMessage, after: float) -> None:
        """Timers A and E; what has been answered for the time being is not repeated (section 17.1.1.2)."""
        with self._changed:
            if call.waits_for is not request or (request.method == "INVITE" and call.ringing is not None):
                return
            call.resent += 1
            self._send(request)
        after = 2 * after if request.method == "INVITE" else min(2 * after, self.timing.t2)
        self._timers.after(after, self._again, call, request, after)

    def _give_up(self, call: _Call, request: SipMessage) -> None:
        with self._changed:
            if call.waits_for is request:
                self._over(call, f"no answer to {request.method}")
            elif call.referred and request.method == "REFER":
                self._over(call, "no end of the transfer")

    def _over(self, call: _Call, outcome: str) -> None:
        if not call.outcome:
            call.outcome, call.waits_for = outcome, None
            call.ended = self.runtime.monotonic() - call.began
            self._open -= 1
            self._changed.notify_all()

    def _send(self, message: SipMessage) -> None:
        self._note("->", message)
        self.transport.send(write(message), self.to)

    def _note(self, arrow: str, message: SipMessage) -> None:
        what = message.method or f"{message.status} {message.reason} ({message.cseq.method})"
        self.log.append((self.runtime.monotonic(), arrow, what))
