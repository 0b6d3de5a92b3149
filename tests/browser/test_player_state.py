"""What the player computes in the browser, against what visualize.state and visualize.narrate compute in Python."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from taskpool.events import Event, EventKind
from taskpool.explore import explore
from taskpool.scenarios import run
from taskpool.scenarios.journey import PROGRAMS
from tests.visualize.conftest import Teller, tell_void_turns
from visualize import player
from visualize._page import script
from visualize._sentences import Narrator
from visualize._source import source_of
from visualize._why import Explainer
from visualize.state import State, States

pytestmark = pytest.mark.browser

SCENARIOS = ("masquerade", "nested-push-wait", "pause-many", "cross-push-wait", "long-tasks", "registration-storm")
DESIGNS = ("threadpool", "taskpool")

# The modules without their last line, which would start a player; what is tested becomes a global.
START = "window.taskpoolPlayer = new Player("
READ = """
window.lab = { Trace, States, Explainer, Cues, Axis, sentence, why, sceneOf, layOut, preferredHeight, inWords,
  tokensOf, tokenSize, FONT };
window.read = (run) => {
  const trace = new Trace(window.data, window.data.runs[run], run);
  const states = new States(trace);
  const thread = (index) => trace.threads[index].name;
  const queue = (index) => trace.queues[index].name;
  const dump = (state) => ({
    queues: Object.fromEntries([...state.queues].filter(([, q]) => q.size).map(([k, q]) => [queue(k), [...q.keys()]])),
    stacks: Object.fromEntries([...state.stacks].filter(([, s]) => s.length).map(([k, s]) => [
      thread(k), s.map((at) => trace.task[at])])),
    waits: Object.fromEntries([...state.waits].map(([k, at]) => [
      thread(k), [trace.facts(at).reason, queue(trace.queue[at]), trace.task[at]]])),
    turns: Object.fromEntries([...state.turns].map(([k, at]) => [queue(k), trace.task[at]])),
    paused: Object.fromEntries([...state.suspensions].map(([k, asked]) => [
      queue(k), [asked.map((at) => thread(trace.thread[at])), state.quiet.has(k)]])),
    executors: Object.fromEntries([...state.executors()].map(([k, s]) => [queue(k), [...s].map(thread).sort()])),
    status: Object.fromEntries([...state.lives.keys()].map((k) => [thread(k), state.statusOf(k)])),
    pools: Object.fromEntries([...state.pools].map(([k, size]) => [queue(k), size])),
    alerts: [...state.alerts].map(queue).sort(),
    counts: { ...state.counts },
  });
  return { trace, states, dump, thread, queue };
};
"""


@pytest.fixture(scope="module")
def modules(browser: Browser) -> Iterator[Page]:
    """A page with the player's modules and no player."""
    page = browser.new_page()
    source = script()
    assert source.count(START) == 1
    page.add_script_tag(content=source[: source.index(START)] + READ)
    yield page
    page.close()


def load(modules: Page, *runs: Any, **options: Any) -> dict[str, Any]:
    data = json.loads(json.dumps(player(*runs, **options).data))
    modules.evaluate("data => { window.data = data }", data)
    return data


def expected(state: State) -> dict[str, Any]:
    """The same facts as the page's dump."""
    threads = state.threads.values()
    executors: dict[str, set[str]] = {}
    for thread in threads:
        for running in thread.stack:
            executors.setdefault(running.turn or running.processor, set()).add(thread.name)
    return {
        "queues": {name: list(tasks) for name, tasks in state.queues.items() if tasks},
        "stacks": {thread.name: [running.task for running in thread.stack] for thread in threads if thread.stack},
        "waits": {
            thread.name: [wait.reason, wait.on, -1 if wait.task is None else wait.task]
            for thread in threads
            if (wait := thread.waiting) is not None
        },
        "turns": {name: one.turn for name, one in state.serializers.items() if one.turn is not None},
        "paused": {
            name: [list(one.suspended_by), one.still] for name, one in state.serializers.items() if one.suspensions
        },
        "executors": {name: sorted(names) for name, names in executors.items()},
        "status": {thread.name: thread.status for thread in threads if thread.life},
        "pools": dict(state.pools),
        "alerts": sorted(state.alerts),
        "counts": dict(state.counts),
    }


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("name", SCENARIOS)
def test_every_state_is_pythons(modules, name, design):
    story = run(name, design, threads=2, runtime="controlled")
    load(modules, story)
    seen = modules.evaluate(
        """() => { const { trace, states, dump } = read(0);
          return Array.from({ length: trace.size + 1 }, (_, position) => dump(states.at(position))); }"""
    )
    states = States(story)
    assert len(seen) == len(story.trace) + 1
    for position, found in enumerate(seen):
        assert found == expected(states.before(position)), position


