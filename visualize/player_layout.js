// Where everything of one run has its place on the stage, for as long as the page keeps its size: rows never jump.
// Work flows from left to right: callers above, then serializers, the pools' queues, threads, and what is done below.

import { NONE } from "./player_trace.js";

export const PADDING = 16;
const HEAD = 34; // title and subtitle
const CALLERS = 32;
const HEADINGS = 22;
const BARE = 50; // that nothing happened
const FOOT = 56; // what stands still, and what is done
const SMALLEST_ROW = 40;
const SMALLEST_SLOT = 26;
const CONTROL = 62;
const TALLEST = 320; // of what lies between
const SHARES = { serializers: 0.26, first: 0.16, queues: 0.19, second: 0.07, threads: 0.32 };
const SHARES_COMPACT = { serializers: 0.25, first: 0.12, queues: 0.17, second: 0.08, threads: 0.38 };
const SHARES_WITHOUT = { serializers: 0, first: 0, queues: 0.4, second: 0.12, threads: 0.48 };

// How high a run's panel wants to be.
export function preferredHeight(trace) {
  if (!trace.size) return HEAD + BARE;
  const { serializers, slots, control, callers } = castOf(trace);
  const body = Math.max(
    serializers.length * 64,
    slots * 104,
    slots * 40 + (control.length ? 140 : 0),
    slots ? 200 : 80,
  );
  return HEAD + (callers.length ? CALLERS : 6) + HEADINGS + Math.min(TALLEST, body) + FOOT;
}

// Who takes part in a run, as indexes into its threads and queues.
export function castOf(trace) {
  const queues = (role) => trace.queues.flatMap((queue, index) => (queue.role === role ? [index] : []));
  const threads = (role) => trace.threads.flatMap((thread, index) => (thread.role === role ? [index] : []));
  return {
    serializers: queues("serializer"),
    control: queues("control"),
    pools: queues("pool"),
    workers: threads("pool"),
    callers: threads("outside"),
    slots: 1 + Math.max(NONE, ...trace.threads.map((thread) => thread.slot)),
  };
}

export function layOut(trace, rect) {
  const cast = castOf(trace);
  const left = rect.x + PADDING;
  const inner = rect.width - 2 * PADDING;
  const compact = rect.width < 520;
  const shares = !cast.serializers.length ? SHARES_WITHOUT : compact ? SHARES_COMPACT : SHARES;
  const queues = left + inner * (shares.serializers + shares.first);
  const threads = queues + inner * (shares.queues + shares.second);
  const top = rect.y + HEAD + (cast.callers.length ? CALLERS : 6) + HEADINGS;
  const place = {
    rect,
    cast,
    left,
    right: left + inner,
    body: { top, bottom: rect.y + rect.height - FOOT },
    headings: top - 12,
    columns: {
      serializers: { x: left, width: inner * shares.serializers },
      queues: { x: queues, width: inner * shares.queues },
      threads: { x: threads, width: inner * shares.threads },
    },
    compact,
    status: { x: left, y: rect.y + rect.height - FOOT + 22, width: inner },
    tray: { x: left, y: rect.y + rect.height - 26, width: inner, height: 14 },
  };
  place.callers = placeCallers(trace, cast.callers, place);
  place.rows = placeSerializers(trace, cast.serializers, place);
  place.slots = placeSlots(cast.slots, place);
  place.queues = placeQueues(trace, cast, place);
  return place;
}

// A token that is so high; wide enough for the longest number of the run.
export function tokenSize(trace, height) {
  const big = height >= 22;
  return { height, width: Math.max(height, Math.round(trace.digits * (big ? 7.7 : 6.7) + (big ? 7 : 6.5))) };
}

// How much of a low thread's box is for its name.
export function nameWidth(box) {
  return Math.min(box.width * 0.46, 130);
}

// Chips as wide as their names, and wider for who will wait; where room is short, without that, or without the last.
function placeCallers(trace, threads, place) {
  const { compact, rect, left, right } = place;
  const heading = compact ? 0 : 66;
  const room = right - left - heading;
  const named = threads.map((thread) => Math.min(130, 24 + 6.6 * trace.threadName(thread).length));
  const waiters = threads.filter((thread) => trace.everWaits(thread)).length;
  const spare = room - named.reduce((sum, width) => sum + width + 8, 0);
  const more = Math.max(0, Math.min(130, spare / Math.max(1, waiters)));
  const widths = threads.map((thread, index) => named[index] + (trace.everWaits(thread) ? more : 0));
  const shown = [];
  let x = left + heading;
  for (const [index, thread] of threads.entries()) {
    const last = index === threads.length - 1;
    if (x + widths[index] + (last ? 0 : 108) > right && !(last && x + 50 < right)) break;
    shown.push([thread, { x, y: rect.y + HEAD + 4, width: Math.min(widths[index], right - x), height: 22 }]);
    x += widths[index] + 8;
  }
  const rest = threads.slice(shown.length);
  const restChip = rest.length
    ? { x, y: rect.y + HEAD + 4, width: Math.max(60, Math.min(150, right - x)), height: 22 }
    : null;
  return {
    chips: new Map(shown),
    rest,
    restChip,
    label: heading && threads.length ? { x: left, y: rect.y + HEAD + 19 } : null,
  };
}

