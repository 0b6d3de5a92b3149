"""stasis-fanout: a message bus: topics, and subscribers with a serializer each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskpool.scenarios.lane import Lane
from taskpool.scenarios.scenario import BOUNDED, Parameter, Scenario, threads

if TYPE_CHECKING:
    from taskpool.scenarios.context import ScenarioContext

__all__ = ["STASIS_FANOUT"]


def play(
    ctx: ScenarioContext,
    /,
    *,
    topics: int,
    subscribers: int,
    messages: int,
    sync_every: int,
    work_ms: float,
    slow_ms: float,
) -> None:
    """Publish on every topic from a thread of its own; a copy goes onto each of the topic's subscribers."""
    pool = ctx.pool
    subscriptions: list[list[Lane]] = [[] for _topic in range(topics)]
    for number in range(subscribers):
        lane = ctx.lane(pool.serializer(f"stasis/subscriber-{number + 1}"))
        # Every other subscriber follows a single topic, the rest follow all.
        for topic in range(topics) if number % 2 == 0 else [number // 2 % topics]:
            subscriptions[topic].append(lane)
    slow = subscriptions[0][0]
    done = ctx.countdown(messages * sum(len(lanes) for lanes in subscriptions), "all deliveries")

    def deliver(lane: Lane) -> None:
        ctx.work(slow_ms if lane is slow else work_ms)
        done.arrive()

    def publish(topic: int) -> None:
        for number in range(1, messages + 1):
            label = f"topic {topic + 1}: {number}"
            for lane in subscriptions[topic]:
                if sync_every and number % sync_every == 0 and lane is not slow:
                    lane.push_wait(label, deliver, lane, sender=f"topic {topic + 1}")
                else:
                    lane.push(label, deliver, lane, sender=f"topic {topic + 1}")

    for topic in range(topics):
        ctx.spawn(publish, topic, name=f"publisher-{topic + 1}")
    done.wait()


STASIS_FANOUT = Scenario(
    name="stasis-fanout",
    title="a message bus: topics, and subscribers with a serializer each",
    story=(
        "Stasis is Asterisk's message bus, and was the first heavy user of the taskpool. Each topic has a "
        "publisher; each subscriber has a serializer, so that it handles one message at a time and sees a "
        "topic's messages in the order in which they were published. Half of the subscribers follow every topic. "
        "One of them is slow. Now and then a publisher waits until a message has been handled."
    ),
    parameters=(
        threads(5),
        BOUNDED,
        Parameter("topics", 3, "Topics, each with a publishing thread.", "topics", 1),
        Parameter("subscribers", 6, "Subscribers, each with a serializer.", "subscribers", 1),
        Parameter("messages", 8, "Messages published on each topic.", "messages", 1),
        Parameter("sync_every", 4, "Every how manieth message its publisher waits for; 0: none.", "messages", 0),
        Parameter("work_ms", 0.2, "How long a subscriber takes for a message.", "ms", 0),
        Parameter("slow_ms", 1.0, "How long the slow subscriber takes.", "ms", 0),
    ),
    look_for=(
        "Each subscriber runs one message at a time and keeps the order of every topic, on both designs.",
        "The slow subscriber's queue grows; nobody else's does, as long as there are threads enough.",
        "With threads=1 the taskpool takes turns: the slow subscriber cannot hold the others up for its whole queue.",
    ),
    play=play,
    pool="stasis",
)