def test_turns_without_a_release_end_as_in_python(modules):
    """In one go, and from a copy of every state on the way."""
    events = tell_void_turns()
    load(modules, events)
    seen, copied = modules.evaluate(
        """() => { const { trace, states, dump } = read(0); const seen = []; const copied = [];
          let copy = states.at(0).copy();
          for (let at = 0; at <= trace.size; at++) {
            seen.push(dump(states.at(at))); copied.push(dump(copy));
            if (at < trace.size) { copy = copy.copy(); copy.step(); }
          }
          return [seen, copied]; }"""
    )
    assert seen == copied == [expected(States(events).before(at)) for at in range(len(events) + 1)]
    assert seen[-1]["turns"] == {}
    assert {"B": 5} in [state["turns"] for state in seen]


def tell_suspensions() -> list[Event]:
    """Pauses that are counted, given up before the serializer is still, given up as the last, and ended by the last."""
    t = Teller()
    t(0, "p/0", "task_started", "A", 1)
    for thread, count in (("one", 1), ("two", 2), ("one", 3)):
        t(1, thread, "serializer_suspending", "A", count=count)
        t(1, thread, "wait_started", "A", reason="suspend")
    t(2, "two", "wait_ended", "A", reason="suspend", outcome="timed_out")
    t(3, "p/0", "task_finished", "A", 1)
    t(3, "p/0", "serializer_suspended", "A", count=2)
    t(3, "one", "wait_ended", "A", reason="suspend", outcome="done")
    t(4, "three", "serializer_suspended", "A", count=3)
    t(5, "one", "serializer_unsuspended", "A", count=2)
    t(6, "four", "serializer_unsuspended", "A", count=1)
    t(7, "three", "serializer_unsuspended", "A", count=0)
    t(8, "five", "serializer_suspended", "B", count=1)
    t(8, "six", "serializer_suspended", "B", count=2)
    t(9, "six", "wait_ended", "B", reason="sync_task", outcome="aborted")
    t(9, "one", "serializer_suspending", "C", count=1)
    t(9, "one", "wait_started", "C", reason="suspend")
    t(9, "one", "wait_ended", "C", reason="suspend", outcome="aborted")
    t(9, "two", "serializer_suspending", "C", count=1)
    return t.events


def test_suspensions_are_counted_and_given_up_as_in_python(modules):
    events = tell_suspensions()
    load(modules, events)
    seen = modules.evaluate(
        """() => { const { trace, states, dump } = read(0);
          return Array.from({ length: trace.size + 1 }, (_, at) => dump(states.at(at)).paused); }"""
    )
    assert seen == [json.loads(json.dumps(expected(States(events).before(at))["paused"])) for at in range(len(seen))]
    assert seen[8] == {"A": [["one", "one"], False]}
    assert seen[12] == {"A": [["one", "one", "three"], True]}
    assert seen[13] == {"A": [["one", "three"], True]}
    assert seen[14] == {"A": [["three"], True]}
    assert seen[15] == {}
    assert seen[17] == {"B": [["five", "six"], True]}
    assert seen[21] == {"B": [["five", "six"], True]}
    assert seen[22] == {"B": [["five", "six"], True], "C": [["two"], False]}


