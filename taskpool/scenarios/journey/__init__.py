"""The journey, one small program for each fault: for `taskpool.explore` to find, to replay and to learn from.

    program = PROGRAMS["double-suspend"]
    print(program.tell())
    explore(program.on("taskpool-first"))  # finds the hang
    explore(program.on("taskpool"))        # ends without a finding

The faults and where they come from: `taskpool.history`, `taskpool.original`.
"""

from collections.abc import Mapping
from types import MappingProxyType

from taskpool.scenarios.journey.pauses import (
    DOUBLE_SUSPEND,
    LOST_UNSUSPEND,
    PAUSE_MANY,
    PREMATURE_UNSUSPEND,
    PUSH_WAIT_THROUGH_PAUSE,
    SECOND_SUSPENDER,
)
from taskpool.scenarios.journey.pools import LOST_WAKE_UP, SHRINKING_JOINS_UNDER_LOCK, SHUTDOWN_STRANDS
from taskpool.scenarios.journey.program import DESIGNS, JourneyProgram, Stage
from taskpool.scenarios.journey.waits import (
    A_B_A,
    CROSS_PUSH_WAIT,
    NESTED_PUSH_WAIT,
    PUSH_WAIT_AFTER_RELEASE,
    PUSH_WAIT_HOLDING_A_LOCK,
)

__all__ = ["DESIGNS", "PROGRAMS", "JourneyProgram", "Stage"]

PROGRAMS: Mapping[str, JourneyProgram] = MappingProxyType(
    {
        program.name: program
        for program in (
            NESTED_PUSH_WAIT,
            PAUSE_MANY,
            LOST_WAKE_UP,
            DOUBLE_SUSPEND,
            PUSH_WAIT_THROUGH_PAUSE,
            SECOND_SUSPENDER,
            LOST_UNSUSPEND,
            PREMATURE_UNSUSPEND,
            PUSH_WAIT_HOLDING_A_LOCK,
            PUSH_WAIT_AFTER_RELEASE,
            CROSS_PUSH_WAIT,
            A_B_A,
            SHRINKING_JOINS_UNDER_LOCK,
            SHUTDOWN_STRANDS,
        )
    }
)
