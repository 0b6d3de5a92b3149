"""What a pool's tasks print, kept with the pool: not shown below whichever cell happens to run.

While at least one panel listens, `sys.stdout` and `sys.stderr` are passed through a splitter: what a listening panel's
threads write goes to that panel, everything else where it went before.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

__all__ = ["Listener", "listen"]

_MOST_CHARACTERS = 400
_MOST_LINES = 200

_lock = threading.Lock()
_listeners: list[Listener] = []


class Listener:
    """Keeps what the threads that are its own write, line by line.

    Args:
        owns: Whether the calling thread's output is this listener's; called on that thread, for each write.
    """

    def __init__(self, owns: Callable[[], bool]) -> None:
        self.owns = owns
        self._lock = threading.Lock()
        self._lines: list[tuple[str, str, str]] = []
        self._open: dict[tuple[str, str], str] = {}
        self._lost = 0

    def write(self, kind: str, text: str) -> None:
        """Take what the calling thread writes. Never blocks for long; any thread."""
        thread = threading.current_thread().name
        with self._lock:
            *lines, rest = (self._open.pop((thread, kind), "") + text).split("\n")
            for line in lines:
                self._keep(thread, kind, line)
            while len(rest) > _MOST_CHARACTERS:
                self._keep(thread, kind, rest[:_MOST_CHARACTERS])
                rest = rest[_MOST_CHARACTERS:]
            if rest:
                self._open[thread, kind] = rest

    def take(self, *, unfinished: bool = False) -> list[tuple[str, str, str]]:
        """The lines since the last call, each with its thread's name and ``out`` or ``error``. Any thread.

        Args:
            unfinished: Also what has not ended with a line end.
        """
        with self._lock:
            if unfinished:
                for (thread, kind), rest in self._open.items():
                    self._keep(thread, kind, rest)
                self._open.clear()
            lines, self._lines = self._lines, []
            if self._lost:
                lines.insert(0, ("…", "out", f"{self._lost:,} older lines are lost: too much was printed at once"))
                self._lost = 0
            return lines

    def close(self) -> None:
        """Listen no longer; the last one to go puts the streams back. Any thread."""
        with _lock:
            if self in _listeners:
                _listeners.remove(self)
            if not _listeners:
                for name in ("stdout", "stderr"):
                    stream = getattr(sys, name)
                    if isinstance(stream, _Splitter):
                        setattr(sys, name, stream.original)

    def _keep(self, thread: str, kind: str, line: str) -> None:
        if len(line) > _MOST_CHARACTERS:
            line = line[:_MOST_CHARACTERS] + "…"
        self._lines.append((thread, kind, line))
        if len(self._lines) > _MOST_LINES:
            del self._lines[0]
            self._lost += 1


def listen(owns: Callable[[], bool]) -> Listener:
    """A new listener, which hears what its threads write until it is closed. Any thread."""
    listener = Listener(owns)
    with _lock:
        _listeners.append(listener)
        for name, kind in (("stdout", "out"), ("stderr", "error")):
            stream = getattr(sys, name)
            if stream is not None and not isinstance(stream, _Splitter):
                setattr(sys, name, _Splitter(stream, kind))
    return listener


class _Splitter:
    """A stream that hands a listener what is its own and passes on the rest; all else is the original's."""

    def __init__(self, original: Any, kind: str) -> None:
        self.original = original
        self._kind = kind

    def write(self, text: str) -> int:
        for listener in tuple(_listeners):
            if listener.owns():
                listener.write(self._kind, text)
                return len(text)
        self.original.write(text)
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.original, name)
