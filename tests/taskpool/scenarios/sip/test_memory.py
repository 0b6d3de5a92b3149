"""When calls have ended nothing of them is left: no dialog, transaction, timer or serializer, and no object."""

from __future__ import annotations

import gc
from collections import Counter

import pytest

from taskpool.scenarios.sip.message import SipMessage
from taskpool.scenarios.sip.session import Session
from taskpool.scenarios.sip.timers import Timer
from taskpool.scenarios.sip.transactions import ServerTransaction
from tests.taskpool.scenarios.sip.phone import DESIGNS, played

EMPTY = {"dialogs": 0, "transfers": 0, "transactions": 0, "bindings": 0, "timers": 0, "waiting": 0}
KINDS = (Session, ServerTransaction, Timer, SipMessage)


def traffic(phone, call, transfer):
    """A call, perhaps with a transfer, and what needs no call."""
    phone.call, phone.to_tag = f"call-{call}", None
    phone.dial()
    if transfer:
        phone.send("REFER", headers=[("Refer-To", "<sip:elsewhere@localhost>")])
        phone.take(202, "NOTIFY", "NOTIFY")
    phone.send("BYE")
    phone.expect(200)
    phone.to_tag = None
    phone.send("REGISTER", user=f"user-{call}", headers=[("Expires", "0")])
    phone.expect(200)
    phone.send("INFO", to_tag="nobody")
    phone.expect(481)
    phone.last.clear()


def open_serializers(endpoint):
    return {one.name for one in endpoint.pool.statistics().serializers}


@pytest.fixture(params=DESIGNS)
def design(request):
    return request.param


@pytest.mark.parametrize("transfer", [False, True])
def test_calls_that_have_ended_leave_nothing(design, transfer):
    def program(endpoint, phones):
        phone, before = phones(), open_serializers(endpoint)
        known = {id(one) for one in gc.get_objects() if isinstance(one, KINDS)}
        for call in range(20):
            traffic(phone, call, transfer)
        assert endpoint.state()["transactions"] > 0
        endpoint.runtime.sleep(40)  # the transactions' 32 s, in virtual time
        assert {name: endpoint.state()[name] for name in EMPTY} == EMPTY
        assert endpoint.calls() == []
        assert open_serializers(endpoint) == before
        if not transfer:  # the controlled runtime keeps, as a record, what each thread was started with
            gc.collect()
            kept = [one for one in gc.get_objects() if isinstance(one, KINDS) and id(one) not in known]
            assert Counter(type(one).__name__ for one in kept) == {}

    endpoint = played(program, design, "controlled", replace_time=0.1)
    assert (endpoint.counts.of("completed"), endpoint.counts.of("transferred")) == (20, 20 * transfer)
