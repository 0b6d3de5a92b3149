"""How far a measurement is, on one line that is written over."""

from __future__ import annotations

import sys
from typing import TextIO

__all__ = ["Progress"]


class Progress:
    """Writes to standard error, which notebooks show too.

    Args:
        total: How many runs there will be.
        shown: Whether to write at all; None: only in a terminal.
    """

    def __init__(self, total: int, shown: bool | None) -> None:
        self._total, self._done, self._width = total, 0, 0
        stream = sys.stderr
        self._stream: TextIO | None = stream if (stream.isatty() if shown is None else shown) else None

    def next(self, what: str) -> None:
        """The next run begins."""
        self._write(f"{self._done * 100 // max(1, self._total):3} %  {what}")
        self._done += 1

    def end(self) -> None:
        """Leave an empty line behind."""
        self._write("")
        if self._stream is not None:
            self._stream.write("\r")
            self._stream.flush()

    def _write(self, line: str) -> None:
        if self._stream is not None:
            self._stream.write("\r" + line[:110].ljust(self._width))
            self._stream.flush()
            self._width = min(len(line), 110)
