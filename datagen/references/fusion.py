"""Exposure fusion of linear light over the scene's own range: the default reference.

The light is shown at seven exposures, from the one that leaves the highlights drawing to the one
that opens the shadows, and blended so that each place is taken from where it is well exposed,
colourful and detailed. Nobody's retouch and no picture from a camera: it shows what there is to
see, as a photographer who dodges and burns would, and does not say how bright the evening was.

Differences from the paper, each for a reason:

* the exposures come from the light: from 95th percentile at 0.5 to 5th percentile at 0.18;
* contrast and saturation have a floor, or flat and grey places would be blended blindly;
* the pyramid ends at two pixels whatever the size, so that 96 pixels and 24 megapixels look alike
  and bright places have no halo;
* each value stays within what the exposures show: black is black, white is white;
* neighbours keep the order of their light (see `tone_order`).

The same bits on every processor: float32 additions, multiplications, divisions and square roots,
one at a time, and tables (see `tables`).

References
----------
Mertens, Kautz & Van Reeth, "Exposure fusion", Pacific Graphics 2007; weights and blend of
section 3, with its sigma of 0.2.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from luts.colour.colorimetry import REC709_LUMINANCE

from .pyramid import depth_of, double, halve
from .tables import ROOTS, STEPS_PER_STOP, encoded_by_root, root_gain, rounded, steps_of
from .tone_order import keep_order

EXPOSURES = 7
BRIGHT, BRIGHT_TO = 95, 0.5  # percentile of luminance, and where the darkest exposure puts it
DARK, DARK_TO = 5, 0.18  # likewise for the brightest exposure
MOST_RANGE = 8 * STEPS_PER_STOP  # between the two
SIGMA = 0.2  # of the well-exposed codes around one half
FLOOR = np.float32(0.01)  # of contrast and saturation
LUMINANCE = REC709_LUMINANCE.astype(np.float32)


def fusion(linear: np.ndarray, *, white: float | None = None) -> np.ndarray:
    """Fuse a scene's light into one encoded picture.

    Parameters
    ----------
    linear : (H, W, 3) float, scene-linear sRGB in any unit; a gain does not change the result
    white : the value at which the light was cut off, where it was: 1.0 for a sensor's own light.
        It is shown as white then. None: the light is whole.

    Returns
    -------
    (H, W, 3) float32, sRGB-encoded, in [0, 1].

    Raises
    ------
    ValueError : not a picture, or not finite

    Examples
    --------
    >>> wall = fusion(np.full((8, 8, 3), 0.01, np.float32))
    >>> round(float(wall.mean()), 2)  # grey and flat, as an exposure to the right shows it
    0.73
    """
    if linear.ndim != 3 or linear.shape[2] != 3 or not min(linear.shape):
        raise ValueError(f"fusion takes (H, W, 3), got {linear.shape}")
    if not np.isfinite(linear).all():
        raise ValueError("fusion takes finite light only")
    planes = np.ascontiguousarray(np.moveaxis(linear, -1, 0), np.float32)
    planes = np.maximum(planes, np.float32(0))
    light = luminance(planes)
    steps = exposure_steps(light, white=white)
    if not steps:
        return np.zeros(linear.shape, np.float32)
    blended, least, most = _blend(np.sqrt(planes), steps)
    shown = np.minimum(np.maximum(blended, least), most)
    tone = luminance(shown)
    shown = _with_tone(shown, tone, keep_order(tone, light))
    return np.ascontiguousarray(np.moveaxis(shown, 0, -1))


def luminance(planes: np.ndarray) -> np.ndarray:
    """Weigh (3, H, W) float32 by BT.709, without a matrix product: (H, W) float32."""
    red, green, blue = planes * LUMINANCE[:, None, None]
    return red + green + blue


def exposure_steps(light: np.ndarray, *, white: float | None = None) -> list[int]:
    """The exposures to fuse, in 1/64 EV; none when there is no light at all.

    Parameters
    ----------
    light : (H, W) float32 luminance, >= 0
    white : see `fusion`
    """
    last = light.size - 1
    ranks = [last * DARK // 100, last * BRIGHT // 100, last]
    ordered = np.partition(light, ranks, axis=None)
    dark, bright = float(ordered[ranks[0]]), float(ordered[ranks[1]])
    bright = bright or float(ordered[last])
    if bright == 0:
        return []
    first = steps_of(BRIGHT_TO / bright)
    if white is not None:
        first = max(first, steps_of(1 / white))
    widest = first + MOST_RANGE
    final = min(steps_of(DARK_TO / dark), widest) if dark > 0 else widest
    span = max(final - first, 0)
    return [
        first + (2 * span * n + EXPOSURES - 1) // (2 * (EXPOSURES - 1)) for n in range(EXPOSURES)
    ]


def _blend(roots: np.ndarray, steps: list[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Blend the exposures of (3, H, W) square roots of light; also the darkest and brightest."""
    size = roots.shape[1:]
    total = np.zeros(size, np.float32)
    for step in steps:
        total += _weight(_rows(roots, step))
    levels: list[np.ndarray] = []
    for step in steps:
        rows = _rows(roots, step)
        share, shown = _weight(rows), encoded_by_root()[rows]
        share /= total
        for level in range(depth_of(size) + 1):
            if level < depth_of(size):
                smaller = halve(shown)
                detail = shown - double(smaller, shown.shape[1:])
            else:
                smaller = detail = shown
            detail *= share
            if step == steps[0] and len(levels) <= level:
                levels.append(detail)
            else:
                levels[level] += detail
            shown, share = smaller, halve(share)
    blended = levels.pop()
    while levels:
        finer = levels.pop()
        blended = finer + double(blended, finer.shape[1:])
    return blended, *(encoded_by_root()[_rows(roots, step)] for step in (steps[0], steps[-1]))


