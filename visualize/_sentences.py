"""One event → one plain sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from taskpool.events import Event, EventKind
from visualize._replay import Origins, Replay
from visualize._words import INLINE_REASONS, amount, listed, short_name, task_name, wait_phrase
from visualize.palette import cleaned, shortened

__all__ = ["Narrator"]

_ACTIONS = {
    "task_pushed": "a task was pushed",
    "thread_idle": "a thread has become idle",
    "thread_died": "a thread has ended",
    "set_size": "the pool's size is to change",
}
_DISCARDED = {
    "shut_down": "its pool was shut down",
    "aborted": "its pool was aborted",
    "cancelled": "it was cancelled",
    "deadlock": "waiting for it would have been a deadlock",
}
_ENDED = {
    "aborted": "the pool was aborted",
    "shut_down": "the pool was shut down",
    "deadlock": "the wait would have been a deadlock",
    "interrupted": "it was interrupted",
}


class Narrator:
    """Tells events, each in one sentence.

    Args:
        events: The whole trace: what a task is called stands in an earlier event than the one that is told.
        origins: By task the position of the event that made it known, if that is known already.
    """

    def __init__(self, events: Sequence[Event], origins: Origins | None = None) -> None:
        self._events = events
        if origins is None:
            origins = {}
            Replay().run(events, len(events), origins)
        self._origins = origins
        self._tellers: dict[EventKind, Callable[[Event, str], str]] = {
            EventKind.POOL_CREATED: self._pool_created,
            EventKind.POOL_GREW: self._pool_sized,
            EventKind.POOL_SHRANK: self._pool_sized,
            EventKind.POOL_SHUT_DOWN: self._pool_shut_down,
            EventKind.THREAD_STARTED: lambda event, thread: f"{thread} starts, to serve {_name(event.processor)}.",
            EventKind.THREAD_STOPPED: lambda event, thread: f"{thread} ends.",
            EventKind.THREAD_IDLED: lambda event, thread: f"{thread} has nothing to do and sleeps.",
            EventKind.THREAD_WOKE: lambda event, thread: f"{thread} wakes up.",
            EventKind.TASK_PUSHED: self._pushed,
            EventKind.TASK_INLINED: self._inlined,
            EventKind.TASK_STARTED: self._started,
            EventKind.TASK_FINISHED: self._finished,
            EventKind.TASK_FAILED: self._failed,
            EventKind.TASK_DISCARDED: self._discarded,
            EventKind.WAIT_STARTED: self._wait_started,
            EventKind.WAIT_ENDED: self._wait_ended,
            EventKind.SERIALIZER_SCHEDULED: self._scheduled,
            EventKind.SERIALIZER_RELEASED: self._released,
            EventKind.SERIALIZER_SUSPENDING: self._suspending,
            EventKind.SERIALIZER_SUSPENDED: self._suspended,
            EventKind.SERIALIZER_UNSUSPENDED: self._unsuspended,
            EventKind.CONTROL_QUEUED: self._control_queued,
            EventKind.CONTROL_RAN: self._control_ran,
            EventKind.HIGH_WATER_REACHED: self._high_water,
            EventKind.LOW_WATER_CLEARED: self._low_water,
        }

    def tell(self, event: Event) -> str:
        """The event as a sentence."""
        return self._tellers[event.kind](event, _name(event.thread))

    def task(self, task: int | None) -> str:
        """A task by its number and name: ``task 26 answer``; a serializer's turn as such."""
        origin = self._origin(task)
        if origin is None:
            return task_name(task, "")
        turn = origin.detail.get("turn")
        if turn:
            return f"the turn of {_name(str(turn))} (task {task})"
        return task_name(task, str(origin.detail.get("label", "")))

    def _origin(self, task: int | None) -> Event | None:
        at = self._origins.get(task) if task is not None else None
        return None if at is None else self._events[at]

    # -- pools -------------------------------------------------------------------------------------------------

    def _pool_created(self, event: Event, thread: str) -> str:
        design = event.detail.get("design")
        return f"Pool {_name(event.processor)} opens" + (f": a {cleaned(str(design))}." if design else ".")

    def _pool_sized(self, event: Event, thread: str) -> str:
        verb = "grows" if event.kind is EventKind.POOL_GREW else "shrinks"
        by, size = event.detail.get("by"), event.detail.get("size")
        text = f"Pool {_name(event.processor)} {verb}"
        if isinstance(by, int):
            text += f" by {amount(by, 'thread')}"
        if isinstance(size, int):
            text += f", to {size}"
        return text + "."

    def _pool_shut_down(self, event: Event, thread: str) -> str:
        name = _name(event.processor)
        aborted = event.detail.get("aborted")
        text = f"Pool {name} is aborted: whoever waits is released." if aborted else f"Pool {name} is shut down."
        unrun = event.detail.get("unrun")
        if isinstance(unrun, dict) and unrun:
            lost = [f"{amount(count, 'task')} of {_name(str(queue))}" for queue, count in list(unrun.items())[:3]]
            text += f" Never run: {listed(lost)}{' and others' if len(unrun) > 3 else ''}."
        return text

    # -- tasks -------------------------------------------------------------------------------------------------

    def _pushed(self, event: Event, thread: str) -> str:
        queue, detail = _name(event.processor), event.detail
        if detail.get("turn"):
            turn = _name(str(detail["turn"]))
            return f"{thread} asks {queue} to give {turn} a turn (task {event.task})."
        if detail.get("checkpoint"):
            return f"{thread} queues a checkpoint (task {event.task}) behind what {queue} has to do."
        text = f"{thread} pushes {self.task(event.task)} onto {queue}"
        depth = detail.get("depth")
        if isinstance(depth, int) and depth > 1:
            text += f", where {amount(depth, 'task')} are queued now"
        return text + ("; it wants the result." if detail.get("wait") else ".")

    def _inlined(self, event: Event, thread: str) -> str:
        reason = str(event.detail.get("reason", ""))
        inside = f", inside task {event.parent}" if event.parent is not None else ""
        why = INLINE_REASONS.get(reason, reason)
        return f"{thread} is about to run {self.task(event.task)} inline{inside}: {why}."

    def _started(self, event: Event, thread: str) -> str:
        origin = self._origin(event.task)
        if origin is not None and origin.detail.get("turn"):
            return f"{thread} takes the turn of {_name(str(origin.detail['turn']))}."
        if origin is not None and origin.kind is EventKind.TASK_INLINED:
            return f"{_capital(self.task(event.task))} of {_name(event.processor)} starts inline on {thread}."
        return f"{thread} starts {self.task(event.task)} of {_name(event.processor)}."

    def _finished(self, event: Event, thread: str) -> str:
        origin = self._origin(event.task)
        if origin is not None and origin.detail.get("turn"):
            return f"{thread} is done with the turn of {_name(str(origin.detail['turn']))}."
        return f"{thread} finishes {self.task(event.task)} of {_name(event.processor)}."

    def _failed(self, event: Event, thread: str) -> str:
        error = shortened(str(event.detail.get("error", "an error")), 80)
        return f"{_capital(self.task(event.task))} of {_name(event.processor)} fails on {thread}: {error}."

    def _discarded(self, event: Event, thread: str) -> str:
        reason = str(event.detail.get("reason", ""))
        why = _DISCARDED.get(reason, cleaned(reason))
        return f"{_capital(self.task(event.task))} of {_name(event.processor)} will never run: {why}."

    # -- waits -------------------------------------------------------------------------------------------------

    def _wait_started(self, event: Event, thread: str) -> str:
        return f"{thread} is blocked: it {self.wait(event)}."

    def wait(self, event: Event) -> str:
        """What the thread of a wait does, as a verb phrase."""
        task = "" if event.task is None else self.task(event.task)
        return wait_phrase(str(event.detail.get("reason", "")), _name(event.processor), task)

    def _wait_ended(self, event: Event, thread: str) -> str:
        outcome, name = str(event.detail.get("outcome", "")), _name(event.processor)
        if outcome == "turn":
            return f"{thread} goes on: {name} is free, and {thread} runs it itself."
        if outcome in _ENDED:
            return f"{thread} stops waiting for {name}: {_ENDED[outcome]}."
        reason = event.detail.get("reason")
        if reason == "suspend":
            return f"{thread} goes on: {name} is still."
        if reason in ("blocking_suspend", "suspended"):
            return f"{thread} goes on: {name} is resumed."
        if reason == "pool_lock":
            return f"{thread} goes on: the lock of {name} is free."
        if reason == "thread_end":
            return f"{thread} goes on: {name} has ended."
        what = f"{self.task(event.task)} is done" if event.task is not None else f"{name} is free"
        return f"{thread} goes on: {what}."

    # -- serializers -------------------------------------------------------------------------------------------

    def _scheduled(self, event: Event, thread: str) -> str:
        on = event.detail.get("on")
        where = f" on {_name(str(on))}" if on else ""
        return f"{_name(event.processor)} has a turn coming{where} (task {event.task})."

    def _released(self, event: Event, thread: str) -> str:
        name, left = _name(event.processor), event.detail.get("left")
        text = f"{thread} lets go of {name}"
        if isinstance(left, int):
            text += f": {amount(left, 'task')} left" if left else ": nothing is left"
        return text + (", so it gets another turn." if event.detail.get("requeued") else ".")

    def _suspending(self, event: Event, thread: str) -> str:
        count = event.detail.get("count", 1)
        more = f"; {count} want it paused now" if isinstance(count, int) and count > 1 else ""
        return f"{thread} wants {_name(event.processor)} paused{more}."

    def _suspended(self, event: Event, thread: str) -> str:
        return f"{_name(event.processor)} is still: from now on nothing of it runs."

    def _unsuspended(self, event: Event, thread: str) -> str:
        count, name = event.detail.get("count", 0), _name(event.processor)
        if isinstance(count, int) and count > 0:
            return (
                f"{thread} no longer wants {name} paused; {count} still do."
                if count > 1
                else (f"{thread} no longer wants {name} paused; one still does.")
            )
        return f"{thread} resumes {name}."

    # -- the older pool, and water marks -----------------------------------------------------------------------

    def _control_queued(self, event: Event, thread: str) -> str:
        return f"{thread} queues control task {event.task} on {_name(event.processor)}: {_action(event)}."

    def _control_ran(self, event: Event, thread: str) -> str:
        return f"{thread} handles control task {event.task}: {_action(event)}."

    def _high_water(self, event: Event, thread: str) -> str:
        depth = event.detail.get("depth")
        return f"{_name(event.processor)} has reached its high water mark: {depth} tasks are queued."

    def _low_water(self, event: Event, thread: str) -> str:
        return f"{_name(event.processor)} is below its low water mark again: {event.detail.get('depth')} are queued."


def _name(name: str | None) -> str:
    return shortened(short_name(name or "?"), 48)


def _action(event: Event) -> str:
    action = str(event.detail.get("action", ""))
    return _ACTIONS.get(action, cleaned(action.replace("_", " ")))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
