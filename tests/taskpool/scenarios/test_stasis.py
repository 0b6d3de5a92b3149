"""The message bus, on both designs: order, forwarding, routers, waits, unsubscribing; two programs explored."""

import pytest

from taskpool import DeadlockError, TaskPool, ThreadPool
from taskpool.errors import WrongThreadError
from taskpool.explore import explore
from taskpool.runtime.controlled import ControlledRuntime
from taskpool.runtime.real import RealRuntime
from taskpool.scenarios.stasis import Bus, ForwardError, SubscriptionStatistics, TopicStatistics
from taskpool.scenarios.stasis_router import MessageRouter


def small_pool(design, runtime, name="stasis"):
    if design == "taskpool":
        return TaskPool(name, minimum_size=1, max_size=1, runtime=runtime)
    return ThreadPool(name, max_size=1, runtime=runtime)


@pytest.fixture(params=["taskpool", "threadpool"])
def design(request):
    return request.param


@pytest.fixture(params=["controlled", pytest.param("real", marks=pytest.mark.threads)])
def play(request, design):
    def play(program):
        runtime = ControlledRuntime() if request.param == "controlled" else RealRuntime()

        def body():
            with small_pool(design, runtime) as pool:
                program(Bus(runtime=runtime), pool)

        if request.param == "controlled":
            runtime.run(body)
        else:
            body()

    return play


def test_order_forwarding_and_statistics(play):
    def program(bus, pool):
        seen = []
        one, every = bus.topic("one"), bus.topic("all")
        every_sub = every.subscribe("all", seen.append, pool=pool)
        one.forward(every)
        with pytest.raises(ForwardError, match="the cycle 'all' -> 'one' -> 'all'"):
            every.forward(one)
        for number in range(4):
            one.publish(number)
        assert every.publish_wait(4) == 1
        one.unforward(every)
        assert one.publish(5) == 0
        with pytest.raises(ForwardError, match="does not forward"):
            one.unforward(every)
        assert seen == [0, 1, 2, 3, 4]
        assert one.statistics() == TopicStatistics("one", 5, 0, 0)
        assert every.statistics() == TopicStatistics("all", 1, 4, 1)
        assert every_sub.statistics() == SubscriptionStatistics("all", 5, 0, 5, 0)

    play(program)


def test_a_router_takes_the_most_specific_type_or_the_default(play):
    def program(bus, pool):
        seen = []
        router = MessageRouter(bus, default=lambda message: seen.append(("default", message)))
        router.route(int, lambda message: seen.append(("int", message)))
        router.route(bool, lambda message: seen.append(("bool", message)))
        topic = bus.topic("t")
        topic.subscribe("router", router, pool=pool)
        for message in (1, True, "x"):
            topic.publish_wait(message)
        router.route(bool, None)
        topic.publish_wait(True)
        assert seen == [("int", 1), ("bool", True), ("default", "x"), ("int", True)]

    play(program)


def test_a_callback_that_would_wait_for_itself_is_told_so(play):
    def program(bus, pool):
        seen = []
        topic = bus.topic("t")

        def callback(message):
            seen.append(message)
            if message == "outer":
                with pytest.raises(DeadlockError, match="callback of subscription 'self' would wait for its own end"):
                    topic.publish_wait("inner")
                seen.append("refused")

        subscription = topic.subscribe("self", callback, pool=pool)
        assert topic.publish_wait("outer") == 1
        subscription.unsubscribe(wait=True)
        assert seen == ["outer", "refused", "inner"]

    play(program)


def test_a_callback_may_publish_to_another_topic_of_a_second_pool_and_wait(play, design):
    def program(bus, pool):
        seen = []
        near, far = bus.topic("near"), bus.topic("far")

        def callback(message):
            far.publish_wait(message)
            seen.append(("near", message))

        with small_pool(design, bus.runtime, "second") as second:
            far.subscribe("far", lambda message: seen.append(("far", message)), pool=second)
            near.subscribe("near", callback, pool=pool)
            assert near.publish_wait(1) == 1
        assert seen == [("far", 1), ("near", 1)]

    play(program)


