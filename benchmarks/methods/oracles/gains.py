"""The best exposure, white balance and colour matrix: ceilings of linear corrections.

All three act on linear light, where a camera's exposure and white balance act, and are judged on
the clipped, encoded result, where PSNR is measured. Each fit starts from the one before it and only
moves when that error falls, so gain <= channel_gain <= matrix holds on every image.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize_scalar

from luts.colour.transfer import KNEE_LINEAR, decode_srgb, encode_srgb

from .levels import LevelSums, level_sums

STOPS = np.linspace(-8, 8, 65)  # searched first, then refined between neighbours
FIT_PIXELS = 1 << 16  # the matrix is fitted on an even sample and checked on all pixels
MAX_STEPS = 60
DAMPING = 1e-3
SMALLEST_GAIN_OF_A_STEP = 1e-7  # relative fall of the error at which a fit has converged


def gain(degraded: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Apply the one gain of linear light that brings the image nearest to its reference.

    Parameters
    ----------
    degraded, reference : (H, W, 3) float32, encoded, in [0, 1]

    Returns
    -------
    (H, W, 3) float32, encoded, in [0, 1].
    """
    sums = level_sums(degraded, reference)
    return sums.render(_gain_curves(sums, _best_gains(sums)[:1].repeat(3)))


def channel_gain(degraded: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Apply the best gain of linear light for each channel. Arguments and result as in `gain`."""
    sums = level_sums(degraded, reference)
    return sums.render(_gain_curves(sums, _best_gains(sums)[1:]))


def matrix(degraded: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Apply the best 3x3 matrix to linear light. Arguments and result as in `gain`."""
    gains = _best_gains(level_sums(degraded, reference))[1:]
    linear = decode_srgb(degraded).reshape(-1, 3)
    target = reference.reshape(-1, 3)
    step = -(-len(linear) // FIT_PIXELS)
    sample, sample_target = linear[::step].astype(float), target[::step].astype(float)
    result = np.empty_like(linear)
    for c, start in enumerate(np.diag(gains)):
        row = _fit_row(sample, sample_target[:, c], start)
        candidates = [_encode_clipped(linear @ m.astype(np.float32)) for m in (start, row)]
        errors = [np.square(e - target[:, c]).mean(dtype=np.float64) for e in candidates]
        result[:, c] = candidates[int(np.argmin(errors))]
    return result.reshape(degraded.shape)


def _best_gains(sums: LevelSums) -> np.ndarray:
    """Return the best common gain followed by the best gain of each channel, (4,)."""
    light = decode_srgb(sums.values)

    def errors(stops: float) -> np.ndarray:
        return sums.errors(np.broadcast_to(_encode_clipped(light * 2**stops), sums.count.shape))

    grid = np.stack([errors(stops) for stops in STOPS])
    common = _refined(lambda stops: float(errors(stops).sum()), STOPS[grid.sum(1).argmin()])
    best = [common]
    for c in range(3):

        def error(stops: float, c: int = c) -> float:
            return float(errors(stops)[c])

        own = _refined(error, STOPS[grid[:, c].argmin()])
        best.append(min((own, common), key=error))
    return 2 ** np.array(best)


def _refined(error: Callable[[float], float], stops: float) -> float:
    """Search between the grid neighbours of the best grid point."""
    step = STOPS[1] - STOPS[0]
    found = minimize_scalar(
        error, bounds=(stops - step, stops + step), options={"xatol": 1e-4}, method="bounded"
    ).x
    return min((found, stops, 0.0), key=error)


def _gain_curves(sums: LevelSums, gains: np.ndarray) -> np.ndarray:
    return _encode_clipped(decode_srgb(sums.values) * gains[:, None])


def _encode_clipped(linear: np.ndarray) -> np.ndarray:
    return encode_srgb(np.clip(linear, 0, 1))


def _fit_row(linear: np.ndarray, target: np.ndarray, row: np.ndarray) -> np.ndarray:
    """Fit one row of the matrix by Levenberg-Marquardt on the clipped, encoded error.

    linear : (N, 3); target : (N,) encoded; row : (3,) where to start
    """

    def residual(m: np.ndarray) -> np.ndarray:
        return _encode_clipped(linear @ m) - target

    damping, now = DAMPING, residual(row)
    for _ in range(MAX_STEPS):
        jacobian = linear * _slope(linear @ row)[:, None]
        normal, right = jacobian.T @ jacobian, jacobian.T @ now
        scale = np.diag(normal) + 1e-12 * max(normal.trace(), 1e-12)
        trial = row - np.linalg.solve(normal + damping * np.diag(scale), right)
        then = residual(trial)
        before, after = now @ now, then @ then
        if after < before:
            row, now, damping = trial, then, damping / 5
            if before - after < SMALLEST_GAIN_OF_A_STEP * before:
                break
        else:
            damping *= 5
            if damping > 1e6:
                break
    return row


def _slope(linear: np.ndarray) -> np.ndarray:
    """Derivative of the clipped sRGB curve: none where it clips."""
    inside = (linear > 0) & (linear < 1)
    power = 1.055 / 2.4 * np.clip(linear, KNEE_LINEAR, 1) ** (1 / 2.4 - 1)
    return np.where(inside, np.where(linear <= KNEE_LINEAR, 12.92, power), 0)
