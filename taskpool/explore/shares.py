"""Splitting a search into shares that have nothing to do with each other, always into the same ones.

Walks are split by their seeds. An exhaustive search is split at its top: there every thread that can go on is tried
unless it is asleep, and what begins with one such choice after the other is a share. Within a share the reductions
search by source sets, which unlike wakeup trees may start where somebody sleeps. So each trace class is still executed
once, and how many executions are begun in vain depends on the split, never on who does the work.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from taskpool.explore.dfs import NaiveSearch
from taskpool.explore.execution import Limits, Program, executed
from taskpool.explore.independence import Action, action_of, sleep_after
from taskpool.explore.pct import PriorityWalk
from taskpool.explore.random_walk import RandomWalk
from taskpool.explore.search import Strategy, able
from taskpool.explore.sleep_sets import SleepSetSearch
from taskpool.explore.source_dpor import SourceSearch
from taskpool.runtime.kernel import Kernel, default_choice
from taskpool.runtime.logical import LogicalThread

__all__ = ["Share", "split", "strategy_of"]

_SHARES = 32  # an exhaustive search is split until it has so many
_PROBES = 400  # executions spent on splitting, at most
_WALKS = 250  # walks in a share

_SEARCHES = {"optimal": SourceSearch, "source": SourceSearch, "sleep-sets": SleepSetSearch, "dfs": NaiveSearch}


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a search.

    Attributes:
        strategy: The search's strategy.
        threads: Identities of the threads that take the first steps.
        sleep: Who is asleep after them.
        seed: A walk's first seed.
        count: At most so many executions; 0 for no limit of its own.
    """

    strategy: str
    threads: tuple[int, ...] = ()
    sleep: Mapping[int, Action] = field(default_factory=dict)
    seed: int = 0
    count: int = 0


def strategy_of(share: Share) -> Strategy:
    """What searches a share."""
    if share.strategy == "random":
        return RandomWalk(share.seed)
    if share.strategy == "pct":
        return PriorityWalk(share.seed)
    search = _SEARCHES[share.strategy]()
    search.start_from(share.threads, share.sleep)
    return search


def split(
    program: Program,
    strategy: str,
    limits: Limits,
    identities: dict[tuple[int, int], int],
    *,
    max_schedules: int,
    seed: int,
    cpu: int | None,
) -> list[Share]:
    """The shares of a search, in the order in which their results count."""
    if strategy not in _SEARCHES:
        starts = range(0, max_schedules, _WALKS)
        return [Share(strategy, seed=seed + at, count=min(_WALKS, max_schedules - at)) for at in starts]
    waiting = deque([Share(strategy)])
    done: list[Share] = []
    probes = 0
    while waiting and len(waiting) + len(done) < _SHARES and probes < _PROBES:
        share = waiting.popleft()
        probe = _probe(program, share, limits, identities, cpu)
        probes += 1
        if not probe.able:
            done.append(share)  # it has ended there, or all who could go on are asleep: one execution says which
            continue
        sleep = dict(share.sleep)
        for thread in probe.able:
            child = Share(strategy, (*share.threads, thread))
            action = _probe(program, child, limits, identities, cpu).action
            probes += 1
            assert action is not None
            waiting.append(Share(strategy, child.threads, dict(sleep_after(sleep, action))))
            if strategy != "dfs":
                sleep[thread] = action
    return sorted([*done, *waiting], key=lambda share: share.threads)


class _Probe:
    """Takes a share's first steps and looks who could go on then.

    Attributes:
        able: Identities of those who can and are not asleep; empty where the run ended before.
        action: What the last of the share's steps did.
    """

    name = "probe"
    exhaustive = False

    def __init__(self, share: Share) -> None:
        self.able: list[int] = []
        self.action: Action | None = None
        self._share = share

    def begin(self) -> bool:
        return True

    def choose(self, kernel: Kernel, current: LogicalThread, /) -> LogicalThread | None:
        depth, threads = len(kernel.steps), self._share.threads
        if depth < len(threads):
            wanted = kernel.by_identity[threads[depth]]
            return wanted if wanted in able(kernel, current) else None
        if depth == len(threads):
            self.able = [t.identity for t in able(kernel, current) if t.identity not in self._share.sleep]
            if depth:
                self.action = action_of(kernel.steps[-1])
        return default_choice(kernel, current)

    def end(self, kernel: Kernel) -> None:
        if self.action is None and self._share.threads and len(kernel.steps) == len(self._share.threads):
            self.action = action_of(kernel.steps[-1])


def _probe(
    program: Program, share: Share, limits: Limits, identities: dict[tuple[int, int], int], cpu: int | None
) -> _Probe:
    probe = _Probe(share)
    with executed(program, probe, limits, identities=identities, cpu=cpu):
        return probe
