"""Why a thread waits, who could end that, and whether anybody can: answered from the state at one moment.

A thread in a wait needs others: one that runs the task, all that keep a serializer paused, any of those that serve a
queue. A thread can go on if it is not blocked by the pools, or if those it needs can; whoever is left is stuck.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from taskpool.events import EventKind
from visualize._sentences import Narrator
from visualize._words import amount, listed, natural, seconds, short_name
from visualize.palette import shortened
from visualize.state import State, ThreadState, Waiting

__all__ = ["Explainer", "Need"]

_MOST_NAMES = 6


@dataclass(frozen=True, slots=True)
class Need:
    """What a blocked thread needs.

    Attributes:
        text: How things stand with what it waits for.
        threads: Those on whom it depends.
        all: Whether it needs all of them, or any.
    """

    text: str
    threads: tuple[str, ...]
    all: bool = True


class Explainer:
    """Explains one state.

    Args:
        state: The state.
        narrator: Who knows what the tasks are called.
    """

    def __init__(self, state: State, narrator: Narrator) -> None:
        self.state, self.narrator = state, narrator
        self._needs = {
            name: self._need(thread, thread.waiting)
            for name, thread in state.threads.items()
            if thread.waiting is not None
        }
        self.stuck = self._stuck()

    def explain(self, thread: str) -> str:
        """Why a thread waits, in a few sentences; what it does if it does not."""
        state = self.state.threads.get(thread)
        if state is None or state.waiting is None:
            return self._not_blocked(thread, state)
        sentences = [sentence for sentence, _ in self._chain(thread)]
        if thread in self.stuck:
            end = self._end(thread)
            sentences.append(
                "None of them can go on: this is a deadlock."
                if end is None
                else f"None of them can go on by itself; help comes from elsewhere, at {seconds(end)}."
            )
        return " ".join(sentences)

    def _end(self, thread: str) -> float | None:
        """When the wait ends after all, or None: a pool that grows, say, is no help that a state could know of."""
        for event in self.state.events[self.state.position :]:
            if event.kind is EventKind.WAIT_ENDED and event.thread == thread:
                return event.time if event.detail.get("outcome") in ("done", "turn") else None
        return None

    def summary(self) -> list[str]:
        """A line for each blocked thread, those of pools first; then whether they are stuck."""
        lines = [f"{self._who(name)} {self._phrase(name)}. {self._needs[name].text}" for name in self.blocked()]
        stuck = sorted((name for name in self.stuck if self._end(name) is None), key=natural)
        if len(stuck) == len(lines) > 0:
            lines.append("None of them can go on: this is a deadlock.")
        elif stuck:
            lines.append(f"{_names(stuck)} cannot go on: this is a deadlock.")
        return lines

    def deadlock(self) -> str:
        """Who waits for whom for ever, in one sentence that leaves what for to `explain`; empty where nobody does."""
        circles = self._circles({name for name in self.stuck if self._end(name) is None})
        if not circles:
            return ""
        first, *others = circles
        said = f"{_names(first)} wait for each other" if len(first) > 1 else f"{_short(first[0])} waits for itself"
        rest = [name for circle in others for name in circle]
        if rest:
            said += f", and so {'do' if len(rest) > 1 else 'does'} {_names(rest)}"
        return f"Nothing can move: {said}."

    def _circles(self, stuck: set[str]) -> list[list[str]]:
        """The stuck threads that need each other, in groups, the largest first; who only needs them is left out."""
        reached: dict[str, set[str]] = {}
        for name in stuck:
            found: set[str] = set()
            left = [name]
            while left:
                more = stuck.intersection(self._needs[left.pop()].threads) - found
                found |= more
                left += more
            reached[name] = found
        circles = {frozenset(other for other in found if name in reached[other]) for name, found in reached.items()}
        order = [name for name in self.blocked() if name in stuck]
        groups = [[name for name in order if name in circle] for circle in circles if circle]
        return sorted(groups, key=lambda group: (-len(group), order.index(group[0])))

    def needs(self, thread: str) -> Need | None:
        """What a blocked thread needs, or None for one that is not blocked."""
        return self._needs.get(thread)

    def blocked(self) -> list[str]:
        """The blocked threads, those of pools first."""
        threads = self.state.threads
        return sorted(self._needs, key=lambda name: (not threads[name].pool, natural(name)))

    def _chain(self, first: str) -> Iterator[tuple[str, str]]:
        """The waits that lead from one thread to those who could end it, each told once."""
        seen = {first}
        left = [first]
        while left:
            name = left.pop(0)
            need = self._needs[name]
            yield f"{self._who(name)} {self._phrase(name)}. {need.text}", name
            free = [other for other in need.threads if other not in self.stuck]
            if free and (not need.all or name not in self.stuck):
                other = free[0]
                if other not in self._needs:
                    yield self._free(other), other
                    continue
                need_first = [other]
            else:
                need_first = [other for other in need.threads if other in self._needs]
            for other in need_first[:_MOST_NAMES]:
                if other not in seen:
                    seen.add(other)
                    left.append(other)

    def _who(self, name: str) -> str:
        thread = self.state.threads[name]
        inside = [running for running in thread.stack if not running.turn]
        return f"{_short(name)} (in {self.narrator.task(inside[-1].task)})" if inside else _short(name)

    def _phrase(self, name: str) -> str:
        waiting = self.state.threads[name].waiting
        assert waiting is not None
        return self.narrator.wait(self.state.events[waiting.since])

    def _free(self, name: str) -> str:
        thread = self.state.threads.get(name)
        if thread is None:
            return f"{_short(name)} is not blocked by the pool."
        return self._not_blocked(name, thread)

    def _not_blocked(self, name: str, thread: ThreadState | None) -> str:
        if thread is None:
            return f"{_short(name)} is not blocked: no wait of it is open here."
        running = [task for task in thread.stack if not task.turn]
        if running:
            return f"{_short(name)} is not blocked: it runs {self.narrator.task(running[-1].task)}."
        if thread.stack:
            return f"{_short(name)} is not blocked: it is in {self.narrator.task(thread.stack[-1].task)}."
        return f"{_short(name)} is not blocked: it has {'ended' if thread.status == 'stopped' else 'nothing to do'}."

    # -- what a wait needs ---------------------------------------------------------------------------------------

    def _need(self, thread: ThreadState, waiting: Waiting | None) -> Need:
        assert waiting is not None
        on = waiting.on
        if waiting.reason in ("blocking_suspend", "suspended"):
            return self._resumed(on)
        if waiting.reason == "suspend":
            return self._still(on)
        if waiting.reason == "pool_lock":
            return self._locked(on)
        if waiting.reason == "thread_end":
            return self._ended(on)
        if waiting.task is not None:
            return self._task(waiting.task)
        return self._serializer(on) if on in self.state.serializers else self._queue(on)

    def _task(self, task: int) -> Need:
        runner = self.state.thread_of(task)
        if runner:
            return Need(f"Task {task} is running on {_short(runner)}.", (runner,))
        queue = self.state.queue_of(task)
        if not queue:
            return Need(f"Task {task} is neither queued nor running any more.", ())
        if queue in self.state.serializers:
            return self._serializer(queue, task)
        need = self._queue(queue, task)
        return Need(f"It is still queued, {need.text}", need.threads, need.all)

    def _serializer(self, name: str, task: int | None = None) -> Need:
        state = self.state.serializers[name]
        queued = f"It is still queued: {_short(name)}" if task is not None else _short(name)
        if state.suspensions and state.still:
            need = self._resumed(name)
            return Need(f"{queued} is paused. {need.text}", need.threads)
        if state.executors:
            return Need(f"{queued} runs on {_names(state.executors)}.", state.executors)
        if state.turn is not None and state.turn_on:
            need = self._queue(state.turn_on, state.turn)
            return Need(f"{queued} waits for its turn (task {state.turn}), {need.text}", need.threads, need.all)
        return Need(f"{queued} has no turn coming.", ())

    def _resumed(self, name: str) -> Need:
        by = self.state.serializers[name].suspended_by if name in self.state.serializers else ()
        if not by:
            return Need(f"Nobody has {_short(name)} paused any more.", ())
        verb = "has" if len(set(by)) == 1 else "have"
        return Need(f"{_names(by)} {verb} paused {_short(name)} and must resume it.", tuple(dict.fromkeys(by)))

    def _still(self, name: str) -> Need:
        state = self.state.serializers.get(name)
        if state is not None and state.executors:
            return Need(f"{_short(name)} runs on {_names(state.executors)}.", state.executors)
        if state is not None and state.turn is not None and state.turn_on:
            need = self._queue(state.turn_on, state.turn)
            text = f"{_short(name)} waits for its turn (task {state.turn}), {need.text}"
            return Need(text, need.threads, need.all)
        return Need(f"Nothing of {_short(name)} runs.", ())

    def _locked(self, lock: str) -> Need:
        """A pool's own lock: in the models of the original who waits for the end of one of its threads holds it."""
        holders = [
            name
            for name, thread in self.state.threads.items()
            if thread.waiting is not None
            and thread.waiting.reason == "thread_end"
            and lock == f"pool {_pool_of(thread.waiting.on)}"
        ]
        if not holders:
            return Need("Another thread holds it.", ())
        return Need(f"{_names(holders)} {'holds' if len(holders) == 1 else 'hold'} it.", tuple(holders))

    def _ended(self, name: str) -> Need:
        """A thread's end: it needs that thread."""
        thread = self.state.threads.get(name)
        doing = "is in the middle of a task" if thread is not None and thread.stack else "has not ended yet"
        return Need(f"That thread {doing}.", () if thread is None else (name,))

    def _queue(self, name: str, task: int | None = None) -> Need:
        """A pool's or taskprocessor's queue: any thread that serves it will do."""
        threads = self.state.threads
        servers = [server for server in self.state.servers(name) if threads[server].status != "stopped"]
        ahead = 0
        if task is not None:
            queue = self.state.queues.get(name, ())
            ahead = queue.index(task) if task in queue else 0
        text = _short(name)
        if task is not None:
            before = f"{amount(ahead, 'task')} ahead of it" if ahead else "next"
            text = f"{before} in the queue of {text}"
        if not servers:
            return Need(f"{text}, which no thread serves.", ())
        if all(threads[server].status == "blocked" for server in servers):
            state = {1: "is blocked", 2: "are both blocked"}.get(len(servers), "are all blocked")
            return Need(f"{text}, whose {_threads(servers)} {state}.", tuple(servers), False)
        return Need(f"{text}, served by {_names(servers)}.", tuple(servers), False)

    def _stuck(self) -> frozenset[str]:
        """The blocked threads that nobody can help, as far as the pools' own waits tell."""
        stuck = set(self._needs)
        changed = True
        while changed:
            changed = False
            for name in list(stuck):
                need = self._needs[name]
                helpers = [other not in stuck for other in need.threads]
                if not helpers or (all(helpers) if need.all else any(helpers)):
                    stuck.discard(name)
                    changed = True
        return frozenset(stuck)


def _short(name: str) -> str:
    return shortened(short_name(name), 48)


def _names(names: tuple[str, ...] | list[str]) -> str:
    names = list(dict.fromkeys(names))
    shown = [_short(name) for name in names[:_MOST_NAMES]]
    rest = len(names) - len(shown)
    return listed([*shown, f"{rest} more"] if rest else shown)


def _pool_of(name: str) -> str:
    """The pool of a thread by its name: ``s:pjsip-18`` is one of pjsip."""
    return short_name(name)[2:].rpartition("-")[0]


def _threads(names: list[str]) -> str:
    return f"{'thread' if len(names) == 1 else 'threads'} {_names(names)}"
