"""What becomes of light beyond the sensor's clipping point. No mode changes the exposure.

White-balanced camera light is 1 where the colour with the smallest gain clips and more, up to its
gain, where the others do. A mode decides what lies there: HIGHLIGHTS lists them.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from luts.tool import exact

BESIDE = 7  # pixels across the neighbourhood of a clipped pixel
NEARBY = 0.02  # of the long edge: how far its colour is trusted
FAINT = 1e-3  # weight of the whole picture's mean colour
LEAST_LIGHT = 0.02  # a ratio to less is noise
OPPONENT = np.array(  # dcraw's: a mean and two chroma axes of equal length
    [[1, 1, 1], [1.7320508, -1.7320508, 0], [-1, -1, 2]], np.float32
)


def clip(light: np.ndarray, clipped: np.ndarray | None = None) -> np.ndarray:
    """Cut every colour where the first one clips: white stays neutral, headroom is lost."""
    return np.minimum(light, 1)


def blend(light: np.ndarray, clipped: np.ndarray | None = None) -> np.ndarray:
    """Keep the mean of the unclipped light and the saturation of the clipped light.

    References
    ----------
    Coffin, dcraw 9.28, `blend_highlights` (LibRaw's highlight mode 2), without its rescaling
    """
    if light.shape[2] != 3:
        return clip(light, clipped)
    if light.max() <= 1:
        return light
    over = np.maximum(np.maximum(light[..., 0], light[..., 1]), light[..., 2]) > 1
    chosen = light[over]
    chroma, cut = (
        np.square(exact.mix(rgb, OPPONENT[1:])).sum(1) for rgb in (chosen, np.minimum(chosen, 1))
    )
    ratio = np.sqrt(np.minimum(cut / np.maximum(chroma, 1e-12), 1))[:, None]
    mean = chosen.mean(axis=1, keepdims=True)
    result = light.copy()
    result[over] = mean + (chosen - mean) * ratio
    return result


def rebuild(light: np.ndarray, clipped: np.ndarray | None = None) -> np.ndarray:
    """Estimate a clipped colour from the others, in the proportion found around the clipped area.

    A colour is predicted as the mean of the others in the cube-root domain, times what it is over
    that prediction beside the clipped areas nearby, and far from any, beside all of them. Where
    every colour clips, the light is neutral.

    References
    ----------
    The idea of darktable 4.0's "inpaint opposed" reconstruction, with a local ratio in place of
    its global offset
    """
    colours = light.shape[2]
    if clipped is None:
        raise ValueError("clipped: rebuilding needs to know what is clipped")
    if colours == 1 or not clipped.any():
        return light
    root = np.asarray(exact.cbrt(np.float64(np.maximum(light, 0))), np.float32)
    result = light.copy()
    for colour in range(colours):
        others = [k for k in range(colours) if k != colour]
        mean = root[:, :, others].mean(axis=2)
        opposed = mean * mean * mean
        hit = clipped[:, :, colour]
        near = cv2.dilate(hit, np.ones((BESIDE, BESIDE), np.uint8)) > 0
        beside = near & (clipped.max(axis=2) == 0)
        estimate = opposed * _ratio_nearby(light[:, :, colour], opposed, beside)
        gap = np.maximum(estimate - light[:, :, colour], 0)
        result[:, :, colour] += np.minimum(hit, 1) * gap
    everything = clipped.min(axis=2, keepdims=True)
    return result + everything * (result.max(axis=2, keepdims=True) - result)


def _ratio_nearby(values: np.ndarray, opposed: np.ndarray, beside: np.ndarray) -> np.ndarray:
    """Ratio of a colour to its prediction, spread from the pixels beside clipped areas."""
    if not beside.any():
        return np.ones((), np.float32)
    ratio = np.where(beside, values / np.maximum(opposed, LEAST_LIGHT), 0).clip(0, 8)
    sigma = max(ratio.shape) * NEARBY
    near, weight = (_spread(image, sigma) for image in (ratio, beside.astype(np.float32)))
    return (near + FAINT * ratio[beside].mean()) / (weight + FAINT)


def _spread(image: np.ndarray, sigma: float) -> np.ndarray:
    """Blur (H, W) in [0, 8] by three boxes, which make a bell of width sigma: float32.

    Sums of whole numbers, which no machine rounds; the time does not grow with sigma.
    """
    radius = max(1, round((float(np.sqrt(4 * sigma * sigma + 1)) - 1) / 2))
    whole = np.rint(image * 2.0**20)
    for axis in (0, 1) * 3:
        edge = [(0, 0), (0, 0)]
        edge[axis] = (radius + 1, radius)
        sums = np.cumsum(np.pad(whole, edge, mode="symmetric"), axis=axis)
        ahead, behind = np.split(sums, [2 * radius + 1], axis=axis)[1], sums
        behind = behind.take(range(ahead.shape[axis]), axis)
        whole = np.rint((ahead - behind) / (2 * radius + 1))
    return np.asarray(whole * 2.0**-20, np.float32)


NEED_FLAGS = ("rebuild",)
HIGHLIGHTS: dict[str, Callable[[np.ndarray, np.ndarray | None], np.ndarray]] = {
    "clip": clip,
    "blend": blend,
    "rebuild": rebuild,
}
