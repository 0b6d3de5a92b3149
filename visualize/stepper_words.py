"""What the runtime's operations are called in a stepper: the pools' wake-ups by what they mean, waits as sentences.

The runtime names an operation by its kind and its object (``put pjsip/control wakes``), which is what schedules and
reports say; here the same is said to somebody who has not read the pools.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from visualize._words import listed

__all__ = ["meaning_of", "operation_text", "wait_text"]

_MOST_NAMES = 4

#: The queues that the pools' threads sleep on and are answered through, by the ends of their names.
_OPERATIONS = (
    (re.compile(r"^get (.+) wakes$"), "wait until it is woken"),
    (re.compile(r"^timed get (.+) wakes$"), "wait for a time until it is woken"),
    (re.compile(r"^put (.+) wakes$"), r"wake \1"),
    (re.compile(r"^(?:timed )?get (.+) waits$"), "wait until it is told that it can go on"),
    (re.compile(r"^put (.+) waits$"), r"tell \1 that it can go on"),
    (re.compile(r"^(?:timed )?join (.+)$"), r"wait for the end of \1"),
    (re.compile(r"^is_alive (.+)$"), r"see whether \1 has ended"),
)
_WAITS = (
    (re.compile(r"^waits for an item of .+ wakes$"), "sleeps until it is woken"),
    (re.compile(r"^waits for an item of .+ waits$"), "waits until it is told that it can go on"),
    (re.compile(r"^waits for an item of (.+)$"), r"waits until something is put into \1"),
    (re.compile(r"^waits on (.+)$"), r"waits until \1 is notified"),
    (re.compile(r"^waits for a permit of (.+)$"), r"waits until \1 has a permit"),
    (re.compile(r"^waits for the result of (.+)$"), r"waits until \1 has a result"),
    (re.compile(r"^waits for (.+)$"), r"waits until '\1' is set"),
)


def operation_text(text: str) -> str:
    """What a thread does or can do next, after ``can``: ``wake pjsip/control``."""
    for pattern, said in _OPERATIONS:
        if pattern.match(text):
            return pattern.sub(said, text)
    return text


def wait_text(text: str, others: Sequence[str]) -> str:
    """What a thread waits for, and who could end that, as sentences without the last full stop.

    Args:
        text: The runtime's words for it.
        others: The names of the other threads that have not ended.
    """
    if text == "sleeps":
        return "sleeps: its time comes when nobody else can go on"
    if ", which " in text or text.startswith("waits for the end of "):
        return text
    for pattern, said in _WAITS:
        if pattern.match(text):
            text = pattern.sub(said, text)
            break
    if not others:
        return f"{text}. No other thread is left"
    rest = len(others) - _MOST_NAMES
    shown = list(others) if rest < 2 else [*others[:_MOST_NAMES], f"{rest} more"]
    return f"{text}. Another thread has to do that: {listed(shown, 'or')}"


def meaning_of(schedule: str, steps: int) -> str:
    """What a schedule does not say of itself: what ``default`` stands for; empty where it names choices."""
    if not schedule.endswith("default"):
        return ""
    return "each time the thread that goes on by itself" if steps else "nothing is chosen yet"
