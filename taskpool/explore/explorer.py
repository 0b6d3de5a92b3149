"""The search itself: execution after execution under a strategy, failures sorted by cause, stoppable and resumable."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from concurrent.futures import Executor

from taskpool.errors import OptionError
from taskpool.explore.dfs import NaiveSearch
from taskpool.explore.execution import Limits, Program, executed, quiet_collector
from taskpool.explore.minimise import minimised
from taskpool.explore.optimal_dpor import OptimalSearch
from taskpool.explore.parallel import Undone, search_on
from taskpool.explore.pct import PriorityWalk
from taskpool.explore.progress import Bar
from taskpool.explore.random_walk import RandomWalk
from taskpool.explore.replay import Replayer
from taskpool.explore.replayed import Replayed, name_of, replay
from taskpool.explore.report import Failure, Report
from taskpool.explore.round_robin import RoundRobin
from taskpool.explore.schedule import Schedule
from taskpool.explore.search import DepthFirst, Strategy
from taskpool.explore.sleep_sets import SleepSetSearch
from taskpool.explore.source_dpor import SourceSearch
from taskpool.explore.tally import Seen, Tally
from taskpool.runtime.carriers import pinned
from taskpool.runtime.real import default_runtime

__all__ = ["STRATEGIES", "explore", "random_walks"]

STRATEGIES: dict[str, Callable[[], Strategy]] = {
    "optimal": OptimalSearch,
    "source": SourceSearch,
    "sleep-sets": SleepSetSearch,
    "dfs": NaiveSearch,
    "pct": PriorityWalk,
    "random": RandomWalk,
    "round-robin": RoundRobin,
}

SPLITTABLE = ("optimal", "source", "sleep-sets", "dfs", "random", "pct")

_PROGRESS_EVERY = 0.25  # seconds


def explore(
    program: Program,
    strategy: str | Strategy = "optimal",
    *,
    max_schedules: int = 100_000,
    max_steps: int = 5_000,
    timeouts: str = "never",
    early_timeouts: int = 1,
    preemptions: int | None = None,
    seed: int = 0,
    stop_at_failure: bool = False,
    stuck_after: float = 10.0,
    progress: Callable[[Report], object] | bool = False,
    executor: Executor | None = None,
) -> Report:
    """Run ``program`` on schedule after schedule until all that matter have been tried, or enough.

    Blocks meanwhile; Ctrl-C (the kernel's stop button) ends the search, and its report keeps what was found and can be
    resumed. Each failure is reported once, on the shortest schedule found.

    Args:
        program: Called with a fresh `ControlledRuntime` for each execution; creates all its threads and objects through
            it. May return a check, which is called once everything has ended. Must do the same on the same schedule.
            What a thread or the check raises is a failure; so are threads that can never go on, unless the program
            sets ``runtime.allow_leftover``.
        strategy: ``"optimal"``, ``"source"``, ``"sleep-sets"``, ``"dfs"``, ``"random"``, ``"pct"``, ``"round-robin"``,
            or a strategy of one's own.
        max_schedules: At most so many executions.
        max_steps: An execution is stopped after so many steps and counts as a failure (livelock or unfinished).
        timeouts: ``"never"``: a deadline passes only when nothing else can run; ``"explore"``: it may at any time.
        early_timeouts: With ``"explore"``: for the first so many timed operations of each thread.
        preemptions: For ``"dfs"``: at most so many times a thread that could go on is made to wait.
        seed: For ``"random"`` and ``"pct"``.
        stop_at_failure: Stop at the first failure.
        stuck_after: Seconds of real time that a thread may take from one operation to the next.
        progress: Called now and then with the report so far; True for a bar in the terminal or notebook.
        executor: Whose workers search, each a share (a ProcessPoolExecutor, a cluster's); the strategy must be named.
            ``"optimal"`` then searches each share by source sets. Counts do not depend on the number of workers.

    Raises:
        OptionError: If an option cannot be.
        NotDeterministic: If the program does something else when a schedule is repeated.
        RealThreadError, StuckError, ForeignThreadError: If it uses real threads, locks or sleeps.
    """
    if timeouts not in ("never", "explore"):
        raise OptionError(f"timeouts={timeouts!r}: choose 'never' or 'explore'")
    whole = (max_schedules, max_steps, early_timeouts, seed, 0 if preemptions is None else preemptions)
    if not all(isinstance(number, int) for number in whole):
        raise OptionError("max_schedules=, max_steps=, early_timeouts=, seed= and preemptions= take whole numbers")
    if max_schedules < 1 or max_steps < 1:
        raise OptionError(f"max_schedules={max_schedules!r}, max_steps={max_steps!r}: at least 1 of each is needed")
    if early_timeouts < 0 or (preemptions or 0) < 0:
        raise OptionError(f"early_timeouts={early_timeouts!r}, preemptions={preemptions!r}: neither can be below 0")
    if not callable(program):
        raise OptionError(f"program={program!r}: a function is needed that takes a runtime")
    limits = Limits(max_steps, early_timeouts if timeouts == "explore" else 0, stuck_after)
    search = _Search(program, _strategy(strategy, preemptions, seed), limits, stop_at_failure, progress)
    search.report.timeouts, search.report.early_timeouts = timeouts, limits.early_timeouts
    if executor is None:
        return search.go(max_schedules)
    if not isinstance(strategy, str) or strategy == "round-robin" or preemptions is not None:
        raise OptionError(f"executor= can split a search by {', '.join(SPLITTABLE)}, given by name and without a bound")
    return search.go_on(executor, max_schedules, seed)


def random_walks(program: Program, count: int = 1_000, *, seed: int = 0, depth: int | None = None) -> Report:
    """``count`` random schedules of ``program``.

    Args:
        program: As for `explore`.
        count: How many.
        seed: Where to start; the same seed walks the same ways.
        depth: Use PCT's priorities for bugs of this depth; None for plain random walks.
    """
    strategy: Strategy = RandomWalk(seed) if depth is None else PriorityWalk(seed, depth)
    return explore(program, strategy, max_schedules=count)


def _strategy(strategy: str | Strategy, preemptions: int | None, seed: int) -> Strategy:
    if not isinstance(strategy, str):
        if isinstance(strategy, type) or not hasattr(strategy, "choose"):
            raise OptionError(f"strategy={strategy!r}: give one of {', '.join(STRATEGIES)}, or an object that chooses")
        return strategy
    if strategy not in STRATEGIES:
        raise OptionError(f"strategy={strategy!r}: choose one of {', '.join(STRATEGIES)}")
    if preemptions is not None and strategy != "dfs":
        raise OptionError(f"preemptions={preemptions!r} needs strategy='dfs': with {strategy!r} a bound explores more")
    if strategy == "dfs":
        return NaiveSearch(preemptions)
    if strategy == "random":
        return RandomWalk(seed)
    if strategy == "pct":
        return PriorityWalk(seed)
    return STRATEGIES[strategy]()


class _Search:
    """One search, which can be stopped and resumed."""

    def __init__(
        self,
        program: Program,
        strategy: Strategy,
        limits: Limits,
        stop_at_failure: bool,
        progress: Callable[[Report], object] | bool,
    ) -> None:
        self.report = Report(name_of(program), strategy.name, _resume=self.go)
        self._program = program
        self._strategy = strategy
        self._limits = limits
        self._stop_at_failure = stop_at_failure
        self._progress: Callable[[Report], object] | None = Bar() if progress is True else progress or None
        self._identities: dict[tuple[int, int], int] = {}
        self._tally = Tally()
        self._undone = Undone()
        self._failures: dict[Hashable, Failure] = {}
        self._clock = default_runtime().monotonic
        self._began = self._told = 0.0
        self._before = 0.0

    def go(self, max_schedules: int) -> Report:
        """Search on for up to ``max_schedules`` executions."""
        self._allow(max_schedules)

        def search() -> None:
            with quiet_collector() as between_runs, pinned() as cpu:

                def after_each(failed: bool) -> bool:
                    between_runs()
                    self._tell()
                    return not (failed and self._stop_at_failure)

                self._tally.search(
                    self._program,
                    self._strategy,
                    self._limits,
                    max_schedules,
                    identities=self._identities,
                    cpu=cpu,
                    after_each=after_each,
                )

        report = self._report(search)
        if report.exhausted and report.schedules == 1 and not report.failures:
            self._refuse_chance()
        return report

    def _allow(self, more: int) -> None:
        """Tell the bar how far it goes."""
        if isinstance(self._progress, Bar):
            self._progress.most = self._tally.schedules + more

    def _refuse_chance(self) -> None:
        """Run a program with only one schedule once more: a search of several sees by itself that it changes.

        Raises:
            NotDeterministic: If it did something else.
        """
        if not isinstance(self._strategy, DepthFirst):
            return
        again = NaiveSearch()
        with executed(self._program, again, self._limits, identities=dict(self._identities)):
            pass
        self._strategy.refuse_other(again.announced)

    def go_on(self, executor: Executor, max_schedules: int, seed: int) -> Report:
        """Search with the help of an executor; on, if it has been begun: share by share."""
        self._allow(max_schedules)

        def after_each() -> bool:
            self._tell()
            return not (self._tally.seen and self._stop_at_failure)

        report = self._report(
            lambda: search_on(
                executor,
                self._program,
                self._strategy.name,
                self._limits,
                self._identities,
                self._tally,
                self._undone,
                max_schedules=max_schedules,
                seed=seed,
                after_each=after_each,
            )
        )
        report._resume = (lambda count: self.go_on(executor, count, seed)) if self._undone.shares else None
        return report

    def _report(self, search: Callable[[], None]) -> Report:
        """Call ``search`` and describe what the tally then holds."""
        report = self.report
        self._began = self._told = self._clock()
        self._before = report.seconds
        report.interrupted = False
        try:
            search()
        except KeyboardInterrupt:
            report.interrupted = True
        self._count()
        report.exhausted = self._tally.complete and not self._tally.bounded
        try:
            with quiet_collector(), pinned() as cpu:
                for cause, seen in self._tally.seen.items():
                    if cause not in self._failures:
                        self._failures[cause] = self._described(seen, cpu)
        except KeyboardInterrupt:
            report.interrupted = True
        report.failures = []
        for cause, seen in self._tally.seen.items():
            failure = self._failures.get(cause) or self._undescribed(seen)
            failure.count = seen.count
            report.failures.append(failure)
        if isinstance(self._progress, Bar):
            self._progress.end(report)
        return report

    def _count(self) -> None:
        report, tally = self.report, self._tally
        report.schedules, report.redundant, report.steps = tally.schedules, tally.redundant, tally.steps
        report.seconds = self._before + self._clock() - self._began

    def _tell(self) -> None:
        if self._progress is not None and self._clock() - self._told >= _PROGRESS_EVERY:
            self._told = self._clock()
            self._count()
            self._progress(self.report)

    def _described(self, seen: Seen, cpu: int | None) -> Failure:
        """A failure on its cause's shortest schedule, with its steps."""
        schedule = minimised(self._program, seen.threads, seen.finding.cause, self._limits, cpu=cpu)
        if schedule is None:
            failure = self._undescribed(seen)
            failure.message += " (it did not fail when it was repeated: the program is not deterministic)"
            return failure
        replayer = Replayer(schedule, detailed=True)
        with executed(self._program, replayer, self._limits, cpu=cpu) as execution:
            finding = execution.finding or seen.finding
        return Failure(
            str(finding.kind),
            finding.message,
            schedule,
            seen.count,
            finding.cycle,
            finding.waiting,
            finding.error,
            tuple(replayer.moments),
            self._again,
        )

    def _undescribed(self, seen: Seen) -> Failure:
        finding = seen.finding
        schedule = Schedule(tuple(enumerate(seen.threads)), self._limits.early_timeouts)
        return Failure(
            str(finding.kind), finding.message, schedule, seen.count, finding.cycle, finding.waiting, finding.error
        )

    def _again(self, schedule: Schedule) -> Replayed:
        return replay(self._program, schedule, max_steps=self._limits.max_steps, stuck_after=self._limits.stuck_after)
