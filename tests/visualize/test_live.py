"""The live panel on real threads, driven by its methods: what it shows, what it refuses, and that nothing is left."""

from __future__ import annotations

import sys
import threading
import time
from queue import SimpleQueue
from types import SimpleNamespace

import pytest

from taskpool import PoolShutDown, Recorder, TaskPool, ThreadPool
from taskpool.errors import DeadlockError, OptionError
from taskpool.registry import names
from visualize import live
from visualize.live_feed import Feed
from visualize.live_output import listen
from visualize.live_panel import LivePanel
from visualize.live_view import View
from visualize.live_work import LiveError, Work
from visualize.state import States

pytestmark = pytest.mark.threads

SECONDS = 20


@pytest.fixture(autouse=True)
def nothing_is_left():
    before = set(threading.enumerate())
    streams = sys.stdout, sys.stderr
    yield
    live(design="taskpool").stop()  # takes the place of a panel that a failed test has left
    assert [thread.name for thread in threading.enumerate() if thread not in before] == []
    assert (names("pool"), names("serializer"), names("taskprocessor")) == ([], [], [])
    assert (sys.stdout, sys.stderr) == streams


@pytest.fixture
def gate():
    """A task that runs until the gate is opened, and says when it has begun."""

    class Gate:
        def __init__(self):
            self.entered, self.opened = threading.Event(), threading.Event()

        def __call__(self):
            self.entered.set()
            assert self.opened.wait(SECONDS)

    one = Gate()
    yield one
    one.opened.set()


def until(panel: LivePanel, seen, what: str):
    """The first view in which ``seen`` holds; each look has the panel read the recording once more."""
    deadline = threading.Event()
    timer = threading.Timer(SECONDS, deadline.set)
    timer.start()
    try:
        while not deadline.is_set():
            view = panel.view
            if seen(view):
                return view
    finally:
        timer.cancel()
        timer.join()
    raise AssertionError(f"never: {what}\n{panel.text}")


def row(view, name):
    (found,) = [one for one in (*view["threads"], *view["queues"]) if one["short"] == name]
    return found


@pytest.mark.parametrize("design", ["taskpool", "threadpool"])
def test_tasks_of_each_kind_run_and_are_counted(design):
    with live(design=design) as panel:
        panel.push("fast", count=3)
        panel.push("failing", "A")
        panel.push("nested", "A", asks="B")
        panel.push("slow", seconds=0)
        view = until(panel, lambda view: view["counts"]["done"] == 6, "six tasks are done, the answer among them")
        assert view["counts"]["failed"] == 1
        assert view["counts"]["inlined"] == (1 if design == "taskpool" else 0)
        said = [line["text"] for line in view["log"]]
        assert any("fails on" in text and "ValueError: this task was pushed to fail" in text for text in said)
        assert any(text.startswith("B answered") for text in said)
        assert ("B answered inline, on this very thread." in said) == (design == "taskpool")


@pytest.mark.parametrize(("design", "kept"), [("taskpool", 0), ("threadpool", 1)])
def test_a_suspended_serializer_is_closed_and_keeps_a_thread_or_not(design, kept):
    with live(design=design) as panel:
        panel.suspend("A")
        view = until(panel, lambda view: row(view, "A")["closed"], "A is still")
        assert (row(view, "A")["held"], row(view, "B")["closed"]) == (True, False)
        blocked = [thread for thread in view["threads"] if thread["status"] == "blocked"]
        assert len(blocked) == kept
        assert all("is kept while A is paused" in thread["why"] for thread in blocked)
        panel.push("fast", "A", count=12)
        view = panel.view
        assert (row(view, "A")["depth"], view["counts"]["done"]) == (12, 0)
        assert [token["text"].partition(" ")[2] for token in row(view, "A")["tasks"]] == ["fast"] * 8
        panel.resume("A")
        view = until(panel, lambda view: view["counts"]["done"] == 12, "what had waited has run")
        assert not row(view, "A")["held"]


def test_suspending_returns_at_once_although_a_task_must_end_first(gate):
    with TaskPool("mine", recorder=Recorder()) as pool:
        serializer = pool.serializer("s")
        serializer.push(gate)
        assert gate.entered.wait(SECONDS)
        with live(pool) as panel:
            panel.suspend("s")
            view = until(panel, lambda view: row(view, "s")["status"] == "suspending", "s is to pause")
            assert "pausing, as panel/s asked" in row(view, "s")["says"]
            panel.resume("s")
            gate.opened.set()
            until(panel, lambda view: row(view, "s")["status"] == "idle", "s is over it")


