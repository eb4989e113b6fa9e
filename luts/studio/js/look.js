// A look: checked, prepared, baked with what earlier layers gave kept, scaled to a severity.
import { KINDS, SIZE } from "./data.js";
import { Colours } from "./colour.js";
import { FileError, cubeStage, identityTable } from "./cube.js";
import { calibrate, MARGIN } from "./draw.js";
import { LAYERS, MAX_AMOUNT } from "./layers.js";
import { meanDifference, meanOfCube } from "./measure.js";

export function defaults(kind) {
  return Object.fromEntries(
    Object.entries(KINDS[kind].parameters).map(([name, p]) => [name, structuredClone(p.default)]));
}

export function newLayer(kind, values = {}) {
  return { kind, on: true, strength: 1, values: { ...defaults(kind), ...values } };
}

// The layers that count: [{kind, prepared, strength, key}]. A layer that cannot be made stops it, or,
// where `errors` (index -> message) is given, is left out and told there.
export function prepare(layers, errors = null) {
  const found = [];
  layers.forEach((layer, index) => {
    if (!layer.on || !layer.strength) return;
    try {
      found.push({
        kind: LAYERS[layer.kind],
        prepared: LAYERS[layer.kind].prepare(layer.values),
        strength: layer.strength,
        key: keyOf(layer),
      });
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      if (!errors) throw new FileError(`layer ${index + 1} (${layer.kind}): ${error.message}`);
      errors.set(index, error.message);
    }
  });
  return found;
}

const TEXTS = new Map(); // a cube's text is long: keys name it by number
function keyOf({ kind, values }) {
  const short = Object.entries(values).map(([name, value]) => {
    if (name !== "cube" || !value) return [name, value];
    if (!TEXTS.has(value)) TEXTS.set(value, TEXTS.size);
    return [name, TEXTS.get(value)];
  });
  return JSON.stringify([kind, short]);
}

function effective({ kind, prepared, strength }, amount) {
  return Math.min(strength * amount, Math.max(strength, kind.limit(prepared)));
}

export function applyLayers(prepared, colours, amount) {
  for (const layer of prepared) layer.kind.apply(colours, layer.prepared, effective(layer, amount));
}

const clip = (value) => Math.min(Math.max(value, 0), 1);

// Bakes again and again what changes little: the colours below the first changed layer are kept.
export class Baker {
  constructor(size) {
    this.size = size;
    this.kept = []; // [{key, colours}]
    this.start = identityTable(size);
  }

  bake(prepared, amount) {
    const keys = prepared.map((layer) => `${layer.key}@${effective(layer, amount)}`);
    let same = 0;
    while (same < keys.length && this.kept[same]?.key === keys[same]) same++;
    const last = same ? this.kept[same - 1].colours : new Colours(this.start);
    this.kept.length = same;
    let colours = last.copy();
    for (let k = same; k < keys.length; k++) {
      const layer = prepared[k];
      layer.kind.apply(colours, layer.prepared, effective(layer, amount));
      this.kept.push({ key: keys[k], colours });
      colours = colours.copy();
    }
    return cubeStage(this.size, Float32Array.from(colours.toEncoded(), clip));
  }
}

export function bake(look, size) {
  return new Baker(size).bake(prepare(look.layers), look.amount);
}

export function isSeparable(prepared) {
  return prepared.every((layer) => layer.kind.separable(layer.prepared));
}

export function bakeCurves(look, rows = 4096) {
  const prepared = prepare(look.layers);
  if (!isSeparable(prepared)) throw new FileError("layers mix channels: three curves cannot hold the look");
  const ramp = Float64Array.from({ length: rows * 3 }, (_, k) => Math.floor(k / 3) / (rows - 1));
  const colours = new Colours(ramp);
  applyLayers(prepared, colours, look.amount);
  return {
    size: rows, cube: false, table: Float32Array.from(colours.toEncoded(), clip),
    low: [0, 0, 0], high: [1, 1, 1],
  };
}

