// A state, put in its places: what is drawn of one run at one moment. Pure: the same state gives the same scene.
// Every token's key is its task's number, so that the stage can lead it from its old place to the new one.

import { NONE, lowerBound } from "./player_trace.js";
import { nameWidth, tokenSize } from "./player_layout.js";
import { linesOf } from "./player_lines.js";
import { CARD, TURN, awaitedTasks, fitting, tasksOf, tokensOf } from "./player_tokens.js";
import { amount } from "./player_words.js";

const INDENT = 14;

export function sceneOf(state, place) {
  return new Scene(state, place);
}

class Scene {
  constructor(state, place) {
    this.state = state;
    this.trace = state.trace;
    this.place = place;
    this.rails = [];
    this.boxes = [];
    this.chips = [];
    this.items = [];
    this.executing = state.executors();
    this.awaited = awaitedTasks(state);
    this.current = state.position > this.trace.before ? state.position - 1 : null; // what has just happened
    this.spots = new Map(); // where a task is drawn, for lines to it
    this.placeThreads();
    this.placeQueues();
    this.placeCallers();
    this.placeDone();
    this.lines = linesOf(this);
    this.status = this.statusOf();
    this.corners = null; // the box of what was picked, once it has been drawn
  }

  // -- queues ----------------------------------------------------------------------------------------------------

  placeQueues() {
    const { rows, rest, restRow } = this.place.rows;
    for (const [queue, row] of rows) this.placeQueue(queue, row);
    for (const [queue, row] of this.place.queues) this.placeQueue(queue, row);
    if (restRow) this.rails.push({ row: restRow, group: rest, parts: this.restParts(rest) });
  }

  restParts(rest) {
    const queued = rest.reduce((sum, queue) => sum + this.state.tasksIn(queue).size, 0);
    const paused = rest.filter((queue) => this.state.suspensions.has(queue)).length;
    const parts = [`${rest.length} more`, `${queued.toLocaleString("en")} queued`];
    if (paused) parts.splice(1, 0, `${paused} paused`);
    return parts;
  }

  placeQueue(queue, row) {
    const { state, trace } = this;
    const tasks = state.tasksIn(queue);
    const { shown, gaps, more, inside } = tokensOf(tasks, row, this.awaited);
    const asked = state.suspensions.has(queue);
    const still = state.quiet.has(queue);
    const { role } = trace.queues[queue];
    this.rails.push({
      queue,
      row,
      key: role === "serializer", // its colour and pattern stand before its name
      name: this.place.compact ? trace.briefName(queue) : trace.queueName(queue),
      closed: asked ? (still ? 1 : 0.5) : 0,
      word: asked ? (still ? "paused" : "pausing") : "",
      notes: asked && still ? this.pauseNotes(queue, tasks.size) : [],
      more: more ? `+${more.toLocaleString("en")}` : "",
      inside,
      gaps,
      alert: state.alerts.has(queue),
      faint: role === "serializer" && !this.hasAppeared(queue),
      acting: this.current !== null && trace.queue[this.current] === queue,
    });
    const { token, middle } = row;
    for (const { task, x } of shown) {
      const y = middle - token.height / 2;
      this.addItem(task, queue, { x, y, width: token.width, height: token.height, token: token.width });
    }
  }

  hasAppeared(queue) {
    return this.trace.firstSeen(queue) < this.state.position;
  }

  // The longest first, for as much room as there is.
  pauseNotes(queue, waiting) {
    const what = this.executing.has(queue) ? "a thread is kept" : "nothing runs";
    return waiting ? [`${waiting.toLocaleString("en")} wait${waiting === 1 ? "s" : ""}, ${what}`, what] : [what];
  }

