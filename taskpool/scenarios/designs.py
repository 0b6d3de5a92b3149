"""The designs that a scenario can be put through, by name: what each makes of the same request for a pool."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from taskpool.scenarios.scenario import ScenarioError, unknown

if TYPE_CHECKING:
    from taskpool.recorder import Recorder
    from taskpool.runtime.base import Runtime

__all__ = ["AnyPool", "AnySerializer", "Design", "PoolRequest", "get_design", "list_designs", "register_design"]


class AnySerializer(Protocol):
    """What programs may call on a serializer of any design."""

    @property
    def name(self) -> str: ...
    @property
    def queue_size(self) -> int: ...
    @property
    def is_suspended(self) -> bool: ...

    def push(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> None: ...
    def push_wait(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any: ...
    def suspend(self) -> None: ...
    def unsuspend(self) -> None: ...
    def suspended(self) -> AbstractContextManager[Any]: ...


class AnyPool(Protocol):
    """What programs and the runner may call on a pool of any design."""

    log_failures: bool

    @property
    def name(self) -> str: ...

    def push(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> None: ...
    def push_wait(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any: ...
    def serializer(self, name: str, group: Any = None) -> Any: ...
    def shutdown(self, wait: bool = True) -> None: ...
    def abort(self) -> None: ...
    def stall(self) -> Any: ...
    def __len__(self) -> int: ...


@dataclass(frozen=True, slots=True)
class PoolRequest:
    """What a scenario asks of a pool, in words that every design knows.

    Args:
        threads: Threads to start with, and to keep.
        max_threads: Threads it may grow to; 0 for no limit.
        grow_when: ``"queued"`` or ``"exhausted"``; only the taskpool has the choice.
        name: The pool's name.
    """

    threads: int
    max_threads: int
    grow_when: str = "queued"
    name: str = "pool"


Factory = Callable[[PoolRequest, "Runtime", "Recorder"], AnyPool]


@dataclass(frozen=True, slots=True)
class Design:
    """A pool design: its name, one line about it, and how to open a pool of it."""

    name: str
    title: str
    open: Factory


def _taskpool(request: PoolRequest, runtime: Runtime, recorder: Recorder) -> AnyPool:
    from taskpool.pool import TaskPool

    return TaskPool(
        request.name,
        runtime=runtime,
        recorder=recorder,
        minimum_size=request.threads,
        initial_size=request.threads,
        max_size=request.max_threads,
        auto_increment=0 if request.max_threads == request.threads else 1,
        grow_when=request.grow_when,
    )


def _threadpool(request: PoolRequest, runtime: Runtime, recorder: Recorder) -> AnyPool:
    from taskpool.threadpool import ThreadPool

    return ThreadPool(
        request.name,
        runtime=runtime,
        recorder=recorder,
        initial_size=request.threads,
        max_size=request.max_threads,
        auto_increment=0 if request.max_threads == request.threads else 1,
    )


def _original(revision: str) -> Factory:
    def open_pool(request: PoolRequest, runtime: Runtime, recorder: Recorder) -> AnyPool:
        from taskpool import history
        from taskpool.original import OriginalTaskPool

        return OriginalTaskPool(
            request.name,
            serializers=getattr(history, revision),
            runtime=runtime,
            recorder=recorder,
            minimum_size=request.threads,
            initial_size=request.threads,
            max_size=request.max_threads,
            auto_increment=0 if request.max_threads == request.threads else 1,
        )

    return open_pool


_designs: dict[str, Design] = {}


def register_design(design: Design) -> Design:
    """Make a design known by its name; returns it. For use while modules are imported.

    Raises:
        ScenarioError: If another design has the name.
    """
    if _designs.setdefault(design.name, design) is not design:
        raise ScenarioError(f"there is already a design called {design.name!r}")
    return design


def list_designs() -> Mapping[str, Design]:
    """Every design by its name, the older one first. Read only."""
    return MappingProxyType(_designs)


def get_design(name: str) -> Design:
    """The design called ``name``.

    Raises:
        ScenarioError: If there is none; names the nearest ones.
    """
    try:
        return _designs[name]
    except KeyError:
        raise unknown("design", name, _designs) from None


register_design(
    Design("threadpool", "the older design: one queue, a control thread, waits that block threads", _threadpool)
)
register_design(
    Design("taskpool", "the newer design: a queue per thread, inline waits, pauses without a thread", _taskpool)
)
register_design(
    Design(
        "taskpool-first",
        "the original's first taskpool, reverted in October 2025: every pause waits for its turn",
        _original("FirstSerializer"),
    )
)
register_design(
    Design(
        "taskpool-shipped",
        "the original's taskpool as shipped in 23.2.0: a second pause returns at once",
        _original("ShippedSerializer"),
    )
)
