"""A search on an executor: processes of this machine, or a cluster. Shares are handed out, and their tallies added up.

What counts does not depend on who does the work, nor on how many: the shares are always the same, and their results are
added in the shares' order. If a worker dies with a share, the share is searched again here.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from dataclasses import dataclass, replace
from typing import Any

from taskpool.errors import OptionError
from taskpool.explore.execution import Limits, Program, quiet_collector
from taskpool.explore.shares import Share, split, strategy_of
from taskpool.explore.tally import Tally
from taskpool.runtime.carriers import pinned

__all__ = ["Undone", "search_on"]


@dataclass(slots=True)
class Undone:
    """What a split search has left to do.

    Attributes:
        shares: Those not searched yet; None before the search has been split.
        whole: Whether every share that was searched was searched to its end.
    """

    shares: list[Share] | None = None
    whole: bool = True


def search_on(
    executor: Executor,
    program: Program,
    strategy: str,
    limits: Limits,
    identities: dict[tuple[int, int], int],
    tally: Tally,
    undone: Undone,
    *,
    max_schedules: int,
    seed: int,
    after_each: Callable[[], bool],
) -> None:
    """Search with the help of ``executor``; blocks until all shares are done, or ``max_schedules`` of them.

    Args:
        executor: Whose workers search; it must be able to send ``program`` to them.
        program: What to run.
        strategy: The name of the search's strategy.
        limits: How far an execution may go.
        identities: The search's known threads.
        tally: Is added to.
        undone: What is left to do; brought up to date also where the search is interrupted.
        max_schedules: At most so many executions, spread evenly over the shares.
        seed: A walk's first seed.
        after_each: Called after each share's results were added; the search stops where it returns False.

    Raises:
        OptionError: If the program cannot be sent.
    """
    if undone.shares is None:
        with quiet_collector(), pinned() as cpu:
            undone.shares = split(
                program, strategy, limits, identities, max_schedules=max_schedules, seed=seed, cpu=cpu
            )
    left = undone.shares
    shares = left[:max_schedules]
    most = max_schedules // max(1, len(shares))
    known = dict(identities)
    futures = [_submit(executor, program, share, limits, known, share.count or most) for share in shares]

    def count(share: Share, result: Tally) -> None:
        tally.add(result)
        undone.whole = undone.whole and result.complete
        left.remove(share)

    try:
        for share, future in zip(shares, futures, strict=True):
            try:
                result = future.result()
            except (pickle.PicklingError, AttributeError) as error:
                if "pickle" not in str(error):
                    raise
                raise _unsendable(error) from error
            except (BrokenExecutor, CancelledError, ConnectionError):
                result = search_share(program, share, limits, known, share.count or most)
            count(share, result)
            if not after_each():
                break
    except KeyboardInterrupt:
        for share, future in zip(shares, futures, strict=True):
            if share in left and future.done() and not future.cancelled() and future.exception() is None:
                count(share, future.result())
        raise
    finally:
        for future in futures:
            future.cancel()
    tally.complete = undone.whole and not left


def search_share(
    program: Program, share: Share, limits: Limits, identities: dict[tuple[int, int], int], count: int
) -> Tally:
    """Search one share, in whatever process this is called; what came of it, fit to be sent."""
    tally = Tally()
    with quiet_collector() as between_runs, pinned() as cpu:

        def after_each(_failed: bool) -> bool:
            between_runs()
            return True

        strategy = strategy_of(share)
        known = dict(identities)
        tally.search(program, strategy, limits, count, identities=known, cpu=cpu, after_each=after_each)
        if not tally.complete and strategy.exhaustive:
            tally.complete = not strategy.begin()
    for seen in tally.seen.values():
        seen.finding = replace(seen.finding, error=_portable(seen.finding.error))
    return tally


def _submit(executor: Executor, *args: Any) -> Future[Tally]:
    try:
        return executor.submit(search_share, *args)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise _unsendable(error) from error
    except (BrokenExecutor, RuntimeError):
        broken: Future[Tally] = Future()
        broken.cancel()
        return broken


def _unsendable(error: BaseException) -> OptionError:
    return OptionError(
        f"executor=: the program cannot be sent to a worker ({error}): a process pool needs a function of a module, "
        "not one made inside another"
    )


def _portable(error: BaseException | None) -> BaseException | None:
    """An error that can be sent, or None."""
    if error is None:
        return None
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - made on this line
    except Exception:  # noqa: BLE001 - whatever an exception's own class makes of it
        return None
    return error
