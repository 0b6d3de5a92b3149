"""A queue as it was at a snapshot, with what has changed since: bringing it back costs nothing until somebody looks.

A state in the middle of a long trace may hold queues of a hundred thousand tasks, and replaying a few thousand events
touches few of them. So the snapshot's tuple is shared, and only the changes are kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping

__all__ = ["LazyQueue"]


class LazyQueue(MutableMapping[int, int]):
    """Tasks, next first, each with the position of its push; as a dictionary would hold them.

    Args:
        base: The tasks at the snapshot, in order.
        known: By task the position of its push.
    """

    __slots__ = ("_added", "_base", "_known", "_removed", "_whole")

    def __init__(self, base: tuple[int, ...], known: Mapping[int, int]) -> None:
        self._base, self._known = base, known
        self._added: dict[int, int] = {}
        self._removed: set[int] = set()
        self._whole: dict[int, int] | None = None

    def _all(self) -> dict[int, int]:
        if self._whole is None:
            known, added = self._known, self._added
            self._whole = {task: added[task] if task in added else known[task] for task in self}
        return self._whole

    def __iter__(self) -> Iterator[int]:
        removed, added = self._removed, self._added
        if not removed and not added:
            return iter(self._base)
        return iter([*(task for task in self._base if task not in removed), *added])

    def __setitem__(self, task: int, at: int) -> None:
        self._whole = None
        self._added[task] = at

    def __delitem__(self, task: int) -> None:
        if task not in self._all():
            raise KeyError(task)
        self.pop(task, None)

    def pop(self, task: int, default: object = None) -> object:  # type: ignore[override]
        """Take a task out, if it is there; nobody asks what its position was."""
        self._whole = None
        self._added.pop(task, None)
        self._removed.add(task)
        return default

    def __getitem__(self, task: int) -> int:
        return self._all()[task]

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, task: object) -> bool:
        return task in self._all()
