// The list of layers: each with a switch, a strength, its place, and its parameters' controls.
import { DATA, KINDS } from "./data.js";
import { h, pointEditor, slider } from "./controls.js";
import { library } from "./cube.js";
import { defaults, newLayer } from "./look.js";
import { copy } from "./store.js";

const INK = { master: "var(--ink)", red: "#e5484d", green: "#2f9e5b", blue: "#3b82f6" };
const words = (name) => name.replace(/[-_]/g, " ");

export class LayersPanel {
  constructor(place, store, say) {
    this.place = place;
    this.store = store;
    this.say = say;
    this.open = new Set([0]);
    this.tabs = new Map(); // layer's index -> which of its curves is shown
    this.errors = new Map();
  }

  // Build everything anew; the focus stays on what had it.
  render() {
    const path = document.activeElement?.dataset?.path;
    const { layers } = this.store.look;
    this.place.replaceChildren(...layers.map((layer, index) => this.card(layer, index)));
    if (!layers.length) this.place.append(h("p", { class: "hint" }, "No layers yet. Add one above, or drop a look, a .cube or a plate here."));
    this.showErrors();
    if (path) this.place.querySelector(`[data-path="${CSS.escape(path)}"]`)?.focus({ preventScroll: true });
  }

  showErrors() {
    [...this.place.querySelectorAll(".layer")].forEach((card, index) => {
      const text = this.errors.get(index) ?? "";
      const line = card.querySelector(".error");
      line.textContent = text;
      line.hidden = !text;
    });
  }

  card(layer, index) {
    const { store } = this, count = store.look.layers.length;
    const name = words(layer.kind), edit = (change, tag) => store.change((look) => change(look.layers[index]), tag);
    const button = (label, text, action, off = false) =>
      h("button", { type: "button", title: label, "aria-label": `${label}: ${name}`, onclick: action, disabled: off, "data-path": `${index}.${label}` }, text);
    const header = h("summary", { title: KINDS[layer.kind].summary, "data-path": `${index}.head` },
      h("span", { class: "grip", "aria-hidden": "true" }, "⋮⋮"),
      h("input", {
        type: "checkbox", checked: layer.on, "aria-label": `${name}: on`, "data-path": `${index}.on`,
        onclick: (event) => event.stopPropagation(),
        onchange: (event) => edit((it) => (it.on = event.target.checked)),
      }),
      h("span", { class: "kind" }, name),
      h("span", { class: "tools" },
        button("Move up", "↑", (event) => this.move(event, index, index - 1), index === 0),
        button("Move down", "↓", (event) => this.move(event, index, index + 1), index === count - 1),
        button("Copy", "×2", (event) => {
          event.preventDefault();
          store.change((look) => look.layers.splice(index + 1, 0, copy(look.layers[index])));
        }),
        button("Reset", "⟲", (event) => {
          event.preventDefault();
          edit((it) => Object.assign(it, { strength: 1, values: { ...defaults(it.kind), ...(it.kind === "lut" ? it.values : {}) } }));
        }),
        button("Remove", "✕", (event) => this.remove(event, index))),
      h("p", { class: "error", role: "alert", hidden: true }));
    header.addEventListener("keydown", (event) => {
      if (event.target !== header) return;
      if (event.altKey && event.key === "ArrowUp") this.move(event, index, index - 1);
      else if (event.altKey && event.key === "ArrowDown") this.move(event, index, index + 1);
      else if (event.key === "Delete") this.remove(event, index);
    });
    const body = h("div", { class: "controls" },
      slider({
        label: "strength", help: "0 none, 1 as set", low: 0, high: 1, step: 0.01, value: layer.strength, usual: 1, path: `${index}.strength`,
        change: (value, done) => this.set(index, (it) => (it.strength = value), "strength", done),
      }),
      ...this.controls(layer, index));
    const card = h("details", { class: `layer${layer.on ? "" : " off"}`, open: this.open.has(index), draggable: "false" },
      header, body);
    header.addEventListener("click", (event) => { // "toggle" would come too late for what follows
      if (!event.defaultPrevented) this.open[card.open ? "delete" : "add"](index);
    });
    this.makeDraggable(card, header.querySelector(".grip"), index);
    return card;
  }

  set(index, edit, name, done) {
    this.store.change((look) => edit(look.layers[index]), `${index}.${name}`);
    if (done) this.store.settle();
    if (done) this.render();
  }

  controls(layer, index) {
    const found = [], { parameters } = KINDS[layer.kind];
    const curves = Object.entries(parameters).filter(([, p]) => p.form === "points");
    if (curves.length) found.push(this.curves(layer, index, curves));
    for (const [key, parameter] of Object.entries(parameters)) {
      const control = this.control(layer, index, key, parameter);
      if (control) found.push(control);
    }
    return found;
  }

