// Members of families, brought to a severity as luts/families/drawing.py does.
import { DATA } from "./data.js";
import { Colours } from "./colour.js";
import { FAMILIES, settled } from "./families.js";
import { FileError, cubeStage, identityTable } from "./cube.js";
import { meanDifference, meanOfCube } from "./measure.js";
import { Generator } from "./random.js";

export const MARGIN = 1.04;
const ATTEMPTS = 64, TOLERANCE = 0.002;
const { corrections: CORRECTIONS, close: CLOSE } = DATA.calibration;

const DRAWN = new Map();

export function drawMember(family, seed, severity) {
  const key = `${family}/${seed}/${severity}`;
  if (!DRAWN.has(key)) {
    if (DRAWN.size > 64) DRAWN.clear();
    DRAWN.set(key, draw(family, seed, severity));
  }
  return DRAWN.get(key);
}

function draw(family, seed, severity) {
  const { draw: parameters, apply, limit } = FAMILIES[family];
  const exact = (drawn, strength) =>
    meanDifference((colours) => apply(colours, drawn, strength));
  let reached = 0;
  for (let attempt = 0; attempt < (severity === null ? 1 : ATTEMPTS); attempt++) {
    const rng = new Generator(seed, DATA.drawNames[family][attempt]);
    const drawn = settled(parameters(rng)), far = limit(drawn);
    if (severity === null) return { family, parameters: drawn, strength: Math.min(1, far) };
    const most = exact(drawn, far);
    if (most >= MARGIN * severity) {
      const strength = calibrate(severity, {
        exact: (trial) => exact(drawn, trial),
        ofCube: (trial) => meanOfCube((colours) => apply(colours, drawn, trial)),
        low: [0, 0],
        high: [far, most],
      });
      return { family, parameters: drawn, strength };
    }
    reached = Math.max(reached, most / MARGIN);
  }
  throw new FileError(`${family} does not reach severity ${severity}: ` +
    `the strongest of ${ATTEMPTS} draws of seed ${seed} has ${reached.toFixed(1)}`);
}

// The strength whose cube has a severity; the lattice's share is taken out of the target, in turns.
export function calibrate(severity, { exact, ofCube, low, high }) {
  const reach = (target) => {
    const root = findRoot((trial) => exact(trial) / target - 1,
      [low[0], low[1] / target - 1], [high[0], high[1] / target - 1], TOLERANCE);
    return Number(root.toFixed(7));
  };
  let target = severity, strength = reach(target), found = ofCube(strength);
  for (let k = 0; k < CORRECTIONS; k++) {
    target = Math.max(Math.min((target * severity) / found, high[1]), low[1]);
    strength = reach(target);
    found = ofCube(strength);
    if (Math.abs(found / severity - 1) <= CLOSE) break;
  }
  return strength;
}

// False position in the Illinois variant, as find_root.
function findRoot(f, [a0, fa0], [b0, fb0], tolerance) {
  if (Math.abs(fa0) <= tolerance) return a0;
  if (Math.abs(fb0) <= tolerance) return b0;
  let a = a0, fa = fa0, b = b0, fb = fb0;
  for (let k = 0; k < 100; k++) {
    const x = (a * fb - b * fa) / (fb - fa), fx = f(x);
    if (Math.abs(fx) <= tolerance) return x;
    if (fx > 0 === fb > 0) {
      b = x;
      fb = fx;
      fa /= 2;
    } else {
      a = x;
      fa = fx;
      fb /= 2;
    }
  }
  throw new Error("no root after 100 steps");
}
