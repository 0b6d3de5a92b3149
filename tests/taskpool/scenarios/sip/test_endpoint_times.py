"""The endpoint in virtual time, where time matters: lost datagrams, slow lookups, pauses, deadlines."""

from __future__ import annotations

import pytest

from taskpool.scenarios.sip.endpoint import StopReport
from taskpool.scenarios.sip.requests import Requests
from tests.taskpool.scenarios.sip.phone import DESIGNS, played


@pytest.fixture(params=DESIGNS)
def design(request):
    return request.param


def test_an_answer_that_is_lost_is_sent_again_and_an_invite_too(design):
    def program(endpoint, phones):
        phone = phones()
        network = phone.transport.network
        lost = []

        def lose(datagram, to):
            first = datagram.startswith(b"SIP/2.0 200") and not lost
            lost.extend([datagram] * first)
            return first

        network.lose = lose
        phone.send("INVITE")
        phone.expect(100, 180)
        phone.again("INVITE")
        answer = phone.expect(200)
        assert endpoint.runtime.monotonic() == 0.5
        phone.to_tag = answer.to_address.tag
        phone.ack()
        phone.send("BYE")
        phone.expect(200)
        phone.again("BYE")
        phone.expect(200)

    endpoint = played(program, design, "controlled")
    assert (endpoint.state()["absorbed"], endpoint.state()["resent"]) == (2, 2)
    assert endpoint.counts.of("completed") == 1


def test_a_call_that_is_never_acknowledged_is_hung_up_after_32_s(design):
    def program(endpoint, phones):
        phone = phones()
        invite = phone.send("INVITE")
        phone.expect(100, 180, 200)
        phone.send("ACK", number=1, branch=invite.vias[0].branch, to_tag=None)  # of no dialog
        phone.expect(*[200] * 10, "BYE")
        assert endpoint.runtime.monotonic() == 32
        endpoint.runtime.sleep(40)
        state = endpoint.state()
        assert {name: state[name] for name in ("dialogs", "transactions", "timers", "waiting")} == {
            "dialogs": 0,
            "transactions": 0,
            "timers": 0,
            "waiting": 0,
        }
        names = {serializer.name.rstrip("0123456789") for serializer in endpoint.pool.statistics().serializers}
        assert names == {"pjsip/distributor-", "pjsip/options-", "pjsip/transferer"}

    endpoint = played(program, design, "controlled")
    assert (endpoint.counts.of("failed"), endpoint.counts.of("completed")) == (1, 0)


def answered_during(design, pauses, threads):
    """The time at which OPTIONS was answered that came while so many calls were paused for 10 s."""

    def program(endpoint, phones):
        paused = [phones(f"call-{number}") for number in range(pauses)]
        for phone in paused:
            phone.dial()
        managers = [endpoint.runtime.spawn(endpoint.ami_redirect, phone.call, name=phone.call) for phone in paused]
        endpoint.runtime.sleep(1)
        other = phones("other")
        other.send("OPTIONS")
        other.expect(200)
        times.append(endpoint.runtime.monotonic())
        for manager in managers:
            manager.join()

    times = []
    endpoint = played(program, design, "controlled", threads, replace_time=10)
    assert endpoint.counts.of("transferred") == pauses
    return times[0]


def test_pauses_hold_no_thread_of_the_taskpool_and_all_of_a_bounded_threadpool():
    assert answered_during("taskpool", 3, 2) == 1
    assert answered_during("threadpool", 3, 2) == 1
    assert answered_during("threadpool-bounded", 3, 2) == 10


