"""The selectors against a model that says the same in one expression."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskpool.selector import LeastFull, Sequential, make_selector


@dataclass(frozen=True)
class Queue:
    depth: int
    running: int = 0
    blocked: bool = False

    called: bool = False

    @property
    def queue(self) -> range:
        return range(self.depth)

    @property
    def agent(self) -> SimpleNamespace:
        return SimpleNamespace(current=self.running or None, waiting=self.blocked or None)

    @property
    def load(self) -> int:
        return self.depth + bool(self.running)


queues = st.lists(st.builds(Queue, st.integers(0, 6), st.integers(0, 2), st.booleans()), max_size=6)


@given(queues, st.integers(0, 7))
def test_least_full_takes_the_first_that_is_free_else_the_one_with_the_least(
    candidates: list[Queue], least: int
) -> None:
    chosen, reached = LeastFull().select(candidates, least)
    if not candidates:
        assert (chosen, reached) == (None, True)
        return
    free = [queue for queue in candidates if not queue.load and not queue.blocked]
    assert chosen is (free[0] if free else min(candidates, key=lambda queue: (queue.blocked, queue.load)))
    # Only the queues that it has looked at are judged: it looks at none behind the first that is free.
    seen = candidates[: next((n for n, queue in enumerate(candidates) if queue is chosen), 0)] if free else candidates
    assert reached == any(queue.depth >= least for queue in seen)


@given(st.lists(queues, max_size=12), st.integers(0, 7))
def test_sequential_takes_the_next_whose_thread_is_not_blocked(pushes: list[list[Queue]], threshold: int) -> None:
    selector, turn = Sequential(), 0
    for candidates in pushes:
        chosen, reached = selector.select(candidates, threshold)
        if not candidates:
            assert (chosen, reached) == (None, True)
            continue
        order = [candidates[(turn + n) % len(candidates)] for n in range(len(candidates))]
        skipped = next((n for n, queue in enumerate(order) if not queue.blocked), len(order) - 1)
        turn += skipped + 1
        assert chosen is order[skipped]
        assert reached == (order[skipped].depth >= threshold)


def test_a_task_in_flight_counts_but_a_queue_alone_makes_the_pool_grow() -> None:
    busy, free, full = Queue(0, 1), Queue(0), Queue(3, 1)
    assert LeastFull().select([busy, free], 2) == (free, False)
    assert LeastFull().select([busy, busy], 2) == (busy, False)
    assert LeastFull().select([full, busy], 3) == (busy, True)
    assert Sequential().select([full, busy], 3) == (full, True)


def test_a_blocked_thread_is_chosen_only_if_there_is_no_other() -> None:
    blocked, loaded = Queue(0, 0, blocked=True), Queue(9, 1)
    assert LeastFull().select([blocked, loaded], 10) == (loaded, False)
    assert Sequential().select([blocked, loaded], 10) == (loaded, False)
    assert LeastFull().select([blocked], 10) == (blocked, False)
    assert Sequential().select([blocked, blocked], 10) == (blocked, False)


@pytest.mark.parametrize(("name", "kind"), [("least_full", LeastFull), ("sequential", Sequential)])
def test_selectors_are_made_by_name(name: str, kind: type) -> None:
    assert type(make_selector(name)) is kind
