"""The highest rate of calls that each design takes without a failure: doubled until a call fails, then bisected.

The designs take turns, each at its own next rate, since a machine's speed drifts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from taskpool.scenarios.sip.load import run_once
from taskpool.scenarios.sip.load_row import LoadRow

__all__ = ["highest_rates"]

_START = 50.0  # calls a second
_MOST = 20_000.0  # calls a second; more than any client sends
_NEAR = 1.1  # the lowest rate that failed is at most so many times the highest that did not


@dataclass(slots=True)
class _Search:
    design: str
    good: LoadRow | None = None
    low: float = 0.0  # the highest rate without a failure
    high: float = 0.0  # the lowest with one; 0: none yet

    @property
    def over(self) -> bool:
        return self.low >= _MOST or (self.high > 0 and self.high <= max(self.low * _NEAR, 1.0))

    @property
    def next(self) -> float:
        if not self.high:
            return min(2 * self.low, _MOST) if self.low else _START
        return (self.low + self.high) / 2 if self.low else self.high / 2


def highest_rates(
    designs: Sequence[str], *, seconds: float, threads: int | None = None, client: str = "sipp"
) -> Iterator[LoadRow]:
    """Place calls at ever better rates; yields each run as it ends, then a row for each design's best.

    Blocks for each run as `run_once` does.

    Args:
        designs: As for `run_once`.
        seconds: How long calls are placed in each run.
        threads: As for `run_once`.
        client: As for `run_once`.

    Yields:
        Runs, whose workload tells the rate; at the end, for each design that took any, its best run, whose workload
        ends in ``at most``.
    """
    searches = [_Search(design) for design in dict.fromkeys(designs)]
    while going := [search for search in searches if not search.over]:
        for search in going:
            rate = search.next
            row = run_once("calls", search.design, seconds=seconds, rate=rate, threads=threads, client=client)
            row = replace(row, workload=f"{rate:.0f}/s")
            if row.failed:
                search.high = rate
            else:
                search.low, search.good = rate, row
            yield row
    for search in searches:
        if search.good is not None:
            yield replace(search.good, workload=f"{search.good.workload} at most")
