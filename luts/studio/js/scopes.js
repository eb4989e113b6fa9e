// Histogram, waveform, vectorscope, grey axis, hue circle, and the cube in 3D: small 2D canvases.
import { oklabOf, oklabToEncoded } from "./colour.js";
import { lookUp } from "./cube.js";

export const SCOPES = {
  histogram: { label: "Histogram", draw: histogram },
  waveform: { label: "Waveform", draw: waveform },
  vectorscope: { label: "Vectorscope", draw: vectorscope },
  greys: { label: "Grey axis", draw: greyAxis },
  hues: { label: "Hue circle", draw: hueCircle },
  cube: { label: "Cube in 3D", draw: lattice },
};

const CHANNELS = ["#ff5a52", "#3fbf5f", "#5c9dff"];
export const SAMPLE_WIDTH = 192;

// A small copy of a picture, as encoded values.
export function sampleOf(canvas) {
  const width = Math.min(SAMPLE_WIDTH, canvas.width);
  const height = Math.max(1, Math.round((canvas.height * width) / canvas.width));
  const small = document.createElement("canvas");
  small.width = width;
  small.height = Math.min(height, 2 * SAMPLE_WIDTH);
  const context = small.getContext("2d", { willReadFrequently: true });
  context.drawImage(canvas, 0, 0, small.width, small.height);
  const { data } = context.getImageData(0, 0, small.width, small.height);
  const values = new Float64Array(small.width * small.height * 3);
  for (let k = 0, i = 0; i < data.length; i += 4) for (let c = 0; c < 3; c++) values[k++] = data[i + c] / 255;
  return { width: small.width, height: small.height, values };
}

export function through3d(stage, sample) {
  const values = sample.values.slice();
  lookUp(stage, values);
  return { ...sample, values };
}

function clear(context, theme) {
  const { width, height } = context.canvas;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.globalCompositeOperation = "source-over";
  context.fillStyle = theme.back;
  context.fillRect(0, 0, width, height);
  return [width, height];
}

