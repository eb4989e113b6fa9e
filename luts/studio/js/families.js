// The random families: how parameters are drawn, what they do, how far they go (luts/families).
import { DATA } from "./data.js";
import { inOklab, multiply } from "./colour.js";
import { library, mixIn } from "./cube.js";

const clip = (x, low, high) => Math.min(Math.max(x, low), high);
const sum = (list) => list.reduce((total, value) => total + value, 0);

// Linear algebra of 3x3 matrices, as lists of rows.
export const times = (a, b) => a.map((row) => [0, 1, 2].map((j) => sum(row.map((v, k) => v * b[k][j]))));
const transform = (m, v) => m.map((row) => sum(row.map((value, k) => value * v[k])));
export function inverse([[a, b, c], [d, e, f], [g, h, k]]) {
  const det = a * (e * k - f * h) - b * (d * k - f * g) + c * (d * h - e * g);
  return [[e * k - f * h, c * h - b * k, b * f - c * e],
    [f * g - d * k, a * k - c * g, c * d - a * f],
    [d * h - e * g, b * g - a * h, a * e - b * d]].map((row) => row.map((value) => value / det));
}

// --- light

export const { d65Mired, d65Duv } = DATA.light;
const { bradford, linearToXyz, lamps } = DATA.light;
const MAX_DUV = 0.06, MIRED_RANGE = [40, 600], MIN_GAIN = 0.05;
const TO_CONE = times(bradford, linearToXyz), FROM_CONE = inverse(TO_CONE);

function planckian(t) {
  return [
    (0.860117757 + 1.54118254e-4 * t + 1.28641212e-7 * t * t) /
      (1 + 8.42420235e-4 * t + 7.08145163e-7 * t * t),
    (0.317398726 + 4.22806245e-5 * t + 4.20481691e-8 * t * t) /
      (1 - 2.89741816e-5 * t + 1.61456053e-7 * t * t),
  ];
}

function chromaticity(mired, duv) {
  const ahead = planckian(1e6 / (mired + 0.01)), behind = planckian(1e6 / (mired - 0.01));
  const step = [ahead[0] - behind[0], ahead[1] - behind[1]];
  const length = Math.sqrt(step[0] * step[0] + step[1] * step[1]);
  const [u, v] = planckian(1e6 / mired);
  return [u - (duv * step[1]) / length, v + (duv * step[0]) / length];
}

function onLocus(uv) {
  let mired = 200, duv = 0;
  for (let k = 0; k < 30; k++) {
    const here = chromaticity(mired, duv);
    const along = chromaticity(mired + 0.05, duv), off = chromaticity(mired, duv + 1e-3);
    const a = (along[0] - here[0]) / 0.05, c = (along[1] - here[1]) / 0.05;
    const b = (off[0] - here[0]) / 1e-3, d = (off[1] - here[1]) / 1e-3;
    const x = uv[0] - here[0], y = uv[1] - here[1], det = a * d - b * c;
    mired = clip(mired + (d * x - b * y) / det, 20, 1000);
    duv += (a * y - c * x) / det;
  }
  return [mired, duv];
}

function daylight(t) {
  const x = t <= 7000
    ? -4.607e9 / t ** 3 + 2.9678e6 / t ** 2 + 99.11 / t + 0.244063
    : -2.0064e9 / t ** 3 + 1.9018e6 / t ** 2 + 247.48 / t + 0.23704;
  const y = -3 * x * x + 2.87 * x - 0.275;
  return [(4 * x) / (-2 * x + 12 * y + 3), (6 * y) / (-2 * x + 12 * y + 3)];
}

function uvToXyz([u, v]) {
  const x = (3 * u) / (2 * u - 8 * v + 4), y = (2 * v) / (2 * u - 8 * v + 4);
  return [x / y, 1, (1 - x - y) / y];
}

export function lightMatrix(mired, duv) {
  const white = transform(bradford, uvToXyz(chromaticity(mired, duv)));
  const neutral = transform(bradford, uvToXyz(chromaticity(d65Mired, d65Duv)));
  return times(FROM_CONE, TO_CONE.map((row, k) => row.map((value) => (value * white[k]) / neutral[k])));
}

function lampMatrix(name, mix, adaptation) {
  const lamp = lamps[name];
  let matrix = lamp.map((row, i) => row.map((value, j) => (1 - mix) * (i === j) + mix * value));
  matrix = matrix.map((row) => {
    const gain = Math.max(sum(row), MIN_GAIN) ** adaptation;
    return row.map((value) => value / gain);
  });
  const white = sum(matrix.map((row, k) => DATA.colour.luminance[k] * sum(row)));
  return matrix.map((row) => row.map((value) => value / white));
}

