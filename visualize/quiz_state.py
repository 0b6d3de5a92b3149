"""Pick the state at a time: a few threads and serializers in one line, as it is and as it is at other times."""

from __future__ import annotations

from collections.abc import Sequence

from taskpool.events import EventKind
from visualize._words import natural
from visualize.quiz_facts import Chance, Facts, Moment, called
from visualize.quiz_question import Hint, Question
from visualize.state import State

__all__ = ["ask_state", "describe"]

_CHOICES = 4
_SUBJECTS = 3
_QUEUED = 5


def describe(state: State, threads: Sequence[str], serializers: Sequence[str]) -> tuple[str, ...]:
    """What each of the threads and serializers is doing, in a few words each."""
    return (
        *(f"{called(name)} {_thread(state, name)}" for name in threads),
        *(f"{called(name)} {_serializer(state, name)}" for name in serializers),
    )


def _thread(state: State, name: str) -> str:
    thread = state.threads.get(name)
    if thread is None:
        return "has not started"
    inside = [running.task for running in thread.stack if not running.turn]
    if thread.waiting is not None:
        return f"is blocked in task {inside[-1]}" if inside else "is blocked"
    if inside:
        return f"runs task {inside[-1]}"
    if thread.stack:
        return "takes a turn"
    return "has ended" if thread.status == "stopped" else "is idle"


def _serializer(state: State, name: str) -> str:
    queue = state.queues.get(name, ())
    listed = ", ".join(map(str, queue[:_QUEUED])) + (
        f" and {len(queue) - _QUEUED} more" if len(queue) > _QUEUED else ""
    )
    holds = f"holds {listed}" if queue else "is empty"
    serializer = state.serializers.get(name)
    if serializer is None or not serializer.suspensions:
        return holds
    return f"{holds} and {'is paused' if serializer.still else 'is to be paused'}"


def ask_state(facts: Facts, chance: Chance) -> Question | None:
    """Which line tells the state at a time."""
    threads = chance.some(sorted(facts.staff, key=natural), _SUBJECTS)
    everyone = sorted(facts.states.serializers, key=natural)
    paused = {event.processor for event in facts.events if event.kind is EventKind.SERIALIZER_SUSPENDED}
    first = chance.some([name for name in everyone if name in paused], _SUBJECTS - 1)
    rest = chance.some([name for name in everyone if name not in first], _SUBJECTS - len(first))
    serializers = [*first, *rest]
    lines: dict[tuple[str, ...], Moment] = {}
    for moment in facts.moments(chance):
        lines.setdefault(describe(facts.state(moment), threads, serializers), moment)
        if len(lines) == _CHOICES:
            break
    if len(lines) < 2 or not threads:
        return None
    right, moment = next(iter(lines.items()))
    choices = chance.shuffled(list(lines))
    hints = {
        index: _hint(
            facts, moment, [one != other for one, other in zip(right, line, strict=True)], threads, serializers
        )
        for index, line in enumerate(choices)
        if line != right
    }
    last = max(0, moment.position - 1)
    why = Hint(f"The last thing before: {facts.dated(last)}", facts.events[last])
    text = f"{moment.at}, which of these is the case?"
    shown = tuple("; ".join(line) for line in choices)
    return Question("state", text, "choice", shown, (choices.index(right),), why, hints)


def _hint(
    facts: Facts, moment: Moment, differs: Sequence[bool], threads: Sequence[str], serializers: Sequence[str]
) -> Hint:
    """Point at the event that made the first thing so of which a wrong line tells something else."""
    first = differs.index(True)
    name = (*threads, *serializers)[first]
    is_thread = first < len(threads)
    at = facts.last(moment.position, thread=name if is_thread else "", queue="" if is_thread else name)
    said = f"{called(name)} is something else then."
    return Hint(said) if at is None else facts.hint(at, said)