  addItem(task, queue, where) {
    const { trace } = this;
    const turn = trace.turnOf(task);
    const role = trace.queues[queue]?.role;
    const checkpoint = trace.originFacts(task).checkpoint === true;
    const item = {
      key: task,
      shape: role === "control" ? "control" : turn !== NONE ? "turn" : checkpoint ? "checkpoint" : "task",
      owner: turn !== NONE ? turn : queue,
      label: turn !== NONE ? `turn of ${trace.briefName(turn)}` : trace.labelOf(task),
      ...where,
    };
    this.items.push(item);
    this.spots.set(task, item);
    return item;
  }

  // -- threads ---------------------------------------------------------------------------------------------------

  placeThreads() {
    const { state, trace, place } = this;
    this.occupants = new Map();
    for (const thread of place.cast.workers) {
      const known = state.lives.has(thread) || state.stackOf(thread).length || state.waits.has(thread);
      if (known) this.occupants.set(trace.threads[thread].slot, thread);
    }
    place.slots.boxes.forEach((box, slot) => {
      if (this.occupants.has(slot)) this.placeThread(this.occupants.get(slot), box);
      else this.boxes.push({ box, empty: true });
    });
    if (place.slots.restBox) this.placeRest();
  }

  placeRest() {
    const { state, trace, place } = this;
    const threads = [...this.occupants].flatMap(([slot, thread]) =>
      slot >= place.slots.boxes.length ? [thread] : [],
    );
    const parts = [`${threads.length} more`];
    for (const status of ["blocked", "running"]) {
      const count = threads.filter((thread) => state.statusOf(thread) === status).length;
      if (count) parts.push(`${count} ${status}`);
    }
    const hidden = threads.map((thread) => trace.threads[thread].queue).filter((queue) => !place.queues.has(queue));
    const queued = hidden.reduce((sum, queue) => sum + state.tasksIn(queue).size, 0);
    if (queued) parts.push(`${queued.toLocaleString("en")} queued`);
    this.boxes.push({ box: place.slots.restBox, parts, group: threads });
  }

  placeThread(thread, box) {
    const { state, trace } = this;
    const { tier } = this.place.slots;
    const status = state.statusOf(thread);
    const shown = { box, thread, tier, status, name: trace.threadName(thread), needs: [], deeper: 0 };
    if (status === "blocked") shown.needs = this.needs(thread);
    shown.acting = this.acts(thread);
    this.boxes.push(shown);
    const stack = state.stackOf(thread).map((at) => ({ task: trace.task[at], queue: trace.queue[at] }));
    let level = 0;
    for (const card of stack) {
      card.turn = trace.turnOf(card.task) !== NONE;
      card.level = level;
      if (!card.turn) level++;
    }
    if (tier === "line") this.placeTopCard(stack, shown);
    else this.placeCards(stack, shown);
  }

  // Cards from the bottom up; one that runs inline is indented over the one that it runs in.
  placeCards(stack, shown) {
    const { box } = shown;
    const cards = fitting(stack, box.height - (shown.tier === "full" ? 30 : 25), this.awaited);
    shown.deeper = tasksOf(stack).length - tasksOf(cards).length;
    const deepest = Math.max(1, ...stack.map((card) => card.level));
    const indent = Math.min(INDENT, (box.width * 0.3) / deepest);
    const token = tokenSize(this.trace, CARD);
    let y = box.y + box.height - 4;
    for (const card of cards) {
      const height = card.turn ? TURN : CARD;
      y -= height + 3;
      const x = box.x + 8 + card.level * indent;
      this.addItem(card.task, card.queue, {
        x,
        y,
        width: box.x + box.width - 8 - x,
        height,
        token: card.turn ? tokenSize(this.trace, TURN).width : token.width,
        card: true,
        inline: card.level > 0 && !card.turn,
      });
    }
    shown.deeperAt = y + CARD / 2;
  }

  placeTopCard(stack, shown) {
    const { box } = shown;
    const tasks = tasksOf(stack);
    const top = tasks.at(-1) ?? stack.at(-1);
    if (!top) return;
    shown.deeper = Math.max(0, tasks.length - 1);
    const height = Math.min(15, box.height - 4);
    const x = box.x + nameWidth(box);
    this.addItem(top.task, top.queue, {
      x,
      y: box.y + (box.height - height) / 2,
      width: box.x + box.width - 4 - x,
      height,
      token: tokenSize(this.trace, 15).width,
      card: true,
      inline: top.level > 0,
    });
  }

