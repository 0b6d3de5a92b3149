"""Step and choose: the learner decides which thread goes on, sees what comes of it, and goes back.

``stepper(program)`` holds a program of the controlled runtime between two steps. A notebook shows buttons, one for each
thread that can go on; ``.step("T1")``, ``.undo()``, ``.can_deadlock()``, ``.load("1:2")``, ``.schedule`` and ``.state``
are what they call, and work without Jupyter.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self

from taskpool.explore import replay
from taskpool.explore.errors import ExploreError
from taskpool.explore.execution import Program
from taskpool.explore.findings import Finding
from taskpool.explore.replay import Moment
from taskpool.explore.schedule import Schedule
from taskpool.explore.stepping import Stepper as Run
from taskpool.explore.stepping import ThreadState
from taskpool.trace import Trace
from visualize import stepper_goals
from visualize._callable import make_callable
from visualize._extra import extra
from visualize._words import amount, short_name
from visualize.palette import cleaned
from visualize.state import State, States
from visualize.stepper_cells import take_over
from visualize.stepper_goals import Goal, Judgement, goal_of, switches
from visualize.stepper_search import Answer, can_deadlock
from visualize.stepper_view import text_of, view_of

__all__ = ["STRIDES", "Stepper", "Switches", "stepper"]

Switches = stepper_goals.Switches

STRIDES = ("operation", "event", "wait")
_FAR = 2_000  # steps that one move takes at most


class Held:
    """A run and its moves. A context manager, which closes it; so does the end of the last reference to it.

    Args:
        program: What runs.
        early_timeouts: How many timed operations of each thread may give up at any time.

    Attributes:
        title: The program's name.
        moves: What was done so far: for each move, its steps.
    """

    def __init__(self, program: Program, early_timeouts: int) -> None:
        if not callable(program):
            raise TypeError(f"stepper needs a program, a function that is given a runtime, not {program!r}")
        self.title = cleaned(getattr(program, "__name__", None) or type(program).__name__)
        self.moves: list[tuple[Moment, ...]] = []
        self._program = program
        self._early = early_timeouts
        self._lock = threading.RLock()
        self._closed = False
        self._finding: tuple[int, Finding | None] | None = None
        self._hold(Run(program, early_timeouts=early_timeouts))

    def _hold(self, run: Run) -> None:
        self._run = run
        self._finalizer = weakref.finalize(self, run.close)
        self._finalizer.atexit = False  # an interpreter that exits takes its threads along

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def taken(self) -> tuple[Moment, ...]:
        """All steps taken so far."""
        return tuple(moment for move in self.moves for moment in move)

    def close(self) -> None:
        """End the run and its threads; nothing can be done with it afterwards. Idempotent."""
        with self._lock:
            self._closed = True
            self._finalizer()

    @property
    def closed(self) -> bool:
        """Whether the run and its threads have been ended."""
        return self._closed

    def _open(self) -> Run:
        if self._closed:
            raise ExploreError(f"this stepper is closed: make a new one with stepper({self.title})")
        return self._run

    def _steps(self) -> str:
        return amount(len(self.taken), "step")

    @contextmanager
    def _noting(self, moments: list[Moment]) -> Iterator[None]:
        """Note the steps of a move, also of one that is broken off: a thread that got stuck stands before its step."""
        broken = True
        try:
            yield
            broken = False
        except ExploreError:
            broken = False
            raise
        finally:
            if moments:
                self.moves.append(tuple(moments))
            if broken:
                self._again(self.moves, self._early)

    def _again(self, moves: Sequence[tuple[Moment, ...]], early_timeouts: int) -> None:
        """Begin again and make these moves; what was held before is ended once that has worked."""
        run = Run(self._program, early_timeouts=early_timeouts)
        try:
            for wanted in (moment for move in moves for moment in move):
                got = run.step(wanted.thread) if wanted.thread in run.enabled() else None
                if got is None or (got.name, got.operation) != (wanted.name, wanted.operation):
                    said = "it cannot" if got is None else f"{got.name} did '{got.operation}'"
                    raise ExploreError(
                        f"the program is not deterministic: step {wanted.step} was '{wanted.operation}' by "
                        f"{wanted.name}, and now {said}. Look for random numbers, the real clock, and state kept "
                        "between runs"
                    )
        except BaseException:
            run.close()
            raise
        self._finalizer()
        self._hold(run)
        self.moves = list(moves)
        self._early = early_timeouts
        self._finding = None


class Stepper(Held):
    """A program held between two steps. Made by `stepper`; also a context manager, which closes it.

    All methods block until the run has stopped again. Any thread may call them; one at a time goes on.

    Args:
        program: As `stepper` says.
        goal: As `stepper` says.
        early_timeouts: As `stepper` says.
        max_schedules: As `stepper` says.

    Attributes:
        goal: What is to be reached, or None.
    """

    def __init__(
        self,
        program: Program,
        *,
        goal: Goal | str | int | None = None,
        early_timeouts: int = 0,
        max_schedules: int = 2_000,
    ) -> None:
        super().__init__(program, early_timeouts)
        self.goal = goal_of(goal)
        self._most = max_schedules

    # -- looking

    def __repr__(self) -> str:
        return self.text

    @property
    def text(self) -> str:
        """The threads and what each could do, the queues, and how to go on, as text."""
        with self._lock:
            return f"{self.title}: closed after {self._steps()}." if self._closed else text_of(self)

    @property
    def threads(self) -> tuple[ThreadState, ...]:
        """Every thread: whether it can go on, and with what, or what it waits for."""
        with self._lock:
            self._open().enabled()  # where nobody can go on, time passes first
            return self._open().state()

    @property
    def choices(self) -> tuple[str, ...]:
        """The names of the threads that can go on now; the run would take the first by itself."""
        with self._lock:
            run = self._open()
            names = {thread.number: thread.name for thread in run.state()}
            return tuple(names[number] for number in run.enabled())

    @property
    def trace(self) -> Trace:
        """What the program's pools have recorded so far."""
        with self._lock:
            return self._open().recorder.trace({"scenario": self.title, "runtime": "controlled"})

    @property
    def state(self) -> State:
        """The pools' state now: queues, stacks, pauses and waits."""
        return States(self.trace).end

    @property
    def switches(self) -> int:
        """How often a step was another thread's than the step before."""
        return switches([moment.thread for moment in self.taken])

    @property
    def schedule(self) -> str:
        """What was chosen so far, as `taskpool.explore.replay` and `load` take it."""
        with self._lock:
            found = self._open().schedule
            return f"e{self._early} {found}" if self._early else found

    @property
    def finding(self) -> Finding | None:
        """What has gone wrong; None if nothing has, or somebody can still go on."""
        with self._lock:
            steps = len(self.taken)
            if self._finding is None or self._finding[0] != steps:
                self._finding = (steps, self._open().finding())
            return self._finding[1]

    @property
    def judgement(self) -> Judgement | None:
        """How things stand with the goal; None if there is none."""
        if self.goal is None:
            return None
        with self._lock:
            finding = self.finding
            threads = [moment.thread for moment in self.taken]
            return self.goal.judge(threads, not self._open().enabled(), str(finding.kind) if finding else "")

    @property
    def raised(self) -> tuple[str, ...]:
        """What threads of the program have raised so far, a line for each."""
        return tuple(f"{name} raised {type(error).__name__}: {error}" for name, error in self._open().errors)

    # -- going on and back

    def step(self, thread: int | str | None = None, *, stride: str = "operation") -> tuple[Moment, ...]:
        """Let one thread go on; what it did.

        Args:
            thread: Its name, also as it is shown (``pool-0``), or its number; None for the one that the run would take.
            stride: How far: one ``operation``, up to the next ``event`` that its pool records, or until it must
                ``wait`` or ends.

        Raises:
            ExploreError: If it cannot go on, or nobody can; says who can.
            ValueError: If there is no such stride.
        """
        if stride not in STRIDES:
            raise ValueError(f"stride={stride!r}: choose one of {', '.join(STRIDES)}")
        with self._lock:
            run = self._open()
            number = self._number(thread)
            before = len(run.recorder)
            moments: list[Moment] = []
            with self._noting(moments):
                moments.append(run.step(number))
                number = moments[0].thread
                while (
                    stride != "operation"
                    and len(moments) < _FAR
                    and not (stride == "event" and len(run.recorder) != before)
                    and number in run.enabled()
                ):
                    moments.append(run.step(number))
            return tuple(moments)

    def run(self) -> tuple[Moment, ...]:
        """Let the run go on by itself to where nobody can, in one move; what was done.

        Raises:
            ExploreError: If it is not there after 2,000 steps; they are taken.
        """
        with self._lock:
            run = self._open()
            moments: list[Moment] = []
            with self._noting(moments):
                while run.enabled() and len(moments) < _FAR:
                    moments.append(run.step())
            if run.enabled():
                raise ExploreError(f"it has not ended after {_FAR:,} more steps: stopped there. Undo, or run() again")
            return tuple(moments)

    def undo(self, moves: int = 1) -> None:
        """Take moves back, by running the program again up to there.

        Raises:
            ExploreError: If so many moves have not been made, or the program does something else this time.
        """
        with self._lock:
            self._open()
            if not 0 <= moves <= len(self.moves):
                raise ExploreError(f"undo({moves}): {amount(len(self.moves), 'move')} can be taken back")
            if moves:
                self._again(self.moves[: len(self.moves) - moves], self._early)

    def load(self, schedule: str, *, whole: bool = False) -> None:
        """Begin again and take the steps of a schedule, each a move of its own.

        Args:
            schedule: Such as ``1:2 2:3``, from a report, from `schedule` or from somebody else.
            whole: Whether to the run's end; else up to the schedule's last choice: from there it goes by itself.

        Raises:
            ScheduleError: If the text cannot be read; says which part.
            Diverged: If it does not fit this program; says where. What was done so far stays.
        """
        with self._lock:
            self._open()
            wanted = Schedule.parse(schedule.strip())
            moments = replay(self._program, wanted).moments
            last = -1 if not wanted.deviations else wanted.deviations[-1][0]
            steps = moments if whole else moments[: last + 1]
            self._again([(moment,) for moment in steps], wanted.early_timeouts)

    def can_deadlock(self, max_schedules: int | None = None) -> Answer:
        """Whether it can still deadlock from here: searches all ways to go on, up to a bound, and says which it was.

        Args:
            max_schedules: At most so many are tried; None for what the stepper was made with.

        Raises:
            ValueError: If it is less than 1.
        """
        most = self._most if max_schedules is None else max_schedules
        if most < 1:
            raise ValueError(f"max_schedules={most!r}: at least 1 is needed")
        with self._lock:
            run = self._open()
            threads = [moment.thread for moment in self.taken]
            return can_deadlock(self._program, threads, [run.identity(n) for n in threads], self._early, most)

    # -- inside

    def _number(self, thread: int | str | None) -> int | str | None:
        """A thread's number where it is called as it is shown."""
        if not isinstance(thread, str):
            return thread
        states = self._open().state()
        full = [state.number for state in states if state.name == thread and state.state != "ended"]
        short = [state.number for state in states if short_name(state.name) == thread and state.state != "ended"]
        return next(iter(full or short), thread)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """The panel with its buttons, where widgets are; text elsewhere."""
        if self._closed:
            return {"text/plain": self.text}
        with extra("the stepper's panel"):
            from visualize.stepper_widget import widget_of
        shown = widget_of(self)._repr_mimebundle_(**options)
        data, metadata = shown if isinstance(shown, tuple) else (shown, {})
        return {**(data or {}), "text/plain": self.text}, metadata

    def view(self, stride: str = "operation") -> dict[str, Any]:
        """Everything that is shown, in JSON's types."""
        with self._lock:
            return view_of(self, stride)


def stepper(
    program: Program, *, goal: Goal | str | int | None = None, early_timeouts: int = 0, max_schedules: int = 2_000
) -> Stepper:
    """Hold a program before its first step, and let the learner choose who goes on. Blocks until it is there.

    A notebook's cell that is run again closes the stepper that it made before.

    Args:
        program: A function that is given a runtime and makes its threads and locks through it; also what
            `taskpool.scenarios.program`, the programs of `taskpool.scenarios.journey` and the levels of
            `taskpool.exercises.levels` give.
        goal: What the learner is to reach: ``"deadlock"``, ``"failure"``, a number: finish in so many switches from
            thread to thread, a goal of one's own (see `visualize.stepper_goals`), or None.
        early_timeouts: How many timed operations of each thread may give up at any time.
        max_schedules: How many ways to go on are tried at most to tell whether it can still deadlock.

    Raises:
        TypeError: If ``program`` cannot be called.
        ValueError: If there is no goal of that name.
    """
    made = Stepper(program, goal=goal, early_timeouts=early_timeouts, max_schedules=max_schedules)
    take_over(made)
    return made


make_callable(__name__, stepper)
