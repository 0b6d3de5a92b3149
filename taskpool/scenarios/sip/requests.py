"""What a task makes of a datagram: the whole message, its transaction, and who handles it.

Runs in the serializer that the receiving thread chose. Sections without another source are those of RFC 3261.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar
from zlib import crc32

from taskpool.errors import DeadlockError, PoolShutDown
from taskpool.scenarios.sip.core import ALLOW, REASONS, Core
from taskpool.scenarios.sip.headers import SipError
from taskpool.scenarios.sip.message import SipMessage, response_to, seen_from
from taskpool.scenarios.sip.registrar import StaleRegisterError
from taskpool.scenarios.sip.session import Session
from taskpool.scenarios.sip.transactions import LimitError, ServerTransaction
from taskpool.scenarios.sip.transfer import Transfers
from taskpool.scenarios.sip.transport import Peer
from taskpool.scenarios.sip.wire import parse, write

__all__ = ["Requests"]

_RETRY = ("Retry-After", "5")  # seconds; this module's choice
_OBSERVERS = 8  # serializers that changes of contacts are told on; this module's choice


class Requests:
    """The handlers of an endpoint's messages."""

    def __init__(self, core: Core, transfers: Transfers) -> None:
        self.core = core
        self.transfers = transfers
        self.observers = [core.pool.serializer(f"{core.name}/options-{number}") for number in range(_OBSERVERS)]

    def handle(self, session: Session | None, datagram: bytes, source: Peer) -> None:
        """A task: all there is to do with a datagram.

        Args:
            session: Whose serializer this is; None outside of dialogs.
            datagram: As it arrived.
            source: Who sent it.
        """
        try:
            message = parse(datagram)
        except SipError as error:
            self.refuse(error, source)
            return
        if message.method is None:
            if not self.core.client.receive(message):
                self.core.counts.add("dropped")
            return
        request = seen_from(message, source)
        if request.method == "ACK":
            self._ack(session, request)
            return
        try:
            transaction = self.core.server.begin(request, source)
        except LimitError:
            self._send_alone(request, 503, source)
            self.core.counts.add("busy")
            return
        if transaction is not None:
            self._serve(session, transaction)

    def refuse(self, error: SipError, source: Peer) -> None:
        """A task: answer what is malformed, if it can be answered. No transaction is kept (section 8.2.7)."""
        if error.request is None:
            self.core.counts.add("dropped")
        else:
            self.core.counts.add("malformed")
            self._send_alone(seen_from(error.request, source), 400, source)

    def _serve(self, session: Session | None, transaction: ServerTransaction) -> None:
        core = self.core
        try:
            self._route(session, transaction)
        except LimitError:
            self._busy(transaction)
        except DeadlockError:
            core.counts.add("deadlocks")
            core.reply(transaction, 500)
        except PoolShutDown:
            self._busy(transaction)
        except Exception:
            core.reply(transaction, 500)
            raise

    def _route(self, session: Session | None, transaction: ServerTransaction) -> None:
        request, core = transaction.request, self.core
        required = request.values("Require")
        if request.method == "CANCEL":
            self._cancel(transaction)
        elif required:
            core.reply(transaction, 420, [("Unsupported", value) for value in required])  # section 8.2.2.3
        elif session is not None:
            session.handle(transaction)
        elif request.to_address.tag is not None:
            core.reply(transaction, 481)  # section 12.2.2
        elif core.stopping.is_set():
            self._busy(transaction)
        else:
            handler = self._HANDLERS.get(request.method or "")
            if handler is not None:
                handler(self, transaction)
            elif request.method in ("BYE", "INFO", "REFER"):
                core.reply(transaction, 481)
            else:
                core.reply(transaction, 405, [("Allow", ALLOW)])

    def _options(self, transaction: ServerTransaction) -> None:
        self.core.reply(transaction, 200, [("Allow", ALLOW), ("Accept", "application/sdp")])
        self.core.counts.add("options")

    def _register(self, transaction: ServerTransaction) -> None:
        request, core = transaction.request, self.core
        try:
            contacts = core.registrar.register(request)
        except StaleRegisterError as error:
            core.reply(transaction, error.status)
            return
        address = request.to_address.uri
        # PJSIP's observer of contacts learns of each change by a synchronous push onto another serializer.
        self.observers[crc32(address.encode()) % len(self.observers)].push_wait(_observe, address, len(contacts))
        core.reply(transaction, 200, contacts)
        core.counts.add("registered")

    def _invite(self, transaction: ServerTransaction) -> None:
        request, core = transaction.request, self.core
        if not request.contacts or request.contacts[0].uri == "*":
            core.reply(transaction, 400)  # section 8.1.1.8
            return
        kind = request.value("Content-Type")
        if request.body and kind is not None and kind.partition(";")[0].strip().lower() != "application/sdp":
            core.reply(transaction, 415, [("Accept", "application/sdp")])
            return
        core.reply(transaction, 100)
        session = core.dialogs.open(lambda number: Session(core, self.transfers, transaction, number))
        transaction.user = session
        core.counts.add("calls")
        if not session.push(session.ring):
            core.dialogs.remove(session)
            core.counts.add("failed")
            self._busy(transaction)

    def _cancel(self, transaction: ServerTransaction) -> None:
        """From the distributor's serializer onto the session's, which may be at work, or paused: a synchronous push."""
        invite = self.core.server.find_invite(transaction.request)
        if invite is None or invite.user is None:
            self.core.reply(transaction, 481)  # section 9.2
            return
        session: Session = invite.user
        self.core.reply(transaction, 200, to_tag=session.local_tag)
        try:
            session.serializer.push_wait(session.cancel)
        except PoolShutDown:
            return  # the call has ended: there is nothing to cancel

    def _ack(self, session: Session | None, request: SipMessage) -> None:
        invite = self.core.server.find_invite(request)
        if invite is not None:
            invite.acknowledge()
        if session is not None:
            session.acknowledge(request)
        elif invite is None:
            self.core.counts.add("dropped")

    def _busy(self, transaction: ServerTransaction) -> None:
        if self.core.reply(transaction, 503, [_RETRY]):
            self.core.counts.add("busy")

    def _send_alone(self, request: SipMessage, status: int, source: Peer) -> None:
        """Answer without a transaction."""
        response = response_to(request, status, REASONS[status], to_tag=self.core.token())
        self.core.transport.send(write(response), source)

    _HANDLERS: ClassVar[dict[str, Callable[[Requests, ServerTransaction], None]]] = {
        "INVITE": _invite,
        "OPTIONS": _options,
        "REGISTER": _register,
    }


def _observe(address: str, contacts: int) -> tuple[str, int]:
    """A contact has changed: what the observer would look at."""
    return address, contacts