def test_threads_show_the_tasks_they_are_in(gate):
    with TaskPool("mine", minimum_size=2, recorder=Recorder()) as pool:
        pool.serializer("inner")
        with live(pool, tasks={"hold": gate}) as panel:
            panel.add("outer")
            panel.push("hold", "outer")
            assert gate.entered.wait(SECONDS)
            view = panel.view
            (busy,) = [thread for thread in view["threads"] if thread["status"] == "running"]
            assert [task["text"] for task in busy["tasks"]] == ["turn of outer", "task 1 'Gate' of outer"]
            assert view["headline"] == "2 threads: 1 running, 1 idle"
            assert panel.text.startswith("mine: 2 threads: 1 running, 1 idle")
            gate.opened.set()


def test_a_threadpool_can_be_resized_and_a_taskpool_says_why_not():
    with live(design="threadpool", threads=2) as panel:
        assert panel.view["resizable"] and panel.view["sizes"] == "0 to 6"
        panel.resize(5)
        until(panel, lambda view: view["size"] == 5, "there are five threads")
        with pytest.raises(OptionError, match="size=7: must be a whole number from 0 to 6"):
            panel.resize(7)
    with live(design="taskpool", threads=2) as panel:
        assert not panel.view["resizable"]
        assert panel.view["sizes"].startswith("A taskpool sizes itself: from 2 to 6 threads")
        with pytest.raises(LiveError, match="TaskPool has no set_size: it grows and shrinks by itself"):
            panel.resize(3)


def test_a_taskpool_is_seen_to_grow():
    with live(design="taskpool", threads=1) as panel:
        panel.push("slow", count=20, seconds=3600)
        until(panel, lambda view: view["size"] == 3, "it has grown to the most it may")


def test_what_is_printed_on_the_pools_threads_is_shown_in_the_panel(capsys):
    def chatter():
        print("from a worker")
        print("without an end", end="")
        sys.stderr.write("a complaint\n")

    with TaskPool("mine", recorder=Recorder()) as pool:
        panel = live(pool)
        print("from outside")
        pool.push_wait(chatter)
        panel.stop()
        lines = [(line["kind"], line["text"]) for line in panel.view["log"]]
        assert sorted(lines) == [
            ("error", "a complaint"),
            ("out", "from a worker"),
            ("out", "without an end"),
        ]
        pool.push_wait(print, "after the panel")
    assert capsys.readouterr().out == "from outside\nafter the panel\n"


def test_too_much_output_is_cut_and_counted():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("visualize.live_output._MOST_LINES", 3)
        listener = listen(lambda: True)
        try:
            for number in range(5):
                print(number, "x" * 1_000)
        finally:
            listener.close()
    lines = [text for _, _, text in listener.take()]
    assert lines[0] == "12 older lines are lost: too much was printed at once"
    assert [len(line) for line in lines[1:]] == [400, 400, 202]


def test_running_the_cell_again_replaces_the_panel():
    first = live()
    first.push("slow", "A", seconds=3600)
    first.suspend("B")
    second = live()
    assert first.stopped and not second.stopped and second.pool.name == "live"
    with pytest.raises(PoolShutDown, match="this panel is stopped: live.. makes a new one"):
        first.push()
    second.stop()
    second.stop()
    assert second.text.splitlines()[0] == "live: no threads"


def test_a_panel_over_somebody_elses_pool_leaves_the_pool_and_takes_its_own_with_it(gate):
    with ThreadPool("mine", initial_size=1, max_size=4, recorder=Recorder()) as pool:
        theirs = pool.serializer("theirs")
        panel = live(pool)
        panel.add("panels")
        panel.suspend("panels")
        panel.suspend("theirs")
        until(panel, lambda view: row(view, "theirs")["closed"] and row(view, "panels")["closed"], "both are still")
        panel.push("slow", "panels", count=3, seconds=3600)
        panel.stop()
        assert names("serializer") == ["theirs"]
        assert not theirs.is_suspended
        assert theirs.push_wait(lambda: "it works on") == "it works on"
        again = live(pool)
        third = live(pool)
        assert again.stopped and not third.stopped
        third.stop()


def test_a_pause_by_others_is_shown_and_not_ended():
    with TaskPool("mine", recorder=Recorder()) as pool:
        serializer = pool.serializer("s")
        serializer.suspend()
        with live(pool) as panel:
            assert row(panel.view, "s")["closed"] and not row(panel.view, "s")["held"]
            with pytest.raises(LiveError, match="this panel has not paused 's'"):
                panel.resume("s")
            panel.suspend("s")
            view = until(panel, lambda view: "2 times" in row(view, "s")["says"], "both pauses are seen")
            assert row(view, "s")["says"].startswith("paused 2 times by MainThread, panel/s")
        assert serializer.is_suspended
        serializer.unsuspend()


