// Draws one lane of the strip: what a thread ran, inline tasks in front of those that they run in, and its waits.
// What is drawn is bounded by pixels, not by events: bars that share a pixel are drawn once.

import { lowerBound } from "./player_trace.js";

const LABEL = 11; // pixels that a label needs

export function barHeight(strip) {
  return strip.row - (strip.row > 8 ? 3 : 1);
}

// The lane of a slot; where lanes are low, only some are labelled.
export function drawLane(strip, lane, slot, y, picked) {
  const { context, theme } = strip.paint;
  const { left, right } = strip;
  const height = barHeight(strip);
  const labelled = Math.ceil(LABEL / strip.row);
  if (slot % labelled === 0)
    strip.paint.text(lane.label, left - 8, y + height / 2 + 4, {
      size: 10.5,
      weight: picked ? 700 : 400,
      colour: picked ? theme.ink : theme.muted,
      align: "right",
      room: left - 18,
    });
  if (picked) drawPointer(strip, y + height / 2);
  context.save();
  context.beginPath();
  context.rect(left, y, right - left, height);
  context.clip();
  context.fillStyle = theme.edge;
  context.fillRect(left, y + height / 2, right - left, 1);
  lane.levels.forEach((bars, level) => {
    const inset = Math.min(level * 3, height / 2 - 1.5);
    eachVisible(strip, bars, (x, width, owner, many) =>
      drawBar(strip.paint, x, y + inset, width, height - 2 * inset, owner, level, many),
    );
  });
  eachVisible(strip, lane.blocked, (x, width) => drawBlocked(strip.paint, x, y, width, height));
  context.restore();
}

// At the left end of a picked thread's lane.
function drawPointer(strip, y) {
  const { context, theme } = strip.paint;
  context.fillStyle = theme.ink;
  context.beginPath();
  context.moveTo(strip.left - 1, y);
  context.lineTo(strip.left - 6, y - 4);
  context.lineTo(strip.left - 6, y + 4);
  context.fill();
}

// A frame around a picked bar, wide enough to be seen however short the bar is.
export function drawPicked(strip, { kind, index }, y) {
  const { context, theme } = strip.paint;
  const low = Math.max(strip.left, strip.x(kind.low[index]));
  const high = Math.min(strip.right, strip.x(kind.high[index]));
  if (high < low) return;
  const width = Math.max(4, high - low);
  const x = Math.min(low, strip.right - width);
  for (const [colour, line] of [
    [theme.panel, 4],
    [theme.ink, 2],
  ]) {
    context.strokeStyle = colour;
    context.lineWidth = line;
    context.strokeRect(x, y, width, barHeight(strip));
  }
}

function drawBlocked(paint, x, y, width, height) {
  const { context, theme } = paint;
  context.fillStyle = width > 3 ? theme.blocked : theme.bad;
  context.fillRect(x, y, width, height);
  if (width <= 3) return;
  context.fillStyle = paint.pattern("thin slanted lines", theme.bad);
  context.fillRect(x, y, width, height);
  context.strokeStyle = theme.bad;
  context.lineWidth = 1.2;
  context.strokeRect(x + 0.6, y + 0.6, width - 1.2, height - 1.2);
}

function drawBar(paint, x, y, width, height, owner, level, many) {
  const { context, theme } = paint;
  const style = paint.style(owner);
  if (width < 4 || many || height < 5) {
    context.fillStyle = style.edge;
    context.fillRect(x, y, width > 3 ? width - 1 : Math.max(1, width), height);
    return;
  }
  const radius = height < 8 ? 1 : 2;
  if (level) paint.box(x, y, width, height, radius, null, theme.panel, 2); // apart from what it runs in
  paint.swatch(x, y, width, height, radius, style);
}

// Calls draw(x, width, owner, many) for what can be seen; bars that end within the same pixel are drawn as one.
function eachVisible(strip, bars, draw) {
  const { low, high } = strip.view;
  const perPixel = (high - low) / (strip.right - strip.left);
  let index = lowerBound(bars.high, low);
  while (index < bars.low.length && bars.low[index] <= high) {
    const from = bars.low[index];
    const to = bars.high[index];
    const x = Math.max(strip.left - 4, strip.x(from));
    const width = Math.min(strip.right + 4, strip.x(to)) - x;
    const next = width < 1 ? Math.max(index + 1, lowerBound(bars.high, from + perPixel)) : index + 1;
    draw(x, Math.max(1, width), bars.owner[index], next > index + 1);
    index = next;
  }
}