def test_a_transfer_that_waits_for_a_thread_while_it_holds_the_last_one_hangs_the_older_pool():
    def program(endpoint, phones):
        phone = phones()
        phone.dial()
        phone.send("REFER", headers=[("Refer-To", "<sip:elsewhere@localhost>")])
        phone.expect(202)
        if design == "taskpool":
            phone.expect("NOTIFY", "NOTIFY")
            return
        endpoint.runtime.sleep(1)
        phone.send("INFO")
        endpoint.runtime.sleep(1)
        assert "is kept until pjsip/session-1 is resumed" in str(endpoint.pool.stall())
        assert endpoint.stop(1) == StopReport(in_time=False, dropped=1, unhandled=1, running=0)

    for design in ("taskpool", "threadpool-bounded"):
        endpoint = played(program, design, "controlled", 1, notify_wait=True, replace_time=0.1)
        assert endpoint.counts.of("transferred") == (design == "taskpool")


def test_a_slow_lookup_holds_one_thread_and_its_call_cannot_be_cancelled_meanwhile(design):
    def program(endpoint, phones):
        slow, other = phones("slow"), phones("other")
        invite = slow.send("INVITE", user="slow")
        slow.expect(100, 180)
        slow.send("CANCEL", number=invite.cseq.number, branch=invite.vias[0].branch)
        slow.expect(200)
        other.send("OPTIONS")
        other.expect(200)
        assert endpoint.runtime.monotonic() == 0
        assert slow.expect(200).cseq.method == "INVITE"
        assert endpoint.runtime.monotonic() == 2
        slow.ack()

    endpoint = played(program, design, "controlled", 3, lookups={"slow": 2}, distributors=31)
    assert (endpoint.counts.of("answered"), endpoint.counts.of("cancelled")) == (1, 0)


def test_messages_beyond_those_that_may_wait_are_dropped_and_counted(design):
    def program(endpoint, phones):
        phone = phones()
        phone.send("INVITE", user="slow")
        phone.expect(100, 180)
        phone.send("CANCEL", number=1, branch=phone.last["INVITE"].vias[0].branch)
        phone.expect(200)
        for _ in range(4):
            phone.send("OPTIONS")
        endpoint.runtime.sleep(1)
        assert endpoint.counts.of("overloaded") == 2
        endpoint.runtime.sleep(2)
        phone.send("OPTIONS")
        answers = 0
        while answers < 3:  # the answer to INVITE comes again and again
            answers += phone.receive().cseq.method == "OPTIONS"

    endpoint = played(program, design, "controlled", 3, lookups={"slow": 2}, max_waiting=3, distributors=1)
    assert endpoint.counts.of("options") == 3


def test_what_has_not_ended_when_the_deadline_passes_is_reported(design, caplog):
    def stuck(self, transaction):
        self.core.runtime.sleep(3600)

    def program(endpoint, phones):
        phone = phones()
        for _ in range(3):
            phone.send("OPTIONS")
        endpoint.runtime.sleep(1)
        assert endpoint.stop(1) == StopReport(in_time=False, dropped=0, unhandled=3, running=1)
        assert endpoint.runtime.monotonic() == pytest.approx(2.1)

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(Requests._HANDLERS, "OPTIONS", stuck)
        played(program, design, "controlled", distributors=1)
    assert "endpoint pjsip did not stop in order" in caplog.text


def test_a_handler_that_fails_is_answered_500_and_ends_nothing(design, caplog):
    def broken(self, transaction):
        raise ZeroDivisionError("a bug")

    def program(endpoint, phones):
        phone = phones()
        phone.send("OPTIONS")
        phone.expect(500)
        phone.send("REGISTER")
        phone.expect(200)

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(Requests._HANDLERS, "OPTIONS", broken)
        endpoint = played(program, design, "controlled")
    assert endpoint.counts.of("errors") == 1
    assert "ZeroDivisionError: a bug" in caplog.text


def test_without_distributors_the_pool_takes_what_is_outside_of_dialogs(design):
    def program(endpoint, phones):
        phone = phones()
        phone.dial()
        phone.send("BYE")
        phone.expect(200)

    assert played(program, design, "controlled", distributors=0).counts.of("completed") == 1