def test_what_must_wait_for_others_is_told_when_the_panel_stops(gate, monkeypatch):
    with TaskPool("mine", recorder=Recorder()) as pool:
        serializer = pool.serializer("s")
        serializer.push(gate)
        assert gate.entered.wait(SECONDS)
        panel = live(pool)
        panel.suspend("s")
        monkeypatch.setattr("visualize.live_panel._PATIENCE", 0.01)
        panel.stop()
        assert [line["text"] for line in panel.view["log"]] == [
            "the pause of s waits until that is still, and ends then"
        ]
        gate.opened.set()
        (pause,) = [thread for thread in threading.enumerate() if thread.name == "panel/s"]
        pause.join(SECONDS)
        assert not serializer.is_suspended


def test_a_pool_that_the_panels_tasks_have_stuck_is_told_of_and_freed_by_abort(monkeypatch):
    with ThreadPool("mine", initial_size=1, max_size=1, recorder=Recorder()) as pool:
        panel = live(pool)
        panel.add("one")
        panel.add("other")
        panel.push("nested", "one", asks="other")
        view = until(panel, lambda view: view["counts"]["blocked"], "the only thread waits for itself")
        (thread,) = [thread for thread in view["threads"] if thread["status"] == "blocked"]
        assert thread["why"].endswith("None of them can go on: this is a deadlock.")
        monkeypatch.setattr("visualize.live_panel._PATIENCE", 0.01)
        panel.stop()
        assert [line["text"] for line in panel.view["log"]] == [
            "2 serializers of this panel must still run what was queued"
        ]
        pool.abort()


def test_a_pool_may_end_before_its_panel():
    pool = TaskPool("mine", recorder=Recorder())
    panel = live(pool)
    panel.add("s")
    panel.suspend("s")
    until(panel, lambda view: row(view, "s")["closed"], "s is still")
    pool.shutdown()
    with pytest.raises(PoolShutDown, match="pool 'mine' is shut down"):
        panel.push()
    assert panel.view["headline"] == "no threads"
    panel.stop()


def test_a_pause_that_is_refused_is_told():
    class Refusing:
        name = "s"

        def suspend(self):
            raise DeadlockError("it could never become still")

    told = SimpleQueue()
    work = Work(SimpleNamespace(name="p", serializers={"s": Refusing()}), None, {}, told.put)
    work.suspend("s")
    assert told.get(timeout=SECONDS) == "s: it could never become still"
    assert work.end(time.monotonic() + SECONDS) == []


def test_what_cannot_be_done_is_refused_with_a_cure():
    with live() as panel:
        with pytest.raises(LiveError, match="there is no open serializer 'Z' in pool 'live' .open: A, B."):
            panel.push("fast", "Z")
        with pytest.raises(LiveError, match="kind='huge': choose one of fast, slow, nested, failing"):
            panel.push("huge")
        with pytest.raises(LiveError, match="count=0: push 1 to 500 tasks at once"):
            panel.push("fast", count=0)
        with pytest.raises(LiveError, match="there is a serializer called 'A' already"):
            panel.add("A")
        panel.suspend("A")
        with pytest.raises(LiveError, match="this panel has 'A' paused already"):
            panel.suspend("A")
    with pytest.raises(OptionError, match="design='huge': choose one of taskpool, threadpool"):
        live(design="huge")
    with pytest.raises(OptionError, match="tasks: 'fast' must be a function, under a name other than"):
        live(tasks={"fast": print})
    with TaskPool("silent") as pool, pytest.raises(OptionError, match="pool 'silent' has no recorder"):
        live(pool)
    played = SimpleNamespace(name="played", recorder=Recorder(), runtime=SimpleNamespace(name="controlled"))
    with pytest.raises(OptionError, match="'played' is on a controlled runtime: a live panel needs real threads"):
        live(played)


def test_clicks_are_obeyed_and_answered():
    replies = []
    answered = threading.Semaphore(0)

    def answer(well, text):
        replies.append((well, text))
        answered.release()

    with live() as panel:
        for message in (
            {"do": "push", "kind": "fast", "name": "A", "count": 2},
            {"do": "push", "kind": "fast", "name": "nowhere"},
            {"do": "push", "kind": "slow", "seconds": "soon"},
            {"do": "add", "name": "C"},
            {"do": "resize", "size": 3},
            {"do": "suspend", "name": "C"},
            {"do": "resume", "name": "C"},
            {"do": "format the disk"},
            {"do": "stop"},
        ):
            panel._heard(message, answer)
            assert answered.acquire(timeout=SECONDS)
        assert panel.stopped
    assert [well for well, _ in replies] == [True, False, False, True, False, True, True, False, True]
    assert replies[0][1] == "Pushed 2 fast tasks onto A."
    assert replies[7][1] == "there is nothing to do called 'format the disk'"
    assert replies[8][1] == "Stopped. Run the cell again for a new panel."


