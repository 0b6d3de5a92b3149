"""Where datagrams come from and go to: a UDP socket on loopback, or a network in memory.

Both have the same three methods, so the endpoint does not know which it has. The socket is for real threads. The
network in memory is made of the runtime's queues: with a controlled runtime the order of all arrivals is explored.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from collections.abc import Callable
from typing import Protocol

from taskpool.errors import OptionError
from taskpool.runtime import Runtime
from taskpool.runtime.real import default_runtime

__all__ = ["FakeNetwork", "FakeTransport", "Peer", "Transport", "UdpTransport"]

Peer = tuple[str, int]
"""A host, as a number, and a port."""

_LARGEST = 65_536  # bytes; one more than any datagram that is read
_BUFFER = 4 * 1024 * 1024  # bytes asked of the system for a burst; it may give less


class Transport(Protocol):
    """What an endpoint sends and receives by. One thread receives; any thread may send and close."""

    @property
    def address(self) -> Peer:
        """Its own host and port."""

    def receive(self) -> tuple[bytes, Peer] | None:
        """The next datagram and its sender. Blocks. None once it is closed, and ever after."""

    def send(self, datagram: bytes, to: Peer) -> bool:
        """Send without waiting, and return whether it was sent; nobody knows whether it arrives."""

    def close(self) -> None:
        """End it: `receive` returns None, `send` False. Blocks at most until `receive` has returned. Idempotent."""


class UdpTransport:
    """A UDP socket on loopback. It sends nowhere else.

    Args:
        port: 0 for one that is free.
        host: A loopback address, as a number.

    Raises:
        OptionError: If the host is no loopback address.
        OSError: If the port is taken, or cannot be had.
    """

    def __init__(self, port: int = 0, host: str = "127.0.0.1") -> None:
        if not _is_loopback(host):
            raise OptionError(f"host={host!r}: the endpoint serves loopback addresses only, such as '127.0.0.1'")
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            with contextlib.suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
            self._socket.bind((host, port))
        except BaseException:
            self._socket.close()
            raise
        name = self._socket.getsockname()
        self._address: Peer = (name[0], name[1])
        self._receiving = default_runtime().Lock()  # held while the socket is read, so that `close` comes after
        self._closed = False  # written once; a stale read is mended by the datagram that `close` sends

    def __repr__(self) -> str:
        return f"<UdpTransport {self._address[0]}:{self._address[1]}{', closed' if self._closed else ''}>"

    @property
    def address(self) -> Peer:
        return self._address

    def receive(self) -> tuple[bytes, Peer] | None:
        with self._receiving:
            while not self._closed:
                try:
                    datagram, source = self._socket.recvfrom(_LARGEST)
                except ConnectionError:  # some systems report here that nobody had listened to what was sent
                    continue
                return None if self._closed else (datagram, (source[0], source[1]))
        return None

    def send(self, datagram: bytes, to: Peer) -> bool:
        if not _is_loopback(to[0]):
            return False
        try:
            self._socket.sendto(datagram, to)
        except (OSError, OverflowError):
            return False
        return True

    def close(self) -> None:
        self._closed = True
        # If the buffer is too full to take this, `receive` has something to return, and looks again.
        self.send(b"", self._address)
        with self._receiving:
            self._socket.close()


class FakeNetwork:
    """Transports that reach each other in memory. Nothing is lost or reordered unless `lose` says so.

    Open all transports before threads use them.

    Args:
        runtime: Whose queues carry the datagrams.
        lose: Called on the sending thread with each datagram and its receiver; what it says True to does not arrive.
    """

    def __init__(self, runtime: Runtime, lose: Callable[[bytes, Peer], bool] | None = None) -> None:
        self.runtime = runtime
        self.lose = lose
        self.transports: dict[Peer, FakeTransport] = {}

    def open(self) -> FakeTransport:
        """A transport with an address of its own: ports count from 1."""
        transport = FakeTransport(self, ("127.0.0.1", len(self.transports) + 1))
        self.transports[transport.address] = transport
        return transport


class FakeTransport:
    """One end of a `FakeNetwork`, which makes it."""

    def __init__(self, network: FakeNetwork, address: Peer) -> None:
        self.network = network
        self._address = address
        self._arrived = network.runtime.Queue(f"datagrams for port {address[1]}")
        self._closed = network.runtime.Event(f"port {address[1]} is closed")

    @property
    def address(self) -> Peer:
        return self._address

    def receive(self) -> tuple[bytes, Peer] | None:
        arrived: tuple[bytes, Peer] | None = self._arrived.get()
        if arrived is None:
            self._arrived.put(None)
        return arrived

    def send(self, datagram: bytes, to: Peer) -> bool:
        receiver = self.network.transports.get(to)
        if receiver is None or self._closed.is_set():
            return False
        if self.network.lose is None or not self.network.lose(datagram, to):
            receiver._arrived.put((datagram, self._address))
        return True

    def close(self) -> None:
        self._closed.set()
        self._arrived.put(None)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
