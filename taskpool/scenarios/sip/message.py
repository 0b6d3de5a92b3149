"""SIP messages: a datagram in, a value out, and back.

A datagram is cut into lines first; each line that is sound joins the message, the first that is not becomes the
error. So an error knows whether enough was understood to answer it. What a header means is read when it is asked for,
and once by `parse`, so that asking a parsed message cannot fail. `first_look` stops at the headers that choose a
serializer; the original's counterpart is the distributor of `res_pjsip`.

Sections without another source are those of RFC 3261. No function here blocks; all may be called from any thread.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from taskpool.errors import TaskPoolError

__all__ = [
    "MAX_DATAGRAM",
    "MAX_HEADERS",
    "MAX_LINE",
    "Address",
    "CSeq",
    "FirstLook",
    "SipError",
    "SipMessage",
    "Via",
    "first_look",
    "parse",
    "response_to",
    "write",
]

MAX_DATAGRAM = 65_535  # bytes, section 18.1.1
MAX_HEADERS = 128  # values, a list's members counted one by one; this module's choice
MAX_LINE = 8_192  # characters of a start line, a name or an unfolded value; this module's choice

# Section 7.3.3; r: RFC 3515 section 2.1.
_COMPACT = {
    "i": "Call-ID",
    "m": "Contact",
    "e": "Content-Encoding",
    "l": "Content-Length",
    "c": "Content-Type",
    "f": "From",
    "s": "Subject",
    "k": "Supported",
    "t": "To",
    "v": "Via",
    "r": "Refer-To",
}
_LISTS = ("Via", "Route", "Record-Route", "Contact")
_MANDATORY = ("From", "To", "Call-ID", "CSeq")
_ONCE = (*_MANDATORY, "Max-Forwards", "Expires", "Refer-To", "Content-Length", "Content-Type")
_KNOWN = {name.lower(): name for name in (*_COMPACT.values(), *_LISTS, *_ONCE, "Timestamp")} | _COMPACT

_TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")
_UNSAFE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\s<>\"\x00-\x1f\x7f]+")
_VIA = re.compile(
    r"SIP[ \t]*/[ \t]*2\.0[ \t]*/[ \t]*([A-Za-z0-9\-.]+)[ \t]+"
    r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.\-_]+)(?:[ \t]*:[ \t]*([0-9]{1,5}))?",
    re.IGNORECASE,
)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_PARAMETER_VALUE = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s;,"<>]+')
_DISPLAY = re.compile(r'"(?:[^"\\]|\\.)*"|[A-Za-z0-9\-.!%*_+`\'~ \t]*')
_CALL_ID = re.compile(r"[^\s@,;]+(?:@[^\s@,;]+)?")
_FOLD = re.compile(rb"\r\n[ \t]+")

Parameters = tuple[tuple[str, str | None], ...]


class SipError(TaskPoolError, ValueError):
    """A message is malformed, or cannot be written.

    Attributes:
        status: 400 if the sender can be told (section 21.4.1), None if the datagram must be dropped.
        request: What could be read, for `response_to`, if there is a status; else None.
    """

    def __init__(self, message: str, status: int | None = None, request: SipMessage | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.request = request


@dataclass(frozen=True, slots=True)
class Via:
    """One hop that a request took and its response takes back (section 20.42); ``str`` writes it."""

    transport: str
    host: str
    port: int | None = None
    parameters: Parameters = ()

    @property
    def branch(self) -> str | None:
        """The name of the transaction (section 8.1.1.7); None from an element older than RFC 3261."""
        return _parameter(self.parameters, "branch")

    @property
    def received(self) -> str | None:
        """The address that the request came from, where it was noted (section 18.2.1)."""
        return _parameter(self.parameters, "received")

    @property
    def wants_rport(self) -> bool:
        """Whether responses are to go to the port that the request came from (RFC 3581 section 3)."""
        return any(name == "rport" for name, _ in self.parameters)

    @property
    def rport(self) -> int | None:
        """The port that the request came from, where it was noted (RFC 3581 section 4)."""
        text = _parameter(self.parameters, "rport")
        return None if text is None else _number("rport", text, 65_535)

    def __str__(self) -> str:
        port = "" if self.port is None else f":{self.port}"
        return f"SIP/2.0/{self.transport} {self.host}{port}{_written(self.parameters)}"


@dataclass(frozen=True, slots=True)
class Address:
    """The value of From, To, Contact, Refer-To or Route (section 20.10); ``str`` writes it.

    Attributes:
        uri: Without its angle brackets; ``*`` in a Contact that removes all bindings (section 10.2.2).
        display: The name as written, quotes included; empty without one.
        parameters: The header's, in order; the URI's own stay in the URI.
    """

    uri: str
    display: str = ""
    parameters: Parameters = ()

    @property
    def tag(self) -> str | None:
        """One end of a dialog (section 19.3); None before that end has chosen it."""
        return _parameter(self.parameters, "tag")

    def __str__(self) -> str:
        if self.uri == "*":
            return "*"
        return f"{self.display} <{self.uri}>".lstrip(" ") + _written(self.parameters)


@dataclass(frozen=True, slots=True)
class CSeq:
    """A request's place in its dialog, and its method (section 20.16); ``str`` writes it."""

    number: int
    method: str

    def __str__(self) -> str:
        return f"{self.number} {self.method}"


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
        _read_start(self.start_line)
        headers = tuple(pair for name, value in self.headers for pair in _members(name, value))
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
        wanted = _full_name(name).lower()
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
            raise SipError(f"{_full_name(name)} is missing")
        return value

    @property
    def vias(self) -> tuple[Via, ...]:
        """The hops, the last one first."""
        return tuple(_via(value) for value in self.values("Via"))

    @property
    def from_address(self) -> Address:
        """Who sent the request, with the tag of that end."""
        return _address("From", self.required("From"))

    @property
    def to_address(self) -> Address:
        """Whom the request is for; with a tag, it is within a dialog."""
        return _address("To", self.required("To"))

    @property
    def call_id(self) -> str:
        """What all messages of a call share (section 8.1.1.4)."""
        return _call_id(self.required("Call-ID"))

    @property
    def cseq(self) -> CSeq:
        """The request's number and method."""
        return _cseq(self.required("CSeq"))

    @property
    def contacts(self) -> tuple[Address, ...]:
        """Where the sender can be reached."""
        return tuple(_address("Contact", value) for value in self.values("Contact"))

    @property
    def refer_to(self) -> Address | None:
        """Whom to call instead (RFC 3515 section 2.1)."""
        value = self.value("Refer-To")
        return None if value is None else _address("Refer-To", value)

    @property
    def max_forwards(self) -> int | None:
        """The hops that are left, at most 255 (section 20.22)."""
        value = self.value("Max-Forwards")
        return None if value is None else _number("Max-Forwards", value, 255)

    @property
    def expires(self) -> int | None:
        """Seconds, at most 2**32 - 1 (section 20.19)."""
        value = self.value("Expires")
        return None if value is None else _number("Expires", value, 2**32 - 1)


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
        method, _, status, _ = _read_start(_text(next(lines)))
        for line in lines:
            name, value = _header(line)
            if name in wanted and name not in found:
                found[name] = _members(name, value)[0][1]
                if len(found) == len(wanted):
                    break
        missing = [name for name in wanted if name not in found]
        if missing:
            raise SipError(f"{missing[0]} is missing")
        from_tag, to_tag = _address("From", found["From"]).tag, _address("To", found["To"]).tag
        return FirstLook(method, status, _call_id(found["Call-ID"]), from_tag, to_tag, _via(found["Via"]).branch)
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
    method, uri, status, reason = _read_start(_text(next(lines)))
    headers: list[tuple[str, str]] = []
    lengths: list[str] = []
    fault: SipError | None = None
    for line in lines:
        try:
            members = _members(*_header(line))
        except SipError as error:
            fault = fault or error
            continue
        if members[0][0] == "Content-Length":
            lengths.append(members[0][1])
            members = []
        if len(headers) + len(members) > MAX_HEADERS:
            fault = fault or SipError(f"more than {MAX_HEADERS} headers: send fewer")
            break
        headers += members
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


