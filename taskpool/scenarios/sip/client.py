"""Client transactions: a request of our own is repeated until it is answered, or given up.

Requests other than INVITE only, as RFC 3261's section 17.1.2 has them over an unreliable transport: an endpoint that is
called sends BYE and NOTIFY. Nothing blocks; every method may be called from any thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from taskpool.runtime import Runtime
from taskpool.scenarios.sip.message import SipMessage
from taskpool.scenarios.sip.timers import Timer, Timers
from taskpool.scenarios.sip.transactions import COOKIE, Timing
from taskpool.scenarios.sip.transport import Peer, Transport
from taskpool.scenarios.sip.wire import write

__all__ = ["ClientTransactions"]

OnDone = Callable[[SipMessage | None], object]


@dataclass(slots=True)
class _Open:
    datagram: bytes
    to: Peer
    on_done: OnDone
    timers: list[Timer] = field(default_factory=list)


class ClientTransactions:
    """All client transactions of an endpoint.

    Args:
        runtime: The lock's.
        transport: What requests are sent by.
        timers: What repeats them and gives them up.
        timing: How fast.
        token: Makes a branch that nobody else uses.
        limit: How many there may be at once.
    """

    def __init__(
        self,
        runtime: Runtime,
        transport: Transport,
        timers: Timers,
        *,
        timing: Timing,
        token: Callable[[], str],
        limit: int = 65_536,
    ) -> None:
        self.transport = transport
        self.timers = timers
        self.timing = timing
        self.limit = limit
        self._token = token
        self._lock = runtime.Lock("sip client transactions")
        self._table: dict[tuple[str | None, str], _Open] = {}
        self._resent = 0

    def send(self, request: SipMessage, to: Peer, on_done: OnDone) -> bool:
        """Send a request, with a Via of its own, and call ``on_done`` once: with the final response, or with None.

        It is called by whoever hands in the response, or on the timers' thread when none came in 64 × T1.

        Returns:
            Whether it was sent: not if there are as many as there may be; then ``on_done`` is never called.
        """
        assert request.method is not None
        host, port = self.transport.address
        branch = COOKIE + self._token()
        via = ("Via", f"SIP/2.0/UDP {host}:{port};rport;branch={branch}")
        datagram = write(SipMessage(request.method, request.uri, headers=(via, *request.headers), body=request.body))
        key, t1 = (branch, request.method), self.timing.t1
        with self._lock:
            if len(self._table) >= self.limit:
                return False
            one = self._table[key] = _Open(datagram, to, on_done)
            one.timers.append(self.timers.after(t1, self._resend, key, t1))  # E
            one.timers.append(self.timers.after(self.timing.timeout, self._give_up, key))  # F
        self.transport.send(datagram, to)
        return True

    def receive(self, response: SipMessage) -> bool:
        """Take a response; False if it belongs to no open request. A provisional one changes nothing."""
        key = (response.vias[0].branch, response.cseq.method)
        with self._lock:
            one = self._table.get(key)
            if one is None:
                return False
            if (response.status or 0) < 200:
                return True
            self._remove(key)
        one.on_done(response)
        return True

    def __len__(self) -> int:
        """How many are open now."""
        with self._lock:
            return len(self._table)

    @property
    def resent(self) -> int:
        """How many times a request was sent again."""
        with self._lock:
            return self._resent

    def _resend(self, key: tuple[str | None, str], after: float) -> None:
        with self._lock:
            one = self._table.get(key)
            if one is None:
                return
            self._resent += 1
            after = min(2 * after, self.timing.t2)
            one.timers[0] = self.timers.after(after, self._resend, key, after)
        self.transport.send(one.datagram, one.to)

    def _give_up(self, key: tuple[str | None, str]) -> None:
        with self._lock:
            one = self._table.get(key)
            if one is None:
                return
            self._remove(key)
        one.on_done(None)

    def _remove(self, key: tuple[str | None, str]) -> None:
        """_lock is held."""
        for timer in self._table.pop(key).timers:
            timer.cancel()
