// Monotone cubics through points, as luts/look/interpolate.py has them from scipy (PCHIP).

// A function of x; outside the points the end tangents continue.
export function through(points) {
  const count = points.length;
  if (count === 1) return () => points[0][1];
  const x = points.map((point) => point[0]), y = points.map((point) => point[1]);
  const width = [], chord = [];
  for (let k = 0; k < count - 1; k++) {
    width.push(x[k + 1] - x[k]);
    chord.push((y[k + 1] - y[k]) / width[k]);
  }
  const slope = new Array(count).fill(chord[0]);
  if (count > 2) {
    slope[0] = endSlope(width[0], width[1], chord[0], chord[1]);
    slope[count - 1] = endSlope(
      width[count - 2], width[count - 3], chord[count - 2], chord[count - 3]);
    for (let k = 1; k < count - 1; k++) {
      const one = 2 * width[k] + width[k - 1], two = width[k] + 2 * width[k - 1];
      slope[k] = chord[k - 1] * chord[k] <= 0
        ? 0 : (one + two) / (one / chord[k - 1] + two / chord[k]);
    }
  }
  return (at) => {
    if (at <= x[0]) return y[0] + slope[0] * (at - x[0]);
    if (at >= x[count - 1]) return y[count - 1] + slope[count - 1] * (at - x[count - 1]);
    let k = 0;
    while (at >= x[k + 1]) k++;
    const h = width[k], t = (at - x[k]) / h;
    const rise = chord[k], left = slope[k], right = slope[k + 1];
    return y[k] + h * t *
      (left + t * (3 * rise - 2 * left - right + t * (left + right - 2 * rise)));
  };
}

function endSlope(h0, h1, m0, m1) {
  const slope = ((2 * h0 + h1) * m0 - h0 * m1) / (h0 + h1);
  if (Math.sign(slope) !== Math.sign(m0)) return 0;
  if (Math.sign(m0) !== Math.sign(m1) && Math.abs(slope) > 3 * Math.abs(m0)) return 3 * m0;
  return slope;
}

export function around(points, turn = 360) {
  if (points.length === 1) return () => points[0][1];
  const laps = [-1, 0, 1].flatMap((lap) => points.map(([x, y]) => [x + lap * turn, y]));
  const curve = through(laps);
  return (at) => curve(((at % turn) + turn) % turn);
}
