// The page: layers to cube to pixels to numbers, in that order, as fast as each can.
import { DATA, KINDS, SIZE } from "./data.js";
import { h, slider } from "./controls.js";
import { FileError, library, lookUp, unpackLibrary } from "./cube.js";
import { drawMember } from "./draw.js";
import { FORMATS, makeFile, openFile, saveFile } from "./files.js";
import { Baker, amountFor, bake, isSeparable, lookFromTable, newLayer, prepare } from "./look.js";
import { measure, undoError, verdict } from "./measure.js";
import { LayersPanel } from "./panel.js";
import { demoPictures, embeddedPictures, openPicture } from "./pictures.js";
import { CpuPreview, GpuPreview, MODES, OVERLAYS } from "./preview.js";
import { SCOPES, sampleOf, through3d } from "./scopes.js";
import { Store, copy, loadSession, saveSession } from "./store.js";
import { lookText, parseToml } from "./toml.js";

const $ = (id) => document.getElementById(id);
const NUMBERS_EVERY = 90; // ms between two rounds of numbers while a drag goes on
const SETTLED = 40; // ms without a change after which a drag counts as resting
const SAVE_AFTER = 250;
const QUICK_SIZE = 17; // nodes while a drag goes on and the full cube takes too long
const QUICK_ABOVE = 12; // ms that the full cube may take

const view = { mode: "split", split: 0.5, fit: true, scale: 1, centre: [0, 0], overlay: "none", surround: [0.13, 0.13, 0.14] };
const baker = new Baker(SIZE), quick = new Baker(QUICK_SIZE);
const timings = { pixels: [], numbers: [] };
let store, panel, preview, stage, figures, pictures = [], current = 0, sample, turn = [0.6, 0.5], lastMode = "split";
let changedAt = 0, frame = 0, dragged = false, cost = 0, coarse = false, numbersTimer = 0, numbersDone = 0, saveTimer = 0, lostSaves = false;

// --- from the look to pixels

function say(text, bad = false) {
  const line = $("status");
  line.textContent = text;
  line.classList.toggle("bad", bad);
}

async function guarded(work) {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    say(error.message, true);
    return null;
  }
}

function changed(tag) {
  changedAt = performance.now();
  dragged = tag !== null;
  if (tag === null) {
    panel.render();
    $("name").value = store.look.name;
  }
  showAmount();
  scheduleSave();
  schedule();
}

function schedule() {
  if (!frame) frame = requestAnimationFrame(show);
}

function show() {
  frame = 0;
  const errors = new Map();
  const prepared = prepare(store.look.layers, errors);
  panel.errors = errors;
  panel.showErrors();
  coarse = dragged && cost > QUICK_ABOVE;
  const started = performance.now();
  stage = (coarse ? quick : baker).bake(prepared, store.look.amount);
  if (!coarse) cost = performance.now() - started;
  preview.setCube(stage);
  draw(true);
  if (timings.measuring) {
    preview.finish();
    timings.pixels.push(performance.now() - changedAt);
  }
  const rest = Math.max(0, NUMBERS_EVERY - (performance.now() - numbersDone));
  if (!numbersTimer) numbersTimer = setTimeout(showNumbers, Math.min(rest, NUMBERS_EVERY));
}

// The cube of 33, where a drag was shown through a smaller one.
function refine() {
  if (!coarse) return;
  coarse = false;
  const started = performance.now();
  stage = baker.bake(prepare(store.look.layers, new Map()), store.look.amount);
  cost = performance.now() - started;
  preview.setCube(stage);
  draw(true);
}

// `lookOnly`: nothing but the look has changed, so that what shows the picture as it was stays.
function draw(lookOnly = false) {
  if (!stage || !pictures.length) return;
  const canvas = $("preview"), { width, height } = pictures[current].canvas;
  if (view.fit) {
    const room = view.mode === "side" ? canvas.width / 2 : canvas.width;
    view.scale = Math.min(room / width, canvas.height / height);
    view.centre = [width / 2, height / 2];
  }
  preview.draw(view, lookOnly);
  $("zoom").textContent = `${Math.round(view.scale * 100)} %`;
  canvas.setAttribute("aria-label", `Preview of ${pictures[current].name}, ${view.mode}`);
}