const exposure = {
  draw: (rng) => {
    const sign = [-1, 1][rng.below(2)];
    return { ev: sign * rng.uniform(0.5, 2) };
  },
  apply: (colours, { ev }, strength) => {
    const values = colours.toLinear(), gain = 2 ** (ev * strength);
    for (let i = 0; i < values.length; i++) values[i] *= gain;
  },
  limit: ({ ev }) => 6 / Math.max(Math.abs(ev), 1e-6),
};

const illuminant = {
  draw: (rng) => {
    const kind = ["planckian", "daylight", "lamp"][rng.weighted([0.4, 0.25, 0.35])];
    if (kind === "lamp") {
      const names = Object.keys(lamps);
      return {
        lamp: names[rng.below(names.length)],
        mix: rng.uniform(0.5, 1),
        adaptation: rng.uniform(0, 0.6),
      };
    }
    const tint = clip(rng.normal(0, 0.006), -0.02, 0.02);
    if (kind === "planckian") return { mired: rng.uniform(100, 500), duv: tint };
    const [mired, duv] = onLocus(daylight(1e6 / rng.uniform(40, 250)));
    return { mired, duv: duv + tint };
  },
  apply: (colours, p, strength) => {
    const matrix = "lamp" in p
      ? lampMatrix(p.lamp, p.mix * strength, p.adaptation)
      : lightMatrix(d65Mired + strength * (p.mired - d65Mired), d65Duv + strength * (p.duv - d65Duv));
    multiply(colours.toLinear(), matrix);
  },
  limit: (p) => {
    if ("lamp" in p) return 1 / p.mix;
    const way = p.mired - d65Mired, tint = Math.abs(p.duv - d65Duv);
    const room = way > 0 ? MIRED_RANGE[1] - d65Mired : d65Mired - MIRED_RANGE[0];
    return Math.min(room / Math.max(Math.abs(way), 1e-6), MAX_DUV / Math.max(tint, 1e-6));
  },
};

const crosstalk = {
  draw: (rng) => ({ leak: rng.uniforms(-0.15, 0.2, 6) }),
  apply: (colours, { leak }, strength) => {
    const [a, b, c, d, e, f] = leak.map((value) => value * strength);
    multiply(colours.toLinear(), [[1 - a - b, a, b], [c, 1 - c - d, d], [e, f, 1 - e - f]]);
  },
  limit: ({ leak }) => {
    const rows = [leak.slice(0, 2), leak.slice(2, 4), leak.slice(4, 6)];
    const most = (sign) => Math.max(...rows.map((row) => sum(row.map((v) => Math.max(sign * v, 0)))));
    return Math.min(0.49 / Math.max(most(1), 1e-6), 1.5 / Math.max(most(-1), 1e-6));
  },
};

// --- tone

function drawIncrements(rng, lean, concentration) {
  const x = Array.from({ length: 8 }, (_, k) => (k + 0.5) / 8);
  const s = rng.below(2) === 1;
  const tilt = rng.uniform(-lean, lean);
  return rng.dirichlet(x.map((at) =>
    concentration * Math.exp(tilt * (s ? 1 - 4 * Math.abs(at - 0.5) : 1 - 2 * at))));
}

function incrementCurve(increments, strength) {
  const count = increments.length;
  const scaled = increments.map((value) => 1 / count + strength * (value - 1 / count));
  const chord = scaled.map((value) => value * count);
  const slope = new Array(count + 1);
  for (let k = 1; k < count; k++) slope[k] = (2 * chord[k - 1] * chord[k]) / (chord[k - 1] + chord[k]);
  slope[0] = clip(1.5 * chord[0] - 0.5 * chord[1], 0, 3 * chord[0]);
  slope[count] = clip(1.5 * chord[count - 1] - 0.5 * chord[count - 2], 0, 3 * chord[count - 1]);
  const knots = [0];
  for (const value of scaled) knots.push(knots[knots.length - 1] + value);
  return (x) => {
    const inside = clip(x, 0, 1);
    const cell = Math.min(Math.floor(inside * count), count - 1), t = inside * count - cell;
    const left = slope[cell], right = slope[cell + 1], rise = chord[cell];
    const cubic = t * (left + t * (3 * rise - 2 * left - right + t * (left + right - 2 * rise)));
    const beyond = x < 0 ? slope[0] * x : slope[count] * Math.max(x - 1, 0);
    return knots[cell] + cubic / count + beyond;
  };
}

