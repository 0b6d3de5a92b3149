"""Exercise: to choose who handles a datagram, on the thread that receives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from taskpool.exercises.judging import Hint, explored
from taskpool.exercises.model import Exercise, Mistake, Verdict
from taskpool.exercises.work import Work
from taskpool.pool import TaskPool

__all__ = ["EXERCISE"]

PROMPT = """\
Write a class `MyDistributor`. `MyDistributor(pool)` has one method, `receive(call, message)`. The one thread that
receives calls it for each datagram: `call` is the datagram's Call-ID, and `message` is the function (without arguments)
that handles it.

* The messages of one call are handled one at a time, in the order in which they were received.
* No message waits for a message of another call.
* `receive` returns at once, whatever `message` does.

`pool.push(task)` lets any thread of the pool run a task. `pool.serializer(name)` makes a serializer; each name can be
had once. A serializer has `push(task)` too."""

HINTS = (
    Hint(
        "The thread that receives did the work itself, or waited for it. While it does, nobody listens to the other "
        "callers. Push, and go back to receiving.",
        about="receive came back",
    ),
    Hint(
        "All calls stand in one line: a slow one holds up the others. Let each call have a line of its own.",
        about="of another call",
    ),
    Hint(
        "Two messages of one call were in the hands of two threads. The pool keeps no order among its threads; a "
        "serializer does.",
        about="began while task|ran before task",
    ),
    Hint(
        "A serializer's name can be had once. Make the call's serializer when its first message comes, and keep it for "
        "the next ones.",
        about="serializer|name",
    ),
)


def judge(answer: Callable[..., Any]) -> Verdict:
    """Two messages of one call on two threads; and a slow message of one call beside one of another."""

    def in_order(runtime: Any) -> Callable[[], None]:
        work = Work(runtime)
        pool = TaskPool("pool", runtime=runtime, recorder=runtime.recorder, minimum_size=2)
        distributor = answer(pool)
        for name in ("a1", "a2"):
            distributor.receive("a", work.task(name))
        runtime.sleep(1)  # until nothing moves any more
        pool.shutdown()
        return lambda: work.check(["a1", "a2"], ["a1", "a2"])

    def apart(runtime: Any) -> Callable[[], None]:
        slow, other = Work(runtime), Work(runtime)
        pool = TaskPool("pool", runtime=runtime, recorder=runtime.recorder, minimum_size=2)
        distributor = answer(pool)

        def look() -> None:
            if runtime.monotonic() >= 2:
                other.wrong("message b1 had to wait for a slow message of another call")

        distributor.receive("a", slow.task("a1", lambda: runtime.sleep(2)))
        distributor.receive("b", other.task("b1", look))
        if runtime.monotonic() >= 2:
            slow.wrong("receive came back only when the message had been handled")
        runtime.sleep(5)
        pool.shutdown()

        def check() -> None:
            slow.check(["a1"])
            other.check(["b1"])

        return check

    says = "Each call's messages stay in order, no call waits for another one, and the receiver is free at once."
    verdict = explored(apart, HINTS, says, seconds=3.0)
    return explored(in_order, HINTS, says, seconds=3.0).with_coverage_of(verdict) if verdict else verdict


def starter() -> Any:
    class MyDistributor:
        def __init__(self, pool):
            self.pool = pool

        def receive(self, call, message):
            message()

    return MyDistributor


def solution() -> Any:
    class MyDistributor:
        def __init__(self, pool):
            self.pool = pool
            self.serializers = {}

        def receive(self, call, message):
            if call not in self.serializers:
                self.serializers[call] = self.pool.serializer(call)
            self.serializers[call].push(message)

    return MyDistributor


def any_thread() -> Any:
    class MyDistributor:
        def __init__(self, pool):
            self.pool = pool

        def receive(self, call, message):
            self.pool.push(message)

    return MyDistributor


def one_line() -> Any:
    class MyDistributor:
        def __init__(self, pool):
            self.serializer = pool.serializer("calls")

        def receive(self, call, message):
            self.serializer.push(message)

    return MyDistributor


def waits() -> Any:
    class MyDistributor(solution()):
        def receive(self, call, message):
            if call not in self.serializers:
                self.serializers[call] = self.pool.serializer(call)
            self.serializers[call].push_wait(message)

    return MyDistributor


def does_not_keep_it() -> Any:
    class MyDistributor:
        def __init__(self, pool):
            self.pool = pool

        def receive(self, call, message):
            self.pool.serializer(call).push(message)

    return MyDistributor


EXERCISE = Exercise(
    name="distributor",
    lesson=11,
    title="Who handles this datagram?",
    prompt=PROMPT,
    answer="MyDistributor",
    make_starter=starter,
    make_solution=solution,
    judge=judge,
    mistakes=(
        Mistake(any_thread, "in the hands of two threads"),
        Mistake(one_line, "All calls stand in one line"),
        Mistake(waits, "The thread that receives did the work itself"),
        Mistake(does_not_keep_it, "A serializer's name can be had once"),
    ),
)