def test_names_are_shown_as_text_on_one_line():
    name = "</script><script>alert(1)</script>\n\u202e"
    with TaskPool("mine", recorder=Recorder()) as pool, live(pool, tasks={name: lambda: print(name)}) as panel:
        panel.add(name)
        panel.push(name, name)
        view = until(panel, lambda view: view["log"], "it has printed")
        (queue,) = [queue for queue in view["queues"] if queue["kind"] == "serializer"]
        assert queue["key"] == name
        assert queue["name"] == "</script><script>alert(1)</script>··"
        assert view["log"][0]["text"] == "</script><script>alert(1)</script>"


def test_without_a_kernel_it_is_a_sentence():
    with live() as panel:
        bundle = panel._repr_mimebundle_()
        note = "A live panel over the pool live. It works with a running kernel: run this cell in JupyterLab."
        assert (bundle["text/plain"], bundle["text/html"]) == (note, f"<p>{note}</p>")
        assert "application/vnd.jupyter.widget-view+json" in bundle
        assert repr(panel) == "<LivePanel over pool 'live': open>"
        assert panel._widget.view == panel.view
        panel.close()
        assert panel._widget is None


def test_a_turn_that_others_took_the_work_of_is_not_waited_for(teller):
    teller(0, "p/0", "thread_started", "p:0", pool="p")
    teller(1, "main", "task_pushed", "B", 1, label="fast", wait=False, depth=1)
    teller(1, "main", "task_pushed", "p:0", 2, label="turn of B", wait=False, depth=1, turn="B")
    teller(1, "main", "serializer_scheduled", "B", 2, on="p:0")
    shown = View("p").queues(States(teller.events).end, ["p:0"], ["B"], [])
    assert [(queue["status"], queue["says"]) for queue in shown] == [
        ("", ""),
        ("scheduled", "waits for its turn on p:0"),
    ]
    teller(2, "other", "task_started", "B", 1)
    teller(2, "other", "task_finished", "B", 1)
    teller(3, "p/0", "task_started", "p:0", 2)
    teller(3, "p/0", "task_finished", "p:0", 2)
    shown = View("p").queues(States(teller.events).end, ["p:0"], ["B"], [])
    assert [(queue["status"], queue["says"]) for queue in shown] == [("", ""), ("idle", "nothing to do")]


class Tape:
    """A recorder that plays what it is given."""

    def __init__(self, events):
        self.events = events
        self.end = 0

    def since(self, seq):
        return self.events[seq : self.end]


def test_a_long_recording_is_read_bit_by_bit_in_bounded_room(many_events, monkeypatch):
    monkeypatch.setattr("visualize.live_feed._KEPT", 64)
    events = many_events(2_000)
    tape = Tape(events)
    feed = Feed(tape)
    feed._limit = 64
    assert feed.read() is False
    while tape.end < len(events):
        tape.end = min(len(events), tape.end + 37)
        assert feed.read() is True
        whole = States(events[: tape.end]).end
        assert dict(feed.state.queues) | dict(whole.queues) == dict(whole.queues)
        assert {name: queue for name, queue in whole.queues.items() if queue} == {
            name: queue for name, queue in feed.state.queues.items() if queue
        }
        assert {
            name: (thread.status, [task.task for task in thread.stack]) for name, thread in feed.state.threads.items()
        } == {name: (thread.status, [task.task for task in thread.stack]) for name, thread in whole.threads.items()}
        assert (feed.counts["done"], feed.counts["inlined"]) == (whole.counts["finished"], whole.counts["inlined"])
        assert len(feed._events) <= 64 + 37
    assert len(feed.told) == 40
    numbers = [line.number for line in feed.told]
    assert numbers == sorted(set(numbers))


def test_events_that_the_ring_dropped_are_counted(many_events):
    events = many_events(200)
    tape = Tape(events)
    tape.end = 50
    feed = Feed(tape)
    feed.read()
    tape.since = lambda seq: events[120:150]
    feed.read()
    assert feed.missed == 70


def test_the_pools_own_tasks_are_not_counted(taskpool_events, threadpool_events):
    for events, counts in (
        (taskpool_events, {"done": 3, "failed": 1, "discarded": 0, "inlined": 1}),
        (threadpool_events, {"done": 0, "failed": 0, "discarded": 0, "inlined": 0}),
    ):
        tape = Tape(events)
        tape.end = len(events)
        feed = Feed(tape)
        feed.read()
        assert feed.counts == counts
        assert not any("turn" in line.text and "starts" in line.text for line in feed.told)
