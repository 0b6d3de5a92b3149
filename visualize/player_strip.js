// The strip below the stage: all threads of all runs over time or events, the playhead, the first difference.

import { lanesOf, placeBars } from "./player_bars.js";
import { drawLane, drawPicked } from "./player_lanes.js";
import { isPickedBar, isPickedLane } from "./player_picked.js";
import { lowerBound } from "./player_trace.js";
import { tickText } from "./player_words.js";

const HEADING = 16;
const AXIS = 22;
const TOP = 16;
const RIGHT = 14;
const ROOM = 240; // for all lanes
const MOST_LANES = 48; // of one run

export class Strip {
  constructor(canvas, traces, makePaint) {
    this.canvas = canvas;
    this.traces = traces;
    this.makePaint = makePaint;
    const lanes = traces.map(lanesOf);
    this.lanes = lanes.map((all) => all.slice(0, MOST_LANES));
    this.hidden = lanes.map((all) => Math.max(0, all.length - MOST_LANES));
    this.still = document.createElement("canvas"); // all but the playhead
    this.picked = { target: null, bars: [] };
  }

  use(axis) {
    this.axis = axis;
    this.view = { low: axis.low, high: axis.high };
    this.lanes.forEach((lanes, run) => {
      for (const lane of lanes) for (const bars of [...lane.levels, lane.blocked]) placeBars(bars, axis, run);
    });
    this.stale = true;
  }

  // Make a target's bars, or its thread's lane, stand out; null: nothing.
  pick(target) {
    const bars = [];
    this.lanes.forEach((lanes, run) => {
      const trace = this.traces[run];
      lanes.forEach((lane, slot) => {
        for (const kind of [...lane.levels, lane.blocked])
          kind.from.forEach((at, index) => isPickedBar(trace, target, at) && bars.push({ run, slot, kind, index }));
      });
    });
    this.picked = { target, bars };
    this.stale = true;
  }

  resize(width) {
    const count = Math.max(
      1,
      this.lanes.reduce((sum, lanes) => sum + lanes.length, 0),
    );
    this.row = Math.max(4, Math.min(16, Math.floor(ROOM / count)));
    this.left = width < 560 ? 78 : 108;
    this.right = width - RIGHT;
    this.width = width;
    this.height = TOP + this.lanes.reduce((sum, lanes) => sum + HEADING + lanes.length * this.row + 4, 0) + AXIS;
    const ratio = globalThis.devicePixelRatio || 1;
    for (const canvas of [this.canvas, this.still]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(this.height * ratio);
    }
    this.canvas.style.height = `${this.height}px`;
    this.paint = this.makePaint(this.still.getContext("2d"), ratio);
    this.front = this.makePaint(this.canvas.getContext("2d"), ratio);
    this.stale = true;
    return this.height;
  }

  repaint() {
    this.paint = this.makePaint(this.paint.context, this.paint.ratio);
    this.front = this.makePaint(this.front.context, this.front.ratio);
    this.stale = true;
  }

  x(place) {
    return this.left + ((place - this.view.low) / (this.view.high - this.view.low)) * (this.right - this.left);
  }

  placeAt(x) {
    return this.view.low + ((x - this.left) / (this.right - this.left)) * (this.view.high - this.view.low);
  }

  get zoomed() {
    return this.view.low > this.axis.low || this.view.high < this.axis.high;
  }

  // Zoom by a factor, keeping a place where it is.
  zoom(factor, place) {
    const { axis, view } = this;
    const least = axis.unit === "events" ? 4 : (axis.high - axis.low) / 1e6;
    const span = Math.max(least, Math.min(axis.high - axis.low, (view.high - view.low) / factor));
    const part = (place - view.low) / (view.high - view.low);
    this.move(place - part * span, span);
  }

  move(low, span = this.view.high - this.view.low) {
    const first = Math.max(this.axis.low, Math.min(this.axis.high - span, low));
    this.view = { low: first, high: first + span };
    this.stale = true;
  }

  fit() {
    this.move(this.axis.low, this.axis.high - this.axis.low);
  }

  // Keep a place in sight.
  follow(place) {
    const { low, high } = this.view;
    const span = high - low;
    if (place < low || place > high) this.move(place - 0.2 * span);
  }

  draw(place, divergence) {
    if (this.stale) this.drawStill(divergence);
    this.stale = false;
    const { context, ratio, theme } = this.front;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.drawImage(this.still, 0, 0);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const x = this.x(place);
    if (x < this.left - 1 || x > this.right + 1) return;
    context.fillStyle = theme.ink;
    context.fillRect(Math.round(x) - 1, 8, 2, this.height - AXIS - 6);
    context.beginPath();
    context.arc(Math.round(x), 8, 5, 0, 7);
    context.fill();
  }