function resize() {
  const canvas = $("preview"), box = canvas.parentElement.getBoundingClientRect();
  const ratio = preview instanceof CpuPreview ? 1 : window.devicePixelRatio || 1;
  const width = Math.max(1, Math.round(box.width * ratio)), height = Math.max(1, Math.round(box.height * ratio));
  if (canvas.width === width && canvas.height === height) return;
  canvas.width = width;
  canvas.height = height;
  draw();
}

// --- numbers and scopes

const percent = (share) => `${(share * 100).toFixed(share && share < 0.0995 ? 2 : 1)} %`;

function showNumbers() {
  numbersTimer = 0;
  const seen = changedAt;
  refine();
  const last = figures?.undo;
  figures = measure(stage);
  // The inverse takes as long as all the rest: while a drag goes on, its last figure stays.
  figures.undo = last && dragged && performance.now() - changedAt < SETTLED ? last : undoError(stage);
  const stale = figures.undo === last;
  const { natural, uniform, greys, undo } = figures;
  const rows = [
    ["mean", "mean ΔE00", natural.mean.toFixed(2), "mean CIEDE2000 between input and output over natural colours: the severity"],
    ["p95", "p95", natural.p95.toFixed(2), "95 % of natural colours move by less"],
    ["largest", "largest", natural.largest.toFixed(2), "the natural colour that moves most"],
    ["clipped", "clipped", percent(natural.clipped), "natural colours that lose a channel at 0 or 1"],
    ["folded", "folded", percent(uniform.folded), "of the cube's volume, turned inside out: two inputs share an output"],
    ["merged", "merged", percent(natural.merging), "natural colours squeezed to under 1/8 of their volume: 8-bit neighbours merge"],
    ["greys", "greys", greys.falling ? `${greys.falling} fall` : greys.flat ? `${greys.flat} flat` : "rising", "of 255 steps up the grey axis, in lightness"],
    ["undo", "undone to", `${undo.mean.toFixed(2)} ΔE`, undoHelp(undo)],
  ];
  $("figures").replaceChildren(...rows.map(([id, label, value, help]) =>
    h("div", { title: help, "data-figure": id }, h("dt", {}, label), h("dd", {}, value))));
  $("verdict").textContent = verdict(figures);
  showLint();
  drawScopes();
  if (!stale) drawStrip();
  showTarget(natural.mean);
  numbersDone = performance.now();
  if (seen !== changedAt) numbersTimer = setTimeout(showNumbers, 0);
  else if (stale) numbersTimer = setTimeout(() => showUndo(seen), Math.max(0, SETTLED - (numbersDone - seen)));
  else if (timings.measuring) timings.numbers.push(numbersDone - seen);
}

// The last figure of a drag that has come to rest.
function showUndo(seen) {
  numbersTimer = 0;
  if (seen !== changedAt) return showNumbers();
  figures.undo = undoError(stage);
  const place = document.querySelector("[data-figure=undo]");
  place.title = undoHelp(figures.undo);
  place.lastChild.textContent = `${figures.undo.mean.toFixed(2)} ΔE`;
  drawStrip();
  numbersDone = performance.now();
  if (timings.measuring) timings.numbers.push(numbersDone - seen);
}

const undoHelp = ({ p95 }) => `what the exact inverse leaves of natural colours at 8 bits: mean; p95 ${p95.toFixed(2)}`;

function showLint() {
  const prepared = prepare(store.look.layers, new Map()), flat = isSeparable(prepared);
  const { programs, traits } = DATA.lint, [what, codes] = traits.curves;
  const meaning = { o: "reads", "?": "not known", w: "reads it wrong", x: "refuses" };
  const of = (one) => programs.filter((_, k) => codes[k] === one).join(", ");
  $("lint").textContent = `As a cube of 17, 33 or 65: ${programs.join(", ")} read it. ` +
    (flat ? `As ${what}: ${of("o")} read it, ${of("x")} ${meaning.x.slice(0, -1)} it.` : "Channels mix, so no 1D table can hold it.");
  for (const option of $("save-as").options) if (option.value === "curves") option.disabled = !flat;
}

const THEMES = { dark: { dark: true, back: "#17171a", line: "#ffffff33" }, light: { dark: false, back: "#ffffff", line: "#00000033" } };

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

const SCOPE = [240, 168]; // pixels

