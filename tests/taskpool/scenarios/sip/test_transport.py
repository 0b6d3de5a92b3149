"""Both transports: what arrives, what does not, and how they end."""

import pytest

from taskpool.errors import OptionError
from taskpool.runtime.controlled import ControlledRuntime
from taskpool.runtime.real import RealRuntime
from taskpool.scenarios.sip.transport import FakeNetwork, UdpTransport


@pytest.fixture
def pair():
    """Two sockets, closed when the test ends."""
    pair = (UdpTransport(), UdpTransport())
    yield pair
    for transport in pair:
        transport.close()


@pytest.mark.threads
def test_a_datagram_arrives_with_its_sender(pair):
    one, two = pair
    assert one.send(b"hello", two.address)
    assert two.receive() == (b"hello", one.address)


@pytest.mark.threads
def test_closing_wakes_who_receives(pair):
    one, two = pair
    got = []
    thread = RealRuntime().spawn(lambda: got.append(one.receive()), name="receiver")
    one.close()
    one.close()
    thread.join(60)
    assert got == [None]
    assert one.receive() is None
    assert not one.send(b"x", two.address)
    assert repr(one) == f"<UdpTransport 127.0.0.1:{one.address[1]}, closed>"


@pytest.mark.threads
def test_nothing_leaves_loopback(pair):
    one, _ = pair
    for to in (("192.0.2.1", 5060), ("localhost", 5060), ("", 5060), ("127.0.0.1", 70_000), ("127.0.0.1", 0)):
        assert not one.send(b"x", to)
    with pytest.raises(OptionError, match="host='0.0.0.0': the endpoint serves loopback addresses only"):
        UdpTransport(host="0.0.0.0")


@pytest.mark.threads
def test_a_port_that_is_taken_is_refused(pair):
    with pytest.raises(OSError, match="in use"):
        UdpTransport(pair[0].address[1])


def test_the_network_in_memory_does_the_same():
    runtime = ControlledRuntime()

    def program():
        network = FakeNetwork(runtime, lose=lambda datagram, to: datagram == b"lost")
        one, two = network.open(), network.open()
        assert (one.address, two.address) == (("127.0.0.1", 1), ("127.0.0.1", 2))
        for datagram in (b"a", b"lost", b"b"):
            assert one.send(datagram, two.address)
        assert not one.send(b"x", ("127.0.0.1", 3))
        assert [two.receive(), two.receive()] == [(b"a", one.address), (b"b", one.address)]
        waiting = runtime.spawn(two.receive, name="receiver")
        two.close()
        waiting.join()
        assert two.receive() is None
        assert not two.send(b"x", one.address)

    runtime.run(program)
