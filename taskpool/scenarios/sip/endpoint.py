"""The endpoint: a receiving thread that only chooses a serializer, and tasks that do everything else.

A request of a dialog goes to the dialog's own serializer; any other message to one of the distributors, chosen by a
hash of its Call-ID and From tag; what is too malformed for that, and can be answered, to the pool. A second pool
delivers what is published about channels and dialogs. The original's counterparts: the distributor of ``res_pjsip``,
``res_pjsip_session``, and stasis with a pool of its own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from zlib import crc32

from taskpool.errors import PoolShutDown, TaskPoolError
from taskpool.runtime import Runtime
from taskpool.scenarios.designs import AnyPool
from taskpool.scenarios.sip.core import ALLOW, ChannelEvent, Core, DialogEvent, EndpointOptions
from taskpool.scenarios.sip.counts import Counts
from taskpool.scenarios.sip.headers import SipError
from taskpool.scenarios.sip.requests import Requests
from taskpool.scenarios.sip.transfer import Transfers
from taskpool.scenarios.sip.transport import Peer, Transport
from taskpool.scenarios.sip.wire import FirstLook, first_look
from taskpool.scenarios.stasis import Bus

__all__ = ["Endpoint", "NoSuchCallError", "StopReport"]

_log = logging.getLogger("taskpool.scenarios.sip")

_LABELS = (*ALLOW.split(", "), "request", "response", "malformed")  # of tasks, in traces


class NoSuchCallError(TaskPoolError, LookupError):
    """No call has that Call-ID."""


@dataclass(frozen=True, slots=True)
class StopReport:
    """How an endpoint stopped.

    Attributes:
        in_time: Whether everything ended in order before the deadline.
        dropped: Calls that had not ended by then.
        unhandled: Messages that were accepted and whose task had not ended by then; those queued were discarded.
        running: Threads that were still in a task by then; each ends after it.
    """

    in_time: bool
    dropped: int
    unhandled: int
    running: int


class Endpoint:
    """A SIP endpoint on a pool, open once made. Use it with ``with``, or call `stop`.

    Args:
        transport: What it receives and sends by; it is closed by `stop`.
        pool: Runs the tasks; it is shut down by `stop`.
        stasis: Delivers what is published on `bus`; another pool, shut down by `stop`.
        options: How it behaves, and how much it takes on.
        runtime: The pools' runtime.
        name: Begins the names of its serializers and threads, which are unique on the runtime.
        token: Makes tags and branches; None for what nobody can guess.

    Raises:
        DuplicateNameError: If another endpoint on the runtime has the name. The transport and the pools stay open.
        PoolShutDown: If a pool is shut down.

    Attributes:
        bus: Topics ``channels`` and ``dialogs``, for everybody to subscribe to.
        counts: What has happened so far.
        events: How often each kind of event was delivered by the second pool; a read that may be stale.
    """

    def __init__(
        self,
        transport: Transport,
        pool: AnyPool,
        stasis: AnyPool,
        options: EndpointOptions | None = None,
        *,
        runtime: Runtime,
        name: str = "pjsip",
        token: Callable[[], str] | None = None,
    ) -> None:
        self.runtime = runtime
        self.pool = pool
        self.stasis = stasis
        self._core = core = Core(name, runtime, transport, pool, options or EndpointOptions(), token)
        self.bus: Bus = core.bus
        self.counts: Counts = core.counts
        self.events: dict[str, int] = {}
        try:
            self._transfers = Transfers(core)
            self._requests = Requests(core, self._transfers)
            self._distributors = [
                pool.serializer(f"{name}/distributor-{number:02}") for number in range(core.options.distributors)
            ]
            everything = self.bus.topic("all")
            for topic in (core.channels, core.changes):
                topic.forward(everything)
            everything.subscribe(f"{name}/ledger", self._note, pool=stasis)  # type: ignore[arg-type]  # any design's
        except BaseException:
            core.timers.stop()
            raise
        self._tasks = {label: _labelled(label, self._counted) for label in _LABELS}
        self._accepted = self._known_handled = 0  # the receiving thread's own
        self._report: StopReport | None = None
        self._stopping = runtime.Lock(f"{name} stops")
        self._receiver = runtime.spawn(self._receive, name=f"{name}/receiver")

    def __enter__(self) -> Endpoint:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None or issubclass(kind, Exception):
            self.stop()
        else:
            self.stop(0)

    @property
    def address(self) -> Peer:
        """Where it can be reached."""
        return self._core.transport.address

    @property
    def options(self) -> EndpointOptions:
        """How it behaves."""
        return self._core.options

    def calls(self) -> list[str]:
        """The Call-IDs of the calls that are up. Any thread."""
        return [session.call_id for session in self._core.dialogs.all()]

    def state(self) -> dict[str, int]:
        """How much it holds now: dialogs, transfers, transactions, bindings, timers, messages waiting. Any thread."""
        core = self._core
        server = core.server.counts()
        return {
            "dialogs": len(core.dialogs),
            "transfers": len(self._transfers),
            "transactions": server.open + len(core.client),
            "bindings": len(core.registrar),
            "timers": len(core.timers),
            "waiting": self.counts.of("accepted") - self.counts.of("handled"),
            "absorbed": server.absorbed,
            "resent": server.resent + core.client.resent,
        }

    def ami_redirect(self, call_id: str, target: str = "sip:elsewhere@localhost") -> bool:
        """Transfer a call from outside, as the manager interface does: pause it, replace its channel, resume.

        Blocks until it is done. From outside the pool only.

        Returns:
            Whether it was done: not if the call is being transferred already, or ended first.

        Raises:
            NoSuchCallError: If there is no such call.
            LimitError: If there are as many transfers as there may be.
        """
        session = self._core.dialogs.of_call(call_id)
        if session is None:
            raise NoSuchCallError(f"no call has the Call-ID {call_id!r}: see calls()")
        return self._transfers.redirect(session, target)

    def stop(self, deadline: float = 5.0) -> StopReport:
        """End every call, then the transport, then both pools; what is left after the deadline is dropped. Idempotent.

        New requests are answered 503 meanwhile; calls that ring are refused, calls that are up get a BYE. Blocks, at
        most about ``deadline`` seconds; from outside the pools only.
        """
        with self._stopping:
            if self._report is None:
                self._report = self._stop(self.runtime.monotonic() + deadline)
        return self._report

    def _stop(self, until: float) -> StopReport:
        core = self._core

        def left() -> float:
            return max(0.0, until - self.runtime.monotonic())

        core.stopping.set()
        for session in core.dialogs.all():
            session.push(session.leave)
        core.dialogs.wait_until_none(left())
        self._transfers.wait_until_none(left())
        core.transport.close()
        self._receiver.join()
        core.timers.stop()
        running = 0
        for pool in (self.pool, self.stasis):
            running += _shut_down(pool, left)
        dropped = len(core.dialogs)
        unhandled = self.counts.of("accepted") - self.counts.of("handled")
        report = StopReport(not (dropped or unhandled or running), dropped, unhandled, running)
        if not report.in_time:
            _log.warning("endpoint %s did not stop in order: %s", core.name, report)
        return report

    # -- The receiving thread.

    def _receive(self) -> None:
        transport = self._core.transport
        while (arrived := transport.receive()) is not None:
            self._take(*arrived)

    def _take(self, datagram: bytes, source: Peer) -> None:
        counts = self.counts
        counts.add("received")
        try:
            look = first_look(datagram)
        except SipError as error:
            if error.request is None:
                counts.add("dropped")
            elif not self._overloaded():
                self._queue("malformed", self.pool, self._requests.refuse, error, source)
            return
        if self._overloaded():
            return
        # A response ends the repeating of a request of ours; it must not wait for its call's pause.
        request = look.status is None
        session = self._core.dialogs.find(look.call_id, look.to_tag, look.from_tag) if request else None
        label, handle = look.method or "response", self._requests.handle
        if session is not None and self._queue(label, session.serializer, handle, session, datagram, source):
            return
        if not self._queue(label, self._distributor(look), handle, None, datagram, source):
            counts.add("dropped")

    def _distributor(self, look: FirstLook) -> Any:
        if not self._distributors:
            return self.pool
        both = f"{look.call_id}\0{look.from_tag or ''}"
        return self._distributors[crc32(both.encode()) % len(self._distributors)]

    def _overloaded(self) -> bool:
        """Whether too many messages wait for a task; counted then."""
        most = self._core.options.max_waiting
        if self._accepted - self._known_handled >= most:
            self._known_handled = self.counts.of("handled")
            if self._accepted - self._known_handled >= most:
                self.counts.add("overloaded")
                return True
        return False

    def _queue(self, label: str, serializer: Any, fn: Callable[..., None], *args: object) -> bool:
        """Queue a task that is counted when it ends; False if the serializer or the pool has ended."""
        try:
            serializer.push(self._tasks.get(label, self._tasks["request"]), fn, *args)
        except PoolShutDown:
            return False
        self._accepted += 1
        self.counts.add("accepted")
        return True

    def _counted(self, fn: Callable[..., None], *args: object) -> None:
        try:
            fn(*args)
        except Exception:
            self.counts.add("errors")
            raise
        finally:
            self.counts.add("handled")

    # -- The second pool.

    def _note(self, event: ChannelEvent | DialogEvent) -> None:
        what = "channel" if isinstance(event, ChannelEvent) else "dialog"
        key = f"{what} {event.kind}"
        self.events[key] = self.events.get(key, 0) + 1


def _labelled(label: str, fn: Callable[..., None]) -> Callable[..., None]:
    def task(*args: object) -> None:
        fn(*args)

    task.__name__ = label
    return task


def _shut_down(pool: Any, left: Callable[[], float]) -> int:
    """End a pool in order if time is left for that, else at once; how many of its threads are still in a task."""
    pool.shutdown(wait=False)
    for thread in list(pool.threads):
        thread.join(left())
    running = [thread for thread in list(pool.threads) if thread.is_alive()]
    if running:
        pool.abort()
        for thread in running:
            thread.join(0.1)  # those that only waited end now
    return sum(thread.is_alive() for thread in running)
