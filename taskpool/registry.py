"""Names in use on a runtime, and its water-mark alerts.

A name belongs to one open pool, taskprocessor or serializer and is free again when that is shut down. The original
lets two pools share a name although its header forbids it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from taskpool.errors import DuplicateNameError, OptionError
from taskpool.runtime.real import default_runtime

if TYPE_CHECKING:
    from taskpool.runtime.base import Runtime

__all__ = ["alert_count", "claim", "named", "names", "raise_alert", "release"]

_CURES = {
    "pool": "shut it down first, or open it with `with`",
    "taskprocessor": "use TaskProcessor.get(name) to share it, or shut it down first",
    "serializer": "close it first, or choose another name",
}


def claim(runtime: Runtime, kind: str, name: str, owner: Any) -> None:
    """Take a name.

    Raises:
        DuplicateNameError: If an open one of this kind has it.
        OptionError: If it is not a non-empty string.
    """
    if not isinstance(name, str) or not name:
        raise OptionError(f"name={name!r}: a {kind} needs a non-empty string as its name")
    with runtime.names_lock:
        if (kind, name) in runtime.names:
            raise DuplicateNameError(f"a {kind} named {name!r} is open: {_CURES[kind]}")
        runtime.names[kind, name] = owner


def release(runtime: Runtime, kind: str, name: str, owner: Any) -> None:
    """Give a name back, if ``owner`` still has it."""
    with runtime.names_lock:
        if runtime.names.get((kind, name)) is owner:
            del runtime.names[kind, name]


def named(runtime: Runtime, kind: str, name: str) -> Any:
    """Who has a name, or None."""
    with runtime.names_lock:
        return runtime.names.get((kind, name))


def names(kind: str, runtime: Runtime | None = None) -> list[str]:
    """The names in use, sorted. ``kind`` is ``"pool"``, ``"taskprocessor"`` or ``"serializer"``."""
    runtime = runtime or default_runtime()
    with runtime.names_lock:
        return sorted(name for k, name in runtime.names if k == kind)


def raise_alert(runtime: Runtime, subsystem: str, by: int) -> None:
    """Count a queue into (1) or out of (-1) those above their high water mark."""
    with runtime.names_lock:
        for key in (("alerts", ""), ("alerts", subsystem)):
            runtime.names[key] = runtime.names.get(key, 0) + by


def alert_count(subsystem: str = "", runtime: Runtime | None = None) -> int:
    """How many queues are above their high water mark and not yet down to their low one.

    Args:
        subsystem: Count only those whose name begins with it, up to the first ``/``; all by default.
        runtime: The runtime to ask; the default one if None.
    """
    runtime = runtime or default_runtime()
    with runtime.names_lock:
        return int(runtime.names.get(("alerts", subsystem), 0))
