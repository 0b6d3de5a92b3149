"""A call: one dialog, with a serializer and a channel of its own.

All that is not said otherwise runs in the session's serializer, one task at a time; that is what guards its state.
A transfer pauses the serializer and replaces the channel meanwhile. The original's counterpart: ``ast_sip_session``.
Sections without another source are those of RFC 3261.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar, Concatenate, ParamSpec

from taskpool.errors import PoolShutDown
from taskpool.scenarios.sip.core import ALLOW, ChannelEvent, Core, DialogEvent
from taskpool.scenarios.sip.headers import Address, SipError
from taskpool.scenarios.sip.message import SipMessage

if TYPE_CHECKING:
    from taskpool.scenarios.sip.transactions import ServerTransaction
    from taskpool.scenarios.sip.transfer import Transfers

__all__ = ["CallState", "Session"]

_SDP = b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\na=inactive\r\n"


P = ParamSpec("P")


class CallState(StrEnum):
    """Where a call is."""

    EARLY = "early"
    ANSWERED = "answered"
    CONFIRMED = "confirmed"
    ENDING = "ending"
    ENDED = "ended"


def _step(fn: Callable[Concatenate[Session, P], None]) -> Callable[Concatenate[Session, P], None]:
    """A step of a call's life: if it fails, the call has failed, and is not kept for ever."""

    @wraps(fn)
    def step(session: Session, /, *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            fn(session, *args, **kwargs)
        except PoolShutDown:
            raise
        except SipError:  # what the caller sent makes a message that is larger than a datagram
            session.fail()
        except Exception:
            session.core.counts.add("errors")
            session.fail()
            raise

    return step


class Session:
    """A call that came in. Made by `Dialogs.open`, before any message of its dialog can arrive.

    Attributes:
        channel: The channel's name; empty while it is replaced.
    """

    def __init__(self, core: Core, transfers: Transfers, transaction: ServerTransaction, number: int) -> None:
        invite = transaction.request
        self.core = core
        self.transfers = transfers
        self.number = number
        self.call_id = invite.call_id
        self.local_tag = core.token()
        self.remote_tag = invite.from_address.tag
        self.serializer = core.pool.serializer(f"{core.name}/session-{number}")
        self.channel = core.runtime.Var(f"SIP/call-{number}", name=f"channel of call {number}")
        self.state = CallState.EARLY
        self._invite = self._pending = transaction  # _pending: the latest INVITE, the first or a re-INVITE
        self._user = invite.to_address.user
        to = invite.to_address
        self._local = str(Address(to.uri, to.display, (*to.parameters, ("tag", self.local_tag))))
        self._remote = invite.required("From")
        self._target = invite.contacts[0].uri
        self._routes = [("Route", route) for route in invite.values("Record-Route")]  # section 12.1.1
        self._peer = transaction.source
        self._remote_cseq = invite.cseq.number
        self._leaving = False
        self._sending = core.runtime.Lock(f"requests of call {number}")  # guards _local_cseq, and the order sent in
        self._local_cseq = 0

    def __repr__(self) -> str:
        return f"<Session {self.number} {self.call_id}: {self.state}>"

    def push(self, fn: Callable[..., object], *args: Any) -> bool:
        """Queue a task in its serializer; False if the call or the pool has ended. Any thread; does not block."""
        try:
            self.serializer.push(fn, *args)
        except PoolShutDown:
            return False
        return True

    # -- The call's life.

    @_step
    def ring(self) -> None:
        """The first task of a call."""
        if self.state is not CallState.EARLY:
            return
        core = self.core
        core.channels.publish(ChannelEvent("created", self.channel.get(), self.call_id))
        self._reply(self._invite, 180)
        self._tell("ringing")
        seconds = core.options.lookups.get(self._user, 0)
        if core.stopping.wait(seconds) if seconds else core.stopping.is_set():
            self.leave()
        elif core.options.ring_time:
            core.timers.after(core.options.ring_time, self.push, self.answer)
        else:
            # PJSIP answers by a synchronous push onto the session's serializer, from wherever it is.
            self.serializer.push_wait(self.answer)

    @_step
    def answer(self) -> None:
        """Pick up."""
        if self.state is not CallState.EARLY:
            return
        self._invite.on_unacknowledged = lambda: self.push(self.hang_up)
        self.state = CallState.ANSWERED
        self.core.counts.add("answered")
        self._accept(self._invite)
        self._tell("answered")

    def acknowledge(self, ack: SipMessage) -> None:
        """An ACK within the dialog: for the latest 2xx, or for none."""
        if ack.cseq.number != self._pending.request.cseq.number:
            return
        self._pending.acknowledge(in_dialog=True)
        if self.state is CallState.ANSWERED:
            self.state = CallState.CONFIRMED
            self.core.counts.add("confirmed")
            self._tell("confirmed")
            if self._leaving:
                self.hang_up()

    def cancel(self) -> bool:
        """The caller gives up before the answer (section 9.2); False if it is too late."""
        if self.state is not CallState.EARLY:
            return False
        self._reply(self._invite, 487)
        self._end("cancelled")
        return True

    @_step
    def leave(self) -> None:
        """The endpoint stops: end the call as its state allows, now or with the ACK."""
        self._leaving = True
        if self.state is CallState.EARLY:
            self._reply(self._invite, 503)
            self._end("failed")
        elif self.state is CallState.CONFIRMED:
            self.hang_up()

    @_step
    def hang_up(self) -> None:
        """End an answered call from this side; it is over when the BYE is answered, or given up."""
        if self.state not in (CallState.ANSWERED, CallState.CONFIRMED):
            return
        outcome = "completed" if self.state is CallState.CONFIRMED else "failed"
        self.state = CallState.ENDING

        def over(response: SipMessage | None) -> None:
            self.push(self._end, outcome if response is not None else "failed")

        if not self.send("BYE", over):
            self._end("failed")

    def fail(self) -> None:
        """End the call at once, since it cannot go on; a caller that waits for its answer is told."""
        if self.state is CallState.ENDED:
            return
        if self.state is CallState.EARLY:
            with suppress(SipError):
                self.core.reply(self._invite, 500)
        self._end("failed")

    def _end(self, outcome: str) -> None:
        if self.state is CallState.ENDED:
            return
        self.state = CallState.ENDED
        core = self.core
        core.counts.add(outcome)
        core.channels.publish(ChannelEvent("hung up", self.channel.get(), self.call_id))
        self._tell("ended")
        self.serializer.close()
        core.dialogs.remove(self)

    # -- Requests within the dialog.

    def handle(self, transaction: ServerTransaction) -> None:
        """A request within the dialog other than ACK and CANCEL."""
        request, core = transaction.request, self.core
        if self.state is CallState.ENDED:
            core.reply(transaction, 481)
            return
        if request.cseq.number <= self._remote_cseq:
            core.reply(transaction, 500)  # section 12.2.2
            return
        self._remote_cseq, self._peer = request.cseq.number, transaction.source
        core.counts.add("messages")
        channel = self.channel.get()
        handler = self._HANDLERS.get(request.method or "")
        if handler is None:
            core.reply(transaction, 405, [("Allow", ALLOW)])
        else:
            handler(self, transaction)
        if not channel or self.channel.get() != channel:
            core.counts.add("broken")

    def _bye(self, transaction: ServerTransaction) -> None:
        self.core.reply(transaction, 200)
        if self.state is CallState.EARLY:
            self._reply(self._invite, 487)  # section 15.1.2
        self._invite.acknowledge(in_dialog=True)
        self._end("completed" if self.state in (CallState.CONFIRMED, CallState.ENDING) else "failed")

    def _info(self, transaction: ServerTransaction) -> None:
        self.core.reply(transaction, 200)

    def _reinvite(self, transaction: ServerTransaction) -> None:
        if self.state is not CallState.CONFIRMED:
            self.core.reply(transaction, 491)
            return
        self._pending = transaction
        self._retarget(transaction.request)
        transaction.on_unacknowledged = lambda: self.push(self.hang_up)
        self._accept(transaction)

    def _refer(self, transaction: ServerTransaction) -> None:
        target = transaction.request.refer_to
        if target is None:
            self.core.reply(transaction, 400)
        elif self.state is not CallState.CONFIRMED or not self.transfers.claim(self):
            self.core.reply(transaction, 491)
        else:
            self._retarget(transaction.request)
            self._reply(transaction, 202)
            self.transfers.begin(self, target.uri)

    _HANDLERS: ClassVar[dict[str, Callable[[Session, ServerTransaction], None]]] = {
        "BYE": _bye,
        "INFO": _info,
        "INVITE": _reinvite,
        "OPTIONS": _info,
        "REFER": _refer,
    }

    # -- What is sent.

    def send(
        self,
        method: str,
        on_done: Callable[[SipMessage | None], object],
        headers: tuple[tuple[str, str], ...] = (),
        body: bytes = b"",
    ) -> bool:
        """Send a request within the dialog (section 12.2.1.1); see `ClientTransactions.send`. Any thread."""
        with self._sending:
            self._local_cseq += 1
            numbered = (("Call-ID", self.call_id), ("CSeq", f"{self._local_cseq} {method}"), ("Max-Forwards", "70"))
            common = (("From", self._local), ("To", self._remote), *numbered, *self._routes)
            request = SipMessage(method, self._target, headers=(*common, *headers), body=body)
            return self.core.client.send(request, self._peer, on_done)

    def notify(self, status: str, *, final: bool) -> None:
        """Tell the transferer how far its transfer is (RFC 3515 section 2.4.5). Any thread; does not block."""
        state = "terminated;reason=noresource" if final else "active;expires=60"
        headers = (
            ("Event", "refer"),
            ("Subscription-State", state),
            self.core.contact,
            ("Content-Type", "message/sipfrag;version=2.0"),
        )
        self.send("NOTIFY", lambda response: None, headers, f"SIP/2.0 {status}\r\n".encode())

    def _reply(self, transaction: ServerTransaction, status: int) -> None:
        self.core.reply(transaction, status, [self.core.contact], to_tag=self.local_tag)

    def _accept(self, transaction: ServerTransaction) -> None:
        headers = [self.core.contact, ("Allow", ALLOW), ("Content-Type", "application/sdp")]
        self.core.reply(transaction, 200, headers, to_tag=self.local_tag, body=_SDP)

    def _retarget(self, request: SipMessage) -> None:
        """Take over the Contact of a request that may change it (section 12.2.2)."""
        if request.contacts and request.contacts[0].uri != "*":
            self._target = request.contacts[0].uri

    def _tell(self, kind: str) -> None:
        self.core.changes.publish(DialogEvent(kind, self.call_id, self.local_tag))
