// A quiz: the questions, a way to answer each, and what the kernel says to the answers. No answer is known here.

const PATIENCE = 600;
const SIGNS = { right: "✓", wrong: "✗", revealed: "→" };
const WAITING = "Waiting for the kernel: a cell is running, and answers are judged when it has ended.";

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

const letter = (index) => String.fromCharCode(65 + index);

// Radio buttons, one for each choice.
function choiceField(question, name) {
  const list = make(
    "ol",
    {},
    ...question.choices.map((choice, index) =>
      make(
        "li",
        {},
        make(
          "label",
          { class: "choice" },
          make("input", { type: "radio", name, value: letter(index) }),
          make("span", { class: "letter" }, letter(index)),
          make("span", { class: "text" }, choice),
        ),
      ),
    ),
  );
  return { element: list, answer: () => list.querySelector("input:checked")?.value ?? "", missing: "Choose one first." };
}

// A number to type.
function numberField(check) {
  const input = make("input", { type: "number", min: 0, step: 1, "aria-label": "Your answer" });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") check();
  });
  return { element: input, answer: () => input.value.trim(), missing: "Type a number first.", inline: true };
}

// A list whose items are moved up and down with buttons; the focus stays with the item that is moved.
function orderField(question, say) {
  const list = make("ol", {});
  const items = question.choices.map((choice, index) => {
    const item = make("li", { "data-letter": letter(index) });
    const button = (sign, by, where) =>
      make(
        "button",
        { type: "button", "aria-label": `Move ${letter(index)} ${where}`, onclick: (event) => move(item, by, event.currentTarget) },
        sign,
      );
    item.up = button("↑", -1, "up");
    item.down = button("↓", 1, "down");
    item.append(
      make(
        "div",
        { class: "move" },
        make("span", { class: "letter" }, letter(index)),
        make("span", { class: "text" }, choice),
        item.up,
        item.down,
      ),
    );
    return item;
  });
  list.append(...items);

  function mark() {
    for (const item of items) {
      item.up.setAttribute("aria-disabled", String(item === list.firstElementChild));
      item.down.setAttribute("aria-disabled", String(item === list.lastElementChild));
    }
  }

  function move(item, by, button) {
    const beside = by < 0 ? item.previousElementSibling : item.nextElementSibling;
    if (!beside) return;
    if (by < 0) list.insertBefore(item, beside);
    else list.insertBefore(beside, item);
    mark();
    button.focus();
    say(`${item.dataset.letter} is number ${[...list.children].indexOf(item) + 1} now.`);
  }

  mark();
  return { element: list, answer: () => [...list.children].map((item) => item.dataset.letter).join("") };
}

// The notebook takes keys without Ctrl, Alt or Meta for its own where it sees them: a press of b would add a cell.
function keep(event) {
  if (!(event.ctrlKey || event.altKey || event.metaKey)) event.stopPropagation();
}

function render({ model, el }) {
  const waiting = new Map();
  const prefix = `${Date.now()}-${Math.random()}`;
  let asked = 0;

  function ask(index, facts) {
    const id = `${prefix}-${(asked += 1)}`;
    waiting.set(id, { index, timer: setTimeout(() => parts[index].tell("bad", "…", WAITING), PATIENCE) });
    model.send({ id, question: index, ...facts });
  }

  function build(question, index) {
    const verdict = make("p", { class: "verdict", role: "status", "aria-live": "polite" });
    const tell = (kind, sign, text) => {
      verdict.dataset.kind = kind;
      verdict.replaceChildren(make("b", { "aria-hidden": "true" }, sign), text);
    };
    const check = () => {
      const answer = field.answer();
      if (answer === "") tell("bad", "…", field.missing);
      else ask(index, { do: "check", answer });
    };
    const field =
      question.form === "order"
        ? orderField(question, (text) => tell("note", "", text))
        : question.form === "number"
          ? numberField(check)
          : choiceField(question, `${prefix}-${index}`);
    const reveal = make("button", { type: "button", hidden: "", onclick: () => ask(index, { do: "reveal" }) }, "Show the answer");
    const actions = make("div", { class: "actions" }, make("button", { type: "button", class: "main", onclick: check }, "Check"), reveal);
    if (field.inline) actions.prepend(field.element);
    const set = make("fieldset", {}, make("legend", {}, `${index + 1}. ${question.text}`));
    if (!field.inline) set.append(field.element);
    set.append(actions, verdict);
    return { set, reveal, tell, state: "" };
  }

  const parts = model.get("questions").map(build);
  const score = make("p", { class: "score" });
  const root = make(
    "section",
    { "aria-label": "Quiz" },
    score,
    ...parts.map((part) => part.set),
  );

  // What has not changed is said again only where it was asked for: else every verdict would be read out each time.
  function judge(asked) {
    const verdicts = model.get("verdicts");
    for (const [index, part] of parts.entries()) {
      const verdict = verdicts[index];
      if (!verdict || (part.verdict === verdict.text && index !== asked)) continue;
      part.verdict = verdict.text;
      part.set.dataset.state = part.state = verdict.state;
      part.reveal.hidden = verdict.state !== "wrong";
      part.tell(verdict.state, SIGNS[verdict.state], verdict.text);
    }
    const right = parts.filter((part) => part.state === "right").length;
    score.textContent = `Predict first, then check: ${right} of ${parts.length} right so far.`;
  }

  function heard() {
    const reply = model.get("reply");
    const wait = waiting.get(reply.id);
    if (!wait) return;
    clearTimeout(wait.timer);
    waiting.delete(reply.id);
    if (reply.text) parts[wait.index].tell("bad", "…", reply.text);
    else judge(wait.index);
  }

  el.classList.add("taskpool-quiz");
  el.append(root);
  root.addEventListener("keydown", keep);
  const redraw = () => judge();
  redraw();
  model.on("change:verdicts", redraw);
  model.on("change:reply", heard);
  return () => {
    model.off("change:verdicts", redraw);
    model.off("change:reply", heard);
    for (const { timer } of waiting.values()) clearTimeout(timer);
  };
}

export default { render };
