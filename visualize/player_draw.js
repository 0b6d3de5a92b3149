// Draws one scene: panel, rails and gates, lines, callers, threads, and the tokens where they are at this moment.

export function drawScene(paint, scene, moving) {
  const { context } = paint;
  const { rect } = scene.place;
  context.save();
  paint.box(rect.x + 0.5, rect.y + 0.5, rect.width - 1, rect.height - 1, 10, paint.theme.panel, paint.theme.edge);
  context.clip();
  drawHead(paint, scene);
  for (const line of scene.lines) if (line.kind !== "needs") drawLine(paint, line);
  for (const line of scene.lines) if (line.kind === "needs" && line.faint) paint.need(line.from, line.to, true);
  for (const rail of scene.rails) drawRail(paint, rail, moving, scene.place.compact);
  for (const box of scene.boxes) drawThread(paint, box, moving, scene.place.compact);
  for (const chip of scene.chips) drawCaller(paint, chip);
  for (const line of scene.lines) if (line.kind === "needs" && !line.faint) paint.need(line.from, line.to, false);
  for (const item of moving.items()) drawItem(paint, item);
  drawFoot(paint, scene);
  context.restore();
}

function drawHead(paint, scene) {
  const { place, trace } = scene;
  const { theme } = paint;
  const { left, right, columns, headings, callers } = place;
  paint.text(trace.title, left, place.rect.y + 25, { size: 16, weight: 700, room: right - left });
  paint.text(trace.subtitle, left, place.rect.y + 42, { size: 12, colour: theme.muted, room: right - left });
  if (callers.label) paint.heading("callers", callers.label.x, callers.label.y, 60);
  if (!trace.size) {
    paint.text("Nothing happened in this trace.", left, headings + 24, { colour: theme.muted });
    return;
  }
  const shared = [...place.queues.keys()].filter((queue) => trace.queues[queue].role === "pool").length;
  const one = shared === 1 && place.cast.workers.length !== 1;
  const middle = one ? (place.compact ? "queue" : "one queue") : place.compact ? "queues" : "taskprocessors";
  if (place.cast.serializers.length) paint.heading("serializers", columns.serializers.x, headings, columns.serializers.width);
  if (place.queues.size) paint.heading(middle, columns.queues.x, headings, columns.queues.width + (place.compact ? 14 : 30));
  if (place.cast.workers.length) paint.heading("threads", columns.threads.x, headings, columns.threads.width);
}

function drawLine(paint, line) {
  const { theme } = paint;
  if (line.kind === "serves") {
    const colour = line.busy ? theme.good : theme.rail;
    paint.flow(line.from, line.to, colour, { alpha: line.busy ? 0.9 : 0.55 });
  } else if (line.kind === "turn") paint.flow(line.from, line.to, theme.rail, { width: 1.6 });
  else paint.flow(line.from, line.to, paint.style(line.owner).edge, { width: 2.4, alpha: 0.85, head: false });
}

