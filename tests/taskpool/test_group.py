"""Shutdown groups: waiting until all serializers of a set are gone."""

from __future__ import annotations

from typing import Any

import pytest

from taskpool import SerializerGroup
from taskpool.errors import OptionError, WrongThreadError
from taskpool.runtime import default_runtime

pytestmark = pytest.mark.threads


@pytest.fixture
def group(lab: Any) -> SerializerGroup:
    return SerializerGroup(lab.runtime)


def test_an_empty_group_is_gone(group: SerializerGroup) -> None:
    assert (group.join(), len(group), bool(group)) == (0, 0, True)


def test_join_waits_until_the_last_serializer_has_run_what_it_held(
    lab: Any, design: str, group: SerializerGroup
) -> None:
    pool, other, gate, ran = lab.open(design, 1), lab.taskpool(1, "other"), lab.gate(), []
    busy, idle, away = pool.serializer("busy", group), pool.serializer("idle", group), other.serializer("away", group)
    busy.push(gate)
    busy.push(ran.append, 1)
    gate.reached()
    assert len(group) == 3
    idle.close()
    busy.close()
    assert (len(group), group.join(timeout=0)) == (2, 2)
    with pytest.raises(WrongThreadError):
        away.push_wait(group.join)
    answers = [lab.go(group.join) for _ in range(2)]
    away.close()
    gate.open()
    assert [answer.get() for answer in answers] == [0, 0]
    assert (ran, len(group)) == ([1], 0)


@pytest.mark.parametrize("end", ["shutdown", "abort"])
def test_a_pools_end_takes_its_serializers_along(lab: Any, design: str, group: SerializerGroup, end: str) -> None:
    pool = lab.open(design, 2)
    for name in "abc":
        pool.serializer(name, group).push(int)
    pool.serializer("d", group).suspend()
    answer = lab.go(group.join)
    getattr(pool, end)()
    assert answer.get() == 0


def test_a_suspended_serializer_keeps_its_group_waiting(lab: Any, design: str, group: SerializerGroup) -> None:
    pool, ran = lab.open(design, 1), []
    serializer = pool.serializer("s", group)
    serializer.suspend()
    serializer.push(ran.append, 1)
    serializer.close()
    assert group.join(timeout=0.001) == 1
    serializer.unsuspend()
    assert (group.join(), ran) == (0, [1])


def test_a_task_cannot_wait_until_its_own_serializer_is_gone(lab: Any, design: str, group: SerializerGroup) -> None:
    serializer = lab.open(design, 1).serializer("s", group)
    with pytest.raises(WrongThreadError, match="cannot wait until its own serializer is gone"):
        serializer.push_wait(group.join)
    serializer.close()
    assert group.join() == 0


def test_a_group_of_another_runtime_is_refused(lab: Any, design: str) -> None:
    assert SerializerGroup().runtime is default_runtime()
    pool = lab.open(design, 1)
    with pytest.raises(OptionError, match="needs the runtime of pool 'pool'"):
        pool.serializer("s", SerializerGroup())
    pool.serializer("s")
