"""What is known about a shape of a timeline, as lines for a tooltip."""

from __future__ import annotations

from visualize._axis import Axis
from visualize._density import Many
from visualize._words import INLINE_REASONS, amount, seconds, task_name, wait_phrase
from visualize.lanes import Bar, BarKind, Blocked, Lane, LaneKind, Pause
from visualize.palette import shortened

__all__ = ["bar_facts", "blocked_facts", "lane_facts", "many_facts", "pause_facts"]

_NAME = 80


def _when(start: float, end: float, open_: bool) -> str:
    if open_:
        return f"from {seconds(start)} to the end of the trace, where it had not ended"
    return f"from {seconds(start)} to {seconds(end)}: {seconds(end - start)}"


def _events(first: int, last: int) -> str:
    return f"event {first}" if first == last else f"events {first} to {last}"


def bar_facts(bar: Bar) -> tuple[str, ...]:
    """A task, a turn, a checkpoint or a control task."""
    owner, thread = shortened(bar.owner, _NAME), shortened(bar.thread, _NAME)
    if bar.kind is BarKind.TURN:
        lines = [f"turn of {owner}, on {thread}"]
    else:
        lines = [task_name(bar.task, bar.label, _NAME)]
        lines.append(f"of {owner}, on {thread}" if owner else f"on {thread}")
    if bar.kind is BarKind.CHECKPOINT:
        lines.append("a suspend's checkpoint")
    elif bar.kind is BarKind.CONTROL:
        lines.append("a control task: managing the pool")
    if bar.inline:
        within = "" if bar.parent is None else f" inside task {bar.parent}"
        lines.append(f"runs inline{within}: {INLINE_REASONS.get(bar.inline, bar.inline)}")
    elif bar.pushed is not None and bar.pushed <= bar.start:
        by = f", pushed by {shortened(bar.pushed_by, _NAME)}" if bar.pushed_by else ""
        lines.append(f"waited {seconds(bar.start - bar.pushed)} in its queue{by}")
    if bar.first != bar.last or bar.kind is not BarKind.CONTROL:
        lines.append(_when(bar.start, bar.end, bar.outcome == "open"))
    else:
        lines.append(f"at {seconds(bar.start)}")
    if bar.cut:
        lines.append("began before the first kept event")
    if bar.outcome == "failed":
        lines.append(f"failed: {shortened(bar.error, _NAME)}")
    lines.append(_events(bar.first, bar.last))
    return tuple(lines)


def blocked_facts(wait: Blocked) -> tuple[str, ...]:
    """A stretch in which a thread waited."""
    task = "" if wait.task is None else f"task {wait.task}"
    what = wait_phrase(wait.reason, shortened(wait.on, _NAME), task)
    lines = [f"blocked: {shortened(wait.thread, _NAME)} {what}"]
    lines.append(_when(wait.start, wait.end, wait.outcome == "open"))
    if wait.outcome == "turn":
        lines.append("then this thread ran the serializer itself")
    elif wait.outcome not in ("open", "done", ""):
        lines.append(f"ended: {wait.outcome.replace('_', ' ')}")
    lines.append(_events(wait.first, wait.last))
    return tuple(lines)


def pause_facts(pause: Pause) -> tuple[str, ...]:
    """A stretch in which a serializer was suspended."""
    by = f", first by {shortened(pause.by, _NAME)}" if pause.by else ""
    times = "" if pause.count == 1 else f" {pause.count} times at once"
    lines = [f"{shortened(pause.serializer, _NAME)} is paused{times}{by}"]
    if pause.still is None:
        given_up = "not still at the end of the trace" if pause.open else f"given up at {seconds(pause.end)}"
        lines.append(f"asked for at {seconds(pause.start)}, and {given_up}")
    else:
        lines.append(f"asked for at {seconds(pause.start)}, still at {seconds(pause.still)}")
        lines.append("still paused at the end of the trace" if pause.open else f"resumed at {seconds(pause.end)}")
    lines.append(_events(pause.first, pause.last))
    return tuple(lines)


def many_facts(many: Many, axis: Axis, one: str = "bar") -> tuple[str, ...]:
    """Neighbours that are drawn as one."""
    width = many.high - many.low
    lines = [f"{amount(many.count, one)} drawn together"]
    if many.inside:
        lines.append(f"{many.inside:,} more inside them")
    unit = f" {axis.unit}" if axis.by == "time" else ""
    lines.append(f"from {axis.label(many.low)} to {axis.label(many.high)}{unit}")
    if width > 0 and one == "bar":
        lines.append(f"they cover {many.covered / width * 100:.0f} % of it")
    most = [f"{shortened(name or 'no serializer', 30)} {count:,}" for name, count in many.groups[:4]]
    rest = len(many.groups) - len(most)
    lines.append(", ".join(most) + (f" and {rest:,} more" if rest > 0 else ""))
    return tuple(lines)


def lane_facts(lane: Lane) -> tuple[str, ...]:
    """A thread."""
    kind = {
        LaneKind.POOL: f"a thread of pool {lane.pool}" if lane.pool else "a thread that runs tasks",
        LaneKind.CONTROL: "the thread of the control queue",
        LaneKind.OUTSIDE: "a thread from outside the pool",
    }[lane.kind]
    return (shortened(lane.thread, _NAME), kind)