// The serializers' rows: high ones while there is room, then low ones, then the least eventful share one.
function placeSerializers(trace, serializers, place) {
  const column = place.columns.serializers;
  const room = place.body.bottom - place.body.top;
  let height = Math.min(72, room / Math.max(1, serializers.length));
  let shown = serializers;
  if (height < SMALLEST_ROW) {
    height = SMALLEST_ROW;
    const fit = Math.max(1, Math.floor(room / height) - 1);
    const eventful = [...serializers].sort((one, other) => trace.queues[other].weight - trace.queues[one].weight);
    const first = new Set(eventful.slice(0, fit));
    shown = serializers.filter((queue) => first.has(queue));
  }
  const row = (index) => rail(trace, column, place.body.top + index * height, height);
  const rows = new Map(shown.map((queue, index) => [queue, row(index)]));
  const rest = serializers.filter((queue) => !rows.has(queue));
  return { rows, rest, restRow: rest.length ? row(shown.length) : null };
}

// A queue's place: its name on top, two rails, a gate at the right end.
function rail(trace, column, top, height, tokenHeight = height >= 50 ? 22 : 15, named = true) {
  const token = tokenSize(trace, tokenHeight);
  const slack = tokenHeight >= 22 ? 6 : 4; // between the rails, beside a token
  const first = !named ? top : top + (tokenHeight >= 22 ? 16 : 14);
  return {
    reach: tokenHeight >= 22 ? 5 : 2, // of the gate beyond the rails
    x: column.x,
    width: column.width,
    top,
    height,
    name: named ? top + (tokenHeight >= 22 ? 11 : 10) : null,
    note: height >= 62 ? first + token.height + 17 : null,
    rail: first,
    bottom: first + token.height + slack,
    middle: first + (token.height + slack) / 2,
    gate: column.x + column.width,
    token,
    room: Math.max(1, Math.floor((column.width - 6) / (token.width + 4))),
  };
}

// The threads' boxes; a place is used again when its thread has stopped.
function placeSlots(count, place) {
  const { x, width } = place.columns.threads;
  const room = place.body.bottom - place.body.top;
  let height = Math.min(128, room / Math.max(1, count));
  let shown = count;
  if (height < SMALLEST_SLOT) {
    height = SMALLEST_SLOT;
    shown = Math.min(count, Math.max(1, Math.floor(room / height) - 1));
  }
  const tier = height >= 96 ? "full" : height >= 56 ? "middle" : "line";
  const gap = { full: 26, middle: 10, line: 5 }[tier];
  const box = (slot) => ({ x, width, y: place.body.top + slot * height, height: height - gap });
  const boxes = Array.from({ length: shown }, (_, slot) => box(slot));
  return { tier, boxes, restBox: count > shown ? box(shown) : null };
}

// The pools' queues: beside its thread where one thread serves it, else amid its threads; control queues at the foot.
function placeQueues(trace, cast, place) {
  const rows = new Map();
  const shared = [];
  const used = usedQueues(trace);
  for (const queue of cast.pools) {
    const servers = cast.workers.filter((thread) => trace.threads[thread].queue === queue);
    const boxes = [...new Set(servers.map((thread) => place.slots.boxes[trace.threads[thread].slot]))].filter(
      Boolean,
    );
    if (servers.length === 1 && cast.workers.length > 1) {
      if (boxes.length) rows.set(queue, railBeside(trace, place, boxes[0]));
    } else if (servers.length || used.has(queue)) shared.push({ queue, boxes });
  }
  const controls = cast.control.length * CONTROL;
  const room = (place.body.bottom - controls - place.body.top) / Math.max(1, shared.length);
  shared.forEach(({ queue, boxes }, index) => {
    const low = place.body.top + index * room;
    const wanted = boxes.length ? (boxes[0].y + boxes.at(-1).y + boxes.at(-1).height) / 2 : low + room / 2;
    const top = Math.max(low, Math.min(low + room - 50, wanted - 30));
    rows.set(queue, rail(trace, place.columns.queues, top, 60));
  });
  cast.control.forEach((queue, index) => {
    const row = rail(trace, place.columns.queues, place.body.bottom - controls + 10 + index * CONTROL, 40, 14);
    rows.set(queue, {
      ...row,
      token: { width: 14, height: 14 },
      room: Math.max(1, Math.floor((row.width - 6) / 18)),
    });
  });
  return rows;
}

function railBeside(trace, place, box) {
  const named = place.slots.tier !== "line";
  const height = place.slots.tier === "line" ? 13 : 22;
  const row = rail(trace, place.columns.queues, 0, 60, height, named);
  const middle = box.y + (place.slots.tier === "line" ? box.height / 2 : Math.min(box.height / 2, 60));
  return rail(trace, place.columns.queues, middle - row.middle, 60, height, named);
}

function usedQueues(trace) {
  const used = new Set();
  const { task_pushed: pushed } = trace.code;
  for (let at = 0; at < trace.size; at++) if (trace.kind[at] === pushed) used.add(trace.queue[at]);
  return used;
}
