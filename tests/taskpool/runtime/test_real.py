"""The monitor on real threads: who finds it held lets its holder go on first, and blocks only if that does not help."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from taskpool.runtime import RealRuntime


@pytest.fixture
def yields(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[int], None]], list[float]]:
    """Takes a function for what happens elsewhere whenever the GIL is given up; how often that was."""

    def replace(meanwhile: Callable[[int], None]) -> list[float]:
        seen: list[float] = []

        def give_up(seconds: float) -> None:
            seen.append(seconds)
            meanwhile(len(seen))

        monkeypatch.setattr(time, "sleep", give_up)
        return seen

    return replace


def test_a_monitor_that_is_free_is_taken_at_once(yields: Callable[[Callable[[int], None]], list[float]]) -> None:
    runtime = RealRuntime()
    seen = yields(lambda times: None)
    runtime.enter()
    assert seen == []
    assert not runtime.monitor.acquire(blocking=False)


def test_a_monitor_that_is_held_is_left_to_its_holder_first(
    yields: Callable[[Callable[[int], None]], list[float]],
) -> None:
    runtime = RealRuntime()
    runtime.monitor.acquire()
    seen = yields(lambda times: runtime.monitor.release() if times == 3 else None)
    runtime.enter()
    assert seen == [0, 0, 0]
    assert not runtime.monitor.acquire(blocking=False)


@pytest.mark.threads
def test_one_who_has_waited_for_long_blocks_until_it_is_free(
    yields: Callable[[Callable[[int], None]], list[float]],
) -> None:
    runtime = RealRuntime()
    runtime.monitor.acquire()
    holder = threading.Thread(target=lambda: (tried_enough.wait(), runtime.monitor.release()))
    tried_enough = threading.Event()
    holder.start()
    seen = yields(lambda times: tried_enough.set() if times == 8 else None)
    runtime.enter()
    holder.join()
    assert seen == [0] * 8
    assert not runtime.monitor.acquire(blocking=False)
