"""Thousands of random pauses and synchronous pushes on real threads, and what holds of a serializer at any time."""

from __future__ import annotations

import random
import threading
from typing import Any

import pytest

from taskpool import DeadlockError, TaskPool, ThreadPool
from taskpool.registry import names
from taskpool.runtime import RealRuntime

pytestmark = pytest.mark.threads

NO_ALERTS = 10_000_000


class Room:
    """A serializer with what must hold of it: one task at a time, and none while it is suspended."""

    def __init__(self, serializer: Any) -> None:
        self.serializer = serializer
        self.count = 0
        self.broken: list[str] = []
        self._inside = 0
        self._held = 0
        self._lock = threading.Lock()

    def task(self) -> None:
        before = self.count  # unguarded on purpose: tasks of one serializer never overlap
        self._inside += 1
        if self._inside != 1:
            self.broken.append("two at once")
        if self._held:
            self.broken.append("ran while suspended")
        self._inside -= 1
        self.count = before + 1

    def hold(self) -> None:
        self.serializer.suspend()
        with self._lock:
            self._held += 1

    def let_go(self) -> None:
        with self._lock:
            self._held -= 1
        self.serializer.unsuspend()


class Guest:
    """One thread's random operations; every one of them ends, or is refused."""

    def __init__(self, seed: int, pool: Any, rooms: list[Room], bold: bool) -> None:
        self.random = random.Random(seed)
        self.pool = pool
        self.rooms = rooms
        self.bold = bold  # whether it waits for one serializer while it holds others
        self.held: list[Room] = []
        self.pushed: dict[Room, int] = dict.fromkeys(rooms, 0)
        self.refused = 0

    def run(self, operations: int) -> None:
        for _ in range(operations):
            self.act(self.random.choice(self.rooms))
        while self.held:
            self.held.pop().let_go()

    def act(self, room: Room) -> None:
        what = self.random.choice(["push", "push_wait", "from inside", "suspend", "unsuspend"])
        may_wait = self.bold or not self.held
        if what == "push":
            room.serializer.push(room.task)
            self.pushed[room] += 1
        elif what == "unsuspend":
            if self.held:
                self.held.pop(self.random.randrange(len(self.held))).let_go()
        elif may_wait and what == "suspend":
            if self.ends(room.hold):
                self.held.append(room)
        elif may_wait and what == "push_wait":
            self.pushed[room] += self.ends(room.serializer.push_wait, room.task)
        elif may_wait:
            self.pushed[room] += self.ends(self.pool.push_wait, room.serializer.push_wait, room.task)

    def ends(self, call: Any, *args: Any) -> bool:
        try:
            call(*args)
        except DeadlockError:
            self.refused += 1
            return False
        return True


@pytest.mark.parametrize("seed", [1, 2])
def test_ten_thousand_random_operations_of_five_threads_keep_every_promise(design: str, seed: int) -> None:
    """On the taskpool anything goes, for what cannot end is refused; on the threadpool nobody waits while holding."""
    runtime = RealRuntime()
    pool: Any = (
        TaskPool("random", runtime=runtime, minimum_size=3, high_water=NO_ALERTS)
        if design == "taskpool"
        else ThreadPool("random", runtime=runtime, auto_increment=1, idle_timeout=0, high_water=NO_ALERTS)
    )
    rooms = [Room(pool.serializer(f"s{n}")) for n in range(5)]
    guests = [Guest(10 * seed + n, pool, rooms, bold=design == "taskpool") for n in range(5)]
    threads = [threading.Thread(target=guest.run, args=(2_000,), daemon=True) for guest in guests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive(), pool.stall()
    assert [room.serializer.is_suspended for room in rooms] == [False] * 5
    pool.shutdown()
    assert [room.broken for room in rooms] == [[]] * 5
    assert [room.count for room in rooms] == [sum(guest.pushed[room] for guest in guests) for room in rooms]
    assert design == "taskpool" or not any(guest.refused for guest in guests)


def test_no_thread_is_left_of_pools_that_grew_paused_and_were_aborted(design: str) -> None:
    runtime, before = RealRuntime(), set(threading.enumerate())
    for n in range(200):
        pool: Any = (
            TaskPool("again", runtime=runtime, minimum_size=2, auto_increment=1, max_size=4, grow_when="exhausted")
            if design == "taskpool"
            else ThreadPool("again", runtime=runtime, initial_size=2, auto_increment=1)
        )
        serializer = pool.serializer("s")
        for _ in range(5):
            pool.push(int)
            serializer.push(int)
        serializer.suspend()
        serializer.push(int)
        if n % 2:
            pool.abort()
        pool.shutdown()
        assert (len(pool), set(threading.enumerate())) == (0, before)
    assert [names(kind, runtime) for kind in ("pool", "taskprocessor", "serializer")] == [[], [], []]