def test_any_order_of_looking_gives_the_same_states(modules):
    events = list(run("stasis-fanout", "taskpool", threads=3, runtime="controlled", messages=120).trace)
    assert len(events) > 5_000  # several copies of the state are kept on the way
    load(modules, events)
    count = len(events)
    order = (
        [(number * 4_099) % (count + 1) for number in range(60)] + list(range(count, count - 20, -1)) + [0, count, 1]
    )
    seen = modules.evaluate(
        "order => { const { states, dump } = read(0); return order.map((position) => dump(states.at(position))); }",
        order,
    )
    states = States(events)
    for position, found in zip(order, seen, strict=True):
        assert found == expected(states.before(position)), position


def test_a_stretch_begins_with_the_state_that_the_run_had_there(modules):
    story = run("masquerade", "threadpool", threads=2, runtime="controlled")
    load(modules, story, between=(0.0037, 0.0082))
    before, skipped, seen = modules.evaluate(
        """() => { const { trace, states, dump } = read(0); const seen = [];
          for (let at = trace.before; at <= trace.size; at++) seen.push(dump(states.at(at)));
          return [trace.before, trace.skipped, seen]; }"""
    )
    first = next(at for at, event in enumerate(story.trace) if event.time >= 0.0037)
    assert before + skipped == first
    assert 0 < before < first
    states = States(story)
    assert expected(states.before(first))["waits"] != {}
    for offset, found in enumerate(seen):
        wanted = expected(states.before(first + offset))
        del found["counts"], wanted["counts"]  # they are counted from the stretch's beginning
        assert found == wanted, first + offset


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("name", SCENARIOS[:4])
def test_why_a_thread_waits_is_what_python_says(modules, name, design):
    assert_why_is_what_python_says(modules, run(name, design, threads=2, runtime="controlled"))


def test_why_a_pool_that_shrinks_hangs_is_what_python_says(modules):
    program = PROGRAMS["shrinking-joins-under-lock"].on("taskpool-shipped")
    assert_why_is_what_python_says(modules, explore(program, stop_at_failure=True).failures[0].run)


def assert_why_is_what_python_says(modules, story):
    """At the beginning of each wait, and at the end."""
    load(modules, story)
    positions = [at + 1 for at, event in enumerate(story.trace) if event.kind is EventKind.WAIT_STARTED]
    positions.append(len(story.trace))
    seen = modules.evaluate(
        """positions => { const { states, thread } = read(0);
          return positions.map((position) => {
            const state = states.at(position); const explainer = new lab.Explainer(state);
            return Object.fromEntries([...state.waits.keys()].map((index) => [
              thread(index), lab.why(state, { type: "thread", thread: index }).join(" ")])); }); }""",
        positions,
    )
    states = States(story)
    narrator = Narrator(source_of(story).events)
    told = 0
    for position, found in zip(positions, seen, strict=True):
        explainer = Explainer(states.before(position), narrator)
        assert found == {thread: explainer.explain(thread) for thread in explainer.blocked()}, position
        told += len(found)
    assert told >= len(positions) - 1


def test_every_kind_of_event_can_be_told_in_the_page(modules):
    """Long traces come without sentences; the page makes its own."""
    facts: dict[EventKind, dict[str, Any]] = {
        EventKind.POOL_GREW: {"by": 1, "size": 2},
        EventKind.POOL_SHUT_DOWN: {"aborted": False, "unrun": {"s": 2}},
        EventKind.TASK_INLINED: {"label": "inside", "reason": "inside_pool"},
        EventKind.TASK_PUSHED: {"label": "job", "wait": True, "depth": 1},
        EventKind.TASK_FAILED: {"error": "ValueError: no"},
        EventKind.TASK_DISCARDED: {"reason": "shut_down"},
        EventKind.WAIT_STARTED: {"reason": "sync_task"},
        EventKind.WAIT_ENDED: {"reason": "sync_task", "outcome": "done"},
        EventKind.SERIALIZER_SCHEDULED: {"on": "p"},
        EventKind.SERIALIZER_RELEASED: {"requeued": True, "left": 3},
        EventKind.SERIALIZER_SUSPENDING: {"count": 1},
        EventKind.SERIALIZER_UNSUSPENDED: {"count": 0},
        EventKind.CONTROL_QUEUED: {"label": "task_pushed(1)", "action": "task_pushed"},
        EventKind.CONTROL_RAN: {"action": "task_pushed"},
        EventKind.HIGH_WATER_REACHED: {"depth": 500, "subsystem": "p"},
    }
    kinds = sorted(EventKind, key=lambda kind: kind is not EventKind.TASK_PUSHED)
    events = [Event(at, at / 1000, "t", kind, "s", 7, None, facts.get(kind, {})) for at, kind in enumerate(kinds)]
    load(modules, events)
    told = modules.evaluate(
        """() => { const { trace } = read(0); trace.sentences = null;
          return Array.from({ length: trace.size }, (_, at) => lab.sentence(trace, at)); }"""
    )
    assert len(set(told)) == len(kinds)
    for sentence in told:
        assert sentence.endswith(".")
        assert "undefined" not in sentence and "null" not in sentence and "NaN" not in sentence, sentence


