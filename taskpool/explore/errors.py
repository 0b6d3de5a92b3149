"""What goes wrong with a search or a replay, each saying what to do about it."""

from __future__ import annotations

from taskpool.errors import TaskPoolError
from taskpool.runtime.kernel import ControlledRunError

__all__ = ["Diverged", "ExploreError", "NotDeterministic", "ScheduleError"]


class ExploreError(TaskPoolError, ControlledRunError):
    """A search cannot go on."""


class NotDeterministic(ExploreError):  # noqa: N818 - a public name that learners read as a state
    """The program did something else when it was run again with the same choices."""

    def __init__(self, step: int, expected: str, got: str) -> None:
        super().__init__(
            f"the program is not deterministic: with the same choices, step {step} was first {expected}, and then "
            f"{got}. Look for random numbers, the real clock, id(), set or dict order, and state kept between runs"
        )
        self.step = step
        self.expected = expected
        self.got = got


class ScheduleError(TaskPoolError, ValueError):
    """A schedule's text cannot be read."""


class Diverged(ExploreError):  # noqa: N818 - a public name that learners read as a state
    """A replay came to a step that its schedule does not fit.

    Attributes:
        step: Which.
        expected: What the schedule says.
        got: What there was.
    """

    def __init__(self, step: int, expected: str, got: str) -> None:
        super().__init__(
            f"the schedule does not fit this program: at step {step} it says {expected}, but there is {got}. Was it "
            "made for another program, other parameters or another version?"
        )
        self.step = step
        self.expected = expected
        self.got = got