// A scope over the whole page, and back.
function enlarge(event, name) {
  const canvas = $(`scope-${name}`), large = canvas.parentElement.classList.toggle("large");
  [canvas.width, canvas.height] = SCOPE.map((edge) => edge * (large ? 3 : 1));
  event.currentTarget.focus();
  drawScopes();
}

// The strip's small pictures, through the look as well.
function drawStrip() {
  [...$("strip").querySelectorAll("canvas")].forEach((thumb, index) => {
    const context = thumb.getContext("2d", { willReadFrequently: true }), { width, height } = pictures[index].canvas;
    const scale = Math.max(thumb.width / width, thumb.height / height);
    context.drawImage(pictures[index].canvas, (thumb.width - width * scale) / 2, (thumb.height - height * scale) / 2, width * scale, height * scale);
    if (!stage) return;
    const image = context.getImageData(0, 0, thumb.width, thumb.height), { data } = image;
    const values = Float64Array.from({ length: (data.length / 4) * 3 }, (_, k) => data[Math.floor(k / 3) * 4 + (k % 3)] / 255);
    lookUp(stage, values);
    values.forEach((value, k) => (data[Math.floor(k / 3) * 4 + (k % 3)] = Math.floor(value * 255 + 0.5)));
    context.putImageData(image, 0, 0);
  });
}

function drawScopes() {
  if (!stage || !figures || !sample) return;
  const theme = THEMES[isDark() ? "dark" : "light"];
  const context = { before: sample, after: through3d(stage, sample), stage, figures, turn };
  for (const [name, scope] of Object.entries(SCOPES)) {
    const canvas = $(`scope-${name}`);
    if (canvas.offsetParent) scope.draw(canvas.getContext("2d", { willReadFrequently: true }), context, theme);
  }
}

// --- severity

function showAmount() {
  const amount = $("amount").querySelector("input[type=range]");
  if (amount && amount !== document.activeElement) buildAmount();
}

function buildAmount() {
  $("amount").replaceChildren(slider({
    label: "amount", help: "scales every layer at once", low: 0, high: 4, step: 0.01, value: store.look.amount, usual: 1, path: "amount",
    change: (value, done) => {
      store.change((look) => (look.amount = value), "amount");
      if (done) {
        store.settle();
        buildAmount();
      }
    },
  }));
}

const TARGETS = [0.5, 20]; // of the severity slider; typed ones may lie beyond

// The slider and the number follow the look, unless they are being used.
function showTarget(severity) {
  const [range, number] = [$("target-slider"), $("target")];
  if (number !== document.activeElement) number.value = severity.toFixed(2);
  if (!range.matches(":active")) range.value = Math.min(Math.max(severity, TARGETS[0]), TARGETS[1]);
}

function scaleTo(severity) {
  return guarded(async () => {
    if (!(severity > 0)) throw new FileError("a severity is a positive mean ΔE00");
    const amount = amountFor(store.look, severity);
    store.change((look) => (look.amount = amount));
    buildAmount();
    say(`Scaled to severity ${severity}: amount ${amount}.`);
  });
}

// --- pictures

async function choosePicture(index) {
  current = (index + pictures.length) % pictures.length;
  const { canvas, name, note } = pictures[current];
  preview.setPicture(canvas);
  sample = sampleOf(canvas);
  view.fit = true;
  $("picture-note").textContent = [name, `${canvas.width} × ${canvas.height}`, note].filter(Boolean).join(" · ");
  [...$("strip").children].forEach((button, k) => button.setAttribute("aria-pressed", String(k === current)));
  if (stage) {
    draw();
    drawScopes();
  }
  scheduleSave();
}

function renderStrip() {
  $("strip").replaceChildren(...pictures.map((picture, index) => {
    const thumb = h("canvas", { width: 96, height: 64 });
    return h("button", { type: "button", title: picture.name, "aria-label": `Picture ${picture.name}`, "aria-pressed": String(index === current), onclick: () => choosePicture(index) }, thumb);
  }));
  drawStrip();
}

