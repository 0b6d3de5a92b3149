// "Why is it waiting?": what every blocked thread needs, who could give it, and whether anybody can.
// The same reasoning as in _why.py. A thread that waits needs others: the one that runs the task, all that keep a
// serializer paused, any of those that serve a queue. It can go on if those it needs can; whoever is left is stuck.

import { NONE } from "./player_trace.js";
import { amount, duration, listed, waitPhrase } from "./player_words.js";

const MOST_NAMES = 6;

// Sentences about a thread, a queue or a task, in a given state; none if it does not wait.
export function why(state, subject) {
  const explainer = new Explainer(state);
  if (subject.type === "thread") return state.waits.has(subject.thread) ? explainer.thread(subject.thread) : [];
  if (subject.type === "queue")
    return state.tasksIn(subject.queue).size ? explainer.from(explainer.ofQueue(subject.queue)) : [];
  return state.whereIs(subject.task).queue === undefined
    ? explainer.ofRunning(subject.task)
    : explainer.from(explainer.ofTask(subject.task));
}

export class Explainer {
  constructor(state) {
    this.state = state;
    this.trace = state.trace;
    this.executing = state.executors();
    this.needs = new Map([...state.waits].map(([thread, at]) => [thread, this.ofWait(at)]));
    this.stuck = this.findStuck();
  }

  thread(thread) {
    return this.follow([thread]);
  }

  // A need, then what those that it depends on wait for.
  from(need) {
    const text = need.text[0].toUpperCase() === need.text[0] ? need.text : `It is ${need.text}`;
    const blocked = need.threads.filter((thread) => this.needs.has(thread));
    const free = need.threads.find((thread) => !this.needs.has(thread));
    if (free !== undefined && !need.all) return [text];
    return [text, ...this.follow(blocked.slice(0, MOST_NAMES))];
  }

  ofRunning(task) {
    const { thread } = this.state.whereIs(task);
    return thread !== undefined && this.needs.has(thread) ? this.follow([thread]) : [];
  }

  // The waits that lead from threads to those who could end them, each told once; then whether anybody can.
  follow(first) {
    const { stuck, needs } = this;
    const sentences = [];
    const seen = new Set(first);
    const left = [...first];
    while (left.length) {
      const thread = left.shift();
      const need = needs.get(thread);
      sentences.push(`${this.who(thread)} ${waitPhrase(this.trace, this.state.waits.get(thread))}. ${need.text}`);
      const free = need.threads.find((other) => !stuck.has(other));
      let next = need.threads.filter((other) => needs.has(other));
      if (free !== undefined && (!need.all || !stuck.has(thread))) {
        if (!needs.has(free)) {
          sentences.push(this.free(free));
          continue;
        }
        next = [free];
      }
      for (const other of next.slice(0, MOST_NAMES)) {
        if (!seen.has(other)) left.push(other);
        seen.add(other);
      }
    }
    if (first.length && first.every((thread) => stuck.has(thread))) {
      const end = this.endOf(first[0]);
      if (end === null) sentences.push("None of them can go on: this is a deadlock.");
      else sentences.push(`None of them can go on by itself; help comes from elsewhere, at ${duration(end)}.`);
    }
    return sentences;
  }

  // When a wait ends well after all, or null.
  endOf(thread) {
    const { trace, state } = this;
    for (let at = state.position; at < trace.size; at++) {
      if (trace.kind[at] === trace.code.wait_ended && trace.thread[at] === thread) {
        return ["done", "turn"].includes(trace.facts(at).outcome) ? trace.time[at] : null;
      }
    }
    return null;
  }

  who(thread) {
    const { state, trace } = this;
    const inside = state
      .stackOf(thread)
      .map((at) => trace.task[at])
      .filter((task) => trace.turnOf(task) === NONE);
    const name = trace.threadName(thread);
    return inside.length ? `${name} (in ${trace.taskName(inside.at(-1))})` : name;
  }

  free(thread) {
    const { state, trace } = this;
    const name = trace.threadName(thread);
    const stack = state.stackOf(thread).map((at) => trace.task[at]);
    const task = stack.findLast((one) => trace.turnOf(one) === NONE);
    if (task !== undefined) return `${name} is not blocked: it runs ${trace.taskName(task)}.`;
    if (stack.length) return `${name} is not blocked: it is in ${trace.taskName(stack.at(-1))}.`;
    if (trace.threads[thread].role === "outside") return `${name} is not blocked by the pool.`;
    return `${name} is not blocked: it has ${state.statusOf(thread) === "stopped" ? "ended" : "nothing to do"}.`;
  }

  // -- what is needed: {text, threads, all} --------------------------------------------------------------------------

  ofWait(at) {
    const { trace } = this;
    const { reason } = trace.facts(at);
    if (reason === "blocking_suspend" || reason === "suspended") return this.toResume(trace.queue[at]);
    if (reason === "suspend") return this.toBeStill(trace.queue[at]);
    if (reason === "pool_lock") return this.toBeUnlocked(trace.queue[at]);
    if (reason === "thread_end") return this.toEnd(trace.queue[at]);
    return trace.task[at] === NONE ? this.ofQueue(trace.queue[at]) : this.ofTask(trace.task[at]);
  }

