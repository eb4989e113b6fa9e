// LUTs: lookup by the float64 definition of luts/definition.py, .cube files read and written.
import { DATA, inflate } from "./data.js";

export const library = {}; // name -> stages, filled by unpackLibrary

// A LUT is a list of stages {size, cube, table (Float32Array, red slowest), low, high}.
export function cubeStage(size, table, low = [0, 0, 0], high = [1, 1, 1]) {
  return { size, cube: true, table, low, high };
}

export async function unpackLibrary() {
  for (const { name, size, packed } of DATA.library) {
    const bytes = await inflate(packed), count = bytes.length / 3;
    const table = new Float32Array(count);
    let value = 0;
    for (let k = 0; k < count; k++) { // differences of millionths, in three planes of bytes
      value = (value + bytes[k] + bytes[k + count] * 256 + bytes[k + 2 * count] * 65536) & 0xffffff;
      table[k] = value / 1e6;
    }
    library[name] = [cubeStage(size, table)];
  }
}

export function identityTable(size) {
  const table = new Float64Array(size ** 3 * 3);
  let k = 0;
  for (let r = 0; r < size; r++)
    for (let g = 0; g < size; g++)
      for (let b = 0; b < size; b++) {
        table[k++] = r / (size - 1);
        table[k++] = g / (size - 1);
        table[k++] = b / (size - 1);
      }
  return table;
}

// Tetrahedral lookup of every colour of `values`, in place.
export function lookUp(stage, values) {
  if (!stage.cube) return lookUpCurves(stage, values);
  const { size, table, low, high } = stage;
  const last = size - 1, stepR = size * size * 3, stepG = size * 3, stepB = 3;
  for (let i = 0; i < values.length; i += 3) {
    const x = place(values[i], low[0], high[0], last);
    const y = place(values[i + 1], low[1], high[1], last);
    const z = place(values[i + 2], low[2], high[2], last);
    const r = Math.min(Math.floor(x), last - 1), g = Math.min(Math.floor(y), last - 1);
    const b = Math.min(Math.floor(z), last - 1);
    const fr = x - r, fg = y - g, fb = z - b;
    const at = r * stepR + g * stepG + b * stepB;
    let first, second, f1, f2, f3;
    if (fr >= fg) {
      if (fg >= fb) { first = stepR; second = stepG; f1 = fr; f2 = fg; f3 = fb; }
      else if (fr >= fb) { first = stepR; second = stepB; f1 = fr; f2 = fb; f3 = fg; }
      else { first = stepB; second = stepR; f1 = fb; f2 = fr; f3 = fg; }
    } else if (fr >= fb) { first = stepG; second = stepR; f1 = fg; f2 = fr; f3 = fb; }
    else if (fg >= fb) { first = stepG; second = stepB; f1 = fg; f2 = fb; f3 = fr; }
    else { first = stepB; second = stepG; f1 = fb; f2 = fg; f3 = fr; }
    const w0 = 1 - f1, w1 = f1 - f2, w2 = f2 - f3;
    const one = at + first, two = one + second, three = at + stepR + stepG + stepB;
    for (let c = 0; c < 3; c++)
      values[i + c] = w0 * table[at + c] + w1 * table[one + c] + w2 * table[two + c] + f3 * table[three + c];
  }
}

function place(value, low, high, last) {
  const at = (value - low) / (high - low);
  return (at >= 0 ? Math.min(at, 1) : 0) * last; // NaN goes to 0
}

function lookUpCurves({ size, table, low, high }, values) {
  const last = size - 1;
  for (let i = 0; i < values.length; i++) {
    const c = i % 3, at = place(values[i], low[c], high[c], last);
    const k = Math.min(Math.floor(at), last - 1), f = at - k;
    values[i] = (1 - f) * table[k * 3 + c] + f * table[k * 3 + 3 + c];
  }
}

export function mixIn(colours, stages, strength) {
  const values = colours.toEncoded(), looked = values.slice();
  for (const stage of stages) lookUp(stage, looked);
  for (let i = 0; i < values.length; i++) values[i] += strength * (looked[i] - values[i]);
}

// --- files

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const RANGES = { DOMAIN_MIN: 3, DOMAIN_MAX: 3, LUT_1D_INPUT_RANGE: 2, LUT_3D_INPUT_RANGE: 2 };
const SIZES = { LUT_1D_SIZE: 65536, LUT_3D_SIZE: 256 };

export class FileError extends Error {}

