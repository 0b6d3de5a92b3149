"""A pool's newest state as what a panel draws: plain data, bounded, every text short enough and on one line.

Threads with the tasks they are in, or why they are stuck; queues with what waits in them; closed serializers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from visualize._sentences import Narrator
from visualize._why import Explainer
from visualize._words import amount, natural, short_name, task_name
from visualize.live_feed import Feed, Line
from visualize.live_work import KINDS, Work
from visualize.palette import POOL, Style, cleaned, shortened, style_of
from visualize.state import Running, SerializerState, State, ThreadState

__all__ = ["View", "text_of"]

_MOST_THREADS = 48
_MOST_QUEUES = 48
_MOST_TOKENS = 8
_NAME = 40
_SENTENCE = 400
_MANAGES = "manages the pool: a control task for every push"


class View:
    """Turns states into data; remembers which serializer has which colour.

    Args:
        pool: The pool's name.
    """

    def __init__(self, pool: str) -> None:
        self._pool = pool
        self._styles: dict[str, Style] = {}

    def styles(self, serializers: Sequence[str]) -> Mapping[str, Style]:
        """The styles, new names included; a name keeps its own."""
        for name in serializers:
            self._styles.setdefault(name, style_of(len(self._styles)))
        return self._styles

    def look(
        self, pool: Any, feed: Feed, now: float, work: Work, log: Sequence[Line], *, stopped: bool
    ) -> dict[str, Any]:
        """All that a panel draws.

        Args:
            pool: The pool.
            feed: What it recorded.
            now: The time, in seconds of the recording.
            work: What the panel does to it.
            log: The panel's lines.
            stopped: Whether the panel is.
        """
        statistics, state = pool.statistics(), feed.state
        serializers = [one.name for one in statistics.serializers]
        processors = [one.name for one in statistics.processors]
        self.styles(serializers)
        threads = self.threads(state, processors, now)
        queues = self.queues(state, processors, serializers, work.held)
        mine = [thread for thread in threads if thread["role"] == "worker"]
        by_status = {
            status: sum(thread["status"] == status for thread in mine) for status in ("running", "blocked", "idle")
        }
        return {
            "title": cleaned(pool.name),
            "design": type(pool).__name__,
            "stopped": stopped,
            "headline": _headline(statistics.threads, by_status),
            "threads": threads,
            "hidden": max(0, statistics.threads - len(mine)),
            "queues": queues,
            "counts": {**feed.counts, "queued": sum(queue["depth"] for queue in queues), **by_status},
            "size": statistics.threads,
            "resizable": hasattr(pool, "set_size"),
            "sizes": _sizes(pool),
            "kinds": [{"name": kind, "does": KINDS.get(kind, "is yours")} for kind in work.kinds],
            "log": [_shown(line) for line in log],
            "told": [_shown(line) for line in feed.told],
            "missed": feed.missed,
        }

    def threads(self, state: State, processors: Sequence[str], now: float) -> list[dict[str, Any]]:
        """The pool's threads, and behind them those from elsewhere that wait for the pool.

        Args:
            state: The state.
            processors: The names of the pool's queues; its threads that serve none of them manage the others.
            now: The time, in seconds of the recording.
        """
        workers = {name for queue in processors for name in state.servers(queue)}
        explainer = Explainer(state, Narrator(state.events, state.known))
        mine = [thread for thread in state.threads.values() if _is_open(thread, self._pool)]
        others = [thread for thread in state.threads.values() if not thread.pool and thread.waiting is not None]
        rows = sorted(mine, key=lambda thread: (thread.name not in workers, natural(thread.name)))
        rows += sorted(others, key=lambda thread: natural(thread.name))
        roles = {thread.name: "worker" if thread.name in workers else "manager" for thread in mine}
        return [
            self._thread(thread, roles.get(thread.name, "outside"), state, explainer, now)
            for thread in rows[:_MOST_THREADS]
        ]

    def queues(
        self, state: State, processors: Sequence[str], serializers: Sequence[str], held: Collection[str]
    ) -> list[dict[str, Any]]:
        """The pool's own queues, then its serializers.

        Args:
            state: The state.
            processors: The names of the pool's queues.
            serializers: The names of its open serializers.
            held: The serializers that the panel keeps paused.
        """
        managed = {
            name
            for name in state.queues
            if name not in processors
            and any(_is_open(state.threads[server], self._pool) for server in state.servers(name))
        }
        rows = [self._row(name, state, "queue", "") for name in processors]
        rows += [{**self._row(name, state, "control", ""), "says": _MANAGES} for name in sorted(managed)]
        rows += [self._serializer(name, state, name in held) for name in serializers]
        return rows[:_MOST_QUEUES]

    def _thread(self, thread: ThreadState, role: str, state: State, explainer: Explainer, now: float) -> dict[str, Any]:
        since = 0.0
        if thread.waiting is not None:
            since = state.events[thread.waiting.since].time
        elif thread.stack:
            since = state.events[thread.stack[-1].started].time
        why = explainer.explain(thread.name) if thread.waiting is not None else ""
        return {
            "name": cleaned(thread.name),
            "short": shortened(short_name(thread.name), _NAME),
            "role": role,
            "status": thread.status,
            "for": int(max(0.0, now - since)) if thread.status in ("running", "blocked") else 0,
            "why": shortened(why, _SENTENCE),
            "tasks": [self._running(running, state) for running in thread.stack[-_MOST_TOKENS:]],
        }

    def _running(self, running: Running, state: State) -> dict[str, Any]:
        owner = running.turn or running.processor
        text = (
            f"turn of {short_name(owner)}" if running.turn else task_name(running.task, state.label(running.task), 24)
        )
        of = "" if running.turn or owner not in self._styles else f" of {short_name(owner)}"
        return {
            "text": shortened(text + of, 64),
            "inline": bool(running.inline),
            "turn": bool(running.turn),
            **self._look(owner),
        }

    def _serializer(self, name: str, state: State, held: bool) -> dict[str, Any]:
        serializer = state.serializers.get(name)
        status = serializer.status if serializer is not None else "idle"
        row = self._row(name, state, "serializer", status)
        row["says"] = shortened(_says(serializer, status), _SENTENCE)
        row["held"] = held
        row["closed"] = status == "suspended"
        return row

    def _row(self, name: str, state: State, kind: str, status: str) -> dict[str, Any]:
        tasks = state.queues.get(name, ())
        return {
            "name": cleaned(name),
            "key": name,
            "short": shortened(short_name(name), _NAME),
            "kind": kind,
            "status": status,
            "says": "",
            "held": False,
            "closed": False,
            "depth": len(tasks),
            "tasks": [self._token(task, state) for task in tasks[:_MOST_TOKENS]],
            **self._look(name),
        }

    def _token(self, task: int, state: State) -> dict[str, Any]:
        event = state.event_of(task)
        turn = str(event.detail.get("turn") or "") if event is not None else ""
        if turn:
            return {"text": shortened(f"turn of {short_name(turn)}", 40), "turn": True, **self._look(turn)}
        owner = event.processor or "" if event is not None else ""
        label = state.label(task)
        return {"text": shortened(f"{task} {label}" if label else str(task), 24), "turn": False, **self._look(owner)}

    def _look(self, name: str) -> dict[str, Any]:
        style = self._styles.get(name, POOL)
        return {
            "fill": style.colour,
            "edge": style.edge,
            "ink": style.ink,
            "pattern": style.pattern,
            "letter": style.letter if name in self._styles else "",
        }


def _says(serializer: SerializerState | None, status: str) -> str:
    """How a serializer is, in a few words."""
    if serializer is None or status == "idle":
        return "nothing to do"
    threads = ", ".join(short_name(name) for name in serializer.executors)
    if status == "executing":
        return f"runs on {threads}"
    if status == "scheduled":
        return f"waits for its turn on {short_name(serializer.turn_on)}"
    by = ", ".join(dict.fromkeys(short_name(name) for name in serializer.suspended_by))
    if status == "suspending":
        return f"pausing, as {by} asked" + (f"; still runs on {threads}" if threads else "")
    times = f" {serializer.suspensions} times" if serializer.suspensions > 1 else ""
    kept = f"; keeps {threads}" if threads else "; no thread belongs to it"
    return f"paused{times} by {by}{kept}"


def _shown(line: Line) -> dict[str, Any]:
    return {"number": line.number, "kind": line.kind, "head": line.head, "text": line.text}


def _is_open(thread: ThreadState, pool: str) -> bool:
    return thread.pool == pool and thread.life != "stopped"


def _headline(threads: int, by_status: Mapping[str, int]) -> str:
    parts = [f"{count} {status}" for status, count in by_status.items() if count]
    return amount(threads, "thread") + (f": {', '.join(parts)}" if parts else "")


def _sizes(pool: Any) -> str:
    """What can be said about the pool's size."""
    options = getattr(pool, "options", None)
    most = getattr(options, "max_size", 0)
    if hasattr(pool, "set_size"):
        return f"0 to {most}" if most else "any number"
    least = getattr(options, "minimum_size", None)
    if least is None:
        return ""
    if not getattr(options, "auto_increment", 0):
        return f"A taskpool of a fixed size: {amount(least, 'thread')}. It cannot be resized."
    grows = (
        "no thread is free"
        if getattr(options, "grow_when", "") == "exhausted"
        else (f"the queues are {getattr(options, 'growth_threshold', 0)} tasks long")
    )
    goes = getattr(options, "idle_timeout", 0)
    shrinks = f", and shrinks after {goes:g} idle seconds" if goes else ", and does not shrink"
    return f"A taskpool sizes itself: from {least} to {most or 'any number of'} threads when {grows}{shrinks}."


def text_of(view: Mapping[str, Any]) -> str:
    """A panel's data as text, for a terminal."""
    counts = view["counts"]
    lines = [f"{view['title']}: {view['headline']}"]
    lines.append("Threads")
    for thread in view["threads"]:
        stack = " > ".join(task["text"] + (" (inline)" if task["inline"] else "") for task in thread["tasks"])
        lines.append(f"  {thread['short']:14} {thread['status']:8} {stack}".rstrip())
        if thread["why"]:
            lines.append(f"    {thread['why']}")
    lines.append("Queues")
    for queue in view["queues"]:
        tasks = ", ".join(task["text"] for task in queue["tasks"])
        more = queue["depth"] - len(queue["tasks"])
        tasks += f" and {more} more" if more > 0 else ""
        says = f" ({queue['says']})" if queue["says"] else ""
        lines.append(f"  {queue['short']:14} {queue['depth']:3} queued{says}{': ' + tasks if tasks else ''}")
    lines.append(
        f"{amount(counts['done'], 'task')} done, {counts['failed']} failed, {counts['inlined']} of them inline"
    )
    lines += [f"  {line['head']}: {line['text']}" for line in view["log"][-12:]]
    return "\n".join(lines)
