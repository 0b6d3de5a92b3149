// Draws what stands on the stage: threads with their lights and needs, and tasks as tokens, as cards, and as done.

import { nameWidth } from "./player_layout.js";

const WORDS = { blocked: "blocked", running: "running", idle: "idle", stopped: "stopped" };

export function drawThread(paint, shown, moving, compact) {
  const { context, theme } = paint;
  const { x, y, width, height } = shown.box;
  if (shown.group) {
    drawGroup(paint, shown.box, shown.parts);
    return;
  }
  if (shown.empty) {
    context.setLineDash([3, 4]);
    paint.box(x, y, width, height, 8, null, theme.edge, 1);
    context.setLineDash([]);
    return;
  }
  const { status } = shown;
  const blocked = moving.level(`blocked ${shown.thread}`, status === "blocked" ? 1 : 0);
  const over = status === "stopped";
  const colour =
    status === "blocked" ? theme.bad : status === "running" ? theme.good : over ? theme.edge : theme.rail;
  const text = status === "blocked" ? theme.badText : status === "running" ? theme.goodText : theme.muted;
  const line = shown.tier === "line";
  const radius = line ? 6 : 8;
  const name = { weight: over ? 400 : 700, colour: over ? theme.muted : theme.ink };
  context.save();
  if (shown.acting) paint.box(x - 3, y - 3, width + 6, height + 6, radius + 3, null, theme.accent, 1.5);
  paint.box(x, y, width, height, radius, blocked > 0.5 ? theme.blocked : theme.panel, null);
  if (blocked) paint.hatched(x, y, width, height, radius, blocked);
  paint.box(x, y, width, height, radius, null, colour, 2);
  const base = line ? y + height / 2 + 4 : y + 17;
  drawLight(paint, x + 13, base - 4, line ? 3.5 : 5, status, colour);
  const halo = blocked ? theme.blocked : undefined;
  if (line) {
    paint.text(shown.name, x + 20, base, {
      ...name,
      size: 10.5,
      room: nameWidth(shown.box) - (shown.deeper ? 42 : 24),
      halo,
    });
    if (status === "idle")
      paint.text(WORDS[status], x + width - 6, base, { size: 10.5, colour: text, align: "right" });
  } else {
    const size = compact ? 11 : 12;
    const words = shown.tier === "middle" && shown.needs.length ? shown.needs : [WORDS[status]];
    const word = roomFor(paint, shown.name, size, words, width - 31);
    const room = width - 31 - (word ? 6 + paint.width(word, 11, 700) : 0);
    paint.text(shown.name, x + 23, base, { ...name, size, room, halo });
    paint.text(word, x + width - 8, base, {
      size: 11,
      weight: 700,
      colour: text,
      align: "right",
      room: width - 60,
      halo,
    });
  }
  if (shown.deeper) {
    const more = `+${shown.deeper}`;
    const options = { size: 10, weight: 700, colour: theme.muted, halo: blocked ? theme.blocked : theme.panel };
    if (line) paint.text(more, x + nameWidth(shown.box) - 4, base, { ...options, align: "right" });
    else paint.text(more, x + 8, shown.deeperAt + 4, options);
  }
  if (shown.tier === "full" && shown.needs.length) {
    const needs = paint.firstFit(shown.needs, width - 8, 11, 600);
    paint.text(needs, x + 8, y + height + 15, {
      size: 11,
      weight: 600,
      colour: theme.badText,
      room: width - 8,
      halo: theme.panel,
    });
  }
  context.restore();
}

// The status beside a thread's name, in the words that leave the name whole; none if no word does.
function roomFor(paint, name, size, words, room) {
  const left = room - 6 - paint.width(name, size, 700);
  const word = paint.firstFit(words, left, 11, 700);
  return paint.width(word, 11, 700) <= left ? word : "";
}

// What a thread does, by form too: full while it runs, square while it is blocked, hollow while it is idle.
function drawLight({ context, theme }, x, y, radius, status, colour) {
  context.beginPath();
  if (status === "blocked") context.rect(x - radius, y - radius, 2 * radius, 2 * radius);
  else context.arc(x, y, status === "running" ? radius : radius - 0.8, 0, 7);
  if (status === "blocked" || status === "running") {
    context.fillStyle = colour;
    context.fill();
  } else {
    context.strokeStyle = theme.rail;
    context.lineWidth = 1.6;
    context.stroke();
  }
}