function drawRail(paint, rail, moving, compact) {
  const { context, theme } = paint;
  const { row } = rail;
  if (rail.group) {
    drawGroup(paint, { x: row.x, y: row.top + 2, width: row.width, height: 34 }, rail.parts);
    return;
  }
  context.save();
  if (rail.faint) context.globalAlpha = 0.35;
  if (row.name !== null) {
    paint.text(rail.name, row.x, row.name, {
      size: 11, weight: 600, room: row.width - 5, halo: theme.panel, colour: rail.acting ? theme.accent : theme.ink,
    });
  }
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
  if (rail.word) {
    const y = row.bottom - row.rail > 24 ? row.rail + 7 : row.middle + 4;
    paint.text(rail.word, row.gate + 8, y, { size: compact ? 10 : 11, weight: 700, colour: theme.badText, halo: theme.panel });
  }
  if (rail.notes.length && row.note !== null) {
    const room = row.width + (compact ? 8 : 40);
    const note = paint.firstFit(rail.notes, room, 11, 400);
    paint.text(note, row.x, row.note, { size: 11, colour: theme.badText, room, halo: theme.panel });
  }
  if (rail.more) {
    const text = `+${rail.more.toLocaleString("en")}`;
    paint.text(text, row.x + 1, row.middle + 4, { size: 11, weight: 700, colour: theme.muted, room: row.token.width + 14 });
  }
  context.restore();
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

// What there was no room for, counted: all of it where it fits, else the first facts, on one line or two.
function drawGroup(paint, box, parts) {
  const { theme } = paint;
  const { x, y, width, height } = box;
  const options = { size: 11, weight: 600, colour: theme.muted, room: width - 12 };
  paint.box(x, y, width, height, 6, theme.bar, theme.edge);
  const asMany = (some) => paint.firstFit(some.map((_, index) => some.slice(0, some.length - index).join(", ")), width - 14, 11, 600);
  const first = asMany(parts);
  if (first !== parts.join(", ") && height >= 30) {
    paint.text(parts[0], x + 7, y + 14, options);
    paint.text(asMany(parts.slice(1)), x + 7, y + 28, options);
  } else paint.text(first, x + 7, y + height / 2 + 4, options);
}

const WORDS = { blocked: "blocked", running: "running", idle: "idle", stopped: "stopped" };

function drawThread(paint, shown, moving, compact) {
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
  const colour = status === "blocked" ? theme.bad : status === "running" ? theme.good : theme.rail;
  const text = status === "blocked" ? theme.badText : status === "running" ? theme.goodText : theme.muted;
  const line = shown.tier === "line";
  const radius = line ? 6 : 8;
  context.save();
  if (status === "stopped") context.globalAlpha = 0.5;
  if (shown.acting) paint.box(x - 3, y - 3, width + 6, height + 6, radius + 3, null, theme.accent, 1.5);
  paint.box(x, y, width, height, radius, blocked > 0.5 ? theme.blocked : theme.panel, null);
  if (blocked) paint.hatched(x, y, width, height, radius, blocked);
  paint.box(x, y, width, height, radius, null, colour, 2);
  const base = line ? y + height / 2 + 4 : y + 17;
  context.beginPath();
  context.arc(x + 13, base - 4, line ? 3.5 : 5, 0, 7);
  context.fillStyle = colour;
  context.fill();
  const halo = blocked ? theme.blocked : undefined;
  if (line) {
    paint.text(shown.name, x + 20, base, { size: 10.5, weight: 700, room: width * 0.46 - (shown.deeper ? 42 : 24), halo });
    if (status === "idle") paint.text(WORDS[status], x + width - 6, base, { size: 10.5, colour: text, align: "right" });
  } else {
    const size = compact ? 11 : 12;
    const words = shown.tier === "middle" && shown.needs.length ? shown.needs : [WORDS[status]];
    const word = paint.firstFit(words, width - 100, 11, 700);
    const room = width - 37 - paint.width(word, 11, 700);
    paint.text(shown.name, x + 23, base, { size, weight: 700, room, halo });
    paint.text(word, x + width - 8, base, { size: 11, weight: 700, colour: text, align: "right", room: width - 60, halo });
  }
  if (shown.deeper) {
    const more = `+${shown.deeper}`;
    const options = { size: 10, weight: 700, colour: theme.muted, halo: blocked ? theme.blocked : theme.panel };
    if (line) paint.text(more, x + width * 0.46 - 4, base, { ...options, align: "right" });
    else paint.text(more, x + 8, shown.deeperAt + 4, options);
  }
  if (shown.tier === "full" && shown.needs.length) {
    const needs = paint.firstFit(shown.needs, width - 8, 11, 600);
    paint.text(needs, x + 8, y + height + 15, { size: 11, weight: 600, colour: theme.badText, room: width - 8, halo: theme.panel });
  }
  context.restore();
}

function drawCaller(paint, chip) {
  const { context, theme } = paint;
  const { x, y, width, height } = chip.box;
  context.save();
  if (chip.faint) context.globalAlpha = 0.45;
  if (chip.acting) paint.box(x - 2.5, y - 2.5, width + 5, height + 5, 13, null, theme.accent, 1.5);
  paint.box(x, y, width, height, 11, chip.blocked ? theme.blocked : theme.bar, null);
  if (chip.blocked) paint.hatched(x, y, width, height, 11);
  paint.box(x, y, width, height, 11, null, chip.blocked ? theme.bad : theme.edge, chip.blocked ? 1.5 : 1);
  const halo = chip.blocked ? theme.blocked : undefined;
  const room = width - 18;
  const name = paint.text(chip.name, x + 10, y + 15, { size: 11, weight: 600, room: chip.blocked ? Math.max(room - 44, room * 0.5) : room, halo });
  if (chip.blocked) {
    const used = paint.width(name, 11, 600) + 6;
    const words = paint.firstFit(chip.needs, room - used, 11, 400);
    paint.text(words, x + 10 + used, y + 15, { size: 11, colour: theme.badText, room: room - used, halo });
  }
  context.restore();
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
  paint.box(x, y, width, height, radius, style.colour);
  paint.overlay(x, y, width, height, radius, style.pattern, style.ink === "#FFFFFF" ? "rgba(255,255,255,.7)" : "rgba(17,17,17,.45)");
  paint.box(x + 0.5, y + 0.5, width - 1, height - 1, radius, null, edge, item.shape === "checkpoint" ? 2 : 1);
  const inset = item.shape === "turn" ? (small ? 2 : 3.5) : 3;
  const tall = small ? height - 4 : 13;
  paint.box(x + inset, y + (height - tall) / 2, width - 2 * inset, tall, item.shape === "turn" ? tall / 2 : 3, "rgba(255,255,255,.92)");
  const size = small ? 9.5 : 11;
  paint.text(String(item.key), x + width / 2, y + height / 2 + size * 0.36, { size, weight: 700, colour: "#111111", align: "center" });
}

function drawCard(paint, item) {
  const { theme } = paint;
  const style = paint.style(item.owner);
  const { x, y, width, height } = item;
  const turn = item.shape === "turn";
  const radius = turn ? height / 2 : 5;
  paint.box(x, y, width, height, radius, theme.panel, item.shape === "checkpoint" ? theme.bad : style.edge, turn ? 1 : 1.5);
  const room = width - item.token - 12;
  if (room < 12) return;
  const size = height < 19 ? 10 : 12;
  const label = item.inline ? `inline: ${item.label}` : item.label;
  const colour = turn ? theme.muted : theme.ink;
  paint.text(label, x + item.token + 6, y + height / 2 + size * 0.36, { size, colour, room });
}

// In the tray: a small square; a cross for what failed, hollow for what never ran.
function drawDone(paint, item) {
  const { context, theme } = paint;
  const style = paint.style(item.owner);
  const { x, y, width, height } = item;
  const hollow = item.done === "task_discarded";
  paint.box(x, y, width, height, 3, hollow ? theme.panel : style.colour);
  if (!hollow) {
    paint.overlay(x, y, width, height, 3, style.pattern, style.ink === "#FFFFFF" ? "rgba(255,255,255,.7)" : "rgba(17,17,17,.45)");
  }
  if (hollow) context.setLineDash([2, 2]);
  paint.box(x + 0.5, y + 0.5, width - 1, height - 1, 3, null, item.done === "task_failed" ? theme.bad : style.edge, item.done === "task_failed" ? 2 : 1);
  if (item.done !== "task_failed") return;
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
