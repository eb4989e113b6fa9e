// What each kind of layer does: the arithmetic of luts/look, one entry per kind.
import { DATA } from "./data.js";
import { LUMINANCE, inOklab, multiply } from "./colour.js";
import { FAMILIES, awayFromGrey, d65Duv, d65Mired } from "./families.js";
import { around, through } from "./interpolate.js";
import { FileError, library, mixIn, parseCube } from "./cube.js";
import { drawMember } from "./draw.js";

export const MAX_AMOUNT = 4;
const COLOURS = ["red", "green", "blue"];
const MIN_FACTOR = 1e-3, MAX_CHROMA = 0.4, DEGREE = Math.PI / 180;

const DENSEST = 2.4, BLACK = 10 ** -DENSEST, MID = -Math.log10(0.18), KNEE = 0.3, MAX_SHOULDER = 0.95;

const light = (values) => ({ mired: d65Mired + values.shift, duv: d65Duv + values.tint });

function tints(values) {
  const offset = (name) => [
    values[name] * Math.cos(values[`${name}_hue`] * DEGREE),
    values[name] * Math.sin(values[`${name}_hue`] * DEGREE),
  ];
  return { shadow: offset("shadow"), highlight: offset("highlight") };
}

function cdl(colours, { slope, offset, power, saturation }, strength) {
  const values = colours.toEncoded();
  const s = slope.map((value) => value ** strength), p = power.map((value) => value ** strength);
  const most = 1 + strength * (saturation - 1);
  for (let i = 0; i < values.length; i += 3) {
    for (let c = 0; c < 3; c++) {
      const graded = values[i + c] * s[c] + strength * offset[c];
      values[i + c] = graded < 0 ? graded : graded ** p[c];
    }
    const luma = values[i] * LUMINANCE[0] + values[i + 1] * LUMINANCE[1] + values[i + 2] * LUMINANCE[2];
    for (let c = 0; c < 3; c++) values[i + c] = luma + most * (values[i + c] - luma);
  }
}

function contrast(colours, { contrast: slope, pivot }, strength) {
  const values = colours.toEncoded(), power = slope ** strength;
  for (let i = 0; i < values.length; i++) {
    const bent = pivot * (Math.abs(values[i]) / pivot) ** power;
    values[i] = values[i] < 0 ? -bent : bent;
  }
}

function bend(colours, curves, strength) {
  const values = colours.toEncoded();
  for (let i = 0; i < values.length; i++) {
    let x = values[i];
    x += strength * (curves[COLOURS[i % 3]](x) - x);
    values[i] = x + strength * (curves.master(x) - x);
  }
}

function bendLimit(curves) {
  let most = MAX_AMOUNT;
  for (const curve of Object.values(curves))
    for (let k = 0, slope = MAX_AMOUNT; k < 256; k++) {
      slope = (curve((k + 1) / 256) - curve(k / 256)) * 256;
      if (slope < 1) most = Math.min(most, 0.98 / (1 - slope));
    }
  return most;
}

// Let `change(l, chroma, hue in degrees)` give the new three.
function inPolar(colours, change) {
  inOklab(colours, (l, a, b, out) => {
    const [light, chroma, hue] = change(l, Math.sqrt(a * a + b * b), Math.atan2(b, a) / DEGREE);
    out[0] = light;
    out[1] = chroma * Math.cos(hue * DEGREE);
    out[2] = chroma * Math.sin(hue * DEGREE);
  });
}

function develop(colours, { contrast: slope, dye, crossover, toe, shoulder }, strength) {
  const values = colours.toLinear();
  const gamma = [1, 0, -1].map((sign) => slope ** strength * (1 + strength * crossover * sign));
  const low = Math.min(strength * toe, 1) / DENSEST, high = Math.min(strength * shoulder, MAX_SHOULDER);
  for (let i = 0; i < values.length; i += 3) {
    let mean = 0;
    for (let c = 0; c < 3; c++) {
      values[i + c] = -Math.log10((Math.max(values[i + c], 0) + BLACK) / (1 + BLACK));
      mean += values[i + c] / 3;
    }
    for (let c = 0; c < 3; c++) {
      let d = values[i + c];
      d += strength * dye * (d - mean);
      d = Math.max(MID + gamma[c] * (d - MID), -1);
      d /= 1 + low * d;
      d += high * KNEE * Math.exp(-Math.max(d, 0) / KNEE);
      values[i + c] = 10 ** -d * (1 + BLACK) - BLACK;
    }
  }
}

