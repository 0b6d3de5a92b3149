"""Exercise: a masquerade, with two channels to be kept still and two locks to be held, that cannot hang."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from taskpool.exercises.judging import Hint, explored
from taskpool.exercises.model import Exercise, Mistake, Verdict
from taskpool.pool import TaskPool

__all__ = ["EXERCISE"]

PROMPT = """\
Write `masquerade(old, new, replace)`. It is called by a thread outside the pool, and calls `replace()` once: that swaps
what the two channels hold.

A channel has `.session`, its serializer; `.lock`, which each of its messages takes while it is handled, and which
whoever looks at the channel takes; and `.number`.

* While `replace()` runs, no message of either channel is being handled, and none begins. (Messages go on arriving.)
* While `replace()` runs, both locks are held.
* Two masquerades of the same two channels may run at the same time: one from 1 to 2, one from 2 to 1.
* If `replace()` raises, the exception goes on to the caller, and everything else is as it was before: the messages run.

A lock is taken with `with channel.lock:`. A session has `suspend()` and `unsuspend()`, or `with
channel.session.suspended():`, which does the second however the block ends."""

NOT_STILL = Hint(
    "A message was handled during `replace()`. Both sessions have to be paused before it, and until after it: a lock "
    "keeps a message waiting in the middle, it does not keep it from beginning.",
    about="while its channel was replaced|was replaced while",
)

HINTS = (
    NOT_STILL,
    Hint(
        "Whoever looks at a channel takes its lock, and no session. So `replace()` needs both locks, besides the two "
        "pauses.",
        about="without the lock of",
    ),
    Hint(
        "`replace()` is to be called once by `masquerade`. Is it called at all?",
        about="replace was never called",
    ),
    Hint(
        "`replace()` raised, and the caller never heard of it. Let the exception go on.",
        about="the caller was not told",
    ),
    Hint(
        "`replace()` raised, and a session stayed paused. Resume in a `finally`, or use `suspended()`.",
        about="was never handled",
    ),
    Hint(
        "Something was to run in a session that is paused. Nothing runs there until the pause is over, and the pause "
        "is over when this has run. Do the work on the thread that you are on.",
        kind="exception",
        about="would close a cycle",
    ),
    Hint(
        "A pause waits until the message that runs has ended. That message waits for the channel's lock, and the lock "
        "is held by whoever asked for the pause. Pause first, and lock when both sessions are still.",
        kind="deadlock, lost wakeup",
    ),
)

CROSSED = Hint(
    "Two masquerades, one from 1 to 2 and one from 2 to 1: each holds one lock and waits for the other one. All who "
    "take several locks have to take them in one order. A channel has a number.",
    kind="deadlock, lost wakeup",
)


class _HungUpError(Exception):
    """What the replacement raises that fails; no answer can mean another one by it."""


class _Lock:
    """A channel's lock, which knows whether it is held."""

    def __init__(self, runtime: Any, name: str) -> None:
        self._lock = runtime.Lock(name)
        self.held = False

    def __enter__(self) -> _Lock:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def acquire(self) -> None:
        self._lock.acquire()
        self.held = True

    def release(self) -> None:
        self.held = False
        self._lock.release()


class _Channel:
    """A channel with its session and lock.

    Args:
        runtime: The run's.
        pool: Where its session runs.
        number: Which channel it is.
    """

    def __init__(self, runtime: Any, pool: TaskPool, number: int) -> None:
        self.number = number
        self.session = pool.serializer(f"session-{number}")
        self.lock = _Lock(runtime, f"lock of channel {number}")
        self.spot = runtime.Var("", f"channel {number}")
        self.handling = self.replacing = False

    def __repr__(self) -> str:
        return f"<channel {self.number}>"


class _Scene:
    """Two channels on a pool with one thread, and what went wrong with them; good for one run."""

    def __init__(self, runtime: Any) -> None:
        self._pool = TaskPool("pool", runtime=runtime, recorder=runtime.recorder, minimum_size=1)
        self.channels = [_Channel(runtime, self._pool, number) for number in (1, 2)]
        self.handled: list[int] = []
        self.replaced = 0
        self._runtime = runtime
        self._wrong: list[str] = []

    def wrong(self, what: str) -> None:
        self._wrong.append(what)

    def message(self, channel: _Channel) -> None:
        """Handle a message: it takes its channel's lock."""
        channel.spot.set("a message begins")
        channel.handling = True
        if channel.replacing:
            self.wrong(f"a message of channel {channel.number} began while its channel was replaced")
        with channel.lock:
            channel.spot.set("a message is handled")
        channel.handling = False
        self.handled.append(channel.number)

    def replace(self) -> None:
        """Swap what the channels hold."""
        self.replaced += 1
        for channel in self.channels:
            channel.spot.set("is replaced")
            channel.replacing = True
            if channel.handling:
                self.wrong(f"channel {channel.number} was replaced while one of its messages was handled")
            if not channel.lock.held:
                self.wrong(f"replace ran without the lock of channel {channel.number}")
        for channel in self.channels:
            channel.spot.set("has been replaced")
            channel.replacing = False

    def end(self, messages: int, masquerades: int) -> Callable[[], None]:
        """Wait until nothing moves any more; the check for the end of the run."""
        self._runtime.sleep(1)
        self._pool.shutdown(wait=not self._wrong and len(self.handled) == messages)

        def check() -> None:
            assert not self._wrong, self._wrong[0]
            assert self.replaced >= masquerades, "replace was never called"
            assert self.replaced == masquerades, f"replace was called {self.replaced} times"
            for channel in self.channels if messages else ():
                assert channel.number in self.handled, f"a message of channel {channel.number} was never handled"

        return check


