"""Who can be reached where: the bindings of REGISTER (RFC 3261 section 10.3), few for each address, bounded in all."""

from __future__ import annotations

from dataclasses import dataclass

from taskpool.errors import TaskPoolError
from taskpool.runtime import Runtime
from taskpool.scenarios.sip.headers import Address
from taskpool.scenarios.sip.message import SipMessage
from taskpool.scenarios.sip.transactions import LimitError

__all__ = ["Registrar", "StaleRegisterError"]

_PER_ADDRESS = 10  # contacts; this module's choice
_LONGEST = 7_200  # seconds; this module's choice
_USUAL = 3_600  # seconds, section 10.2.1.1's suggestion


class StaleRegisterError(TaskPoolError, ValueError):
    """A REGISTER came after a later one of the same Call-ID, or asks for what cannot be (section 10.3).

    Attributes:
        status: What it is to be answered.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class _Binding:
    until: float
    call_id: str
    cseq: int


class Registrar:
    """Contacts by address of record. Methods: any thread; none blocks.

    Args:
        runtime: Lock and clock.
        limit: How many addresses of record there may be at once.
    """

    def __init__(self, runtime: Runtime, limit: int) -> None:
        self.runtime = runtime
        self.limit = limit
        self._lock = runtime.Lock("sip registrar")
        self._table: dict[str, dict[str, _Binding]] = {}

    def register(self, request: SipMessage) -> list[tuple[str, str]]:
        """Do what a REGISTER asks, and return the Contact headers of its answer: the bindings that there are now.

        Raises:
            LimitError: If there are as many bindings as there may be.
            StaleRegisterError: If it cannot be done; nothing has changed.
        """
        address, now = request.to_address.uri, self.runtime.monotonic()
        with self._lock:
            old = {uri: one for uri, one in self._table.get(address, {}).items() if one.until > now}
            new = self._changed(request, old, now)
            if len(new) > _PER_ADDRESS:
                raise LimitError(f"{address} has {_PER_ADDRESS} contacts: no more until some have expired")
            if new and address not in self._table and len(self._table) >= self.limit:
                self._forget(now)
                if len(self._table) >= self.limit:
                    raise LimitError(f"{self.limit} addresses are registered: no more until some have expired")
            if new:
                self._table[address] = new
            else:
                self._table.pop(address, None)
        return [("Contact", f"<{uri}>;expires={round(one.until - now)}") for uri, one in new.items()]

    def __len__(self) -> int:
        """How many addresses are registered, some perhaps expired."""
        with self._lock:
            return len(self._table)

    def _changed(self, request: SipMessage, old: dict[str, _Binding], now: float) -> dict[str, _Binding]:
        call_id, cseq, contacts = request.call_id, request.cseq.number, request.contacts
        usual = _USUAL if request.expires is None else request.expires
        if any(contact.uri == "*" for contact in contacts):
            if len(contacts) > 1 or request.expires != 0:
                raise StaleRegisterError("Contact * goes alone, with Expires 0", 400)
            contacts = tuple(Address(uri) for uri in old)
        new = dict(old)
        for contact in contacts:
            known = new.pop(contact.uri, None)
            if known is not None and known.call_id == call_id and known.cseq >= cseq:
                raise StaleRegisterError(f"CSeq {cseq} of {call_id} is not above {known.cseq}", 500)
            seconds = min(_expires(contact, usual), _LONGEST)
            if seconds:
                new[contact.uri] = _Binding(now + seconds, call_id, cseq)
        return new

    def _forget(self, now: float) -> None:
        """Forget addresses without a binding that still holds. _lock is held."""
        gone = [address for address, found in self._table.items() if all(one.until <= now for one in found.values())]
        for address in gone:
            del self._table[address]


def _expires(contact: Address, usual: int) -> int:
    """A Contact's own expiry, in seconds; one that is malformed counts as none (section 10.2.1.1)."""
    text = next((value for name, value in contact.parameters if name == "expires"), None)
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 10 else usual