def _text(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        raise SipError(f"{line[:40]!r} is not UTF-8 (section 7)") from None


def _safe(what: str, text: str) -> str:
    if len(text) > MAX_LINE:
        raise SipError(f"{what} of {len(text)} characters: at most {MAX_LINE} are read")
    if _UNSAFE.search(text):
        raise SipError(f"{what} {text[:40]!r} has a control character")
    return text


def _read_start(line: str) -> tuple[str | None, str | None, int | None, str]:
    """Method, URI, status and reason of a start line; two of them are the other kind's."""
    first, _, rest = _safe("start line", line).partition(" ")
    middle, space, last = rest.partition(" ")
    if first == "SIP/2.0" and re.fullmatch("[1-6][0-9][0-9]", middle) and space and last == last.strip(" \t"):
        return None, None, int(middle), last
    if last == "SIP/2.0" and _TOKEN.fullmatch(first) and _URI.fullmatch(middle):
        return first, middle, None, ""
    raise SipError(f"start line {line[:80]!r} is neither a request's nor a response's of SIP/2.0 (section 7)")


def _full_name(name: str) -> str:
    return _KNOWN.get(name.lower(), name)


def _header(line: bytes) -> tuple[str, str]:
    name, colon, value = _text(line).partition(":")
    if not colon:
        raise SipError(f"header line {name[:40]!r} has no colon")
    return _full_name(name.rstrip(" \t")), value


def _members(name: str, value: str) -> list[tuple[str, str]]:
    """The header, or one for each member of a list (section 7.3.1), with a full name and values that fit a line."""
    if not _TOKEN.fullmatch(_safe("header name", name)):
        raise SipError(f"header name {name[:40]!r} is not a token (section 25.1)")
    name, value = _full_name(name), _safe(name, value.strip(" \t"))
    if name not in _LISTS:
        return [(name, value)]
    members = [member.strip(" \t") for member in _split(name, value, ",")]
    if not all(members):
        raise SipError(f"{name} has an empty member: {value[:80]!r}")
    return [(name, member) for member in members]


def _split(name: str, value: str, separator: str) -> list[str]:
    """The parts between separators that are neither in quotes nor in angle brackets."""
    if '"' not in value and "<" not in value:
        return value.split(separator)
    parts, start, at = [], 0, 0
    while at < len(value):
        if value[at] in '"<':
            quoted = _QUOTED.match(value, at)
            end = value.find(">", at) + 1 if value[at] == "<" else quoted.end() if quoted else 0
            if not end:
                raise SipError(f"{name} opens {value[at]} and does not close it: {value[:80]!r}")
            at = end
            continue
        if value[at] == separator:
            parts.append(value[start:at])
            start = at + 1
        at += 1
    return [*parts, value[start:]]


def _parameters(name: str, parts: list[str]) -> Parameters:
    found: dict[str, str | None] = {}
    for part in parts:
        key, equals, text = (side.strip(" \t") for side in part.partition("="))
        if not _TOKEN.fullmatch(key) or (equals and not _PARAMETER_VALUE.fullmatch(text)):
            raise SipError(f"{name} has a malformed parameter: {part[:80]!r}")
        if key.lower() in found:
            raise SipError(f"{name} has the parameter {key[:40]} twice (section 7.3.1)")
        found[key.lower()] = text if equals else None
    return tuple(found.items())


def _parameter(parameters: Parameters, wanted: str) -> str | None:
    return next((value for name, value in parameters if name == wanted), None)


def _written(parameters: Parameters) -> str:
    return "".join(f";{name}" if value is None else f";{name}={value}" for name, value in parameters)


def _via(value: str) -> Via:
    first, *rest = _split("Via", value, ";")
    match = _VIA.fullmatch(first.strip(" \t"))
    if match is None:
        raise SipError(f"Via {value[:80]!r} is not 'SIP/2.0/transport host:port' (section 20.42)")
    transport, host, port = match.groups()
    number = None if port is None else _number("Via's port", port, 65_535)
    via = Via(transport.upper(), host, number, _parameters("Via", rest))
    _ = via.rport
    return via


def _address(name: str, value: str) -> Address:
    first, *rest = _split(name, value, ";")
    first = first.strip(" \t")
    if name == "Contact" and value == "*":
        return Address("*")
    display, uri = "", first
    if "<" in first and first.endswith(">"):
        display, _, uri = first[:-1].rpartition("<")
        display = display.strip(" \t")
    if not _URI.fullmatch(uri) or not _DISPLAY.fullmatch(display):
        raise SipError(f"{name} {value[:80]!r} is not a URI with or without a name (section 20.10)")
    address = Address(uri, display, _parameters(name, rest))
    if name in ("From", "To") and any(key == "tag" and text is None for key, text in address.parameters):
        raise SipError(f"{name} has a tag without a value")
    return address


def _call_id(value: str) -> str:
    if not _CALL_ID.fullmatch(value):
        raise SipError(f"Call-ID {value[:80]!r} is not word or word@word (section 25.1)")
    return value


def _cseq(value: str) -> CSeq:
    number, _, method = value.replace("\t", " ").partition(" ")
    method = method.strip(" \t")
    if not _TOKEN.fullmatch(method):
        raise SipError(f"CSeq {value[:80]!r} is not a number and a method (section 20.16)")
    return CSeq(_number("CSeq", number, 2**31 - 1), method)


def _number(name: str, value: str, largest: int) -> int:
    if not re.fullmatch("[0-9]{1,10}", value) or int(value) > largest:
        raise SipError(f"{name} {value[:40]!r} is not a number up to {largest}")
    return int(value)


def _length(lengths: list[str], there: int) -> int:
    if not lengths:
        return there
    if len(lengths) > 1:
        raise SipError("Content-Length is there twice")
    length = _number("Content-Length", lengths[0], 2**32 - 1)
    if length > there:
        raise SipError(f"Content-Length is {length}, but the body has {there} bytes: the datagram is truncated")
    return length


def _check(message: SipMessage) -> None:
    """Read every property; a message that passes has those that section 8.1.1 asks for, and each once."""
    for name in _ONCE:
        if len(message.values(name)) > 1:
            raise SipError(f"{name} is there {len(message.values(name))} times: send one")
    message.required("Via")
    _ = message.vias, message.from_address, message.to_address, message.call_id, message.contacts
    _ = message.refer_to, message.max_forwards, message.expires
    if message.method is not None and message.cseq.method != message.method:
        raise SipError(f"CSeq is of {message.cseq.method[:40]}, the request is {message.method[:40]} (section 8.1.1.5)")
    _ = message.cseq


def _can_be_answered(message: SipMessage) -> bool:
    if message.method in (None, "ACK") or any(len(message.values(name)) != 1 for name in _MANDATORY):
        return False
    try:
        _ = message.to_address, _via(message.required("Via"))
    except SipError:
        return False
    return True
