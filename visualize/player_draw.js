// Draws one scene: panel, lines, rails and gates, callers, threads, and the tokens where they are at this moment.

import { drawGroup, drawItem, drawThread } from "./player_cards.js";
import { drawCorners, groupBox, pickedBox } from "./player_picked.js";

const KEY = 16; // of the swatch before a name
const FAINT = 0.35; // of rails and gates that are not there yet; texts are never drawn through

export function drawScene(paint, scene, moving, picked) {
  const { context } = paint;
  const { rect } = scene.place;
  context.save();
  paint.box(rect.x + 0.5, rect.y + 0.5, rect.width - 1, rect.height - 1, 10, paint.theme.panel, paint.theme.edge);
  context.clip();
  drawHead(paint, scene);
  for (const line of scene.lines) if (line.kind !== "needs") drawLine(paint, line);
  for (const rail of scene.rails) drawRail(paint, rail, moving);
  for (const line of scene.lines) if (line.kind === "needs" && line.faint) paint.need(line.from, line.to, true);
  if (scene.trace.size) drawHeadings(paint, scene);
  for (const box of scene.boxes) drawThread(paint, box, moving, scene.place.compact);
  for (const chip of scene.chips) drawCaller(paint, chip);
  for (const line of scene.lines) if (line.kind === "needs" && !line.faint) paint.need(line.from, line.to, false);
  for (const rail of scene.rails) if (!rail.group) drawWords(paint, rail, scene.place.compact);
  const items = moving.items();
  for (const item of items) drawItem(paint, item);
  scene.corners = picked && pickedBox(scene, items, picked);
  if (scene.corners) drawCorners(paint, scene.corners);
  drawFoot(paint, scene);
  context.restore();
}

function drawHead(paint, scene) {
  const { place, trace } = scene;
  const { theme } = paint;
  const { left, right, headings, callers } = place;
  const title = paint.text(trace.title, left, place.rect.y + 25, {
    size: 16,
    weight: 700,
    room: (right - left) * 0.7,
  });
  const after = left + paint.width(title, 16, 700) + 10;
  const parts = trace.subtitle.split(" · ");
  const shorter = parts.map((_, index) => parts.slice(index).join(" · "));
  const subtitle = paint.firstFit(shorter, right - after, 12, 400);
  paint.text(subtitle, after, place.rect.y + 25, { size: 12, colour: theme.muted, room: right - after });
  if (callers.label) paint.heading("callers", callers.label.x, callers.label.y, 60);
  if (!trace.size) paint.text("Nothing happened in this trace.", left, headings + 24, { colour: theme.muted });
}

// Over the lines that lead from callers down to the rows.
function drawHeadings(paint, { place, trace }) {
  const { columns, headings } = place;
  const shared = [...place.queues.keys()].filter((queue) => trace.queues[queue].role === "pool").length;
  const one = shared === 1 && place.cast.workers.length !== 1;
  const middle = one ? (place.compact ? "queue" : "one queue") : place.compact ? "queues" : "taskprocessors";
  if (place.cast.serializers.length)
    paint.heading("serializers", columns.serializers.x, headings, columns.serializers.width);
  if (place.queues.size)
    paint.heading(middle, columns.queues.x, headings, columns.queues.width + (place.compact ? 14 : 30));
  if (place.cast.workers.length) paint.heading("threads", columns.threads.x, headings, columns.threads.width);
}

function drawLine(paint, line) {
  const { theme } = paint;
  if (line.kind === "serves") {
    if (line.busy) paint.flow(line.from, line.to, theme.good);
    else paint.flow(line.from, line.to, theme.rail, { width: 1 });
  } else if (line.kind === "turn") paint.flow(line.from, line.to, theme.rail, { width: 1.6 });
  else paint.flow(line.from, line.to, paint.style(line.owner).edge, { width: 2.4, head: false, via: line.via });
}

function drawRail(paint, rail, moving) {
  const { context, theme } = paint;
  const { row } = rail;
  if (rail.group) {
    drawGroup(paint, groupBox(row), rail.parts);
    return;
  }
  context.save();
  if (rail.faint) context.globalAlpha = FAINT;
  context.fillStyle = theme.panel;
  context.fillRect(row.x, row.rail - 1, row.width, row.bottom - row.rail + 2);
  context.strokeStyle = rail.alert ? theme.bad : theme.rail;
  context.lineWidth = 1.6;
  context.beginPath();
  context.moveTo(row.x, row.rail);
  context.lineTo(row.gate, row.rail);
  context.moveTo(row.x, row.bottom);
  context.lineTo(row.gate, row.bottom);
  context.stroke();
  drawGate(paint, row, moving.level(`gate ${rail.queue}`, rail.closed));
  context.restore();
}

