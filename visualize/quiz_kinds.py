"""The kinds of questions: each makes one from a run, with answer and hints, or None where there is nothing to ask.

Every answer is read off the states and the order of the run's events; none is written down anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from visualize._words import task_name, wait_phrase
from visualize.narrate import ending
from visualize.quiz_facts import INSTANT, Chance, Facts, Moment, called
from visualize.quiz_question import Hint, Question
from visualize.quiz_state import ask_state
from visualize.state import State, Waiting

__all__ = ["KINDS"]

_CHOICES = 4
_DRAWS = 200
_AHEAD = 60
_QUEUED = "none: it is still queued"


def _ask_blocked(facts: Facts, chance: Chance) -> Question | None:
    """How many threads are blocked."""
    best: tuple[Moment, State] | None = None
    for moment in facts.moments(chance):
        state = facts.state(moment)
        threads = facts.workers(state)
        count = sum(thread.waiting is not None for thread in threads)
        if threads and (best is None or count):
            best = moment, state
        if count or not chance.below(6):
            break
    if best is None:
        return None
    moment, state = best
    blocked = [thread.waiting.since for thread in facts.workers(state) if thread.waiting is not None]
    others = [thread for thread in facts.workers(state) if thread.waiting is None]
    why = more = Hint(f"{moment.at} none of the pool's threads waits for a task, a turn or a pause.")
    if blocked:
        why = Hint(" ".join(facts.dated(since) for since in blocked[:3]), facts.events[blocked[0]])
        more = facts.hint(blocked[0], "More are.")
    fewer = Hint("The pool has fewer threads than that.")
    if others:
        said = f"Fewer are. {facts.explain(moment, others[0].name)}"
        at = facts.last(moment.position, thread=others[0].name)
        fewer = Hint(said) if at is None else facts.hint(at, said)
    text = f"{moment.at}, how many of the pool's threads are blocked (wait for a task, a turn or a pause)?"
    return Question("blocked", text, "number", (), (len(blocked),), why, {"more": more, "fewer": fewer})


def _ask_runs(facts: Facts, chance: Chance) -> Question | None:
    """Which thread runs a task."""
    for moment in facts.moments(chance):
        state = facts.state(moment)
        threads = {called(thread.name): thread for thread in facts.workers(state)}
        tops = {name: thread.stack[-1] for name, thread in threads.items() if thread.stack}
        running = {name: top for name, top in tops.items() if top.task is not None and not top.turn}
        waiting = [task for queue in state.queues.values() for task in queue if _is_learners(state, task)]
        if len(threads) < 2 or not (running or waiting):
            continue
        if running and (not waiting or chance.below(4)):
            right = list(running)[chance.below(len(running))]
            task, start = running[right].task, running[right].started
        else:
            task, right = waiting[chance.below(len(waiting))], _QUEUED
            start = facts.states.known[task]
        wrong = chance.some([name for name in threads if name != right], _CHOICES - 1 - (right != _QUEUED))
        names = [name for name in threads if name in wrong or name == right] + [_QUEUED]
        said = {name: f"{moment.at}: {facts.explain(moment, thread.name)}" for name, thread in threads.items()}
        said[_QUEUED] = f"Task {task} has started by then."
        hints = {index: facts.hint(start, said[name]) for index, name in enumerate(names)}
        of = state.event_of(task)
        serializer = of.processor if of is not None and of.processor in state.serializers else None
        owner = f" of {called(serializer)}" if serializer else ""
        text = f"{moment.at}, which thread runs {task_name(task, state.label(task), 24)}{owner}?"
        why = Hint(f"At {facts.dated(start)}", facts.events[start])
        return Question("runs", text, "choice", tuple(names), (names.index(right),), why, hints)
    return None


def _is_learners(state: State, task: int) -> bool:
    """Whether a task is none of the pool's own: a turn, a checkpoint, a control task."""
    event = state.event_of(task)
    return event is not None and not any(event.detail.get(own) for own in ("turn", "checkpoint", "action"))


