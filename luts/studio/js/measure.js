// Severity, clipping, folds and what an inverse leaves: luts/measure.py and luts/folds.py.
import { DATA, SIZE } from "./data.js";
import { Colours, deltaE, encodedToLab } from "./colour.js";
import { cubeStage, identityTable, lookUp } from "./cube.js";

const FLAT = 1e-4, MERGING = 1 / 8;

function colourSet(colours, weights) {
  const encoded = Float64Array.from(colours), total = weights.reduce((sum, value) => sum + value, 0);
  return {
    encoded,
    rounded: Float64Array.from(encoded, Math.fround),
    weights: Float64Array.from(weights, (value) => value / total),
    lab: encodedToLab(encoded),
  };
}

export const NATURAL = colourSet(DATA.natural.colours, DATA.natural.weights);
const UNIFORM = (() => {
  const axis = Array.from({ length: 16 }, (_, k) => (k + 0.5) / 16);
  const colours = axis.flatMap((r) => axis.flatMap((g) => axis.flatMap((b) => [r, g, b])));
  return colourSet(colours, new Array(4096).fill(1));
})();

function differences(values, set) {
  const lab = encodedToLab(values), out = new Float64Array(values.length / 3);
  for (let k = 0, i = 0; k < out.length; k++, i += 3)
    out[k] = deltaE(lab[i], lab[i + 1], lab[i + 2], set.lab[i], set.lab[i + 1], set.lab[i + 2]);
  return out;
}

function average(values, weights) {
  let sum = 0, total = 0;
  for (let k = 0; k < values.length; k++) {
    sum += values[k] * weights[k];
    total += weights[k];
  }
  return sum / total;
}

// Severity of a function of Colours, without a cube in between.
export function meanDifference(change) {
  const colours = new Colours(NATURAL.encoded.slice());
  change(colours);
  return average(differences(colours.toEncoded(), NATURAL), NATURAL.weights);
}

// The same through a cube of 33 nodes, in float64 as the families measure it.
export function meanOfCube(change) {
  const colours = new Colours(identityTable(SIZE));
  change(colours);
  const table = colours.toEncoded().map((value) => Math.min(Math.max(value, 0), 1));
  const values = NATURAL.encoded.slice();
  lookUp(cubeStage(SIZE, table), values);
  return average(differences(values, NATURAL), NATURAL.weights);
}

// Determinants of all tetrahedra, [path][r][g][b]; paths in lexicographic order of axes.
const PATHS = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

function determinants(table, size) {
  const cells = size - 1, count = cells ** 3, out = new Float32Array(6 * count);
  const steps = [size * size * 3, size * 3, 3], whole = steps[0] + steps[1] + steps[2];
  const scale = cells ** 3;
  for (let path = 0; path < 6; path++) {
    const [one, two, three] = PATHS[path];
    const sign = path === 0 || path === 3 || path === 4 ? scale : -scale;
    const first = steps[one], second = first + steps[two];
    let k = path * count;
    for (let r = 0; r < cells; r++)
      for (let g = 0; g < cells; g++) {
        let p = r * steps[0] + g * steps[1];
        for (let b = 0; b < cells; b++, p += 3) {
          const q = p + first, s = p + second, t = p + whole;
          const ax = table[q] - table[p], ay = table[q + 1] - table[p + 1], az = table[q + 2] - table[p + 2];
          const bx = table[s] - table[q], by = table[s + 1] - table[q + 1], bz = table[s + 2] - table[q + 2];
          const cx = table[t] - table[s], cy = table[t + 1] - table[s + 1], cz = table[t + 2] - table[s + 2];
          out[k++] = sign * (ax * (by * cz - bz * cy) - ay * (bx * cz - bz * cx) + az * (bx * cy - by * cx));
        }
      }
  }
  return out;
}

function pathOf(fr, fg, fb) {
  // A stable sort of -fraction: of equal ones the earlier axis comes first.
  if (fr >= fg) return fg >= fb ? 0 : fr >= fb ? 1 : 4;
  return fr >= fb ? 2 : fg >= fb ? 3 : 5;
}

function determinantsAt(volume, cells, colours) {
  const out = new Float64Array(colours.length / 3), count = cells ** 3;
  for (let k = 0, i = 0; k < out.length; k++, i += 3) {
    const x = colours[i] * cells, y = colours[i + 1] * cells, z = colours[i + 2] * cells;
    const r = Math.min(Math.floor(x), cells - 1), g = Math.min(Math.floor(y), cells - 1);
    const b = Math.min(Math.floor(z), cells - 1);
    out[k] = volume[pathOf(x - r, y - g, z - b) * count + (r * cells + g) * cells + b];
  }
  return out;
}

