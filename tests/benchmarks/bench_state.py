"""How long `visualize.state` takes on long traces: ``python tests/benchmarks/bench_state.py [EVENTS]``.

Two shapes: short queues, and queues that grow to about a seventh of the number of events. For each the processor time
of the index (wanted: at most 2 s for 1,000,000 events) and of random looks at a state, without and with its queues
(wanted: at most 50 ms for 95 of 100).
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator

from taskpool.events import Event, EventKind
from visualize.state import State, States

LOOKS = 200


def events_of(count: int, every: int) -> list[Event]:
    """A trace in which of ``every`` pushed tasks all but one run; all of them where it is 0."""
    events: list[Event] = []

    def tell(thread: str, kind: EventKind, queue: str, task: int) -> None:
        detail = {"label": f"task {task}", "wait": False, "depth": 1} if kind is EventKind.TASK_PUSHED else {}
        events.append(Event(len(events), len(events) / 1e6, thread, kind, queue, task, None, detail))

    for task in numbers():
        if len(events) >= count:
            return events
        queue, thread = f"session-{task % 50}", f"p/{task % 8}"
        tell("main", EventKind.TASK_PUSHED, queue, task)
        if not every or task % every:
            tell(thread, EventKind.TASK_STARTED, queue, task)
            tell(thread, EventKind.TASK_FINISHED, queue, task)
    return events


def numbers() -> Iterator[int]:
    """1, 2, 3 and so on."""
    number = 0
    while True:
        number += 1
        yield number


def looks(states: States, see: Callable[[State], object]) -> list[float]:
    """Processor time of random looks, in milliseconds, sorted."""
    chance, took = random.Random(7), []
    for _ in range(LOOKS):
        position = chance.randrange(len(states))
        start = time.process_time()
        see(states.before(position))
        took.append((time.process_time() - start) * 1e3)
    return sorted(took)


def main() -> None:
    """Print a line for each shape and kind of look."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    for shape, every in (("short queues", 0), ("long queues", 3)):
        events = events_of(count, every)
        start = time.process_time()
        states = States(events)
        index = time.process_time() - start
        queued = sum(len(queue) for queue in states.end.queues.values())
        print(f"{shape}: {len(events):,} events, {queued:,} queued at the end; index {index:.2f} s")
        for what, see in (("a state", lambda state: state), ("with queues", lambda state: state.queues)):
            took = looks(states, see)
            middle, most = took[LOOKS // 2], took[LOOKS * 95 // 100]
            print(f"  {what:11}  p50 {middle:6.1f} ms   p95 {most:6.1f} ms   max {took[-1]:6.1f} ms")


if __name__ == "__main__":
    main()
