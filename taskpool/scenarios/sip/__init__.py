"""SIP on both pools: what an endpoint on loopback needs to read and write, and what it makes of it.

    look = first_look(datagram)   # enough to choose a serializer
    request = parse(datagram)     # the whole message, or a SipError that says whether to answer
    datagram = write(response_to(request, 200, "OK", to_tag="a6c85cf"))

The map: `taskpool.scenarios.sip.headers` and `taskpool.scenarios.sip.message` are the values,
`taskpool.scenarios.sip.wire` reads and writes datagrams.
"""

from taskpool.scenarios.sip.headers import Address, CSeq, SipError, Via
from taskpool.scenarios.sip.message import SipMessage, response_to
from taskpool.scenarios.sip.wire import FirstLook, first_look, parse, write

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