function quantile(values, weights, share) {
  const order = Array.from(values.keys()).sort((a, b) => values[a] - values[b]);
  let total = 0, sum = 0;
  for (const weight of weights) total += weight;
  for (const k of order) {
    sum += weights[k];
    if (sum >= share * total) return values[k];
  }
  return values[order[order.length - 1]];
}

function figures(stage, set, local) {
  const output = set.rounded.slice();
  lookUp(stage, output);
  const lost = new Float64Array(output.length / 3);
  for (let i = 0; i < output.length; i++) {
    const value = Math.fround(output[i]), from = set.encoded[i];
    if ((value >= 1 && from < 1) || (value <= 0 && from > 0)) lost[Math.floor(i / 3)] = 1;
  }
  const difference = differences(output, set);
  let most = 0;
  for (const value of difference) most = Math.max(most, value);
  return {
    mean: average(difference, set.weights),
    p95: quantile(difference, set.weights, 0.95),
    largest: most,
    clipped: average(lost, set.weights),
    folded: local ? average(local.map((value) => +(value < -FLAT)), set.weights) : 0,
    merging: local ? average(local.map((value) => +(Math.abs(value) < MERGING)), set.weights) : 0,
  };
}

// Everything that the page says about a cube over [0, 1].
export function measure(stage) {
  const volume = determinants(stage.table, stage.size), cells = stage.size - 1;
  const natural = figures(stage, NATURAL, determinantsAt(volume, cells, NATURAL.encoded));
  const uniform = figures(stage, UNIFORM, null);
  let folded = 0, merging = 0;
  for (let k = 0; k < volume.length; k++) {
    folded += volume[k] < -FLAT;
    merging += Math.abs(volume[k]) < MERGING;
  }
  uniform.folded = folded / volume.length;
  uniform.merging = merging / volume.length;
  return { natural, uniform, greys: greys(stage) };
}

// The grey axis: how many of 255 steps fall in lightness, and the largest tint (OKLab-free: dE00).
function greys(stage) {
  const values = new Float64Array(256 * 3);
  for (let k = 0; k < 256; k++) values.fill(k / 255, k * 3, k * 3 + 3);
  lookUp(stage, values);
  const lab = encodedToLab(values);
  let falling = 0, flat = 0, tint = 0;
  for (let k = 0; k < 256; k++) {
    const l = lab[k * 3];
    tint = Math.max(tint, Math.sqrt(lab[k * 3 + 1] ** 2 + lab[k * 3 + 2] ** 2));
    if (!k) continue;
    const step = l - lab[k * 3 - 3];
    falling += step < -1e-6;
    flat += Math.abs(step) <= 1e-6;
  }
  return { falling, flat, tint, values, lab };
}

// What the exact inverse leaves of natural colours, after the cube, a clip and 8 bits: mean and p95
// of CIEDE2000. A colour that the cube never makes gets the input of a nearby one that it does.
export function undoError(stage) {
  const sent = NATURAL.rounded.slice(), back = new Float64Array(sent.length);
  lookUp(stage, sent);
  for (let i = 0; i < sent.length; i++)
    sent[i] = Math.floor(Math.min(Math.max(sent[i], 0), 1) * 255 + 0.5) / 255;
  const starts = new Float64Array(COARSE);
  lookUp(stage, starts);
  for (let i = 0; i < sent.length; i += 3)
    back.set(inverseOf(stage, [sent[i], sent[i + 1], sent[i + 2]], starts), i);
  const error = differences(back, NATURAL);
  return { mean: average(error, NATURAL.weights), p95: quantile(error, NATURAL.weights, 0.95) };
}

const COARSE = identityTable(9);

const GOOD = (0.25 / 255) ** 2; // half of what 8 bits can tell apart

