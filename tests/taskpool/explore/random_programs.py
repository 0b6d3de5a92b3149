"""Small random programs over every primitive, the same for the same seed on every Python.

A program is data: threads of statements, so that it can be printed, shrunk and run on any runtime. What the threads
observe is collected as the run's outcome.
"""

from __future__ import annotations

import random
from concurrent.futures import CancelledError, InvalidStateError
from queue import Empty
from typing import Any

__all__ = ["Program", "random_program"]

Statement = tuple[Any, ...]

_KINDS = (
    "locks",
    "tries",
    "rlocks",
    "conditions",
    "queues",
    "semaphores",
    "events",
    "futures",
    "vars",
    "time",
    "threads",
)


def random_program(seed: int) -> Program:
    """A program of two or three threads with a few statements each, over one to three kinds of primitives."""
    draw = random.Random(seed)
    kinds = draw.sample(_KINDS, draw.choice((1, 2, 2, 3)))
    threads = draw.choice((2, 2, 3))
    budget = draw.choice((4, 5, 6))
    scripts = [
        [_statement(draw, kinds, 2) for _ in range(max(1, draw.randint(1, budget // threads + 1)))]
        for _ in range(threads)
    ]
    return Program(scripts, draw.randint(0, 1), draw.choice((True, False, False)))


def _statement(draw: random.Random, kinds: list[str], depth: int) -> Statement:
    kind = draw.choice(kinds)

    def inner() -> list[Statement]:
        return [_statement(draw, kinds, depth - 1) for _ in range(draw.choice((0, 0, 1, 1)))] if depth > 1 else []

    pick = draw.choice
    if kind == "locks":
        return (pick(("lock", "lock", "lock", "release")), pick("ab"), inner())
    if kind == "tries":
        return (pick(("try", "try", "lock", "timed lock", "locked")), pick("ab"), inner())
    if kind == "rlocks":
        return (pick(("rlock", "rlock", "try rlock")), "r", inner())
    if kind == "conditions":
        which = pick(("wait", "wait", "timed wait", "notify", "notify", "notify_all", "wait for"))
        return (which, "c", inner() if which == "notify" else [])
    if kind == "queues":
        return (pick(("put", "put", "put", "get", "get", "get_nowait", "timed get", "qsize")), pick("qqp"))
    if kind == "semaphores":
        return (pick(("permit", "permit", "permits", "acquire", "acquire", "try acquire", "timed acquire")), "s")
    if kind == "events":
        return (pick(("set", "set", "clear", "wait event", "timed event", "is_set")), "e")
    if kind == "futures":
        which = ("set result", "set result", "result", "result", "timed result", "done", "cancel", "run", "callback")
        return (pick(which), "f")
    if kind == "vars":
        return (pick(("read", "write", "write", "add")), pick("xxy"))
    if kind == "time":
        return (pick(("sleep", "sleep", "yield", "time")), pick((1, 1, 2)))
    which = "spawn"
    children = [_statement(draw, kinds, depth - 1) for _ in range(draw.choice((0, 1, 1)))] if depth > 0 else []
    return (which, children, pick(("join", "leave", "timed join", "alive")))


class Program:
    """Callable with a runtime; what was observed is in ``outcome`` afterwards."""

    def __init__(self, scripts: list[list[Statement]], permits: int, joins: bool) -> None:
        self.scripts = scripts
        self.permits = permits
        self.joins = joins
        self.seen: dict[str, list[Any]] = {}

    def __repr__(self) -> str:
        lines = [f"  {number}: {script}" for number, script in enumerate(self.scripts, 1)]
        return f"permits={self.permits} joins={self.joins}\n" + "\n".join(lines)

    def __call__(self, runtime: Any) -> None:
        self.seen = {}
        self.runtime = runtime
        self.locks = {name: runtime.Lock(name) for name in "ab"}
        self.rlock = runtime.RLock("r")
        self.condition = runtime.Condition(name="c")
        self.queues = {name: runtime.Queue(name) for name in "qp"}
        self.semaphore = runtime.Semaphore(self.permits, "s")
        self.event = runtime.Event("e")
        self.future = runtime.Future("f")
        self.vars = {name: runtime.Var(0, name) for name in "xy"}
        handles = [
            runtime.spawn(self.play, script, f"t{number}", name=f"t{number}")
            for number, script in enumerate(self.scripts, 1)
        ]
        if self.joins:
            for handle in handles:
                handle.join()

    def outcome(self, kernel: Any) -> Any:
        """What the threads saw, what the variables hold, who is stuck in what, and what was raised."""
        return (
            tuple(sorted((name, tuple(seen)) for name, seen in self.seen.items())),
            tuple(var._value for var in self.vars.values()),
            tuple(sorted((t.name, t.op.name, getattr(t.obj, "name", "")) for t in kernel.blocked())),
            tuple(sorted(f"{thread.name}: {error!r}" for thread, error in kernel.errors)),
        )

    def play(self, script: list[Statement], name: str) -> None:
        seen = self.seen[name] = []
        for number, statement in enumerate(script):
            self.do(statement, name, seen, f"{name}.{number}")

    def do(self, statement: Statement, name: str, seen: list[Any], place: str) -> None:
        what, on = statement[0], statement[1]

        def inner() -> None:
            for number, each in enumerate(statement[2]):
                self.do(each, name, seen, f"{place}.{number}")

        if what in ("lock", "try", "timed lock", "locked", "release"):
            lock = self.locks[on]
            if what == "lock":
                with lock:
                    inner()
            elif what == "locked":
                seen.append(("locked", lock.locked()))
            elif what == "release":
                try:
                    lock.release()
                    seen.append("released")
                except RuntimeError:
                    seen.append("was free")
            else:
                taken = lock.acquire(False) if what == "try" else lock.acquire(timeout=1)
                seen.append((what, taken))
                if taken:
                    inner()
                    try:
                        lock.release()
                    except RuntimeError:
                        seen.append("released by another")
        elif what == "rlock":
            with self.rlock, self.rlock:
                inner()
        elif what == "try rlock":
            taken = self.rlock.acquire(False)
            seen.append(taken)
            if taken:
                inner()
                self.rlock.release()
        elif what in ("wait", "timed wait", "notify", "notify_all", "wait for"):
            with self.condition:
                if what == "wait":
                    self.condition.wait()
                elif what == "timed wait":
                    seen.append(self.condition.wait(1))
                elif what == "wait for":
                    seen.append(self.condition.wait_for(lambda: bool(self.seen.get("told"))))
                else:
                    if not self.seen.get("told"):
                        self.seen["told"] = [True]
                    self.condition.notify_all() if what == "notify_all" else self.condition.notify()
                    inner()
        elif what == "put":
            self.queues[on].put(place)
        elif what == "get":
            seen.append(self.queues[on].get())
        elif what in ("get_nowait", "timed get"):
            try:
                seen.append(self.queues[on].get_nowait() if what == "get_nowait" else self.queues[on].get(timeout=1))
            except Empty:
                seen.append("empty")
        elif what == "qsize":
            seen.append(self.queues[on].qsize())
        elif what in ("permit", "permits"):
            self.semaphore.release(1 if what == "permit" else 2)
        elif what == "acquire":
            self.semaphore.acquire()
        elif what == "try acquire":
            seen.append(self.semaphore.acquire(False))
        elif what == "timed acquire":
            seen.append(self.semaphore.acquire(timeout=1))
        elif what == "set":
            self.event.set()
        elif what == "clear":
            self.event.clear()
        elif what == "wait event":
            self.event.wait()
        elif what == "timed event":
            seen.append(self.event.wait(1))
        elif what == "is_set":
            seen.append(self.event.is_set())
        elif what in ("set result", "result", "timed result", "done", "cancel", "run", "callback"):
            self.do_future(what, seen, place)
        elif what == "read":
            seen.append(self.vars[on].get())
        elif what == "write":
            self.vars[on].set(place)
        elif what == "add":
            self.vars[on].set(f"{self.vars[on].get()}+")
        elif what == "sleep":
            self.runtime.sleep(on)
        elif what == "yield":
            self.runtime.sleep(0)
        elif what == "time":
            seen.append(self.runtime.monotonic())
        elif what == "spawn":
            child = self.runtime.spawn(self.play, on, place, name=place)
            if statement[2] == "join":
                child.join()
            elif statement[2] == "timed join":
                child.join(1)
                seen.append(child.is_alive())
            elif statement[2] == "alive":
                seen.append(child.is_alive())

    def do_future(self, what: str, seen: list[Any], place: str) -> None:
        future = self.future
        try:
            if what == "set result":
                future.set_result(place)
            elif what == "result":
                seen.append(future.result())
            elif what == "timed result":
                seen.append(future.result(1))
            elif what == "done":
                seen.append((future.done(), future.running()))
            elif what == "cancel":
                seen.append(future.cancel())
            elif what == "run":
                seen.append(future.set_running_or_notify_cancel())
            else:
                future.add_done_callback(lambda _: self.vars["x"].set(f"called {place}"))
        except (InvalidStateError, CancelledError, TimeoutError) as error:
            seen.append(type(error).__name__)