async function take(files, { replace = true } = {}) {
  for (const file of files) await guarded(async () => {
    const found = await openFile(file);
    if (found.look) {
      store.change((look) => Object.assign(look, found.look));
      panel.open = new Set(found.look.layers.keys());
      panel.render();
      say(`Opened ${file.name}: ${found.look.layers.length} layers. Undo goes back to what was there.`);
    } else if (found.layer) {
      const waiting = store.look.layers.findIndex(({ kind, values }) => kind === "lut" && !values.cube && values.lut.split("/").pop() === file.name);
      if (waiting >= 0) store.change((look) => (look.layers[waiting].values = found.layer));
      else panel.add("lut", found.layer);
      say([`Imported ${file.name}`, ...found.notes].join("; "));
    } else {
      pictures.unshift(found.picture);
      renderStrip();
      await choosePicture(0);
      renderStrip();
      say(`${file.name}: ${found.picture.note}`);
    }
  });
}

// --- keeping the work

function scheduleSave() {
  if (!saveTimer) saveTimer = setTimeout(keep, SAVE_AFTER);
}

async function keep() {
  clearTimeout(saveTimer);
  saveTimer = 0;
  if (!store) return;
  const { look, past, future } = store;
  const own = pictures.filter((picture) => picture.own && !picture.embedded).map(({ name, blob }) => ({ name, blob }));
  try {
    await saveSession({ look, past, future, pictures: own, picture: pictures[current]?.name, mode: view.mode, theme: document.documentElement.dataset.theme ?? "" });
  } catch {
    if (!lostSaves) say("This browser keeps nothing across reloads here: save the look to a file.", true);
    lostSaves = true;
  }
}

// --- the page's own controls

function setMode(mode) {
  view.mode = mode;
  for (const button of $("modes").children) button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
  draw();
}

function setOverlay(overlay) {
  view.overlay = view.overlay === overlay ? "none" : overlay;
  for (const button of $("overlays").children) button.setAttribute("aria-pressed", String(button.dataset.overlay === view.overlay));
  draw();
}

function zoomTo(scale, at = null) {
  const canvas = $("preview"), middle = at ?? [canvas.width / 2, canvas.height / 2];
  const next = Math.min(Math.max(scale, 0.02), 32);
  const pixel = middle.map((value, k) => (value - [canvas.width, canvas.height][k] / 2) / view.scale + view.centre[k]);
  view.fit = false;
  view.centre = pixel.map((value, k) => value - (middle[k] - [canvas.width, canvas.height][k] / 2) / next);
  view.scale = next;
  draw();
}

function zoomFit() {
  view.fit = true;
  draw();
}

function watchPreview() {
  const canvas = $("preview"), fingers = new Map();
  const place = (event) => {
    const box = canvas.getBoundingClientRect(), ratio = canvas.width / box.width;
    return [(event.clientX - box.left) * ratio, (event.clientY - box.top) * ratio];
  };
  let action = null, spread = 0;
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, place(event));
    const [x] = place(event), seam = view.split * canvas.width;
    const near = Math.abs(x - seam) < 24 * (window.devicePixelRatio || 1);
    action = view.mode === "split" && (near || view.fit) ? "split" : "pan";
    if (fingers.size === 2) {
      const [a, b] = [...fingers.values()];
      spread = Math.hypot(a[0] - b[0], a[1] - b[1]);
      action = "pinch";
    }
    if (action === "split") moveSplit(x);
  });
  const moveSplit = (x) => {
    view.split = Math.min(Math.max(x / canvas.width, 0), 1);
    draw();
  };
  canvas.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const now = place(event);
    fingers.set(event.pointerId, now);
    if (action === "split") moveSplit(now[0]);
    else if (action === "pan") {
      view.fit = false;
      view.centre = view.centre.map((value, k) => value - (now[k] - before[k]) / view.scale);
      draw();
    } else if (action === "pinch" && fingers.size === 2) {
      const [a, b] = [...fingers.values()], next = Math.hypot(a[0] - b[0], a[1] - b[1]);
      zoomTo((view.scale * next) / (spread || 1), [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]);
      spread = next;
    }
  });
  for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, (event) => fingers.delete(event.pointerId));
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoomTo(view.scale * 1.0015 ** -event.deltaY, place(event));
  }, { passive: false });
  canvas.addEventListener("dblclick", () => {
    if (view.mode === "split" && view.fit) view.split = 0.5;
    zoomFit();
  });
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!step) return;
    event.preventDefault();
    if (view.mode === "split" && view.fit && step[0]) view.split = Math.min(Math.max(view.split + step[0] * 0.02, 0), 1);
    else {
      view.fit = false;
      view.centre = view.centre.map((value, k) => value + (step[k] * 40) / view.scale);
    }
    draw();
  });
}

