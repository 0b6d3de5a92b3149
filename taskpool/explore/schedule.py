"""A schedule as a value: only where it leaves the path that a run takes by itself.

By itself a run stays on the thread that is running as long as it can go on, and then takes the thread that was spawned
first among those that can. ``1:2 2:3`` says: at step 1 thread 2 goes on instead, at step 2 thread 3; steps are counted
from 0, and the first thread is thread 0. That is enough to repeat a run, and short enough to put into a bug report.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256

from taskpool.explore.errors import ScheduleError

__all__ = ["Schedule"]

VERSION = 1
_DEFAULT = "default"
_PAIR = re.compile(r"(\d{1,18}):(\d{1,18})\Z", re.ASCII)
_OPTION = re.compile(r"(v|e)(\d{1,18})\Z", re.ASCII)
_DIGEST = re.compile(r"#([0-9a-f]{8})\Z")


@dataclass(frozen=True, slots=True)
class Schedule:
    """Who goes on where, in one run of one program.

    Args:
        deviations: (step, thread) for each step at which another thread goes on than by itself.
        early_timeouts: How many timed operations of each thread may give up at any time.
        digest: A hash of the operations that were chosen, or "" where that is not known.
        operations: The operations themselves, where they are known; not part of the text.
    """

    deviations: tuple[tuple[int, int], ...] = ()
    early_timeouts: int = 0
    digest: str = ""
    operations: tuple[str, ...] = field(default=(), repr=False, compare=False)

    def __str__(self) -> str:
        pairs = " ".join(f"{step}:{thread}" for step, thread in self.deviations)
        early = f"e{self.early_timeouts} " if self.early_timeouts else ""
        return f"{early}{pairs or _DEFAULT}"

    @property
    def full(self) -> str:
        """The text with version and hash, for a bug report: a replay then notices another program at its end."""
        return " ".join(part for part in (f"v{VERSION}", f"#{self.digest}" if self.digest else "", str(self)) if part)

    @classmethod
    def parse(cls, text: str) -> Schedule:
        """The schedule that ``text`` (short or full) stands for.

        Raises:
            ScheduleError: If it cannot be read; says which part.
        """
        if not isinstance(text, str):
            raise ScheduleError(f"a schedule is a text like '1:2 2:3', not {type(text).__name__}")
        deviations: list[tuple[int, int]] = []
        early, digest = 0, ""
        for part in text.split():
            if pair := _PAIR.match(part):
                step, thread = int(pair[1]), int(pair[2])
                if deviations and step <= deviations[-1][0]:
                    raise ScheduleError(f"schedule {text!r}: step {step} comes after step {deviations[-1][0]}")
                deviations.append((step, thread))
            elif option := _OPTION.match(part):
                if option[1] == "e":
                    early = int(option[2])
                elif int(option[2]) != VERSION:
                    raise ScheduleError(f"schedule {text!r} is of version {option[2]}; this package reads {VERSION}")
            elif hashed := _DIGEST.match(part):
                digest = hashed[1]
            elif part != _DEFAULT:
                raise ScheduleError(
                    f"schedule {text!r}: {part!r} is not STEP:THREAD (as in '1:2 2:3'), 'default', an option or a hash"
                )
        if not text.strip():
            raise ScheduleError("an empty schedule: the path a run takes by itself is written 'default'")
        return cls(tuple(deviations), early, digest)


def digest_of(operations: Iterable[str]) -> str:
    """The hash of a run's operations; the same on every machine."""
    return sha256("\n".join(operations).encode()).hexdigest()[:8]
