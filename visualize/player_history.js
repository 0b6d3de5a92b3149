// What there is to tell about a task, a thread or a queue at one moment: facts, why it waits, what happened to it.

import { NONE } from "./player_trace.js";
import { amount, duration, listed, waitPhrase } from "./player_words.js";
import { why } from "./player_why.js";

const PAST = 40;
const COMING = 20;
const TASKS = 60;

// {title, facts: [[name, value], …], why: [sentence, …], tasks: [number, …], events: [position, …], more}
export function describe(state, target) {
  return { ...about(state, target), why: why(state, target), ...eventsOf(state, target) };
}

function about(state, target) {
  const tell = { task: aboutTask, thread: aboutThread, queue: aboutQueue }[target.type];
  return { tasks: [], ...tell(state, target[target.type]) };
}

function eventsOf(state, target) {
  const { trace } = state;
  const column = trace[target.type];
  const all = [];
  for (let at = 0; at < trace.size; at++) if (column[at] === target[target.type]) all.push(at);
  let now = all.findIndex((at) => at >= state.position);
  if (now < 0) now = all.length;
  const first = Math.max(0, now - PAST);
  const last = Math.min(all.length, now + COMING);
  return { events: all.slice(first, last), earlier: first, later: all.length - last };
}

function aboutTask(state, task) {
  const { trace } = state;
  const origin = trace.origin.get(task);
  const facts = [];
  const turn = trace.turnOf(task);
  if (turn !== NONE) facts.push(["what", `a turn: it lets a thread run what ${trace.queueName(turn)} has queued`]);
  else if (trace.originFacts(task).checkpoint)
    facts.push(["what", "a suspend's checkpoint: when it runs, what was queued before has run"]);
  if (origin !== undefined) {
    const control = trace.kindName(origin) === "control_queued";
    if (control) facts.push(["what", "a control task: the second token of a push, for managing the pool"]);
    const inlined = trace.kindName(origin) === "task_inlined";
    facts.push(["queue", trace.queueName(trace.queue[origin]) + (inlined ? ", but run inline" : "")]);
    const parent = trace.parent[origin] === NONE ? "" : `, in ${trace.taskName(trace.parent[origin])}`;
    facts.push([
      inlined ? "run by" : "pushed by",
      `${trace.threadName(trace.thread[origin])}${parent}, at ${duration(trace.time[origin])}`,
    ]);
  }
  facts.push(["now", whereabouts(state, task)]);
  const title = trace.taskName(task);
  return { title: title[0].toUpperCase() + title.slice(1), facts };
}

function whereabouts(state, task) {
  const { trace } = state;
  const place = state.whereIs(task);
  if (place.queue !== undefined) {
    return place.ahead
      ? `queued in ${trace.queueName(place.queue)} behind ${amount(place.ahead, "other")}`
      : `next in ${trace.queueName(place.queue)}`;
  }
  if (place.thread !== undefined) return `in progress on ${trace.threadName(place.thread)}`;
  const origin = trace.origin.get(task);
  if (origin !== undefined && origin >= state.position) return "not pushed yet";
  const end = trace.ends.findLast((at) => trace.task[at] === task && at < state.position);
  return end === undefined ? "over" : trace.kindName(end).slice("task_".length);
}

function aboutThread(state, thread) {
  const { trace } = state;
  const { name, queue, role } = trace.threads[thread];
  const facts = [["name", name]];
  if (role === "outside") facts.push(["what", "a thread from outside the pool"]);
  else if (queue !== NONE) facts.push(["serves", trace.queueName(queue)]);
  facts.push(["now", state.statusOf(thread) || (role === "outside" ? "not waiting" : "not started")]);
  const tasks = state.stackOf(thread).map((at) => trace.task[at]);
  return {
    title: `Thread ${trace.threadName(thread)}`,
    facts,
    tasks: tasks.reverse(),
    tasksTitle: "Its stack, the newest first",
  };
}

function aboutQueue(state, queue) {
  const { trace } = state;
  const { name, role } = trace.queues[queue];
  const facts = [["name", name]];
  const tasks = [...state.tasksIn(queue).keys()];
  facts.push(["queued", amount(tasks.length, "task")]);
  if (role === "serializer") {
    const asked = state.suspensions.get(queue) ?? [];
    const names = listed([...new Set(asked.map((at) => trace.threadName(trace.thread[at])))]);
    const closed = state.quiet.has(queue)
      ? `paused by ${names}`
      : `being paused by ${names}: what was queued before runs first`;
    facts.push(["gate", asked.length ? closed : "open"]);
    const executors = [...(state.executors().get(queue) ?? [])].map((thread) => trace.threadName(thread));
    facts.push(["executed by", executors.length ? listed(executors) : "no thread"]);
  }
  const kind = { serializer: "Serializer", control: "Control queue", pool: "Queue" }[role];
  return {
    title: `${kind} ${trace.queueName(queue)}`,
    facts,
    tasks: tasks.slice(0, TASKS),
    tasksTitle: "In the queue, the next first",
    tasksMore: Math.max(0, tasks.length - TASKS),
  };
}

// One line about a bar of the strip: a task that runs or a wait, from one event to another; or who a lane is of.
export function barInWords(trace, { from, to, slot }) {
  if (slot !== undefined)
    return listed(trace.threads.filter((thread) => thread.slot === slot).map((thread) => thread.short));
  const wait = trace.kindName(from) === "wait_started";
  const thread = trace.threadName(trace.thread[from]);
  const what = wait
    ? `${thread} ${waitPhrase(trace, from)}`
    : `${trace.taskName(trace.task[from])} of ${trace.queueName(trace.queue[from])}, on ${thread}`;
  const start = duration(trace.time[from]);
  if (to === Infinity) return `${what}: from ${start}, not over at the end`;
  return `${what}: ${start} to ${duration(trace.time[to])}, ${duration(trace.time[to] - trace.time[from])}`;
}

// One line about a thread or a queue, for who does not see the stage.
export function inWords(state, target) {
  const { trace } = state;
  const told = about(state, target);
  const facts = told.facts.filter(([name]) => name !== "name").map(([name, value]) => `${name}: ${value}`);
  const tasks = told.tasks.slice(0, 8).map((task) => trace.taskName(task));
  const more = told.tasks.length + (told.tasksMore ?? 0) - tasks.length;
  if (tasks.length) facts.push(`tasks: ${tasks.join(", ")}${more ? ` and ${more} more` : ""}`);
  return `${told.title}. ${facts.join("; ")}.`;
}
