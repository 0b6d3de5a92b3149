// "Why is it waiting?": from what waits to what it waits for, and on, until something can move or the circle closes.

import { NONE } from "./player_trace.js";
import { amount, listed, ordinal, waitPhrase } from "./player_words.js";

const DEEPEST = 10;

// Sentences about a thread, a queue or a task, in a given state; empty if it does not wait.
export function why(state, subject) {
  const chain = new Chain(state);
  if (subject.type === "thread") chain.thread(subject.thread);
  else if (subject.type === "queue") chain.queue(subject.queue, NONE);
  else chain.task(subject.task);
  return chain.sentences;
}

class Chain {
  constructor(state) {
    this.state = state;
    this.trace = state.trace;
    this.sentences = [];
    this.seen = new Set();
  }

  say(text) {
    this.sentences.push(text[0].toUpperCase() + text.slice(1));
  }

  // Whether to go on from here: not in a circle, and not for ever.
  enter(key, name) {
    if (this.seen.has(key)) {
      if (key.startsWith("thread")) this.say(`and ${name} is part of this story already: a circle, in which nothing can move.`);
      return false;
    }
    this.seen.add(key);
    return this.sentences.length < DEEPEST;
  }

  thread(thread) {
    const { state, trace } = this;
    const name = trace.threadName(thread);
    const at = state.waits.get(thread);
    if (at === undefined || !this.enter(`thread ${thread}`, name)) return;
    this.say(`${name} ${waitPhrase(trace, at)}.`);
    const { reason } = trace.facts(at);
    const queue = trace.queue[at];
    if (reason === "suspended" || reason === "blocking_suspend") this.pause(queue);
    else if (reason === "serializer_lock" || (reason === "suspend" && trace.task[at] === NONE)) this.executors(queue);
    else if (trace.task[at] !== NONE) this.task(trace.task[at]);
    else this.queue(queue, NONE);
  }

  task(task) {
    const { state, trace } = this;
    const place = state.whereIs(task);
    if (place.thread !== undefined) {
      const thread = place.thread;
      const top = state.stackOf(thread).at(-1);
      if (state.waits.has(thread)) {
        this.say(`task ${task} runs on ${trace.threadName(thread)}, which waits itself.`);
        this.thread(thread);
      } else if (trace.task[top] !== task) {
        this.say(`task ${task} is in progress on ${trace.threadName(thread)}; task ${trace.task[top]} runs on top of it.`);
      }
    } else if (place.queue !== undefined) {
      const before = place.ahead === 0 ? "first in line" : `behind ${amount(place.ahead, "other")}`;
      this.say(`task ${task} is still queued in ${trace.queueName(place.queue)}, ${before}.`);
      this.queue(place.queue, task);
    }
  }

  // Why what a queue holds does not run.
  queue(queue) {
    const { state, trace } = this;
    const tasks = state.tasksIn(queue);
    if (!this.enter(`queue ${queue}`, trace.queueName(queue))) return;
    if (trace.queues[queue].role !== "serializer") {
      if (tasks.size) this.servers(queue);
      return;
    }
    if (state.quiet.has(queue)) {
      this.pause(queue);
      return;
    }
    if (this.executors(queue)) return;
    const turn = state.turns.get(queue);
    if (turn !== undefined && tasks.size) {
      const place = state.whereIs(trace.task[turn]);
      if (place.queue === undefined) return;
      const before = place.ahead === 0 ? "first in line" : `${ordinal(place.ahead)} in line`;
      this.say(`${trace.queueName(queue)} needs a thread: its turn, task ${trace.task[turn]}, is ${before} in ${trace.queueName(place.queue)}.`);
      this.queue(place.queue);
    } else if (tasks.size) this.say(`nobody has given ${trace.queueName(queue)} a turn.`);
  }

  pause(queue) {
    const { state, trace } = this;
    const asked = [...new Set((state.suspensions.get(queue) ?? []).map((at) => trace.thread[at]))];
    const name = trace.queueName(queue);
    if (!asked.length) return;
    const names = listed(asked.map((thread) => trace.threadName(thread)));
    const attached = state.executors().get(queue)?.size;
    this.say(`${name} is paused by ${names}${attached ? "" : "; no thread belongs to it"}.`);
    for (const thread of asked) {
      if (state.waits.has(thread)) this.thread(thread);
      else this.say(`${trace.threadName(thread)} is not blocked and can resume it.`);
    }
  }

  executors(queue) {
    const { state, trace } = this;
    const executors = [...(state.executors().get(queue) ?? [])];
    for (const thread of executors) {
      const blocked = state.waits.has(thread);
      this.say(`${trace.queueName(queue)} is executed by ${trace.threadName(thread)}${blocked ? ", which waits" : ", which is busy with it"}.`);
      if (blocked) this.thread(thread);
    }
    return executors.length > 0;
  }

  // The threads that serve a pool's queue: busy, blocked or free.
  servers(queue) {
    const { state, trace } = this;
    const all = trace.threads.flatMap((thread, index) => (thread.queue === queue ? [index] : []));
    const alive = all.filter((thread) => !["", "stopped"].includes(state.statusOf(thread)));
    const blocked = alive.filter((thread) => state.waits.has(thread));
    const idle = alive.filter((thread) => state.statusOf(thread) === "idle");
    const name = trace.queueName(queue);
    if (!alive.length) this.say(`no thread serves ${name}.`);
    else if (idle.length) this.say(`${trace.threadName(idle[0])} is idle and can take it.`);
    else if (blocked.length < alive.length) {
      const what = alive.length === 1 ? "its thread is" : `all ${alive.length} threads of ${name} are`;
      this.say(`${what} busy${blocked.length ? `, ${blocked.length} of them blocked` : ""}.`);
    } else {
      this.say(alive.length === 1 ? `its only thread is blocked.` : `all ${alive.length} threads of ${name} are blocked.`);
      for (const thread of blocked) this.thread(thread);
    }
  }
}
