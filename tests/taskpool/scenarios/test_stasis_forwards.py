"""The bus's forwards: a message arrives once on whatever ways, and no cycle of any length comes about."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskpool import TaskPool, ThreadPool
from taskpool.explore import explore
from taskpool.runtime.controlled import ControlledRuntime
from taskpool.scenarios.stasis import Bus, ForwardError

DESIGNS = {
    "taskpool": lambda runtime: TaskPool("stasis", minimum_size=1, max_size=1, runtime=runtime),
    "threadpool": lambda runtime: ThreadPool("stasis", max_size=1, runtime=runtime),
}


@pytest.fixture(params=sorted(DESIGNS))
def play(request):
    """Runs a program on a bus and a pool of either design, in the controlled runtime."""

    def play(program):
        runtime = ControlledRuntime()

        def body():
            with DESIGNS[request.param](runtime) as pool:
                program(Bus(runtime=runtime), pool)

        runtime.run(body)

    return play


def chained(bus, names):
    """Topics of these names, each forwarding to the next."""
    topics = [bus.topic(name) for name in names]
    for one, to in pairwise(topics):
        one.forward(to)
    return topics


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ("a", "this forward would close the cycle 'a' -> 'a': unforward one of its topics first"),
        ("ab", "this forward would close the cycle 'b' -> 'a' -> 'b': unforward one of its topics first"),
        ("abc", "this forward would close the cycle 'c' -> 'a' -> 'b' -> 'c': unforward one of its topics first"),
        (
            "abcdef",
            "this forward would close the cycle 'f' -> 'a' -> 'b' -> 'c' -> 'd' -> 'e' -> 'f': unforward"
            " one of its topics first",
        ),
    ],
)
def test_the_forward_that_would_close_a_cycle_is_refused_and_changes_nothing(play, names, told):
    def program(bus, pool):
        seen = []
        topics = chained(bus, names)
        for topic in topics:
            topic.subscribe(topic.name, lambda message, name=topic.name: seen.append((name, message)), pool=pool)
        with pytest.raises(ForwardError) as caught:
            topics[-1].forward(topics[0])
        assert str(caught.value) == told
        assert [topic.publish_wait(topic.name) for topic in topics] == list(range(len(names), 0, -1))
        assert sorted(seen) == sorted((to, one) for one in names for to in names if to >= one)
        assert [topic.statistics().forwarded for topic in topics] == list(range(len(names)))

    play(program)


def test_the_message_names_a_shortest_cycle(play):
    def program(bus, pool):
        topics = chained(bus, "abcde")
        topics[0].forward(topics[3])
        with pytest.raises(ForwardError, match="the cycle 'e' -> 'a' -> 'd' -> 'e': "):
            topics[4].forward(topics[0])

    play(program)


def test_a_cycle_may_be_opened_and_turned_round(play):
    def program(bus, pool):
        seen = []
        a, b, c = chained(bus, "abc")
        b.unforward(c)
        c.forward(a)
        b.subscribe("b", seen.append, pool=pool)
        assert (c.publish_wait(1), b.publish_wait(2)) == (1, 1)
        with pytest.raises(ForwardError, match="the cycle 'b' -> 'c' -> 'a' -> 'b': "):
            b.forward(c)
        assert seen == [1, 2]

    play(program)


def test_a_topic_reached_on_several_ways_takes_a_message_once(play):
    def program(bus, pool):
        seen = []
        a, b, c, d = map(bus.topic, "abcd")
        for one, to in ((a, b), (a, c), (b, d), (c, d), (a, d)):
            one.forward(to)
        d.subscribe("d", seen.append, pool=pool)
        assert a.publish_wait(1) == 1
        assert (seen, d.statistics().forwarded) == ([1], 1)

    play(program)


def test_a_callback_that_publishes_on_the_topic_it_came_from_is_no_forward(play):
    def program(bus, pool):
        seen, done = [], bus.runtime.Event("done")
        a, b = chained(bus, "ab")

        def again(message):
            seen.append(message)
            if message < 3:
                a.publish(message + 1)
            else:
                done.set()

        subscription = b.subscribe("b", again, pool=pool)
        a.publish(1)
        assert done.wait(30)
        subscription.unsubscribe(wait=True)
        assert (seen, a.statistics().published) == ([1, 2, 3], 3)

    play(program)


PAIRS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=20)


@given(PAIRS)
def test_forwards_follow_a_model_that_knows_all_ways(pairs):
    def program():
        bus = Bus(runtime=runtime)
        topics = [bus.topic(str(number)) for number in range(6)]
        with DESIGNS["taskpool"](runtime) as pool:
            seen = []
            for number, topic in enumerate(topics):
                topic.subscribe(topic.name, lambda message, number=number: seen.append((message, number)), pool=pool)
            for one, to in pairs:
                if (one, to) in forwards or (to, one) in ways(forwards):
                    with pytest.raises(ForwardError):
                        topics[one].forward(topics[to])
                else:
                    topics[one].forward(topics[to])
                    forwards.add((one, to))
            for number, topic in enumerate(topics):
                topic.publish_wait(number)
        assert sorted(seen) == sorted(ways(forwards))

    forwards: set[tuple[int, int]] = set()
    runtime = ControlledRuntime()
    runtime.run(program)


def ways(forwards):
    """All (from, to) that forwards lead along; each topic reaches itself."""
    found = {(number, number) for number in range(6)} | forwards
    while more := {(a, d) for a, b in found for c, d in found if b == c} - found:
        found |= more
    return found


def three_forwards_at_once(runtime):
    """Each of three threads would close the cycle that the other two's forwards leave open."""
    pool = DESIGNS["taskpool"](runtime)
    bus, seen, refused = Bus(runtime=runtime), [], []
    topics = [bus.topic(name) for name in "abc"]
    for topic in topics:
        topic.subscribe(topic.name, lambda message, name=topic.name: seen.append(name), pool=pool)

    def forward(number):
        try:
            topics[number].forward(topics[(number + 1) % 3])
        except ForwardError:
            refused.append(number)

    threads = [runtime.spawn(forward, number, name=str(number)) for number in range(3)]
    for thread in threads:
        thread.join()
    (last,) = refused
    assert topics[(last + 1) % 3].publish_wait("once round") == 3
    assert sorted(seen) == ["a", "b", "c"]
    pool.shutdown()


def test_of_three_forwards_at_once_exactly_one_is_refused_on_every_schedule():
    report = explore(three_forwards_at_once)
    assert report.exhausted is True
    assert report.failures == []
    assert report.schedules >= 6
