// The parts of the page that are text: the history of what was clicked, and the stage told for who does not see it.

import { describe, inWords } from "./player_history.js";
import { sentence, duration } from "./player_words.js";

// An element with text or children; texts are never parsed as markup.
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

// What the playhead stands behind: whose event it is if there are several runs, the event, and how the run has ended.
export function narrationOf(cues, cue) {
  if (!cues.size) return ["Nothing happened in this trace."];
  if (cue === 0) return ["Nothing has happened yet. Press play, or step from event to event."];
  const { traces } = cues;
  const trace = traces[cues.run[cue - 1]];
  const said = [sentence(trace, cues.at[cue - 1])];
  if (traces.length > 1) said.unshift(element("span", { class: "run", title: trace.title }, trace.title));
  const over = cues.at[cue - 1] === trace.size - 1 && trace.reason;
  if (over && trace.outcome !== "completed") said.push(` ${trace.reason}`);
  return said;
}

export class Panel {
  // `go(run, position)` moves the playhead; `pick(target)` shows another history.
  constructor(root, go, pick) {
    this.root = root;
    this.go = go;
    this.pick = pick;
    this.target = null;
  }

  open(target, state, title) {
    this.target = target;
    this.title = title;
    this.root.hidden = false;
    this.update(state);
  }

  close() {
    this.target = null;
    this.root.hidden = true;
    this.root.replaceChildren();
  }

  update(state) {
    if (!this.target) return;
    const focused = this.root.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
    const told = this.target.group ? this.groupOf(state) : describe(state, this.target);
    const close = element(
      "button",
      { type: "button", class: "close", "data-key": "close", onclick: () => this.pick(null) },
      "close",
    );
    const where = this.title ? element("span", { class: "run", title: this.title }, this.title) : "";
    const head = element("div", { class: "head" }, element("h2", {}, told.title), where, close);
    const body = element("div", { class: "columns" }, this.left(state, told), this.right(state, told));
    this.root.replaceChildren(head, body);
    if (focused) this.root.querySelector(`[data-key="${focused}"]`)?.focus({ preventScroll: true });
    const list = this.root.querySelector(".events");
    const last = list && [...list.querySelectorAll(".now, .past")].at(-1);
    if (last) list.scrollTop = last.offsetTop - list.offsetTop - list.clientHeight + 2 * last.offsetHeight;
  }

  groupOf(state) {
    const type = this.target.type === "queues" ? "queue" : "thread";
    const targets = this.target.group.map((one) => ({ run: this.target.run, type, [type]: one }));
    return {
      title: this.target.text,
      facts: [],
      why: [],
      tasks: [],
      events: [],
      earlier: 0,
      later: 0,
      targets,
      state,
    };
  }

  left(state, told) {
    const parts = [];
    if (told.facts.length) {
      parts.push(
        element(
          "dl",
          {},
          ...told.facts.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]),
        ),
      );
    }
    if (told.targets)
      parts.push(
        element(
          "ul",
          {},
          ...told.targets.map((target, index) =>
            element("li", {}, this.link(inWords(state, target), target, `group ${index}`)),
          ),
        ),
      );
    if (told.why.length) {
      parts.push(
        element("h3", {}, "Why is it waiting?"),
        element("ol", { class: "why" }, ...told.why.map((text) => element("li", {}, text))),
      );
    } else if (!told.targets) parts.push(element("p", { class: "quiet" }, "It waits for nothing at this moment."));
    if (told.tasks.length) {
      const tasks = told.tasks.map((task) =>
        element(
          "li",
          {},
          this.link(state.trace.taskName(task), { run: this.target.run, type: "task", task }, `task ${task}`),
        ),
      );
      if (told.tasksMore) tasks.push(element("li", {}, `… and ${told.tasksMore.toLocaleString("en")} more`));
      parts.push(element("h3", {}, told.tasksTitle), element("ul", { class: "tasks" }, ...tasks));
    }
    return element("div", {}, ...parts);
  }

  link(text, target, key) {
    return element(
      "button",
      { type: "button", class: "link", "data-key": key, onclick: () => this.pick(target) },
      text,
    );
  }

  right(state, told) {
    if (!told.events.length) return "";
    const { trace } = state;
    const rows = told.events.map((at) => {
      const now = at === state.position - 1;
      const label = `${duration(trace.time[at])} `;
      const open = () => this.go(this.target.run, at);
      const button = element(
        "button",
        { type: "button", class: "link", "data-key": `event ${at}`, title: trace.fullNames(at), onclick: open },
        element("span", { class: "time" }, label),
        sentence(trace, at),
      );
      return element(
        "li",
        {
          class: at < state.position ? (now ? "now" : "past") : "coming",
          ...(now ? { "aria-current": "step" } : {}),
        },
        button,
      );
    });
    if (told.earlier)
      rows.unshift(element("li", { class: "past" }, `… ${told.earlier.toLocaleString("en")} earlier`));
    if (told.later) rows.push(element("li", { class: "coming" }, `… ${told.later.toLocaleString("en")} later`));
    return element(
      "div",
      {},
      element("h3", {}, "What happened to it"),
      element("ol", { class: "events", tabindex: "0", "aria-label": "events" }, ...rows),
    );
  }
}

// The stage as a list of buttons, one for each thread and queue: read by screen readers, reached with Tab and arrows.
export class Mirror {
  constructor(root, traces, { pick, ring }) {
    this.root = root;
    this.buttons = new Map();
    this.lists = traces.map((trace) => {
      const list = element("ul", {});
      const heading = element("h2", {}, trace.title);
      const status = element("p", {});
      root.append(heading, status, list);
      return { list, status, order: "" };
    });
    this.pick = pick;
    this.ring = ring;
    root.addEventListener("focusout", () => ring(null));
    root.addEventListener("keydown", (event) => this.walk(event));
  }

  // Bring the list in line with a run's scene.
  update(run, scene, targets) {
    const { list, status } = this.lists[run];
    status.textContent = scene.status.text;
    const wanted = targets.filter((target) => target.type === "thread" || target.type === "queue");
    const kept = new Set();
    for (const target of wanted) {
      const key = `${run} ${target.type} ${target[target.type]}`;
      kept.add(key);
      let entry = this.buttons.get(key);
      if (!entry) {
        const button = element("button", { type: "button", tabindex: "-1" });
        entry = { button, item: element("li", {}, button), target };
        button.addEventListener("click", () => this.pick(entry.target));
        button.addEventListener("focus", () => this.ring(entry.target.box));
        this.buttons.set(key, entry);
      }
      entry.target = target;
      const text = inWords(scene.state, target);
      if (entry.button.textContent !== text) entry.button.textContent = text;
    }
    const order = [...kept].join();
    if (this.lists[run].order === order) return;
    this.lists[run].order = order;
    const focused = document.activeElement;
    list.replaceChildren(...[...kept].map((key) => this.buttons.get(key).item));
    if (list.contains(focused)) focused.focus({ preventScroll: true });
    const buttons = [...this.root.querySelectorAll("li > button")];
    if (buttons.length && !buttons.some((button) => button.tabIndex === 0)) buttons[0].tabIndex = 0;
  }

  walk(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !this.root.contains(document.activeElement)) return;
    const buttons = [...this.root.querySelectorAll("li > button")];
    const index = buttons.indexOf(document.activeElement);
    const next = buttons[(index + step + buttons.length) % buttons.length];
    document.activeElement.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
    event.preventDefault();
    event.stopPropagation();
  }
}