// The amount at which the look's cube has a severity: luts/look/severity.py.
export function amountFor(look, severity) {
  const prepared = prepare(look.layers);
  const change = (amount) => (colours) => applyLayers(prepared, colours, amount);
  const exact = (amount) => meanDifference(change(amount));
  let low = [0, 0], most = 0;
  for (let amount = 0.25; amount <= MAX_AMOUNT; amount += 0.25) {
    const here = [amount, exact(amount)];
    most = Math.max(most, here[1]);
    if (here[1] >= MARGIN * severity)
      return calibrate(severity, { exact, ofCube: (trial) => meanOfCube(change(trial)), low, high: here });
    low = here;
  }
  throw new FileError(`the look does not reach severity ${severity}: at most ${(most / MARGIN).toFixed(1)}`);
}

// --- checking what a file says, as luts/look/parameter.py

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

function checkNumber(p, value) {
  if (!isNumber(value) || value < p.low || value > p.high)
    throw new FileError(`is ${p.low} to ${p.high}, got ${JSON.stringify(value)}`);
  return value;
}

const CHECKS = {
  text: (p, value) => {
    if (typeof value !== "string") throw new FileError("is a text");
    return value;
  },
  choice: (p, value) => {
    if (!p.choices.includes(value)) throw new FileError(`is one of ${p.choices.join(", ")}; got ${JSON.stringify(value)}`);
    return value;
  },
  whole: (p, value) => {
    if (!Number.isInteger(value)) throw new FileError("is a whole number");
    return checkNumber(p, value);
  },
  number: checkNumber,
  vector: (p, value) => {
    if (!Array.isArray(value) || value.length !== p.labels.length)
      throw new FileError(`is ${p.labels.length} numbers (${p.labels.join(", ")})`);
    return value.map((entry) => checkNumber(p, entry));
  },
  points: (p, value) => {
    const pairs = Array.isArray(value) && value.length > 0 &&
      value.every((point) => Array.isArray(point) && point.length === 2 && point.every(isNumber));
    if (!pairs) throw new FileError("is a list of points [x, y], at least one");
    value.forEach(([x, y], k) => {
      checkNumber(p, y);
      if (x < p.across[0] || x > p.across[1]) throw new FileError(`has points at ${p.across[0]} to ${p.across[1]}, got ${x}`);
      if (k && x <= value[k - 1][0]) throw new FileError("has points from left to right, no two at one place");
    });
    if (p.round_about && value.length > 1 && value[value.length - 1][0] - value[0][0] >= p.across[1] - p.across[0])
      throw new FileError(`meets itself at ${p.across[0]} and ${p.across[1]}: leave one of them out`);
    return value;
  },
};

function checked(p, value, where) {
  try {
    return CHECKS[p.form](p, value);
  } catch (error) {
    if (error instanceof FileError) error.message = `${where} ${error.message}`;
    throw error;
  }
}

// A parsed TOML table as a look; `name` is what errors call the file.
export function lookFromTable(table, name) {
  if (!("look" in table)) throw new FileError(`${name}: not a look: it does not begin with look = 1`);
  if (table.look !== 1) throw new FileError(`${name}: look = ${table.look}; this page reads look = 1`);
  for (const key of Object.keys(table))
    if (!["look", "name", "amount", "layer"].includes(key)) throw new FileError(`${name}: unknown key '${key}'`);
  const blocks = table.layer ?? [];
  if (!Array.isArray(blocks)) throw new FileError(`${name}: layers are [[layer]] tables`);
  const layers = blocks.map((block, index) => {
    const where = `${name}: layer ${index + 1}`;
    const kind = KINDS[block.kind];
    if (!kind) throw new FileError(`${where}: no kind '${block.kind}'`);
    const at = `${where} (${block.kind})`;
    for (const key of Object.keys(block))
      if (!(key in kind.parameters) && !["kind", "on", "strength"].includes(key))
        throw new FileError(`${at}: unknown key '${key}'`);
    const on = block.on ?? true;
    if (typeof on !== "boolean") throw new FileError(`${at}: on is true or false`);
    const strength = checked({ form: "number", low: 0, high: 1 }, block.strength ?? 1, `${at}: strength`);
    const values = Object.fromEntries(Object.entries(kind.parameters).map(([key, p]) =>
      [key, checked(p, block[key] ?? structuredClone(p.default), `${at}: ${key}`)]));
    return { kind: block.kind, on, strength, values };
  });
  const amount = checked({ form: "number", low: 0, high: MAX_AMOUNT }, table.amount ?? 1, `${name}: amount`);
  return { name: checked({ form: "text" }, table.name ?? "", `${name}: name`), amount, layers };
}
