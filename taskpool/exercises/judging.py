"""Judging an answer by running it on every schedule, or on as many as there is time for.

An answer may do anything: hang, loop for ever, use real threads, raise. The explorer turns each into a failure or an
error that names the line; here they become sentences for a learner.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from taskpool.exercises.model import Verdict
from taskpool.explore import Failure, explore
from taskpool.runtime.kernel import ControlledRunError
from taskpool.runtime.real import default_runtime

__all__ = ["Hint", "explored"]

SECONDS = 6.0  # for the search; a stuck thread, the shortest schedule and the unwinding come on top of it
_STUCK_AFTER = 1.5
_SLICE = 250

_PLACE = re.compile(r" at (?!cell:)[^\s:]+:\d+(?=:)")  # a line of the package says nothing to a learner, and changes

_BY_KIND = {
    "deadlock": "Each thread waits for another one. The table shows who waited for whom; who could have gone on?",
    "lost wakeup": "Somebody waits for a signal that was given before.",
    "livelock": "It goes round in circles: nothing new happens any more. What should have ended the loop?",
    "unfinished": "It does not come to an end. What ends the loop, and can that always happen?",
    "exception": "An exception left a thread: the last line of the table shows where.",
    "assertion": "A promise was broken. The table shows the steps that led there.",
}


@dataclass(frozen=True, slots=True)
class Hint:
    """What to say about a failure.

    Args:
        text: The hint.
        kind: The kinds of failure that it is for, or "" for all of them.
        about: What the failure's message must match: a regular expression.
    """

    text: str
    kind: str = ""
    about: str = ""

    def fits(self, failure: Failure) -> bool:
        """Whether it is for this failure."""
        return re.search(self.about, failure.message) is not None and (
            not self.kind or failure.kind in self.kind.split(", ")
        )


_ALWAYS = (Hint("Nothing runs what is queued. Who is to, and who tells them?", about="no task ran at all"),)


def explored(program: Callable[[Any], Any], hints: Sequence[Hint], right: str, *, seconds: float = SECONDS) -> Verdict:
    """Run ``program`` on every schedule until one fails; on as many as ``seconds`` allow.

    Blocks; from any thread that is not of a controlled run.

    Args:
        program: As for `taskpool.explore.explore`.
        hints: The first that fits a failure is given; there is one for each kind of failure besides.
        right: What to say if none fails.
        seconds: Of real time, for the search itself.
    """
    clock = default_runtime().monotonic
    began = clock()
    try:
        report = explore(program, stop_at_failure=True, max_schedules=_SLICE, stuck_after=_STUCK_AFTER, max_steps=2_000)
        while not (report.failures or report.exhausted or report.interrupted) and clock() - began < seconds:
            report.resume(_SLICE)
    except ControlledRunError as error:
        return Verdict(False, f"{error}.", "Whatever waits, or is shared, has to come from the runtime that you get.")
    if report.failures:
        failure = report.failures[0]
        hint = next((hint.text for hint in (*hints, *_ALWAYS) if hint.fits(failure)), _BY_KIND.get(failure.kind, ""))
        tried = f"Found on schedule {report.schedules:,} of those tried."
        return Verdict(False, _said(failure), hint, tried, failure)
    if report.exhausted:
        return Verdict(True, right, "", report.coverage(timed=False))
    if report.interrupted:
        return Verdict(False, "The check was interrupted.", "Run it again.", report.coverage(timed=False))
    return Verdict(True, f"{right} There was no time for every schedule.", "", report.coverage(timed=False))


def _said(failure: Failure) -> str:
    """A failure in a sentence; a promise that was broken in the checker's own words."""
    if failure.kind == "assertion" and failure.error is not None and str(failure.error):
        text = str(failure.error).partition("\n")[0]
        return f"{text[0].upper()}{text[1:]}."
    return f"{failure.kind.capitalize()}: {_PLACE.sub('', failure.message)}."
