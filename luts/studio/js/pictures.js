// Pictures: demo ones drawn or inside, own ones dropped in and converted to sRGB by their profile.
import { DATA } from "./data.js";
import { FileError } from "./cube.js";

export const MAX_EDGE = 4096;
// Monk Skin Tone scale, Ellis Monk and Google, 2022: ten sRGB colours.
const SKIN = ["f6ede4", "f3e7db", "f7ead0", "eadaba", "d7bd96", "a07e56", "825c43", "604134", "3a312a", "292420"];

function canvasOf(width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  return [canvas, canvas.getContext("2d", { willReadFrequently: true, colorSpace: "srgb" })];
}

function drawn(name, width, height, colourAt) {
  const [canvas, context] = canvasOf(width, height), image = context.createImageData(width, height);
  for (let y = 0, k = 0; y < height; y++)
    for (let x = 0; x < width; x++, k += 4) {
      image.data.set(colourAt(x, y), k);
      image.data[k + 3] = 255;
    }
  context.putImageData(image, 0, 0);
  return { name, canvas, note: "", own: false };
}

// The chart's and the skin's patches, a ramp of greys and of hues.
export function demoPictures() {
  const level = (value) => Math.round(value * 255);
  const patch = (colours, columns, width, height) => (x, y) => {
    const rows = Math.ceil(colours.length / columns);
    const column = Math.floor((x / width) * columns), row = Math.floor((y / height) * rows);
    return colours[Math.min(row * columns + column, colours.length - 1)];
  };
  const chart = DATA.chart.map((colour) => colour.map(level));
  const skin = SKIN.map((hex) => [0, 2, 4].map((k) => parseInt(hex.slice(k, k + 2), 16)));
  return [
    drawn("ramp", 960, 640, (x, y) => {
      const t = x / 959, band = Math.floor(y / 80);
      if (band < 2) return [level(t), level(t), level(t)];
      if (band === 2) return Array(3).fill(level(Math.floor(t * 16) / 15));
      if (band < 6) return [0, 1, 2].map((c) => (c === band - 3 ? level(t) : 0));
      const hue = t * 6, light = 1 - (y - 480) / 160;
      return [5, 3, 1].map((n) => {
        const k = (n + hue) % 6;
        return level(light * (1 - Math.max(0, Math.min(k, 4 - k, 1))));
      });
    }),
    drawn("chart", 960, 640, patch(chart, 6, 960, 640)),
    drawn("skin", 960, 640, patch(skin, 5, 960, 640)),
  ];
}

export async function embeddedPictures() {
  const found = [];
  for (const { name, url, own } of DATA.pictures) {
    const blob = await (await fetchData(url)).blob();
    found.push({ ...(await openPicture(blob, name)), own: own ?? false, embedded: true });
  }
  return found;
}

// fetch() of a data: URL needs connect-src; decoding it here does not.
async function fetchData(url) {
  const [head, body] = url.split(",");
  const bytes = Uint8Array.from(atob(body), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([bytes], { type: head.slice(5).split(";")[0] }));
}

// Decode a picture's file into sRGB; the note says what its profile was.
export async function openPicture(blob, name) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(blob);
  } catch {
    throw new FileError(`${name}: not a picture this browser can read`);
  }
  const scale = Math.min(1, MAX_EDGE / Math.max(bitmap.width, bitmap.height));
  const width = Math.max(1, Math.round(bitmap.width * scale));
  const height = Math.max(1, Math.round(bitmap.height * scale));
  const [canvas, context] = canvasOf(width, height);
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  const notes = [await profileNote(blob)];
  if (scale < 1) notes.push(`made smaller to ${width} x ${height}`);
  return { name, canvas, note: notes.filter(Boolean).join("; "), own: true, blob };
}

async function profileNote(blob) {
  const profile = await profileName(new Uint8Array(await blob.arrayBuffer()));
  if (!profile) return "untagged, taken as sRGB";
  if (/srgb/i.test(profile)) return "sRGB";
  const known = /adobe ?rgb/i.test(profile) ? "Adobe RGB" : /p3/i.test(profile) ? "P3" : profile;
  return `${known}, converted to sRGB; colours beyond sRGB are clipped`;
}

// The description of the ICC profile in a JPEG or PNG; "" without one.
export async function profileName(bytes) {
  const profile = bytes[0] === 0xff ? jpegProfile(bytes) : await pngProfile(bytes);
  return profile ? description(profile) : "";
}

function jpegProfile(bytes) {
  const parts = [];
  for (let at = 2; at + 4 < bytes.length && bytes[at] === 0xff && bytes[at + 1] !== 0xda;) {
    const length = bytes[at + 2] * 256 + bytes[at + 3];
    const tag = String.fromCharCode(...bytes.subarray(at + 4, at + 15));
    if (bytes[at + 1] === 0xe2 && tag === "ICC_PROFILE") parts.push(bytes.subarray(at + 18, at + 2 + length));
    at += 2 + length;
  }
  return parts.length ? new Uint8Array(parts.flatMap((part) => [...part])) : null;
}

async function pngProfile(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = view.getUint32(at), type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (type === "IDAT") return null;
    if (type === "iCCP") {
      const body = bytes.subarray(at + 8, at + 8 + length), zero = body.indexOf(0);
      try {
        const stream = new Blob([body.subarray(zero + 2)]).stream().pipeThrough(new DecompressionStream("deflate"));
        return new Uint8Array(await new Response(stream).arrayBuffer());
      } catch {
        return null;
      }
    }
    at += 12 + length;
  }
  return null;
}

function description(profile) {
  if (profile.length < 132) return "unnamed profile";
  const view = new DataView(profile.buffer, profile.byteOffset, profile.byteLength);
  const count = Math.min(view.getUint32(128), 100);
  for (let k = 0; k < count; k++) {
    const at = 132 + k * 12;
    if (at + 12 > profile.length) break;
    if (String.fromCharCode(...profile.subarray(at, at + 4)) !== "desc") continue;
    const start = view.getUint32(at + 4), length = view.getUint32(at + 8);
    const text = String.fromCharCode(...profile.subarray(start + 8, Math.min(start + length, start + 200)));
    return text.replace(/[^\x20-\x7e]/g, "").trim() || "unnamed profile";
  }
  return "unnamed profile";
}
