"""A search's progress on one line that is written over, in a terminal or a notebook."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from taskpool.explore.report import Report

__all__ = ["Bar"]


_CELLS = 20


class Bar:
    """Called with the report so far; writes to standard error, which notebooks show too.

    Nobody knows beforehand how many schedules a search will make: the bar is the share that it has used of those that
    it may make, and is full when the search is exhausted.

    Attributes:
        most: So many schedules may have been made at the end.
    """

    def __init__(self) -> None:
        self.most = 1
        self._width = 0

    def __call__(self, report: Report) -> None:
        self._write(self.line(report))

    def end(self, report: Report) -> None:
        """Leave a last line behind."""
        self(report)
        sys.stderr.write("\n")
        sys.stderr.flush()

    def line(self, report: Report) -> str:
        """What is shown."""
        used = 1.0 if report.exhausted else min(1.0, report.schedules / self.most)
        full = round(used * _CELLS)
        rate = report.schedules / report.seconds if report.seconds else 0.0
        of = "all" if report.exhausted else f"of at most {self.most:,}"
        bar = "#" * full + "." * (_CELLS - full)
        return f"{report.program}: [{bar}] {report.schedules:,} schedules, {of}, {rate:,.0f}/s"

    def _write(self, line: str) -> None:
        sys.stderr.write("\r" + line.ljust(self._width))
        sys.stderr.flush()
        self._width = len(line)
