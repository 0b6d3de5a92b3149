"""A trace as a pandas table. Repeated names become categories, so that a million events fit in little memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from taskpool.events import Event, EventKind

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["frame_of"]


def frame_of(events: Sequence[Event], labels: Mapping[int, str]) -> pd.DataFrame:
    """A row for each event; see `Trace.to_frame`.

    Args:
        events: The events, in order.
        labels: The names of the tasks, by their numbers.

    Raises:
        ImportError: If pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError(
            "Trace.to_frame needs pandas, which is not installed: pip install taskpool-lab[visualize]"
        ) from error

    def categories(values: Iterable[str | None]) -> Any:
        codes: dict[str | None, int] = {None: -1}
        column = [codes.setdefault(value, len(codes) - 1) for value in values]
        return pd.Categorical.from_codes(column, categories=pd.Index([name for name in codes if name is not None]))

    def numbers(values: Iterable[int | None]) -> Any:
        return pd.array(list(values), dtype="Int64")

    name_of = labels.get
    return pd.DataFrame(
        {
            "seq": [event.seq for event in events],
            "time": pd.array([event.time for event in events], dtype="float64"),
            "thread": categories(event.thread for event in events),
            "kind": pd.Categorical([event.kind.value for event in events], categories=[k.value for k in EventKind]),
            "processor": categories(event.processor for event in events),
            "task": numbers(event.task for event in events),
            "parent": numbers(event.parent for event in events),
            "label": categories(name_of(event.task) if event.task is not None else None for event in events),
            "reason": categories(event.detail.get("reason") for event in events),
            "detail": [event.detail for event in events],
        }
    )
