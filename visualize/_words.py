"""The words that pictures and sentences share: reasons in plain English, times and amounts for people."""

from __future__ import annotations

import re
from collections.abc import Sequence

from visualize.palette import shortened

__all__ = [
    "INLINE_REASONS",
    "WAIT_REASONS",
    "amount",
    "listed",
    "natural",
    "seconds",
    "short_name",
    "task_name",
    "time_column",
    "wait_phrase",
]

INLINE_REASONS = {
    "inside_pool": "its caller is already on a thread of the pool",
    "idle_serializer": "the serializer had nothing to do",
    "own_serializer": "its caller is itself a task of that serializer",
}

WAIT_REASONS = {
    "sync_task": "for a task's result",
    "serializer_lock": "for a serializer that runs on another thread",
    "suspended": "for a paused serializer",
    "suspend": "until a serializer is still",
    "blocking_suspend": "kept while a serializer is paused",
    "pool_lock": "for the pool's own lock",
    "thread_end": "until a thread has ended",
}


def short_name(name: str) -> str:
    """A thread's or queue's name as people say it: ``taskpool/s:pjsip-00000018`` is ``s:pjsip-18``."""
    return _SEQUENCE.sub(r"-\1", name.removeprefix("taskpool/").removeprefix("threadpool/"))


_SEQUENCE = re.compile(r"-(?=[0-9a-f]{8}$)0*([0-9a-f]+)$")


def seconds(value: float) -> str:
    """A time in the unit that suits it: ``850 µs``, ``2.5 ms``, ``1.25 s``."""
    if value == 0:
        return "0 ms"
    for unit, scale in (("s", 1.0), ("ms", 1e3)):
        if abs(value) * scale >= 0.9995:
            return f"{_number(value * scale)} {unit}"
    return f"{_number(value * 1e6)} µs"


def _number(value: float) -> str:
    if abs(value) >= 999.5:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def natural(name: str) -> list[tuple[int, str]]:
    """Sorts names as people do: ``s-2`` before ``s-10``, and a pool's ``-00000009`` before its ``-0000000a``."""
    sequence = _SEQUENCE.search(name)
    tail = [(int(sequence[1], 16), "")] if sequence else []
    head = name[: sequence.start()] if sequence else name
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in _DIGITS.split(head) if part] + tail


_DIGITS = re.compile(r"([0-9]+)")


def amount(count: int, one: str, many: str = "") -> str:
    """``1 thread``, ``2 threads``, ``no threads``."""
    many = many or one + "s"
    if count == 0:
        return f"no {many}"
    return f"1 {one}" if count == 1 else f"{count:,} {many}"


def listed(parts: Sequence[str], word: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {word} {parts[-1]}"


def time_column(times: Sequence[float]) -> list[str]:
    """Times below one another: in one unit, with the same number of decimals, right-aligned."""
    longest = max(times, default=0.0)
    unit, scale = ("s", 1.0) if longest >= 10 else ("ms", 1e3)
    texts = [f"{time * scale:,.3f} {unit}" for time in times]
    width = max(map(len, texts), default=0)
    return [text.rjust(width) for text in texts]


def task_name(task: int | None, label: str, width: int = 40) -> str:
    """``task 26 'answer'``; without what is not known."""
    name = "a task" if task is None else f"task {task}"
    return f"{name} '{shortened(label, width)}'" if label and label != name else name


def wait_phrase(reason: str, on: str, task: str) -> str:
    """What a thread does that waits, after its name: ``waits for task 34 ask of B``.

    Args:
        reason: As in `taskpool.events`.
        on: The queue waited for.
        task: What `task_name` says of the task waited for, or empty.
    """
    if reason == "suspend":
        return f"waits until {on} is still"
    if reason == "suspended":
        return f"waits until {on} is resumed" + (f", for {task}" if task else "")
    if reason == "blocking_suspend":
        return f"is kept while {on} is paused"
    if reason == "pool_lock":
        return f"waits for the lock of {on}"
    if reason == "thread_end":
        return f"waits until {on} has ended"
    if reason == "serializer_lock":
        return f"waits for {on}, which runs on another thread" + (f", for {task}" if task else "")
    if task:
        return f"waits for {task} of {on}" if on else f"waits for {task}"
    return f"waits for {on}" if on else "waits"
