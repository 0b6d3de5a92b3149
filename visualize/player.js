// The player: one playhead over one or more runs. Everything it shows is computed from the trace in this page;
// it asks for nothing, plays only when told to, and needs no other library.
//
// Read it in this order: player_trace, player_state (what is), player_cues (when), player_layout, player_tokens,
// player_scene, player_lines (where), player_paint, player_picked, player_draw, player_cards, player_stage (how it
// looks and moves), player_bars, player_lanes, player_strip, player_words, player_why, player_history, player_panel
// (what is told), player_keys, player_pointer (who asks), player_page (what is around it).

import { Trace, lowerBound } from "./player_trace.js";
import { States } from "./player_state.js";
import { Axis, Cues, marksOf } from "./player_cues.js";
import { Paint, THEMES } from "./player_paint.js";
import { Stage, targets } from "./player_stage.js";
import { Strip } from "./player_strip.js";
import { Mirror, Panel, element, narrationOf } from "./player_panel.js";
import { moment } from "./player_words.js";
import { fitFrame, recall, remember, watchTheme, watchWidth } from "./player_page.js";
import { bindKeys } from "./player_keys.js";
import { bindPointer } from "./player_pointer.js";

const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16, 32];
const MOVE = 460; // milliseconds that a token travels at most

class Player {
  constructor(data) {
    this.data = data;
    this.traces = data.runs.map((run, number) => new Trace(data, run, number));
    this.states = this.traces.map((trace) => new States(trace));
    this.speed = 1;
    this.playing = false;
    this.cue = 0;
    this.fraction = 0; // how much of the way to the next cue has been played
    this.frames = []; // of the last frames the milliseconds since the one before, and those spent on it; for measuring
    this.find = (id) => document.getElementById(id);
    const makePaint = (context, ratio) => {
      const paint = new Paint(context, THEMES[this.theme], null, ratio);
      paint.stylesOf = (run) => (queue) =>
        data.styles[this.traces[run].queues[queue]?.style ?? data.styles.length - 1];
      return paint;
    };
    this.theme = "light";
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    this.stage = new Stage(this.find("stage"), this.traces, makePaint);
    this.strip = new Strip(this.find("strip"), this.traces, makePaint);
    this.panel = new Panel(
      this.find("panel"),
      (run, at) => this.go(this.cues.after(run, at)),
      (target) => this.pick(target),
    );
    this.mirror = new Mirror(this.find("mirror"), this.traces, {
      pick: (target) => this.pick(target),
      ring: (box) => {
        this.stage.ring = box;
        this.wake();
      },
    });
    const before = recall();
    this.fillControls();
    this.useAxis(before?.by ?? data.by);
    if (before) this.setSpeed(before.speed);
    bindKeys(this);
    bindPointer(this);
    watchTheme((theme) => this.useTheme(theme));
    watchWidth(this.find("stage-box"), (width) => this.useWidth(width));
    this.go(before?.cue ?? this.cueOf(data.at), { jump: true });
  }

  // -- where the playhead is -----------------------------------------------------------------------------------------

  // By "time", by "events", or by "progress" (each run takes the same room): one order of cues, one axis.
  useAxis(by) {
    const last = this.cue ? [this.cues.run[this.cue - 1], this.cues.at[this.cue - 1]] : null; // what stays the last
    const order = by === "progress" ? "progress" : "time";
    if (this.cues?.by !== order) this.cues = new Cues(this.traces, order);
    this.by = by;
    this.axis = new Axis(this.cues, by === "time" ? "time" : "events");
    this.strip.use(this.axis);
    this.find("axis").value = by;
    this.find("strip").setAttribute("aria-valuemax", this.cues.size);
    this.marks = marksOf(this.cues);
    const { divergence } = this.data;
    this.difference = divergence ? this.cues.after(divergence.run, divergence.at) : null;
    this.find("difference").hidden = this.difference === null;
    for (const id of ["strip-box", "view", "zoom"]) this.find(id).hidden = !this.cues.size; // no axis of nothing
    if (this.stage.scenes.length) this.go(last ? this.cues.after(...last) : 0, { jump: true });
  }