function incrementLimit(increments) {
  const slope = increments.map((value) => value * increments.length);
  return Math.min(0.75 / Math.max(1 - Math.min(...slope), 1e-6),
    3 / Math.max(Math.max(...slope) - 1, 1e-6));
}

const tone = {
  draw: (rng) => ({ increments: drawIncrements(rng, 1, 8) }),
  apply: (colours, { increments }, strength) => {
    const values = colours.toEncoded(), curve = incrementCurve(increments, strength);
    for (let i = 0; i < values.length; i++) values[i] = curve(values[i]);
  },
  limit: ({ increments }) => incrementLimit(increments),
};

const channel = {
  draw: (rng) => ({ increments: [0, 1, 2].map(() => drawIncrements(rng, 0.5, 16)) }),
  apply: (colours, { increments }, strength) => {
    const values = colours.toEncoded();
    const curves = increments.map((list) => incrementCurve(list, strength));
    for (let i = 0; i < values.length; i++) values[i] = curves[i % 3](values[i]);
  },
  limit: ({ increments }) => Math.min(...increments.map(incrementLimit)),
};

const fade = {
  draw: (rng) => {
    const base = rng.uniform(0.03, 0.2);
    const black = rng.normals(0, 0.025, 3).map((value) => Math.max(base + value, 0));
    const top = rng.uniform(0.85, 1);
    const white = rng.normals(0, 0.025, 3).map((value) => Math.min(top + value, 1));
    return { black, white };
  },
  apply: (colours, { black, white }, strength) => {
    const values = colours.toEncoded();
    for (let i = 0; i < values.length; i++) {
      const low = black[i % 3] * strength, high = 1 - strength * (1 - white[i % 3]);
      values[i] = low + (high - low) * values[i];
    }
  },
  limit: ({ black, white }) =>
    0.75 / Math.max(Math.max(...black.map((value, k) => value - white[k])) + 1, 1e-6),
};

// --- perceptual

const PEAK = 27 / 256;

const splitTone = {
  draw: (rng) => {
    const hues = rng.uniforms(0, 2 * Math.PI, 2), radii = rng.uniforms(0.02, 0.07, 2);
    const [shadow, highlight] = radii.map((r, k) => [r * Math.cos(hues[k]), r * Math.sin(hues[k])]);
    return { shadow, highlight };
  },
  apply: (colours, { shadow, highlight }, strength) => {
    inOklab(colours, (l, a, b, out) => {
      const light = clip(l, 0, 1);
      const low = (light * (1 - light) ** 3) / PEAK, high = (light ** 3 * (1 - light)) / PEAK;
      out[0] = l;
      out[1] = a + strength * (low * shadow[0] + high * highlight[0]);
      out[2] = b + strength * (low * shadow[1] + high * highlight[1]);
    });
  },
  limit: ({ shadow, highlight }) =>
    0.2 / Math.max(Math.hypot(...shadow), Math.hypot(...highlight), 1e-6),
};

export const NEAR_GREY = 0.06;

export function awayFromGrey(chroma) {
  const t = clip(chroma / NEAR_GREY, 0, 1);
  return t * t * (3 - 2 * t);
}

const oklch = {
  draw: (rng) => ({
    waves: [1, 2].map((order) =>
      [order, rng.uniform(0.03, 0.25 / order), rng.uniform(0, 2 * Math.PI)]),
    chroma: [rng.normal(0, 0.25), rng.uniform(0, 0.3), rng.uniform(0, 6.2832)],
  }),
  apply: (colours, { waves, chroma: [c0, c1, phase] }, strength) => {
    inOklab(colours, (l, a, b, out) => {
      const size = Math.sqrt(a * a + b * b), hue = Math.atan2(b, a);
      const part = strength * awayFromGrey(size);
      let turn = 0;
      for (const [order, amount, offset] of waves) turn += amount * Math.sin(order * hue + offset);
      const radius = size * Math.exp(part * (c0 + c1 * Math.sin(hue + phase)));
      out[0] = l;
      out[1] = radius * Math.cos(hue + part * turn);
      out[2] = radius * Math.sin(hue + part * turn);
    });
  },
  limit: ({ waves, chroma: [c0, c1] }) => {
    const turn = sum(waves.map(([order, size]) => order * Math.abs(size)));
    return Math.min(0.8 / Math.max(turn, 1e-6), 1.2 / Math.max(Math.abs(c0) + Math.abs(c1), 1e-6));
  },
};

// --- free

const CELLS = 3, POINTS = 6, BOUND = 1 / 2.479472335 / CELLS;

