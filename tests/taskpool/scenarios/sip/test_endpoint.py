"""The endpoint, on every design: in virtual time over a network in memory, and on real threads over loopback."""

from __future__ import annotations

import pytest

from taskpool.errors import DuplicateNameError
from taskpool.scenarios.sip.endpoint import Endpoint, StopReport
from taskpool.scenarios.sip.transactions import LimitError
from tests.taskpool.scenarios.sip.phone import DESIGNS, played


@pytest.fixture(params=DESIGNS)
def design(request):
    return request.param


@pytest.fixture(params=["controlled", pytest.param("real", marks=pytest.mark.threads)])
def play(request, design):
    return lambda program, **options: played(program, design, request.param, **options)


def counted(endpoint, *left_out):
    """What was counted, but for the datagrams."""
    counts = endpoint.counts.as_dict()
    return {
        name: number
        for name, number in counts.items()
        if number and name not in ("received", "accepted", "handled", *left_out)
    }


def test_a_call_from_invite_to_bye(play):
    def program(endpoint, phones):
        phone = phones()
        answer = phone.dial()
        assert answer.contacts[0].uri == "sip:{}:{}".format(*endpoint.address)
        assert answer.body.startswith(b"v=0\r\n")
        assert endpoint.calls() == ["call-1"]
        phone.send("BYE")
        phone.expect(200)

    endpoint = play(program)
    assert counted(endpoint) == {"calls": 1, "answered": 1, "confirmed": 1, "completed": 1, "messages": 1}
    assert endpoint.state()["dialogs"] == endpoint.state()["waiting"] == 0
    assert endpoint.events == {
        "channel created": 1,
        "dialog ringing": 1,
        "dialog answered": 1,
        "dialog confirmed": 1,
        "channel hung up": 1,
        "dialog ended": 1,
    }
    assert endpoint.stop().in_time


def test_what_needs_no_call(play):
    def program(endpoint, phones):
        phone = phones()
        phone.send("OPTIONS")
        assert "REFER" in phone.expect(200).value("Allow")
        phone.send("PUBLISH")
        assert "REFER" in phone.expect(405).value("Allow")
        phone.send("BYE")
        phone.expect(481)
        phone.send("INFO", to_tag="forged")
        phone.expect(481)
        phone.send("CANCEL")
        phone.expect(481)
        phone.send("OPTIONS", headers=[("Require", "x")])
        assert phone.expect(420).value("Unsupported") == "x"
        phone.send("INVITE", headers=[("Content-Type", "text/plain")], body=b"hello")
        phone.expect(415)
        phone.ack(failed=True)

    assert counted(play(program)) == {"options": 1}


def test_registrations_are_kept_refreshed_and_removed(play):
    def program(endpoint, phones):
        phone = phones()
        contact = "sip:caller@{}:{}".format(*phone.transport.address)
        for expires, expected in ((60, "60"), (99_999, "7200")):
            phone.send("REGISTER", headers=[("Expires", str(expires))])
            assert phone.expect(200).value("Contact") == f"<{contact}>;expires={expected}"
        phone.send("REGISTER", number=1, branch="z9hG4bK-late")
        phone.expect(500)
        assert endpoint.state()["bindings"] == 1
        phone.send("REGISTER", headers=[("Expires", "0")])
        assert phone.expect(200).value("Contact") is None
        assert endpoint.state()["bindings"] == 0

    assert counted(play(program)) == {"registered": 3}


def test_a_ringing_call_can_be_cancelled(play):
    def program(endpoint, phones):
        phone = phones()
        invite = phone.send("INVITE")
        phone.expect(100, 180)
        phone.send("CANCEL", number=invite.cseq.number, branch=invite.vias[0].branch)
        got = phone.take(200, 487)
        assert got[200].cseq.method == "CANCEL"
        phone.ack(failed=True)
        phone.send("CANCEL", number=invite.cseq.number, branch="z9hG4bK-other")
        phone.expect(481)
        assert endpoint.calls() == []

    assert counted(play(program, ring_time=3600)) == {"calls": 1, "cancelled": 1}


def test_within_a_call_messages_are_numbered_and_handled_in_order(play):
    def program(endpoint, phones):
        phone = phones()
        phone.dial()
        phone.send("INFO")
        phone.expect(200)
        phone.send("INFO", number=1, branch="z9hG4bK-old")
        phone.expect(500)
        phone.send("INFO", from_tag="forged")
        phone.expect(481)
        phone.send("UPDATE")
        phone.expect(405)
        phone.send("INVITE")
        assert phone.expect(200).body.startswith(b"v=0")
        phone.ack()
        phone.send("REFER")
        phone.expect(400)
        phone.send("BYE")
        phone.expect(200)
        phone.send("INFO")
        phone.expect(481)

    endpoint = play(program)
    assert counted(endpoint) == {"calls": 1, "answered": 1, "confirmed": 1, "completed": 1, "messages": 5}


