"""SIP header values: what stands in a line, and what Via, From, To, CSeq and their like mean.

A value is a frozen dataclass that writes itself; a reader takes the text of one value and returns it, or raises
SipError. Sections without another source are those of RFC 3261. No function here blocks; all may be called from any
thread.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from taskpool.errors import TaskPoolError

if TYPE_CHECKING:
    from taskpool.scenarios.sip.message import SipMessage

__all__ = [
    "MANDATORY",
    "MAX_LINE",
    "ONCE",
    "TOKEN",
    "URI",
    "Address",
    "CSeq",
    "SipError",
    "Via",
    "full_name",
    "header_line",
    "members",
    "read_address",
    "read_call_id",
    "read_cseq",
    "read_number",
    "read_via",
    "safe",
    "text_of",
]

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
MANDATORY = ("From", "To", "Call-ID", "CSeq")
ONCE = (*MANDATORY, "Max-Forwards", "Expires", "Refer-To", "Content-Length", "Content-Type")
_KNOWN = {name.lower(): name for name in (*_COMPACT.values(), *_LISTS, *ONCE, "Timestamp")} | _COMPACT

TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")
_UNSAFE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\s<>\"\x00-\x1f\x7f]+")
_VIA = re.compile(
    r"SIP[ \t]*/[ \t]*2\.0[ \t]*/[ \t]*([A-Za-z0-9\-.]+)[ \t]+"
    r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.\-_]+)(?:[ \t]*:[ \t]*([0-9]{1,5}))?",
    re.IGNORECASE,
)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_PARAMETER_VALUE = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s;,"<>]+')
_DISPLAY = re.compile(r'"(?:[^"\\]|\\.)*"|[A-Za-z0-9\-.!%*_+`\'~ \t]*')
_CALL_ID = re.compile(r"[^\s@,;]+(?:@[^\s@,;]+)?")

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
        return None if text is None else read_number("rport", text, 65_535)

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

    @property
    def user(self) -> str:
        """The user part of a SIP URI; empty without one."""
        user, at, _ = self.uri.partition("@")
        return user.partition(":")[2] if at else ""

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


def text_of(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        raise SipError(f"{line[:40]!r} is not UTF-8 (section 7)") from None


def safe(what: str, text: str) -> str:
    if len(text) > MAX_LINE:
        raise SipError(f"{what} of {len(text)} characters: at most {MAX_LINE} are read")
    if _UNSAFE.search(text):
        raise SipError(f"{what} {text[:40]!r} has a control character")
    return text


def full_name(name: str) -> str:
    return _KNOWN.get(name.lower(), name)


def header_line(line: bytes) -> tuple[str, str]:
    name, colon, value = text_of(line).partition(":")
    if not colon:
        raise SipError(f"header line {name[:40]!r} has no colon")
    return full_name(name.rstrip(" \t")), value


def members(name: str, value: str) -> list[tuple[str, str]]:
    """The header, or one for each member of a list (section 7.3.1), with a full name and values that fit a line."""
    if not TOKEN.fullmatch(safe("header name", name)):
        raise SipError(f"header name {name[:40]!r} is not a token (section 25.1)")
    name, value = full_name(name), safe(name, value.strip(" \t"))
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
        if not TOKEN.fullmatch(key) or (equals and not _PARAMETER_VALUE.fullmatch(text)):
            raise SipError(f"{name} has a malformed parameter: {part[:80]!r}")
        if key.lower() in found:
            raise SipError(f"{name} has the parameter {key[:40]} twice (section 7.3.1)")
        found[key.lower()] = text if equals else None
    return tuple(found.items())


def _parameter(parameters: Parameters, wanted: str) -> str | None:
    return next((value for name, value in parameters if name == wanted), None)


def _written(parameters: Parameters) -> str:
    return "".join(f";{name}" if value is None else f";{name}={value}" for name, value in parameters)


def read_via(value: str) -> Via:
    first, *rest = _split("Via", value, ";")
    match = _VIA.fullmatch(first.strip(" \t"))
    if match is None:
        raise SipError(f"Via {value[:80]!r} is not 'SIP/2.0/transport host:port' (section 20.42)")
    transport, host, port = match.groups()
    number = None if port is None else read_number("Via's port", port, 65_535)
    via = Via(transport.upper(), host, number, _parameters("Via", rest))
    _ = via.rport
    return via


def read_address(name: str, value: str) -> Address:
    first, *rest = _split(name, value, ";")
    first = first.strip(" \t")
    if name == "Contact" and value == "*":
        return Address("*")
    display, uri = "", first
    if "<" in first and first.endswith(">"):
        display, _, uri = first[:-1].rpartition("<")
        display = display.strip(" \t")
    if not URI.fullmatch(uri) or not _DISPLAY.fullmatch(display):
        raise SipError(f"{name} {value[:80]!r} is not a URI with or without a name (section 20.10)")
    address = Address(uri, display, _parameters(name, rest))
    if name in ("From", "To") and any(key == "tag" and text is None for key, text in address.parameters):
        raise SipError(f"{name} has a tag without a value")
    return address


def read_call_id(value: str) -> str:
    if not _CALL_ID.fullmatch(value):
        raise SipError(f"Call-ID {value[:80]!r} is not word or word@word (section 25.1)")
    return value


def read_cseq(value: str) -> CSeq:
    number, _, method = value.replace("\t", " ").partition(" ")
    method = method.strip(" \t")
    if not TOKEN.fullmatch(method):
        raise SipError(f"CSeq {value[:80]!r} is not a number and a method (section 20.16)")
    return CSeq(read_number("CSeq", number, 2**31 - 1), method)


def read_number(name: str, value: str, largest: int) -> int:
    if not re.fullmatch("[0-9]{1,10}", value) or int(value) > largest:
        raise SipError(f"{name} {value[:40]!r} is not a number up to {largest}")
    return int(value)