def test_runs_are_dealt_out_fairly_at_one_instant_and_by_progress(modules):
    runs = [
        [
            Event(at, 0.0, "t", EventKind.TASK_PUSHED, "s", at, None, {"label": "x", "wait": False})
            for at in range(count)
        ]
        for count in (2, 4)
    ]
    load(modules, *runs)
    orders = modules.evaluate(
        """() => ["time", "progress"].map((by) => {
          const traces = [0, 1].map((run) => read(run).trace); const cues = new lab.Cues(traces, by);
          return [[...cues.run].join(""), [0, 1, 2, 3, 4, 5, 6].map((cue) => cues.position(0, cue)).join(""),
                  cues.cueOf.map((of, run) => of.map((_, at) => cues.after(run, at)).join("")).join("/")]; })"""
    )
    assert orders == [["011011", "0111222", "14/2356"], ["101101", "0011122", "25/1346"]]


def test_the_axis_finds_the_last_event_of_a_moment(modules):
    times = [0.0, 0.0, 0.001, 0.001, 0.004]
    events = [
        Event(at, time, "t", EventKind.TASK_PUSHED, "s", at, None, {"label": "x", "wait": False})
        for at, time in enumerate(times)
    ]
    load(modules, events)
    found = modules.evaluate(
        """() => { const cues = new lab.Cues([read(0).trace], "time");
          const [time, events] = ["time", "events"].map((unit) => new lab.Axis(cues, unit));
          return { time: [-1, 0, 0.5e6, 1e6, 3.9e6, 4e6, 9e6].map((place) => time.cueAt(place)),
                   events: [-1, 0, 1.4, 5, 9].map((place) => events.cueAt(place)),
                   places: [0, 1, 2, 3, 4, 5].map((cue) => time.placeOfCue(cue) / 1e6) }; }"""
    )
    assert found == {
        "time": [0, 2, 2, 4, 4, 5, 5],
        "events": [0, 0, 1, 5, 5],
        "places": [0, 0, 0, 1, 1, 4],
    }


JOURNEY = ("taskpool-first", "taskpool-shipped")
FITS = """width => {
  const { trace, states } = read(0);
  const wrong = [];
  const rect = { x: 10, y: 20, width, height: lab.preferredHeight(trace) };
  const place = lab.layOut(trace, rect);
  const within = (one, other) => one.x >= other.x && one.y >= other.y
    && one.x + one.width <= other.x + other.width + 0.01 && one.y + one.height <= other.y + other.height + 0.01;
  const meet = (one, other) => one.x < other.x + other.width && other.x < one.x + one.width
    && one.y < other.y + other.height && other.y < one.y + one.height;
  for (let at = 0; at <= trace.size; at++) {
    const scene = lab.sceneOf(states.at(at), place);
    const boxes = scene.boxes.map(({ box }) => box);
    for (const box of [...scene.items, ...boxes, ...scene.chips.map((chip) => chip.box)]) {
      if (!within(box, rect)) wrong.push([at, "outside", box]);
    }
    const loose = scene.items.filter(({ card }) => !card);
    loose.forEach((one, index) => loose.slice(index + 1).forEach((other) => {
      if (meet(one, other)) wrong.push([at, "overlap", one, other]);
    }));
    for (const card of scene.items.filter(({ card }) => card)) {
      if (boxes.filter((box) => within(card, box)).length !== 1) wrong.push([at, "card", card]);
    }
    for (const { thread, to } of scene.lines.filter(({ kind }) => kind === "needs")) {
      const task = trace.task[scene.state.waits.get(thread)];
      const spot = scene.spots.get(task);
      const about = spot && { x: spot.x - 4, y: spot.y - 4, width: spot.width + 8, height: spot.height + 8 };
      const gate = trace.facts(scene.state.waits.get(thread)).reason === "suspended";
      const over = !Object.keys(scene.state.whereIs(task)).length; // but its waiter does not know yet
      if (task !== -1 && !gate && !over && !(about && within({ ...to, width: 0, height: 0 }, about)))
        wrong.push([at, "arrow", task, to, spot]);
    }
    for (const task of scene.awaited) {
      const { queue } = scene.state.whereIs(task);
      if ((place.rows.rows.has(queue) || place.queues.has(queue)) && !scene.spots.has(task))
        wrong.push([at, "not shown", task]);
    }
    for (const thread of scene.occupants.values()) {
      const words = lab.inWords(scene.state, { type: "thread", thread });
      if (/undefined|null|NaN/.test(words)) wrong.push([at, words]);
    }
  }
  return wrong.slice(0, 3);
}"""


