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

__all__ = ["alert_count", "claim", "names", "next_number", "raise_alert", "release"]

_CURES = {
    "pool": "shut it down first, or open it with `with`",
    "taskprocessor": "use TaskProcessor.get(name) to share it, or shut it down first",
    "serializer": "close it first, or choose another name",
}


def claim(runtime: Runtime, kind: str, name: str, owner: Any) -> None:
    """Take a name. Monitor held.

    Raises:
        DuplicateNameError: If an open one of this kind has it.
        OptionError: If it is not a non-empty string.
    """
    if not isinstance(name, str) or not name:
        raise OptionError(f"name={name!r}: a {kind} needs a non-empty string as its name")
    if (kind, name) in runtime.names:
        raise DuplicateNameError(f"a {kind} named {name!r} is open: {_CURES[kind]}")
    runtime.names[kind, name] = owner


def release(runtime: Runtime, kind: str, name: str, owner: Any) -> None:
    """Give a name back, if ``owner`` still has it. Monitor held."""
    if runtime.names.get((kind, name)) is owner:
        del runtime.names[kind, name]


def next_number(runtime: Runtime) -> int:
    """The next number for a name that the package makes up. Monitor held."""
    number: int = runtime.names.get(("sequence", ""), 0)
    runtime.names["sequence", ""] = number + 1
    return number


def raise_alert(runtime: Runtime, subsystem: str, by: int) -> None:
    """Count a queue into (1) or out of (-1) those above their high water mark. Monitor held."""
    for key in (("alerts", ""), ("alerts", subsystem)):
        runtime.names[key] = runtime.names.get(key, 0) + by


def names(kind: str, runtime: Runtime | None = None) -> list[str]:
    """The names in use, sorted. Any thread.

    Args:
        kind: ``"pool"``, ``"taskprocessor"`` or ``"serializer"``.
        runtime: The runtime to ask; the default one if None.
    """
    where: Runtime = runtime if runtime is not None else default_runtime()
    with where.monitor:
        return sorted(name for k, name in where.names if k == kind)


def alert_count(subsystem: str = "", runtime: Runtime | None = None) -> int:
    """How many queues are above their high water mark and not yet down to their low one. Any thread.

    Args:
        subsystem: Count only those whose name begins with it, up to the first ``/``; all by default.
        runtime: The runtime to ask; the default one if None.
    """
    where: Runtime = runtime if runtime is not None else default_runtime()
    with where.monitor:
        return int(where.names.get(("alerts", subsystem), 0))
