// Plain words for what happens and what is: times, amounts, and a sentence for every event.

import { NONE } from "./player_trace.js";

export function amount(count, one, many = `${one}s`) {
  if (count === 0) return `no ${many}`;
  return count === 1 ? `1 ${one}` : `${count.toLocaleString("en")} ${many}`;
}

export function listed(parts) {
  if (parts.length < 2) return parts.join("");
  return `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}

// Nanoseconds in the unit that suits them: "850 µs", "2.5 ms", "1.25 s".
export function duration(nanoseconds) {
  if (nanoseconds === 0) return "0 ms";
  const size = Math.abs(nanoseconds);
  if (size >= 999.5e6) return `${number(nanoseconds / 1e9)} s`;
  return size >= 999.5e3 ? `${number(nanoseconds / 1e6)} ms` : `${number(nanoseconds / 1e3)} µs`;
}

function number(value) {
  return Math.abs(value) >= 999.5 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(3)));
}

// The one unit for all moments of a run, by how long it takes: [nanoseconds, name].
function unitOf(span) {
  return span >= 2e9 ? [1e9, "s"] : span >= 2e5 || !span ? [1e6, "ms"] : [1e3, "µs"];
}

// A moment on an axis whose marks are `step` apart, in the unit of the whole axis.
export function tickText(nanoseconds, step, span) {
  const [scale, unit] = unitOf(span);
  const digits = Math.max(0, Math.min(6, -Math.floor(Math.log10(step / scale) + 1e-9)));
  const places = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return `${(nanoseconds / scale).toLocaleString("en", places)} ${unit}`;
}

// A moment, with as many digits as the whole run needs.
export function moment(nanoseconds, span) {
  const [scale, unit] = unitOf(span);
  return `${(nanoseconds / scale).toFixed(span / scale >= 1000 ? 1 : 3)} ${unit}`;
}

const INLINE = {
  inside_pool: "it is already inside the pool",
  idle_serializer: "that serializer has nothing else to do",
  own_serializer: "it is itself a task of that serializer",
};

const DISCARDED = {
  shut_down: "the pool was shut down",
  aborted: "the pool was aborted",
  cancelled: "it was cancelled",
  deadlock: "waiting for it would have closed a circle",
};

// What a waiting thread does, after its name.
export function waitPhrase(trace, at) {
  const on = trace.queueName(trace.queue[at]) || "something";
  const task = trace.task[at] === NONE ? "" : trace.taskName(trace.task[at]);
  switch (trace.facts(at).reason) {
    case "suspend":
      return `waits until ${on} is still`;
    case "suspended":
      return `waits until ${on} is resumed${task ? `, for ${task}` : ""}`;
    case "blocking_suspend":
      return `is kept while ${on} is paused`;
    case "pool_lock":
      return `waits for the lock of ${on}`;
    case "thread_end":
      return `waits until ${on} has ended`;
    case "serializer_lock":
      return `waits for ${on}, which runs on another thread${task ? `, for ${task}` : ""}`;
    default:
      return task ? `waits for ${task} of ${on}` : `waits for ${on}`;
  }
}

const SAY = {
  pool_created: (t) => `Pool ${t.queue} is created.`,
  pool_grew: (t) =>
    `Pool ${t.queue} grows by ${t.by ?? "some"}${t.size === undefined ? "" : ` to ${amount(t.size, "thread")}`}.`,
  pool_shrank: (t) => `Pool ${t.queue} shrinks${t.size === undefined ? "" : ` to ${amount(t.size, "thread")}`}.`,
  pool_shut_down(t) {
    const left = Object.entries(t.unrun ?? {}).map(([name, tasks]) => `${tasks} in ${name}`);
    const unrun = left.length ? `; tasks that never ran: ${listed(left)}` : "";
    return `Pool ${t.queue} is ${t.aborted ? "aborted" : "shut down"}${unrun}.`;
  },
  thread_started: (t) =>
    `Thread ${t.thread} starts${t.queue && t.queue !== t.thread ? ` and serves ${t.queue}` : ""}.`,
  thread_stopped: (t) => `Thread ${t.thread} stops.`,
  thread_idled: (t) => `${t.thread} has nothing left to do.`,
  thread_woke: (t) => `${t.thread} wakes up.`,
  task_pushed(t) {
    if (t.turnName) return `A turn for ${t.turnName}, task ${t.task}, joins the queue of ${t.queue}.`;
    if (t.checkpoint) return `${t.thread} puts a checkpoint, task ${t.task}, behind what ${t.queue} has left to do.`;
    return `${t.thread} pushes ${t.name} to ${t.queue}${t.wait ? ", to wait for its result" : ""}.`;
  },
  task_inlined: (t) =>
    `${t.thread} will run ${t.name} of ${t.queue} inline, here and now: ${INLINE[t.reason] ?? t.reason}.`,
  task_started(t) {
    if (t.turnName) return `${t.thread} takes ${t.turnName}'s turn: it now runs what that serializer has queued.`;
    return t.inline ? `${t.thread} runs ${t.name} inline.` : `${t.thread} starts ${t.name} of ${t.queue}.`;
  },
  task_finished: (t) =>
    t.turnName ? `The turn of ${t.turnName} ends.` : `${t.thread} finishes ${t.name} of ${t.queue}.`,
  task_failed: (t) => `${t.thread} fails in ${t.name} of ${t.queue}${t.error ? `: ${t.error}` : ""}.`,
  task_discarded: (t) =>
    `Task ${t.task} is taken out of ${t.queue} without having run: ${DISCARDED[t.reason] ?? t.reason}.`,
  wait_started: (t) => `${t.thread} ${t.phrase}.`,
  wait_ended(t) {
    if (t.outcome === "turn") return `${t.thread} need not wait any more: it runs ${t.queue} itself.`;
    if (t.outcome === "done" || t.outcome === undefined) return `${t.thread} has what it waited for and goes on.`;
    return `${t.thread} stops waiting: ${t.outcome.replaceAll("_", " ")}.`;
  },
  serializer_scheduled: (t) =>
    `${t.queue} has something to do: its turn is queued${t.onName ? ` on ${t.onName}` : ""}.`,
  serializer_released(t) {
    if (t.requeued)
      return `${t.queue} gives the thread back with ${amount(t.left ?? 0, "task")} left, and queues for another turn.`;
    return `${t.thread} belongs to ${t.queue} no more${t.left ? `; ${amount(t.left, "task")} left` : ""}.`;
  },
  serializer_suspending: (t) => `${t.thread} asks ${t.queue} to pause: what is already queued runs first.`,
  serializer_suspended: (t) => `${t.queue} is paused: nothing of it runs until it is resumed.`,
  serializer_unsuspended(t) {
    if (t.count)
      return `${t.thread} no longer wants ${t.queue} paused; ${t.count === 1 ? "one still does" : `${t.count} still do`}.`;
    return `${t.thread} resumes ${t.queue}.`;
  },
  control_queued: (t) => `The push costs a second one: a control task joins ${t.queue}.`,
  control_ran: (t) => `The control thread manages the pool: ${(t.action ?? "a control task").replaceAll("_", " ")}.`,
  high_water_reached: (t) => `${t.queue} reaches its high water mark with ${amount(t.depth ?? 0, "task")}.`,
  low_water_cleared: (t) => `${t.queue} is below its low water mark again.`,
};

// One sentence for the event at a position: the one that came with the trace, or one made here.
export function sentence(trace, at) {
  if (trace.sentences) return trace.sentences[at];
  const task = trace.task[at];
  const origin = trace.origin.get(task);
  const turn = task === NONE ? NONE : trace.turnOf(task);
  const facts = trace.facts(at);
  const told = {
    ...facts,
    thread: trace.threadName(trace.thread[at]),
    queue: trace.queueName(trace.queue[at]),
    task,
    name: trace.taskName(task),
    turnName: turn === NONE ? "" : trace.queueName(turn),
    onName: trace.queueName(facts.on ?? NONE),
    inline: origin !== undefined && trace.kindName(origin) === "task_inlined",
    phrase: trace.kindName(at) === "wait_started" ? waitPhrase(trace, at) : "",
  };
  return SAY[trace.kindName(at)](told);
}
