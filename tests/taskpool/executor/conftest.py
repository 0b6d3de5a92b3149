"""What all tests of the executor share: executors on either design, on a pool and through a serializer."""

from __future__ import annotations

from typing import Any

import pytest

from taskpool import PoolExecutor


@pytest.fixture(params=["pool", "serializer"])
def through(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def target(lab: Any, design: str, through: str) -> Any:
    """A pool of two threads, or a serializer of one."""
    pool = lab.open(design, 2, max_size=2, high_water=1_000_000)
    return pool if through == "pool" else pool.serializer("s")


@pytest.fixture
def executor(target: Any) -> PoolExecutor:
    return PoolExecutor(target)


@pytest.fixture
def single(lab: Any, design: str) -> PoolExecutor:
    """An executor on a pool of one thread."""
    return PoolExecutor(lab.open(design, 1))
