"""What all parts of one endpoint share: its pool, transport, clock, layers, limits, counts and topics."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from taskpool.errors import OptionError
from taskpool.runtime import Runtime
from taskpool.scenarios.designs import AnyPool
from taskpool.scenarios.sip.client import ClientTransactions
from taskpool.scenarios.sip.counts import Counts
from taskpool.scenarios.sip.dialogs import Dialogs
from taskpool.scenarios.sip.message import response_to
from taskpool.scenarios.sip.registrar import Registrar
from taskpool.scenarios.sip.timers import Timers
from taskpool.scenarios.sip.transactions import ServerTransaction, ServerTransactions, Timing
from taskpool.scenarios.sip.transport import Transport
from taskpool.scenarios.stasis import Bus

__all__ = ["ALLOW", "REASONS", "ChannelEvent", "Core", "DialogEvent", "EndpointOptions"]

ALLOW = "INVITE, ACK, BYE, CANCEL, OPTIONS, REGISTER, INFO, REFER"

# Section 21; 202: RFC 3515.
REASONS = {
    100: "Trying",
    180: "Ringing",
    200: "OK",
    202: "Accepted",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    415: "Unsupported Media Type",
    420: "Bad Extension",
    481: "Call/Transaction Does Not Exist",
    487: "Request Terminated",
    491: "Request Pending",
    500: "Server Internal Error",
    503: "Service Unavailable",
}


@dataclass(frozen=True, slots=True)
class ChannelEvent:
    """Published on the topic ``channels``: a call's channel was ``created``, ``replaced`` or ``hung up``."""

    kind: str
    channel: str
    call_id: str


@dataclass(frozen=True, slots=True)
class DialogEvent:
    """Published on the topic ``dialogs``: a call is ``ringing``, ``answered``, ``confirmed`` or ``ended``."""

    kind: str
    call_id: str
    local_tag: str


@dataclass(frozen=True, slots=True)
class EndpointOptions:
    """How an endpoint behaves, and how much it takes on. Times in seconds.

    Args:
        distributors: Serializers that requests outside of dialogs are spread over; 31, as in the original. 0: the pool
            takes them, in no order.
        replace_time: How long a transfer's replacing of the channel takes.
        notify_wait: Whether a transfer waits, while its call is paused, until the transferer has been told.
        ring_time: How long a call rings before it is answered; no thread waits meanwhile.
        lookups: By the user called: how long finding it out takes. A thread of the pool waits meanwhile.
        max_dialogs, max_transactions, max_bindings, max_transfers: How many there may be at once; 503 beyond.
        max_waiting: Messages that may wait for a task; further ones are dropped and counted.
        timing: The transactions' times.

    Raises:
        OptionError: If a number is negative, or a limit 0.
    """

    distributors: int = 31
    replace_time: float = 0.5
    notify_wait: bool = False
    ring_time: float = 0.0
    lookups: Mapping[str, float] = field(default_factory=dict)
    max_dialogs: int = 10_000
    max_transactions: int = 65_536
    max_bindings: int = 100_000
    max_transfers: int = 100
    max_waiting: int = 20_000
    timing: Timing = field(default_factory=Timing)

    def __post_init__(self) -> None:
        for name in ("distributors", "replace_time", "ring_time"):
            if getattr(self, name) < 0:
                raise OptionError(f"{name}={getattr(self, name)!r}: must be 0 or more")
        for name in ("max_dialogs", "max_transactions", "max_bindings", "max_transfers", "max_waiting"):
            if getattr(self, name) < 1:
                raise OptionError(f"{name}={getattr(self, name)!r}: must be at least 1")


class Core:
    """Made by the endpoint, and given to its parts.

    Attributes:
        stopping: Set when the endpoint begins to stop: what is new is refused, what waits for time goes on at once.
    """

    def __init__(
        self,
        name: str,
        runtime: Runtime,
        transport: Transport,
        pool: AnyPool,
        options: EndpointOptions,
        token: Callable[[], str] | None,
    ) -> None:
        self.name = name
        self.runtime = runtime
        self.transport = transport
        self.pool = pool
        self.options = options
        self.token = token or _token
        self.counts = Counts(runtime)
        self.stopping = runtime.Event(f"{name} stops")
        self.dialogs = Dialogs(runtime, options.max_dialogs)
        self.registrar = Registrar(runtime, options.max_bindings)
        self.timers = Timers(runtime, f"{name}/timers")
        self.server = ServerTransactions(
            runtime, transport, self.timers, timing=options.timing, limit=options.max_transactions
        )
        self.client = ClientTransactions(runtime, transport, self.timers, timing=options.timing, token=self.token)
        self.bus = Bus(runtime=runtime)
        self.channels, self.changes = self.bus.topic("channels"), self.bus.topic("dialogs")

    @property
    def contact(self) -> tuple[str, str]:
        """The header that tells where this endpoint is."""
        host, port = self.transport.address
        return "Contact", f"<sip:{f'[{host}]' if ':' in host else host}:{port}>"

    def reply(
        self,
        transaction: ServerTransaction,
        status: int,
        headers: Iterable[tuple[str, str]] = (),
        *,
        to_tag: str | None = None,
        body: bytes = b"",
    ) -> bool:
        """Answer a request; False if it has its final answer already. A tag is made where one is needed."""
        if to_tag is None and status != 100:
            to_tag = self.token()
        request = transaction.request
        return transaction.respond(
            response_to(request, status, REASONS[status], to_tag=to_tag, headers=headers, body=body)
        )


def _token() -> str:
    """What nobody can guess (section 19.3 asks for 32 random bits)."""
    return secrets.token_hex(8)