def _rows(roots: np.ndarray, step: int) -> np.ndarray:
    """Where an exposure of the light stands in the tables by root: (3, H, W) int32."""
    rows = roots * np.float32(root_gain(step) * np.float32(ROOTS)) + np.float32(0.5)
    return np.minimum(rows, np.float32(ROOTS)).astype(np.int32)


def _weight(rows: np.ndarray) -> np.ndarray:
    """How good an exposure is at each pixel: (3, H, W) table rows -> (H, W) float32, > 0."""
    shown = encoded_by_root()[rows]
    third = np.float32(1 / 3)
    grey = (shown[0] + shown[1] + shown[2]) * third
    red, green, blue = (shown - grey) * (shown - grey)
    saturation = np.sqrt((red + green + blue) * third)
    red, green, blue = _well_exposed()[rows]
    return (_contrast(grey) + FLOOR) * (saturation + FLOOR) * (red * green * blue)


def _contrast(grey: np.ndarray) -> np.ndarray:
    """Magnitude of the Laplacian of (H, W), the border repeated."""
    edged = np.pad(grey, 1, mode="edge")
    vertical = edged[:-2, 1:-1] + edged[2:, 1:-1]
    horizontal = edged[1:-1, :-2] + edged[1:-1, 2:]
    return np.abs(vertical + horizontal - grey * np.float32(4))


@cache
def _well_exposed() -> np.ndarray:
    """(ROOTS + 1,) float32: a bell around code one half, by root of light."""
    off = encoded_by_root().astype(np.float64) - 0.5
    bell = np.exp(-off * off / (2 * SIGMA**2))
    return rounded(bell).astype(np.float32)


def _with_tone(shown: np.ndarray, tone: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Move (3, H, W) towards black or white until its luminance is the one wanted, (H, W)."""
    one = np.float32(1)
    darker = shown * np.where(wanted < tone, wanted / np.maximum(tone, np.float32(1e-6)), one)
    rest = np.where(wanted > tone, (one - wanted) / np.maximum(one - tone, np.float32(1e-6)), one)
    return one - (one - darker) * rest
