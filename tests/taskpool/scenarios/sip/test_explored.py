"""The endpoint under the explorer: whatever the schedule, calls end in order and no message meets half a channel."""

from __future__ import annotations

import contextlib
from itertools import count

import pytest

from taskpool.explore import explore, random_walks
from taskpool.scenarios.sip.core import EndpointOptions
from taskpool.scenarios.sip.endpoint import Endpoint, NoSuchCallError
from taskpool.scenarios.sip.transport import FakeNetwork
from tests.taskpool.scenarios.sip.phone import Phone, small_pool


class Silent:
    """A second pool that delivers nothing, so that its thread multiplies no schedules."""

    threads = ()

    def serializer(self, name):
        return self

    def push(self, *task):
        pass

    def shutdown(self, wait=True):
        pass


def program(design, play, silent=False, **expected):
    """A program of one phone, an endpoint on pools of one thread, and what must have been counted at the end."""

    def run(runtime):
        network = FakeNetwork(runtime)
        own, far = network.open(), network.open()
        pool = small_pool(design, runtime, "pool", 1)
        stasis = Silent() if silent else small_pool(design, runtime, "stasis", 1)
        tokens = count(1)
        # Shorter than T1, so that no NOTIFY is repeated: its answer waits for the pause to end.
        options = EndpointOptions(distributors=1, replace_time=0.1)
        endpoint = Endpoint(own, pool, stasis, options, runtime=runtime, token=lambda: f"t{next(tokens)}")
        play(endpoint, Phone(far, own.address))
        report = endpoint.stop(60)

        def check():
            assert report.in_time, report
            got = {name: endpoint.counts.of(name) for name in ("broken", "errors", "deadlocks", "failed", *expected)}
            assert got == {"broken": 0, "errors": 0, "deadlocks": 0, "failed": 0, **expected}

        return check

    return run


def options(endpoint, phone):
    phone.send("OPTIONS")
    phone.expect(200)


def call(endpoint, phone):
    phone.dial()
    phone.send("BYE")
    phone.expect(200)


def refer(endpoint, phone):
    phone.dial()
    phone.send("REFER", headers=[("Refer-To", "<sip:elsewhere@localhost>")])
    phone.send("INFO")
    phone.take(202, 200, "NOTIFY", "NOTIFY")
    phone.send("BYE")
    phone.expect(200)


def redirect_against_bye(endpoint, phone):
    def redirect():
        with contextlib.suppress(NoSuchCallError):  # it has ended
            endpoint.ami_redirect("call-1")

    phone.dial()
    transfer = endpoint.runtime.spawn(redirect, name="manager")
    phone.send("INFO")
    phone.send("BYE")
    phone.expect(200, 200)
    transfer.join()


def cancel_against_answer(endpoint, phone):
    invite = phone.send("INVITE")
    phone.send("CANCEL", number=invite.cseq.number, branch=invite.vias[0].branch)
    answers = [phone.receive() for _ in range(4)]
    final = next(one for one in answers if one.status >= 200 and one.cseq.method == "INVITE")
    phone.to_tag = final.to_address.tag
    phone.ack(failed=final.status >= 300)
    if final.status == 200:
        phone.send("BYE")
        phone.expect(200)


def test_every_schedule_of_one_request_on_the_taskpool():
    report = explore(program("taskpool", options, options=1))
    assert report.exhausted
    assert report.failures == []
    assert report.schedules > 1


def test_every_schedule_of_a_call_set_up_and_torn_down_on_the_taskpool():
    report = explore(program("taskpool", call, silent=True, completed=1))
    assert report.exhausted
    assert report.failures == []
    assert report.schedules > 1_000


def test_every_transfer_with_a_message_in_the_middle_on_which_no_thread_is_made_to_wait():
    # The bound: threads change only where one cannot go on. Beyond it, see the many schedules below.
    report = explore(program("taskpool", refer, silent=True, completed=1, transferred=1), "dfs", preemptions=0)
    assert report.failures == []
    assert 50 < report.schedules < 100_000  # so the search has come to its end


@pytest.mark.parametrize("design", ["taskpool", "threadpool"])
@pytest.mark.parametrize(
    ("play", "expected"),
    [
        (call, {"completed": 1}),
        (refer, {"completed": 1, "transferred": 1}),
        (redirect_against_bye, {"completed": 1}),
        (cancel_against_answer, {"calls": 1}),
    ],
)
def test_calls_and_transfers_on_many_schedules(design, play, expected):
    for report in (
        random_walks(program(design, play, **expected), 50),
        random_walks(program(design, play, **expected), 30, depth=3),
        explore(program(design, play, **expected), max_schedules=30),
    ):
        assert [failure.message for failure in report.failures] == []
        assert report.schedules >= 30
