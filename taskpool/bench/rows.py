"""What a measurement gave: rows of values, one for each round, and how two rows compare."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from taskpool.bench.measure import Spread, ratio_spread, spread

__all__ = ["Row", "Rows"]


@dataclass(frozen=True, slots=True)
class Row:
    """One reading of one side of one case.

    Attributes:
        workload: The letter of the workload.
        case: What was done.
        side: What did it.
        measure: What was read, with its unit.
        values: One value for each round, in the rounds' order.
        main: Whether the case's sides are compared by this.
        better: ``"more"`` or ``"less"``.
    """

    workload: str
    case: str
    side: str
    measure: str
    values: tuple[float, ...]
    main: bool = True
    better: str = "more"

    @property
    def spread(self) -> Spread:
        """The median of its values, the least and the greatest."""
        return spread(self.values)

    def as_dict(self) -> dict[str, Any]:
        """All of it in JSON's types, with the median, the least and the greatest value."""
        return {**asdict(self), "values": list(self.values), **asdict(self.spread)}

    def times(self, other: Row) -> Spread:
        """How many times better this is than ``other``, round by round."""
        over, under = (self, other) if self.better == "more" else (other, self)
        return ratio_spread(over.values, under.values)


class Rows(tuple[Row, ...]):
    """All rows, in the order in which they are shown."""

    __slots__ = ()

    def cases(self) -> Iterable[tuple[str, str]]:
        """The cases with their workloads' letters, in order."""
        return dict.fromkeys((row.workload, row.case) for row in self)

    def of(self, workload: str, case: str) -> Rows:
        """The rows of one case."""
        return Rows(row for row in self if row.workload == workload and row.case == case)

    def find(self, workload: str, case: str, side: str, measure: str) -> Row | None:
        """The row of that reading; ``case`` may be a part of the case's name. None if it was not measured."""
        for row in self:
            if row.workload == workload and case in row.case and row.side == side and row.measure == measure:
                return row
        return None
