"""A load's figures: one row for a run, the median of several, and the table that they stand in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from statistics import median
from typing import Any

__all__ = ["HEADER", "LoadRow", "line", "median_of"]


@dataclass(frozen=True, slots=True)
class LoadRow:
    """One run, or the median of several.

    Attributes:
        workload, design: Which.
        completed, failed: Calls of all sipps.
        retransmissions: Messages that sipps, and the endpoint, had to send again.
        p50, p99: Seconds from request to answer, for the calls that nothing else was asked of.
        cpu_per_call: Processor time of the endpoint's process, in seconds.
        peak_threads: Of the SIP pool.
        blocked: Thread-seconds of the SIP pool's threads in its waits.
        kept: Blocks of memory (one for most objects of Python) that the endpoint's process had more than before, once
            the endpoint had stopped. The first run of a process leaves caches behind; a later one should leave nearly
            none. What the system counts tells less: Python keeps freed memory for the next time.
    """

    workload: str
    design: str
    completed: float
    failed: float
    retransmissions: float
    p50: float
    p99: float
    cpu_per_call: float
    peak_threads: float
    blocked: float
    kept: float

    def as_dict(self) -> dict[str, Any]:
        """The row in JSON's types."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


HEADER = (
    f"{'workload':14} {'design':19} {'completed':>9} {'failed':>6} {'resent':>6} {'p50 ms':>7} {'p99 ms':>8}"
    f" {'CPU ms/call':>11} {'threads':>7} {'blocked s':>9} {'kept':>8}"
)


def line(row: LoadRow) -> str:
    """A row of the table under `HEADER`."""
    return (
        f"{row.workload:14} {row.design:19} {row.completed:9.0f} {row.failed:6.0f} {row.retransmissions:6.0f}"
        f" {row.p50 * 1e3:7.1f} {row.p99 * 1e3:8.1f} {row.cpu_per_call * 1e3:11.2f} {row.peak_threads:7.0f}"
        f" {row.blocked:9.1f} {row.kept:8.0f}"
    )


def median_of(rows: Sequence[LoadRow]) -> LoadRow:
    """The median of each figure, over runs of one workload on one design."""
    numbers = {f.name: median(getattr(row, f.name) for row in rows) for f in fields(LoadRow)[2:]}
    return LoadRow(rows[0].workload, rows[0].design, **numbers)
