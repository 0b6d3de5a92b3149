"""Pictures of pools, computed from the traces that they leave.

``from visualize import timeline, compare, narrate, metrics`` gives modules that can be called: ``timeline(run)`` draws
one run, ``timeline.svg(run)`` and the module's other functions are attributes of the same name. Each module is
imported when it is first used, so that ``import visualize`` costs nothing. What tables, figures and panels are made
with (pandas, plotly, anywidget, ipywidgets) is asked for where it is needed: ``state``, ``narrate`` and all that is
text, SVG or a plain number need the standard library only.
"""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from visualize._callable import CallableModule

    benchmarks: CallableModule
    compare: CallableModule
    live: CallableModule
    metrics: CallableModule
    narrate: CallableModule
    player: CallableModule
    quiz: CallableModule
    state: CallableModule
    stepper: CallableModule
    timeline: CallableModule

__all__ = ["benchmarks", "compare", "live", "metrics", "narrate", "player", "quiz", "state", "stepper", "timeline"]


def __getattr__(name: str) -> Any:
    if not name.startswith("__") and find_spec(f"{__name__}.{name}") is not None:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