// From the aim itself, the nearest of a coarse lattice, or beside either: until one start arrives.
function inverseOf(stage, aim, starts) {
  let nearest = Infinity, near = 0;
  for (let i = 0; i < starts.length; i += 3) {
    const found = (aim[0] - starts[i]) ** 2 + (aim[1] - starts[i + 1]) ** 2 + (aim[2] - starts[i + 2]) ** 2;
    if (found < nearest) {
      nearest = found;
      near = i;
    }
  }
  const coarse = [COARSE[near], COARSE[near + 1], COARSE[near + 2]];
  let best = descend(stage, aim, aim);
  const clipped = aim.some((value) => value <= 0 || value >= 1);
  for (const from of clipped ? [coarse] : [coarse, null, null]) {
    if (best.least < GOOD) break;
    // Beside where it stuck: tetrahedra meet in kinks, which no single one's slope crosses.
    const start = from ?? best.x.map((value, c) => (value < 0.5 ? value + NUDGE[c] : value - NUDGE[2 - c]));
    const found = descend(stage, aim, start);
    if (found.least < best.least) best = found;
  }
  return best.x;
}

const NUDGE = [0.013, 0.021, 0.034];

// Levenberg's steps within the tetrahedra, as far as they lead.
function descend(stage, aim, start) {
  const { table, size } = stage, cells = size - 1, steps = [size * size * 3, size * 3, 3];
  const distance = (values) =>
    (aim[0] - values[0]) ** 2 + (aim[1] - values[1]) ** 2 + (aim[2] - values[2]) ** 2;
  let x = start, here = Float64Array.from(start);
  lookUp(stage, here);
  let least = distance(here), damp = 1e-6;
  for (let turn = 0; turn < 20 && least > 1e-10 && damp < 10; turn++) {
    const cell = x.map((value) => Math.min(Math.floor(value * cells), cells - 1));
    const path = PATHS[pathOf(...x.map((value, c) => value * cells - cell[c]))];
    let at = cell[0] * steps[0] + cell[1] * steps[1] + cell[2] * steps[2];
    const m = [[0, 0, 0], [0, 0, 0], [0, 0, 0]];
    for (const axis of path) {
      const to = at + steps[axis];
      for (let c = 0; c < 3; c++) m[c][axis] = (table[to + c] - table[at + c]) * cells;
      at = to;
    }
    const miss = aim.map((value, c) => value - here[c]);
    const next = bounded(m, miss, x, damp), values = Float64Array.from(next);
    lookUp(stage, values);
    const error = distance(values);
    if (error < least) {
      x = next;
      here = values;
      least = error;
      damp = Math.max(damp / 10, 1e-7);
    } else damp *= 8;
  }
  return { x, least };
}

// A step that stays in the cube: axes that it would leave by are held at their end.
function bounded(m, miss, x, damp) {
  const held = [false, false, false];
  for (let turn = 0; ; turn++) {
    const step = solve(m, miss, damp, held);
    const next = x.map((value, c) => Math.min(Math.max(value + step[c], 0), 1));
    const stuck = [0, 1, 2].filter((c) => !held[c] && step[c] !== 0 && next[c] === x[c]);
    if (!stuck.length || turn === 2) return next;
    for (const c of stuck) held[c] = true;
  }
}

function solve(m, miss, damp, held) {
  const a = [[0, 0, 0], [0, 0, 0], [0, 0, 0]], b = [0, 0, 0];
  for (let i = 0; i < 3; i++) {
    for (let j = 0; j < 3; j++)
      if (!held[i] && !held[j]) for (let c = 0; c < 3; c++) a[i][j] += m[c][i] * m[c][j];
    if (!held[i]) for (let c = 0; c < 3; c++) b[i] += m[c][i] * miss[c];
    a[i][i] += held[i] ? 1 : damp;
  }
  const [[p, q, r], [, s, t], [, , u]] = a;
  const c0 = s * u - t * t, c1 = r * t - q * u, c2 = q * t - r * s;
  const det = p * c0 + q * c1 + r * c2;
  return [
    (c0 * b[0] + c1 * b[1] + c2 * b[2]) / det,
    (c1 * b[0] + (p * u - r * r) * b[1] + (q * r - p * t) * b[2]) / det,
    (c2 * b[0] + (q * r - p * t) * b[1] + (p * s - q * q) * b[2]) / det,
  ];
}

// What cannot be undone, in words, as Severity.verdict.
export function verdict({ natural }) {
  const told = [
    [natural.clipped, "lose a channel to clipping"],
    [natural.folded, "lie where the cube folds over itself"],
    [natural.merging, "are squeezed so that 8-bit neighbours merge"],
  ].filter(([share]) => share >= 0.005).map(([share, loss]) => `${(share * 100).toFixed(0)}% ${loss}`);
  return told.length ? `Of natural colours, ${told.join(", ")}.` : "Can be undone.";
}
