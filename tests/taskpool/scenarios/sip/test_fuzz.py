"""Hostile datagrams: forged dialogs, wrong numbers, damaged bytes. The endpoint counts them, stays small and answers.

``TASKPOOL_FUZZ=100000`` in the environment sends so many, which takes minutes: add ``-o faulthandler_timeout=0``.
"""

from __future__ import annotations

import os
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taskpool.runtime.real import RealRuntime
from taskpool.scenarios.sip.core import EndpointOptions
from taskpool.scenarios.sip.endpoint import Endpoint
from taskpool.scenarios.sip.transactions import Timing
from taskpool.scenarios.sip.transport import FakeNetwork
from tests.taskpool.scenarios.sip.phone import Phone, small_pool

AT_ONCE = 50
EXAMPLES = max(1, int(os.environ.get("TASKPOOL_FUZZ", "1000")) // AT_ONCE)
LIMITS = {"dialogs": 20, "bindings": 20, "transactions": 5_000}

METHODS = st.sampled_from(
    ["INVITE", "INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "INFO", "REFER", "NOTIFY", "X" * 200]
)
CALLS = st.integers(0, 9).map(lambda number: f"call-{number}")
TOKENS = st.integers(1, 400).map(lambda number: f"t{number}")  # the endpoint's, which a forger can guess here
LIVE = ("LIVE-CALL", "c", "LIVE-TAG")  # replaced by those of a call that is up
NUMBERS = st.integers(0, 9) | st.sampled_from([2**31 - 1, 2**31, 10**30])


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    method, token, number = draw(METHODS), draw(TOKENS), draw(NUMBERS)
    start = draw(st.sampled_from([f"{method} sip:south@localhost SIP/2.0"] * 6 + ["SIP/2.0 200 OK", "SIP/2.0 500 No"]))
    branch = draw(st.integers(0, 60).map(lambda one: f"z9hG4bK-{one}") | TOKENS.map(lambda one: f"z9hG4bK{one}"))
    call, ours, theirs = draw(st.sampled_from([LIVE, (draw(CALLS), f"c{draw(st.integers(0, 1))}", token)]))
    lines = [
        start,
        f"Via: SIP/2.0/UDP 127.0.0.1:9;branch={branch}",
        f"From: <sip:a@localhost>;tag={ours}",
        f"To: <sip:{draw(CALLS)}@localhost>" + draw(st.sampled_from(["", f";tag={theirs}"])),
        f"Call-ID: {call}",
        f"CSeq: {number} {draw(st.sampled_from([method, method, method, 'INVITE']))}",
        draw(st.sampled_from(["Contact: <sip:a@127.0.0.1:9>", "Contact: *", "Contact: <sip:a@127.0.0.1:9>;expires=x"])),
        draw(st.sampled_from(["Refer-To: <sip:b@localhost>", "Expires: 0", "Require: x", "Max-Forwards: -1", "X: y"])),
        draw(st.sampled_from(["Content-Length: 0", "Content-Length: 999999", "Content-Length: -1", "l: 4\r\nl: 4"])),
    ]
    if draw(st.integers(0, 9)) == 0:
        lines += ["Route: <sip:r@localhost>"] * draw(st.sampled_from([1, 127, 5_000]))
    return "\r\n".join([*lines, "", ""]).encode()


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    data = draw(messages())
    at, length = draw(st.integers(0, len(data))), draw(st.integers(0, 20))
    return data[:at] + draw(st.binary(max_size=6) | st.just(b"\r\n" * 9)) + data[at + length :]


DATAGRAMS = st.one_of(messages(), messages(), damaged(), st.binary(max_size=200), st.just(b"x" * 65_536))


@pytest.fixture(params=["taskpool", "threadpool"])
def endpoint(request):
    runtime = RealRuntime()
    network = FakeNetwork(runtime, lose=lambda datagram, to: to[1] == 3)  # what the forger is sent
    own, far, forger = network.open(), network.open(), network.open()
    pool, stasis = (small_pool(request.param, runtime, name, 4) for name in ("pool", "stasis"))
    tokens = count(1)
    options = EndpointOptions(
        replace_time=0,
        max_dialogs=LIMITS["dialogs"],
        max_bindings=LIMITS["bindings"],
        max_transactions=LIMITS["transactions"],
        timing=Timing(0.001, 0.004, 0.005),
    )
    token = lambda: f"t{next(tokens) % 400}"  # noqa: E731 - one expression
    endpoint = Endpoint(own, pool, stasis, options, runtime=runtime, token=token)
    yield endpoint, Phone(far, own.address, "honest"), forger
    assert endpoint.stop(60).unhandled == 0


def dialled(phone):
    """Call; the tag of the other end if the call is up, else one that is nobody's."""
    phone.to_tag = None
    phone.send("INVITE")
    while (answer := phone.receive()).cseq.method != "INVITE" or answer.status < 200:
        pass
    phone.to_tag = answer.to_address.tag
    phone.ack(failed=answer.status != 200)
    return phone.to_tag


@pytest.mark.threads
def test_whatever_arrives_the_endpoint_stays_small_and_answers(endpoint):
    endpoint, live, forger = endpoint
    honest = Phone(live.transport, endpoint.address, "honest")
    rounds = count(1)

    @given(st.lists(DATAGRAMS, min_size=AT_ONCE, max_size=AT_ONCE))
    @settings(
        max_examples=EXAMPLES,
        suppress_health_check=[HealthCheck.data_too_large, HealthCheck.too_slow, HealthCheck.large_base_example],
    )
    def fuzz(datagrams):
        live.call = f"live-{next(rounds)}"
        tag = dialled(live)
        for datagram in datagrams:
            data = datagram.replace(b"LIVE-CALL", live.call.encode()).replace(b"LIVE-TAG", tag.encode())
            forger.send(data, endpoint.address)
        live.send("BYE", number=2**31 - 1)
        honest.send("OPTIONS", user="honest")
        while (answer := honest.receive()).cseq.method != "OPTIONS":
            pass
        assert answer.status == 200
        state = endpoint.state()
        assert {name: state[name] for name in LIMITS if state[name] > LIMITS[name]} == {}

    fuzz()
    counts = endpoint.counts.as_dict()
    assert counts["received"] >= AT_ONCE * EXAMPLES
    assert counts["errors"] == 0
    unseen = {name for name in ("dropped", "malformed", "calls", "messages") if not counts[name]}
    assert unseen == set()
