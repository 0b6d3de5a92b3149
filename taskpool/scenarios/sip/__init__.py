"""SIP on both pools: what an endpoint on loopback needs to read and write, and what it makes of it.

    look = first_look(datagram)   # enough to choose a serializer
    request = parse(datagram)     # the whole message, or a SipError that says whether to answer
    datagram = write(response_to(request, 200, "OK", to_tag="a6c85cf"))

Public here: messages, `taskpool.scenarios.sip.message`.
"""

from taskpool.scenarios.sip.message import (
    Address,
    CSeq,
    FirstLook,
    SipError,
    SipMessage,
    Via,
    first_look,
    parse,
    response_to,
    write,
)

__all__ = [
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
