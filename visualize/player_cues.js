// One order for the events of several runs: the cues that the playhead goes through, and where they lie on the strip.
// By time, events that happen at the same instant are dealt out in turn; by progress, each run takes the same room.

import { lowerBound } from "./player_trace.js";

// What kinds are worth half a breath when the player plays: they only prepare the next one.
const QUICK = new Set([
  "pool_created",
  "thread_started",
  "thread_stopped",
  "thread_idled",
  "thread_woke",
  "control_queued",
  "control_ran",
  "serializer_scheduled",
  "serializer_released",
]);
const BREATH = 420; // milliseconds for one event at speed 1
const LONGEST = 150_000; // milliseconds for a whole play at speed 1

export class Cues {
  constructor(traces, by) {
    this.traces = traces;
    this.by = by;
    const order = [];
    for (const trace of traces) {
      const events = trace.size - trace.before;
      for (let at = trace.before; at < trace.size; at++) {
        order.push([by === "progress" ? (at - trace.before + 1) / events : trace.time[at], 0, trace.number, at]);
      }
    }
    if (by !== "progress") dealOut(order, traces);
    order.sort((one, other) => one[0] - other[0] || one[1] - other[1] || one[2] - other[2] || one[3] - other[3]);
    this.size = order.length;
    this.run = Uint8Array.from(order, (cue) => cue[2]);
    this.at = Uint32Array.from(order, (cue) => cue[3]);
    this.cueOf = traces.map(() => []); // for each run the cue of each of its events, in order
    order.forEach((cue, number) => this.cueOf[cue[2]].push(number));
    this.start = Math.min(...traces.map((trace) => trace.time[trace.before] ?? 0));
    this.end = Math.max(...traces.map((trace) => (trace.size ? trace.time[trace.size - 1] : 0)));
  }

  // How many of a run's events have happened after `cue` cues.
  position(run, cue) {
    return this.traces[run].before + lowerBound(this.cueOf[run], cue);
  }

  // After how many cues the event at a position has just happened.
  after(run, at) {
    const place = at - this.traces[run].before;
    return place < 0 ? 0 : this.cueOf[run][place] + 1;
  }

  // The time of the last of the first `cue` cues, in nanoseconds.
  timeAt(cue) {
    if (!this.size) return 0;
    if (cue === 0) return this.start;
    if (this.by !== "progress") return this.traces[this.run[cue - 1]].time[this.at[cue - 1]];
    return this.start + ((this.end - this.start) * cue) / this.size;
  }

  // How long the cue is shown at speed 1 before the next comes, in milliseconds; `paces` is made once.
  dwell(cue) {
    this.paces ??= this.makePaces();
    return this.paces[cue] ?? 0;
  }

  makePaces() {
    const paces = new Float64Array(this.size + 1);
    const span = Math.max(1, this.end - this.start);
    let total = 0;
    for (let cue = 0; cue <= this.size; cue++) {
      const quick = cue > 0 && QUICK.has(this.traces[this.run[cue - 1]].kindName(this.at[cue - 1]));
      const gap = cue < this.size ? (this.timeAt(cue + 1) - this.timeAt(cue)) / span : 0;
      paces[cue] = (quick ? 0.45 : 1) + Math.min(1.5, 25 * gap);
      total += paces[cue];
    }
    const breath = Math.min(BREATH / Math.sqrt(this.traces.length), LONGEST / total);
    return paces.map((pace) => pace * breath);
  }
}

// Give the events of one instant a place between 0 and 1, run by run, so that no run waits for another's.
function dealOut(order, traces) {
  const starts = [];
  let first = 0;
  for (const trace of traces) {
    starts.push(first);
    first += trace.size - trace.before;
  }
  for (let run = 0; run < traces.length; run++) {
    const end = run + 1 < starts.length ? starts[run + 1] : order.length;
    for (let low = starts[run]; low < end;) {
      let high = low;
      while (high < end && order[high][0] === order[low][0]) high++;
      for (let index = low; index < high; index++) order[index][1] = (index - low) / (high - low);
      low = high;
    }
  }
}

// The cues of waits, pauses and failures, each in order.
export function marksOf(cues) {
  const marks = { wait: [], pause: [], failure: [] };
  for (let cue = 0; cue < cues.size; cue++) {
    const trace = cues.traces[cues.run[cue]];
    const at = cues.at[cue];
    const kind = trace.kindName(at);
    const last = at === trace.size - 1 && ["deadlocked", "failed", "timed_out"].includes(trace.outcome);
    if (kind === "wait_started") marks.wait.push(cue + 1);
    if (kind === "serializer_suspended") marks.pause.push(cue + 1);
    const refused = kind === "wait_ended" && trace.facts(at).outcome === "deadlock";
    if (last || refused || kind === "task_failed" || kind === "task_discarded") marks.failure.push(cue + 1);
  }
  return marks;
}

// Where cues lie on the strip: by time, or each with the same room.
export class Axis {
  constructor(cues, unit) {
    this.cues = cues;
    this.unit = unit; // "time" or "events"
    this.low = unit === "time" ? cues.start : 0;
    const high = unit === "time" ? cues.end : cues.size;
    const stuck = cues.traces.some((trace) => trace.outcome === "deadlocked");
    const least = unit === "time" && high === this.low ? 1e6 : 1;
    this.high = Math.max(high + (stuck ? 0.12 * (high - this.low) : 0), this.low + least);
  }

  // Where the event at a position lies.
  place(run, at) {
    const { cues } = this;
    if (this.unit === "time") return cues.traces[run].time[at];
    return at < cues.traces[run].before ? 0 : cues.after(run, at);
  }

  placeOfCue(cue) {
    return this.unit === "time" ? this.cues.timeAt(cue) : cue;
  }

  // The last cue at or before a place.
  cueAt(place) {
    if (this.unit === "events") return Math.max(0, Math.min(this.cues.size, Math.round(place)));
    let low = 0;
    let high = this.cues.size;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.cues.timeAt(middle) <= place) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
