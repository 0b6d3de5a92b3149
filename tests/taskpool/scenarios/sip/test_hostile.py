"""What a hostile or broken sender may send: each is answered or dropped, and counted, and no call ends by it."""

from __future__ import annotations

import pytest

from taskpool.scenarios.sip.wire import write
from tests.taskpool.scenarios.sip.phone import DESIGNS, played


@pytest.fixture(params=DESIGNS)
def design(request):
    return request.param


@pytest.fixture(params=["controlled", pytest.param("real", marks=pytest.mark.threads)])
def play(request, design):
    return lambda program, **options: played(program, design, request.param, **options)


def beside_a_call(play, attack, completed=1, **options):
    """Run ``attack(endpoint, phone)`` beside a call that is up, which is then hung up; the endpoint, stopped."""

    def program(endpoint, phones):
        victim, attacker = phones("victim"), phones("attacker")
        victim.dial()
        attack(endpoint, attacker)
        victim.send("INFO")
        victim.expect(200)
        victim.send("BYE")
        victim.expect(200)

    endpoint = play(program, **options)
    assert endpoint.stop().in_time
    assert endpoint.calls() == []
    assert (endpoint.counts.of("completed"), endpoint.counts.of("errors")) == (completed, 0)
    return endpoint


def text(phone, method, *lines, body="", **parts):
    """A request's bytes, with further lines, whatever they say."""
    return write(phone.make(method, **parts)).replace(b"Content-Length: 0\r\n\r\n", "".join(lines).encode()) + (
        f"\r\n{body}".encode()
    )


def test_bad_lengths_are_answered_400(play):
    def attack(endpoint, phone):
        for length in ("Content-Length: 9\r\n", "Content-Length: -1\r\n", "l: " + "9" * 5_000 + "\r\n", "l: 0\r\n" * 2):
            phone.transport.send(text(phone, "OPTIONS", length, body="four"), endpoint.address)
            phone.expect(400)
        phone.transport.send(text(phone, "OPTIONS", "Content-Length: 2\r\n", body="four"), endpoint.address)
        phone.expect(200)

    assert beside_a_call(play, attack).counts.of("malformed") == 4


def test_too_many_headers_are_answered_400_and_too_long_ones(play):
    def attack(endpoint, phone):
        for lines in (["X: y\r\n"] * 200, ["X: y\r\n"] * 8_000, [f"X: {'y' * 9_000}\r\n"]):
            phone.transport.send(text(phone, "OPTIONS", *lines), endpoint.address)
            phone.expect(400)

    assert beside_a_call(play, attack).counts.of("malformed") == 3


