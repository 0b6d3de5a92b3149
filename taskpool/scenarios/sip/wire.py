"""SIP on the wire: a datagram in, a message out, and back.

A datagram is cut into lines first; each line that is sound joins the message, the first that is not becomes the
error. So an error knows whether enough was understood to answer it. `first_look` stops at the headers that choose a
serializer; the original's counterpart is the distributor of `res_pjsip`.

Sections without another source are those of RFC 3261. No function here blocks; all may be called from any thread.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from taskpool.scenarios.sip.headers import (
    MANDATORY,
    ONCE,
    SipError,
    header_line,
    members,
    read_address,
    read_call_id,
    read_number,
    read_via,
    text_of,
)
from taskpool.scenarios.sip.message import MAX_HEADERS, SipMessage, read_start

__all__ = ["MAX_DATAGRAM", "FirstLook", "first_look", "parse", "write"]

MAX_DATAGRAM = 65_535  # bytes, section 18.1.1

_FOLD = re.compile(rb"\r\n[ \t]+")


@dataclass(frozen=True, slots=True)
class FirstLook:
    """What chooses a serializer: a request has a `method`, a response a `status`."""

    method: str | None
    status: int | None
    call_id: str
    from_tag: str | None
    to_tag: str | None
    branch: str | None


def first_look(datagram: bytes) -> FirstLook:
    """Read a datagram as far as choosing a serializer needs; the rest may yet turn out to be malformed.

    Returns:
        The same values that `parse` would find, if it accepts the datagram.

    Raises:
        SipError: As of `parse`, which then refuses the datagram too.
    """
    found: dict[str, str] = {}
    wanted = ("Via", "Call-ID", "From", "To")
    try:
        lines, _ = _cut_up(datagram)
        method, _, status, _ = read_start(text_of(next(lines)))
        for line in lines:
            name, value = header_line(line)
            if name in wanted and name not in found:
                found[name] = members(name, value)[0][1]
                if len(found) == len(wanted):
                    break
        missing = [name for name in wanted if name not in found]
        if missing:
            raise SipError(f"{missing[0]} is missing")
        from_tag, to_tag = read_address("From", found["From"]).tag, read_address("To", found["To"]).tag
        return FirstLook(
            method, status, read_call_id(found["Call-ID"]), from_tag, to_tag, read_via(found["Via"]).branch
        )
    except SipError:
        parse(datagram)
        raise


def parse(datagram: bytes) -> SipMessage:
    """Read a whole message.

    Bytes beyond Content-Length are left out; without it the body is all that follows the headers (section 18.3).

    Returns:
        A message whose every property can be read.

    Raises:
        SipError: The datagram is malformed, truncated or too large. Nothing else is raised.
    """
    lines, body = _cut_up(datagram)
    method, uri, status, reason = read_start(text_of(next(lines)))
    headers: list[tuple[str, str]] = []
    lengths: list[str] = []
    fault: SipError | None = None
    for line in lines:
        try:
            found = members(*header_line(line))
        except SipError as error:
            fault = fault or error
            continue
        if found[0][0] == "Content-Length":
            lengths.append(found[0][1])
            found = []
        if len(headers) + len(found) > MAX_HEADERS:
            fault = fault or SipError(f"more than {MAX_HEADERS} headers: send fewer")
            break
        headers += found
    message = SipMessage(method, uri, status, reason, tuple(headers))
    try:
        if fault is not None:
            raise fault
        length = _length(lengths, len(body))
        _check(message)
        return SipMessage(method, uri, status, reason, tuple(headers), body[:length])
    except SipError as error:
        if _can_be_answered(message):
            raise SipError(str(error), 400, message) from None
        raise SipError(str(error)) from None


def write(message: SipMessage) -> bytes:
    """The datagram of a message, with Content-Length.

    Raises:
        SipError: It would be larger than a datagram can be.
    """
    lines = [message.start_line, *(f"{name}: {value}" for name, value in message.headers)]
    lines += [f"Content-Length: {len(message.body)}", "", ""]
    datagram = "\r\n".join(lines).encode() + message.body
    if len(datagram) > MAX_DATAGRAM:
        raise SipError(f"a message of {len(datagram)} bytes: a datagram holds {MAX_DATAGRAM}, send less")
    return datagram


def _cut_up(datagram: bytes) -> tuple[Iterator[bytes], bytes]:
    """The unfolded lines (section 7.3.1), at least one, and all that follows the empty line.

    Of too many lines only so many are given that the last, with one Content-Length, is a header too many.
    """
    if len(datagram) > MAX_DATAGRAM:
        raise SipError(f"a datagram of {len(datagram)} bytes: at most {MAX_DATAGRAM} are read")
    head, end, body = datagram.partition(b"\r\n\r\n")
    if not end:
        raise SipError("no empty line ends the headers: the datagram is truncated or no SIP")
    most = 1 + MAX_HEADERS + 2
    return iter(_FOLD.sub(b" ", head).split(b"\r\n", most)[:most]), body


def _length(lengths: list[str], there: int) -> int:
    if not lengths:
        return there
    if len(lengths) > 1:
        raise SipError("Content-Length is there twice")
    length = read_number("Content-Length", lengths[0], 2**32 - 1)
    if length > there:
        raise SipError(f"Content-Length is {length}, but the body has {there} bytes: the datagram is truncated")
    return length


def _check(message: SipMessage) -> None:
    """Read every property; a message that passes has those that section 8.1.1 asks for, and each once."""
    for name in ONCE:
        if len(message.values(name)) > 1:
            raise SipError(f"{name} is there {len(message.values(name))} times: send one")
    message.required("Via")
    _ = message.vias, message.from_address, message.to_address, message.call_id, message.contacts
    _ = message.refer_to, message.max_forwards, message.expires
    if message.method is not None and message.cseq.method != message.method:
        raise SipError(f"CSeq is of {message.cseq.method[:40]}, the request is {message.method[:40]} (section 8.1.1.5)")
    _ = message.cseq


def _can_be_answered(message: SipMessage) -> bool:
    if message.method in (None, "ACK") or any(len(message.values(name)) != 1 for name in MANDATORY):
        return False
    try:
        _ = message.to_address, read_via(message.required("Via"))
    except SipError:
        return False
    return True