function watchCube() {
  const canvas = $("scope-cube");
  canvas.tabIndex = 0;
  let from = null;
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    from = [event.clientX, event.clientY, ...turn];
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!from) return;
    turn = [from[2] + (event.clientX - from[0]) * 0.01, Math.min(Math.max(from[3] + (event.clientY - from[1]) * 0.01, -1.5), 1.5)];
    drawScopes();
  });
  for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => (from = null));
  canvas.addEventListener("dblclick", () => {
    turn = [0.6, 0.5];
    drawScopes();
  });
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, -0.1], ArrowDown: [0, 0.1] }[event.key];
    if (!step) return;
    event.preventDefault();
    turn = [turn[0] + step[0], Math.min(Math.max(turn[1] + step[1], -1.5), 1.5)];
    drawScopes();
  });
}

async function save(format) {
  await guarded(async () => say(await saveFile(await makeFile(store.look, format))));
}

const saveBoth = async () => {
  await save("look");
  if (DATA.serve) await save("cube-33");
};

const KEYS = {
  b: ["before, while held: the picture as it was", () => {
    if (view.mode !== "before") lastMode = view.mode;
    setMode("before");
  }],
  s: ["split: before and after with a line to drag", () => setMode("split")],
  d: ["side by side", () => setMode("side")],
  a: ["after only", () => setMode("after")],
  c: ["mark clipped pixels", () => setOverlay("clipping")],
  f: ["mark folded pixels", () => setOverlay("folds")],
  0: ["fit the picture", zoomFit],
  1: ["pixel by pixel", () => zoomTo(1)],
  "+": ["nearer", () => zoomTo(view.scale * 1.25)],
  "-": ["farther", () => zoomTo(view.scale / 1.25)],
  "[": ["picture before", () => choosePicture(current - 1)],
  "]": ["next picture", () => choosePicture(current + 1)],
  l: ["add a layer", () => $("add").focus()],
  "?": ["these keys", () => $("help").showModal()],
};

function watchKeys() {
  window.addEventListener("keydown", (event) => {
    const large = event.key === "Escape" && document.querySelector("figure.large button");
    if (large) large.click();
    const command = event.ctrlKey || event.metaKey, key = event.key.toLowerCase();
    if (command && key === "z") {
      if (event.target.matches?.("input[type=text]")) return;
      event.preventDefault();
      if (!(event.shiftKey ? store.redo() : store.undo())) say(event.shiftKey ? "Nothing to redo." : "Nothing to undo.");
    } else if (command && key === "y") {
      event.preventDefault();
      store.redo();
    } else if (command && key === "s") {
      event.preventDefault();
      saveBoth();
    } else if (command && key === "o") {
      event.preventDefault();
      $("file").click();
    } else if (!command && !event.altKey && KEYS[event.key] && !event.target.matches?.("input:not([type=range]):not([type=checkbox]), select, textarea")) {
      event.preventDefault();
      if (!event.repeat) KEYS[event.key][1]();
    }
  });
  window.addEventListener("keyup", (event) => {
    if (event.key === "b" && view.mode === "before") setMode(lastMode);
  });
}

