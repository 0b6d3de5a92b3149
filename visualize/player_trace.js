// A trace as columns of numbers, one entry for each event, and the names that the numbers stand for.
// NONE (-1) stands where an event has no queue, task, parent or label.

export const NONE = -1;
const WHOLE = { name: 48, label: 40 }; // characters that sentences leave whole

export class Trace {
  constructor(data, run, number) {
    this.number = number;
    this.title = run.title;
    this.subtitle = run.subtitle;
    this.outcome = run.outcome;
    this.reason = run.reason;
    this.before = run.before; // how many of the events only bring about the state in which the stretch begins
    this.skipped = run.skipped;
    this.total = run.total;
    this.start = run.start * 1e9; // nanoseconds by the run's own clock
    this.dropped = run.dropped;
    this.sentences = run.sentences || null;
    this.kinds = data.kinds;
    this.texts = data.texts;
    this.details = run.details;
    this.threads = run.threads;
    this.queues = run.queues;
    const columns = run.columns;
    this.size = columns.kind.length;
    this.kind = Uint8Array.from(columns.kind);
    this.thread = Int32Array.from(columns.thread);
    this.queue = Int32Array.from(columns.queue);
    this.task = Float64Array.from(columns.task);
    this.parent = Float64Array.from(columns.parent);
    this.label = Int32Array.from(columns.label);
    this.detail = Int32Array.from(columns.detail);
    this.time = new Float64Array(this.size); // nanoseconds from the first event
    let now = 0;
    for (let at = 0; at < this.size; at++) this.time[at] = now += columns.time[at];
    this.code = Object.fromEntries(data.kinds.map((name, index) => [name, index]));
    this.readTasks();
  }

  // Where each task became known, and the order in which learners' tasks came to an end.
  readTasks() {
    const { task_pushed: pushed, task_inlined: inlined, control_queued: queued } = this.code;
    const ends = new Set(["task_finished", "task_failed", "task_discarded"].map((name) => this.code[name]));
    this.origin = new Map();
    this.ends = [];
    this.waiters = new Set();
    this.first = { queue: this.queues.map(() => Infinity), thread: this.threads.map(() => Infinity) };
    let most = 0;
    for (let at = this.size - 1; at >= 0; at--) {
      if (this.queue[at] !== NONE) this.first.queue[this.queue[at]] = at;
      this.first.thread[this.thread[at]] = at;
    }
    for (let at = 0; at < this.size; at++) {
      const kind = this.kind[at];
      if (kind === pushed || kind === inlined || kind === queued) {
        this.origin.set(this.task[at], at);
        if (this.task[at] > most) most = this.task[at];
      } else if (kind === this.code.wait_started) this.waiters.add(this.thread[at]);
      else if (ends.has(kind) && !this.isOwn(this.task[at])) this.ends.push(at);
    }
    this.digits = String(most).length;
  }

  // The position of the first event that mentions a queue, or that happens on a thread.
  firstSeen(queue) {
    return this.first.queue[queue];
  }

  firstActs(thread) {
    return this.first.thread[thread];
  }

  everWaits(thread) {
    return this.waiters.has(thread);
  }

  kindName(at) {
    return this.kinds[this.kind[at]];
  }

  facts(at) {
    return this.details[this.detail[at]];
  }

  originFacts(task) {
    const at = this.origin.get(task);
    return at === undefined ? {} : this.facts(at);
  }

  // The serializer whose turn a task is, or NONE.
  turnOf(task) {
    return this.originFacts(task).turn ?? NONE;
  }

  // Whether a task is one of the pool's own: a turn or a suspend's checkpoint.
  isOwn(task) {
    const facts = this.originFacts(task);
    return facts.turn !== undefined || facts.checkpoint === true;
  }

  labelOf(task) {
    const at = this.origin.get(task);
    return at === undefined || this.label[at] === NONE ? "" : this.texts[this.label[at]];
  }

  // "task 26 answer", without what is not known
  taskName(task) {
    const label = this.labelOf(task);
    return label && label !== `task ${task}` ? `task ${task} '${label}'` : `task ${task}`;
  }

  queueName(queue) {
    return queue === NONE ? "" : this.queues[queue].short;
  }

  // A queue's name without what all of its folder share, where that leaves no doubt.
  briefName(queue) {
    this.briefNames ??= this.makeBriefNames();
    return this.briefNames[queue] ?? "";
  }

  makeBriefNames() {
    const brief = this.queues.map(({ short }) => short.slice(short.lastIndexOf("/") + 1) || short);
    return this.queues.map(({ short }, queue) =>
      brief.indexOf(brief[queue]) === brief.lastIndexOf(brief[queue]) ? brief[queue] : short,
    );
  }

  threadName(thread) {
    return this.threads[thread].short;
  }

  // The whole names of what an event is about, where sentences cut them; empty where they are whole.
  fullNames(at) {
    const label = this.labelOf(this.task[at]);
    const queue = this.queues[this.queue[at]];
    const thread = this.threads[this.thread[at]];
    const names = [thread, queue]
      .filter((one) => one && (one.short.length > WHOLE.name || one.short.includes("…")))
      .map(({ name }) => name);
    if (label.length > WHOLE.label) names.push(label);
    return names.join("\n");
  }

  // An event's place in the whole run; what only brings about the beginning stands before it.
  placeOf(at) {
    return at < this.before ? this.skipped : at - this.before + this.skipped + this.before;
  }
}

// The first index at which a sorted array's value is at least `value`.
export function lowerBound(sorted, value) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