  // What a blocked thread needs: in a few words, in fewer, and in hardly any.
  needs(thread) {
    const { state, trace } = this;
    const at = state.waits.get(thread);
    const on = trace.briefName(trace.queue[at]);
    const task = trace.task[at];
    const { reason } = trace.facts(at);
    if (reason === "suspend") return [`until ${on} is still`, `→ ${on}`];
    if (reason === "suspended" || reason === "blocking_suspend")
      return [`until ${on} is resumed`, `needs ${on}`, `→ ${on}`];
    if (reason === "serializer_lock") return [`until ${on} is free`, `→ ${on}`];
    if (task === NONE) return [`needs ${on}`, `→ ${on}`];
    const { queue, thread: runner } = state.whereIs(task);
    const where = queue !== undefined ? ", still queued" : runner !== undefined ? ", in progress" : "";
    return [`needs ${task}${where}`, `needs ${task}`, `→ ${task}`];
  }

  // -- around them -----------------------------------------------------------------------------------------------

  placeCallers() {
    const { state, trace, place } = this;
    for (const [thread, box] of place.callers.chips) {
      const blocked = state.waits.has(thread);
      const faint = trace.firstActs(thread) >= state.position;
      const needs = blocked ? this.needs(thread).slice(-2) : [];
      const acting = this.acts(thread);
      this.chips.push({ box, thread, name: trace.threadName(thread), blocked, needs, faint, acting });
    }
    const { rest, restChip } = place.callers;
    if (restChip) {
      const blocked = rest.filter((thread) => state.waits.has(thread)).length;
      this.chips.push({
        box: restChip,
        group: rest,
        needs: [],
        name: `${rest.length} more${blocked ? `, ${blocked} wait` : ""}`,
      });
    }
  }

  acts(thread) {
    return this.current !== null && this.trace.thread[this.current] === thread;
  }

  placeDone() {
    const { trace } = this;
    const { x, y, width, height } = this.place.tray;
    const count = lowerBound(trace.ends, this.state.position);
    const heading = 30 + 7 * String(trace.ends.length).length + 16;
    const room = Math.max(0, Math.floor((width - heading) / (height + 4)));
    this.done = { count, hidden: Math.max(0, count - room) };
    for (let index = this.done.hidden; index < count; index++) {
      const at = trace.ends[index];
      const left = x + heading + (index - this.done.hidden) * (height + 4);
      const where = { x: left, y, width: height, height, token: height, done: trace.kindName(at) };
      this.addItem(trace.task[at], trace.queue[at], where);
      this.spots.delete(trace.task[at]);
    }
  }

  boxOf(thread) {
    return this.boxes.find((box) => box.thread === thread)?.box;
  }

  // One line below: what stands still, or that a pause costs no thread.
  statusOf() {
    const { state, trace } = this;
    const alive = [...this.occupants.values()].filter((thread) => state.statusOf(thread) !== "stopped");
    const blocked = alive.filter((thread) => state.waits.has(thread)).length;
    if (alive.length && blocked === alive.length) {
      const stuck = state.position === trace.size && trace.outcome === "deadlocked";
      const all = alive.length === 1 ? "the only thread is blocked" : `${alive.length} threads, ${blocked} blocked`;
      return { text: stuck ? `${all}: nothing can move` : all, tone: "bad" };
    }
    const free = [...state.quiet.keys()].filter((queue) => !this.executing.has(queue));
    if (free.length === 1) return { text: `no thread belongs to ${trace.briefName(free[0])}`, tone: "good" };
    if (free.length) return { text: `${free.length} serializers paused: no thread belongs to them`, tone: "good" };
    if (blocked) return { text: `${blocked} of ${amount(alive.length, "thread")} blocked`, tone: "bad" };
    return { text: "", tone: "" };
  }
}
