"""Programs about pausing a serializer: who believes that it is still, and who resumes it."""

from __future__ import annotations

from taskpool.errors import NotSuspendedError
from taskpool.scenarios.journey.program import JourneyProgram, Stage
from taskpool.scenarios.lane import named
from taskpool.task import nothing

__all__ = [
    "DOUBLE_SUSPEND",
    "LOST_UNSUSPEND",
    "PAUSE_MANY",
    "PREMATURE_UNSUSPEND",
    "PUSH_WAIT_THROUGH_PAUSE",
    "SECOND_SUSPENDER",
]


def _double_suspend(stage: Stage) -> None:
    session = stage.serializer("session")
    session.push(named("message", nothing))
    session.suspend()
    session.suspend()
    session.unsuspend()
    session.unsuspend()


DOUBLE_SUSPEND = JourneyProgram(
    name="double-suspend",
    title="pausing what is paused already never returns (issue 1558)",
    story=(
        "A transfer pauses a session. Something that it calls, and that cannot know of it, pauses the same session "
        "once more before its own work. The first revision queued a checkpoint for each pause and waited until it "
        "had run; but nothing of a paused serializer runs, so the second pause waits for the resume of the first, "
        "which comes after it. Production systems stood still like this during call transfers, with thousands of "
        "tasks queued up behind it, and the revision was taken back."
    ),
    play=_double_suspend,
    found_on=("taskpool-first",),
    finds="deadlock",
    cured_on=("taskpool-shipped", "taskpool"),
)


def _push_wait_through_pause(stage: Stage) -> None:
    session, other = stage.serializer("session"), stage.serializer("other")
    paused = stage.var(False, "paused")

    def question() -> None:
        stage.expect(not paused.get(), "the session ran a task while it was paused")

    other.push(named("ask the session", session.push_wait, question))
    session.suspend()
    paused.set(True)
    paused.set(False)
    session.unsuspend()


PUSH_WAIT_THROUGH_PAUSE = JourneyProgram(
    name="push-wait-through-pause",
    title="a synchronous push runs the queue of a paused serializer",
    story=(
        "One session is paused. A task of another session asks it something and waits for the answer. In the first "
        "revision the asking thread takes the paused serializer's lock and runs its queue itself until it comes to "
        "its own question, paused or not: what the pause was to keep out happens in the middle of it."
    ),
    play=_push_wait_through_pause,
    found_on=("taskpool-first",),
    finds="assertion",
    cured_on=("taskpool-shipped", "taskpool"),
)


def _second_suspender(stage: Stage) -> None:
    session = stage.serializer("session")
    handled = stage.var(False, "message handled")

    def suspend(who: str) -> None:
        session.suspend()
        stage.expect(handled.get(), f"{who}'s pause began before the message that was there first was handled")

    session.push(named("message", handled.set, True))
    stage.spawn(lambda: suspend("the pickup"), "pickup")
    suspend("the transfer")
    stage.join()
    session.unsuspend()
    session.unsuspend()


SECOND_SUSPENDER = JourneyProgram(
    name="second-suspender",
    title="the second pause returns before the session is still (issue 2036)",
    story=(
        "A message of a session is still to be handled when a transfer and a pickup pause the session at the same "
        "time. The shipped revision lets the second of them go on at once, since a pause is under way; but it is not "
        "in force yet. The second replaces channels while the session's message is being handled."
    ),
    play=_second_suspender,
    found_on=("taskpool-shipped",),
    finds="assertion",
    cured_on=("taskpool",),
)


def _lost_unsuspend(stage: Stage) -> None:
    session = stage.serializer("session")
    begun = stage.event("transfer begun")

    def transfer() -> None:
        begun.set()
        session.suspend()

    stage.spawn(transfer, "transfer")
    begun.wait()
    try:
        session.unsuspend()
        told = False
    except NotSuspendedError:
        told = True
    stage.join()
    if told:
        session.unsuspend()
    session.push_wait(named("message", nothing))


LOST_UNSUSPEND = JourneyProgram(
    name="lost-unsuspend",
    title="a resume that comes while the pause is under way is lost",
    story=(
        "A transfer begins to pause a session. A watchdog finds that it takes too long and resumes the session, "
        "once, for that is what it is there for. In the shipped revision a resume that comes before the pause is in "
        "force does nothing and reports success. Then the pause comes into force, and nobody will ever end it. Here "
        "such a resume is refused, so that the watchdog knows, and resumes when the pause has come."
    ),
    play=_lost_unsuspend,
    found_on=("taskpool-shipped",),
    finds="deadlock",
    cured_on=("taskpool",),
)


def _premature_unsuspend(stage: Stage) -> None:
    session = stage.serializer("session")
    paused = stage.var(False, "the pickup's pause")

    def pickup() -> None:
        session.suspend()
        paused.set(True)
        paused.set(False)
        session.unsuspend()

    def message() -> None:
        stage.expect(not paused.get(), "the session ran a task during the pickup's pause")

    session.suspend()
    stage.spawn(pickup, "pickup")
    session.push(message)
    session.unsuspend()


PREMATURE_UNSUSPEND = JourneyProgram(
    name="premature-unsuspend",
    title="the first resume ends everybody's pause",
    story=(
        "A transfer has paused a session, a pickup pauses it as well, and a message for it arrives. The transfer is "
        "done first and resumes. The shipped revision does not count pauses: the message is handled although the "
        "pickup, whose call to pause succeeded, is in the middle of replacing the channel."
    ),
    play=_premature_unsuspend,
    found_on=("taskpool-shipped",),
    finds="assertion",
    cured_on=("taskpool",),
)


def _pause_many(stage: Stage) -> None:
    sessions = [stage.serializer(f"session-{number}") for number in range(stage.threads + 1)]
    for session in sessions:
        session.push(named("message", nothing))
        session.suspend()
    for session in sessions:
        session.unsuspend()


PAUSE_MANY = JourneyProgram(
    name="pause-many",
    title="one more pause than threads never comes into force",
    story=(
        "An operator pauses one session after the other, one more than the older pool has threads. Each pause keeps "
        "a thread until its resume; the last one waits for a thread, and the resumes come after it."
    ),
    play=_pause_many,
    found_on=("threadpool",),
    finds="deadlock",
    cured_on=("taskpool",),
)
