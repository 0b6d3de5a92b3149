// Which of a queue's tasks are drawn as tokens, and where: those next to its gate, and whoever somebody waits for,
// wherever in the queue it stands. What is left out is counted, and each gap that it leaves is marked. Of a thread's
// stack as many cards are drawn as it has room for.

import { NONE } from "./player_trace.js";

export const CARD = 22; // pixels that a task's card is high
export const TURN = 15; // and a turn's

// The tasks that a blocked thread waits for.
export function awaitedTasks({ trace, waits }) {
  return new Set([...waits.values()].map((at) => trace.task[at]).filter((task) => task !== NONE));
}

// {shown: [{task, x}, …], gaps: [x, …], more, inside}: `more` are not shown, counted inside the rails if there is room.
export function tokensOf(tasks, row, awaited) {
  const chosen = chosenOf(tasks, row.room, awaited);
  const { width } = row.token;
  const most = (row.width - 6 - width) / Math.max(1, chosen.length - 1);
  const step = Math.min(width + 4, most);
  const shown = chosen.map(({ task }, index) => ({ task, x: row.gate - 5 - width - index * step }));
  const gaps = [];
  chosen.forEach(({ place }, index) => {
    if (place > (index ? chosen[index - 1].place + 1 : 0)) gaps.push(shown[index].x + width + (step - width) / 2);
  });
  return { shown, gaps, more: tasks.size - shown.length, inside: shown.length < Math.max(2, row.room) };
}

// [{task, place in the queue}, …], next first: all that are waited for, and of the others the first that have room
// beside them. One place is left free for the count, unless those that are waited for need it.
function chosenOf(tasks, room, awaited) {
  const all = tasks.size <= room;
  const waited = [...awaited].filter((task) => tasks.has(task)).length;
  let free = all ? room : Math.max(1, room - 1) - waited;
  let missing = waited;
  let place = 0;
  const chosen = [];
  for (const task of tasks.keys()) {
    const wanted = awaited.has(task);
    if (wanted) missing--;
    else if (!all) free--;
    if (all || wanted || free >= 0) chosen.push({ task, place });
    else if (!missing) break;
    place++;
  }
  return chosen;
}

export function tasksOf(cards) {
  return cards.filter((card) => !card.turn);
}

// As many cards as there is room for: the turns go first, then those in the middle, then what is waited for.
export function fitting(cards, room, awaited) {
  const total = (list) => list.reduce((sum, card) => sum + (card.turn ? TURN : CARD) + 3, 0);
  let shown = cards;
  while (shown.length > 1 && total(shown) > room) {
    const inner = shown.findIndex((card, index) => index && index < shown.length - 1 && !awaited.has(card.task));
    const turn = shown.findIndex((card) => card.turn);
    shown = shown.toSpliced(turn >= 0 ? turn : inner >= 0 ? inner : shown.length > 2 ? 1 : 0, 1);
  }
  return shown;
}