  cueOf(at) {
    if (at === "end") return this.cues.size;
    if (at === "difference") return this.difference ?? 0;
    if (typeof at === "number")
      return this.axis.unit === "time" ? this.axis.cueAt(at * 1e9) : Math.min(at, this.cues.size);
    return 0;
  }

  // Move the playhead; a step of one is shown as a movement, anything else as a jump.
  go(cue, { jump = false, time = MOVE } = {}) {
    const target = Math.max(0, Math.min(this.cues.size, cue));
    const step = Math.abs(target - this.cue) === 1 && !jump && !this.still.matches;
    this.cue = target;
    this.fraction = 0;
    const now = performance.now();
    for (const run of this.traces.keys()) {
      const position = this.cues.position(run, target);
      if (!jump && this.stage.scenes[run]?.state.position === position && step) continue;
      this.stage.show(run, this.states[run].at(position), now, step ? time : 0);
    }
    if (!this.playing) this.strip.follow(this.axis.placeOfCue(target));
    this.tell();
    this.wake();
  }

  mark(kind, backwards = false) {
    const marks = this.marks[kind];
    const index = backwards ? lowerBound(marks, this.cue) - 1 : lowerBound(marks, this.cue + 1);
    if (marks[index] !== undefined) {
      this.stop();
      this.go(marks[index]);
    }
  }

  step(by) {
    this.stop();
    this.go(this.cue + by);
  }

  // -- playing -------------------------------------------------------------------------------------------------------

  toggle() {
    if (this.playing) {
      this.stop();
      return;
    }
    if (!this.cues.size) return;
    if (this.cue === this.cues.size) this.go(0, { jump: true });
    this.playing = true;
    this.showPlaying();
    this.wake();
  }

  stop() {
    if (!this.playing) return;
    this.playing = false;
    this.fraction = 0;
    this.showPlaying();
    this.tell();
    this.wake();
  }

  showPlaying() {
    this.find("play").textContent = this.playing ? "❚❚ pause" : "▶ play";
    this.find("said").setAttribute("aria-live", this.playing ? "off" : "polite");
  }

  advance(elapsed) {
    let left = elapsed * this.speed;
    let cue = this.cue;
    let passed = this.fraction * this.cues.dwell(cue) + left;
    while (cue < this.cues.size && passed >= this.cues.dwell(cue)) {
      passed -= this.cues.dwell(cue);
      cue++;
    }
    if (cue !== this.cue) {
      const time = Math.min(MOVE, (0.85 * this.cues.dwell(cue)) / this.speed);
      this.go(cue, { time: time < 50 ? 0 : time, jump: time < 50 });
    }
    if (cue === this.cues.size) this.stop();
    else this.fraction = passed / this.cues.dwell(cue);
    this.strip.follow(this.playheadPlace());
  }

  setSpeed(speed) {
    this.speed = speed;
    this.find("speed").value = String(speed);
    this.remember();
  }

  remember() {
    remember({ cue: this.cue, by: this.by, speed: this.speed });
  }

  changeSpeed(by) {
    const index = SPEEDS.indexOf(this.speed) + by;
    if (SPEEDS[index]) this.setSpeed(SPEEDS[index]);
  }

  playheadPlace() {
    const place = this.axis.placeOfCue(this.cue);
    if (!this.fraction || this.still.matches) return place;
    return place + this.fraction * (this.axis.placeOfCue(this.cue + 1) - place);
  }

  // -- drawing -------------------------------------------------------------------------------------------------------

  wake() {
    if (this.asked) return;
    this.asked = requestAnimationFrame((now) => this.frame(now));
  }

