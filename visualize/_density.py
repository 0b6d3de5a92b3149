"""Keeping a picture bounded: what is too short to be seen is drawn together with its neighbours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["Item", "Many", "condensed", "merged", "top_stretches"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Item(Generic[T]):
    """Something that lies on a lane.

    Attributes:
        low, high: Where, in the axis's units.
        first, last: Its first and last event's positions: what nests in another lies strictly inside these.
        level: How many others it lies in.
        thing: What it is.
        group: What it is counted under when it is drawn together with others.
    """

    low: float
    high: float
    first: int
    last: int
    level: int
    thing: T
    group: str = ""


@dataclass(frozen=True, slots=True)
class Many:
    """Neighbours drawn as one.

    Attributes:
        low, high: Where, in the axis's units.
        level: The level they lie on.
        count: How many they are.
        inside: How many more lie inside them.
        covered: How much of the stretch they cover together, in the axis's units.
        groups: How many of each group, the most frequent first.
    """

    low: float
    high: float
    level: int
    count: int
    inside: int
    covered: float
    groups: tuple[tuple[str, int], ...]


def top_stretches(items: Sequence[Item[T]]) -> Iterator[tuple[float, float, Item[T]]]:
    """What is on top, stretch after stretch: each item without the parts that others inside it take.

    Args:
        items: Of one lane, nested or apart, by ``first``.
    """
    stack: list[Item[T]] = []
    at = 0.0
    for item in items:
        while stack and stack[-1].last < item.first:
            top = stack.pop()
            yield at, top.high, top
            at = top.high
        if stack:
            yield at, item.low, stack[-1]
        stack.append(item)
        at = item.low
    while stack:
        top = stack.pop()
        yield at, top.high, top
        at = top.high


def condensed(items: Sequence[Item[T]], resolution: float) -> tuple[list[Item[T]], list[Many]]:
    """Draw three or more neighbours together where they and the gaps between them are short.

    Args:
        items: Of one lane, by ``first``.
        resolution: What is shorter than this, in the axis's units, is short; four times this is the longest stretch
            that is drawn as one.

    Returns:
        What is drawn as it is, and what is drawn together.
    """
    levels: dict[int, list[Item[T]]] = {}
    for item in items:
        levels.setdefault(item.level, []).append(item)
    kept: list[Item[T]] = []
    covered: list[_Run[T]] = []
    for level in sorted(levels):
        together = []
        for run in _runs(_uncovered(levels[level], covered), resolution):
            if len(run.items) < 3:
                kept += run.items
            else:
                together.append(run)
        covered = sorted(covered + together, key=lambda run: run.items[0].first)
    return kept, [run.many() for run in covered]


@dataclass(slots=True)
class _Run(Generic[T]):
    items: list[Item[T]]
    inside: int = 0

    def many(self) -> Many:
        items = self.items
        groups = Counter(item.group for item in items)
        return Many(
            items[0].low,
            max(item.high for item in items),
            items[0].level,
            len(items),
            self.inside,
            sum(item.high - item.low for item in items),
            tuple(groups.most_common()),
        )


def _uncovered(items: list[Item[T]], covered: list[_Run[T]]) -> list[Item[T]]:
    """The items that do not lie inside a run of an outer level; the others are counted there."""
    left, number = [], 0
    for item in items:
        while number < len(covered) and covered[number].items[-1].last < item.first:
            number += 1
        if number < len(covered) and covered[number].items[0].first < item.first:
            covered[number].inside += 1
        else:
            left.append(item)
    return left


def _runs(items: list[Item[T]], resolution: float) -> list[_Run[T]]:
    runs: list[_Run[T]] = []
    start, end = 0.0, float("-inf")
    for item in items:
        if item.high - item.low < resolution and item.low - end < resolution and item.high - start < 4 * resolution:
            runs[-1].items.append(item)
        else:
            runs.append(_Run([item]))
            start = item.low
        # Nothing joins a long item: the next one's distance to it must not be short.
        end = item.high if item.high - item.low < resolution else float("-inf")
    return runs


def merged(items: Sequence[Item[T]]) -> list[Many]:
    """Items of several lanes as one lane: whatever overlaps or touches becomes one."""
    result: list[Many] = []
    group: list[Item[T]] = []
    high = float("-inf")
    for item in sorted(items, key=lambda item: (item.low, item.high)):
        if group and item.low > high:
            result.append(_Run(group).many())
            group = []
            high = float("-inf")
        group.append(item)
        high = max(high, item.high)
    if group:
        result.append(_Run(group).many())
    return result
