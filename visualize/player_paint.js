// Colours, patterns, text and the shapes that everything is drawn with. Colours of tasks come with the trace: they are
// Okabe and Ito's, each with a pattern; vermillion is kept for what stands still, green for what is open or runs.

export const THEMES = {
  light: {
    page: "#fbfcfd",
    panel: "#ffffff",
    edge: "#d5dae0",
    ink: "#1b1f24",
    muted: "#57606a",
    rail: "#868e98",
    good: "#009e73",
    goodText: "#00694d",
    bad: "#d55e00",
    badText: "#a84a00",
    hatch: "rgba(213, 94, 0, 0.17)",
    blocked: "#fffaf6",
    accent: "#0b62b8",
    bar: "#edf2f6",
    control: "#c3c9d0",
    controlEdge: "#7d858e",
  },
  dark: {
    page: "#0f1214",
    panel: "#15191c",
    edge: "#343b42",
    ink: "#e8edf2",
    muted: "#a2abb5",
    rail: "#7f8892",
    good: "#1fbf8f",
    goodText: "#4fdcae",
    bad: "#e8702a",
    badText: "#ff9d5c",
    hatch: "rgba(232, 112, 42, 0.26)",
    blocked: "#1e1814",
    accent: "#6cb4ff",
    bar: "#1d2327",
    control: "#4a525a",
    controlEdge: "#8c959f",
  },
};

export const FONT = 'system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif';

export class Paint {
  constructor(context, theme, styles, ratio) {
    this.context = context;
    this.theme = theme;
    this.styles = styles;
    this.ratio = ratio;
    this.patterns = new Map();
    this.cut = new Map();
  }

  // -- text --------------------------------------------------------------------------------------------------------

  font(size, weight = 400) {
    const font = `${weight} ${size}px ${FONT}`;
    if (this.context.font !== font) this.context.font = font;
    return font;
  }

  width(text, size, weight) {
    this.font(size, weight);
    return this.context.measureText(text).width;
  }

  // The text, with its middle cut out where it is too long: names differ at their ends.
  fitted(text, room, size, weight = 400) {
    const key = `${size} ${weight} ${Math.round(room)} ${text}`;
    let cut = this.cut.get(key);
    if (cut === undefined) {
      this.font(size, weight);
      cut = cutToFit(text, room, (part) => this.context.measureText(part).width);
      if (this.cut.size > 4000) this.cut.clear();
      this.cut.set(key, cut);
    }
    return cut;
  }

  // Text at its baseline. `halo` keeps it readable over lines.
  text(text, x, y, { size = 12, weight = 400, colour = this.theme.ink, room = Infinity, align = "left", halo } = {}) {
    const { context } = this;
    const shown = room === Infinity ? text : this.fitted(text, room, size, weight);
    this.font(size, weight);
    context.textAlign = align;
    if (halo) {
      context.strokeStyle = halo;
      context.lineWidth = 4;
      context.lineJoin = "round";
      context.strokeText(shown, x, y);
    }
    context.fillStyle = colour;
    context.fillText(shown, x, y);
    context.textAlign = "left";
    return shown;
  }

  // The first of some texts that has room, else the last.
  firstFit(texts, room, size, weight) {
    return texts.find((text) => this.width(text, size, weight) <= room) ?? texts.at(-1) ?? "";
  }

  heading(text, x, y, room) {
    const { muted, panel } = this.theme;
    this.context.letterSpacing = "1.2px";
    this.text(text.toUpperCase(), x, y, { size: 10, weight: 700, colour: muted, room, halo: panel });
    this.context.letterSpacing = "0px";
  }

  // -- shapes ------------------------------------------------------------------------------------------------------

  box(x, y, width, height, radius, fill, stroke, line = 1) {
    const { context } = this;
    context.beginPath();
    context.roundRect(x, y, Math.max(0, width), Math.max(0, height), radius);
    if (fill) {
      context.fillStyle = fill;
      context.fill();
    }
    if (stroke) {
      context.strokeStyle = stroke;
      context.lineWidth = line;
      context.stroke();
    }
  }

  // The last box again, filled with a pattern that moves along with it.
  overlay(x, y, width, height, radius, pattern, colour) {
    if (pattern === "plain") return;
    const { context } = this;
    context.save();
    context.translate(x, y);
    context.beginPath();
    context.roundRect(0, 0, width, height, radius);
    context.fillStyle = this.pattern(pattern, colour);
    context.fill();
    context.restore();
  }

  // A small box in a serializer's colour and pattern, with its edge.
  swatch(x, y, width, height, radius, style, edge = style.edge, line = 1) {
    this.box(x, y, width, height, radius, style.colour);
    this.overlay(x, y, width, height, radius, style.pattern, MARKS[style.ink]);
    this.box(x + 0.5, y + 0.5, width - 1, height - 1, radius, null, edge, line);
  }

  pattern(name, colour) {
    const key = `${name} ${colour}`;
    let pattern = this.patterns.get(key);
    if (!pattern) {
      const tile = document.createElement("canvas");
      const { size, width } = SIZES[name] ?? { size: 6, width: 1.3 };
      tile.width = tile.height = Math.round(size * this.ratio);
      const brush = tile.getContext("2d");
      brush.scale(tile.width / size, tile.height / size);
      brush.strokeStyle = brush.fillStyle = colour;
      brush.lineWidth = width;
      TILES[name](brush, size);
      pattern = this.context.createPattern(tile, "repeat");
      pattern.setTransform(new DOMMatrix().scale(size / tile.width, size / tile.height));
      this.patterns.set(key, pattern);
    }
    return pattern;
  }

