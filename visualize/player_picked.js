// What was picked, marked on the stage and on the strip: four corners around it, which the event's own ring never has.
// A picked token keeps its corners wherever it goes; what is drawn only as a part of something is marked there.

const CORNER = 8;

// The box of a target among a scene's items, as they are drawn at this moment; null where nothing of it is shown.
export function pickedBox(scene, items, target) {
  if (target.group) return groupWith(scene, target.type, target.group[0]);
  if (target.type === "thread") return threadBox(scene, target.thread);
  if (target.type === "queue") return queueBox(scene, target.queue);
  const item =
    items.find(({ key, done }) => key === target.task && !done) ?? items.find(({ key }) => key === target.task);
  if (item) return { x: item.x, y: item.y, width: item.card ? item.width : item.token, height: item.height };
  const { queue, thread } = scene.state.whereIs(target.task);
  if (queue !== undefined) return queueBox(scene, queue);
  return thread === undefined ? null : threadBox(scene, thread);
}

function threadBox(scene, thread) {
  const shown = [...scene.boxes, ...scene.chips].find((one) => one.thread === thread);
  return shown?.box ?? groupWith(scene, "threads", thread);
}

function queueBox(scene, queue) {
  const rail = scene.rails.find((one) => one.queue === queue);
  if (!rail) return groupWith(scene, "queues", queue);
  const { row } = rail;
  const top = row.name === null ? row.rail : row.top;
  return { x: row.x, y: top, width: row.gate - row.x, height: row.bottom - top };
}

// The box that counts what there was no room for, if `member` is part of it.
function groupWith(scene, type, member) {
  if (type === "queues") {
    const rail = scene.rails.find(({ group }) => group?.includes(member));
    return rail ? groupBox(rail.row) : null;
  }
  return [...scene.boxes, ...scene.chips].find(({ group }) => group?.includes(member))?.box ?? null;
}

export function groupBox(row) {
  return { x: row.x, y: row.top + 2, width: row.width, height: 34 };
}

// Corners around a box, further out than the event's ring.
export function drawCorners(paint, box) {
  const { context, theme } = paint;
  const away = Math.min(box.width, box.height) < 24 ? 3.5 : 6;
  const [left, top, right, bottom] = [
    box.x - away,
    box.y - away,
    box.x + box.width + away,
    box.y + box.height + away,
  ];
  const reach = Math.min(CORNER, (right - left) / 3, (bottom - top) / 3);
  context.save();
  context.lineJoin = context.lineCap = "round";
  context.beginPath();
  for (const [x, y, across, down] of [
    [left, top, reach, reach],
    [right, top, -reach, reach],
    [right, bottom, -reach, -reach],
    [left, bottom, reach, -reach],
  ]) {
    context.moveTo(x + across, y);
    context.lineTo(x, y);
    context.lineTo(x, y + down);
  }
  for (const [colour, width] of [
    [theme.panel, 5.5],
    [theme.ink, 2.5],
  ]) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke();
  }
  context.restore();
}

// Whether a bar that begins with the event at a position is of what was picked; threads are marked as whole lanes.
export function isPickedBar(trace, target, at) {
  if (target?.run !== trace.number) return false;
  if (target.type === "task") return trace.task[at] === target.task;
  return target.type === "queue" && trace.queue[at] === target.queue;
}

export function isPickedLane(trace, target, slot) {
  return target?.run === trace.number && target.type === "thread" && trace.threads[target.thread].slot === slot;
}
