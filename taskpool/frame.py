"""A trace as a pandas table. Repeated names become categories, so that a million events fit in little memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
        import numpy as np
        import pandas as pd
    except ImportError as error:
        raise ImportError(
            "Trace.to_frame needs pandas, which is not installed: pip install taskpool-lab[visualize]"
        ) from error

    def categories(values: list[str | None]) -> Any:
        codes, names = pd.factorize(np.array(values, dtype=object))
        return pd.Categorical.from_codes(codes, categories=pd.Index(names, dtype=object))

    def numbers(values: list[int | None]) -> Any:
        missing = np.array([value is None for value in values], dtype=bool)
        known = np.array([0 if value is None else value for value in values], dtype="int64")
        return pd.arrays.IntegerArray(known, missing)

    def details() -> Any:
        column = np.empty(len(events), dtype=object)  # filled one by one: numpy would look into the mappings
        column[:] = [event.detail for event in events]
        return column

    kinds = {kind: code for code, kind in enumerate(EventKind)}
    kind_names = pd.Index([kind.value for kind in EventKind], dtype=object)
    name_of = dict(labels).get
    reasons = [event.detail.get("reason") for event in events]
    tasks = [event.task for event in events]
    return pd.DataFrame(
        {
            "seq": np.array([event.seq for event in events], dtype="int64"),
            "time": np.array([event.time for event in events], dtype="float64"),
            "thread": categories([event.thread for event in events]),
            "kind": pd.Categorical.from_codes([kinds[event.kind] for event in events], categories=kind_names),
            "processor": categories([event.processor for event in events]),
            "task": numbers(tasks),
            "parent": numbers([event.parent for event in events]),
            "label": categories([None if task is None else name_of(task) for task in tasks]),
            "reason": categories([None if reason is None else str(reason) for reason in reasons]),
            "detail": details(),
        }
    )