def test_what_cannot_be_answered_is_dropped(play):
    def attack(endpoint, phone):
        whole = write(phone.make("OPTIONS"))
        for datagram in (
            b"",
            b"\x00\xff" * 500,
            b"\r\n\r\n",
            whole[: len(whole) // 2],
            whole.replace(b"Call-ID", b"X"),
        ):
            phone.transport.send(datagram, endpoint.address)
        phone.transport.send(write(phone.make("ACK")).replace(b"1 ACK", b"1 BYE"), endpoint.address)
        phone.send("OPTIONS")
        phone.expect(200)

    assert beside_a_call(play, attack).counts.of("dropped") == 6


@pytest.mark.parametrize("design", DESIGNS)
def test_what_no_datagram_can_hold_is_dropped(design):
    def attack(endpoint, phone):
        phone.transport.send(b"x" * 65_536, endpoint.address)
        phone.send("OPTIONS")
        phone.expect(200)

    assert beside_a_call(lambda program: played(program, design, "controlled"), attack).counts.of("dropped") == 1


def test_wrong_numbers_are_refused(play):
    def attack(endpoint, phone):
        for number in ("1 BYE", "many OPTIONS", "-1 OPTIONS", f"{2**31} OPTIONS", "9" * 5_000 + " OPTIONS"):
            datagram = write(phone.make("OPTIONS", number=1))
            phone.transport.send(datagram.replace(b"CSeq: 1 OPTIONS", f"CSeq: {number}".encode()), endpoint.address)
            assert phone.transport.receive()[0].startswith(b"SIP/2.0 400 ")  # the number is copied
        phone.dial(number=7)
        phone.send("INFO", number=6)
        phone.expect(500)
        phone.send("INFO", number=7)
        phone.expect(500)
        phone.send("INFO", number=2**31 - 1)
        phone.expect(200)
        session = endpoint._core.dialogs.all()[1]
        session.push(session.hang_up)
        phone.expect("BYE")

    endpoint = beside_a_call(play, attack, completed=2)
    assert (endpoint.counts.of("malformed"), endpoint.counts.of("messages")) == (5, 3)


def test_a_forged_dialog_touches_no_call(play):
    def attack(endpoint, phone):
        tag = endpoint._core.dialogs.all()[0].local_tag
        for method in ("BYE", "INFO", "REFER", "INVITE", "CANCEL"):
            phone.send(method, to_tag="guessed")
            phone.expect(481)
            phone.call = "victim"
            phone.send(method, to_tag="guessed", branch=f"z9hG4bK-1-{method}")
            phone.expect(481)
            phone.send(method, to_tag=tag, from_tag="forged", branch=f"z9hG4bK-2-{method}")
            phone.expect(481)
        phone.send("ACK", to_tag=tag, from_tag="forged")
        phone.transport.send(b"SIP/2.0 200 OK\r\n" + write(phone.make("BYE")).partition(b"\r\n")[2], endpoint.address)
        phone.call = "attacker"
        phone.send("OPTIONS", to_tag=None)
        phone.expect(200)

    endpoint = beside_a_call(play, attack)
    assert (endpoint.counts.of("messages"), endpoint.counts.of("dropped")) == (2, 2)


def test_an_invite_from_nowhere_is_answered_400(play):
    def attack(endpoint, phone):
        invite = write(phone.make("INVITE"))
        begin, _, rest = invite.partition(b"Contact: ")
        for contact in (b"Contact: *", b"X: none"):
            changed = (
                begin.replace(b"z9hG4bK", b"z9hG4bK" + contact[:1]) + contact + b"\r\n" + rest.partition(b"\r\n")[2]
            )
            phone.transport.send(changed, endpoint.address)
            phone.expect(400)

    assert beside_a_call(play, attack).counts.of("calls") == 1


def test_a_contact_that_is_a_star_does_not_move_a_call(play):
    def program(endpoint, phones):
        phone = phones()
        phone.dial()
        request = write(phone.make("INVITE"))
        begin, _, rest = request.partition(b"Contact: ")
        phone.transport.send(begin + b"Contact: *\r\n" + rest.partition(b"\r\n")[2], endpoint.address)
        phone.expect(200)
        phone.send("ACK", number=2)
        endpoint.runtime.spawn(endpoint.stop, 60, name="stopper")
        assert phone.expect("BYE").uri.startswith("sip:caller@")

    assert play(program).counts.of("completed") == 1


def test_a_call_whose_answer_no_datagram_holds_ends_and_leaves_nothing(play):
    def attack(endpoint, phone):
        routes = ",".join([f"<sip:{'r' * 515}@127.0.0.1>"] * 15)  # in the answer, each has a line of its own
        phone.transport.send(text(phone, "INVITE", *[f"Record-Route: {routes}\r\n"] * 8), endpoint.address)
        phone.expect(100, 500)

    endpoint = beside_a_call(play, attack)
    assert (endpoint.counts.of("calls"), endpoint.counts.of("failed")) == (2, 1)


def test_beyond_the_limit_of_transactions_the_answer_is_503(play):
    def program(endpoint, phones):
        one, two = phones("one"), phones("two")
        for _ in range(3):
            one.send("OPTIONS")
            one.expect(200)
        two.send("OPTIONS")
        two.expect(503)
        assert endpoint.state()["transactions"] == 3

    assert play(program, max_transactions=3).counts.of("busy") == 1
