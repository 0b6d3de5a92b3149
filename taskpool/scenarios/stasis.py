"""A message bus: topics, forwarding, subscriptions with a serializer each.

A publisher queues its message on the serializer of every subscription that the topic reaches, so each subscription
handles one message at a time, in the order of publication. The original's counterpart is stasis, its message bus.

One lock, the bus's, guards every topic's subscriptions and forwards, and all counters. Messages are queued with it
held (lock order: the bus's, then the runtime's monitor), so all subscriptions see one order, and unsubscribing falls
before or after a whole publication. Callbacks run, and waits happen, without it. A log handler must not use the bus: a
pool may log a high water mark while a message is queued.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from taskpool.errors import DeadlockError, DuplicateNameError, PoolShutDown, TaskPoolError, WrongThreadError
from taskpool.runtime import Runtime, default_runtime

if TYPE_CHECKING:
    from taskpool.pool import TaskPool
    from taskpool.threadpool import ThreadPool

__all__ = [
    "Bus",
    "ForwardError",
    "Subscription",
    "SubscriptionStatistics",
    "Topic",
    "TopicStatistics",
]

Callback = Callable[[Any], object]


class ForwardError(TaskPoolError, ValueError):
    """A forward cannot be made, because it would close a cycle or exists, or cannot be removed: there is none."""


@dataclass(frozen=True, slots=True)
class TopicStatistics:
    """A topic's counts: messages ``published`` on it and ``forwarded`` to it; its open ``subscriptions``."""

    name: str
    published: int
    forwarded: int
    subscriptions: int


@dataclass(frozen=True, slots=True)
class SubscriptionStatistics:
    """A subscription's counts of messages.

    ``accepted`` by its serializer, ``refused`` because its pool was shut down, ``handled`` (the callback has ended),
    and of these ``failed`` (it raised).
    """

    name: str
    accepted: int
    refused: int
    handled: int
    failed: int


class Bus:
    """Topics that may forward to each other. Its pools must be on the same runtime. Methods: any thread."""

    def __init__(self, *, runtime: Runtime | None = None) -> None:
        self.runtime = default_runtime() if runtime is None else runtime
        self._lock = self.runtime.Lock("stasis bus")
        self._inside = self.runtime.Local()
        self._topics: dict[str, Topic] = {}

    def topic(self, name: str) -> Topic:
        """The topic of that name, made at its first use."""
        with self._lock:
            return self._topics.setdefault(name, Topic(self, name))


class Topic:
    """What messages are published on. Made by `Bus.topic`. Methods: any thread, callbacks included."""

    def __init__(self, bus: Bus, name: str) -> None:
        self.bus = bus
        self.name = name
        self._subscriptions: dict[str, Subscription] = {}
        self._forwards: list[Topic] = []
        self._published = self._forwarded = 0

    def __repr__(self) -> str:
        return f"<Topic {self.name!r}>"

    def subscribe(self, name: str, callback: Callback, *, pool: TaskPool | ThreadPool) -> Subscription:
        """Have ``callback(message)`` called for each message from now on, one at a time, in ``pool``.

        Raises:
            DuplicateNameError: If the topic has a subscription, or the runtime a serializer, of that name.
            PoolShutDown: If the pool is shut down.
        """
        with self.bus._lock:
            if name in self._subscriptions:
                raise DuplicateNameError(f"topic {self.name!r} has a subscription {name!r}: choose another name")
            subscription = Subscription(self, name, callback, pool)
            self._subscriptions[name] = subscription
        return subscription

    def forward(self, to: Topic) -> None:
        """Publish on ``to`` also what is published on, or forwarded to, this topic, from now on.

        Topics may forward to several and be reached on several ways: a message still arrives once. They never form
        a cycle, of whatever length: the forward that would close it is refused, and nothing has changed then. Only a
        callback that publishes again can make a message go round; that is the callback's to end.

        Raises:
            ForwardError: If there is this forward, it would close a cycle (the message names its topics in order),
                or ``to`` is another bus's.
        """
        if to.bus is not self.bus:
            raise ForwardError(f"topics {self.name!r} and {to.name!r} are of two buses: forward within one")
        with self.bus._lock:
            if to in self._forwards:
                raise ForwardError(f"topic {self.name!r} forwards to {to.name!r} already")
            before = to._reached()
            if self in before:
                way = [self]
                while way[-1] is not to:
                    way.append(before[way[-1]])
                cycle = " -> ".join(repr(topic.name) for topic in (self, *reversed(way)))
                raise ForwardError(f"this forward would close the cycle {cycle}: unforward one of its topics first")
            self._forwards.append(to)

    def unforward(self, to: Topic) -> None:
        """End a forward; what was published before still arrives.

        Raises:
            ForwardError: If there is no such forward.
        """
        with self.bus._lock:
            if to not in self._forwards:
                raise ForwardError(f"topic {self.name!r} does not forward to {to.name!r}")
            self._forwards.remove(to)

    def publish(self, message: object) -> int:
        """Queue the message for every subscription reached, each topic once, and return how many took it.

        Does not wait for a callback.
        """
        with self.bus._lock:
            return len(self._queue(message))

    def publish_wait(self, message: object) -> int:
        """As `publish`, and return when each of them has handled the message, or failed to.

        Blocks. A callback may call it, but not to wait for a subscription whose callback it is.

        Raises:
            DeadlockError: If a callback would wait for its own end, or the wait close another cycle; the message stays
                queued for all, and is delivered.
            PoolShutDown: If a pool was shut down and the message is not known to be handled.
        """
        with self.bus._lock:
            queued = self._queue(message)
        for subscription, number in queued:
            subscription._wait_for(number)
        return len(queued)

    def statistics(self) -> TopicStatistics:
        """A snapshot of its counts."""
        with self.bus._lock:
            return TopicStatistics(self.name, self._published, self._forwarded, len(self._subscriptions))

    # Below: the bus's lock is held.

    def _reached(self) -> dict[Topic, Topic]:
        """This topic and those that it forwards to, each with the one before it on a shortest way from here."""
        reached, ordered = {self: self}, [self]
        for topic in ordered:
            new = [to for to in topic._forwards if to not in reached]
            reached.update(dict.fromkeys(new, topic))
            ordered += new
        return reached

    def _queue(self, message: object) -> list[tuple[Subscription, int]]:
        queued: list[tuple[Subscription, int]] = []
        self._published += 1
        for topic in self._reached():
            topic._forwarded += topic is not self
            takers = [taker for taker in topic._subscriptions.values() if taker._accept(message)]
            queued.extend((taker, taker._accepted) for taker in takers)
        return queued