  frame(now) {
    this.asked = 0;
    const elapsed = this.last === undefined ? 0 : now - this.last;
    const begun = performance.now();
    if (this.playing) this.advance(Math.min(elapsed, 100));
    const busy = this.stage.draw(Math.max(now, performance.now()));
    this.strip.draw(this.playheadPlace(), this.difference === null ? null : this.axis.placeOfCue(this.difference));
    this.last = this.playing || busy ? now : undefined;
    if (elapsed) this.frames.push([elapsed, performance.now() - begun]);
    if (this.frames.length > 1000) this.frames.shift();
    if (this.playing || busy) this.wake();
  }

  // -- telling -------------------------------------------------------------------------------------------------------

  tell() {
    const { cues } = this;
    const span = cues.end - cues.start;
    const start = this.traces[0].start;
    const count = `event ${this.cue.toLocaleString("en")} of ${cues.size.toLocaleString("en")}`;
    const clock = `${moment(cues.timeAt(this.cue) + start, span)} · ${count}`;
    this.find("clock").textContent = cues.size ? `t = ${clock}` : "";
    this.find("said").replaceChildren(...narrationOf(cues, this.cue));
    const last = this.cue - 1;
    this.find("said").title = last < 0 ? "" : this.traces[cues.run[last]].fullNames(cues.at[last]);
    const slider = this.find("strip");
    slider.setAttribute("aria-valuenow", this.cue);
    slider.setAttribute("aria-valuetext", clock);
    for (const kind of ["wait", "pause", "failure"]) this.enable(kind, this.marks[kind].at(-1) > this.cue);
    this.enable("difference", this.difference !== this.cue);
    this.enable("play", cues.size > 0);
    for (const id of ["start", "previous"]) this.enable(id, this.cue > 0);
    for (const id of ["next", "end"]) this.enable(id, this.cue < cues.size);
    if (!this.playing) this.tellMore();
  }

  // What takes longer and is read at rest: the history and the stage in words.
  tellMore() {
    this.stage.scenes.forEach((scene, run) => this.mirror.update(run, scene, targets(scene)));
    const status = this.stage.scenes.map(
      (scene) => `${scene.trace.title}: ${scene.status.text || "nothing is blocked"}`,
    );
    this.find("stage").setAttribute("aria-label", `The stage. ${status.join(". ")}.`);
    this.remember();
    if (this.panel.target) this.panel.update(this.stage.scenes[this.panel.target.run].state);
    this.fitFrame();
  }

  enable(id, enabled) {
    this.find(id).setAttribute("aria-disabled", enabled ? "false" : "true");
  }

  pick(target) {
    this.stage.picked = target;
    this.strip.pick(target);
    this.wake();
    if (!target) this.panel.close();
    else
      this.panel.open(
        target,
        this.stage.scenes[target.run].state,
        this.traces.length > 1 ? this.traces[target.run].title : "",
      );
    this.fitFrame();
  }

  // -- the page ------------------------------------------------------------------------------------------------------

  fillControls() {
    const option = ([value, text]) => element("option", { value }, text);
    this.find("title").textContent = this.data.title;
    this.find("speed").append(...SPEEDS.map((speed) => option([speed, `${speed}×`])));
    const axes = [
      ["time", "by time"],
      ["events", "by event"],
    ];
    if (this.traces.length > 1) axes.push(["progress", "by progress"]);
    this.find("axis").append(...axes.map(option));
    this.setSpeed(1);
  }

  useTheme(theme) {
    this.theme = theme;
    if (!this.stage.paint) return;
    this.stage.repaint();
    this.strip.repaint();
    this.wake();
  }

  useWidth(width) {
    this.stage.resize(width);
    this.strip.resize(width);
    if (!this.stage.scenes.length) return;
    this.go(this.cue, { jump: true });
    this.fitFrame();
  }

  fitFrame() {
    fitFrame(this.find("player"));
  }
}

window.taskpoolPlayer = new Player(JSON.parse(document.getElementById("data").textContent));
