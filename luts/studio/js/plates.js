// Hald plates: a cube as a picture, out at 16 bits and in at 8 or 16.
import { FileError, cubeStage, identityTable, swapOrder } from "./cube.js";
import { encodePng16 } from "./png.js";

export const LEVEL = 8; // 64 nodes per edge in 512 x 512 pixels

// A cube of level^2 nodes as a PNG; scan order runs red fastest.
export function plateOf(stage) {
  const side = Math.round(stage.size ** 1.5);
  return encodePng16(swapOrder(stage.table, stage.size), side, side);
}

// The level of a picture that has a plate's size: square, or with a marker strip below; or 0.
export function plateLevel(width, height) {
  const level = Math.round(Math.cbrt(width));
  const fits = level ** 3 === width && level >= 2 && level <= 16;
  return fits && height >= width && height <= width + 64 ? level : 0;
}

// An edited Hald plate as a cube: {stage, notes}; null when the pixels are no plate's.
export function readPlate({ width, height, bits, values }) {
  const level = plateLevel(width, height);
  if (!level) return null;
  const size = level * level, rows = values.subarray(0, size ** 3 * 3);
  const table = swapOrder(rows, size), plain = identityTable(size);
  if (roughness(table, size) > 0.5 * roughness(swapOrder(shuffled(rows), size), size)) return null;
  let moved = 0;
  for (let k = 0; k < table.length; k++) moved = Math.max(moved, Math.abs(table[k] - plain[k]));
  if (moved < 1.01 / 255) throw new FileError("the plate is untouched: was the right layer exported?");
  // 8-bit nodes are rounded: node i holds the result for round(255 i / (n - 1)) / 255.
  const axis = Float64Array.from({ length: size }, (_, k) =>
    Math.floor((k / (size - 1)) * (2 ** bits - 1) + 0.5) / (2 ** bits - 1));
  return { stage: cubeStage(size, evenNodes(table, size, axis)), notes: [`a plate of ${size} nodes, ${bits} bits`] };
}

function roughness(table, size) {
  let sum = 0;
  const step = size * size * 3;
  for (let k = step; k < table.length; k++) sum += Math.abs(table[k] - table[k - step]);
  return sum;
}

function shuffled(rows) {
  const out = rows.slice(), count = rows.length / 3;
  for (let k = 0; k < count; k++) {
    const from = (k * 7919 + 13) % count;
    for (let c = 0; c < 3; c++) out[k * 3 + c] = rows[from * 3 + c];
  }
  return out;
}

// Resample from the colours the plate really held to even nodes, an axis at a time.
function evenNodes(table, size, axis) {
  let values = Float32Array.from(table);
  for (const step of [size * size * 3, size * 3, 3]) {
    const out = new Float32Array(values.length);
    for (let k = 0; k < values.length; k++) {
      const node = Math.floor(k / step) % size, at = node / (size - 1);
      let left = Math.min(node, size - 2);
      if (axis[left] > at && left > 0) left--;
      const part = (at - axis[left]) / (axis[left + 1] - axis[left]);
      const base = k + (left - node) * step;
      out[k] = values[base] + part * (values[base + step] - values[base]);
    }
    values = out;
  }
  return values;
}
