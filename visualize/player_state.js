// The state of everything between two events, and the way to any of them.
// As in state.py, a state holds positions of the events that made it so: what a task is called or why a thread waits
// stands there. Going forward applies events; going anywhere else starts from the nearest copy kept on the way.

import { NONE } from "./player_trace.js";

const APPLY = {
  task_pushed: queueTask,
  control_queued: queueTask,
  control_ran: unqueueTask,
  task_discarded(state, at) {
    unqueueTask(state, at);
    endTurn(state, at);
    state.counts.discarded++;
  },
  task_started(state, at) {
    unqueueTask(state, at);
    const stack = state.stacks.get(state.trace.thread[at]);
    if (stack) stack.push(at);
    else state.stacks.set(state.trace.thread[at], [at]);
  },
  task_finished(state, at) {
    state.stacks.get(state.trace.thread[at])?.pop();
    endTurn(state, at);
    state.counts.finished++;
  },
  task_failed(state, at) {
    state.stacks.get(state.trace.thread[at])?.pop();
    endTurn(state, at);
    state.counts.failed++;
  },
  task_inlined(state) {
    state.counts.inlined++;
  },
  thread_started: live,
  thread_stopped: live,
  thread_idled: live,
  thread_woke: live,
  wait_started(state, at) {
    state.waits.set(state.trace.thread[at], at);
  },
  wait_ended(state, at) {
    const { trace } = state;
    state.waits.delete(trace.thread[at]);
    const { reason, outcome } = trace.facts(at);
    if (reason === "suspend" && outcome !== "done") withdraw(state, at); // it gave up
  },
  serializer_scheduled(state, at) {
    const { trace, turns, tokens } = state;
    const before = turns.get(trace.queue[at]);
    if (before !== undefined) tokens.delete(trace.task[before]); // void now, whenever its task ends
    turns.set(trace.queue[at], at);
    tokens.set(trace.task[at], trace.queue[at]);
  },
  serializer_released: endTurn,
  serializer_suspending(state, at) {
    const queue = state.trace.queue[at];
    if (state.suspensions.has(queue)) state.suspensions.get(queue).push(at);
    else state.suspensions.set(queue, [at]);
  },
  serializer_suspended(state, at) {
    const queue = state.trace.queue[at];
    state.quiet.set(queue, at);
    // One with nothing to do is still at once, and nobody says before that it shall be.
    const asked = state.suspensions.get(queue) ?? [];
    if (asked.length < (state.trace.facts(at).count ?? 1)) asked.push(at);
    state.suspensions.set(queue, asked);
  },
  serializer_unsuspended(state, at) {
    const { trace, suspensions, quiet } = state;
    const queue = trace.queue[at];
    const asked = suspensions.get(queue) ?? [];
    if ((trace.facts(at).count ?? 0) === 0 || asked.length < 2) {
      suspensions.delete(queue);
      quiet.delete(queue);
    } else withdraw(state, at);
  },
  high_water_reached(state, at) {
    state.alerts.add(state.trace.queue[at]);
  },
  low_water_cleared(state, at) {
    state.alerts.delete(state.trace.queue[at]);
  },
  pool_created: size,
  pool_grew: size,
  pool_shrank: size,
  pool_shut_down: size,
};

function queueTask(state, at) {
  const { queue, task } = state.trace;
  const tasks = state.queues.get(queue[at]);
  if (tasks) tasks.set(task[at], at);
  else state.queues.set(queue[at], new Map([[task[at], at]]));
}

function unqueueTask(state, at) {
  state.queues.get(state.trace.queue[at])?.delete(state.trace.task[at]);
}

// Take back one of several suspensions: the thread's own, or else the oldest.
function withdraw({ trace, suspensions }, at) {
  const queue = trace.queue[at];
  const asked = suspensions.get(queue) ?? [];
  const mine = asked.findLastIndex((one) => trace.thread[one] === trace.thread[at]);
  asked.splice(Math.max(0, mine), 1);
  if (!asked.length) suspensions.delete(queue);
}

// A task has ended or given its serializer up; a void turn's task ends without a release.
function endTurn({ trace, turns, tokens }, at) {
  const queue = tokens.get(trace.task[at]);
  if (queue === undefined) return;
  tokens.delete(trace.task[at]);
  turns.delete(queue);
}

function live(state, at) {
  state.lives.set(state.trace.thread[at], at);
}

function size(state, at) {
  const { trace, pools } = state;
  pools.set(trace.queue[at], trace.facts(at).size ?? pools.get(trace.queue[at]) ?? null);
}