// What is written at a rail, over all lines: its name, whether it is paused, what waits.
function drawWords(paint, rail, compact) {
  const { theme } = paint;
  const { row } = rail;
  const above = rail.more && !rail.inside && row.name !== null ? paint.width(rail.more, 11, 700) + 4 : 0;
  if (row.name !== null) {
    const colour = rail.faint ? theme.muted : rail.acting ? theme.accent : theme.ink;
    const weight = rail.faint ? 400 : 600;
    const key = rail.key ? KEY : 0;
    if (key) paint.swatch(row.x, row.name - 9, 11, 10, 2.5, paint.style(rail.queue));
    const room = row.width - 5 - above - key;
    paint.text(rail.name, row.x + key, row.name, { size: 11, weight, room, halo: theme.panel, colour });
  }
  if (rail.word) {
    const y = row.bottom - row.rail > 24 ? row.rail + 7 : row.middle + 4;
    const size = compact ? 9.5 : 11;
    paint.text(rail.word, row.gate + (compact ? 6 : 8), y, {
      size,
      weight: 700,
      colour: theme.badText,
      halo: theme.panel,
    });
  }
  if (rail.notes.length && row.note !== null) {
    const room = row.width + (compact ? 8 : 40);
    const note = paint.firstFit(rail.notes, room, 11, 400);
    paint.text(note, row.x, row.note, { size: 11, colour: theme.badText, room, halo: theme.panel });
  }
  if (rail.more) {
    const options = { size: 11, weight: 700, colour: theme.muted, halo: theme.panel };
    if (above) paint.text(rail.more, row.gate - 6, row.name, { ...options, align: "right" });
    else if (rail.inside)
      paint.text(rail.more, row.x + 1, row.middle + 4, { ...options, room: row.token.width + 14 });
    else paint.text(rail.more, row.x - 3, row.middle + 4, { ...options, align: "right" });
  }
  for (const x of rail.gaps) drawGap(paint, x, row.middle);
}

// Tasks that are not shown stand between two that are.
function drawGap({ context, theme }, x, y) {
  context.fillStyle = theme.muted;
  for (const down of [-4, 0, 4]) {
    context.beginPath();
    context.arc(x, y + down, 1.1, 0, 7);
    context.fill();
  }
}

// Two green marks let through; a bar from rail to rail does not.
function drawGate(paint, row, closed) {
  const { context, theme } = paint;
  const reach = (row.bottom - row.rail) / 2 + row.reach;
  context.lineCap = "round";
  context.lineWidth = 4 + closed;
  context.strokeStyle = closed > 0.25 ? theme.bad : theme.good;
  const short = row.reach + 1;
  const length = short + (reach - short) * closed;
  context.beginPath();
  context.moveTo(row.gate, row.middle - reach);
  context.lineTo(row.gate, row.middle - reach + length);
  context.moveTo(row.gate, row.middle + reach);
  context.lineTo(row.gate, row.middle + reach - length);
  context.stroke();
  context.lineCap = "butt";
}

function drawCaller(paint, chip) {
  const { theme } = paint;
  const { x, y, width, height } = chip.box;
  if (chip.acting) paint.box(x - 2.5, y - 2.5, width + 5, height + 5, 13, null, theme.accent, 1.5);
  paint.box(x, y, width, height, 11, chip.blocked ? theme.blocked : chip.faint ? theme.panel : theme.bar, null);
  if (chip.blocked) paint.hatched(x, y, width, height, 11);
  paint.box(x, y, width, height, 11, null, chip.blocked ? theme.bad : theme.edge, chip.blocked ? 1.5 : 1);
  const halo = chip.blocked ? theme.blocked : undefined;
  const room = width - 18;
  const weight = chip.faint ? 400 : 600;
  const colour = chip.faint ? theme.muted : theme.ink;
  const name = paint.text(chip.name, x + 10, y + 15, { size: 11, weight, room, halo, colour });
  const left = room - paint.width(name, 11, weight) - 6;
  const words = paint.firstFit(chip.needs, left, 11, 400);
  if (chip.blocked && paint.width(words, 11, 400) <= left) {
    paint.text(words, x + 10 + room - left, y + 15, { size: 11, colour: theme.badText, halo });
  }
}

function drawFoot(paint, scene) {
  const { theme } = paint;
  const { tray, status } = scene.place;
  if (!scene.trace.size) return;
  if (scene.status.text) {
    const colour = scene.status.tone === "bad" ? theme.badText : theme.goodText;
    paint.text(scene.status.text, status.x, status.y, { size: 12, weight: 700, colour, room: status.width });
  }
  paint.text(`done ${scene.done.count.toLocaleString("en")}`, tray.x, tray.y + 11, { size: 11, colour: theme.muted });
}
