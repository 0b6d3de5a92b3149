"""SIP messages as values: requests, responses, and the response to a request.

What a header means is read when it is asked for, and once by `taskpool.scenarios.sip.wire.parse`, so that asking a
parsed message cannot fail. Sections without another source are those of RFC 3261. No function here blocks; all may be
called from any thread.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from taskpool.scenarios.sip.headers import (
    TOKEN,
    URI,
    Address,
    CSeq,
    SipError,
    Via,
    full_name,
    members,
    read_address,
    read_call_id,
    read_cseq,
    read_number,
    read_via,
    safe,
)

__all__ = ["MAX_HEADERS", "SipMessage", "read_start", "response_to", "seen_from"]

MAX_HEADERS = 128  # values, a list's members counted one by one; this module's choice


@dataclass(frozen=True, slots=True)
class SipMessage:
    """A request (`method` and `uri`) or a response (`status` and `reason`).

    Names may be given in any case or compact; they are kept in full, in the order given, a list's members one by one.
    Content-Length is no header here: `write` counts the body.

    Raises:
        SipError: A part could not be written as one line, or is of neither or of both kinds.
    """

    method: str | None = None
    uri: str | None = None
    status: int | None = None
    reason: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def __post_init__(self) -> None:
        read_start(self.start_line)
        headers = tuple(pair for name, value in self.headers for pair in members(name, value))
        if len(headers) > MAX_HEADERS:
            raise SipError(f"more than {MAX_HEADERS} headers: send fewer")
        if any(name == "Content-Length" for name, _ in headers):
            raise SipError("Content-Length is counted when the message is written: leave it out")
        object.__setattr__(self, "headers", headers)

    @property
    def start_line(self) -> str:
        """The first line, without its end (section 7.1, 7.2)."""
        if self.status is None and self.method is not None and self.uri is not None and not self.reason:
            return f"{self.method} {self.uri} SIP/2.0"
        if self.status is not None and self.method is None and self.uri is None:
            return f"SIP/2.0 {self.status} {self.reason}"
        raise SipError("a message has a method and a uri, or a status and a reason: give one pair")

    def values(self, name: str) -> tuple[str, ...]:
        """All values of a header, in order; the name in any case, or compact."""
        wanted = full_name(name).lower()
        return tuple(value for known, value in self.headers if known.lower() == wanted)

    def value(self, name: str) -> str | None:
        """The first value of a header; None without one."""
        return next(iter(self.values(name)), None)

    def required(self, name: str) -> str:
        """The first value of a header that must be there.

        Raises:
            SipError: It is not.
        """
        value = self.value(name)
        if value is None:
            raise SipError(f"{full_name(name)} is missing")
        return value

    @property
    def vias(self) -> tuple[Via, ...]:
        """The hops, the last one first."""
        return tuple(read_via(value) for value in self.values("Via"))

    @property
    def from_address(self) -> Address:
        """Who sent the request, with the tag of that end."""
        return read_address("From", self.required("From"))

    @property
    def to_address(self) -> Address:
        """Whom the request is for; with a tag, it is within a dialog."""
        return read_address("To", self.required("To"))

    @property
    def call_id(self) -> str:
        """What all messages of a call share (section 8.1.1.4)."""
        return read_call_id(self.required("Call-ID"))

    @property
    def cseq(self) -> CSeq:
        """The request's number and method."""
        return read_cseq(self.required("CSeq"))

    @property
    def contacts(self) -> tuple[Address, ...]:
        """Where the sender can be reached."""
        return tuple(read_address("Contact", value) for value in self.values("Contact"))

    @property
    def refer_to(self) -> Address | None:
        """Whom to call instead (RFC 3515 section 2.1)."""
        value = self.value("Refer-To")
        return None if value is None else read_address("Refer-To", value)

    @property
    def max_forwards(self) -> int | None:
        """The hops that are left, at most 255 (section 20.22)."""
        value = self.value("Max-Forwards")
        return None if value is None else read_number("Max-Forwards", value, 255)

    @property
    def expires(self) -> int | None:
        """Seconds, at most 2**32 - 1 (section 20.19)."""
        value = self.value("Expires")
        return None if value is None else read_number("Expires", value, 2**32 - 1)


def response_to(
    request: SipMessage,
    status: int,
    reason: str,
    *,
    to_tag: str | None = None,
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
) -> SipMessage:
    """An answer, with the headers of the request that belong in it (section 8.2.6).

    Via, From, Call-ID and CSeq are the request's; To gets the tag unless it has one (8.2.6.2); 100 keeps Timestamp
    (8.2.6.1); an answer to INVITE that makes a dialog keeps Record-Route (12.1.1).

    Args:
        request: As parsed, or the `SipError.request` of one that was refused.
        status: 100 to 699.
        reason: For people.
        to_tag: This end's tag; only 100 may do without.
        headers: More of them, after the copied ones.
        body: Its Content-Type goes into `headers`.

    Raises:
        SipError: It is a response or an ACK, which has no answer (section 17), or lacks a header or the tag.
    """
    if request.method is None or request.method == "ACK":
        raise SipError(f"{request.start_line!r} has no answer")
    to = request.to_address
    if to.tag is None and to_tag is not None:
        to = Address(to.uri, to.display, (*to.parameters, ("tag", to_tag)))
    elif to.tag is None and status != 100:
        raise SipError(f"{status} needs a tag in To: give to_tag")
    copied = [("Via", value) for value in (request.required("Via"), *request.values("Via")[1:])]
    if request.method == "INVITE" and 100 < status < 300:
        copied += [("Record-Route", value) for value in request.values("Record-Route")]
    copied.append(("From", request.required("From")))
    copied.append(("To", request.required("To") if to == request.to_address else str(to)))
    copied += [(name, request.required(name)) for name in ("Call-ID", "CSeq")]
    if status == 100:
        copied += [("Timestamp", value) for value in request.values("Timestamp")]
    return SipMessage(status=status, reason=reason, headers=(*copied, *headers), body=body)


def read_start(line: str) -> tuple[str | None, str | None, int | None, str]:
    """Method, URI, status and reason of a start line; two of them are the other kind's."""
    first, _, rest = safe("start line", line).partition(" ")
    middle, space, last = rest.partition(" ")
    if first == "SIP/2.0" and re.fullmatch("[1-6][0-9][0-9]", middle) and space and last == last.strip(" \t"):
        return None, None, int(middle), last
    if last == "SIP/2.0" and TOKEN.fullmatch(first) and URI.fullmatch(middle):
        return first, middle, None, ""
    raise SipError(f"start line {line[:80]!r} is neither a request's nor a response's of SIP/2.0 (section 7)")


def seen_from(request: SipMessage, source: tuple[str, int]) -> SipMessage:
    """The request with what its first Via must say of where it came from (section 18.2.1; RFC 3581 section 4).

    Args:
        request: As parsed.
        source: Host and port that the datagram came from.
    """
    via, (host, port) = read_via(request.required("Via")), source  # of one refused, the others may be malformed
    if via.host == host and not via.wants_rport and via.received is None:
        return request
    known = [(name, value) for name, value in via.parameters if name not in ("received", "rport")]
    noted = [*known, ("received", host), *([("rport", str(port))] if via.wants_rport else [])]
    first = ("Via", str(Via(via.transport, via.host, via.port, tuple(noted))))
    at = next(at for at, (name, _) in enumerate(request.headers) if name == "Via")
    return replace(request, headers=(*request.headers[:at], first, *request.headers[at + 1 :]))
