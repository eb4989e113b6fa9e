// numpy's default generator: SeedSequence, PCG64 and the distributions that the families draw from.
//
// References: O'Neill, "PCG", HMC-CS-2014-0905 (XSL-RR 128/64); O'Neill, "Developing a seed_seq
// alternative", 2015; Marsaglia and Tsang, "The ziggurat method", J. Stat. Software 5(8), 2000, and
// "A simple method for generating gamma variables", ACM TOMS 26(3), 2000; Lemire, "Fast random
// integer generation in an interval", ACM TOMACS 29(1), 2019.

const MASK32 = 0xffffffffn, MASK64 = (1n << 64n) - 1n, MASK128 = (1n << 128n) - 1n;
const MULTIPLIER = (2549297995355413924n << 64n) + 4865540595714422341n;

function mul32(a, b) {
  return Math.imul(a, b) >>> 0;
}

// Eight 32-bit words out of any number of them.
function seedWords(entropy) {
  const pool = [0, 0, 0, 0];
  let hash = 0x43b0d7e5;
  const mixIn = (value) => {
    value = (value ^ hash) >>> 0;
    hash = mul32(hash, 0x931e8875);
    value = mul32(value, hash);
    return (value ^ (value >>> 16)) >>> 0;
  };
  const mix = (x, y) => {
    const result = (mul32(0xca01f9dd, x) - mul32(0x4973f715, y)) >>> 0;
    return (result ^ (result >>> 16)) >>> 0;
  };
  for (let k = 0; k < 4; k++) pool[k] = mixIn(k < entropy.length ? entropy[k] : 0);
  for (let from = 0; from < 4; from++)
    for (let to = 0; to < 4; to++) if (from !== to) pool[to] = mix(pool[to], mixIn(pool[from]));
  for (let from = 4; from < entropy.length; from++)
    for (let to = 0; to < 4; to++) pool[to] = mix(pool[to], mixIn(entropy[from]));
  let out = 0x8b51f9dd;
  return Array.from({ length: 8 }, (_, k) => {
    let value = (pool[k % 4] ^ out) >>> 0;
    out = mul32(out, 0x58f38ded);
    value = mul32(value, out);
    return (value ^ (value >>> 16)) >>> 0;
  });
}

function words(number) {
  const found = [];
  let rest = BigInt(number);
  do {
    found.push(Number(rest & MASK32));
    rest >>= 32n;
  } while (rest > 0n);
  return found;
}

// 256 layers of equal area under exp(-x^2 / 2); the lowest has the tail beyond RIGHT.
const RIGHT = 3.6541528853610088, AREA = 0.00492867323397465524494;
const ZIGGURAT = (() => {
  const x = new Float64Array(256), f = new Float64Array(256);
  const width = new Float64Array(256), inside = new Float64Array(256);
  const scale = 2 ** 52;
  x[255] = RIGHT;
  for (let k = 255; k >= 0; k--) {
    f[k] = k ? Math.exp(-0.5 * x[k] * x[k]) : 1;
    if (k > 1) x[k - 1] = Math.sqrt(-2 * Math.log(AREA / x[k] + f[k]));
  }
  const bottom = AREA / f[255];
  for (let k = 1; k < 256; k++) {
    width[k] = x[k] / scale;
    inside[k] = Math.floor((x[k - 1] / x[k]) * scale);
  }
  width[0] = bottom / scale;
  inside[0] = Math.floor((RIGHT / bottom) * scale);
  inside[1] = 0;
  return { f, width, inside };
})();

export class Generator {
  // As numpy.random.default_rng([seed, number]).
  constructor(seed, number) {
    const state = seedWords([...words(seed), ...words(number)]).map(BigInt);
    const long = (k) => (state[k + 1] << 32n) | state[k];
    const start = (long(0) << 64n) | long(2), sequence = (long(4) << 64n) | long(6);
    this.increment = ((sequence << 1n) | 1n) & MASK128;
    this.state = (this.increment + start) & MASK128;
    this.state = (this.state * MULTIPLIER + this.increment) & MASK128;
    this.half = null;
  }

  next64() {
    this.state = (this.state * MULTIPLIER + this.increment) & MASK128;
    const folded = (this.state >> 64n) ^ (this.state & MASK64);
    const turn = this.state >> 122n;
    return ((folded >> turn) | (folded << (64n - turn))) & MASK64;
  }

  next32() {
    if (this.half !== null) {
      const half = this.half;
      this.half = null;
      return half;
    }
    const whole = this.next64();
    this.half = whole >> 32n;
    return whole & MASK32;
  }

  random() {
    return Number(this.next64() >> 11n) * 2 ** -53;
  }

  uniform(low, high) {
    return low + (high - low) * this.random();
  }

  uniforms(low, high, count) {
    return Array.from({ length: count }, () => this.uniform(low, high));
  }

  below(count) {
    const limit = BigInt(count);
    let product = this.next32() * limit;
    if ((product & MASK32) < limit) {
      const threshold = (0x100000000n - limit) % limit;
      while ((product & MASK32) < threshold) product = this.next32() * limit;
    }
    return Number(product >> 32n);
  }

  weighted(shares) {
    let sum = 0;
    const steps = shares.map((share) => (sum += share));
    const at = this.random();
    return steps.filter((step) => step / sum <= at).length;
  }

  normal(mean, deviation) {
    return mean + deviation * this.gauss();
  }

  normals(mean, deviation, count) {
    return Array.from({ length: count }, () => this.normal(mean, deviation));
  }

  gauss() {
    for (;;) {
      const bits = this.next64();
      const layer = Number(bits & 255n), rest = bits >> 8n;
      const size = Number((rest >> 1n) & 0xfffffffffffffn);
      const negative = (rest & 1n) === 1n;
      const x = size * ZIGGURAT.width[layer] * (negative ? -1 : 1);
      if (size < ZIGGURAT.inside[layer]) return x;
      if (layer === 0) {
        for (;;) {
          const beyond = -Math.log1p(-this.random()) / RIGHT;
          const height = -Math.log1p(-this.random());
          if (2 * height > beyond * beyond) {
            const low = (BigInt(size) >> 8n) & 1n;
            return low ? -(RIGHT + beyond) : RIGHT + beyond;
          }
        }
      }
      const { f } = ZIGGURAT;
      if ((f[layer - 1] - f[layer]) * this.random() + f[layer] < Math.exp(-0.5 * x * x)) return x;
    }
  }

  gamma(shape) {
    if (shape <= 1) throw new Error("gamma: drawn for shapes above 1 only");
    const b = shape - 1 / 3, c = 1 / Math.sqrt(9 * b);
    for (;;) {
      let x, v;
      do {
        x = this.gauss();
        v = 1 + c * x;
      } while (v <= 0);
      v = v * v * v;
      const u = this.random();
      if (u < 1 - 0.0331 * (x * x) * (x * x)) return b * v;
      if (Math.log(u) < 0.5 * x * x + b * (1 - v + Math.log(v))) return b * v;
    }
  }

  dirichlet(shapes) {
    const drawn = shapes.map((shape) => this.gamma(shape));
    const whole = 1 / drawn.reduce((sum, value) => sum + value, 0);
    return drawn.map((value) => value * whole);
  }
}
