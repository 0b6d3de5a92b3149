"""Work that repeats itself until its time is up, and counts exactly how often it ran."""

from __future__ import annotations

from taskpool.runtime.real import default_runtime

__all__ = ["PATIENCE", "Stint"]

PATIENCE = 120.0
"""How long work may still take when its time is up, in seconds; it is then taken for lost."""

_GRACE = 1.0
"""How long an interrupt lets work come to its end, in seconds, so that it finds its pool open until then."""


class Stint:
    """A stretch of time for ``parts`` pieces of work, each of which repeats itself while ``running`` is true.

    A piece looks at ``running`` each time it runs (a read that may be stale), counts for itself, and says its count
    once, at its end: so nothing is shared on the path that is measured.

    Attributes:
        running: True (not empty) while the time lasts.
    """

    def __init__(self, parts: int) -> None:
        runtime = default_runtime()
        self.running = [True]
        self._lock = runtime.Lock()
        self._ended = runtime.Event()
        self._parts = self._left = parts
        self._total = 0

    def end(self, count: int) -> None:
        """One piece has ended, having run ``count`` times. Any thread."""
        with self._lock:
            self._total += count
            self._left -= 1
            if not self._left:
                self._ended.set()

    def wait(self, seconds: float) -> int:
        """Let the time pass, then block until every piece has ended; how often they ran together.

        Raises:
            RuntimeError: If they do not end.
        """
        try:
            default_runtime().sleep(seconds)
        except BaseException:
            self.running.clear()
            self._ended.wait(_GRACE)
            raise
        self.running.clear()
        if not self._ended.wait(PATIENCE):
            raise RuntimeError(f"{self._left} of {self._parts} pieces of work did not end within {PATIENCE:.0f} s")
        return self._total
