// The lines of a scene: who serves which queue, where a serializer's turn went, who executes it, what a wait needs.

import { NONE } from "./player_trace.js";

export function linesOf(scene) {
  return [...serving(scene), ...turns(scene), ...attached(scene), ...needs(scene)];
}

function* serving({ boxes, place, trace }) {
  for (const [queue, row] of place.queues) {
    if (trace.queues[queue].role === "control") continue;
    for (const { thread, status, box } of boxes) {
      if (thread === undefined || trace.threads[thread].queue !== queue || status === "stopped") continue;
      yield { kind: "serves", from: gateOf(row), to: leftOf(box, row), busy: status === "running" };
    }
  }
}

function* turns({ state, trace, place }) {
  for (const [serializer, at] of state.turns) {
    const row = place.rows.rows.get(serializer);
    const { queue } = state.whereIs(trace.task[at]);
    const to = queue === undefined ? null : place.queues.get(queue);
    if (row && to) yield { kind: "turn", from: gateOf(row), to: { x: to.x - 4, y: to.middle }, owner: serializer };
  }
}

function* attached(scene) {
  const { executing, place, state, trace } = scene;
  for (const [serializer, threads] of executing) {
    const row = place.rows.rows.get(serializer);
    if (!row) continue;
    for (const thread of threads) {
      const box = scene.boxOf(thread);
      const wait = state.waits.get(thread);
      if (!box || (wait !== undefined && trace.queue[wait] === serializer && trace.task[wait] === NONE)) continue;
      const card = cardOf(scene, thread, serializer);
      const y = card ? card.y + card.height / 2 : box.y + box.height / 2;
      const [from, to] = [gateOf(row), { x: box.x - 1, y }];
      yield { kind: "attached", from, to, via: pastQueues(place, from, to), owner: serializer };
    }
  }
}

function* needs(scene) {
  const { state, place } = scene;
  for (const [thread, at] of state.waits) {
    const box = scene.boxOf(thread);
    const chip = place.callers.chips.get(thread);
    const to = box || chip ? targetOf(scene, thread, at) : null;
    if (!to) continue;
    const from = box ? { x: box.x, y: box.y + box.height * 0.72 } : { x: chip.x + 14, y: chip.y + chip.height };
    yield { kind: "needs", from, to, faint: !box, thread };
  }
}

// A serializer's own line does not go through the pools' queues: nothing of it passes them. Above or below, whichever
// is nearer; null where the straight way is free.
function pastQueues({ queues, body }, from, to) {
  const rows = [...queues.values()];
  if (!rows.length) return null;
  const left = Math.min(...rows.map((row) => row.x)) - 8;
  const right = Math.max(...rows.map((row) => row.gate)) + 12;
  if (from.x > left - 12 || to.x < right + 8) return null;
  const spans = rows.map((row) => [(row.name === null ? row.rail : row.top) - 6, row.bottom + 8]);
  const free = (y) => spans.every(([low, high]) => y <= low || y >= high);
  const low = Math.min(from.y, to.y);
  const high = Math.max(from.y, to.y);
  if (spans.every(([first, last]) => high <= first || low >= last)) return null;
  const middle = (from.y + to.y) / 2;
  const ways = spans.flat().filter((y) => free(y) && y > body.top - 4 && y < body.bottom + 4);
  if (!ways.length) return null;
  const y = ways.reduce((best, way) => (Math.abs(way - middle) < Math.abs(best - middle) ? way : best));
  return { y: free(middle) ? middle : y, from: left, to: right };
}

// The lowest card on a thread that belongs to a serializer: its turn, or the first of its tasks.
function cardOf({ state, trace, spots }, thread, serializer) {
  for (const at of state.stackOf(thread)) {
    const spot = spots.get(trace.task[at]);
    if (spot?.card && spot.owner === serializer) return spot;
  }
  return undefined;
}

// Where what is waited for is: the task, or the serializer's gate, or the thread that runs it.
function targetOf(scene, thread, at) {
  const { trace, place, spots, executing } = scene;
  const { reason } = trace.facts(at);
  const spot = trace.task[at] !== NONE && reason !== "suspended" ? spots.get(trace.task[at]) : undefined;
  if (spot)
    return spot.card
      ? { x: spot.x, y: spot.y + spot.height / 2 }
      : { x: spot.x + spot.width / 2, y: spot.y + spot.height + 3 };
  const { queue: hidden, thread: runs } = trace.task[at] === NONE ? {} : scene.state.whereIs(trace.task[at]);
  const busy = runs === undefined || reason === "suspended" ? undefined : scene.boxOf(runs);
  if (busy) return { x: busy.x, y: busy.y + busy.height / 2 };
  const full = hidden === undefined ? undefined : rowOf(place, hidden);
  if (full && full !== place.rows.restRow) return { x: full.x + 12, y: full.bottom + 2 };
  if (reason === "serializer_lock") {
    const runner = [...(executing.get(trace.queue[at]) ?? [])].find((other) => other !== thread);
    const box = runner === undefined ? undefined : scene.boxOf(runner);
    if (box) return { x: box.x, y: box.y + box.height / 2 };
  }
  const row = rowOf(place, trace.queue[at]);
  if (!row) return null;
  return row === place.rows.restRow ? { x: row.gate + 4, y: row.top + 16 } : { x: row.gate + 6, y: row.middle + 4 };
}

function rowOf(place, queue) {
  return place.rows.rows.get(queue) ?? place.queues.get(queue) ?? place.rows.restRow;
}

function gateOf(row) {
  return { x: row.gate + 7, y: row.middle };
}

// Straight across where the queue stands beside the box.
function leftOf(box, row) {
  const inside = row.middle > box.y + 6 && row.middle < box.y + box.height - 6;
  return { x: box.x - 3, y: inside ? row.middle : box.y + box.height / 2 };
}
