"""Warnings that point at the line outside the package whose call they are about."""

from __future__ import annotations

import sys
import warnings

__all__ = ["warn"]

INSIDE = ("taskpool", "dataclasses")  # dataclasses.replace stands between a call of ours and the checks it ends in


def warn(what: str, category: type[Warning] = UserWarning) -> None:
    """Warn, at the nearest caller that is not of this package. Does not block; from any thread."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in INSIDE:
        level, frame = level + 1, frame.f_back
    warnings.warn(what, category, stacklevel=level)
