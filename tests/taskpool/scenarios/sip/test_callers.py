"""Our own client: what a caller hears, in virtual time on every design; and as a process, over loopback."""

from __future__ import annotations

import json
from itertools import count

import pytest

from taskpool import Recorder
from taskpool.__main__ import main
from taskpool.errors import OptionError
from taskpool.runtime.controlled import ControlledRuntime
from taskpool.runtime.real import RealRuntime
from taskpool.scenarios.sip.callers import Callers, Heard
from taskpool.scenarios.sip.core import EndpointOptions
from taskpool.scenarios.sip.endpoint import Endpoint
from taskpool.scenarios.sip.load import WORKLOADS, run_once
from taskpool.scenarios.sip.own_client import OwnCaller
from taskpool.scenarios.sip.transport import FakeNetwork, UdpTransport
from tests.taskpool.scenarios.sip.phone import DESIGNS, small_pool

AT_ONCE = Heard("south", 0, 0, 0, 0, "completed")


@pytest.fixture(params=DESIGNS)
def design(request):
    return request.param


def heard(design, program, lose=None, **options):
    """Run ``program(callers, endpoint)`` in virtual time; what the callers heard, and the endpoint, stopped."""
    runtime = ControlledRuntime(recorder=Recorder())
    kept = []

    def body():
        network = FakeNetwork(runtime, lose)
        own, far = network.open(), network.open()
        pool = small_pool(design, runtime, "pool", recorder=runtime.recorder)
        stasis = small_pool(design, runtime, "stasis")
        tokens = count(1)
        token = lambda: f"t{next(tokens)}"  # noqa: E731 - one expression
        endpoint = Endpoint(own, pool, stasis, EndpointOptions(**options), runtime=runtime, token=token)
        with endpoint, Callers(far, own.address, runtime=runtime) as callers:
            program(callers, endpoint)
            kept.extend((callers.wait(), callers, endpoint))

    runtime.run(body)
    return kept


def test_a_call_is_answered_and_hung_up(design):
    (one,), callers, endpoint = heard(design, lambda callers, endpoint: callers.place())
    assert one == AT_ONCE
    assert [(arrow, what) for _, arrow, what in callers.log] == [
        ("->", "INVITE"),
        ("<-", "100 Trying (INVITE)"),
        ("<-", "180 Ringing (INVITE)"),
        ("<-", "200 OK (INVITE)"),
        ("->", "ACK"),
        ("->", "BYE"),
        ("<-", "200 OK (BYE)"),
    ]
    assert endpoint.counts.of("completed") == 1


def test_what_is_lost_is_sent_again_by_both_sides(design):
    for lost, expected in (
        (b"INVITE ", Heard("south", 0.5, 0.5, 0.5, 1, "completed")),
        (b"SIP/2.0 200", Heard("south", 0, 0.5, 0.5, 0, "completed")),
        (b"BYE ", Heard("south", 0, 0, 0.5, 1, "completed")),
    ):
        left = [lost]

        def lose(datagram, to, left=left):
            return bool(left) and datagram.startswith(left[0]) and bool(left.pop())

        (one,), _, endpoint = heard(design, lambda callers, endpoint: callers.place(), lose)
        assert one == expected
        assert endpoint.counts.of("completed") == 1


def test_a_caller_that_hears_nothing_gives_up(design):
    def lose(datagram, to):
        return datagram.startswith(b"SIP/2.0")

    (one,), _, _ = heard(design, lambda callers, endpoint: callers.place(), lose)
    assert one == Heard("south", None, None, 10, 4, "no answer to INVITE")  # again at 0.5, 1.5, 3.5 and 7.5 s


def test_a_transfer_takes_as_long_as_the_pause(design):
    (one,), _, endpoint = heard(design, lambda callers, endpoint: callers.place(transfer=True), replace_time=0.3)
    assert one == Heard("south", 0, 0, 0.3, 0, "completed")
    assert endpoint.counts.of("transferred") == 1


