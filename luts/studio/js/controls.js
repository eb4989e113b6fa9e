// Small pieces of the page: elements, sliders with a number beside them, curves through points.
import { around, through } from "./interpolate.js";
import { oklabToEncoded } from "./colour.js";

// h("button", {class: "x", onclick: f}, "text", child...)
export function h(name, attributes = {}, ...children) {
  const svg = ["svg", "path", "circle", "line", "rect", "g", "title"].includes(name) && name !== "title";
  const element = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on") && typeof value === "function") element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const decimals = (step) => Math.max(0, Math.min(6, Math.ceil(-Math.log10(step) - 1e-9)));

// A labelled slider and a number of the same value; double click on either puts the default back.
// `change(value, done)`: done is false while a drag goes on.
export function slider({ label, help, low, high, step, value, usual, change, path }) {
  const digits = decimals(step), show = (x) => String(Number(Number(x).toFixed(digits + 2)));
  const name = `${label}${help ? `: ${help}` : ""}`;
  const range = h("input", {
    type: "range", min: low, max: high, step, value, "aria-label": name, title: help ?? "", "data-path": path,
  });
  const number = h("input", {
    type: "number", min: low, max: high, step: "any", value: show(value), "aria-label": `${name}, as a number`,
    "data-path": `${path}#`,
  });
  const reset = (event) => {
    event.preventDefault();
    change(usual, true);
  };
  range.addEventListener("input", () => {
    number.value = show(range.value);
    change(Number(range.value), false);
  });
  range.addEventListener("change", () => change(Number(range.value), true));
  number.addEventListener("change", () => {
    const typed = Number(number.value);
    const fits = number.value.trim() !== "" && Number.isFinite(typed) && typed >= low && typed <= high;
    number.setCustomValidity(fits ? "" : `${low} to ${high}`);
    number.reportValidity();
    if (fits) change(typed, true);
  });
  const caption = h("span", { class: "caption", title: `${help ?? ""} (double click: back to ${show(usual)})` }, label);
  for (const element of [range, caption]) element.addEventListener("dblclick", reset);
  return h("div", { class: "slider" }, caption, range, number);
}

const BOX = [300, 180];

// A curve through points: drag them, click to add one, double click or Delete to take one away.
export function pointEditor({ parameter, points, change, label, path, colour = "var(--ink)" }) {
  const [left, right] = parameter.across, { low, high } = parameter;
  const [width, height] = BOX;
  const toX = (x) => ((x - left) / (right - left)) * width, toY = (y) => height - ((y - low) / (high - low)) * height;
  const fromX = (x) => left + (x / width) * (right - left), fromY = (y) => low + ((height - y) / height) * (high - low);
  const svg = h("svg", {
    viewBox: `-8 -8 ${width + 16} ${height + 16}`, class: "points", role: "group",
    "aria-label": `${label}: ${parameter.help}`,
  });
  if (parameter.round_about) for (let k = 0; k < 60; k++) {
    const hue = ((k + 0.5) / 60) * 2 * Math.PI;
    const rgb = oklabToEncoded(0.72, 0.12 * Math.cos(hue), 0.12 * Math.sin(hue)).map((x) => Math.round(Math.min(Math.max(x, 0), 1) * 255));
    svg.append(h("rect", { x: (k / 60) * width, y: height - 8, width: width / 60 + 0.5, height: 8, fill: `rgb(${rgb})` }));
  }
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    svg.append(h("line", { x1: share * width, y1: 0, x2: share * width, y2: height, class: "grid" }));
    svg.append(h("line", { x1: 0, y1: share * height, x2: width, y2: share * height, class: "grid" }));
  }
  const neutral = parameter.default;
  const plain = neutral.map(([x, y]) => `${toX(x)},${toY(y)}`);
  if (parameter.round_about) svg.append(h("line", { x1: 0, x2: width, y1: toY(neutral[0][1]), y2: toY(neutral[0][1]), class: "plain" }));
  else svg.append(h("path", { d: `M${plain.join("L")}`, class: "plain" }));
  const line = h("path", { class: "curve", stroke: colour });
  svg.append(line);
  let shown = points.map((point) => [...point]);
  const minGap = (right - left) / 200;
  const clampX = (x, index) => {
    const before = index ? shown[index - 1][0] + minGap : left;
    const after = index + 1 < shown.length ? shown[index + 1][0] - minGap : right - (parameter.round_about ? minGap : 0);
    return Math.min(Math.max(x, before), Math.max(before, after));
  };
  const clampY = (y) => Math.min(Math.max(y, low), high);
  const round = (x) => Number(x.toPrecision(6));
  const drawLine = () => {
    const curve = parameter.round_about ? around(shown) : through(shown);
    const steps = Array.from({ length: 121 }, (_, k) => left + (k / 120) * (right - left));
    line.setAttribute("d", `M${steps.map((x) => `${toX(x).toFixed(2)},${toY(Math.min(Math.max(curve(x), low), high)).toFixed(2)}`).join("L")}`);
  };
  const say = (circle, index) => {
    const [x, y] = shown[index];
    circle.setAttribute("cx", toX(x));
    circle.setAttribute("cy", toY(y));
    circle.setAttribute("aria-valuenow", round(y));
    circle.setAttribute("aria-valuetext", `in ${round(x)}, out ${round(y)}`);
  };
  const move = (circle, index, x, y, done) => {
    shown[index] = [round(clampX(x, index)), round(clampY(y))];
    say(circle, index);
    drawLine();
    change(shown.map((point) => [...point]), done);
  };
  const remove = (index) => {
    if (shown.length < 2) return;
    shown.splice(index, 1);
    change(shown, true, true);
  };
  const at = (event) => {
    const box = svg.getBoundingClientRect(), scale = (width + 16) / box.width;
    return [fromX((event.clientX - box.left) * scale - 8), fromY((event.clientY - box.top) * scale - 8)];
  };
  const follow = (circle, index, event) => {
    event.preventDefault();
    event.stopPropagation();
    circle.focus();
    let moved = false;
    const go = (next) => {
      moved = true;
      const [x, y] = at(next);
      move(circle, index, x, y, false);
    };
    const end = () => {
      window.removeEventListener("pointermove", go);
      window.removeEventListener("pointerup", end);
      window.removeEventListener("pointercancel", end);
      if (moved) change(shown.map((point) => [...point]), true);
    };
    window.addEventListener("pointermove", go);
    window.addEventListener("pointerup", end);
    window.addEventListener("pointercancel", end);
  };
  shown.forEach((_, index) => {
    const circle = h("circle", {
      r: 6, class: "point", tabindex: 0, role: "slider", "aria-valuemin": low, "aria-valuemax": high,
      "aria-label": `${label}, point ${index + 1} of ${shown.length}`, "data-path": `${path}.${index}`, fill: colour,
    });
    say(circle, index);
    circle.addEventListener("pointerdown", (event) => follow(circle, index, event));
    circle.addEventListener("dblclick", (event) => {
      event.stopPropagation();
      remove(index);
    });
    circle.addEventListener("keydown", (event) => {
      const fine = event.shiftKey ? 0.2 : 1, dx = ((right - left) / 100) * fine, dy = ((high - low) / 100) * fine;
      const step = { ArrowLeft: [-dx, 0], ArrowRight: [dx, 0], ArrowUp: [0, dy], ArrowDown: [0, -dy] }[event.key];
      if (step && !event.altKey) {
        event.preventDefault();
        event.stopPropagation();
        move(circle, index, shown[index][0] + step[0], shown[index][1] + step[1], false);
      } else if (event.key === "Delete" || event.key === "Backspace") {
        event.preventDefault();
        event.stopPropagation();
        remove(index);
      }
    });
    svg.append(circle);
  });
  svg.addEventListener("pointerdown", (event) => {
    const [x, y] = at(event);
    if (event.target.classList.contains("point") || x < left || x > right) return;
    const index = shown.filter((point) => point[0] < x).length;
    shown.splice(index, 0, [x, clampY(y)]);
    const place = [round(clampX(x, index)), round(clampY(y))];
    const crowded = (index && place[0] - shown[index - 1][0] < minGap / 2) ||
      (index + 1 < shown.length && shown[index + 1][0] - place[0] < minGap / 2);
    if (crowded) {
      shown.splice(index, 1);
      return;
    }
    shown[index] = place;
    event.preventDefault();
    change(shown, true, true);
    const fresh = document.querySelector(`[data-path="${CSS.escape(`${path}.${index}`)}"]`);
    fresh?.dispatchEvent(new PointerEvent("pointerdown", event));
  });
  drawLine();
  return svg;
}