// Read a .cube of either dialect, as luts/cube/grammar.py does; {stages, title, notes}.
export function parseCube(text, name) {
  const fail = (line, what, found) => {
    throw new FileError(`${name}:${line}: ${what}: '${found.trim().slice(0, 60)}'`);
  };
  if (text.includes("\u0000")) fail(1, "not a text file", "binary");
  const lines = text.replace(/^\ufeff/, "").split(/\r\n|\r|\n/);
  const given = {}, notes = [], rows = [];
  let title = "", wanted = 0, tableLine = 0;
  const sizes = () => Object.keys(SIZES).filter((key) => given[key])
    .map((key) => `${key} ${given[key][0]}`).join(" and ");
  lines.forEach((full, index) => {
    const number = index + 1, line = full.replace(/#.*/, "").trim();
    if (!line) return;
    const words = line.split(/\s+/);
    if (/^[+-.\d]/.test(words[0]) || /^(nan|inf)/i.test(words[0])) {
      if (!tableLine) {
        tableLine = number;
        wanted = (given.LUT_1D_SIZE?.[0] ?? 0) + (given.LUT_3D_SIZE?.[0] ?? 0) ** 3;
        if (!wanted) fail(number, "no LUT_1D_SIZE or LUT_3D_SIZE above", line);
      }
      if (words.some((word) => /^[+-]?(nan|inf)/i.test(word))) fail(number, "NaN and infinity are not colours", line);
      if (line.includes(",")) fail(number, "commas: write decimals with a point and put spaces between numbers", line);
      if (words.length !== 3 || !words.every((word) => NUMBER.test(word))) fail(number, "a row has three numbers", line);
      const numbers = words.map((word) => Math.fround(Number(word)));
      if (!numbers.every(Number.isFinite)) fail(number, "a number beyond the range of float32", line);
      if (rows.length >= wanted * 3) fail(number, `${sizes()}: expected ${wanted} rows; this is one row more`, line);
      rows.push(...numbers);
      return;
    }
    if (!/^[A-Za-z_]\w*$/.test(words[0])) fail(number, "neither a keyword nor a row of three numbers", line);
    if (tableLine) fail(number, "a keyword below the first row of the table; keywords come before it", line);
    const key = words[0].toUpperCase();
    if (key.includes("VIDEO_RANGE")) fail(number, "video-range tables are not supported; export one for full range", line);
    if (key === "TITLE") title = full.trim().slice(5).trim().replace(/^"|"$/g, "");
    else if (key in SIZES || key in RANGES) {
      if (given[key]) fail(number, `${key} is there twice`, line);
      const values = words.slice(1).map(Number);
      if (key in SIZES) {
        const fits = values.length === 1 && /^\d+$/.test(words[1]) && values[0] >= 2 && values[0] <= SIZES[key];
        if (!fits) fail(number, `${key} takes one whole number from 2 to ${SIZES[key]}`, line);
      } else if (values.length !== RANGES[key] || !words.slice(1).every((word) => NUMBER.test(word)))
        fail(number, `${key} takes ${RANGES[key]} finite numbers`, line);
      given[key] = values;
    } else notes.push(`line ${number}: unknown keyword ${key}`);
  });
  const last = lines.length;
  if (!tableLine) fail(last, "no LUT_1D_SIZE or LUT_3D_SIZE above", "");
  if (rows.length < wanted * 3)
    throw new FileError(`${name}:${last}: ${sizes()}: expected ${wanted} rows, found ${rows.length / 3}`);
  return { stages: build(given, rows, (what) => fail(tableLine, what, "")), title, notes };
}

function build(given, rows, fail) {
  const both = given.LUT_1D_SIZE && given.LUT_3D_SIZE;
  if (both && (given.DOMAIN_MIN || given.DOMAIN_MAX)) fail("DOMAIN_* in a file with two tables; use LUT_*_INPUT_RANGE");
  const domain = (kind) => {
    const range = given[`LUT_${kind}_INPUT_RANGE`];
    const low = given.DOMAIN_MIN ?? [0, 0, 0], high = given.DOMAIN_MAX ?? [1, 1, 1];
    const found = range ? [[range[0], range[0], range[0]], [range[1], range[1], range[1]]] : [low, high];
    if (range && (given.DOMAIN_MIN || given.DOMAIN_MAX) && String(found) !== String([low, high]))
      fail(`LUT_${kind}_INPUT_RANGE disagrees with the DOMAIN`);
    if (!found[0].every((value, c) => value < found[1][c])) fail("the lower end of the domain must be below the upper end");
    return found;
  };
  const cut = given.LUT_1D_SIZE?.[0] ?? 0, stages = [];
  if (cut) {
    const [low, high] = domain("1D");
    stages.push({ size: cut, cube: false, table: Float32Array.from(rows.slice(0, cut * 3)), low, high });
  }
  if (given.LUT_3D_SIZE) {
    const size = given.LUT_3D_SIZE[0], [low, high] = domain("3D");
    stages.push(cubeStage(size, swapOrder(rows, size, cut * 3), low, high));
  }
  return stages;
}

// Red fastest to red slowest, or back.
export function swapOrder(rows, size, offset = 0) {
  const out = new Float32Array(size ** 3 * 3);
  let at = offset;
  for (let b = 0; b < size; b++)
    for (let g = 0; g < size; g++)
      for (let r = 0; r < size; r++) {
        const to = ((r * size + g) * size + b) * 3;
        out[to] = rows[at++];
        out[to + 1] = rows[at++];
        out[to + 2] = rows[at++];
      }
  return out;
}

// The text of a file for exchange: six decimals of a cube, nine of curves.
export function cubeText(stages, { title = "", comments = [], digits = null } = {}) {
  const lines = comments.map((line) => `# ${line}`);
  const plain = title.replace(/[^\x20-\x7e]/g, "?").replace(/"/g, "'").slice(0, 240).trim();
  if (plain) lines.push(`TITLE "${plain}"`);
  for (const { cube, size, low, high } of stages) {
    const kind = cube ? "3D" : "1D";
    lines.push(`LUT_${kind}_SIZE ${size}`);
    if (String([low, high]) === "0,0,0,1,1,1") continue;
    if (stages.length > 1) lines.push(`LUT_${kind}_INPUT_RANGE ${low[0]} ${high[0]}`);
    else lines.push(`DOMAIN_MIN ${low.join(" ")}`, `DOMAIN_MAX ${high.join(" ")}`);
  }
  for (const { cube, size, table } of stages) {
    const write = (value) => digits ? String(Number(value.toPrecision(digits)))
      : (Object.is(Number(value.toFixed(cube ? 6 : 9)), -0) ? 0 : value).toFixed(cube ? 6 : 9);
    const rows = cube ? swapOrder(table, size) : table;
    for (let k = 0; k < rows.length; k += 3)
      lines.push(`${write(rows[k])} ${write(rows[k + 1])} ${write(rows[k + 2])}`);
  }
  return lines.join("\n") + "\n";
}