function mixChannels(colours, values, strength) {
  multiply(colours.toEncoded(), COLOURS.map((name, i) =>
    values[name].map((share, j) => (i === j) + strength * (share - (i === j)))));
}

function findLut({ lut, cube }) {
  if (cube) return parsed(cube, lut || "cube");
  if (!lut) throw new FileError("names no LUT and holds none: import one");
  if (!(lut in library)) throw new FileError(`${lut} lies in a file: import it to complete the look`);
  return library[lut];
}

const PARSED = new Map(); // text -> stages: parsing takes longer than a bake
function parsed(text, name) {
  if (!PARSED.has(text)) {
    if (PARSED.size > 8) PARSED.delete(PARSED.keys().next().value);
    PARSED.set(text, parseCube(text, name).stages);
  }
  return PARSED.get(text);
}

const always = () => true, never = () => false, any = () => MAX_AMOUNT, same = (values) => values;

function kind(apply, { prepare = same, limit = any, separable = never } = {}) {
  return { apply, prepare, limit, separable };
}

export const LAYERS = {
  exposure: kind(FAMILIES.exposure.apply, { limit: FAMILIES.exposure.limit, separable: always }),
  temperature: kind(FAMILIES.illuminant.apply, { prepare: light, limit: FAMILIES.illuminant.limit }),
  lamp: kind(FAMILIES.illuminant.apply, { limit: FAMILIES.illuminant.limit }),
  cdl: kind(cdl, { separable: (values) => values.saturation === 1 }),
  contrast: kind(contrast, { separable: always }),
  curves: kind(bend, {
    prepare: (values) => Object.fromEntries(
      ["master", ...COLOURS].map((name) => [name, through(values[name])])),
    limit: bendLimit,
    separable: always,
  }),
  "hue-vs-hue": kind((colours, shift, strength) => {
    inPolar(colours, (l, chroma, hue) => [l, chroma, hue + strength * awayFromGrey(chroma) * shift(hue)]);
  }, {
    prepare: (values) => around(values.shift),
    limit: (shift) => {
      let steepest = 1e-6;
      for (let k = 0; k < 360; k++) steepest = Math.max(steepest, shift(k) - shift(k + 1));
      return Math.min(MAX_AMOUNT, 0.95 / steepest);
    },
  }),
  "hue-vs-saturation": kind((colours, factor, strength) => {
    inPolar(colours, (l, chroma, hue) =>
      [l, chroma * Math.max(factor(hue), MIN_FACTOR) ** (strength * awayFromGrey(chroma)), hue]);
  }, { prepare: (values) => around(values.factor) }),
  "hue-vs-lightness": kind((colours, lift, strength) => {
    inPolar(colours, (l, chroma, hue) => [l + strength * awayFromGrey(chroma) * lift(hue), chroma, hue]);
  }, { prepare: (values) => around(values.lift) }),
  "saturation-vs-saturation": kind((colours, factor, strength) => {
    inPolar(colours, (l, chroma, hue) => {
      const times = Math.max(factor(Math.min(chroma, MAX_CHROMA)), MIN_FACTOR);
      return [l, chroma * times ** strength, hue];
    });
  }, { prepare: (values) => through(values.factor) }),
  "split-tone": kind(FAMILIES["split-tone"].apply, { prepare: tints, limit: FAMILIES["split-tone"].limit }),
  "channel-mix": kind(mixChannels),
  fade: kind(FAMILIES.fade.apply, { limit: FAMILIES.fade.limit, separable: always }),
  crosstalk: kind(FAMILIES.crosstalk.apply, { limit: FAMILIES.crosstalk.limit }),
  film: kind(develop, {
    limit: ({ crossover }) => Math.min(MAX_AMOUNT, 0.9 / Math.max(Math.abs(crossover), 1e-6)),
  }),
  lut: kind(mixIn, {
    prepare: findLut,
    limit: () => 1,
    separable: (stages) => stages.every((stage) => !stage.cube),
  }),
  family: kind((colours, { member }, strength) => {
    FAMILIES[member.family].apply(colours, member.parameters, strength * member.strength);
  }, {
    prepare: (values) => {
      if (values.version !== DATA.familyVersion)
        throw new FileError(`drawn by version ${values.version} of the families, this is ${DATA.familyVersion}`);
      const member = drawMember(values.family, values.seed, values.severity || null);
      return { member, limit: FAMILIES[values.family].limit(member.parameters) / member.strength };
    },
    limit: (drawn) => drawn.limit,
    separable: ({ member }) => ["exposure", "tone", "channel", "fade"].includes(member.family),
  }),
};
