// Keys and buttons. Keys work while the page has the focus; those that it knows go no further, others are left alone.

import { element } from "./player_panel.js";

// [keys, what they do, action]
function bindings(player) {
  return [
    [[" ", "k"], "play or pause", () => player.toggle()],
    [["ArrowRight", "l"], "next event", () => player.step(1)],
    [["ArrowLeft", "j"], "previous event", () => player.step(-1)],
    [["PageDown"], "a twentieth on", () => player.step(stride(player))],
    [["PageUp"], "a twentieth back", () => player.step(-stride(player))],
    [["Home"], "to the start", () => player.step(-player.cue)],
    [["End"], "to the end", () => player.step(player.cues.size - player.cue)],
    [["w"], "next wait", () => player.mark("wait")],
    [["W"], "previous wait", () => player.mark("wait", true)],
    [["p"], "next pause", () => player.mark("pause")],
    [["P"], "previous pause", () => player.mark("pause", true)],
    [["f"], "next failure", () => player.mark("failure")],
    [["F"], "previous failure", () => player.mark("failure", true)],
    [["d"], "first difference", () => toDifference(player)],
    [["["], "slower", () => player.changeSpeed(-1)],
    [["]"], "faster", () => player.changeSpeed(1)],
    [["+", "="], "zoom in", () => zoom(player, 1.6)],
    [["-"], "zoom out", () => zoom(player, 1 / 1.6)],
    [["0"], "the whole strip", () => zoom(player, 0)],
    [["a"], "what the strip shows: time, events, progress", () => nextAxis(player)],
    [["?"], "these keys", () => help(player)],
    [["Escape"], "close what is open", () => player.pick(null)],
  ];
}

const NAMES = {
  " ": "Space",
  ArrowRight: "→",
  ArrowLeft: "←",
  PageDown: "Page Down",
  PageUp: "Page Up",
  Escape: "Esc",
};

export function bindKeys(player) {
  const known = bindings(player);
  const actions = new Map(known.flatMap(([keys, , action]) => keys.map((key) => [key, action])));
  const name = (key) =>
    /^[A-Z]$/.test(key) ? `Shift ${key}` : (NAMES[key] ?? (key.length === 1 ? key.toUpperCase() : key));
  for (const [keys, what] of known) {
    const shown = keys
      .filter((key) => key !== "=")
      .flatMap((key, index) => [index ? " " : "", element("kbd", {}, name(key))]);
    player.find("help-keys").append(element("dt", {}, ...shown), element("dd", {}, what));
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const { target, key } = event;
    if (player.find("help").open) {
      if (key === "?") player.find("help").close();
      return;
    }
    if (target.tagName === "SELECT" && key !== "Escape") return;
    if ((key === " " || key === "Enter") && target.tagName === "BUTTON") return;
    const action = actions.get(key) ?? (event.shiftKey ? undefined : actions.get(key.toLowerCase()));
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  });
  bindButtons(player);
}

function bindButtons(player) {
  const click = (id, action) =>
    player.find(id).addEventListener("click", (event) => {
      if (player.find(id).getAttribute("aria-disabled") !== "true") action(event);
    });
  click("start", () => player.step(-player.cue));
  click("previous", () => player.step(-1));
  click("play", () => player.toggle());
  click("next", () => player.step(1));
  click("end", () => player.step(player.cues.size - player.cue));
  for (const kind of ["wait", "pause", "failure"]) click(kind, (event) => player.mark(kind, event.shiftKey));
  click("difference", () => toDifference(player));
  click("closer", () => zoom(player, 1.6));
  click("farther", () => zoom(player, 1 / 1.6));
  click("whole", () => zoom(player, 0));
  click("keys", () => help(player));
  player.find("speed").addEventListener("change", (event) => player.setSpeed(Number(event.target.value)));
  player.find("axis").addEventListener("change", (event) => player.useAxis(event.target.value));
}

function stride(player) {
  return Math.max(1, Math.round(player.cues.size / 20));
}

function toDifference(player) {
  if (player.difference === null) return;
  player.stop();
  player.go(player.difference);
}

// Zoom at the playhead; 0 shows everything.
function zoom(player, factor) {
  if (factor) player.strip.zoom(factor, player.playheadPlace());
  else player.strip.fit();
  player.wake();
}

function nextAxis(player) {
  const values = [...player.find("axis").options].map((option) => option.value);
  player.useAxis(values[(values.indexOf(player.by) + 1) % values.length]);
}

function help(player) {
  player.find("help").showModal();
}
