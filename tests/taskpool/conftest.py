"""What tests of whole pools share: pools that are always closed, helper threads, and waiting for events of the trace.

Nothing here sleeps. Whoever waits, waits for something that is bound to happen, with a generous deadline.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from typing import Any

import pytest

from taskpool import Recorder, TaskPool, ThreadPool
from taskpool.events import EventKind
from taskpool.runtime import RealRuntime

DEADLINE = 60.0

AnyPool = TaskPool | ThreadPool


class Watch(Recorder):
    """A recorder that a test can wait on."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: list[tuple[EventKind, str | None, str, Mapping[str, Any]]] = []
        self._changed = threading.Condition()

    def record(self, runtime: Any, thread: str, kind: EventKind, processor: str | None = None, *rest: Any) -> None:
        super().record(runtime, thread, kind, processor, *rest)
        detail = rest[2] if len(rest) > 2 else {}
        with self._changed:
            self._seen.append((kind, processor, thread, detail))
            self._changed.notify_all()

    def count(self, kind: str, processor: str | None = None, **detail: Any) -> int:
        """How often this has happened."""
        with self._changed:
            return self._count(kind, processor, detail)

    def until(self, kind: str, processor: str | None = None, times: int = 1, **detail: Any) -> None:
        """Block until it has happened ``times`` times."""
        with self._changed:
            happened = self._changed.wait_for(lambda: self._count(kind, processor, detail) >= times, DEADLINE)
            assert happened, f"{kind} {processor} {detail} did not happen {times} times"

    def _count(self, kind: str, processor: str | None, detail: Mapping[str, Any]) -> int:
        return sum(
            seen == kind and processor in (None, on) and detail.items() <= facts.items()
            for seen, on, _, facts in self._seen
        )


class Gate:
    """A task that says when it has begun and then waits to be let go."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self._open = threading.Event()

    def __call__(self) -> str:
        self.begun.set()
        assert self._open.wait(DEADLINE)
        return threading.current_thread().name

    def reached(self) -> None:
        assert self.begun.wait(DEADLINE)

    def open(self) -> None:
        self._open.set()


class Lab:
    """Opens pools of one runtime and sees to it that everything has ended when the test has."""

    def __init__(self) -> None:
        self.runtime = RealRuntime()
        self.watch = Watch()
        self.pools: list[AnyPool] = []
        self.gates: list[Gate] = []
        self.helpers: list[threading.Thread] = []

    def open(self, design: str, threads: int = 1, name: str = "pool", **options: Any) -> Any:
        """A pool of ``threads`` threads, no more and no fewer unless the options say so."""
        if design == "taskpool":
            return self.taskpool(threads, name, **options)
        return self.threadpool(threads, name, **options)

    def taskpool(self, threads: int = 1, name: str = "pool", **options: Any) -> TaskPool:
        return self.keep(TaskPool(name, **{"minimum_size": threads, **self._common(options)}))

    def threadpool(self, threads: int = 1, name: str = "pool", **options: Any) -> ThreadPool:
        fixed = {"initial_size": threads, "auto_increment": 0, "idle_timeout": 0}
        return self.keep(ThreadPool(name, **{**fixed, **self._common(options)}))

    def _common(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"runtime": self.runtime, "recorder": self.watch, **options}

    def keep(self, pool: Any) -> Any:
        """See to it that ``pool`` has ended when the test has."""
        self.pools.append(pool)
        return pool

    def gate(self) -> Gate:
        self.gates.append(Gate())
        return self.gates[-1]

    def go(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Answer:
        """Call ``fn`` on a thread from outside every pool."""
        answer = Answer()

        def call() -> None:
            try:
                answer.future.set_result(fn(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001 - the test asks for it
                answer.future.set_exception(error)

        thread = threading.Thread(target=call, name=f"helper-{len(self.helpers)}", daemon=True)
        answer.thread = thread.name
        self.helpers.append(thread)
        thread.start()
        return answer

    def everything_ends(self) -> None:
        """Join every thread that there ever was."""
        for thread in [*self.helpers, *(handle for pool in self.pools for handle in pool.threads)]:
            thread.join(DEADLINE)
            assert not thread.is_alive(), f"{thread.name} is left"

    def close(self) -> None:
        for gate in self.gates:
            gate.open()
        for pool in self.pools:
            pool.abort()
        self.everything_ends()


class Answer:
    """What a call on a helper thread comes to."""

    def __init__(self) -> None:
        self.future: Future[Any] = Future()
        self.thread = ""

    def get(self) -> Any:
        """Its result, or its error, raised."""
        return self.future.result(DEADLINE)

    @property
    def done(self) -> bool:
        return self.future.done()


@pytest.fixture
def lab() -> Iterator[Lab]:
    lab = Lab()
    yield lab
    lab.close()


@pytest.fixture(params=["taskpool", "threadpool"])
def design(request: pytest.FixtureRequest) -> str:
    return str(request.param)