def test_unsubscribing_from_its_own_callback_does_not_wait(play):
    def program(bus, pool):
        seen = []
        topic = bus.topic("t")

        def callback(message):
            with pytest.raises(WrongThreadError, match="wait=False"):
                subscription.unsubscribe(wait=True)
            subscription.unsubscribe()
            seen.append(message)

        subscription = topic.subscribe("self", callback, pool=pool)
        topic.publish_wait(1)
        assert topic.publish(2) == 0
        subscription.unsubscribe(wait=True)
        assert subscription.statistics() == SubscriptionStatistics("self", 1, 0, 1, 0)
        assert seen == [1]

    play(program)


def test_unsubscribing_during_a_delivery_waits_for_what_was_accepted(play):
    def program(bus, pool):
        seen = []
        entered, go_on = bus.runtime.Event("entered"), bus.runtime.Event("go on")
        topic = bus.topic("t")

        def callback(message):
            entered.set()
            assert go_on.wait(30)
            seen.append(message)

        def unsubscribe():
            subscription.unsubscribe(wait=True)
            seen.append("unsubscribed")

        subscription = topic.subscribe("s", callback, pool=pool)
        topic.publish(1)
        topic.publish(2)
        assert entered.wait(30)
        thread = bus.runtime.spawn(unsubscribe, name="unsubscriber")
        go_on.set()
        thread.join()
        assert topic.publish(3) == 0
        assert seen == [1, 2, "unsubscribed"]

    play(program)


def test_failures_are_counted_and_a_shut_down_pool_refuses(play):
    def program(bus, pool):
        topic = bus.topic("t")
        subscription = topic.subscribe("s", lambda message: 1 / message, pool=pool)
        topic.publish_wait(0)
        topic.publish_wait(1)
        pool.shutdown()
        assert topic.publish(2) == 0
        assert subscription.statistics() == SubscriptionStatistics("s", 2, 1, 2, 1)

    play(program)


def publish_against_unsubscribe(runtime):
    pool = TaskPool("stasis", minimum_size=1, max_size=1, runtime=runtime)
    topic, seen = Bus(runtime=runtime).topic("t"), []
    subscription = topic.subscribe("s", seen.append, pool=pool)
    publisher = runtime.spawn(topic.publish, 1, name="publisher")
    subscription.unsubscribe(wait=True)
    at_return = list(seen)
    publisher.join()
    pool.shutdown()
    assert seen == at_return
    counts = subscription.statistics()
    assert counts.accepted == counts.handled == len(seen)


def forward_against_publish(runtime):
    pool = TaskPool("stasis", minimum_size=1, max_size=1, runtime=runtime)
    bus, seen = Bus(runtime=runtime), []
    one, every = bus.topic("one"), bus.topic("all")
    every.subscribe("s", seen.append, pool=pool)
    publisher = runtime.spawn(one.publish, 1, name="publisher")
    one.forward(every)
    publisher.join()
    pool.shutdown()
    assert len(seen) == every.statistics().forwarded


def waiting_publish_against_unsubscribe(runtime):
    pool = TaskPool("stasis", minimum_size=1, max_size=1, runtime=runtime)
    topic, seen = Bus(runtime=runtime).topic("t"), []
    subscription = topic.subscribe("s", seen.append, pool=pool)

    def publish():
        assert topic.publish_wait(1) == len(seen)

    publisher = runtime.spawn(publish, name="publisher")
    subscription.unsubscribe()
    publisher.join()
    pool.shutdown()


@pytest.mark.parametrize(
    "program", [publish_against_unsubscribe, waiting_publish_against_unsubscribe, forward_against_publish]
)
def test_every_schedule_is_right(program):
    report = explore(program)
    assert report.exhausted is True
    assert report.failures == []
    assert report.schedules > 1