// What there was no room for, counted: all of it where it fits, else the first facts, on one line or two.
export function drawGroup(paint, box, parts) {
  const { theme } = paint;
  const { x, y, width, height } = box;
  const options = { size: 11, weight: 600, colour: theme.muted, room: width - 12 };
  paint.box(x, y, width, height, 6, theme.bar, theme.edge);
  const asMany = (some) =>
    paint.firstFit(
      some.map((_, index) => some.slice(0, some.length - index).join(", ")),
      width - 14,
      11,
      600,
    );
  const first = asMany(parts);
  if (first !== parts.join(", ") && height >= 30) {
    paint.text(parts[0], x + 7, y + 14, options);
    paint.text(asMany(parts.slice(1)), x + 7, y + 28, options);
  } else paint.text(first, x + 7, y + height / 2 + 4, options);
}

export function drawItem(paint, item) {
  const { context } = paint;
  context.save();
  context.globalAlpha = item.alpha;
  if (item.shape === "control") drawControl(paint, item);
  else {
    if (item.card || item.width > item.token + 2) drawCard(paint, item);
    if (item.done) drawDone(paint, item);
    else drawToken(paint, item);
  }
  context.restore();
}

function drawToken(paint, item) {
  const { theme } = paint;
  const style = paint.style(item.owner);
  const { x, y, token: width, height } = item;
  const small = height < 19;
  const radius = item.shape === "turn" ? height / 2 : small ? 4 : 5;
  const edge = item.shape === "checkpoint" ? theme.bad : style.edge;
  paint.swatch(x, y, width, height, radius, style, edge, item.shape === "checkpoint" ? 2 : 1);
  const inset = item.shape === "turn" && small ? 2 : 3;
  const tall = small ? height - 4 : 13;
  paint.box(
    x + inset,
    y + (height - tall) / 2,
    width - 2 * inset,
    tall,
    item.shape === "turn" ? tall / 2 : 3,
    "rgba(255,255,255,.92)",
  );
  const size = small ? 9.5 : 11;
  paint.text(String(item.key), x + width / 2, y + height / 2 + size * 0.36, {
    size,
    weight: 700,
    colour: "#111111",
    align: "center",
  });
}

function drawCard(paint, item) {
  const { theme } = paint;
  const style = paint.style(item.owner);
  const { x, y, width, height } = item;
  const turn = item.shape === "turn";
  const radius = turn ? height / 2 : 5;
  paint.box(
    x,
    y,
    width,
    height,
    radius,
    theme.panel,
    item.shape === "checkpoint" ? theme.bad : style.edge,
    turn ? 1 : 1.5,
  );
  const room = width - item.token - 12;
  if (room < 12) return;
  const size = height < 19 ? 10 : 12;
  const label = paint.firstFit(item.inline ? [`inline: ${item.label}`, item.label] : [item.label], room, size, 400);
  const colour = turn ? theme.muted : theme.ink;
  paint.text(label, x + item.token + 6, y + height / 2 + size * 0.36, { size, colour, room });
}

// In the tray: a small square; a cross for what failed, hollow for what never ran.
function drawDone(paint, item) {
  const { context, theme } = paint;
  const style = paint.style(item.owner);
  const { x, y, width, height } = item;
  const failed = item.done === "task_failed";
  if (item.done === "task_discarded") {
    context.setLineDash([2, 2]);
    paint.box(x + 0.5, y + 0.5, width - 1, height - 1, 3, theme.panel, style.edge);
  } else paint.swatch(x, y, width, height, 3, style, failed ? theme.bad : style.edge, failed ? 2 : 1);
  if (!failed) return;
  context.strokeStyle = "#111111";
  context.lineWidth = 2;
  context.beginPath();
  context.moveTo(x + 4, y + 4);
  context.lineTo(x + width - 4, y + height - 4);
  context.moveTo(x + width - 4, y + 4);
  context.lineTo(x + 4, y + height - 4);
  context.stroke();
}

// The older pool's second token of every push.
function drawControl(paint, item) {
  const { theme } = paint;
  paint.box(item.x + 0.5, item.y + 0.5, item.token - 1, item.height - 1, 3.5, theme.control, theme.controlEdge);
}
