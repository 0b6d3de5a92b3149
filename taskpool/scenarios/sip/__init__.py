"""SIP on both pools: what an endpoint on loopback needs to read and write, and what it makes of it.

    look = first_look(datagram)   # enough to choose a serializer
    request = parse(datagram)     # the whole message, or a SipError that says whether to answer
    datagram = write(response_to(request, 200, "OK", to_tag="a6c85cf"))

    with Endpoint(UdpTransport(), pool, stasis, runtime=default_runtime()) as endpoint:
        ...                       # a SIP client may call endpoint.address

The map: `taskpool.scenarios.sip.headers` and `taskpool.scenarios.sip.message` are the values,
`taskpool.scenarios.sip.wire` reads and writes datagrams, `taskpool.scenarios.sip.transport` carries them.
`taskpool.scenarios.sip.timers`, `taskpool.scenarios.sip.transactions` and `taskpool.scenarios.sip.client` repeat what
may have been lost. `taskpool.scenarios.sip.endpoint` receives and chooses a serializer;
`taskpool.scenarios.sip.requests`, `taskpool.scenarios.sip.session` and `taskpool.scenarios.sip.transfer` are its tasks,
`taskpool.scenarios.sip.core`, `taskpool.scenarios.sip.dialogs`, `taskpool.scenarios.sip.registrar` and
`taskpool.scenarios.sip.counts` what they share. `taskpool.scenarios.sip.pools` opens the pools of a design.
`taskpool.scenarios.sip.callers` is a client of our own, which `taskpool.scenarios.sip.rehearsal` lets call in memory.
`taskpool.scenarios.sip.load` and `taskpool.scenarios.sip.highest_rate` measure with it, as
`taskpool.scenarios.sip.own_client`, or with `taskpool.scenarios.sip.sipp_client`, and fill the table of
`taskpool.scenarios.sip.load_row`; `taskpool.scenarios.sip.commands` is the command line.
"""

from taskpool.scenarios.sip.callers import Callers, Heard
from taskpool.scenarios.sip.core import EndpointOptions
from taskpool.scenarios.sip.endpoint import Endpoint, NoSuchCallError, StopReport
from taskpool.scenarios.sip.headers import Address, CSeq, SipError, Via
from taskpool.scenarios.sip.message import SipMessage, response_to
from taskpool.scenarios.sip.transactions import Timing
from taskpool.scenarios.sip.transport import FakeNetwork, Transport, UdpTransport
from taskpool.scenarios.sip.wire import FirstLook, first_look, parse, write

__all__ = [
    "Address",
    "CSeq",
    "Callers",
    "Endpoint",
    "EndpointOptions",
    "FakeNetwork",
    "FirstLook",
    "Heard",
    "NoSuchCallError",
    "SipError",
    "SipMessage",
    "StopReport",
    "Timing",
    "Transport",
    "UdpTransport",
    "Via",
    "first_look",
    "parse",
    "response_to",
    "write",
]
