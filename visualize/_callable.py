"""Modules that can be called: ``timeline(run)`` and ``timeline.svg(run)`` are one name.

A module of this package has one function that learners use first, named like the module itself. `make_callable` gives
the module object a class with a ``__call__``, so that ``from visualize import timeline`` offers both: the call, and
every other public name of the module as an attribute.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

__all__ = ["CallableModule", "make_callable"]


class CallableModule(ModuleType):
    """A module whose call is a call of its main function. Its other names are attributes, as in any module."""

    _main: Callable[..., Any]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._main(*args, **kwargs)


def make_callable(name: str, function: Callable[..., Any]) -> None:
    """Let the module called ``name`` be called like ``function``; write it as the module's last line.

    ``make_callable(__name__, timeline)`` at the end of ``visualize/timeline.py`` makes ``timeline(run)`` work after
    ``from visualize import timeline``. The module keeps all its names; ``help`` and a notebook's ``timeline?`` show
    the function's signature. Doing it again, as a reload does, replaces the function.

    Args:
        name: The module's ``__name__``; the module is being imported or has been.
        function: What a call of the module calls.

    Raises:
        KeyError: No module of that name is imported.
    """
    module = sys.modules[name]
    module.__class__ = CallableModule
    module.__dict__["_main"] = function
    module.__dict__["__signature__"] = inspect.signature(function)
