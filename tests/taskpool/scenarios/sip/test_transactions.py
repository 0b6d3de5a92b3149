"""Server and client transactions in virtual time: every datagram that is sent, and when."""

import pytest

from taskpool.runtime.controlled import ControlledRuntime
from taskpool.scenarios.sip.client import ClientTransactions
from taskpool.scenarios.sip.message import SipMessage, response_to
from taskpool.scenarios.sip.timers import Timers
from taskpool.scenarios.sip.transactions import LimitError, ServerTransactions, State, Timing, TransactionCounts
from taskpool.scenarios.sip.wire import parse, write

PHONE = ("127.0.0.1", 9)


class Sent:
    """A transport that notes what is sent, and when."""

    address = ("127.0.0.1", 1)

    def __init__(self, runtime):
        self.runtime = runtime
        self.log = []

    def send(self, datagram, to):
        assert to == PHONE
        message = parse(datagram)
        self.log.append((self.runtime.monotonic(), message.status or message.method))
        self.last = message
        return True


def request(method, branch="z9hG4bK-1", number=1):
    headers = (
        ("Via", f"SIP/2.0/UDP 127.0.0.1:9;branch={branch}"),
        ("From", "<sip:a@localhost>;tag=a"),
        ("To", "<sip:b@localhost>"),
        ("Call-ID", "c"),
        ("CSeq", f"{number} {method}"),
    )
    return parse(write(SipMessage(method, "sip:b@localhost", headers=headers)))


def play(program, **options):
    """Run it with a layer of each kind, in virtual time; what was sent."""
    runtime = ControlledRuntime()
    sent = Sent(runtime)

    def body():
        timers = Timers(runtime)
        program(runtime, ServerTransactions(runtime, sent, timers, timing=Timing(), **options))
        timers.stop()

    runtime.run(body)
    return sent.log


def answer(transaction, status):
    return transaction.respond(response_to(transaction.request, status, "", to_tag="b"))


def test_a_repeated_request_gets_the_last_response_again_and_the_transaction_ends_after_32_s():
    def program(runtime, layer):
        options = layer.begin(request("OPTIONS"), PHONE)
        assert options.state is State.TRYING
        assert layer.begin(request("OPTIONS"), PHONE) is None
        assert answer(options, 200)
        assert not answer(options, 500)
        runtime.sleep(1)
        assert layer.begin(request("OPTIONS"), PHONE) is None
        assert layer.counts() == TransactionCounts(1, 2, 1, 0)
        runtime.sleep(32)
        assert options.state is State.TERMINATED
        assert layer.counts() == TransactionCounts(0, 2, 1, 0)
        assert layer.begin(request("OPTIONS"), PHONE) is not None

    assert play(program) == [(0, 200), (1, 200)]


def test_other_methods_and_branches_are_other_transactions():
    def program(runtime, layer):
        for one in (
            request("INVITE"),
            request("CANCEL"),
            request("INVITE", "z9hG4bK-2"),
            request("INVITE", "old"),
            request("INVITE", "old", 2),
        ):
            assert layer.begin(one, PHONE) is not None
        assert layer.begin(request("INVITE", "old"), PHONE) is None
        assert layer.find_invite(request("CANCEL")).request.cseq.number == 1
        assert layer.find_invite(request("ACK", "old", 2)).request.cseq.number == 2
        assert layer.find_invite(request("ACK", "z9hG4bK-3")) is None

    assert play(program) == []


def test_a_failure_is_resent_until_its_ack_at_times_that_double_up_to_4_s():
    def program(runtime, layer):
        invite = layer.begin(request("INVITE"), PHONE)
        assert answer(invite, 100)
        assert layer.begin(request("INVITE"), PHONE) is None
        assert answer(invite, 486)
        runtime.sleep(12)
        assert invite.state is State.COMPLETED
        layer.find_invite(request("ACK")).acknowledge()
        assert invite.state is State.CONFIRMED
        assert layer.begin(request("INVITE"), PHONE) is None
        runtime.sleep(4)
        invite.acknowledge()
        assert layer.counts().open == 1
        runtime.sleep(2)
        assert layer.counts() == TransactionCounts(0, 2, 6, 0)

    at_once = [(0, 100), (0, 100), (0, 486)]
    assert play(program) == at_once + [(when, 486) for when in (0.5, 1.5, 3.5, 7.5, 11.5)]


def test_a_failure_that_is_never_acknowledged_is_given_up_after_32_s():
    told = []

    def program(runtime, layer):
        invite = layer.begin(request("INVITE"), PHONE)
        invite.on_unacknowledged = lambda: told.append(runtime.monotonic())
        answer(invite, 486)
        runtime.sleep(60)
        assert layer.counts() == TransactionCounts(0, 0, 10, 1)

    sent = play(program)
    assert [when for when, _ in sent] == [0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert told == [32]


def test_an_accepted_invite_absorbs_repeats_without_a_word_and_ends_in_peace():
    def program(runtime, layer):
        invite = layer.begin(request("INVITE"), PHONE)
        invite.on_unacknowledged = lambda: pytest.fail("it was acknowledged")
        answer(invite, 200)
        runtime.sleep(1)
        assert invite.state is State.ACCEPTED
        assert layer.begin(request("INVITE"), PHONE) is None
        invite.acknowledge()
        runtime.sleep(1)
        invite.acknowledge(in_dialog=True)
        runtime.sleep(32)
        assert layer.counts() == TransactionCounts(0, 1, 2, 0)

    assert play(program) == [(0, 200), (0.5, 200), (1.5, 200)]


def test_there_are_no_more_transactions_than_there_may_be():
    def program(runtime, layer):
        layer.begin(request("OPTIONS"), PHONE)
        with pytest.raises(LimitError, match="1 transactions are open"):
            layer.begin(request("OPTIONS", "z9hG4bK-2"), PHONE)
        assert layer.begin(request("OPTIONS"), PHONE) is None

    play(program, limit=1)


def test_a_request_of_our_own_is_repeated_until_it_is_answered_or_given_up():
    runtime = ControlledRuntime()
    sent, told = Sent(runtime), []

    def program():
        timers = Timers(runtime)
        tokens = iter("xyz")
        client = ClientTransactions(runtime, sent, timers, timing=Timing(), token=lambda: next(tokens), limit=1)
        bye = SipMessage("BYE", "sip:b@localhost", headers=request("BYE").headers[1:])
        assert client.send(bye, PHONE, lambda response: told.append((runtime.monotonic(), response.status)))
        assert not client.send(bye, PHONE, told.append)
        first = sent.last
        assert str(first.vias[0]) == "SIP/2.0/UDP 127.0.0.1:1;rport;branch=z9hG4bKx"
        runtime.sleep(1)
        assert client.receive(response_to(first, 100, ""))
        assert client.receive(response_to(first, 200, "", to_tag="b"))
        assert not client.receive(response_to(first, 200, "", to_tag="b"))
        assert (len(client), client.resent) == (0, 1)
        assert client.send(bye, PHONE, lambda response: told.append((runtime.monotonic(), response)))
        runtime.sleep(40)
        assert (len(client), client.resent) == (0, 11)
        timers.stop()

    runtime.run(program)
    assert told == [(1, 200), (33, None)]
    assert sent.log[:2] == [(0, "BYE"), (0.5, "BYE")]
