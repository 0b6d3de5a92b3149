"""What stands below the lanes of a text: what happened, and who is blocked at the end and why."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from taskpool.events import Event
from visualize.narrate import Narration, blocked

__all__ = ["told"]


def told(events: Sequence[Event], width: int, most: int, title: str = "") -> list[str]:
    """The lines, none longer than ``width`` where words allow it; empty where nothing happened.

    Args:
        events: A trace.
        width: In characters.
        most: How many events are told at most.
        title: Which run it is, where there are several.
    """
    if not events:
        return []
    of = f": {title}" if title else ""
    lines = [f"What happened{of}"]
    for line in Narration(events).lines(most):
        indent = len(line) - len(line.lstrip()) if line.lstrip().startswith("…") else line.index("s  ") + 3
        lines += _folded(line, width, " " * (2 + indent), "  ")
    waits = blocked(events)
    if waits:
        lines += ["", f"Blocked at the end{of}"]
        for line in waits:
            lines += _folded(line, width, "    ", "  ")
    return lines


def _folded(line: str, width: int, later: str, first: str) -> list[str]:
    return textwrap.wrap(
        line,
        width,
        initial_indent=first,
        subsequent_indent=later,
        drop_whitespace=True,
        break_on_hyphens=False,
        break_long_words=False,
    )
