"""Server transactions: a request is handled once, however often it arrives, and its final response gets through.

The rules are RFC 3261's section 17.2 over an unreliable transport, with RFC 6026's correction: a 2xx to INVITE keeps
its transaction, in the state *accepted*, and is resent until the caller's ACK comes (section 13.3.1.4). Letters of
timers are the RFC's. Nothing blocks; every method may be called from any thread.

One lock, the layer's, guards the table and every transaction's state; datagrams are sent without it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from taskpool.errors import TaskPoolError
from taskpool.runtime import Runtime
from taskpool.scenarios.sip.message import SipMessage
from taskpool.scenarios.sip.timers import Timer, Timers
from taskpool.scenarios.sip.transport import Peer, Transport
from taskpool.scenarios.sip.wire import write

__all__ = ["COOKIE", "LimitError", "ServerTransaction", "ServerTransactions", "State", "Timing", "TransactionCounts"]

COOKIE = "z9hG4bK"  # begins the branch of whoever follows RFC 3261, section 8.1.1.7

Key = tuple[object, ...]


class LimitError(TaskPoolError, RuntimeError):
    """There are as many transactions, dialogs or bindings as there may be."""


class State(StrEnum):
    """Where a server transaction is (section 17.2.1 and 17.2.2; RFC 6026 section 7.1)."""

    TRYING = "trying"
    PROCEEDING = "proceeding"
    ACCEPTED = "accepted"
    COMPLETED = "completed"
    CONFIRMED = "confirmed"
    TERMINATED = "terminated"


@dataclass(frozen=True, slots=True)
class Timing:
    """The times that all others follow from, in seconds (section 17.1.1.1): round trip, longest wait, longest life."""

    t1: float = 0.5
    t2: float = 4.0
    t4: float = 5.0

    @property
    def timeout(self) -> float:
        """64 round trips: how long a message is repeated at most (timers B, F, H, J, L)."""
        return 64 * self.t1


@dataclass(frozen=True, slots=True)
class TransactionCounts:
    """Transactions ``open`` now; requests ``absorbed`` as repeated; responses ``resent``; INVITEs ``unacknowledged``.

    ``resent`` counts what a timer sent again and what answered a repeated request.
    """

    open: int
    absorbed: int
    resent: int
    unacknowledged: int


class ServerTransaction:
    """One request and its responses. Made by `ServerTransactions.begin`.

    Attributes:
        request: The request, as it came first.
        source: Where it came from, and where responses go.
        user: Whatever the endpoint ties to it; set before anything else can find the transaction's dialog.
        on_unacknowledged: Called on the timers' thread if the final response to an INVITE was never acknowledged.
    """

    def __init__(self, layer: ServerTransactions, key: Key, request: SipMessage, source: Peer) -> None:
        self.request = request
        self.source = source
        self.user: Any = None
        self.on_unacknowledged: Callable[[], object] | None = None
        self._layer = layer
        self._key = key
        self._state = State.PROCEEDING if request.method == "INVITE" else State.TRYING
        self._last: bytes | None = None
        self._acknowledged = False
        self._timers: list[Timer] = []

    def __repr__(self) -> str:
        return f"<ServerTransaction {self.request.method} {self.request.call_id}: {self._state}>"

    @property
    def state(self) -> State:
        """Where it is now."""
        with self._layer._lock:
            return self._state

    def respond(self, response: SipMessage) -> bool:
        """Send a response, and from now on for each repeated request; a final one ends what can be said.

        Returns:
            Whether it was sent: not after a final response.

        Raises:
            SipError: If it is larger than a datagram.
        """
        datagram, status, layer = write(response), response.status or 0, self._layer
        with layer._lock:
            if self._state not in (State.TRYING, State.PROCEEDING):
                return False
            self._last = datagram
            if status < 200:
                self._state = State.PROCEEDING
            elif self.request.method != "INVITE":
                self._state = State.COMPLETED
                self._set_timer(layer.timing.timeout, self._end)  # J
            else:
                self._state = State.ACCEPTED if status < 300 else State.COMPLETED
                self._set_timer(layer.timing.t1, self._resend, layer.timing.t1)  # G
                self._set_timer(layer.timing.timeout, self._end)  # H or L
        layer.transport.send(datagram, self.source)
        return True

    def acknowledge(self, *, in_dialog: bool = False) -> None:
        """The final response to an INVITE has arrived: do not resend it any more.

        Args:
            in_dialog: Whether the ACK belongs to the dialog that a 2xx has made. No other ACK acknowledges a 2xx.
        """
        with self._layer._lock:
            if self._state is State.COMPLETED:
                self._state = State.CONFIRMED
                self._acknowledged = True
                self._cancel_timers()
                self._set_timer(self._layer.timing.t4, self._end)  # I
            elif self._state is State.ACCEPTED and in_dialog:
                self._acknowledged = True
                self._timers[0].cancel()

    def _resend(self, after: float) -> None:
        """Timer G."""
        layer = self._layer
        with layer._lock:
            datagram = self._last
            if self._acknowledged or self._state is State.TERMINATED or datagram is None:
                return
            layer._resent += 1
            after = min(2 * after, layer.timing.t2)
            self._timers[0] = layer.timers.after(after, self._resend, after)
        layer.transport.send(datagram, self.source)

    def _end(self) -> None:
        """Timers H, I, J, L."""
        layer = self._layer
        with layer._lock:
            self._terminate()
            lost = self.request.method == "INVITE" and not self._acknowledged
            layer._unacknowledged += lost
        if lost and self.on_unacknowledged is not None:
            self.on_unacknowledged()

    # Below: the layer's lock is held.

    def _terminate(self) -> None:
        self._state = State.TERMINATED
        self._cancel_timers()
        self._layer._table.pop(self._key, None)

    def _set_timer(self, seconds: float, fn: Callable[..., object], *args: float) -> None:
        self._timers.append(self._layer.timers.after(seconds, fn, *args))

    def _cancel_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()


class ServerTransactions:
    """The layer: all server transactions of an endpoint.

    Args:
        runtime: The lock's.
        transport: What responses are sent by.
        timers: What repeats and ends them.
        timing: How fast.
        limit: How many there may be at once.
    """

    def __init__(
        self, runtime: Runtime, transport: Transport, timers: Timers, *, timing: Timing, limit: int = 65_536
    ) -> None:
        self.transport = transport
        self.timers = timers
        self.timing = timing
        self.limit = limit
        self._lock = runtime.Lock("sip transactions")
        self._table: dict[Key, ServerTransaction] = {}
        self._absorbed = self._resent = self._unacknowledged = 0

    def begin(self, request: SipMessage, source: Peer) -> ServerTransaction | None:
        """A transaction for a request other than ACK; None if it is a repeated one, which has been seen to.

        Raises:
            LimitError: If there are as many as there may be.
        """
        key = _key(request, request.method)
        again: bytes | None = None
        with self._lock:
            known = self._table.get(key)
            if known is None:
                if len(self._table) >= self.limit:
                    raise LimitError(f"{self.limit} transactions are open: no more until some have ended")
                transaction = self._table[key] = ServerTransaction(self, key, request, source)
                return transaction
            self._absorbed += 1
            if known._state in (State.PROCEEDING, State.COMPLETED):
                again = known._last
            self._resent += again is not None
        if again is not None:
            self.transport.send(again, known.source)
        return None

    def find_invite(self, request: SipMessage) -> ServerTransaction | None:
        """The INVITE's transaction that a CANCEL (section 9.2) or an ACK to a failure (section 17.2.3) belongs to."""
        with self._lock:
            return self._table.get(_key(request, "INVITE"))

    def counts(self) -> TransactionCounts:
        """A snapshot."""
        with self._lock:
            return TransactionCounts(len(self._table), self._absorbed, self._resent, self._unacknowledged)


def _key(request: SipMessage, method: str | None) -> Key:
    """What tells transactions apart (section 17.2.3); for those older than RFC 3261, all that repeats."""
    via = request.vias[0]
    if via.branch is not None and via.branch.startswith(COOKIE):
        return via.branch, via.host.lower(), via.port, method
    return request.call_id, request.from_address.tag, request.cseq.number, str(via), method
