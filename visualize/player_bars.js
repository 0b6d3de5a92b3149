// A trace as bars: what each thread ran, level by level, and when it was blocked. In columns, for traces of any size.

import { NONE } from "./player_trace.js";

// One kind of bars on one level of one lane, by start; none overlaps another. `from` and `to` are events' positions.
class Bars {
  constructor() {
    this.from = [];
    this.to = [];
    this.owner = [];
  }

  add(from, to, owner) {
    this.from.push(from);
    this.to.push(to);
    this.owner.push(owner);
  }
}

// For each slot of the stage {label, levels: [Bars, ...], blocked: Bars}, for one run.
export function lanesOf(trace) {
  const lanes = [];
  const open = new Map(); // thread → its stack of [position, level, owner, its Bars and place in them]
  const waits = new Map();
  const {
    task_started: started,
    task_finished: finished,
    task_failed: failed,
    wait_started: waiting,
    wait_ended: waited,
  } = trace.code;
  const laneOf = (thread) => {
    const { slot, short } = trace.threads[thread];
    if (slot === NONE) return null;
    lanes[slot] ??= { label: short, levels: [], blocked: new Bars() };
    return lanes[slot];
  };
  for (let at = 0; at < trace.size; at++) {
    const thread = trace.thread[at];
    const lane = laneOf(thread);
    if (!lane) continue;
    const kind = trace.kind[at];
    if (kind === started) {
      const stack = open.get(thread) ?? [];
      open.set(thread, stack);
      if (trace.turnOf(trace.task[at]) !== NONE) stack.push(null);
      else {
        const level = stack.filter(Boolean).length;
        const bars = (lane.levels[level] ??= new Bars());
        stack.push({ bars, place: bars.from.length });
        bars.add(at, Infinity, trace.queue[at]);
      }
    } else if (kind === finished || kind === failed) {
      const top = open.get(thread)?.pop();
      if (top) top.bars.to[top.place] = at;
    } else if (kind === waiting) {
      waits.set(thread, { bars: lane.blocked, place: lane.blocked.from.length });
      lane.blocked.add(at, Infinity, trace.queue[at]);
    } else if (kind === waited && waits.has(thread)) {
      const { bars, place } = waits.get(thread);
      bars.to[place] = at;
      waits.delete(thread);
    }
  }
  for (let slot = 0; slot < lanes.length; slot++) lanes[slot] ??= { label: "", levels: [], blocked: new Bars() };
  return lanes;
}

// Where bars lie on an axis; what never ended reaches to the run's end or, if it is stuck, to the axis's.
export function placeBars(bars, axis, run) {
  const trace = axis.cues.traces[run];
  const end = trace.outcome === "deadlocked" ? axis.high : axis.place(run, trace.size - 1);
  bars.low = Float64Array.from(bars.from, (at) => axis.place(run, at));
  bars.high = Float64Array.from(bars.to, (at) => (at === Infinity ? end : axis.place(run, at)));
}
