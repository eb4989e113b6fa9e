// The sRGB curve, OKLab, CIE Lab and CIEDE2000, as luts/colour has them.
import { DATA } from "./data.js";

const { linearToRelative, linearToLms, lmsToOklab, oklabToLms, lmsToLinear } = DATA.colour;
export const LUMINANCE = DATA.colour.luminance;

export function encodeValue(linear) {
  const size = Math.abs(linear);
  const value = size <= 0.0031308 ? size * 12.92 : 1.055 * Math.pow(size, 1 / 2.4) - 0.055;
  return linear < 0 ? -value : value;
}

export function decodeValue(encoded) {
  const size = Math.abs(encoded);
  const value = size <= 0.04045 ? size / 12.92 : Math.pow((size + 0.055) / 1.055, 2.4);
  return encoded < 0 ? -value : value;
}

// Colours of one list; layers in linear light that follow each other need no round trip.
export class Colours {
  constructor(values, linear = false) {
    this.values = values; // Float64Array, three by three
    this.linear = linear;
  }

  copy() {
    return new Colours(this.values.slice(), this.linear);
  }

  toLinear() {
    if (!this.linear) apply(this.values, decodeValue);
    this.linear = true;
    return this.values;
  }

  toEncoded() {
    if (this.linear) apply(this.values, encodeValue);
    this.linear = false;
    return this.values;
  }
}

function apply(values, curve) {
  for (let i = 0; i < values.length; i++) values[i] = curve(values[i]);
}

export function multiply(values, m) {
  const [[a, b, c], [d, e, f], [g, h, k]] = m;
  for (let i = 0; i < values.length; i += 3) {
    const x = values[i], y = values[i + 1], z = values[i + 2];
    values[i] = a * x + b * y + c * z;
    values[i + 1] = d * x + e * y + f * z;
    values[i + 2] = g * x + h * y + k * z;
  }
}

// Let `move(L, a, b, out)` write new OKLab values into out, for every colour.
export function inOklab(colours, move) {
  const values = colours.toLinear();
  multiply(values, linearToLms);
  apply(values, Math.cbrt);
  multiply(values, lmsToOklab);
  const out = [0, 0, 0];
  for (let i = 0; i < values.length; i += 3) {
    move(values[i], values[i + 1], values[i + 2], out);
    values[i] = out[0];
    values[i + 1] = out[1];
    values[i + 2] = out[2];
  }
  multiply(values, oklabToLms);
  for (let i = 0; i < values.length; i++) values[i] = values[i] * values[i] * values[i];
  multiply(values, lmsToLinear);
}

export function oklabOf(red, green, blue) {
  const values = new Float64Array([red, green, blue]);
  const out = [0, 0, 0];
  const colours = new Colours(values);
  inOklab(colours, (l, a, b, to) => {
    out[0] = l;
    out[1] = a;
    out[2] = b;
    to[0] = l;
    to[1] = a;
    to[2] = b;
  });
  return out;
}

export function oklabToEncoded(l, a, b) {
  const values = new Float64Array([l, a, b]);
  multiply(values, oklabToLms);
  for (let i = 0; i < 3; i++) values[i] = values[i] ** 3;
  multiply(values, lmsToLinear);
  return [...values].map(encodeValue);
}

const EDGE = (6 / 29) ** 3;

function labCurve(t) {
  return t > EDGE ? Math.cbrt(t) : t / (3 * (6 / 29) ** 2) + 4 / 29;
}

// Encoded sRGB at i of a list, clipped to what can be shown, as Lab into out at i.
export function encodedToLab(values, out = new Float64Array(values.length)) {
  const [[a, b, c], [d, e, f], [g, h, k]] = linearToRelative;
  for (let i = 0; i < values.length; i += 3) {
    const red = decodeValue(Math.min(Math.max(values[i], 0), 1));
    const green = decodeValue(Math.min(Math.max(values[i + 1], 0), 1));
    const blue = decodeValue(Math.min(Math.max(values[i + 2], 0), 1));
    const x = labCurve(a * red + b * green + c * blue);
    const y = labCurve(d * red + e * green + f * blue);
    const z = labCurve(g * red + h * green + k * blue);
    out[i] = 116 * y - 16;
    out[i + 1] = 500 * (x - y);
    out[i + 2] = 200 * (y - z);
  }
  return out;
}

const POW25_7 = 25 ** 7;
const DEGREE = Math.PI / 180;

// CIEDE2000 with kL = kC = kH = 1: Sharma, Wu and Dalal (2005), equations 2 to 22.
export function deltaE(l1, a1, b1, l2, a2, b2) {
  const mean = (Math.sqrt(a1 * a1 + b1 * b1) + Math.sqrt(a2 * a2 + b2 * b2)) / 2;
  const seventh = mean ** 7;
  const stretch = 1.5 - 0.5 * Math.sqrt(seventh / (seventh + POW25_7));
  const x1 = a1 * stretch, x2 = a2 * stretch;
  const c1 = Math.sqrt(x1 * x1 + b1 * b1), c2 = Math.sqrt(x2 * x2 + b2 * b2);
  const h1 = c1 ? Math.atan2(b1, x1) / DEGREE : 0, h2 = c2 ? Math.atan2(b2, x2) / DEGREE : 0;
  const from = h1 < 0 ? h1 + 360 : h1, to = h2 < 0 ? h2 + 360 : h2;
  let step = to - from, hue = from + to;
  if (c1 * c2 === 0) step = 0;
  else {
    if (Math.abs(step) > 180) hue += hue < 360 ? 360 : -360;
    if (step > 180) step -= 360;
    else if (step < -180) step += 360;
    hue /= 2;
  }
  const chord = 2 * Math.sqrt(c1 * c2) * Math.sin((step / 2) * DEGREE);
  const chroma = (c1 + c2) / 2, light = ((l1 + l2) / 2 - 50) ** 2;
  const t = 1 - 0.17 * Math.cos((hue - 30) * DEGREE) + 0.24 * Math.cos(2 * hue * DEGREE) +
    0.32 * Math.cos((3 * hue + 6) * DEGREE) - 0.2 * Math.cos((4 * hue - 63) * DEGREE);
  const dl = (l2 - l1) / (1 + (0.015 * light) / Math.sqrt(20 + light));
  const dc = (c2 - c1) / (1 + 0.045 * chroma);
  const dh = chord / (1 + 0.015 * chroma * t);
  const high = chroma ** 7;
  const turn = -2 * Math.sqrt(high / (high + POW25_7)) *
    Math.sin(60 * DEGREE * Math.exp(-(((hue - 275) / 25) ** 2)));
  return Math.sqrt(Math.max(dl * dl + dc * dc + dh * dh + turn * dc * dh, 0));
}