  control(layer, index, key, p) {
    const value = layer.values[key], path = `${index}.${key}`, label = words(key);
    const put = (next, done, name = key) => this.set(index, (it) => (it.values[key] = next), name, done);
    if (layer.kind === "lut") return key === "lut" ? this.lutChoice(layer, index) : null;
    if (key === "version") return null;
    if (p.form === "number")
      return slider({ label, help: p.help, low: p.low, high: p.high, step: p.step, value, usual: p.default, path, change: put });
    if (p.form === "whole")
      return h("label", { class: "row" }, h("span", { class: "caption" }, label),
        h("input", {
          type: "number", min: p.low, max: p.high, step: 1, value, "data-path": path, title: p.help,
          onchange: (event) => {
            const typed = Number(event.target.value);
            if (Number.isInteger(typed) && typed >= p.low && typed <= p.high) put(typed, true);
            else event.target.reportValidity();
          },
        }),
        h("button", { type: "button", title: "Next seed", "aria-label": "next seed", "data-path": `${path}.next`, onclick: () => put(value + 1, true) }, "⚄ next"));
    if (p.form === "choice")
      return h("label", { class: "row" }, h("span", { class: "caption" }, label),
        h("select", { "data-path": path, title: p.help, onchange: (event) => put(event.target.value, true) },
          ...p.choices.map((choice) => h("option", { value: choice, selected: choice === value, title: DATA.families[choice] ?? "" }, choice))));
    if (p.form === "vector")
      return h("fieldset", {}, h("legend", { title: p.help }, `${label} (${p.help})`),
        ...p.labels.map((entry, k) => slider({
          label: entry, help: p.help, low: p.low, high: p.high, step: p.step, value: value[k], usual: p.default[k], path: `${path}.${k}`,
          change: (next, done) => this.set(index, (it) => (it.values[key] = it.values[key].map((old, j) => (j === k ? next : old))), `${key}.${k}`, done),
        })));
    return null;
  }

  // Several curves of one layer share a box: tabs choose which is dragged.
  curves(layer, index, curves) {
    const chosen = this.tabs.get(index) ?? curves[0][0];
    const [key, parameter] = curves.find(([name]) => name === chosen) ?? curves[0];
    const tabs = curves.length > 1 && h("div", { class: "tabs", role: "tablist" }, ...curves.map(([name]) =>
      h("button", {
        type: "button", role: "tab", "aria-selected": String(name === key), "data-path": `${index}.tab.${name}`,
        onclick: () => {
          this.tabs.set(index, name);
          this.render();
        },
      }, name)));
    const editor = pointEditor({
      parameter, points: layer.values[key], label: `${words(layer.kind)} ${key}`, path: `${index}.${key}`, colour: INK[key] ?? "var(--accent)",
      change: (points, done, rebuild) => {
        this.set(index, (it) => (it.values[key] = points), rebuild ? `${key}!${points.length}` : key, done);
      },
    });
    const reset = h("button", {
      type: "button", class: "small", "data-path": `${index}.${key}.reset`,
      onclick: () => this.set(index, (it) => (it.values[key] = structuredClone(parameter.default)), `${key}!`, true),
    }, "straight again");
    return h("div", {}, tabs || null, editor, h("div", { class: "row" }, h("span", { class: "hint" }, parameter.help), reset));
  }

  lutChoice(layer, index) {
    const { lut, cube } = layer.values;
    return h("label", { class: "row" }, h("span", { class: "caption" }, "LUT"),
      h("select", {
        "data-path": `${index}.lut`,
        onchange: (event) => this.set(index, (it) => (it.values = { lut: event.target.value, cube: "" }), "lut", true),
      },
      (cube || !(lut in library)) && h("option", { value: lut, selected: true }, cube ? `${lut || "imported"} (in the look)` : lut || "choose one"),
      ...Object.keys(library).map((name) => h("option", { value: name, selected: !cube && name === lut }, name))));
  }

  add(kind, values = {}) {
    this.store.change((look) => {
      look.layers.push(newLayer(kind, values));
    });
    const index = this.store.look.layers.length - 1;
    this.open = new Set([...this.open, index]);
    this.render();
    this.place.lastElementChild?.scrollIntoView({ block: "nearest" });
    this.place.querySelector(`[data-path="${index}.head"]`)?.focus();
  }

  remove(event, index) {
    event.preventDefault();
    this.shift(index, -1);
    this.store.change((look) => look.layers.splice(index, 1));
    this.say("Layer removed; Ctrl+Z brings it back.");
  }

  move(event, from, to) {
    event.preventDefault();
    if (to < 0 || to >= this.store.look.layers.length || to === from) return;
    const opened = this.open.has(from), other = this.open.has(to);
    if (Math.abs(from - to) === 1) {
      this.open[other ? "add" : "delete"](from);
      this.open[opened ? "add" : "delete"](to);
    }
    this.tabs.clear();
    this.store.change((look) => look.layers.splice(to, 0, ...look.layers.splice(from, 1)));
    this.place.querySelector(`[data-path="${to}.head"]`)?.focus();
  }

  shift(from, by) {
    this.open = new Set([...this.open].filter((k) => k !== from).map((k) => (k > from ? k + by : k)));
    this.tabs.clear();
  }

  // The grip moves a card by pointer, finger or pen alike.
  makeDraggable(card, grip, index) {
    grip.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      event.stopPropagation();
      card.classList.add("dragged");
      let target = index;
      const go = (next) => {
        const cards = [...this.place.querySelectorAll(".layer")];
        target = cards.filter((other, k) => k !== index && next.clientY > other.getBoundingClientRect().top + other.firstChild.offsetHeight / 2).length;
        cards.forEach((other, k) => other.classList.toggle("aim", k === target && k !== index));
      };
      const end = (last) => {
        window.removeEventListener("pointermove", go);
        window.removeEventListener("pointerup", end);
        window.removeEventListener("pointercancel", end);
        card.classList.remove("dragged");
        this.place.querySelectorAll(".aim").forEach((other) => other.classList.remove("aim"));
        if (last.type === "pointerup") this.move(last, index, target);
      };
      window.addEventListener("pointermove", go);
      window.addEventListener("pointerup", end);
      window.addEventListener("pointercancel", end);
    });
    grip.addEventListener("click", (event) => event.preventDefault());
  }
}
