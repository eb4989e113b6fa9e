"""White balance and matrix of a camera, and where each came from.

The model is LibRaw's and the one of a DNG with a single ColorMatrix: white balance first, then a
3 x K matrix whose rows sum to one, so that what was balanced to grey stays grey.
"""

from __future__ import annotations

import numpy as np

from luts.tool import exact

from .cfa import tiled

# Seven decimals (Lindbloom, from the primaries of IEC 61966-2-1, D65), as LibRaw has them.
SRGB_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)


def camera_to_srgb(dng: np.ndarray, xyz_to_camera: np.ndarray) -> tuple[np.ndarray, str]:
    """Choose the matrix from white-balanced camera colour to linear sRGB.

    Parameters
    ----------
    dng : (3, K) the matrix LibRaw made of a DNG's ColorMatrix, zeros when there is none
    xyz_to_camera : (K, 3) LibRaw's table entry for the camera (D65), zeros when it has none

    Returns
    -------
    (3, K) float32 whose rows sum to one, and its origin: "dng", "libraw" or "none"; with "none"
    the camera's own primaries are taken for sRGB's.
    """
    colours = dng.shape[1]
    if np.isfinite(dng).all() and (np.abs(dng).sum(1) > 0).all():
        return _grey_to_grey(dng), "dng"
    if np.isfinite(xyz_to_camera).all() and (np.abs(xyz_to_camera).sum(1) > 0).all():
        response = exact.product(xyz_to_camera, SRGB_TO_XYZ)
        response = response / response.sum(1, keepdims=True)
        return _grey_to_grey(_pseudo_inverse(response)), "libraw"
    if colours == 3:
        return np.eye(3, dtype=np.float32), "none"
    return np.full((3, colours), 1 / colours, np.float32), "none"


def balance(as_shot: np.ndarray, daylight: np.ndarray) -> tuple[np.ndarray, str] | None:
    """Choose white balance gains: as shot, else the camera's daylight.

    Parameters
    ----------
    as_shot, daylight : (K,) gains at any scale; not positive or not finite means unknown, and so
        do equal daylight gains, with which LibRaw fills in

    Returns
    -------
    (K,) float32 gains, the smallest is 1, and their origin; None when neither is known.
    """
    if _valid(as_shot):
        return np.asarray(as_shot / as_shot.min(), np.float32), "as-shot"
    if _valid(daylight) and np.ptp(daylight) > 0:
        return np.asarray(daylight / daylight.min(), np.float32), "daylight"
    return None


def grey_world(light: np.ndarray, pattern: np.ndarray, colours: int) -> tuple[np.ndarray, str]:
    """Balance so that the unclipped sites of every colour have the same mean.

    Parameters
    ----------
    light : (H, W) float32 mosaic, black 0, clipped at 1

    Returns
    -------
    (K,) float32 gains, the smallest is 1, and "grey-world"; ones and "none" without any light.

    References
    ----------
    Buchsbaum, "A spatial processor model for object colour perception", J. Franklin Inst. 1980
    """
    site = tiled(pattern, light.shape)
    good = light < 1
    means = np.array(
        [
            light[good & (site == k)].mean() if (good & (site == k)).any() else 0.0
            for k in range(colours)
        ]
    )
    if not (means > 0).all():
        return np.ones(colours, np.float32), "none"
    return np.asarray(means.max() / means, np.float32), "grey-world"


def _pseudo_inverse(matrix: np.ndarray) -> np.ndarray:
    """Moore and Penrose's, of a (K, 3) matrix of full rank."""
    square = exact.product(matrix.T, matrix)
    return exact.product(exact.inverse(square), matrix.T)


def _valid(gains: np.ndarray) -> bool:
    return bool(np.isfinite(gains).all() and (gains > 0).all())


def _grey_to_grey(matrix: np.ndarray) -> np.ndarray:
    return np.asarray(matrix / matrix.sum(1, keepdims=True), np.float32)
