"""Making many small objects at once without the garbage collector looking at all of them again and again."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["bulk"]


@contextmanager
def bulk() -> Iterator[None]:
    """Pause the cyclic garbage collector; what is made meanwhile must hold no cycles. Several threads may do it.

    Of a million events about a million objects are made that all live on: collections would take most of the time
    and find nothing. Reference counting goes on as ever.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
