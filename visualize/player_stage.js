// The stage: one canvas with a panel for each run. It leads every token from where it was to where the next scene has
// it, along the arrow that moved it; a gate closes and a thread is hatched on the way. With reduced motion all jump.

import { NONE } from "./player_trace.js";
import { layOut, preferredHeight } from "./player_layout.js";
import { sceneOf } from "./player_scene.js";
import { drawScene } from "./player_draw.js";

const GAP = 12;
const NARROWEST = 350; // of a panel; below that, panels stand one below the other

// What moves in one panel. Times are milliseconds.
class Moving {
  constructor() {
    this.shown = new Map();
    this.levels = new Map();
    this.end = 0;
    this.now = 0;
  }

  // Go from what is shown to a new scene's items; `origin` tells where a new one comes from.
  show(scene, now, time, origin) {
    this.now = now;
    this.end = now + time;
    this.time = time;
    const next = new Map();
    for (const item of scene.items) {
      const old = this.shown.get(item.key);
      let from = old ? this.where(old) : time ? origin(item) : null;
      if (!from) from = time ? { ...item, alpha: 0 } : { ...item, alpha: 1 };
      const far =
        Math.abs(from.x - item.x) > 1 || Math.abs(from.y - item.y) > 1 || Math.abs(from.width - item.width) > 1;
      next.set(item.key, { item, from, start: now, time: far || from.alpha < 1 ? time : 0 });
    }
    if (time) {
      for (const [key, old] of this.shown) {
        if (!next.has(key) && !old.leaving)
          next.set(key, { ...old, from: this.where(old), start: now, time, leaving: true });
      }
    }
    this.shown = next;
    if (!time) this.levels.clear();
  }

  where(moving) {
    const { item, from, start, time, leaving } = moving;
    const part = time ? Math.min(1, (this.now - start) / time) : 1;
    if (leaving) return { ...from, alpha: from.alpha * Math.max(0, 1 - 1.5 * part), token: from.token };
    if (part >= 1) return { ...item, alpha: 1 };
    const eased = part < 0.5 ? 2 * part * part : 1 - 2 * (1 - part) ** 2;
    const mix = (name) => from[name] + (item[name] - from[name]) * eased;
    const along = 3 * (1 - eased) ** 2 * eased * 0.5 + 3 * (1 - eased) * eased ** 2 * 0.5 + eased ** 3;
    const aside = 3 * (1 - eased) * eased ** 2 + eased ** 3;
    return {
      ...item,
      x: from.x + (item.x - from.x) * along,
      y: from.y + (item.y - from.y) * aside,
      width: mix("width"),
      height: mix("height"),
      token: mix("token"),
      done: part > 0.6 ? item.done : undefined,
      alpha: Math.min(1, from.alpha + 2.5 * part),
    };
  }

  // Still ones first, so that what travels passes in front.
  items() {
    const still = [];
    const travelling = [];
    for (const [key, moving] of this.shown) {
      const item = this.where(moving);
      if (item.alpha <= 0.01) this.shown.delete(key);
      else (moving.time && this.now < moving.start + moving.time ? travelling : still).push(item);
    }
    return [...still, ...travelling];
  }

  // A number on its way to its new value, by name.
  level(name, value) {
    const level = this.levels.get(name);
    if (!level || !this.time) {
      this.levels.set(name, { from: value, to: value, start: this.now });
      return value;
    }
    const part = Math.min(1, (this.now - level.start) / (0.5 * this.time));
    const current = level.from + (level.to - level.from) * part;
    if (value !== level.to) this.levels.set(name, { from: current, to: value, start: this.now });
    return current;
  }

  get busy() {
    return this.now < this.end;
  }
}

export class Stage {
  constructor(canvas, traces, makePaint) {
    this.canvas = canvas;
    this.traces = traces;
    this.makePaint = makePaint;
    this.moving = traces.map(() => new Moving());
    this.scenes = [];
    this.picked = null; // the target whose history is open
  }

