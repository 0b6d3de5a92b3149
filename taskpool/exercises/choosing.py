"""Exercise: a selector that gives each task to the queue on which it begins first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from taskpool.exercises.judging import Hint, explored
from taskpool.exercises.model import Exercise, Mistake, Verdict
from taskpool.recorder import Recorder
from taskpool.taskprocessor import TaskProcessor

__all__ = ["EXERCISE", "LOADS", "View", "program_of"]

PROMPT = """\
Write `choose(queues)`, the selector of a taskpool. It is called for each push and returns the queue, one of `queues`,
that gets the task. Each queue has a thread of its own. You know more than the selector of the real pool: how long each
task takes.

* `queue.waiting` is a list: for each task in the queue, how many milliseconds it will take.
* `queue.running` is how many milliseconds the task in progress still needs; 0 if the thread has nothing to do.

Each task is to begin as early as it can. Of queues that are equally good, any will do."""

HINTS = (
    Hint(
        "`choose` is to return one of the queues that it was given: the queue itself, neither its number nor its "
        "length.",
        about="is none of the queues",
    ),
    Hint(
        "The thread of that queue was in the middle of a task, and another one had nothing to do. An empty queue is "
        "not an idle thread: look at `running` as well.",
        about="behind a running task although",
    ),
    Hint(
        "In that queue a task was waiting already, and elsewhere there was none. What is queued comes first, however "
        "short the rest of the running task may be: look at `waiting` as well.",
        about="behind a queued task although",
    ),
    Hint(
        "The queue with the fewest tasks is not the one that is through first: three short tasks may take less time "
        "than a single long one. Do not count tasks; add up how long they take.",
        about="would have begun",
    ),
)


@dataclass(frozen=True, slots=True)
class View:
    """What `choose` sees of a queue.

    Args:
        waiting: For each task in the queue, how long it will take, in milliseconds.
        running: How long the task in progress still needs, in milliseconds; 0 if there is none.
    """

    waiting: list[float]
    running: float

    def __repr__(self) -> str:
        return f"<queue: running {self.running:g} ms, waiting {self.waiting}>"


class _Lane:
    """A queue with its thread, and what has been given to it.

    Args:
        name: Its name.
        runtime: The run's.
    """

    def __init__(self, name: str, runtime: Any) -> None:
        self.name = name
        self._runtime = runtime
        # A taskprocessor that records takes the monitor more often: with one always, all runs have the same steps.
        recorder = runtime.recorder if runtime.recorder is not None else Recorder()
        self._processor = TaskProcessor(name, runtime=runtime, recorder=recorder)
        self._waiting: list[float] = []
        self._until = 0.0

    def view(self) -> View:
        """What there is to do."""
        left = (self._until - self._runtime.monotonic()) * 1000
        return View(list(self._waiting), round(left, 6) if left > 1e-6 else 0)

    def push(self, name: str, ms: float) -> None:
        """Give it a task."""

        def task() -> None:
            self._waiting.pop(0)
            self._until = self._runtime.monotonic() + ms / 1000
            self._runtime.sleep(ms / 1000)

        task.__name__ = name
        self._waiting.append(ms)
        self._processor.push(task)

    def end(self) -> None:
        """Run what is queued, and end the thread."""
        self._processor.shutdown()


#: By title: the number of queues, and what is pushed: a pause before the push, a name, how long it takes (both in ms).
LOADS: dict[str, tuple[int, Sequence[tuple[float, str, float]]]] = {
    "one long task": (2, [(0, "A", 6), (1, "B", 1), (2.5, "C", 1)]),
    "five tasks": (2, [(0, "A", 4), (0.1, "B", 1), (0.1, "C", 1), (0.1, "D", 1), (0.1, "E", 2)]),
    "three queues": (3, [(0, "A", 9), (0.5, "B", 7), (0.5, "C", 2), (0.5, "D", 8), (0.5, "E", 1), (6.25, "F", 1)]),
}


def program_of(load: str, choose: Callable[[Sequence[View]], View]) -> Callable[[Any], None]:
    """A program that pushes a load where ``choose`` says; at its end it fails if a task could have begun earlier.

    Args:
        load: One of `LOADS`.
        choose: An answer.
    """
    count, tasks = LOADS[load]

    def program(runtime: Any) -> None:
        wrong: list[str] = []
        lanes = [_Lane(f"queue {number}", runtime) for number in range(1, count + 1)]
        for pause, name, ms in tasks:
            runtime.sleep(pause / 1000)
            views = [lane.view() for lane in lanes]
            chosen = choose(list(views))
            at = next((index for index, view in enumerate(views) if view is chosen), None)
            assert at is not None, f"what choose returned for task {name}, {chosen!r}, is none of the queues"
            wrong += _complaints(name, views, at)
            lanes[at].push(name, ms)
        for lane in lanes:
            lane.end()
        assert not wrong, wrong[0]

    program.__name__ = load
    return program


def _complaints(name: str, views: Sequence[View], at: int) -> list[str]:
    """What is to be said if the task does not begin as early as it can."""
    begins = [view.running + sum(view.waiting) for view in views]
    best = min(range(len(views)), key=begins.__getitem__)
    if begins[at] <= begins[best] + 1e-6:
        return []
    if not views[at].waiting and not begins[best]:
        return [
            f"task {name} went to queue {at + 1}, behind a running task although queue {best + 1} had nothing to do"
        ]
    if views[at].waiting and not views[best].waiting and views[at].running <= views[best].running:
        return [f"task {name} went to queue {at + 1}, behind a queued task although nothing waits in queue {best + 1}"]
    return [
        f"task {name} went to queue {at + 1}, to begin after {begins[at]:g} ms; on queue {best + 1} it would have "
        f"begun after {begins[best]:g} ms"
    ]


def judge(answer: Callable[..., Any]) -> Verdict:
    """Each of the loads in turn."""
    says = "Each task begins as early as it can."
    verdict = Verdict(True, says)
    for load in LOADS:
        if verdict:
            verdict = explored(program_of(load, answer), HINTS, says, seconds=2.0).with_coverage_of(verdict)
    return verdict


def starter() -> Any:
    def choose(queues):
        return queues[0]

    return choose


def solution() -> Any:
    def choose(queues):
        return min(queues, key=lambda queue: queue.running + sum(queue.waiting))

    return choose


def takes_the_shortest_queue() -> Any:
    def choose(queues):
        return min(queues, key=lambda queue: len(queue.waiting))

    return choose


def counts_the_tasks() -> Any:
    def choose(queues):
        return min(queues, key=lambda queue: len(queue.waiting) + (queue.running > 0))

    return choose


def looks_at_the_running_task() -> Any:
    def choose(queues):
        return min(queues, key=lambda queue: queue.running)

    return choose


def returns_a_number() -> Any:
    def choose(queues):
        work = [queue.running + sum(queue.waiting) for queue in queues]
        return work.index(min(work))

    return choose


EXERCISE = Exercise(
    name="selector",
    lesson=3,
    title="A selector that knows how long tasks take",
    prompt=PROMPT,
    answer="choose",
    make_starter=starter,
    make_solution=solution,
    judge=judge,
    mistakes=(
        Mistake(takes_the_shortest_queue, "An empty queue is not an idle thread"),
        Mistake(counts_the_tasks, "Do not count tasks; add up how long they take"),
        Mistake(looks_at_the_running_task, "What is queued comes first"),
        Mistake(returns_a_number, "the queue itself, neither its number nor its length"),
    ),
)
