"""What a program of the journey is: a few lines that show one fault, on any design, to be explored.

It is as small as the fault allows, for its schedules are to be counted, not sampled. It shares values between threads
through the runtime's primitives only, so that a search misses no order that matters.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from taskpool.scenarios.context import PromiseBroken
from taskpool.scenarios.scenario import unknown

if TYPE_CHECKING:
    from taskpool.recorder import Recorder
    from taskpool.runtime.base import EventLike, LockLike, Runtime, ThreadHandle, VarLike
    from taskpool.scenarios.designs import AnyPool, AnySerializer

__all__ = ["DESIGNS", "JourneyProgram", "Stage", "open_pool"]

_NO_OPTIONS: Mapping[str, Any] = MappingProxyType({})

DESIGNS = ("taskpool", "taskpool-first", "taskpool-shipped", "threadpool", "threadpool-original")
"""The pools that programs can be put on: this project's own, and the models of `taskpool.history`."""


def open_pool(
    design: str, threads: int, options: Mapping[str, Any], runtime: Runtime, recorder: Recorder | None
) -> AnyPool:
    """A pool of a fixed size, unless ``options`` say otherwise.

    Args:
        design: One of `DESIGNS`.
        threads: How many threads it has.
        options: Further options of the pool.
        runtime: Where its threads come from.
        recorder: What it records to, or None.
    """
    from taskpool.history import FirstSerializer, OriginalThreadPool, ShippedSerializer
    from taskpool.original import OriginalTaskPool
    from taskpool.pool import TaskPool
    from taskpool.threadpool import ThreadPool

    common: dict[str, Any] = {"runtime": runtime, "recorder": recorder, "max_size": threads, "auto_increment": 0}
    if design.startswith("threadpool"):
        kind = ThreadPool if design == "threadpool" else OriginalThreadPool
        return kind("pool", **{**common, "initial_size": threads, "idle_timeout": 0, **options})
    common = {**common, "minimum_size": threads, "initial_size": threads, **options}
    if design == "taskpool":
        return TaskPool("pool", **common)
    serializers = FirstSerializer if design == "taskpool-first" else ShippedSerializer
    return OriginalTaskPool("pool", serializers=serializers, **common)


class Stage:
    """What a program works with: a pool, threads of its own, shared values, and promises.

    Args:
        runtime: Where everything comes from.
        pool: The pool under study.
        threads: How many threads it was asked to have.
    """

    def __init__(self, runtime: Runtime, pool: AnyPool, threads: int) -> None:
        self.runtime = runtime
        self.pool = pool
        self.threads = threads
        self._findings: list[str] = []
        self._handles: list[ThreadHandle] = []

    def serializer(self, name: str) -> AnySerializer:
        """A new serializer of the pool."""
        serializer: AnySerializer = self.pool.serializer(name)
        return serializer

    def var(self, value: Any, name: str) -> VarLike[Any]:
        """A value that threads share."""
        return self.runtime.Var(value, name)

    def event(self, name: str) -> EventLike:
        """A flag that threads wait for."""
        return self.runtime.Event(name)

    def lock(self, name: str) -> LockLike:
        """A lock of the program's own, which no pool knows of."""
        return self.runtime.Lock(name)

    def spawn(self, fn: Callable[[], object], name: str) -> None:
        """Start a thread of the program's."""
        self._handles.append(self.runtime.spawn(fn, name=name))

    def join(self) -> None:
        """Block until the program's other threads have ended. From the first one."""
        while self._handles:
            self._handles.pop(0).join()

    def expect(self, holds: bool, otherwise: str) -> None:
        """Note the finding ``otherwise`` unless ``holds``. Any thread; raises nothing."""
        if not holds:
            self._findings.append(otherwise)

    def check(self) -> None:
        """Judge the run, once everything has ended.

        Raises:
            PromiseBroken: With the first finding.
        """
        if self._findings:
            raise PromiseBroken(self._findings[0])


@dataclass(frozen=True, slots=True, repr=False)
class JourneyProgram:
    """One fault of the journey as a program.

    Args:
        name: What one types.
        title: The fault in one line.
        story: What happens, in one paragraph.
        play: The program: called with a `Stage`, on the first thread.
        found_on: The designs on which a search finds the fault.
        finds: What it finds: ``"deadlock"`` or ``"assertion"``.
        cured_on: The designs on which a search ends without a finding.
        threads: Threads of the pool.
        options: Further options of the pool.
    """

    name: str
    title: str
    story: str
    play: Callable[[Stage], None]
    found_on: tuple[str, ...]
    finds: str
    cured_on: tuple[str, ...]
    threads: int = 1
    options: Mapping[str, Any] = field(default_factory=lambda: _NO_OPTIONS)

    def __repr__(self) -> str:
        return f"JourneyProgram({self.name!r}: {self.title})"

    def __str__(self) -> str:
        return self.tell()

    def tell(self, width: int = 100) -> str:
        """The story, and on which designs the fault is found, as text of ``width`` columns."""
        lines = [f"{self.name}: {self.title}", "", textwrap.fill(self.story, width), ""]
        if self.found_on:
            lines.append(f"{self.finds} on: {', '.join(self.found_on)}")
        if self.cured_on:
            lines.append(f"nothing to be found on: {', '.join(self.cured_on)}")
        return "\n".join(lines)

    def on(self, design: str, *, threads: int | None = None) -> Callable[[Runtime], Callable[[], None]]:
        """The program on a design, as `taskpool.explore.explore` takes it.

        Args:
            design: One of `DESIGNS`.
            threads: Threads of the pool, if not as many as the program says.

        Returns:
            A callable that is given a runtime, runs the program there to its end and returns a check, which raises
            if a promise was broken. It records to the runtime's ``recorder``, if it has one.

        Raises:
            ScenarioError: If there is no such design.
        """
        if design not in DESIGNS:
            raise unknown("design of the journey", design, DESIGNS)
        count = self.threads if threads is None else threads

        def run_on(runtime: Runtime) -> Callable[[], None]:
            pool = open_pool(design, count, self.options, runtime, getattr(runtime, "recorder", None))
            pool.log_failures = False
            stage = Stage(runtime, pool, count)
            self.play(stage)
            stage.join()
            pool.shutdown()
            return stage.check

        run_on.__name__ = run_on.__qualname__ = f"{self.name} on {design}"
        return run_on