  hatched(x, y, width, height, radius, strength = 1) {
    const { context } = this;
    context.globalAlpha *= strength;
    this.overlay(x, y, width, height, radius, "slanted lines", this.theme.hatch);
    context.globalAlpha /= strength;
  }

  // A line that leaves and arrives level, as work flows; the same curve that tokens travel on. `via` leads it past
  // what stands in its way: {y, from, to}, level at that height from one place to another.
  flow(from, to, colour, { width = 1.5, dashes = null, head = true, via = null } = {}) {
    const { context } = this;
    context.save();
    context.strokeStyle = context.fillStyle = colour;
    context.lineWidth = width;
    if (dashes) context.setLineDash(dashes);
    context.beginPath();
    context.moveTo(from.x, from.y);
    const end = head ? to.x - Math.sign(to.x - from.x || 1) * 6 : to.x;
    if (via) {
      this.curve(from.x, from.y, via.from, via.y);
      context.lineTo(via.to, via.y);
      this.curve(via.to, via.y, end, to.y);
    } else this.curve(from.x, from.y, end, to.y);
    context.stroke();
    if (head) this.arrowHead(to, to.x >= from.x ? 0 : Math.PI);
    context.restore();
  }

  curve(x, y, toX, toY) {
    const middle = (x + toX) / 2;
    this.context.bezierCurveTo(middle, y, middle, toY, toX, toY);
  }

  arrowHead(to, angle, size = 8) {
    const { context } = this;
    context.setLineDash([]);
    context.translate(to.x, to.y);
    context.rotate(angle);
    context.beginPath();
    context.moveTo(0, 0);
    context.lineTo(-size, -size * 0.5);
    context.lineTo(-size, size * 0.5);
    context.fill();
  }

  // From what waits to what it waits for.
  need(from, to, faint) {
    const { context, theme } = this;
    context.save();
    context.strokeStyle = context.fillStyle = theme.bad;
    context.lineWidth = faint ? 1.2 : 1.6;
    context.setLineDash([4, 4]);
    const across = from.x - to.x;
    const reach = Math.max(24, Math.abs(across) * 0.45) * 0.6;
    const under = Math.abs(across) < 40; // one below the other: around the left, not through them
    const control = { x: to.x + (across >= 0 && !under ? reach : -reach), y: under ? to.y : to.y + 8 };
    context.beginPath();
    context.moveTo(from.x, from.y);
    const side = from.x - (across >= 0 || under ? reach : -reach);
    context.bezierCurveTo(side, from.y + 4, control.x, control.y, to.x, to.y);
    context.stroke();
    this.arrowHead(to, Math.atan2(to.y - control.y, to.x - control.x), 9);
    context.restore();
  }

  style(owner) {
    return this.styles(owner);
  }
}

function cutToFit(text, room, measure) {
  if (room <= 0) return "";
  if (measure(text) <= room) return text;
  let low = 0;
  let high = Math.min(text.length - 1, 400);
  const part = (length) => {
    const tail = length >> 1;
    return `${text.slice(0, length - tail).trimEnd()}…${tail ? text.slice(-tail).trimStart() : ""}`;
  };
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (measure(part(middle)) <= room) low = middle;
    else high = middle - 1;
  }
  return low ? part(low) : measure("…") <= room ? "…" : "";
}

const SIZES = { "slanted lines": { size: 10, width: 3 }, "thin slanted lines": { size: 9, width: 1.1 } };

// What a pattern is drawn with on a fill: 3:1 on each of the serializers' colours.
const MARKS = { "#FFFFFF": "rgba(255,255,255,.75)", "#111111": "rgba(17,17,17,.6)" };

const slanted = (brush, size) =>
  line(brush, [-2, size + 2, size + 2, -2], [-2, 2, 2, -2], [size - 2, size + 2, size + 2, size - 2]);

const TILES = {
  dots(brush) {
    brush.beginPath();
    brush.arc(2, 2, 1.05, 0, 7);
    brush.arc(5, 5, 1.05, 0, 7);
    brush.fill();
  },
  "upright lines"(brush, size) {
    line(brush, [1.5, 0, 1.5, size], [4.5, 0, 4.5, size]);
  },
  "level lines"(brush, size) {
    line(brush, [0, 1.5, size, 1.5], [0, 4.5, size, 4.5]);
  },
  grid(brush, size) {
    line(brush, [0, 3, size, 3], [3, 0, 3, size]);
  },
  crosses(brush) {
    line(brush, [1.2, 1.2, 4.8, 4.8], [1.2, 4.8, 4.8, 1.2]);
  },
  "slanted lines": slanted,
  "thin slanted lines": slanted,
};

function line(brush, ...segments) {
  brush.beginPath();
  for (const [x, y, toX, toY] of segments) {
    brush.moveTo(x, y);
    brush.lineTo(toX, toY);
  }
  brush.stroke();
}
