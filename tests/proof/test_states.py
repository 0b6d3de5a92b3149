"""What the proof's state search rests on: a fingerprint that tells states apart, and steps that concern nobody else."""

from collections.abc import Callable, Hashable

import pytest

from taskpool.explore import explore
from taskpool.explore.state_search import StateSearch
from taskpool.runtime.kernel import Kernel
from taskpool.serializer import Serializer
from tests.proof.heap import heap_of
from tests.proof.programs import Program, all_programs
from tests.proof.prove import prove
from tests.proof.world import Watched, World

PROGRAMS = [
    "push:A wait:B | nest:AB push:A on 2",
    "stop:A nest:AB | go:A wait:B on 2",
    "nest:AB end | wait:A push:A on 1",
    "nest:AB wait:A | push:B | nest:BA on 1",
    "end | nest:AB wait:B | stop:B on 2",
    "wait:A wait:A | nest:BA stop:B on 2",
]


def heaps_by_fingerprint(text: str, fingerprint: Callable[[World, Kernel], Hashable]) -> dict[Hashable, set[bytes]]:
    """Each fingerprint that occurs in the program's states, with every heap that had it."""
    watched = Watched(Program.parse(text).run)
    heaps: dict[Hashable, set[bytes]] = {}

    def both(kernel: Kernel) -> Hashable:
        world = watched.world
        assert world is not None
        if world.pool is None:
            return None
        heap = heap_of(world, kernel)
        seen = (StateSearch._of_threads(kernel), fingerprint(world, kernel))
        heaps.setdefault(seen, set()).add(heap)
        return heap

    search = StateSearch(both, watched.search_is_private)
    assert explore(watched, search).exhausted
    return heaps


@pytest.mark.parametrize("text", PROGRAMS)
def test_where_fingerprints_are_equal_so_is_all_that_threads_can_reach(text):
    heaps = heaps_by_fingerprint(text, World.fingerprint)
    assert len(heaps) > 30
    assert [len(seen) for seen in heaps.values() if len(seen) > 1] == []


@pytest.mark.parametrize("left_out", [0, 1, 2])
def test_a_fingerprint_that_lacks_something_is_noticed(left_out):
    def poor(world: World, kernel: Kernel) -> Hashable:
        whole = world.fingerprint(kernel)
        assert isinstance(whole, tuple)
        return tuple(part for place, part in enumerate(whole) if place not in (left_out, 6, 8))

    heaps = heaps_by_fingerprint("nest:AB wait:A | push:B | nest:BA on 1", poor)
    assert max(map(len, heaps.values())) > 1


@pytest.mark.parametrize(
    "text", ["nest:AB | wait:A on 2", "stop:A push:A | nest:AA on 1", "push:A | wait:B | stop:A on 1"]
)
def test_the_schedules_it_covers_are_those_of_a_search_that_looks_nothing_up(text):
    watched = Watched(Program.parse(text).run)
    with_states = watched.search()
    assert explore(watched, with_states).exhausted
    without = StateSearch(lambda kernel: None, watched.search_is_private)
    report = explore(watched, without)
    assert report.exhausted
    assert with_states.covered == report.schedules == without.covered
    assert with_states.states < report.schedules


def test_it_finds_nothing_in_programs_of_one_call_a_thread_as_the_optimal_search_does():
    lines = [prove(("all", str(program), 10_000)) for program in all_programs(1)]
    assert {line["how"] for line in lines} == {"exhausted"}
    assert len(lines) == 74


def forgets_who_waits(self, task, *_):
    task.done = True


def goes_on_while_suspended(self):
    return bool(self._queue)


def gives_no_turn(self, agent):
    if self._queue:
        self._turn = None


@pytest.mark.parametrize(
    ("method", "fault", "text"),
    [
        ("_discard", forgets_who_waits, "stop:A end | push:A on 1"),
        ("_wants_turn", goes_on_while_suspended, "stop:A | push:A push:A on 1"),
        ("_settle", gives_no_turn, "push:A | wait:A on 1"),
        ("_settle", gives_no_turn, "nest:AB | nest:BA on 2"),
    ],
)
def test_it_finds_in_a_broken_pool_what_the_optimal_search_finds(monkeypatch, method, fault, text):
    monkeypatch.setattr(Serializer, method, fault)
    program = Program.parse(text)
    watched = Watched(program.run)
    found = explore(watched, watched.search())
    known = explore(program)
    assert known.exhausted and known.failures
    assert {failure.kind for failure in found.failures} == {failure.kind for failure in known.failures}
    assert found.exhausted


def test_a_step_that_pools_never_take_is_refused():
    def program(world: World) -> Callable[[], None]:
        world.open(1)
        for _ in range(2):
            world.runtime.spawn(lambda: world.runtime.monitor.acquire(False))
        return world.check

    watched = Watched(program)
    with pytest.raises(AssertionError, match="stands before try-acquire of the monitor"):
        explore(watched, watched.search())
