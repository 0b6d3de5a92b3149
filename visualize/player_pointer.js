// The mouse: drag the playhead, zoom and move the strip, point at things to read their names, click them to ask.

import { barInWords, inWords } from "./player_history.js";

export function bindPointer(player) {
  bindStrip(player);
  bindStage(player);
}

function bindStrip(player) {
  const canvas = player.find("strip");
  const { strip } = player;
  let dragged = null;
  const scrub = (event) => {
    player.stop();
    player.go(player.axis.cueAt(strip.placeAt(event.offsetX)));
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    canvas.focus({ preventScroll: true });
    const pan = event.shiftKey && strip.zoomed;
    dragged = pan ? { x: event.offsetX, low: strip.view.low } : "playhead";
    if (!pan) scrub(event);
    event.preventDefault();
  });
  const tip = player.find("strip-tip");
  const point = (event) => {
    const bar = dragged ? null : strip.find(event.offsetX, event.offsetY);
    showTip(tip, player.find("strip-box"), event, bar ? barInWords(player.traces[bar.run], bar) : "");
  };
  canvas.addEventListener("pointerleave", () => (tip.hidden = true));
  canvas.addEventListener("pointermove", (event) => {
    point(event);
    if (dragged === "playhead") scrub(event);
    else if (dragged) {
      strip.move(dragged.low - (strip.placeAt(event.offsetX) - strip.placeAt(dragged.x)));
      player.wake();
    }
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (dragged = null));
  canvas.addEventListener("dblclick", () => {
    strip.fit();
    player.wake();
  });
  canvas.addEventListener(
    "wheel",
    (event) => {
      const across = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
      if (event.ctrlKey || event.metaKey) strip.zoom(Math.exp(-event.deltaY / 200), strip.placeAt(event.offsetX));
      else if (strip.zoomed && across)
        strip.move(strip.view.low + (across / 600) * (strip.view.high - strip.view.low));
      else return; // the page scrolls
      event.preventDefault();
      player.wake();
    },
    { passive: false },
  );
}

function bindStage(player) {
  const canvas = player.find("stage");
  const tip = player.find("tip");
  const hide = () => {
    tip.hidden = true;
    canvas.classList.remove("over");
  };
  canvas.addEventListener("pointermove", (event) => {
    const target = player.stage.hit(event.offsetX, event.offsetY);
    if (!target) {
      hide();
      return;
    }
    canvas.classList.add("over");
    const text = target.group ? target.text : inWords(player.stage.scenes[target.run].state, target);
    showTip(tip, player.find("stage-box"), event, text);
  });
  canvas.addEventListener("pointerleave", hide);
  canvas.addEventListener("click", (event) => {
    window.focus();
    const target = player.stage.hit(event.offsetX, event.offsetY);
    if (target) player.pick(target);
  });
}

// Show a text beside the pointer, inside the box; an empty one hides it.
function showTip(tip, box, event, text) {
  tip.hidden = !text;
  if (!text) return;
  tip.textContent = text;
  const left = Math.max(0, Math.min(box.clientWidth - tip.offsetWidth, event.offsetX + 14));
  const below = event.offsetY + 20 + tip.offsetHeight <= box.clientHeight;
  tip.style.left = `${left}px`;
  tip.style.top = `${below ? event.offsetY + 20 : event.offsetY - tip.offsetHeight - 10}px`;
}