  ofTask(task) {
    const { state, trace } = this;
    const { thread, queue } = state.whereIs(task);
    if (thread !== undefined) return need(`Task ${task} is running on ${trace.threadName(thread)}.`, [thread]);
    if (queue === undefined) return need(`Task ${task} is neither queued nor running any more.`, []);
    if (trace.queues[queue].role === "serializer") return this.ofSerializer(queue, "It is still queued: ");
    const served = this.ofServers(queue, task);
    return { ...served, text: `It is still queued, ${served.text}` };
  }

  ofQueue(queue) {
    return this.trace.queues[queue].role === "serializer"
      ? this.ofSerializer(queue, "")
      : this.ofServers(queue, NONE);
  }

  ofSerializer(queue, before) {
    const { state, trace } = this;
    const name = before + trace.queueName(queue);
    if (state.suspensions.has(queue) && state.quiet.has(queue)) {
      const resumed = this.toResume(queue);
      return need(`${name} is paused. ${resumed.text}`, resumed.threads);
    }
    const executors = [...(this.executing.get(queue) ?? [])];
    if (executors.length) return need(`${name} runs on ${this.names(executors)}.`, executors);
    return this.ofTurn(queue, name) ?? need(`${name} has no turn coming.`, []);
  }

  ofTurn(queue, name) {
    const { state, trace } = this;
    const turn = state.turns.get(queue);
    const on = turn === undefined ? NONE : (trace.facts(turn).on ?? NONE);
    if (on === NONE) return null;
    const served = this.ofServers(on, trace.task[turn]);
    return { ...served, text: `${name} waits for its turn (task ${trace.task[turn]}), ${served.text}` };
  }

  toResume(queue) {
    const { state, trace } = this;
    const by = [...new Set((state.suspensions.get(queue) ?? []).map((at) => trace.thread[at]))];
    const name = trace.queueName(queue);
    if (!by.length) return need(`Nobody has ${name} paused any more.`, []);
    return need(`${this.names(by)} ${by.length === 1 ? "has" : "have"} paused ${name} and must resume it.`, by);
  }

  toBeStill(queue) {
    const name = this.trace.queueName(queue);
    const executors = [...(this.executing.get(queue) ?? [])];
    if (executors.length) return need(`${name} runs on ${this.names(executors)}.`, executors);
    return this.ofTurn(queue, name) ?? need(`Nothing of ${name} runs.`, []);
  }

  // A pool's own lock: in the models of the original who waits for the end of one of its threads holds it.
  toBeUnlocked(lock) {
    const { state, trace } = this;
    const holders = [...state.waits]
      .filter(([, at]) => trace.facts(at).reason === "thread_end")
      .filter(([, at]) => trace.queueName(lock) === `pool ${poolOf(trace.queueName(trace.queue[at]))}`)
      .map(([thread]) => thread);
    if (!holders.length) return need("Another thread holds it.", []);
    return need(`${this.names(holders)} ${holders.length === 1 ? "holds" : "hold"} it.`, holders);
  }

  // A thread's end: it needs that thread.
  toEnd(queue) {
    const { state, trace } = this;
    const thread = [...trace.threads.keys()].find((one) => trace.threadName(one) === trace.queueName(queue));
    const threads = thread === undefined ? [] : [thread];
    const busy = threads.some((one) => state.stackOf(one).length);
    return need(`That thread ${busy ? "is in the middle of a task" : "has not ended yet"}.`, threads);
  }

  // A pool's or taskprocessor's queue: any thread that serves it will do.
  ofServers(queue, task) {
    const { state, trace } = this;
    const serves = (thread) =>
      trace.threads[thread].queue === queue && !["", "stopped"].includes(state.statusOf(thread));
    const servers = [...trace.threads.keys()].filter(serves);
    const ahead = task === NONE ? 0 : Math.max(0, [...state.tasksIn(queue).keys()].indexOf(task));
    const before = ahead ? `${amount(ahead, "task")} ahead of it` : "next";
    const text = task === NONE ? trace.queueName(queue) : `${before} in the queue of ${trace.queueName(queue)}`;
    if (!servers.length) return need(`${text}, which no thread serves.`, []);
    if (!servers.every((thread) => state.waits.has(thread)))
      return need(`${text}, served by ${this.names(servers)}.`, servers, false);
    const blocked = ["is blocked", "are both blocked"][servers.length - 1] ?? "are all blocked";
    return need(
      `${text}, whose ${servers.length === 1 ? "thread" : "threads"} ${this.names(servers)} ${blocked}.`,
      servers,
      false,
    );
  }

  names(threads) {
    const names = threads.slice(0, MOST_NAMES).map((thread) => this.trace.threadName(thread));
    const rest = threads.length - names.length;
    return listed(rest ? [...names, `${rest} more`] : names);
  }

  findStuck() {
    const stuck = new Set(this.needs.keys());
    for (let changed = true; changed;) {
      changed = false;
      for (const thread of stuck) {
        const { threads, all } = this.needs.get(thread);
        const helpers = threads.map((other) => !stuck.has(other));
        if (!helpers.length || (all ? helpers.every(Boolean) : helpers.some(Boolean))) {
          stuck.delete(thread);
          changed = true;
        }
      }
    }
    return stuck;
  }
}

// The pool of a thread by its name: "s:pjsip-18" is one of pjsip.
function poolOf(name) {
  return name.slice(2, Math.max(2, name.lastIndexOf("-")));
}

function need(text, threads, all = true) {
  return { text, threads, all };
}