function buildPage() {
  $("add").append(...Object.keys(KINDS).map((name) => h("option", { value: name, title: KINDS[name].summary }, name.replace(/-/g, " "))));
  $("add").addEventListener("change", () => {
    panel.add($("add").value, $("add").value === "lut" ? { lut: "tungsten" } : {});
    $("add").value = "";
  });
  $("modes").append(...MODES.map((mode) => h("button", { type: "button", "data-mode": mode, "aria-pressed": String(mode === view.mode), onclick: () => setMode(mode) }, mode)));
  $("overlays").append(...OVERLAYS.slice(1).map((overlay) => h("button", { type: "button", "data-overlay": overlay, "aria-pressed": "false", onclick: () => setOverlay(overlay) }, overlay)));
  $("scopes").append(...Object.entries(SCOPES).map(([name, scope]) =>
    h("figure", {}, h("canvas", { id: `scope-${name}`, width: SCOPE[0], height: SCOPE[1], role: "img", "aria-label": scope.label }),
      h("figcaption", {}, h("button", { type: "button", class: "plain", title: "larger, and back", "aria-label": `${scope.label}: larger, and back`, onclick: (event) => enlarge(event, name) }, scope.label, " ⤢")))));
  $("save-as").append(...Object.entries(FORMATS).map(([value, label]) => h("option", { value }, label)));
  $("save").addEventListener("click", () => save($("save-as").value));
  $("open").addEventListener("click", () => $("file").click());
  $("file").addEventListener("change", async () => {
    await take([...$("file").files]);
    $("file").value = "";
  });
  $("undo").addEventListener("click", () => store.undo() || say("Nothing to undo."));
  $("redo").addEventListener("click", () => store.redo() || say("Nothing to redo."));
  $("fit").addEventListener("click", zoomFit);
  $("pixels").addEventListener("click", () => zoomTo(1));
  $("name").addEventListener("input", () => store.change((look) => (look.name = $("name").value), "name"));
  $("name").addEventListener("change", () => store.settle());
  $("target").addEventListener("change", () => scaleTo(Number($("target").value)));
  Object.assign($("target-slider"), { min: TARGETS[0], max: TARGETS[1], step: 0.1 });
  $("target-slider").addEventListener("input", () => ($("target").value = $("target-slider").value));
  $("target-slider").addEventListener("change", () => scaleTo(Number($("target-slider").value)));
  $("clear").addEventListener("click", () => {
    store.change((look) => Object.assign(look, { name: "", amount: 1, layers: [] }));
    say("A new look; undo brings the old one back.");
  });
  $("theme").addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    themed();
    scheduleSave();
  });
  $("keys").append(...Object.entries(KEYS).flatMap(([key, [text]]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, text)]));
  $("show-help").addEventListener("click", () => $("help").showModal());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", themed);
  window.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  window.addEventListener("dragleave", (event) => event.relatedTarget ?? document.body.classList.remove("dropping"));
  window.addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dropping");
    take([...event.dataTransfer.files]);
  });
  window.addEventListener("pagehide", keep);
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && keep());
  new ResizeObserver(resize).observe($("preview").parentElement);
}

function themed() {
  const shade = isDark() ? 0.09 : 0.8;
  view.surround = [shade, shade, shade];
  if (stage) draw();
  drawScopes();
}

function firstLook() {
  const given = DATA.look && lookFromTable(parseToml(DATA.look, "the look"), "the look");
  return given || { name: "", amount: 1, layers: [newLayer("exposure"), newLayer("temperature"), newLayer("curves")] };
}

async function start() {
  await unpackLibrary();
  const session = await loadSession().catch(() => null);
  const forced = new URLSearchParams(location.search).has("cpu");
  preview = forced ? null : GpuPreview.create($("preview"));
  if (!preview) {
    preview = new CpuPreview($("preview"));
    $("gpu-note").hidden = false;
  }
  store = new Store(session?.look ?? firstLook(), changed);
  Object.assign(store, { past: session?.past ?? [], future: session?.future ?? [] });
  panel = new LayersPanel($("layers"), store, say);
  if (session?.theme) document.documentElement.dataset.theme = session.theme;
  buildPage();
  pictures = [...(await embeddedPictures()), ...demoPictures()];
  for (const { name, blob } of (session?.pictures ?? []).reverse())
    await guarded(async () => pictures.unshift(await openPicture(blob, name)));
  renderStrip();
  watchPreview();
  watchCube();
  watchKeys();
  buildAmount();
  panel.render();
  $("name").value = store.look.name;
  const wanted = pictures.findIndex(({ name }) => name === session?.picture);
  await choosePicture(Math.max(wanted, 0));
  if (session?.mode && session.mode !== "before") view.mode = session.mode;
  themed();
  show();
  resize();
  setMode(view.mode);
  if (session) say("Your work from last time is here.");
  document.body.dataset.ready = "yes";
}

// For tests and for the curious: what the page knows, in the console.
window.studio = {
  timings, view, take, keep, scaleTo, makeFile, bake, drawMember, lookText, library, copy, measure, undoError,
  get look() { return store.look; },
  get store() { return store; },
  get panel() { return panel; },
  get preview() { return preview; },
  get stage() { return stage; },
  get figures() { return figures; },
  get pictures() { return pictures; },
  get pending() { return Boolean(frame || numbersTimer); },
  load: (text) => store.change((look) => Object.assign(look, lookFromTable(parseToml(text, "look.toml"), "look.toml"))),
  choosePicture, newLayer,
};

start();
