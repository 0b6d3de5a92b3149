"""The one horizontal axis of a picture: time, or the order of the events."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from visualize.lanes import BarKind, Lanes

__all__ = ["Axis", "Stretch", "axis_of", "round_ticks"]


class Stretch(Protocol):
    """What lies on an axis: a bar, a wait, a pause."""

    @property
    def start(self) -> float: ...
    @property
    def end(self) -> float: ...
    @property
    def first(self) -> int: ...
    @property
    def last(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Axis:
    """Where things lie, in the unit that is shown.

    Attributes:
        by: ``time`` or ``order``.
        unit: ``s``, ``ms``, ``µs`` or ``events``.
        scale: Shown units per second; 1 for order.
        low, high: What is shown, in shown units; ``high`` is above ``low``.
    """

    by: str
    unit: str
    scale: float
    low: float
    high: float

    @property
    def title(self) -> str:
        """What a reader sees below it."""
        return "event" if self.by == "order" else f"time ({self.unit})"

    def span(self, stretch: Stretch) -> tuple[float, float]:
        """Where a stretch begins and ends, in shown units."""
        if self.by == "order":
            return stretch.first, stretch.last
        return stretch.start * self.scale, stretch.end * self.scale

    def ticks(self, most: int) -> list[float]:
        """Round positions, at most ``most`` of them and at least one."""
        return round_ticks(self.low, self.high, most, whole=self.by == "order")

    def label(self, position: float) -> str:
        """A position as a short number, without the unit."""
        if self.by == "order":
            return f"{position:,.0f}"
        return f"{position:,.6g}" if abs(position) < 1e6 else f"{position:.3g}"


def round_ticks(low: float, high: float, most: int, *, whole: bool = False) -> list[float]:
    """Round numbers from ``low`` to ``high``, at most ``most`` of them and at least one; whole ones if asked for."""
    width = (high - low) / max(1, most - 1)
    power = 10.0 ** math.floor(math.log10(width))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= width * 0.9999)
    if whole:
        step = max(1.0, step)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)] or [low]


def axis_of(runs: Sequence[Lanes], by: str = "auto", between: tuple[float, float] | None = None) -> Axis:
    """One axis for all runs.

    Args:
        runs: What is to lie on it.
        by: ``time``, ``order``, or ``auto``: time, unless none passes, or most tasks take none of it (a controlled
            run's virtual time stands still while something can run).
        between: From when to when, in seconds (``order``: in positions); None for everything.

    Raises:
        ValueError: If ``by`` is none of these, or ``between`` is empty.
    """
    if by not in ("auto", "time", "order"):
        raise ValueError(f"by={by!r}: choose time, order or auto")
    if by == "auto":
        by = "order" if _stands_still(runs) else "time"
    if between is not None and not between[0] < between[1]:
        raise ValueError(f"between={between!r}: the second must be after the first")
    shown = [run for run in runs if run.events]
    if between is not None:
        low, high = between
    elif by == "order":
        low, high = 0.0, _room(shown, 0.0, float(max((run.events - 1 for run in shown), default=0)))
    else:
        low = min((run.start for run in shown), default=0.0)
        high = _room(shown, low, max((run.end for run in shown), default=0.0))
    if by == "order":
        return Axis("order", "events", 1.0, low, max(high, low + 1))
    if high <= low:
        high = low + 0.001
    unit, scale = ("s", 1.0) if high - low >= 2 else ("ms", 1e3) if high - low >= 2e-4 else ("µs", 1e6)
    return Axis("time", unit, scale, low * scale, high * scale)


def _room(runs: Sequence[Lanes], low: float, high: float) -> float:
    """The axis's end: a little beyond the last event where a thread waits for ever, so that it can be seen."""
    stuck = any(wait.outcome == "open" for run in runs for lane in run.lanes for wait in lane.blocked)
    return high + 0.15 * (high - low) if stuck else high


def _stands_still(runs: Sequence[Lanes]) -> bool:
    if all(run.end <= run.start for run in runs):
        return True
    tasks = [
        bar.end > bar.start
        for run in runs
        for lane in run.lanes
        for bar in lane.bars
        if bar.kind is BarKind.TASK and bar.outcome != "open"
    ]
    return bool(tasks) and sum(tasks) * 2 < len(tasks)