def judge(answer: Callable[..., Any]) -> Verdict:
    """A masquerade while messages arrive; one whose replace raises; two masquerades that cross."""

    def failing(runtime: Any) -> Callable[[], None]:
        scene = _Scene(runtime)
        one, two = scene.channels

        def replace() -> None:
            scene.replace()
            raise _HungUpError("the transferee has hung up")

        try:
            answer(one, two, replace)
        except _HungUpError:
            pass
        else:
            scene.wrong("replace raised, and the caller was not told" if scene.replaced else "replace was never called")
        for channel in scene.channels:
            channel.session.push(scene.message, channel)
        return scene.end(2, 1)

    def busy(runtime: Any) -> Callable[[], None]:
        scene = _Scene(runtime)

        def network() -> None:
            for channel in scene.channels:
                channel.session.push(scene.message, channel)

        threads = [runtime.spawn(network, name="network")]
        threads.append(runtime.spawn(answer, *scene.channels, scene.replace, name="transfer"))
        for thread in threads:
            thread.join()
        return scene.end(2, 1)

    def crossing(runtime: Any) -> Callable[[], None]:
        scene = _Scene(runtime)
        one, two = scene.channels
        threads = [
            runtime.spawn(answer, one, two, scene.replace, name="transfer"),
            runtime.spawn(answer, two, one, scene.replace, name="pickup"),
        ]
        for thread in threads:
            thread.join()
        return scene.end(0, 2)

    says = "Both channels are still and locked while they are replaced, everything goes on afterwards, nothing hangs."
    verdict = explored(failing, HINTS, says, seconds=1.0)
    for program, hints in ((busy, HINTS), (crossing, (CROSSED, *HINTS))):
        if verdict:
            verdict = explored(program, hints, says, seconds=2.5).with_coverage_of(verdict)
    return verdict


def starter() -> Any:
    def masquerade(old, new, replace):
        # pause, lock, replace, and all of it undone again
        replace()

    return masquerade


def solution() -> Any:
    def masquerade(old, new, replace):
        first, second = sorted((old, new), key=lambda channel: channel.number)
        with old.session.suspended(), new.session.suspended(), first.lock, second.lock:
            replace()

    return masquerade


def locks_before_it_pauses() -> Any:
    def masquerade(old, new, replace):
        first, second = sorted((old, new), key=lambda channel: channel.number)
        with first.lock, second.lock, old.session.suspended(), new.session.suspended():
            replace()

    return masquerade


def locks_in_the_order_of_its_arguments() -> Any:
    def masquerade(old, new, replace):
        with old.session.suspended(), new.session.suspended(), old.lock, new.lock:
            replace()

    return masquerade


def pauses_one_of_two() -> Any:
    def masquerade(old, new, replace):
        first, second = sorted((old, new), key=lambda channel: channel.number)
        with old.session.suspended(), first.lock, second.lock:
            replace()

    return masquerade


def pauses_and_takes_no_lock() -> Any:
    def masquerade(old, new, replace):
        with old.session.suspended(), new.session.suspended():
            replace()

    return masquerade


def resumes_only_if_all_goes_well() -> Any:
    def masquerade(old, new, replace):
        first, second = sorted((old, new), key=lambda channel: channel.number)
        old.session.suspend()
        new.session.suspend()
        with first.lock, second.lock:
            replace()
        new.session.unsuspend()
        old.session.unsuspend()

    return masquerade


def asks_the_paused_session() -> Any:
    def masquerade(old, new, replace):
        first, second = sorted((old, new), key=lambda channel: channel.number)
        with old.session.suspended(), new.session.suspended(), first.lock, second.lock:
            old.session.push_wait(replace)

    return masquerade


EXERCISE = Exercise(
    name="masquerade",
    lesson=6,
    title="A masquerade that cannot hang",
    prompt=PROMPT,
    answer="masquerade",
    make_starter=starter,
    make_solution=solution,
    judge=judge,
    mistakes=(
        Mistake(pauses_one_of_two, "Both sessions have to be paused"),
        Mistake(pauses_and_takes_no_lock, "needs both locks"),
        Mistake(resumes_only_if_all_goes_well, "Resume in a `finally`"),
        Mistake(asks_the_paused_session, "Nothing runs there until the pause is over"),
        Mistake(locks_before_it_pauses, "Pause first, and lock when both sessions are still"),
        Mistake(locks_in_the_order_of_its_arguments, "All who take several locks"),
    ),
)
