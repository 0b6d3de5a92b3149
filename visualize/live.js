// A live panel: buttons that ask the kernel for something, and what the kernel says about its pool, drawn as it comes.
// A click that stays without a reply waits for the kernel, and the panel says so.

const PATIENCE = 600;
const STATUS = { running: "▶ running", idle: "○ idle", blocked: "■ blocked", stopped: "ended" };
const ROLES = { manager: "manages the pool", outside: "from outside the pool" };

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function mark(element, name, value) {
  if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

// One element for each item, in their order. An item that stays keeps its element, and with it the focus.
function keyed(list, items, key, create, update) {
  list.kept ??= new Map();
  const wanted = new Set(items.map(key));
  for (const [name, element] of list.kept) {
    if (!wanted.has(name)) {
      element.remove();
      list.kept.delete(name);
    }
  }
  items.forEach((item, index) => {
    let element = list.kept.get(key(item));
    if (!element) {
      element = create(item);
      list.kept.set(key(item), element);
    }
    if (list.children[index] !== element) list.insertBefore(element, list.children[index] ?? null);
    update(element, item);
  });
}

function swatch(look) {
  const element = make("span", { class: "swatch", "data-pattern": look.pattern, "aria-hidden": "true" });
  element.style.setProperty("--swatch-fill", look.fill);
  element.style.setProperty("--swatch-edge", look.edge);
  element.style.setProperty("--swatch-ink", look.ink);
  if (look.letter) element.append(make("b", {}, look.letter));
  return element;
}

function tokens(list, tasks, more) {
  const key = JSON.stringify([tasks, more]);
  if (list.shown === key) return;
  list.shown = key;
  list.replaceChildren(
    ...tasks.map((task) => {
      const text = task.text + (task.inline ? " (inline)" : "");
      return make("li", { class: task.turn ? "turn" : "task", title: text }, swatch(task), make("span", {}, text));
    }),
    ...(more > 0 ? [make("li", { class: "plain" }, make("span", {}, `and ${more} more`))] : []),
  );
}

function choices(select, options) {
  const key = JSON.stringify(options);
  if (select.shown === key) return;
  select.shown = key;
  const chosen = select.value;
  select.replaceChildren(...options.map(([value, text]) => make("option", { value }, text)));
  if (options.some(([value]) => value === chosen)) select.value = chosen;
}

function threadRow() {
  const row = make("li");
  row.name = make("span", { class: "name" });
  row.badge = make("span", { class: "badge" });
  row.says = make("span", { class: "says" });
  row.tokens = make("ul", { class: "tokens stack" });
  row.why = make("p", { class: "why" });
  row.append(make("div", { class: "line" }, row.name, row.badge, row.says), row.tokens, row.why);
  return row;
}

function drawThread(row, thread) {
  mark(row, "data-status", thread.status);
  mark(row.name, "title", thread.name);
  say(row.name, thread.short);
  say(row.badge, STATUS[thread.status] ?? thread.status);
  say(row.says, [ROLES[thread.role], thread.for ? `for ${thread.for} s` : ""].filter(Boolean).join(", "));
  tokens(row.tokens, thread.tasks, 0);
  row.why.hidden = !thread.why;
  say(row.why, thread.why);
}

function queueRow(queue, ask) {
  const row = make("li");
  row.name = make("span", { class: "name" });
  row.badge = make("span", { class: "badge" });
  row.paused = make("span", { class: "badge" }, "‖ paused");
  row.says = make("p", { class: "says" });
  row.tokens = make("ul", { class: "tokens" });
  const line = make("div", { class: "line" }, swatch(queue), row.name, row.paused, row.badge);
  if (queue.kind === "serializer") {
    row.button = make("button", {
      type: "button",
      onclick: () => ask(row.held ? "resume" : "suspend", { name: queue.key }),
    });
    line.append(row.button);
  }
  row.append(line, row.says, row.tokens);
  return row;
}

function drawQueue(row, queue, stopped) {
  mark(row, "data-status", queue.status);
  mark(row, "data-closed", queue.closed);
  mark(row.name, "title", queue.name);
  say(row.name, queue.short);
  row.paused.hidden = !queue.closed;
  say(row.badge, `${queue.depth} queued`);
  say(row.says, queue.says);
  row.says.hidden = !queue.says;
  tokens(row.tokens, queue.tasks, queue.depth - queue.tasks.length);
  if (row.button) {
    row.held = queue.held;
    say(row.button, queue.held ? "Resume" : "Suspend");
    mark(row.button, "aria-label", `${queue.held ? "Resume" : "Suspend"} ${queue.short}`);
    row.button.disabled = stopped;
  }
}

function drawSaid(list, lines) {
  const below = list.scrollHeight - list.scrollTop - list.clientHeight < 8;
  keyed(
    list,
    lines,
    (line) => line.number,
    (line) => make("li", { "data-kind": line.kind }, make("span", { class: "head", title: line.head }, line.head), make("span", {}, line.text)),
    () => {},
  );
  if (below) list.scrollTop = list.scrollHeight;
}

function field(text, control) {
  return make("label", {}, text, control);
}

function build(ask) {
  const part = {
    title: make("h3"),
    headline: make("span", { class: "headline" }),
    counts: make("span", { class: "counts" }),
    onto: make("select"),
    count: make("input", { type: "number", min: 1, max: 500, value: 1 }),
    seconds: make("input", { type: "number", min: 0, max: 3600, step: 0.5, value: 2 }),
    asks: make("select"),
    pushes: make("span", { class: "pushes" }),
    name: make("input", { type: "text", class: "name", maxlength: 60, placeholder: "C" }),
    size: make("input", { type: "number", min: 0 }),
    range: make("span"),
    sizes: make("p", { class: "sizes" }),
    status: make("p", { class: "status", role: "status", "aria-live": "polite" }),
    threads: make("ul", { class: "rows" }),
    queues: make("ul", { class: "rows" }),
    hidden: make("p", { class: "quiet" }),
    log: make("ol", { class: "said", tabindex: 0, "aria-label": "What tasks printed, and failures" }),
    told: make("ol", { class: "said", tabindex: 0, "aria-label": "What happened" }),
  };
  part.stop = make("button", { type: "button", class: "main", onclick: () => ask("stop", {}) }, "Stop");
  const add = () => {
    ask("add", { name: part.name.value.trim() });
    part.name.value = "";
  };
  const resize = () => ask("resize", { size: part.size.valueAsNumber });
  const onEnter = (act) => (event) => {
    if (event.key === "Enter") act();
  };
  part.name.addEventListener("keydown", onEnter(add));
  part.size.addEventListener("keydown", onEnter(resize));
  part.resize = make(
    "fieldset",
    { "aria-label": "Size" },
    make("label", {}, part.range, part.size),
    make("button", { type: "button", onclick: resize }, "Set size"),
  );
  part.controls = make(
    "div",
    { class: "controls" },
    make(
      "fieldset",
      { "aria-label": "Push tasks" },
      field("push onto", part.onto),
      field("how many", part.count),
      part.pushes,
      field("slow takes (s)", part.seconds),
      field("nested asks", part.asks),
    ),
    make(
      "fieldset",
      { "aria-label": "Open a serializer" },
      field("new serializer", part.name),
      make("button", { type: "button", onclick: add }, "Open"),
    ),
    part.resize,
    part.stop,
  );
  part.root = make(
    "section",
    {},
    make("header", {}, part.title, part.headline, part.counts),
    part.controls,
    part.sizes,
    part.status,
    make(
      "div",
      { class: "columns" },
      make("div", {}, make("h4", {}, "Threads"), part.threads, part.hidden),
      make("div", {}, make("h4", {}, "Queues"), part.queues),
      make("div", {}, make("h4", {}, "Output and failures"), part.log),
      make("div", {}, make("h4", {}, "What happened"), part.told),
    ),
  );
  return part;
}

function draw(part, view, ask) {
  mark(part.root, "aria-label", `Live panel over the pool ${view.title}`);
  say(part.title, `Live: ${view.title}`);
  say(part.headline, `${view.design}, ${view.headline}`);
  const counts = view.counts;
  part.counts.replaceChildren(
    ...["queued", "done", "failed", "inlined"].flatMap((name) => [
      make("b", {}, String(counts[name])),
      name === "inlined" ? " inline" : ` ${name} · `,
    ]),
  );
  const serializers = view.queues.filter((queue) => queue.kind === "serializer").map((queue) => [queue.key, queue.short]);
  choices(part.onto, [["", "the pool itself"], ...serializers]);
  choices(part.asks, [["", "another one"], ...serializers]);
  keyed(
    part.pushes,
    view.kinds,
    (kind) => kind.name,
    (kind) => {
      const push = () =>
        ask("push", {
          kind: kind.name,
          name: part.onto.value,
          count: part.count.valueAsNumber || 1,
          asks: part.asks.value,
          seconds: part.seconds.valueAsNumber || 0,
        });
      const label = kind.name[0].toUpperCase() + kind.name.slice(1);
      return make("button", { type: "button", title: `A task that ${kind.does}`, "aria-label": `Push ${kind.name}`, onclick: push }, label);
    },
    () => {},
  );
  part.resize.hidden = !view.resizable;
  if (view.resizable) say(part.range, `threads (${view.sizes})`);
  if (view.resizable && !part.size.value) part.size.value = view.size;
  part.sizes.hidden = view.resizable || view.stopped || !view.sizes;
  say(part.sizes, view.resizable ? "" : view.sizes);
  for (const control of part.controls.querySelectorAll("button, input, select")) control.disabled = view.stopped;
  keyed(part.threads, view.threads, (thread) => thread.name, threadRow, drawThread);
  part.hidden.hidden = !view.hidden;
  say(part.hidden, `and ${view.hidden} threads more`);
  keyed(
    part.queues,
    view.queues,
    (queue) => `${queue.kind} ${queue.key}`,
    (queue) => queueRow(queue, ask),
    (row, queue) => drawQueue(row, queue, view.stopped),
  );
  drawSaid(part.log, view.log);
  drawSaid(part.told, view.told);
}

// The notebook takes keys without Ctrl, Alt or Meta for its own where it sees them: a press of b would add a cell.
function keep(event) {
  if (!(event.ctrlKey || event.altKey || event.metaKey)) event.stopPropagation();
}

function render({ model, el }) {
  const waiting = new Map();
  const prefix = `${Date.now()}-${Math.random()}`;
  let asked = 0;

  function status(kind, text) {
    part.status.dataset.kind = kind;
    say(part.status, text);
  }

  function late() {
    const count = waiting.size;
    status(
      "waiting",
      `Waiting for the kernel: a cell is running, and ${count === 1 ? "this click is" : `these ${count} clicks are`} handled when it has ended. What is shown goes on meanwhile.`,
    );
  }

  function ask(what, facts) {
    const id = `${prefix}-${(asked += 1)}`;
    waiting.set(id, setTimeout(late, PATIENCE));
    model.send({ id, do: what, ...facts });
  }

  function heard() {
    const reply = model.get("reply");
    if (!waiting.has(reply.id)) return;
    clearTimeout(waiting.get(reply.id));
    waiting.delete(reply.id);
    status(reply.well ? "well" : "bad", reply.text);
  }

  function redraw() {
    const view = model.get("view");
    draw(part, view, ask);
    if (view.stopped && !waiting.size) status("well", "Stopped. Run the cell again for a new panel.");
  }

  const part = build(ask);
  el.classList.add("taskpool-live");
  el.append(part.root);
  part.root.addEventListener("keydown", keep);
  redraw();
  if (!model.get("view").stopped) status("well", "Push something, or suspend a serializer.");
  model.on("change:view", redraw);
  model.on("change:reply", heard);
  return () => {
    model.off("change:view", redraw);
    model.off("change:reply", heard);
    for (const timer of waiting.values()) clearTimeout(timer);
  };
}

export default { render };