def _ask_waits(facts: Facts, chance: Chance) -> Question | None:
    """What a thread waits for."""
    for moment in facts.moments(chance):
        state = facts.state(moment)
        waiting = [thread for thread in facts.workers(state) or state.threads.values() if thread.waiting is not None]
        if not waiting:
            continue
        thread = waiting[chance.below(len(waiting))]
        assert thread.waiting is not None
        since = thread.waiting.since
        right = f"It {facts.narrator.wait(facts.events[since])}."
        wrong = _other_waits(facts, chance, state, thread.waiting)
        if not wrong:
            continue
        choices = chance.shuffled([right, *wrong[: _CHOICES - 1]])
        text = f"{moment.at}, {called(thread.name)} is blocked. What does it wait for?"
        why = Hint(f"{moment.at}: {facts.explain(moment, thread.name)}", facts.events[since])
        hints = dict.fromkeys(range(len(choices)), facts.hint(since))
        return Question("waits", text, "choice", tuple(choices), (choices.index(right),), why, hints)
    return None


def _other_waits(facts: Facts, chance: Chance, state: State, waiting: Waiting) -> list[str]:
    """What others wait for, or could: for other serializers and tasks than this one, so that none is half true."""
    others = [thread.waiting for thread in state.threads.values() if thread.waiting is not None]
    found = [
        facts.narrator.wait(facts.events[other.since])
        for other in others
        if other.on != waiting.on and (other.task is None or other.task != waiting.task)
    ]
    for name in chance.shuffled([name for name in state.serializers if name != waiting.on]):
        reason = ("suspended", "serializer_lock", "suspend")[chance.below(3)]
        found.append(wait_phrase(reason, called(name), ""))
    return [f"It {phrase}." for phrase in dict.fromkeys(found)]


def _ask_order(facts: Facts, chance: Chance) -> Question | None:
    """In which order events happen."""
    chosen: list[int] = []
    for at in chance.draws(facts.worth_telling, _DRAWS):
        time = facts.events[at].time
        if facts.happens_once(at) and all(abs(time - facts.events[other].time) > INSTANT for other in chosen):
            chosen.append(at)
        if len(chosen) == _CHOICES:
            break
    else:
        return None
    right = sorted(chosen)
    shown = chosen if chosen != right else right[::-1]
    why = Hint(" Then ".join(facts.dated(at) for at in right), facts.events[right[0]])
    hints = {index: facts.hint(at) for index, at in enumerate(shown)}
    answer = tuple(shown.index(at) for at in right)
    return Question(
        "order", "In which order do these happen?", "order", tuple(map(facts.tell, shown)), answer, why, hints
    )


def _ask_next(facts: Facts, chance: Chance) -> Question | None:
    """What happens first after an event."""
    worth = facts.worth_telling
    for start in chance.draws(range(len(worth)), _DRAWS):
        first: dict[str, int] = {}
        for at in worth[start + 1 : start + 1 + _AHEAD]:
            first.setdefault(facts.tell(at), at)
        if len(first) < _CHOICES or not facts.happens_once(worth[start]):
            continue
        right, *later = first
        choices = chance.shuffled([right, *chance.some(later, _CHOICES - 1)])
        at = first[right]
        hints = dict.fromkeys(range(_CHOICES), facts.hint(at, "Something else comes before that."))
        text = f"At {facts.dated(worth[start])} Which of these happens first after that?"
        why = Hint(f"At {facts.dated(at)}", facts.events[at])
        return Question("next", text, "choice", tuple(choices), (choices.index(right),), why, hints)
    return None


_OUTCOMES = {
    "completed": "it completes: all that was pushed has run",
    "deadlocked": "it deadlocks: nothing can move any more",
    "failed": "it fails: what must hold does not",
    "timed_out": "it is ended because its time is up",
}


def _ask_outcome(facts: Facts, chance: Chance) -> Question | None:
    """How the run ends."""
    outcome = facts.source.outcome
    if outcome not in _OUTCOMES or not facts.events:
        return None
    last = len(facts.events) - 1
    reason = ending(facts.source) or facts.tell(last)
    keys = list(_OUTCOMES)
    hint = facts.hint(last, "See how it ends.")
    what = facts.source.title or "this run"
    return Question(
        "outcome",
        f"How does {what} end?",
        "choice",
        tuple(_OUTCOMES.values()),
        (keys.index(outcome),),
        Hint(reason, facts.events[last]),
        dict.fromkeys(range(len(keys)), hint),
    )


#: By name: what makes a question of the kind, or None where the run has nothing to ask.
KINDS: Mapping[str, Callable[[Facts, Chance], Question | None]] = MappingProxyType(
    {
        "blocked": _ask_blocked,
        "runs": _ask_runs,
        "waits": _ask_waits,
        "state": ask_state,
        "order": _ask_order,
        "next": _ask_next,
        "outcome": _ask_outcome,
    }
)
