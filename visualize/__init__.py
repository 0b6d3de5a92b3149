"""Pictures of pools, computed from the traces that they leave.

``from visualize import timeline, compare, narrate, metrics`` gives modules that can be called: ``timeline(run)`` draws
one run, ``timeline.svg(run)`` and the module's other functions are attributes of the same name. Each module is
imported when it is first used, so that ``import visualize`` costs nothing; what the pictures are drawn with (pandas,
plotly, ipywidgets, anywidget) has to be installed, though, and is looked for at once.
"""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from visualize._callable import CallableModule

    compare: CallableModule
    live: CallableModule
    metrics: CallableModule
    narrate: CallableModule
    player: CallableModule
    quiz: CallableModule
    stepper: CallableModule
    timeline: CallableModule

__all__ = ["compare", "live", "metrics", "narrate", "player", "quiz", "stepper", "timeline"]

_missing = [name for name in ("pandas", "plotly", "ipywidgets", "anywidget") if find_spec(name) is None]
if _missing:
    raise ImportError(
        f"visualize needs {', '.join(_missing)}, not installed here: "
        'install its extra with  pip install "taskpool-lab[visualize]"',
        name=_missing[0],
    )


def __getattr__(name: str) -> Any:
    if not name.startswith("__") and find_spec(f"{__name__}.{name}") is not None:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