@pytest.mark.parametrize("width", [350, 616, 1264])
@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scene_of_every_design_fits_its_panel(modules, name, width):
    """At every event all is inside the panel, cards are on their threads, no other tokens lie on each other, and a task
    that a thread waits for is drawn, with the arrow's end at it."""
    for design in (*DESIGNS, *JOURNEY):
        load(modules, run(name, design, threads=2, runtime="controlled"))
        assert modules.evaluate(FITS, width) == [], design


@pytest.mark.parametrize(
    ("queued", "room", "awaited", "shown", "gaps", "more"),
    [
        (0, 3, [], [], 0, 0),
        (3, 3, [3], [1, 2, 3], 0, 0),
        (6, 3, [], [1, 2], 0, 4),
        (6, 3, [6], [1, 6], 1, 4),
        (6, 3, [4, 6], [4, 6], 2, 4),
        (6, 3, [2], [1, 2], 0, 4),
        (6, 2, [4, 5], [4, 5], 1, 4),
        (6, 2, [2, 4, 6], [2, 4, 6], 3, 3),
        (6, 1, [], [1], 0, 5),
        (6, 1, [5], [5], 1, 5),
        (6, 3, [99], [1, 2], 0, 4),
    ],
)
def test_tokens_that_somebody_waits_for_are_never_only_counted(modules, queued, room, awaited, shown, gaps, more):
    """The others are shown as far as they have room, the next first, and each gap is marked."""
    found = modules.evaluate(
        """([queued, room, awaited]) => {
          const tasks = new Map(Array.from({ length: queued }, (_, index) => [index + 1, index]));
          const row = { room, width: room * 26 + 6, gate: 200, token: { width: 22, height: 22 } };
          const { shown, gaps, more } = lab.tokensOf(tasks, row, new Set(awaited));
          const places = shown.map(({ x }) => x);
          return { shown: shown.map(({ task }) => task), gaps: gaps.length, more,
                   from: Math.min(200, ...places), to: Math.max(0, ...places) };
        }""",
        [queued, room, awaited],
    )
    assert (found["shown"], found["gaps"], found["more"]) == (shown, gaps, more)
    assert found["from"] >= 200 - room * 26 - 6 and found["to"] <= 200 - 22


@pytest.mark.parametrize(("height", "size"), [(22, 11), (15, 9.5)])
def test_a_tokens_number_has_room_on_its_plate(modules, height, size):
    """A pattern leaves three pixels on each side to the plate, whatever the number."""
    spare = modules.evaluate(
        """([height, size]) => [1, 2, 3, 4, 5, 6].map((digits) => {
          const context = document.createElement("canvas").getContext("2d");
          context.font = `700 ${size}px ${lab.FONT}`;
          return lab.tokenSize({ digits }, height).width - 6 - context.measureText("8".repeat(digits)).width; })""",
        [height, size],
    )
    assert min(spare) >= 0, spare
