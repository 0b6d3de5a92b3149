"""A search's progress on one line that is written over, in a terminal or a notebook."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from taskpool.explore.report import Report

__all__ = ["Bar"]


class Bar:
    """Called with the report so far; writes to standard error, which notebooks show too."""

    def __init__(self) -> None:
        self._width = 0

    def __call__(self, report: Report) -> None:
        rate = report.schedules / report.seconds if report.seconds else 0.0
        self._write(f"{report.program}: {report.schedules:,} schedules, {rate:,.0f}/s")

    def end(self, report: Report) -> None:
        """Leave a last line behind."""
        self(report)
        sys.stderr.write("\n")
        sys.stderr.flush()

    def _write(self, line: str) -> None:
        sys.stderr.write("\r" + line.ljust(self._width))
        sys.stderr.flush()
        self._width = len(line)
