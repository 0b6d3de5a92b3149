// The page around the player: whether it is light or dark, how wide it is, and how high the frame has to be.

// Calls change("light" or "dark"), at once and whenever it changes: JupyterLab's theme where the page around can be
// read, else the system's.
export function watchTheme(change) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const body = readable(() => window.parent.document.body);
  const read = () => {
    const light = body?.dataset.jpThemeLight;
    const dark = light === undefined ? system.matches : light === "false";
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    change(dark ? "dark" : "light");
  };
  read();
  system.addEventListener("change", read);
  if (!body) return;
  new MutationObserver(read).observe(body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
}

// Calls change(width), at once and whenever the box's width or the screen's resolution changes.
export function watchWidth(box, change) {
  let known = "";
  const read = () => {
    const width = Math.floor(box.clientWidth) || (known ? 0 : 640); // 0: out of sight, for now
    const now = `${width} ${window.devicePixelRatio}`;
    if (!width || now === known) return;
    known = now;
    change(width);
  };
  read();
  new ResizeObserver(read).observe(box);
}

// Makes the frame around this page as high as the page, where that is allowed; else the page scrolls in it.
export function fitFrame(content) {
  const frame = readable(() => window.frameElement);
  if (!frame) return;
  const height = `${content.offsetHeight + 16}px`;
  if (frame.style.height !== height) frame.style.height = height;
}

// Leaves a note at the frame. A notebook takes frames out and puts them back as one scrolls: their page starts again.
export function remember(note) {
  const frame = readable(() => window.frameElement);
  if (frame) frame.dataset.note = JSON.stringify(note);
}

export function recall() {
  return JSON.parse(readable(() => window.frameElement?.dataset.note) ?? "null");
}

// What another site's page would not let us see is null.
function readable(read) {
  try {
    return read();
  } catch {
    return null;
  }
}