def test_a_refusal_is_acknowledged_and_told(design):
    def program(callers, endpoint):
        callers.place()
        callers.place()

    both, _, endpoint = heard(design, program, max_dialogs=1, ring_time=1)
    assert [one.outcome for one in both] == ["completed", "refused 503"]
    assert endpoint._core.server.counts().unacknowledged == 0


def test_a_call_that_the_endpoint_ends_is_told(design):
    def program(callers, endpoint):
        callers.place(transfer=True)
        endpoint.runtime.sleep(1)
        endpoint.runtime.spawn(endpoint.stop, 60, name="stopper")

    (one,), _, endpoint = heard(design, program, replace_time=3600)
    assert (one.answered, one.ended, one.outcome) == (0, 1, "ended by the other side")
    assert endpoint.stop().in_time


def test_calls_begin_evenly_and_only_so_many_at_once():
    def began(**limits):
        _, callers, _ = heard("taskpool", lambda callers, _: callers.place_all(4, 2, **limits), ring_time=1.25)
        return [time for time, arrow, what in callers.log if what == "INVITE"]

    assert began() == [0, 0.5, 1, 1.5]
    assert began(at_once=1) == [0, 1.25, 2.5, 3.75]


def test_a_trace_names_the_tasks_after_their_requests():
    def program(callers, endpoint):
        callers.place()
        callers.wait()

    _, callers, _ = heard("taskpool", program)
    trace = callers.runtime.recorder.trace()
    labels = [event.detail["label"] for event in trace.of_kind("task_pushed") if "turn" not in event.detail]
    assert labels == ["INVITE", "ring", "ACK", "BYE"]
    assert [event.detail["label"] for event in trace.of_kind("task_inlined")] == ["answer"]


@pytest.mark.threads
def test_as_a_process_it_says_what_was_heard(tmp_path, capsys):
    runtime = RealRuntime()
    pool, stasis = (small_pool("taskpool", runtime, name) for name in ("pool", "stasis"))
    with Endpoint(UdpTransport(), pool, stasis, EndpointOptions(replace_time=0), runtime=runtime) as endpoint:
        to = "{}:{}".format(*endpoint.address)
        assert main(["sip-call", to, "--calls", "3", "--rate", "100", "--json", str(tmp_path / "heard.json")]) == 0
        out = capsys.readouterr().out
        assert out.startswith("3 completed\nanswered after ")
        assert [one["outcome"] for one in json.loads((tmp_path / "heard.json").read_text())] == ["completed"] * 3
        with OwnCaller(endpoint.address, "transfer", rate=100, calls=3, at_once=1) as caller:
            result = caller.result()
        assert (result.calls, result.completed, len(result.times)) == (3, 3, 3)
    assert endpoint.counts.of("transferred") == 3


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["sip-call", "5060"], "'5060': write it as HOST:PORT"),
        (["sip-call", "127.0.0.1:x"], "write it as HOST:PORT"),
        (["sip-call", "127.0.0.1:5060", "--calls", "0"], "must be at least 1"),
        (["sip-call", "127.0.0.1:5060", "--json", "/no/such/folder/x"], "there is no folder"),
        (["sip-load", "--client", "no"], "client='no': choose one of sipp, own"),
    ],
)
def test_what_sip_call_cannot_do_is_one_line(argv, message, capsys):
    assert main(argv) == 2
    assert message in capsys.readouterr().err


@pytest.mark.threads
def test_a_load_by_our_own_client_is_watched():
    seen = []
    row = run_once("calls", "taskpool", seconds=1, rate=20, client="own", watch=lambda endpoint: seen.append(endpoint))
    assert (row.completed, row.failed) == (20, 0)
    assert len(seen) >= 2
    again = run_once("calls", "taskpool", seconds=1, rate=20, client="own")
    assert again.kept < 20 * 20  # a call that is kept has hundreds
    with pytest.raises(OptionError, match="our own client knows uac and transfer only"):
        run_once("registrations", "taskpool", seconds=1, client="own")
    assert {one.beside[0] for one in WORKLOADS.values() if one.beside} <= {"uac", "transfer"}