  drawStill(divergence) {
    const { context, ratio, theme } = this.paint;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.paint.box(0, 0, this.width, this.height, 0, theme.page);
    this.paint.box(0.5, 0.5, this.width - 1, this.height - 1, 10, theme.panel, theme.edge);
    let y = TOP;
    this.lanes.forEach((lanes, run) => {
      this.paint.styles = this.paint.stylesOf(run);
      this.paint.text(this.traces[run].title, 12, y + 12, { size: 11, weight: 700, room: this.left - 18 });
      if (this.hidden[run])
        this.paint.text(`${MOST_LANES} of ${MOST_LANES + this.hidden[run]} threads`, this.right, y + 12, {
          size: 10,
          colour: theme.muted,
          align: "right",
        });
      y += HEADING;
      lanes.forEach((lane, slot) =>
        drawLane(this, lane, slot, y + slot * this.row, isPickedLane(this.traces[run], this.picked.target, slot)),
      );
      for (const bar of this.picked.bars) if (bar.run === run) drawPicked(this, bar, y + bar.slot * this.row);
      y += lanes.length * this.row + 4;
    });
    this.drawAxis(y);
    if (divergence !== null) this.drawDivergence(divergence, y);
    if (this.zoomed) this.drawOverview();
  }

  // The bar at a point, what is blocked or runs inline first: {run, from, to} as events' positions; {run, slot} at a
  // lane's name; or null.
  find(x, y) {
    const place = this.placeAt(x);
    const slack = (2 * (this.view.high - this.view.low)) / (this.right - this.left);
    let top = TOP;
    for (const [run, lanes] of this.lanes.entries()) {
      top += HEADING;
      const lane = lanes[Math.floor((y - top) / this.row)];
      top += lanes.length * this.row + 4;
      if (!lane || y < top - lanes.length * this.row - 4) continue;
      if (x < this.left - 2) return { run, slot: lanes.indexOf(lane) };
      for (const bars of [lane.blocked, ...lane.levels.toReversed()]) {
        const index = lowerBound(bars.high, place - slack);
        if (bars.low[index] <= place + slack) return { run, from: bars.from[index], to: bars.to[index] };
      }
    }
    return null;
  }

  drawAxis(y) {
    const { context, theme } = this.paint;
    const { unit } = this.axis;
    const { low, high } = this.view;
    context.fillStyle = theme.rail;
    context.fillRect(this.left, y + 1, this.right - this.left, 1);
    const most = Math.max(2, Math.floor((this.right - this.left) / 110));
    const { places, step } = ticks(low, high, most, unit === "events");
    for (const tick of places) {
      const x = this.x(tick);
      context.fillRect(x, y + 1, 1, 4);
      const text =
        unit === "events" ? tick.toLocaleString("en") : tickText(tick, step, this.axis.high - this.axis.low);
      const align = x > this.right - 24 ? "right" : x < this.left + 24 ? "left" : "center";
      this.paint.text(text, align === "right" ? this.right : x, y + 15, { size: 10, colour: theme.muted, align });
    }
    this.paint.text(unit === "events" ? "event" : "time", 12, y + 15, { size: 10, colour: theme.muted });
  }

  drawDivergence(place, bottom) {
    const { context, theme } = this.paint;
    const x = this.x(place);
    if (x < this.left || x > this.right) return;
    context.save();
    context.strokeStyle = theme.bad;
    context.lineWidth = 1.5;
    context.setLineDash([3, 3]);
    context.beginPath();
    context.moveTo(x, TOP - 2);
    context.lineTo(x, bottom);
    context.stroke();
    context.restore();
    const right = x < this.right - 100;
    this.paint.text("first difference", right ? x + 5 : x - 5, TOP + 11, {
      size: 10.5,
      colour: theme.badText,
      align: right ? "left" : "right",
    });
  }

  // Which part of the whole is seen.
  drawOverview() {
    const { context, theme } = this.paint;
    const { low, high } = this.axis;
    const width = this.right - this.left;
    context.fillStyle = theme.edge;
    context.fillRect(this.left, this.height - 4, width, 2);
    context.fillStyle = theme.accent;
    const from = ((this.view.low - low) / (high - low)) * width;
    const to = ((this.view.high - low) / (high - low)) * width;
    context.fillRect(this.left + from, this.height - 5, Math.max(4, to - from), 4);
  }
}

// Round places between low and high, about `most` of them: {places, step}.
function ticks(low, high, most, whole) {
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  let step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough * 0.9999);
  if (whole) step = Math.max(1, Math.round(step));
  const found = [];
  for (let number = Math.ceil(low / step - 1e-9); number * step <= high * (1 + 1e-12); number++)
    found.push(number * step + 0);
  return { places: found, step };
}