  // Give every run its panel; returns the canvas's height.
  resize(width) {
    const count = this.traces.length;
    const across = Math.max(1, Math.min(count, Math.floor((width + GAP) / (NARROWEST + GAP))));
    const each = (width - GAP * (across - 1)) / across;
    const heights = this.traces.map(preferredHeight);
    let y = 0;
    this.places = [];
    for (let first = 0; first < count; first += across) {
      const row = this.traces.slice(first, first + across);
      const height = Math.max(...heights.slice(first, first + across));
      row.forEach((trace, index) => {
        const x = Math.round(index * (each + GAP));
        this.places.push(layOut(trace, { x, y, width: Math.floor(each), height }));
      });
      y += height + GAP;
    }
    this.height = Math.max(0, y - GAP);
    this.width = width;
    const ratio = globalThis.devicePixelRatio || 1;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    this.canvas.style.height = `${this.height}px`;
    this.paint = this.makePaint(this.canvas.getContext("2d"), ratio);
    return this.height;
  }

  repaint() {
    const { context, ratio } = this.paint;
    this.paint = this.makePaint(context, ratio);
  }

  // Show a run's state; `time` milliseconds to get there, 0 to jump.
  show(run, state, now, time) {
    const before = this.scenes[run];
    const scene = sceneOf(state, this.places[run]);
    this.scenes[run] = scene;
    this.moving[run].show(scene, now, time, (item) => this.origin(before, scene, item));
  }

  // Where a task that was not there comes from: whoever pushed it, or the card that it runs on top of.
  origin(before, scene, item) {
    const { trace, current } = scene;
    if (!before || current === null || trace.task[current] !== item.key) return null;
    const start = { token: item.token, height: item.height, width: item.token, alpha: 0.2 };
    const thread = trace.thread[current];
    const parent = trace.parent[current];
    const card = parent === NONE ? undefined : before.spots.get(parent);
    if (item.card) return { ...start, x: item.x, y: item.y - 14 };
    if (card) return { ...start, x: card.x, y: card.y };
    const chip = scene.place.callers.chips.get(thread) ?? scene.place.callers.restChip;
    const box = scene.boxOf(thread);
    if (box) return { ...start, x: box.x + 10, y: box.y + 10 };
    return chip ? { ...start, x: chip.x + chip.width / 2 - item.token / 2, y: chip.y } : null;
  }

  draw(now) {
    const { context, ratio, theme } = this.paint;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = theme.page;
    context.fillRect(0, 0, this.width, this.height);
    this.scenes.forEach((scene, run) => {
      this.moving[run].now = now;
      this.paint.styles = this.paint.stylesOf(run);
      drawScene(this.paint, scene, this.moving[run], this.picked?.run === run ? this.picked : null);
    });
    if (this.ring)
      this.paint.box(
        this.ring.x - 4,
        this.ring.y - 4,
        this.ring.width + 8,
        this.ring.height + 8,
        8,
        null,
        theme.accent,
        2,
      );
    return this.moving.some((moving) => moving.busy);
  }

  // What lies under a point: {run, type, thread | queue | task | group, box}, or null.
  hit(x, y) {
    const run = this.places.findIndex(({ rect }) => inside(rect, x, y));
    if (run < 0 || !this.scenes[run]) return null;
    return targets(this.scenes[run]).find((target) => inside(target.box, x, y, 2)) ?? null;
  }
}

// Everything of a scene that can be asked about, what lies on top first.
export function targets(scene) {
  const run = scene.trace.number;
  const found = scene.items.map((item) => ({ run, type: "task", task: item.key, box: item })).reverse();
  for (const shown of scene.boxes) {
    if (shown.group)
      found.push({ run, type: "threads", group: shown.group, box: shown.box, text: shown.parts.join(", ") });
    else if (shown.thread !== undefined) found.push({ run, type: "thread", thread: shown.thread, box: shown.box });
  }
  for (const chip of scene.chips) {
    if (chip.group) found.push({ run, type: "threads", group: chip.group, box: chip.box, text: chip.name });
    else found.push({ run, type: "thread", thread: chip.thread, box: chip.box });
  }
  for (const rail of scene.rails) {
    const { row } = rail;
    const box = { x: row.x, y: row.top, width: row.width + 10, height: row.bottom - row.top + 4 };
    if (rail.group) found.push({ run, type: "queues", group: rail.group, box, text: rail.parts.join(", ") });
    else found.push({ run, type: "queue", queue: rail.queue, box });
  }
  return found;
}

function inside(box, x, y, slack = 0) {
  return (
    x >= box.x - slack && x <= box.x + box.width + slack && y >= box.y - slack && y <= box.y + box.height + slack
  );
}
