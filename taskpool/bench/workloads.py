"""The workloads, by the letter that picks one: what makes the cases of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from taskpool.bench import load, memory, pausing, pushing, rallies, recording, scaling, waiting
from taskpool.bench.case import Case, Settings
from taskpool.bench.titles import TITLES
from taskpool.errors import OptionError

__all__ = ["WORKLOADS", "chosen"]

WORKLOADS: dict[str, Callable[[Settings], list[Case]]] = {
    "a": pushing.self_pushing,
    "b": rallies.serializer_pairs,
    "c": pushing.from_outside,
    "d": waiting.from_outside,
    "e": waiting.from_inside,
    "f": pausing.pauses,
    "g": scaling.thread_counts,
    "h": recording.recorded,
    "i": load.message_load,
    "j": memory.sizes,
}


def chosen(only: str | Iterable[str] | None) -> tuple[str, ...]:
    """The letters of the workloads that are wanted, in their own order.

    Args:
        only: Letters, as ``"a,b"`` or one by one; None for all.

    Raises:
        OptionError: If there is no workload of a name, or none is named.
    """
    if only is None:
        return tuple(WORKLOADS)
    names = [name.strip() for name in (only.split(",") if isinstance(only, str) else only)]
    unknown = [name for name in names if name not in WORKLOADS]
    if unknown or not names:
        known = ", ".join(f"{letter} ({title})" for letter, title in TITLES.items())
        raise OptionError(f"only={','.join(names)!r}: choose from {known}")
    return tuple(letter for letter in WORKLOADS if letter in names)
