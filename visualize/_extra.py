"""Asking for what is not the standard library's only where it is used, and saying how to get it where it is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["extra"]

_PACKAGES = ("pandas", "plotly", "anywidget", "ipywidgets")


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Import packages of the extra inside this; one that is missing is an error with the cure.

    Args:
        name: What needs them, as a learner calls it.

    Raises:
        ImportError: If one of them is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in _PACKAGES:
            raise
        raise ImportError(
            f"{name} needs {package}, not installed here: "
            'install what draws the pictures with  pip install "taskpool-lab[visualize]"',
            name=package,
        ) from None
