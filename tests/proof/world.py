"""One execution of a program, as the state search sees it: a pool, its threads, what was promised so far.

`World.fingerprint` is everything that decides what can follow and how it is judged. It leaves out, on purpose:

* statistics, water marks (500 tasks; no program queues so many), log lines: nothing is decided by them;
* the numbers that the recorder gives to tasks: a task has a name that is the same in whatever order threads go on;
* times of events, and names in the registry, which a serializer's and a pool's own flags imply;
* threads that have ended: who waits for them goes on at once.

`tests/proof/test_states.py` holds it to an independent reading of the whole heap.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from typing import Any

from taskpool.agent import Agent
from taskpool.events import EventKind
from taskpool.explore.state_search import StateSearch
from taskpool.pool import TaskPool
from taskpool.recorder import Recorder
from taskpool.runtime.controlled import ControlledRuntime
from taskpool.runtime.controlled_locks import ControlledLock
from taskpool.runtime.controlled_queues import ControlledQueue
from taskpool.runtime.kernel import Kernel
from taskpool.runtime.logical import LogicalThread
from taskpool.serializer import Serializer
from taskpool.task import Task
from taskpool.waits import Wait
from tests.proof.promises import Promises

__all__ = ["Watch", "Watched", "World"]


class Watch(Recorder):
    """Records, names tasks, and holds the pool to its promises as events happen.

    Attributes:
        names: Each task's name: the task or the outside thread that pushed it, and how many that had pushed before; for
            a serializer's turn or checkpoint, only which it is: of two of them it does not matter which is which.
        broken: The first promise that was broken, or "".
    """

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[int, Hashable] = {}
        self.promises = Promises()
        self.broken = ""
        self._pushed: Counter[Hashable] = Counter()

    def record(
        self,
        runtime: Any,
        thread: str,
        kind: EventKind,
        processor: str | None = None,
        task: int | None = None,
        parent: int | None = None,
        detail: Mapping[str, Any] = {},
    ) -> None:
        super().record(runtime, thread, kind, processor, task, parent, detail)
        if task and (kind is EventKind.TASK_PUSHED or kind is EventKind.TASK_INLINED):
            if "turn" in detail or "checkpoint" in detail:
                self.names[task] = detail.get("turn"), processor
            else:
                by = thread if parent is None else self.names[parent]
                self.names[task] = by, self._pushed[by]
                self._pushed[by] += 1
        if not self.broken:
            try:
                self.promises.see(kind, processor or "", task or 0, thread, detail)
            except AssertionError as error:
                self.broken = str(error)


class World:
    """A program's pool and serializers in one execution.

    Attributes:
        pool: None until it has been opened.
        wrong: What the program itself found to be wrong.
        places: For each outside thread, how far it has come in its program and which suspensions it holds.
    """

    def __init__(self, runtime: ControlledRuntime) -> None:
        self.runtime = runtime
        self.watch = Watch()
        self.pool: TaskPool | None = None
        self.serializers: dict[str, Serializer] = {}
        self.wrong: list[str] = []
        self.places: dict[str, tuple[Hashable, dict[str, int]]] = {}

    def open(self, size: int) -> None:
        """Open the pool with ``size`` threads, and its serializers."""
        pool = TaskPool("p", runtime=self.runtime, recorder=self.watch, minimum_size=size)
        self.serializers = {name: pool.serializer(name) for name in "AB"}
        self.pool = pool

    def check(self) -> None:
        """Judge the execution; once everything has ended.

        Raises:
            AssertionError: Naming what is wrong.
        """
        assert not self.wrong, self.wrong[0]
        assert not self.watch.broken, self.watch.broken
        self.watch.promises.end()

    def fingerprint(self, kernel: Kernel) -> Hashable:
        """See the module; None while there is no pool."""
        pool = self.pool
        if pool is None:
            return None
        return (
            tuple(self._thread(thread) for thread in kernel.threads),
            tuple(self._serializer(serializer) for serializer in self.serializers.values()),
            tuple(self._worker(worker) for worker in pool._workers()),
            (pool.closing, pool.aborted, pool.drained, tuple(pool.serializers)),
            tuple(agent.name for agent in pool.waits),
            tuple(handle.name for handle in pool.threads if not handle.ended),  # type: ignore[attr-defined]
            self.watch.promises.state(self.watch.names),
            (self.watch.broken, len(self.wrong), len(kernel.errors)),
            tuple((name, place, tuple(held.items())) for name, (place, held) in self.places.items()),
        )

    def is_private(self, thread: LogicalThread, kernel: Kernel) -> bool:
        """Whether no other thread can do anything before ``thread``'s next step that this step conflicts with.

        It rests on how pools use their runtime, which is checked here step by step: the monitor is only ever acquired
        without a limit in time; queues are put to by who holds the monitor, and each is got from by one thread; whether
        a thread has ended is asked by who holds the monitor, and a pool's thread ends in a release of the monitor or
        after it got False.
        """
        name, obj = thread.op.name, thread.obj
        monitor = self.runtime.monitor
        mine = monitor.owner is thread  # type: ignore[attr-defined]
        if obj is monitor:
            assert name in ("acquire", "release"), f"{thread.name} stands before {name} of the monitor"
            return mine
        if isinstance(obj, ControlledQueue):
            if name == "put":
                return mine
            assert name in ("get", "timed get"), f"{thread.name} stands before {name} of {obj.name}"
            assert obj.name in (f"{thread.name} wakes", f"{thread.name} waits"), f"{thread.name} gets from {obj.name}"
            return bool(obj.items) and obj.items[0] is not False
        if isinstance(obj, LogicalThread):
            if name == "join":
                return obj.ended
            assert name == "is_alive", f"{thread.name} stands before {name}"
            assert mine, f"{thread.name} asks whether {obj.name} is alive, without the monitor"
            return False
        assert name == "sleep", f"{thread.name} stands before {name}"
        return True

    def _thread(self, thread: LogicalThread) -> Hashable:
        agent, obj = thread.agent, thread.obj
        held: Hashable = None
        if isinstance(obj, ControlledLock):
            held = obj.owner and obj.owner.identity
        elif isinstance(obj, ControlledQueue):
            held = tuple(_item(item) for item in obj.items)
        return held, self._agent(agent) if agent is not None else None

    def _agent(self, agent: Agent) -> Hashable:
        stack = []
        task = agent.current
        while task is not None:
            stack.append(self._task(task))
            task = task.outer
        return agent.name, tuple(stack), self._wait(agent.waiting)

    def _task(self, task: Task | None) -> Hashable:
        if task is None:
            return None
        names = self.watch.names
        caller = task.caller
        return (
            names.get(task.id),
            task.processor.name,
            task.turn_of is not None and task.turn_of._turn is task,
            task.done,
            self.watch.promises.has_ended(task.id),
            task.agent and task.agent.name,
            self._wait_of(task.wait),
            caller and (names.get(caller.id), caller.agent and caller.agent.name, caller.done),
        )

    def _wait_of(self, wait: Wait | None) -> Hashable:
        return wait and (wait.agent.name, wait.reason, wait.agent.waiting is wait)

    def _wait(self, wait: Wait | None) -> Hashable:
        if wait is None:
            return None
        return wait.reason, wait.on.name, self._task(wait.task), tuple(_item(item) for item in wait.reply.items)  # type: ignore[attr-defined]

    def _serializer(self, serializer: Serializer) -> Hashable:
        return (
            tuple(self._task(task) for task in serializer._queue),
            serializer._executing,
            serializer._executor and serializer._executor.name,
            serializer._turn is not None,
            tuple(agent.name for agent in serializer._owners),
            tuple((wait.agent.name, self._wait(wait)) for wait in serializer._visitors),
            tuple(wait.agent.name for wait in serializer._suspenders),
            serializer._budget if serializer._executor is not None else 0,
            serializer._closed,
            serializer._gone,
        )

    def _worker(self, worker: Any) -> Hashable:
        processor = worker.processor
        return (
            processor.name,
            tuple(self._task(task) for task in processor._queue),
            processor._executing,
            processor._closed,
            worker.idle,
            worker.ended,
            worker.called,
            worker._turn and worker._turn.name,
            self._task(worker._token),
            worker._timeout,
            tuple(worker._wake.items),
        )


def _item(item: Any) -> Hashable:
    """What was put into a queue: a wake-up, or how a wait ended and what came with that."""
    if isinstance(item, tuple):
        outcome, value = item
        return outcome, type(value).__name__, value if isinstance(value, int) else None
    return item


class Watched:
    """A program, and the world of its latest execution: what a `StateSearch` of it asks.

    Args:
        program: Called with a world; returns a check.
    """

    def __init__(self, program: Callable[[World], Callable[[], None]]) -> None:
        self._program = program
        self.world: World | None = None

    def __call__(self, runtime: ControlledRuntime) -> Callable[[], None]:
        self.world = World(runtime)
        return self._program(self.world)

    def search(self) -> StateSearch:
        """A search of it, to be handed to `explore` with it."""
        return StateSearch(lambda kernel: self._now().fingerprint(kernel), self.search_is_private)

    def search_is_private(self, thread: LogicalThread, kernel: Kernel) -> bool:
        """See `World.is_private`."""
        return self._now().is_private(thread, kernel)

    def _now(self) -> World:
        assert self.world is not None
        return self.world
