"""How fast it all is: the same work on each design, with ratios taken within one run.

``run()`` measures the pools, `taskpool.bench.explore` the search for schedules. The map, in reading order:

* ``measure``, ``case``, ``stint``: how one figure is taken.
* ``sides``, ``strand``, ``limit``: what is compared.
* ``pushing``, ``rallies``, ``waiting``, ``pausing``, ``scaling``, ``recording``, ``load``, ``memory``: the work;
  ``workloads`` and ``titles`` list it by letters.
* ``runner``, ``rows``, ``goals``, ``report``: from the runs to a result, with ``machine`` and ``progress``.
* ``command``: ``python -m taskpool bench``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from taskpool.bench.case import Settings as Settings
    from taskpool.bench.report import Result as Result
    from taskpool.bench.runner import run as run

# Imported at first use, so that the command line's help does not pay for pools and statistics.
_HOMES = {"Result": "report", "Settings": "case", "run": "runner"}

__all__ = ["Result", "Settings", "run"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
