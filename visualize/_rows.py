"""One run's lanes → the rows of a picture, with everything's place, text and facts; bounded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from visualize._axis import Axis
from visualize._density import Item, Many, condensed, merged, top_stretches
from visualize._facts import bar_facts, blocked_facts, lane_facts, many_facts, pause_facts
from visualize._picture import Role, Row, RowKind, Shape
from visualize._words import amount, natural, short_name
from visualize.lanes import Bar, BarKind, Blocked, Lane, LaneKind, Lanes, Pause
from visualize.palette import BLOCKED, DENSITY, PAUSED, POOL, Style, shortened

__all__ = ["ItemsByThread", "RowMaker"]

#: By a thread's name, what lies on its lane.
ItemsByThread = dict[str, list[Item[Bar | Blocked]]]

_MOST_THREADS = 40
_MOST_OUTSIDE = 8
_MOST_PAUSED = 12


class RowMaker:
    """Makes the rows of one run.

    Args:
        run: Its lanes.
        axis: Where they lie.
        styles: Each serializer's style.
        limit: How many shapes there may be, or None.
        words: Whether the shapes' texts and facts are wanted.
        items: Filled with what lies on each lane and read from, so that several pictures on one axis may share it.
    """

    def __init__(
        self,
        run: Lanes,
        axis: Axis,
        styles: dict[str, Style],
        limit: int | None,
        words: bool = True,
        items: ItemsByThread | None = None,
    ) -> None:
        self.run, self.axis, self.styles, self.limit, self.words = run, axis, styles, limit, words
        self.notes: list[str] = []
        self._together = 0
        self._cached: ItemsByThread = {} if items is None else items

    def rows(self) -> tuple[Row, ...]:
        """The rows, from top to bottom."""
        if self.run.dropped:
            self.notes.append(
                f"{amount(self.run.dropped, 'older event')} did not fit into the recorder: the start is missing."
            )
        resolution = 0.0
        if self.limit is not None and (count := self._count(0.0)) > self.limit:
            resolution = (self.axis.high - self.axis.low) * max(1, len(self.run.lanes)) / self.limit / 4
            while (count := self._count(resolution)) > self.limit and count > len(self.run.lanes):
                resolution *= 2
        rows = self._all_rows(resolution)
        if self._together:
            self.notes.append(
                f"{amount(self._together, 'short bar')} are drawn together with their neighbours (#): "
                "give between=(start, end) to see a part in full."
            )
        return tuple(rows)

    def _count(self, resolution: float) -> int:
        """How many shapes the threads would have."""
        count = 0
        for lane in self.run.lanes:
            items = self._items(lane)
            if resolution:
                kept, together = condensed(items, resolution)
                count += len(kept) + len(together)
            else:
                count += len(items)
            count += sum(1 for _ in self._turns(lane, resolution))
        return count

    def _all_rows(self, resolution: float) -> list[Row]:
        rows: list[Row] = []
        inner = [lane for lane in self.run.lanes if lane.kind is not LaneKind.OUTSIDE]
        several = len({lane.pool for lane in inner}) > 1
        for pool, lanes in groupby(inner, key=lambda lane: lane.pool):
            design = self.run.pools.get(pool, "")
            name = f"pool {pool}" if pool else ("other threads" if several else "threads")
            rows.append(Row(RowKind.HEADING, f"{name} · {design}" if design else name))
            rows += self._threads(list(lanes), _MOST_THREADS, resolution)
        pauses = self._pauses()
        if pauses:
            rows.append(Row(RowKind.HEADING, "paused serializers"))
            rows += pauses
        outside = [lane for lane in self.run.lanes if lane.kind is LaneKind.OUTSIDE]
        if outside:
            rows.append(Row(RowKind.HEADING, "outside the pool"))
            rows += self._threads(outside, _MOST_OUTSIDE, resolution)
        return rows

    def _threads(self, lanes: list[Lane], most: int, resolution: float) -> list[Row]:
        own, rest = lanes, []
        if len(lanes) > most + 1:  # one more row would show no less than one thread
            always = [lane for lane in lanes if lane.kind is LaneKind.CONTROL]
            others = [lane for lane in lanes if lane.kind is not LaneKind.CONTROL]
            own, rest = others[:most] + always, others[most:]
        rows = [
            Row(RowKind.THREAD, short_name(lane.thread), self._lane(lane, resolution), lane_facts(lane)) for lane in own
        ]
        if rest:
            items = [item for lane in rest for item in self._items(lane) if item.level == 0]
            shapes = [self._many(many) for many in merged(items)]
            rows.append(Row(RowKind.THREAD, f"{len(rest):,} more threads", tuple(shapes)))
        return rows

    def _lane(self, lane: Lane, resolution: float) -> tuple[Shape, ...]:
        shapes: list[Shape] = []
        alive = self._clipped(*self.axis.span(lane))
        if lane.kind is not LaneKind.OUTSIDE and alive is not None:
            shapes.append(Shape(Role.ALIVE, *alive, 0, "", POOL))
        for bar, low, high in self._turns(lane, resolution):
            facts = bar_facts(bar) if self.words else ()
            shapes.append(Shape(Role.TURN, low, high, bar.depth, bar.owner, POOL, (), (low, high), facts))
        items = self._items(lane)
        rooms = _rooms(items)
        kept, together = condensed(items, resolution) if resolution else (items, [])
        drawn = [self._shape(item, rooms.get((item.first, item.last), (item.low, item.high))) for item in kept]
        drawn += [self._many(many) for many in together]
        self._together += sum(many.count + many.inside for many in together)
        # Outer shapes first, so that what lies inside is drawn on top.
        shapes += sorted(drawn, key=lambda shape: (shape.level, shape.low))
        return tuple(shapes)

    def _turns(self, lane: Lane, resolution: float) -> Iterator[tuple[Bar, float, float]]:
        for bar in lane.bars:
            if bar.kind is BarKind.TURN:
                where = self._clipped(*self._span(bar))
                if where is not None and where[1] - where[0] >= resolution:
                    yield bar, *where

    def _items(self, lane: Lane) -> list[Item[Bar | Blocked]]:
        if lane.thread in self._cached:
            return self._cached[lane.thread]
        things: list[Bar | Blocked] = [bar for bar in lane.bars if bar.kind is not BarKind.TURN]
        things += lane.blocked
        items = [
            Item(*where, thing.first, thing.last, thing.depth, thing, _group(thing))
            for thing in things
            if (where := self._clipped(*self._span(thing))) is not None
        ]
        items.sort(key=lambda item: (item.first, -item.last))
        self._cached[lane.thread] = items
        return items

    def _span(self, thing: Bar | Blocked) -> tuple[float, float]:
        low, high = self.axis.span(thing)
        return (low, max(high, self.axis.high)) if thing.outcome == "open" else (low, high)

    def _clipped(self, low: float, high: float) -> tuple[float, float] | None:
        if high < self.axis.low or low > self.axis.high:
            return None
        return max(low, self.axis.low), min(high, self.axis.high)

    def _shape(self, item: Item[Bar | Blocked], room: tuple[float, float]) -> Shape:
        thing, order = item.thing, (item.first, item.last)
        if isinstance(thing, Blocked):
            return Shape(
                Role.BLOCKED,
                item.low,
                item.high,
                item.level,
                "",
                BLOCKED,
                _blocked_texts(thing) if self.words else (),
                room,
                blocked_facts(thing) if self.words else (),
                thing.outcome == "open",
                order=order,
            )
        role, style = Role.TASK, self.styles.get(thing.owner, POOL)
        if thing.kind is BarKind.CONTROL:
            role, style = Role.CONTROL, POOL
        elif thing.kind is BarKind.CHECKPOINT:
            role, style = Role.POOL_TASK, POOL
        return Shape(
            role,
            item.low,
            item.high,
            item.level,
            thing.owner if thing.owner in self.styles else "",
            style,
            _bar_texts(thing) if self.words else (),
            room,
            bar_facts(thing) if self.words else (),
            thing.outcome == "open",
            thing.outcome == "failed",
            order,
        )

    def _many(self, many: Many) -> Shape:
        most, count = many.groups[0]
        style = DENSITY
        if most == "blocked":
            style = BLOCKED
        elif most in self.styles and count * 2 > many.count:
            style = self.styles[most]
        width = many.high - many.low
        return Shape(
            Role.MANY,
            many.low,
            many.high,
            many.level,
            "",
            style,
            (f"{many.count:,} together", f"×{many.count:,}"),
            (many.low, many.high),
            many_facts(many, self.axis),
            share=many.covered / width if width else 1.0,
        )

    def _pauses(self) -> list[Row]:
        by_name: dict[str, list[Pause]] = {}
        for pause in self.run.pauses:
            if self._clipped(*self._pause_span(pause)) is not None:
                by_name.setdefault(pause.serializer, []).append(pause)
        names = sorted(by_name, key=natural)
        if len(names) > _MOST_PAUSED + 1:
            names = names[:_MOST_PAUSED]
        rows = [
            Row(RowKind.PAUSE, name, tuple(shape for pause in by_name[name] for shape in self._pause(pause)))
            for name in names
        ]
        rest = [pause for name, pauses in by_name.items() if name not in names for pause in pauses]
        if rest:
            rows.append(
                Row(
                    RowKind.PAUSE, f"{len(by_name) - len(names):,} more serializers", tuple(self._paused_together(rest))
                )
            )
        return rows

    def _pause_span(self, pause: Pause) -> tuple[float, float]:
        low, high = self.axis.span(pause)
        return (low, max(high, self.axis.high)) if pause.open else (low, high)

    def _pause(self, pause: Pause) -> Iterable[Shape]:
        low, high = self._pause_span(pause)
        still = high
        if pause.still is not None:
            still = float(pause.quiet or 0) if self.axis.by == "order" else pause.still * self.axis.scale
        facts = pause_facts(pause)
        order = (pause.first, pause.last)
        asked = self._clipped(low, still)
        if asked is not None and still > low:
            texts = ("being paused", "…")
            yield Shape(
                Role.PAUSING,
                *asked,
                0,
                pause.serializer,
                PAUSED,
                texts,
                asked,
                facts,
                pause.still is None,
                False,
                order,
            )
        paused = self._clipped(still, high) if pause.still is not None else None
        if paused is not None:
            texts = ("paused", "‖")
            yield Shape(
                Role.PAUSED, *paused, 0, pause.serializer, PAUSED, texts, paused, facts, pause.open, False, order
            )

    def _paused_together(self, pauses: list[Pause]) -> Iterable[Shape]:
        items = []
        for pause in pauses:
            where = self._clipped(*self._pause_span(pause))
            if where is not None:
                items.append(Item(*where, pause.first, pause.last, 0, pause, pause.serializer))
        for many in merged(items):
            texts = (f"{many.count:,} pauses", f"×{many.count:,}")
            facts = many_facts(many, self.axis, "pause")
            yield Shape(Role.PAUSED, many.low, many.high, 0, "", PAUSED, texts, (many.low, many.high), facts)


def _rooms(items: Sequence[Item[Bar | Blocked]]) -> dict[tuple[int, int], tuple[float, float]]:
    """The longest stretch of each item on which nothing else is drawn, by its first and last event's positions."""
    rooms: dict[tuple[int, int], tuple[float, float]] = {}
    for low, high, item in top_stretches(items):
        key = (item.first, item.last)
        best = rooms.get(key)
        if best is None or high - low > best[1] - best[0]:
            rooms[key] = (low, high)
    return rooms


def _group(thing: Bar | Blocked) -> str:
    return "blocked" if isinstance(thing, Blocked) else thing.owner


def _bar_texts(bar: Bar) -> tuple[str, ...]:
    number = "" if bar.task is None else str(bar.task)
    failed = "✗ " if bar.outcome == "failed" else ""
    label = shortened(bar.label, 24)
    long = f"{failed}{number} {label}".strip()
    return (long, f"{failed}{number}") if label else (long,)


def _blocked_texts(wait: Blocked) -> tuple[str, ...]:
    on = shortened(short_name(wait.on), 22)
    if wait.reason == "blocking_suspend":
        return (f"kept: {on} is paused", "kept: paused", "kept")
    if wait.reason == "suspend":
        return (f"waits until {on} is still", "waits until still", "waits")
    if wait.reason == "suspended":
        return (f"waits: {on} is paused", "waits: paused", "waits")
    if wait.reason == "pool_lock":
        return (f"waits for the lock of {on}", "waits for a lock", "waits")
    if wait.reason == "thread_end":
        return (f"waits until {on} has ended", "waits")
    if wait.task is not None:
        return (f"waits for {wait.task} of {on}", f"waits for {wait.task}", "waits")
    return (f"waits for {on}", "waits")
