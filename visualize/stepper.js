// The stepper's panel: drawn anew from what Python says after each move; what is clicked goes back as a message.

const STRIDES = [
  ["operation", "one operation"],
  ["event", "up to its pool's next event"],
  ["wait", "until it must wait"],
];
const SLOW_MS = 600;
const LAST = 6; // moves that are always in sight

function make(tag, facts, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(facts ?? {})) {
    if (value === false || value === null || value === undefined) continue;
    if (name === "onclick") element.addEventListener("click", value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== "" && child !== false));
  return element;
}

function render({ model, el }) {
  let typed = "";
  let slow = 0;
  let earlierShown = false;
  let busy = false;
  const status = make("p", { class: "status", role: "status", "aria-live": "polite" });
  const body = make("div");
  const root = make("section", { "aria-label": "Stepper", "data-lm-suppress-shortcuts": "true" }, status, body);
  el.classList.add("taskpool-stepper");
  el.append(root);

  function send(act, facts) {
    busy = true;
    root.setAttribute("aria-busy", "true");
    clearTimeout(slow);
    slow = setTimeout(() => {
      if (busy) status.textContent = act === "ask" ? "Searching …" : "Waiting for the kernel, which is busy …";
    }, SLOW_MS);
    model.send({ act, ...facts });
  }

  function button(key, text, act, facts, options) {
    return make(
      "button",
      { type: "button", "data-key": key, onclick: () => send(act, facts), ...options },
      text,
    );
  }

  function draw() {
    const view = model.get("view");
    busy = false;
    clearTimeout(slow);
    root.removeAttribute("aria-busy");
    const focused = root.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    const parts = view.closed ? [make("header", {}, make("h3", {}, view.title || "Stepper"))] : sections(view);
    body.replaceChildren(...parts);
    root.insertBefore(status, body);
    status.className = view.error ? "status bad" : "status";
    status.textContent = view.error ? `⚠ ${view.error}` : [view.said, view.headline].filter(Boolean).join(" ");
    if (focused !== null && focused !== undefined) refocus(focused);
  }

  function refocus(key) {
    const wanted = [...body.querySelectorAll("[data-key]")].find((one) => one.dataset.key === key && !one.disabled);
    const other = body.querySelector("button.go:not(:disabled)") ?? body.querySelector('[data-key="undo"]:not(:disabled)');
    (wanted ?? other)?.focus({ preventScroll: true });
  }

  function sections(view) {
    return [
      head(view),
      goal(view),
      answer(view),
      problems(view),
      threads(view),
      controls(view),
      make("div", { class: "columns" }, queues(view), moves(view)),
      stage(view),
    ].filter(Boolean);
  }

  function head(view) {
    const title = make("h3", { title: view.title }, view.title);
    return make("header", {}, title, make("span", { class: "counts" }, view.counts));
  }

  function goal(view) {
    if (!view.goal) return null;
    const mark = view.reached ? "✓ " : "";
    return make(
      "p",
      { class: view.reached ? "goal reached" : "goal" },
      make("b", {}, `Goal: ${view.goal}.`),
      ` ${mark}${view.judgement}`,
    );
  }

  function answer(view) {
    const told = view.answer;
    if (!told) return null;
    const show = told.verdict === "yes" && told.more ? button("show", "Take me there", "show", {}) : null;
    return make("p", { class: "answer" }, make("b", {}, "Can it still deadlock? "), told.text, " ", show);
  }

  function problems(view) {
    const found = view.finding;
    if (!found && !view.problems.length) return null;
    return make(
      "div",
      { class: "problem" },
      ...view.problems.map((line) => make("p", {}, line)),
      found && make("p", {}, make("b", {}, `${found.kind}. `), found.message),
      found && found.lines.length ? make("ul", {}, ...found.lines.map((line) => make("li", {}, line))) : null,
    );
  }

  function threads(view) {
    const order = view.threads.filter((one) => one.state === "can go on").map((one) => one.number);
    return make(
      "ul",
      { class: "threads", "aria-label": "Threads" },
      ...view.threads.map((one) => thread(one, order.indexOf(one.number))),
    );
  }

  function thread(one, place) {
    const kind = { "can go on": "able", waits: "stuck", ended: "ended" }[one.state];
    const code = one.where
      ? make("span", { class: "line", title: one.code }, make("span", {}, one.where), one.code && make("code", {}, one.code))
      : null;
    const name = make("b", { title: one.name }, one.short);
    const inside = one.stack.map((task, depth) => make("span", { class: "task" }, `${"↳ ".repeat(depth && 1)}${task}`));
    const stack = inside.length ? make("span", { class: "stack", "aria-label": "in" }, ...inside) : null;
    if (kind === "able") {
      const says = make("span", { class: "does" }, one.text);
      const hint = place < 9 ? make("kbd", { "aria-hidden": "true" }, String(place + 1)) : null;
      const go = button(`thread-${one.number}`, "", "step", { thread: one.number }, { class: "go" });
      go.append(...[hint, name, says, code].filter(Boolean));
      return make("li", { class: kind }, go, stack);
    }
    const word = kind === "stuck" ? one.text : "has ended";
    return make("li", { class: kind }, make("div", { class: "row" }, name, make("span", { class: "does" }, word), code), stack);
  }

  function controls(view) {
    const none = view.made === 0;
    const stride = make(
      "select",
      { "data-key": "stride", "aria-label": "A choice goes" },
      ...STRIDES.map(([value, text]) => make("option", { value, selected: value === view.stride }, text)),
    );
    stride.addEventListener("change", () => send("stride", { stride: stride.value }));
    const schedule = make("input", {
      "data-key": "schedule", class: "schedule", readonly: true, "aria-label": "Schedule so far", value: view.schedule,
    });
    schedule.addEventListener("focus", () => schedule.select());
    const copy = make("button", { type: "button", "data-key": "copy", onclick: () => copied(schedule) }, "Copy");
    const wanted = make("input", {
      "data-key": "load", class: "schedule", "aria-label": "Schedule to load", placeholder: "1:2 2:3", value: typed,
    });
    wanted.addEventListener("input", () => (typed = wanted.value));
    const load = () => send("load", { schedule: wanted.value });
    wanted.addEventListener("keydown", (event) => event.key === "Enter" && load());
    return make(
      "div",
      { class: "controls" },
      make(
        "div",
        { class: "group" },
        button("undo", "Undo", "undo", { moves: 1 }, { disabled: none }),
        button("undo5", "Undo 5", "undo", { moves: 5 }, { disabled: none }),
        button("restart", "Start again", "undo", { moves: 1e9 }, { disabled: none }),
        button("run", "Run on", "run", {}, { disabled: view.over }),
      ),
      make("div", { class: "group" }, button("ask", "Can this still deadlock?", "ask", {}, { class: "main" })),
      make("label", {}, make("span", {}, "A choice goes"), stride),
      make("div", { class: "group" }, make("label", {}, make("span", {}, "Schedule"), schedule), copy,
        view.meaning && make("span", { class: "meaning" }, view.meaning)),
      make(
        "div",
        { class: "group" },
        make("label", {}, make("span", {}, "Load"), wanted),
        make("button", { type: "button", "data-key": "loading", onclick: load }, "Load"),
      ),
      make("div", { class: "group end" }, button("close", "Close", "close", {})),
    );
  }

  function copied(field) {
    const said = () => (status.textContent = `Copied: ${field.value}`);
    const by_hand = () => {
      field.select();
      document.execCommand("copy");
      said();
    };
    if (navigator.clipboard) navigator.clipboard.writeText(field.value).then(said, by_hand);
    else by_hand();
  }

  function queues(view) {
    if (!view.queues.length) return null;
    const rows = view.queues.map((queue) =>
      make(
        "tr",
        {},
        make("th", { scope: "row", title: queue.name }, queue.name, make("small", {}, ` ${queue.kind}`)),
        make("td", {}, queue.note || "–"),
        make("td", {}, queue.items.length ? queue.items.join(", ") : "empty"),
      ),
    );
    const top = ["queue", "is", "holds, next first"].map((text) => make("th", { scope: "col" }, text));
    return make("div", {}, make("h4", {}, "Queues"),
      make("table", {}, make("thead", {}, make("tr", {}, ...top)), make("tbody", {}, ...rows)));
  }

  function moves(view) {
    if (!view.moves.length) return null;
    const list = (items) => make("ol", { class: "moves", reversed: true }, ...items);
    const items = [...view.moves].reverse().map((move) =>
      make(
        "li",
        { value: move.number },
        make("b", {}, move.thread), ` ${move.did}`, move.steps > 1 ? make("small", {}, ` (${move.steps} steps)`) : "",
        move.number < view.made
          ? button(`back-${move.number}`, "back to here", "undo", { moves: view.made - move.number }, { class: "small" })
          : null,
      ),
    );
    const parts = [make("h4", {}, "What you did, newest first"), list(items.slice(0, LAST))];
    if (view.made > LAST) {
      const earlier = make("details", { open: earlierShown },
        make("summary", { "data-key": "earlier" }, `${view.made - LAST} earlier`), list(items.slice(LAST)));
      const cut = view.made - items.length;
      if (cut) earlier.append(make("p", {}, `… and the first ${cut}, which are not listed.`));
      earlier.addEventListener("toggle", () => (earlierShown = earlier.open));
      parts.push(earlier);
    }
    return make("div", {}, ...parts);
  }

  function stage(view) {
    if (!view.stage) return null;
    const picture = make("div", { class: "stage", tabindex: "0", role: "group", "aria-label": "Timeline so far" });
    picture.innerHTML = view.stage; // drawn by visualize.timeline, which escapes every name
    const told = make("ul", { class: "told" }, ...view.events.map((sentence) => make("li", {}, sentence)));
    return make("details", { open: true }, make("summary", {}, "So far, and what happened last"), told, picture);
  }

  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT)$/.test(event.target.tagName)) return;
    const able = [...body.querySelectorAll("button.go")];
    const key = event.key.toLowerCase();
    const target = /^[1-9]$/.test(key) ? able[key - 1] : { u: body.querySelector('[data-key="undo"]') }[key];
    if (target && !target.disabled) {
      target.focus({ preventScroll: true });
      target.click();
      event.preventDefault();
    }
    event.stopPropagation();
  });
  model.on("change:view", draw);
  draw();
  return () => {
    clearTimeout(slow);
    model.off("change:view", draw);
  };
}

export default { render };