export class State {
  constructor(trace) {
    this.trace = trace;
    this.position = 0; // how many events have happened
    this.queues = new Map(); // queue → Map of its tasks, next first, to the position of their push
    this.stacks = new Map(); // thread → positions of the starts of the tasks it is in, outermost first
    this.waits = new Map(); // waiting thread → position of the wait's start
    this.turns = new Map(); // serializer whose turn is queued or in progress → position at which it was scheduled
    this.tokens = new Map(); // the same the other way round: task that gives a turn → serializer
    this.suspensions = new Map(); // suspended serializer → positions at which somebody asked for it
    this.quiet = new Map(); // serializer that is really still → position at which it came to be so
    this.lives = new Map(); // pool's thread → position at which it last started, stopped, woke or went to sleep
    this.pools = new Map(); // pool → its number of threads, where that is told
    this.alerts = new Set(); // queues above their high water mark
    this.counts = { finished: 0, failed: 0, discarded: 0, inlined: 0 };
  }

  step() {
    const apply = APPLY[this.trace.kindName(this.position)];
    if (apply) apply(this, this.position);
    this.position++;
  }

  copy() {
    const copy = new State(this.trace);
    copy.position = this.position;
    for (const [queue, tasks] of this.queues) if (tasks.size) copy.queues.set(queue, new Map(tasks));
    for (const [thread, stack] of this.stacks) if (stack.length) copy.stacks.set(thread, [...stack]);
    for (const [queue, asked] of this.suspensions) copy.suspensions.set(queue, [...asked]);
    for (const name of ["waits", "turns", "tokens", "quiet", "lives", "pools"]) copy[name] = new Map(this[name]);
    copy.alerts = new Set(this.alerts);
    copy.counts = { ...this.counts };
    return copy;
  }

  // About how many entries a copy has: copies are spaced by it, so that they cost little more than the events between.
  weight() {
    let weight = this.lives.size + this.waits.size + this.turns.size;
    for (const tasks of this.queues.values()) weight += tasks.size;
    return weight;
  }

  tasksIn(queue) {
    return this.queues.get(queue) ?? EMPTY;
  }

  stackOf(thread) {
    return this.stacks.get(thread) ?? NOTHING;
  }

  lifeOf(thread) {
    const at = this.lives.get(thread);
    return at === undefined ? "" : this.trace.kindName(at).slice("thread_".length);
  }

  // "blocked", "running", "idle", "stopped", or "" for a thread that has not appeared
  statusOf(thread) {
    if (this.waits.has(thread)) return "blocked";
    if (this.stackOf(thread).length) return "running";
    const life = this.lifeOf(thread);
    return life === "stopped" ? life : life ? "idle" : "";
  }

  // Serializer → the threads that are in a task or a turn of it.
  executors() {
    const { trace } = this;
    const executors = new Map();
    for (const [thread, stack] of this.stacks) {
      for (const at of stack) {
        const turn = trace.turnOf(trace.task[at]);
        const queue = turn === NONE ? trace.queue[at] : turn;
        if (!executors.has(queue)) executors.set(queue, new Set());
        executors.get(queue).add(thread);
      }
    }
    return executors;
  }

  // Where a task is now: {queue, ahead}, {thread} or {}.
  whereIs(task) {
    for (const [queue, tasks] of this.queues) {
      if (tasks.has(task)) return { queue, ahead: [...tasks.keys()].indexOf(task) };
    }
    for (const [thread, stack] of this.stacks) {
      if (stack.some((at) => this.trace.task[at] === task)) return { thread };
    }
    return {};
  }
}

const EMPTY = new Map();
const NOTHING = [];
const SPACING = 1024;

export class States {
  constructor(trace) {
    this.trace = trace;
    this.current = new State(trace);
    this.kept = [this.current.copy()];
  }

  // The state after the first `position` events. It is changed by the next call: copy what is to stay.
  at(position) {
    const target = Math.max(0, Math.min(this.trace.size, position));
    const near = this.nearest(target);
    if (target < this.current.position || near.position > this.current.position) this.current = near.copy();
    while (this.current.position < target) {
      this.current.step();
      const { position: now } = this.current;
      const last = this.kept.at(-1).position;
      if (now >= last + SPACING && now >= last + this.current.weight() / 2) this.kept.push(this.current.copy());
    }
    return this.current;
  }

  nearest(target) {
    let low = 0;
    let high = this.kept.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.kept[middle].position <= target) low = middle;
      else high = middle;
    }
    return this.kept[low];
  }
}
