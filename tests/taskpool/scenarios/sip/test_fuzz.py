"""100,000 hostile datagrams: forged dialogs, wrong numbers, damaged bytes. The endpoint stays small and answers.

Hypothesis chooses the kinds of damage and a generator of random numbers for each batch; drawing every datagram by
itself would take minutes.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taskpool.runtime.real import RealRuntime
from taskpool.scenarios.sip.core import EndpointOptions
from taskpool.scenarios.sip.endpoint import Endpoint
from taskpool.scenarios.sip.transactions import Timing
from taskpool.scenarios.sip.transport import FakeNetwork
from tests.taskpool.scenarios.sip.phone import Phone, small_pool

AT_ONCE = 500  # datagrams of one example
EXAMPLES = {"taskpool": 200, "threadpool": 20}
LIMITS = {"dialogs": 20, "bindings": 20, "transactions": 5_000}

METHODS = ("INVITE", "INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "INFO", "REFER", "NOTIFY", "X" * 200)
NUMBERS = (*range(10), 2**31 - 1, 2**31, 10**30)
CONTACTS = ("Contact: <sip:a@127.0.0.1:9>", "Contact: *", "Contact: <sip:a@127.0.0.1:9>;expires=x", "m: <sip:a@b>, ,")
OTHERS = ("Refer-To: <sip:b@localhost>", "Expires: 0", "Require: x", "Max-Forwards: -1", "X: y", ": z", "no colon")
LENGTHS = ("Content-Length: 0", "Content-Length: 999999", "Content-Length: -1", "l: 4\r\nl: 4", "l: " + "9" * 5_000)
BYTES = (b"\x00", b"\xff\xfe", b"\r\n" * 9, b"\n", b" " * 40, b":", b"<", b'"', b";tag=", b"\xc3")


class Tokens:
    """The endpoint's tags and branches, each once, which a forger can guess here."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._latest = 0

    def __call__(self) -> str:
        self._latest = number = next(self._numbers)
        return f"t{number}"

    def guess(self, random: Random) -> str:
        return f"t{max(1, self._latest - random.randrange(60))}"


def message(random: Random, tokens: Tokens, live: Phone) -> bytes:
    """A message that may be sound, and may belong to a call that is up."""
    pick = random.choice
    method = pick(METHODS)
    start = f"{method} sip:south@localhost SIP/2.0" if random.random() < 0.8 else f"SIP/2.0 {pick((180, 200, 500))} OK"
    call, ours, theirs = f"call-{random.randrange(10)}", f"c{random.randrange(2)}", tokens.guess(random)
    if random.random() < 0.5:
        call, ours, theirs = live.call, "c", live.to_tag or theirs
    lines = [
        start,
        f"Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK{pick((f'-{random.randrange(60)}', tokens.guess(random)))}",
        f"From: <sip:a@localhost>;tag={ours}",
        f"To: <sip:user-{random.randrange(40)}@localhost>{pick(('', f';tag={theirs}'))}",
        f"Call-ID: {call}",
        f"CSeq: {pick(NUMBERS)} {pick((method, method, method, 'INVITE'))}",
        pick(CONTACTS),
        pick(OTHERS),
        pick(LENGTHS),
    ]
    if random.random() < 0.02:
        lines += ["Route: <sip:r@localhost>"] * pick((1, 127, 5_000))
    if random.random() < 0.05:
        del lines[random.randrange(len(lines))]
    return "\r\n".join([*lines, "", ""]).encode()


def whole(random: Random, data: bytes) -> bytes:
    return data


def cut(random: Random, data: bytes) -> bytes:
    return data[: random.randrange(len(data))]


def spliced(random: Random, data: bytes) -> bytes:
    at = random.randrange(len(data))
    return data[:at] + random.choice(BYTES) + data[at + random.randrange(20) :]


def flipped(random: Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(random.randrange(1, 8)):
        changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


def doubled(random: Random, data: bytes) -> bytes:
    return data + data


def binary(random: Random, data: bytes) -> bytes:
    return random.randbytes(random.randrange(200))


def oversized(random: Random, data: bytes) -> bytes:
    return b"x" * 65_536 if random.random() < 0.1 else data


DAMAGES = (whole, cut, spliced, flipped, doubled, binary, oversized)


def batch(random: Random, damages: list[Any], tokens: Tokens, live: Phone) -> Iterator[bytes]:
    for _ in range(AT_ONCE):
        yield random.choice(damages)(random, message(random, tokens, live))


@pytest.fixture(params=["taskpool", "threadpool"])
def world(request):
    runtime = RealRuntime()
    network = FakeNetwork(runtime, lose=lambda datagram, to: to[1] == 3)  # what the forger is sent
    own, far, forger = network.open(), network.open(), network.open()
    pool, stasis = (small_pool(request.param, runtime, name, 4) for name in ("pool", "stasis"))
    tokens = Tokens()
    options = EndpointOptions(
        replace_time=0,
        max_dialogs=LIMITS["dialogs"],
        max_bindings=LIMITS["bindings"],
        max_transactions=LIMITS["transactions"],
        timing=Timing(0.001, 0.004, 0.005),
    )
    endpoint = Endpoint(own, pool, stasis, options, runtime=runtime, token=tokens)
    yield EXAMPLES[request.param], endpoint, tokens, far, forger
    report = endpoint.stop(30)
    assert report.in_time, report
    state = endpoint.state()
    assert [state[name] for name in ("dialogs", "transfers", "waiting")] == [0, 0, 0]


def dialled(phone):
    """Call; the tag of the other end if the call is up, else one that is nobody's."""
    phone.to_tag = None
    phone.send("INVITE")
    while (answer := phone.receive()).cseq.method != "INVITE" or answer.status < 200:
        pass
    phone.to_tag = answer.to_address.tag
    phone.ack(failed=answer.status != 200)


@pytest.mark.threads
def test_whatever_arrives_the_endpoint_stays_small_and_answers(world):
    examples, endpoint, tokens, far, forger = world
    live, honest = Phone(far, endpoint.address, "honest"), Phone(far, endpoint.address, "honest")
    rounds, sent = count(1), count()

    @given(st.randoms(use_true_random=True), st.lists(st.sampled_from(DAMAGES), min_size=1, max_size=4))
    @settings(max_examples=examples)
    def fuzz(random, damages):
        live.call = f"live-{next(rounds)}"
        dialled(live)
        for datagram in batch(random, [whole, *damages], tokens, live):
            forger.send(datagram, endpoint.address)
            next(sent)
        live.send("BYE", number=2**31 - 1)
        honest.send("OPTIONS", user="honest")
        while (answer := honest.receive()).cseq.method != "OPTIONS":
            pass
        assert answer.status == 200
        state = endpoint.state()
        assert {name: state[name] for name in LIMITS if state[name] > LIMITS[name]} == {}

    fuzz()
    counts = endpoint.counts.as_dict()
    assert counts["received"] >= next(sent) >= AT_ONCE * examples
    assert counts["errors"] == 0
    unseen = {name for name in ("dropped", "malformed", "calls", "messages") if not counts[name]}
    assert unseen == set()
