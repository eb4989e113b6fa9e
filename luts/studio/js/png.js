// PNG files of 16 bits out, of 8 and 16 bits in: a canvas has 8 bits only, and may convert colours.
import { deflate } from "./data.js";
import { FileError } from "./cube.js";

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

function crc(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = CRC[(value ^ byte) & 255] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

function chunk(type, data) {
  const out = new Uint8Array(12 + data.length), view = new DataView(out.buffer);
  view.setUint32(0, data.length);
  out.set([...type].map((letter) => letter.charCodeAt(0)), 4);
  out.set(data, 8);
  view.setUint32(8 + data.length, crc(out.subarray(4, 8 + data.length)));
  return out;
}

// RGB values 0 to 1, row by row, as a PNG of 16 bits.
export async function encodePng16(values, width, height) {
  const raw = new Uint8Array(height * (1 + width * 6)), view = new DataView(raw.buffer);
  let at = 0, from = 0;
  for (let y = 0; y < height; y++) {
    raw[at++] = 0;
    for (let k = 0; k < width * 3; k++, at += 2)
      view.setUint16(at, Math.floor(Math.min(Math.max(values[from++], 0), 1) * 65535 + 0.5));
  }
  const head = new Uint8Array(13), header = new DataView(head.buffer);
  header.setUint32(0, width);
  header.setUint32(4, height);
  head.set([16, 2, 0, 0, 0], 8);
  return new Blob([Uint8Array.from(SIGNATURE), chunk("IHDR", head), chunk("IDAT", await deflate(raw)),
    chunk("IEND", new Uint8Array(0))], { type: "image/png" });
}

export function isPng(bytes) {
  return SIGNATURE.every((byte, k) => bytes[k] === byte);
}

// {width, height, bits, values} of an RGB or RGBA file that is not interlaced; null for another kind.
export async function decodePng(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), parts = [];
  let width = 0, height = 0, bits = 0, channels = 0;
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = view.getUint32(at), type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (at + 12 + length > bytes.length) break;
    if (type === "IHDR") {
      width = view.getUint32(at + 8);
      height = view.getUint32(at + 12);
      bits = bytes[at + 16];
      channels = { 2: 3, 6: 4 }[bytes[at + 17]] ?? 0;
      if (!channels || bits < 8 || bytes[at + 20]) return null;
    } else if (type === "IDAT") parts.push(bytes.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  if (!parts.length) return null;
  let raw;
  try {
    const stream = new Blob(parts).stream().pipeThrough(new DecompressionStream("deflate"));
    raw = new Uint8Array(await new Response(stream).arrayBuffer());
  } catch {
    throw new FileError("a damaged PNG");
  }
  const pixel = (channels * bits) / 8, row = width * pixel;
  if (raw.length < height * (row + 1)) throw new FileError("a PNG that ends early");
  unfilter(raw, row, pixel, height);
  const values = new Float64Array(width * height * 3), white = 2 ** bits - 1;
  for (let y = 0, to = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++) {
        const at = y * (row + 1) + 1 + x * pixel + (c * bits) / 8;
        values[to++] = (bits === 16 ? raw[at] * 256 + raw[at + 1] : raw[at]) / white;
      }
  return { width, height, bits, values };
}

function unfilter(raw, row, pixel, height) {
  for (let y = 0; y < height; y++) {
    const start = y * (row + 1) + 1, rule = raw[start - 1];
    for (let k = 0; k < row; k++) {
      const left = k >= pixel ? raw[start + k - pixel] : 0, up = y ? raw[start + k - row - 1] : 0;
      const corner = y && k >= pixel ? raw[start + k - row - 1 - pixel] : 0;
      let guess = 0;
      if (rule === 1) guess = left;
      else if (rule === 2) guess = up;
      else if (rule === 3) guess = (left + up) >> 1;
      else if (rule === 4) {
        const p = left + up - corner;
        const a = Math.abs(p - left), b = Math.abs(p - up), c = Math.abs(p - corner);
        guess = a <= b && a <= c ? left : b <= c ? up : corner;
      }
      raw[start + k] = (raw[start + k] + guess) & 255;
    }
  }
}