def test_a_refer_replaces_the_channel_while_messages_wait(play):
    def program(endpoint, phones):
        phone = phones()
        phone.dial()
        phone.send("REFER", headers=[("Refer-To", "<sip:elsewhere@localhost>")])
        phone.send("INFO")
        got = phone.take(202, 200, "NOTIFY", "NOTIFY")
        assert got["NOTIFY"].body == b"SIP/2.0 200 OK\r\n"
        assert got["NOTIFY"].value("Subscription-State") == "terminated;reason=noresource"
        phone.send("BYE")
        phone.expect(200)

    endpoint = play(program, replace_time=0.01)
    assert counted(endpoint, "messages") == {
        "calls": 1,
        "answered": 1,
        "confirmed": 1,
        "completed": 1,
        "transfers": 1,
        "transferred": 1,
    }
    assert endpoint.events["channel replaced"] == 1


def test_a_call_is_transferred_from_outside(play):
    def program(endpoint, phones):
        phone = phones()
        phone.dial()
        assert endpoint.ami_redirect("call-1")
        phone.send("INFO")
        phone.expect(200)
        with pytest.raises(LookupError, match="no call has the Call-ID 'call-2'"):
            endpoint.ami_redirect("call-2")
        phone.send("BYE")
        phone.expect(200)

    endpoint = play(program, replace_time=0.01)
    assert (endpoint.counts.of("transferred"), endpoint.counts.of("broken")) == (1, 0)


def test_beyond_a_limit_the_answer_is_503(play):
    def program(endpoint, phones):
        one, two = phones("one"), phones("two")
        one.dial()
        two.send("INVITE")
        assert two.expect(100, 503).value("Retry-After") == "5"
        two.ack(failed=True)
        for number in range(3):
            two.send("REGISTER", user=f"user-{number}")
        assert sorted(two.receive().status for _ in range(3)) == [200, 200, 503]
        one.send("BYE")
        one.expect(200)

    endpoint = play(program, max_dialogs=1, max_bindings=2)
    assert (endpoint.counts.of("busy"), endpoint.counts.of("completed")) == (2, 1)


def test_a_transfer_too_many_is_answered_503_and_a_second_of_one_call_491(play):
    def program(endpoint, phones):
        one, two = phones("one"), phones("two")
        for phone in (one, two):
            phone.dial()
        refer = {"headers": [("Refer-To", "<sip:elsewhere@localhost>")]}
        one.send("REFER", **refer)
        one.expect(202)
        two.send("REFER", **refer)
        two.expect(503)
        with pytest.raises(LimitError, match="1 transfers are in progress"):
            endpoint.ami_redirect("two")
        assert endpoint.ami_redirect("one") is False
        endpoint.runtime.spawn(endpoint.stop, 60, name="stopper")
        one.take("NOTIFY", "NOTIFY", "BYE")
        two.expect("BYE")

    endpoint = play(program, max_transfers=1, replace_time=3600, threads=3)
    assert (endpoint.counts.of("transferred"), endpoint.counts.of("busy")) == (1, 1)


def test_two_endpoints_of_one_name_do_not_go_together(play):
    def program(endpoint, phones):
        with pytest.raises(DuplicateNameError, match="pjsip/transferer"):
            Endpoint(phones().transport, endpoint.pool, endpoint.stasis, runtime=endpoint.runtime)

    play(program)


def test_what_is_malformed_is_answered_400_or_dropped_and_the_next_is_served(play):
    def program(endpoint, phones):
        phone = phones()
        phone.transport.send(b"\x00\xff" * 100, endpoint.address)
        phone.transport.send(b"", endpoint.address)
        phone.send("OPTIONS", headers=[("Max-Forwards", "many")])
        phone.expect(400)
        phone.send("OPTIONS", headers=[("Via", "of no kind")])
        assert phone.transport.receive()[0].startswith(b"SIP/2.0 400 ")  # it is copied, and cannot be read here either
        phone.send("ACK", to_tag="nobody")
        phone.send("OPTIONS", headers=[("Content-Type", "")])
        phone.expect(200)

    endpoint = play(program)
    assert (endpoint.counts.of("malformed"), endpoint.counts.of("dropped")) == (2, 3)
    assert endpoint.counts.of("errors") == 0


def test_stopping_ends_calls_in_every_state(play):
    def program(endpoint, phones):
        up, ringing, answered = phones("up"), phones("ringing"), phones("answered")
        up.dial()
        answered.send("INVITE")
        answered.to_tag = answered.expect(100, 180, 200).to_address.tag
        ringing.send("INVITE", user="slow")
        ringing.expect(100, 180)
        stopping = endpoint.runtime.spawn(endpoint.stop, 60, name="stopper")
        ringing.expect(503)
        up.expect("BYE")
        answered.send("REGISTER", to_tag=None)
        assert answered.expect(503).cseq.method == "REGISTER"
        answered.ack()
        answered.expect("BYE")
        stopping.join()

    endpoint = play(program, threads=3, lookups={"slow": 3600})
    assert endpoint.stop() == StopReport(in_time=True, dropped=0, unhandled=0, running=0)
    assert (endpoint.counts.of("completed"), endpoint.counts.of("failed")) == (2, 1)


def test_a_caller_that_is_gone_is_dropped_at_the_deadline(play):
    def program(endpoint, phones):
        phone = phones()
        phone.dial()
        phone.send("INFO")
        phone.expect(200)
        assert endpoint.stop(0) == StopReport(in_time=False, dropped=1, unhandled=0, running=0)

    play(program)
