"""The table of dialogs: what the receiving thread asks to find a dialog's own serializer, and what `stop` waits for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from taskpool.runtime import Runtime
from taskpool.scenarios.sip.transactions import LimitError

if TYPE_CHECKING:
    from taskpool.scenarios.sip.session import Session

__all__ = ["Dialogs"]


class Dialogs:
    """Sessions by Call-ID and the tag of this end. Methods: any thread.

    Args:
        runtime: The lock's.
        limit: How many there may be at once.
    """

    def __init__(self, runtime: Runtime, limit: int) -> None:
        self.limit = limit
        self._changed = runtime.Condition(runtime.Lock("sip dialogs"), "sip dialogs")
        self._table: dict[tuple[str, str], Session] = {}  # guarded by _changed, as is the number
        self._number = 0

    def open(self, make: Callable[[int], Session]) -> Session:
        """Make a session with the next number, and keep it.

        Raises:
            LimitError: If there are as many as there may be.
        """
        with self._changed:
            if len(self._table) >= self.limit:
                raise LimitError(f"{self.limit} dialogs are open: no more until some have ended")
            self._number += 1
            session = make(self._number)
            self._table[session.call_id, session.local_tag] = session
        return session

    def find(self, call_id: str, local_tag: str | None, remote_tag: str | None) -> Session | None:
        """The session whose dialog this is (section 12.2.2); None if there is none, or a tag is not its own."""
        if local_tag is None:
            return None
        with self._changed:
            session = self._table.get((call_id, local_tag))
        return session if session is not None and session.remote_tag == remote_tag else None

    def of_call(self, call_id: str) -> Session | None:
        """A session of that Call-ID; looks at all there are."""
        return next((session for session in self.all() if session.call_id == call_id), None)

    def all(self) -> list[Session]:
        """Those open now, the oldest first."""
        with self._changed:
            return list(self._table.values())

    def remove(self, session: Session) -> None:
        """It has ended. Idempotent."""
        with self._changed:
            self._table.pop((session.call_id, session.local_tag), None)
            if not self._table:
                self._changed.notify_all()

    def wait_until_none(self, timeout: float) -> bool:
        """Block until there is none, at most ``timeout`` seconds; whether there is none."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._table, timeout)

    def __len__(self) -> int:
        with self._changed:
            return len(self._table)
