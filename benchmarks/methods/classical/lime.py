"""LIME and DUAL: divide by a smoothed map of the brightest channel.

References
----------
Guo, Li & Ling, LIME: low-light image enhancement via illumination map estimation, IEEE TIP 26(2),
2017: max-RGB initial map, exact and sped-up solver, weighting Strategy III. The constants are those
of the authors' released demo: 0.15, sigma 2, exponent 0.7. Its optional denoising is left out.
Zhang, Nie & Zheng, Dual illumination estimation for robust exposure correction, CGF 38(7), 2019.
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy.fft import dctn, idctn

from .fusion import fuse
from .image import checked
from .smooth import smooth

SMOOTHNESS = 0.15
SIGMA = 2.0  # pixels
EXPONENT = 0.7
DUAL_EXPONENT = 0.6
EPSILON = 1e-3
DARKEST = 1e-3  # the illumination's lower limit: a black pixel stays black
# The exact solver: penalty at the start, its growth, and when the two gradient fields agree.
PENALTY, GROWTH, AGREEMENT, MAX_ROUNDS = 1.0, 1.2, 1e-3, 60


def lime(
    encoded: np.ndarray, *, smoothness: float = SMOOTHNESS, exponent: float = EXPONENT
) -> np.ndarray:
    """Brighten by the illumination map of LIME's sped-up solver.

    Parameters
    ----------
    encoded : (H, W, 3) float32 in [0, 1]
    smoothness : weight of the gradients against fidelity to the brightest channel
    exponent : 0 leaves the image, 1 divides the whole illumination out
    """
    brightest = checked(encoded).max(axis=2)
    return _relit(encoded, illumination(brightest, smoothness=smoothness), exponent)


def lime_exact(
    encoded: np.ndarray, *, smoothness: float = SMOOTHNESS, exponent: float = EXPONENT
) -> np.ndarray:
    """Brighten by the illumination map of LIME's exact solver. Parameters as in `lime`.

    It minimises the L1 norm of the weighted gradients instead of its quadratic stand-in.
    """
    brightest = checked(encoded).max(axis=2)
    return _relit(encoded, illumination_exact(brightest, smoothness=smoothness), exponent)


def dual(encoded: np.ndarray) -> np.ndarray:
    """Correct under- and over-exposure: LIME on the image and on its negative, fused with it."""
    light = illumination(checked(encoded).max(axis=2), smoothness=SMOOTHNESS)
    shade = illumination(1 - encoded.min(axis=2), smoothness=SMOOTHNESS)
    under = _relit(encoded, light, DUAL_EXPONENT)
    over = 1 - _relit(1 - encoded, shade, DUAL_EXPONENT)
    return fuse([encoded, under, over])


def illumination(brightest: np.ndarray, *, smoothness: float) -> np.ndarray:
    """Return the smooth map of the sped-up solver: one sparse system.

    Parameters
    ----------
    brightest : (H, W) float32, the largest of R, G and B
    """
    return smooth(brightest, *quadratic_weights(brightest, smoothness))


def illumination_exact(brightest: np.ndarray, *, smoothness: float) -> np.ndarray:
    """Return the map that minimises |t - brightest|^2 + smoothness |w grad t|_1.

    Augmented Lagrangian rounds (Algorithm 1), with a cosine transform where the paper takes a
    Fourier one, so that opposite borders of the picture do not touch.

    Parameters
    ----------
    brightest : (H, W) float32
    """
    _, _, *weights = gradients_and_weights(brightest)
    thresholds = [smoothness * w / 2 for w in weights]  # the data term counts twice its half
    spectrum = sum(
        np.expand_dims(2 - 2 * np.cos(np.pi * np.arange(n) / n), 1 - axis)
        for axis, n in enumerate(brightest.shape)
    )
    t, penalty = brightest.astype(np.float64), PENALTY
    multipliers = [np.zeros_like(w, dtype=np.float64) for w in weights]
    for _ in range(MAX_ROUNDS):
        slopes = np.diff(t, axis=1), np.diff(t, axis=0)
        fields = [
            _shrunk(s + z, threshold / penalty)
            for s, z, threshold in zip(slopes, multipliers, thresholds, strict=True)
        ]
        right = brightest + penalty * _divergence(
            *(f - z for f, z in zip(fields, multipliers, strict=True))
        )
        t = idctn(dctn(right, norm="ortho") / (1 + penalty * spectrum), norm="ortho")
        gaps = [
            s - f for s, f in zip((np.diff(t, axis=1), np.diff(t, axis=0)), fields, strict=True)
        ]
        if max((np.abs(g).max(initial=0) for g in gaps), default=0) < AGREEMENT:
            break
        # Scaled multipliers: dividing by the growth keeps the unscaled ones as they were.
        multipliers = [(z + g) / GROWTH for z, g in zip(multipliers, gaps, strict=True)]
        penalty *= GROWTH
    return t.astype(np.float32)


def gradients_and_weights(
    plane: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return forward differences of a plane and LIME's Strategy III weights for them.

    A difference weighs 1 / (|its Gaussian mean| + epsilon): texture that averages out is flattened,
    an edge is not.

    Parameters
    ----------
    plane : (H, W) float32

    Returns
    -------
    dx, dy, wx, wy : (H, W - 1), (H - 1, W) and the same again
    """
    dx = np.diff(plane, axis=1, append=plane[:, -1:])
    dy = np.diff(plane, axis=0, append=plane[-1:])
    wx, wy = (1 / (np.abs(cv2.GaussianBlur(d, (0, 0), SIGMA)) + EPSILON) for d in (dx, dy))
    return dx[:, :-1], dy[:-1], wx[:, :-1], wy[:-1]


def quadratic_weights(plane: np.ndarray, smoothness: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights of squared differences that stand in for the L1 norm, wx and wy."""
    dx, dy, wx, wy = gradients_and_weights(plane)
    return smoothness * wx / (np.abs(dx) + EPSILON), smoothness * wy / (np.abs(dy) + EPSILON)


def _relit(encoded: np.ndarray, light: np.ndarray, exponent: float) -> np.ndarray:
    return np.clip(encoded / np.clip(light, DARKEST, 1)[..., None] ** np.float32(exponent), 0, 1)


def _shrunk(values: np.ndarray, threshold: np.ndarray) -> np.ndarray:
    return np.sign(values) * np.maximum(np.abs(values) - threshold, 0)


def _divergence(fx: np.ndarray, fy: np.ndarray) -> np.ndarray:
    """The adjoint of taking forward differences along rows and columns."""
    out = np.zeros((fx.shape[0], fy.shape[1]))
    out[:, :-1] -= fx
    out[:, 1:] += fx
    out[:-1] -= fy
    out[1:] += fy
    return out