class Subscription:
    """A callback and its serializer. Made by `Topic.subscribe`. Methods: any thread, callbacks included."""

    def __init__(self, topic: Topic, name: str, callback: Callback, pool: TaskPool | ThreadPool) -> None:
        self.topic = topic
        self.name = name
        self.callback = callback
        self.serializer = pool.serializer(name)
        self._accepted = self._refused = self._handled = self._failed = 0

    def unsubscribe(self, *, wait: bool = False) -> None:
        """Accept no more messages; those accepted before are still delivered, then the serializer closes. Idempotent.

        Args:
            wait: Return only after the last callback has ended: none runs afterwards. Blocks. Its own callback must
                not ask for this, since it would wait for itself; it may call with ``wait=False``.

        Raises:
            WrongThreadError: If its own callback asks to wait; nothing has changed then.
            DeadlockError: If the wait could never end; it is unsubscribed all the same.
            PoolShutDown: If the pool was shut down before the last message is known to be handled.
        """
        bus = self.topic.bus
        if wait and self in getattr(bus._inside, "stack", ()):
            raise WrongThreadError(
                f"the callback of subscription {self.name!r} would wait for its own end: unsubscribe(wait=False)"
            )
        with bus._lock:
            if self.topic._subscriptions.get(self.name) is self:
                del self.topic._subscriptions[self.name]
                # Close from a task: until it has run, a barrier can be queued; afterwards nothing is left to wait for.
                try:
                    self.serializer.push(self.serializer.close)
                except PoolShutDown:
                    self.serializer.close()
            last = self._accepted
        if wait:
            self._wait_for(last)

    def statistics(self) -> SubscriptionStatistics:
        """A snapshot of its counts."""
        with self.topic.bus._lock:
            return SubscriptionStatistics(self.name, self._accepted, self._refused, self._handled, self._failed)

    def _accept(self, message: object) -> bool:
        """Queue a message; the bus's lock is held."""
        try:
            self.serializer.push(self._deliver, message)
        except PoolShutDown:
            self._refused += 1
            return False
        self._accepted += 1
        return True

    def _deliver(self, message: object) -> None:
        inside, failed = self.topic.bus._inside, True
        outer = getattr(inside, "stack", ())
        inside.stack = (*outer, self)
        try:
            self.callback(message)
            failed = False
        finally:
            inside.stack = outer
            with self.topic.bus._lock:
                self._handled += 1
                self._failed += failed

    def _wait_for(self, number: int) -> None:
        """Wait until the first ``number`` messages are handled: behind them in the queue, known to the pool's waits."""
        if self in getattr(self.topic.bus._inside, "stack", ()):
            raise self._own_end()
        try:
            self.serializer.push_wait(_nothing)
        except PoolShutDown:
            if not self._has_handled(number):
                raise
        else:
            # A task that waits for this one, on another thread, may have let the barrier overtake its own message.
            if not self._has_handled(number):
                raise self._own_end()

    def _has_handled(self, number: int) -> bool:
        with self.topic.bus._lock:
            return self._handled >= number

    def _own_end(self) -> DeadlockError:
        return DeadlockError(
            f"the callback of subscription {self.name!r} would wait for its own end: publish() without waiting, or"
            " wait from outside it"
        )


def _nothing() -> None:
    """A barrier."""
