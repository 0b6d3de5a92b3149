"""The small programs of the levels: two or three threads, few steps, and something that can go wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from taskpool.pool import TaskPool

__all__ = [
    "lost_update",
    "lost_wake_up",
    "overtaking",
    "philosophers",
    "relay",
    "starving",
    "two_locks",
    "waiting_inside",
]


def lost_update(runtime: Any) -> Callable[[], None]:
    """Two threads add one each to a counter: read it, then write it."""
    counter = runtime.Var(0, "counter")

    def add() -> None:
        seen = counter.get()
        counter.set(seen + 1)

    runtime.spawn(add, name="T1")
    runtime.spawn(add, name="T2")

    def check() -> None:
        assert counter.get() == 2, f"two additions, and the counter says {counter.get()}"

    return check


def two_locks(runtime: Any) -> None:
    """Two threads need the same two locks, and take them in different orders."""
    a, b = runtime.Lock("A"), runtime.Lock("B")

    def work(first: Any, second: Any) -> None:
        with first, second:
            pass

    runtime.spawn(work, a, b, name="T1")
    runtime.spawn(work, b, a, name="T2")


def relay(runtime: Any) -> None:
    """Two threads hand three letters back and forth through two queues."""
    there, back = runtime.Queue("there"), runtime.Queue("back")

    def sender() -> None:
        for letter in "abc":
            there.put(letter)
        for _ in "abc":
            back.get()

    def echo() -> None:
        for _ in "abc":
            back.put(there.get())

    runtime.spawn(sender, name="sender")
    runtime.spawn(echo, name="echo")


def overtaking(runtime: Any) -> Callable[[], None]:
    """Two tasks are pushed to a pool of two threads, one after the other; each writes its number."""
    pool = TaskPool("pool", runtime=runtime, recorder=runtime.recorder, minimum_size=2)
    written: list[int] = []
    page = runtime.Var(0, "page")

    def write(number: int) -> None:
        page.set(number)
        written.append(number)

    pool.push(write, 1)
    pool.push(write, 2)
    pool.shutdown()

    def check() -> None:
        assert written == [1, 2], f"pushed in the order 1, 2, and written in the order {written}"

    return check


def philosophers(runtime: Any) -> None:
    """Three philosophers share three forks; each takes the left one, then the right one."""
    forks = [runtime.Lock(f"fork {number}") for number in range(3)]

    def dine(left: Any, right: Any) -> None:
        with left, right:
            pass

    for number in range(3):
        runtime.spawn(dine, forks[number], forks[(number + 1) % 3], name=f"P{number}")


def lost_wake_up(runtime: Any) -> None:
    """A thread looks whether there is mail and, if there is none, goes to sleep until the bell rings."""
    mail, bell = runtime.Var(0, "mail"), runtime.Event("bell")

    def reader() -> None:
        if not mail.get():
            bell.clear()
            bell.wait()

    def postman() -> None:
        mail.set(1)
        bell.set()

    runtime.spawn(reader, name="reader")
    runtime.spawn(postman, name="postman")


def starving(runtime: Any) -> Callable[[], None]:
    """One thread tries three times to get the lock, and gives up; the other takes it again and again."""
    lock = runtime.Lock("lock")
    got: list[bool] = []

    def patient() -> None:
        for _ in range(3):
            if lock.acquire(False):
                lock.release()
                got.append(True)
                return
        got.append(False)

    def busy() -> None:
        for _ in range(3):
            with lock:
                pass

    runtime.spawn(patient, name="patient")
    runtime.spawn(busy, name="busy")

    def check() -> None:
        assert got == [True], "the patient thread gave up"

    return check


def waiting_inside(runtime: Any) -> None:
    """Two threads share a queue. Two tasks each put a task of their own into it, and wait until that has run."""
    tasks, over = runtime.Queue("tasks"), runtime.Queue("over")

    def thread() -> None:
        while (task := tasks.get()) is not None:
            task()

    def outer() -> None:
        inner = runtime.Future("inner")
        tasks.put(lambda: inner.set_result(None))
        inner.result()
        over.put(None)

    runtime.spawn(thread, name="T1")
    runtime.spawn(thread, name="T2")
    for _ in range(2):
        tasks.put(outer)
    for _ in range(2):
        over.get()
    for _ in range(2):
        tasks.put(None)