function polyline(context, points, colour, width = 1.5) {
  context.beginPath();
  points.forEach(([x, y], k) => (k ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.stroke();
}

function histogram(context, { after, before }, theme) {
  const [width, height] = clear(context, theme), bins = 128;
  const count = (sample) => {
    const counts = [0, 1, 2].map(() => new Float64Array(bins));
    sample.values.forEach((value, k) => {
      counts[k % 3][Math.min(Math.max(Math.floor(value * bins), 0), bins - 1)]++;
    });
    return counts;
  };
  const shown = count(after), was = count(before);
  const top = Math.max(...shown.map((list) => [...list].sort((a, b) => b - a)[4])) * 1.15 || 1;
  context.globalCompositeOperation = theme.dark ? "lighter" : "multiply";
  shown.forEach((list, c) => {
    context.fillStyle = CHANNELS[c] + "aa";
    context.beginPath();
    context.moveTo(0, height);
    list.forEach((value, k) => context.lineTo(((k + 0.5) / bins) * width, height - Math.min(value / top, 1) * height));
    context.lineTo(width, height);
    context.fill();
  });
  context.globalCompositeOperation = "source-over";
  was.forEach((list, c) => polyline(context, Array.from(list, (value, k) =>
    [((k + 0.5) / bins) * width, height - Math.min(value / top, 1) * height]), CHANNELS[c] + "66", 1));
}

function waveform(context, { after }, theme) {
  const [width, height] = clear(context, theme), image = context.getImageData(0, 0, width, height), { data } = image;
  const step = theme.dark ? 26 : -26;
  after.values.forEach((value, k) => {
    const c = k % 3, x = Math.floor((((Math.floor(k / 3) % after.width) + 0.5) / after.width) * width);
    const y = Math.min(Math.max(Math.round((1 - value) * (height - 1)), 0), height - 1);
    const at = (y * width + x) * 4;
    if (theme.dark) data[at + c] = Math.min(255, data[at + c] + 60);
    else for (let o = 0; o < 3; o++) if (o !== c) data[at + o] = Math.max(0, data[at + o] + step);
  });
  context.putImageData(image, 0, 0);
  for (const level of [0.25, 0.5, 0.75]) polyline(context, [[0, level * height], [width, level * height]], theme.line, 1);
}

function vectorscope(context, { after }, theme) {
  const [width, height] = clear(context, theme), radius = Math.min(width, height) / 2 - 4;
  const image = context.getImageData(0, 0, width, height), { data } = image;
  for (let i = 0; i < after.values.length; i += 3) { // BT.709 colour differences
    const r = after.values[i], g = after.values[i + 1], b = after.values[i + 2];
    const luma = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    const x = Math.round(width / 2 + ((b - luma) / 1.8556) * 2 * radius);
    const y = Math.round(height / 2 - ((r - luma) / 1.5748) * 2 * radius);
    if (x < 0 || y < 0 || x >= width || y >= height) continue;
    const at = (y * width + x) * 4;
    data[at] = data[at] * 0.6 + r * 102;
    data[at + 1] = data[at + 1] * 0.6 + g * 102;
    data[at + 2] = data[at + 2] * 0.6 + b * 102;
  }
  context.putImageData(image, 0, 0);
  context.strokeStyle = theme.line;
  context.lineWidth = 1;
  for (const share of [0.5, 1]) {
    context.beginPath();
    context.arc(width / 2, height / 2, radius * share, 0, 7);
    context.stroke();
  }
  [[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 1, 1], [0, 0, 1], [1, 0, 1]].forEach(([r, g, b]) => {
    const luma = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    const x = width / 2 + ((b - luma) / 1.8556) * 1.5 * radius, y = height / 2 - ((r - luma) / 1.5748) * 1.5 * radius;
    context.strokeStyle = `rgb(${r * 230},${g * 200},${b * 230})`;
    context.strokeRect(x - 4, y - 4, 8, 8);
  });
}

function greyAxis(context, { figures }, theme) {
  const [width, height] = clear(context, theme), { values } = figures.greys;
  polyline(context, [[0, height], [width, 0]], theme.line, 1);
  for (let c = 0; c < 3; c++)
    polyline(context, Array.from({ length: 256 }, (_, k) =>
      [(k / 255) * width, height - values[k * 3 + c] * height]), CHANNELS[c]);
}

const RING = (() => {
  const values = new Float64Array(72 * 3);
  for (let k = 0; k < 72; k++) {
    const hue = (k / 72) * 2 * Math.PI;
    values.set(oklabToEncoded(0.7, 0.11 * Math.cos(hue), 0.11 * Math.sin(hue)), k * 3);
  }
  return values;
})();

// Where a ring of hues of one lightness and chroma goes, in OKLab a and b.
function hueCircle(context, { stage }, theme) {
  const [width, height] = clear(context, theme), radius = Math.min(width, height) / 2 - 6;
  const moved = RING.slice();
  lookUp(stage, moved);
  const at = (values, k) => {
    const [, a, b] = oklabOf(values[k * 3], values[k * 3 + 1], values[k * 3 + 2]);
    return [width / 2 + (a / 0.25) * radius, height / 2 - (b / 0.25) * radius];
  };
  context.strokeStyle = theme.line;
  context.lineWidth = 1;
  context.beginPath();
  context.arc(width / 2, height / 2, (0.11 / 0.25) * radius, 0, 7);
  context.stroke();
  for (let k = 0; k < 72; k += 2) {
    const colour = `rgb(${[0, 1, 2].map((c) => RING[k * 3 + c] * 255)})`;
    const from = at(RING, k), to = at(moved, k);
    polyline(context, [from, to], colour, 1.5);
    context.fillStyle = colour;
    context.beginPath();
    context.arc(to[0], to[1], 2.5, 0, 7);
    context.fill();
  }
}

const EDGE = 9;

function lattice(context, { stage, turn }, theme) {
  const [width, height] = clear(context, theme), size = Math.min(width, height) * 0.56, dots = [];
  const [yaw, pitch] = turn, cy = Math.cos(yaw), sy = Math.sin(yaw), cp = Math.cos(pitch), sp = Math.sin(pitch);
  const project = (r, g, b) => {
    const x = r - 0.5, y = g - 0.5, z = b - 0.5;
    const across = cy * x + sy * z, deep = cy * z - sy * x;
    return [width / 2 + across * size, height / 2 - (cp * y - sp * deep) * size, sp * y + cp * deep];
  };
  const corners = [[0, 1], [0, 2], [0, 4], [1, 3], [1, 5], [2, 3], [2, 6], [4, 5], [4, 6], [3, 7], [5, 7], [6, 7]];
  const corner = (k) => project(k & 1, (k >> 1) & 1, (k >> 2) & 1);
  for (const [a, b] of corners) polyline(context, [corner(a), corner(b)], theme.line, 1);
  const step = (stage.size - 1) / (EDGE - 1), values = new Float64Array(3);
  for (let r = 0; r < EDGE; r++)
    for (let g = 0; g < EDGE; g++)
      for (let b = 0; b < EDGE; b++) {
        values[0] = (r * step) / (stage.size - 1);
        values[1] = (g * step) / (stage.size - 1);
        values[2] = (b * step) / (stage.size - 1);
        lookUp(stage, values);
        const grey = r === g && g === b;
        dots.push([...project(...values), `rgb(${[...values].map((value) => value * 255)})`, grey ? 3.2 : 2]);
      }
  dots.sort((a, b) => b[2] - a[2]);
  for (const [x, y, , colour, radius] of dots) {
    context.fillStyle = colour;
    context.beginPath();
    context.arc(x, y, radius * (width / 200), 0, 7);
    context.fill();
  }
}
