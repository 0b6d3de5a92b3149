"""What more threads do: self-pushing tasks and pairs of serializers on pools of growing size.

More threads than cores add nothing but their own price; with the interpreter's lock, more than one. The question is how
much a pool loses that was given too many.
"""

from __future__ import annotations

from taskpool.bench.case import Case, Settings
from taskpool.bench.pushing import chains
from taskpool.bench.rallies import rallies

__all__ = ["thread_counts"]


def thread_counts(settings: Settings) -> list[Case]:
    """Workload g: each number of threads."""
    return [kind("g", settings, threads) for kind in (chains, rallies) for threads in settings.thread_counts]