function halfToEven(x) {
  const low = Math.floor(x), rest = x - low;
  return rest > 0.5 || (rest === 0.5 && low % 2 !== 0) ? low + 1 : low;
}

// Control displacements [r][g][b][c], flat, odd-mirrored across the faces they cross.
function pinFaces(control) {
  const flat = Float64Array.from(control.flat(3));
  const at = (axis, k, i, j, c) => {
    const place = axis === 0 ? [k, i, j] : axis === 1 ? [i, k, j] : [i, j, k];
    return ((place[0] * POINTS + place[1]) * POINTS + place[2]) * 3 + c;
  };
  for (let axis = 0; axis < 3; axis++)
    for (let i = 0; i < POINTS; i++)
      for (let j = 0; j < POINTS; j++) {
        flat[at(axis, 1, i, j, axis)] = flat[at(axis, POINTS - 2, i, j, axis)] = 0;
        flat[at(axis, 0, i, j, axis)] = -flat[at(axis, 2, i, j, axis)];
        flat[at(axis, POINTS - 1, i, j, axis)] = -flat[at(axis, POINTS - 3, i, j, axis)];
      }
  return flat;
}

function basis(x, out) {
  const cell = Math.min(Math.floor(x * CELLS), CELLS - 1), t = x * CELLS - cell;
  out[0] = (1 - t) ** 3 / 6;
  out[1] = (3 * t ** 3 - 6 * t * t + 4) / 6;
  out[2] = (1 + 3 * t * (1 + t * (1 - t))) / 6;
  out[3] = t ** 3 / 6;
  return cell;
}

const warp = {
  draw: (rng) => {
    const drift = rng.uniforms(-0.3, 0.3, 3);
    const noise = rng.uniforms(-0.2, 0.2, POINTS ** 3 * 3);
    const flat = noise.map((value, k) => halfToEven(BOUND * (drift[k % 3] + value) * 1e6) / 1e6);
    let k = 0;
    const six = (make) => Array.from({ length: POINTS }, make);
    return { control: six(() => six(() => six(() => [flat[k++], flat[k++], flat[k++]]))) };
  },
  apply: (colours, { control }, strength) => {
    const values = colours.toEncoded(), flat = pinFaces(control);
    const r = [0, 0, 0, 0], g = [0, 0, 0, 0], b = [0, 0, 0, 0];
    for (let i = 0; i < values.length; i += 3) {
      const x = basis(clip(values[i], 0, 1), r), y = basis(clip(values[i + 1], 0, 1), g);
      const z = basis(clip(values[i + 2], 0, 1), b);
      let red = 0, green = 0, blue = 0;
      for (let p = 0; p < 4; p++)
        for (let q = 0; q < 4; q++) {
          const weight = r[p] * g[q];
          let at = (((x + p) * POINTS + y + q) * POINTS + z) * 3;
          for (let s = 0; s < 4; s++, at += 3) {
            const part = weight * b[s];
            red += part * flat[at];
            green += part * flat[at + 1];
            blue += part * flat[at + 2];
          }
        }
      values[i] += strength * red;
      values[i + 1] += strength * green;
      values[i + 2] += strength * blue;
    }
  },
  limit: ({ control }) => BOUND / Math.max(...control.flat(3).map(Math.abs), 1e-9),
};

const FILM_PARTS = { crosstalk, tone, fade, oklch };

const film = {
  draw: (rng) => Object.fromEntries(
    Object.entries(FILM_PARTS).map(([name, part]) => [name, part.draw(rng)])),
  apply: (colours, parameters, strength) => {
    for (const [name, part] of Object.entries(FILM_PARTS)) part.apply(colours, parameters[name], strength);
  },
  limit: (parameters) => Math.min(
    ...Object.entries(FILM_PARTS).map(([name, part]) => part.limit(parameters[name]))),
};

const file = {
  draw: (rng) => {
    const names = Object.keys(library);
    return { lut: names[rng.below(names.length)] };
  },
  apply: (colours, { lut }, strength) => mixIn(colours, library[lut], strength),
  limit: () => 1,
};

// Drawn numbers to nine decimals, as drawing.py settles them.
export function settled(drawn) {
  if (typeof drawn === "number") return Number(drawn.toFixed(9));
  if (Array.isArray(drawn)) return drawn.map(settled);
  if (typeof drawn === "object") return Object.fromEntries(Object.entries(drawn).map(([k, v]) => [k, settled(v)]));
  return drawn;
}

export const FAMILIES = {
  exposure, illuminant, crosstalk, tone, channel, fade, "split-tone": splitTone, oklch, warp, film, file,
};
