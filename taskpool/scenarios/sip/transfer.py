"""Transfers: pause a call's serializer, replace its channel, resume, while messages for the call keep arriving.

Each transfer has a thread of its own outside the pool, as the original's are run by a bridge's or the manager's
thread: nothing inside a pool may pause one of its serializers. While the call is paused, its transferer is told so
over another serializer. On the older pool the pause holds a thread of the pool, and that message needs one more: where
the transfer waits for it (`EndpointOptions.notify_wait`), a pool whose threads are all held never moves again.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from taskpool.errors import DeadlockError, TaskPoolError
from taskpool.scenarios.sip.core import ChannelEvent, Core
from taskpool.scenarios.sip.transactions import LimitError

if TYPE_CHECKING:
    from taskpool.scenarios.sip.session import Session

__all__ = ["Transfers"]

_log = logging.getLogger("taskpool.scenarios.sip")


class Transfers:
    """All transfers of an endpoint. Methods: any thread."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.transferer = core.pool.serializer(f"{core.name}/transferer")
        self._changed = core.runtime.Condition(core.runtime.Lock("sip transfers"), "sip transfers")
        self._sessions: set[Session] = set()  # guarded by _changed
        self._number = 0

    def claim(self, session: Session) -> bool:
        """Reserve a transfer; False if the call has one already.

        Raises:
            LimitError: If there are as many as there may be.
        """
        most = self.core.options.max_transfers
        with self._changed:
            if session in self._sessions:
                return False
            if len(self._sessions) >= most:
                raise LimitError(f"{most} transfers are in progress: no more until some have ended")
            self._sessions.add(session)
        return True

    def begin(self, session: Session, target: str) -> None:
        """Run a claimed transfer on a thread of its own, and send the transferer NOTIFYs. Does not block."""
        try:
            self.core.runtime.spawn(self._run, session, target, name=f"{self.core.name}/transfer-{session.number}")
        except RuntimeError:  # the system has no more threads
            self._release(session)
            session.notify("503 Service Unavailable", final=True)

    def redirect(self, session: Session, target: str) -> bool:
        """Run a transfer on the calling thread, which must be outside the pool, and without NOTIFYs. Blocks.

        Returns:
            Whether it was done: not if the call is being transferred already, or the call or the pool ended first.

        Raises:
            LimitError: As `claim`.
        """
        if not self.claim(session):
            return False
        try:
            return self._replace(session, target, notify=False)
        finally:
            self._release(session)

    def wait_until_none(self, timeout: float) -> bool:
        """Block until none is in progress, at most ``timeout`` seconds; whether none is."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._sessions, timeout)

    def __len__(self) -> int:
        """How many are in progress."""
        with self._changed:
            return len(self._sessions)

    def _run(self, session: Session, target: str) -> None:
        try:
            done = self._replace(session, target, notify=True)
            session.notify("200 OK" if done else "503 Service Unavailable", final=True)
        finally:
            self._release(session)

    def _replace(self, session: Session, target: str, *, notify: bool) -> bool:
        core = self.core
        core.counts.add("transfers")
        old = session.channel.get()
        try:
            with session.serializer.suspended():
                session.channel.set("")
                try:
                    if notify:
                        push = self.transferer.push_wait if core.options.notify_wait else self.transferer.push
                        push(session.notify, "100 Trying", final=False)
                    core.stopping.wait(core.options.replace_time)
                    session.channel.set(f"SIP/{target}")
                finally:
                    if not session.channel.get():
                        session.channel.set(old)
        except DeadlockError as error:
            core.counts.add("deadlocks")
            _log.warning("transfer of call %d: %s", session.number, error)
            return False
        except TaskPoolError as error:
            _log.info("transfer of call %d: %s", session.number, error)
            return False
        core.counts.add("transferred")
        core.channels.publish(ChannelEvent("replaced", f"SIP/{target}", session.call_id))
        return True

    def _release(self, session: Session) -> None:
        with self._changed:
            self._sessions.discard(session)
            self._changed.notify_all()
