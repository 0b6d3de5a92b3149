"""The wait-for graph: which waits are refused, what they are told as, and that an end is an end.

Real pools cannot make every graph; these are made by hand, of threads that need all or any one of some others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskpool import DeadlockError, PoolAborted, Recorder
from taskpool.agent import Agent
from taskpool.runtime import RealRuntime
from taskpool.task import Task
from taskpool.waits import Needs, Outcome, Stall, Wait, begin, block, end, refuse_if_doomed


class Place:
    """Where waits happen, and what they are for: it needs whom the test says."""

    def __init__(self, name: str = "place", needs: Needs | None = None) -> None:
        self.name = name
        self.runtime = RealRuntime()
        self.recorder: Recorder | None = Recorder()
        self.waits: dict[Agent, Wait] = {}
        self._needs = needs if needs is not None else Needs()

    def needs(self, wait: Wait) -> Needs:
        return self._needs


def waiting_for(agent: Agent, needs: Needs, pool: Place | None = None, reason: str = "sync_task") -> Wait:
    place = pool if pool is not None else Place()
    return Wait(place, agent, reason, Place("it", needs))


def test_needs_are_met_by_all_or_by_any_one() -> None:
    a, b = Agent("a"), Agent("b")
    assert Needs().met_by(set())
    assert Needs(any_one=True).met_by(set())
    assert Needs((a, b)).met_by({a, b}) and not Needs((a, b)).met_by({a})
    assert Needs((a, b), any_one=True).met_by({b}) and not Needs((a, b), any_one=True).met_by(set())


@dataclass(frozen=True)
class Node:
    """A thread that waits for all of some others and, where there are any, for any one of some."""

    all_of: list[int]
    any_of: list[int]


graphs = st.integers(1, 6).flatmap(
    lambda size: st.lists(
        st.none() | st.builds(Node, *[st.lists(st.integers(0, size - 1), unique=True, max_size=3)] * 2),
        min_size=size,
        max_size=size,
    )
)


def can_go_on(graph: list[Node | None]) -> set[int]:
    """The model: whoever does not wait goes on; who waits, once enough of those it needs do."""
    moving: set[int] = set()
    while True:
        more = {
            number
            for number, node in enumerate(graph)
            if node is None or (moving.issuperset(node.all_of) and (not node.any_of or moving & set(node.any_of)))
        }
        if more == moving:
            return moving
        moving = more


@given(graphs)
def test_a_wait_is_refused_exactly_if_it_can_never_end(graph: list[Node | None]) -> None:
    agents = [Agent(f"t{n}") for n in range(len(graph))]
    nodes = [graph[0] or Node([], []), *graph[1:]]
    waits = {}
    for number, node in enumerate(nodes):
        if node is not None:
            any_of = Needs([agents[n] for n in node.any_of], any_one=True)
            waits[number] = waiting_for(agents[number], Needs([agents[n] for n in node.all_of], also=any_of))
            if number:
                agents[number].waiting = waits[number]
    moving = can_go_on(list(nodes))
    if 0 in moving:
        refuse_if_doomed(waits[0])
    else:
        with pytest.raises(DeadlockError, match="this wait would close a cycle in which none can go on") as caught:
            refuse_if_doomed(waits[0])
        # A way from the first to a cycle, and around it, through threads that need each other and cannot go on.
        path = [int(sentence.split()[0][1:]) for sentence in caught.value.cycle]
        assert path[0] == 0 and len(set(path)) == len(path) and not moving & set(path)
        edges = [set(node.all_of) | set(node.any_of) for n in path if (node := nodes[n]) is not None]
        assert all(following in edges[at] for at, following in enumerate(path[1:]))
        assert edges[-1] & set(path)
        assert waits[0].pool.recorder is not None
        kinds = [(str(e.kind), e.detail.get("outcome")) for e in waits[0].pool.recorder.trace()]
        assert kinds == [("wait_started", None), ("wait_ended", "deadlock")]
    assert agents[0].waiting is None

    pool = Place()
    pool.waits = {agents[number]: wait for number, wait in waits.items()}
    if 0 in waits:
        agents[0].waiting = waits[0]
    stall = Stall.of(pool, 0)
    cycle = [int(sentence.split()[0][1:]) for sentence in stall.cycle]
    assert bool(cycle) == any(number not in moving for number in waits)
    assert not moving & set(cycle)
    for at, following in zip(cycle, cycle[1:] + cycle[:1], strict=True):
        node = nodes[at]
        assert node is not None and following in {*node.all_of, *node.any_of}


def test_a_stall_names_the_cycle_itself_and_not_who_waits_for_it() -> None:
    a, b, outside = Agent("a"), Agent("b"), Agent("outside")
    pool = Place()
    for agent, needs in ((outside, [a]), (a, [b]), (b, [a])):
        begin(waiting_for(agent, Needs(needs), pool))
    stall = Stall.of(pool, 3)
    assert [sentence.split()[0] for sentence in stall.cycle] == ["a", "b"]
    assert len(stall.waiting) == 3
    assert str(stall) == "a waits for it (needs b); b waits for it (needs a). 3 queued."


def test_a_stall_without_a_cycle_names_the_waits_and_one_without_waits_says_so() -> None:
    pool, free = Place(), Agent("free")
    begin(waiting_for(Agent("a"), Needs([free]), pool, reason="suspend"))
    assert str(Stall.of(pool, 0)) == "a waits until it is still (needs free)."
    assert str(Stall.of(Place(), 0)) == "nothing runs."


@pytest.mark.parametrize(
    ("reason", "has_task", "text"),
    [
        ("suspend", False, "a waits until it is still"),
        ("blocking_suspend", False, "a is kept until it is resumed"),
        ("suspended", True, "a waits until it is resumed, for task 'int' of it"),
        ("sync_task", True, "a waits for task 'int' of it, which has not started"),
        ("serializer_lock", False, "a waits for it"),
    ],
)
def test_a_wait_is_one_sentence(reason: str, has_task: bool, text: str) -> None:
    b, c = Agent("b"), Agent("c")
    for needs, more in (
        (Needs(), ""),
        (Needs([b, c]), " (needs b and c)"),
        (Needs([b, c], any_one=True), " (needs b or c)"),
    ):
        on = Place("it", needs)
        wait = Wait(Place(), Agent("a"), reason, on, Task(on, int) if has_task else None)
        assert str(wait) == text + more


def test_a_task_that_runs_needs_its_own_thread_and_one_that_is_done_nobody() -> None:
    on = Place("it", Needs([Agent("other")]))
    task = Task(on, int)
    wait = Wait(Place(), Agent("a"), "sync_task", on, task)
    task.agent = Agent("runner")
    assert str(wait) == "a waits for task 'int' of it, which runs on runner (needs runner)"
    task.done = True
    assert wait.needs() == Needs()


def ended(outcome: str, value: Any = None) -> tuple[Wait, list[str]]:
    wait = waiting_for(Agent("a"), Needs())
    begin(wait)
    end(wait, outcome, value)
    return wait, []


def test_the_first_end_counts() -> None:
    wait, undone = ended(Outcome.DONE, 7)
    end(wait, Outcome.ABORTED)
    assert block(wait, lambda: undone.append("undone")) == 7
    assert (undone, wait.pool.waits, wait.agent.waiting) == ([], {}, None)
    assert wait.pool.recorder is not None
    assert [e.detail for e in wait.pool.recorder.trace()] == [
        {"reason": "sync_task"},
        {"reason": "sync_task", "outcome": "done"},
    ]


def test_what_the_task_raised_and_refusals_are_raised_and_an_abort_is_undone() -> None:
    error = ValueError("no")
    for outcome in (Outcome.RAISED, Outcome.REFUSED):
        wait, undone = ended(outcome, error)
        with pytest.raises(ValueError, match="no") as caught:
            block(wait, lambda undone=undone: undone.append("undone"))
        assert caught.value is error and undone == []
    wait, undone = ended(Outcome.ABORTED)
    with pytest.raises(PoolAborted, match="pool 'place' was aborted while a waited for it"):
        block(wait, lambda: undone.append("undone"))
    assert undone == ["undone"]


def test_an_interrupt_ends_the_wait_and_is_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted:
        def get(self) -> None:
            raise KeyboardInterrupt

        def put(self, item: object) -> None:
            pass

    wait, undone = waiting_for(Agent("a"), Needs()), list[str]()
    wait.reply = Interrupted()  # type: ignore[assignment]
    begin(wait)
    with pytest.raises(KeyboardInterrupt):
        block(wait, lambda: undone.append("undone"))
    assert (undone, wait.agent.waiting, wait.pool.waits) == (["undone"], None, {})
