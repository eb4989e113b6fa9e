"""Interpolate a full-resolution picture from a white-balanced mosaic, by name.

DEMOSAICERS lists the names. "malvar" and "bilinear" are computed here, the others by LibRaw.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .cfa import tiled
from .libraw import demosaic_libraw
from .photo import RawPhoto

LIBRAW = ("ahd", "ppg", "dht", "vng", "linear")
DEMOSAICERS = (*LIBRAW, "malvar", "bilinear")

# Malvar, He & Cutler, "High-quality linear interpolation for demosaicing of Bayer-patterned color
# images", ICASSP 2004, figure 2; every kernel sums to 1.
_GREEN_AT_COLOUR = [
    [0, 0, -1, 0, 0],
    [0, 0, 2, 0, 0],
    [-1, 2, 4, 2, -1],
    [0, 0, 2, 0, 0],
    [0, 0, -1, 0, 0],
]
_COLOUR_AT_GREEN_SAME_ROW = [
    [0, 0, 0.5, 0, 0],
    [0, -1, 0, -1, 0],
    [-1, 4, 5, 4, -1],
    [0, -1, 0, -1, 0],
    [0, 0, 0.5, 0, 0],
]
_COLOUR_AT_OTHER_COLOUR = [
    [0, 0, -1.5, 0, 0],
    [0, 2, 0, 2, 0],
    [-1.5, 0, 6, 0, -1.5],
    [0, 2, 0, 2, 0],
    [0, 0, -1.5, 0, 0],
]
GREEN, SAME_ROW, SAME_COLUMN, OTHER = range(4)
MALVAR = (  # (4, 5, 5), by the four names above
    np.array(
        [
            _GREEN_AT_COLOUR,
            _COLOUR_AT_GREEN_SAME_ROW,
            np.array(_COLOUR_AT_GREEN_SAME_ROW).T,
            _COLOUR_AT_OTHER_COLOUR,
        ],
        np.float32,
    )
    / 8
)
TENT = np.array([1, 2, 1], np.float32)


def demosaic(photo: RawPhoto, light: np.ndarray, algorithm: str = "ahd") -> np.ndarray:
    """Give every pixel all colours.

    Parameters
    ----------
    light : (H, W) float32, the photo's mosaic with black 0, white balance applied
    algorithm : one of DEMOSAICERS. LibRaw's know three colours and square pixels; other sensors
        are interpolated with "malvar" (Bayer) or "bilinear" instead.

    Returns
    -------
    (H, W, K) float32.
    """
    chosen = demosaicer(photo, algorithm)
    if chosen in LIBRAW:
        return demosaic_libraw(photo, light, chosen)
    return malvar(light, photo.tile) if chosen == "malvar" else bilinear(light, photo.tile)


def demosaicer(photo: RawPhoto, algorithm: str = "ahd") -> str:
    """The one of DEMOSAICERS that a sensor gets when `algorithm` is asked for."""
    if algorithm not in DEMOSAICERS:
        raise ValueError(f"demosaic is one of {', '.join(DEMOSAICERS)}, got {algorithm!r}")
    bayer = photo.tile.shape == (2, 2) and photo.colours == 3
    libraw = photo.colours == 3 and photo.pixel_aspect == 1
    if algorithm in LIBRAW and libraw:
        return algorithm
    return "malvar" if algorithm != "bilinear" and bayer else "bilinear"


def malvar(light: np.ndarray, pattern: np.ndarray) -> np.ndarray:
    """Interpolate a Bayer mosaic by gradient-corrected bilinear filters: (H, W) -> (H, W, 3).

    Parameters
    ----------
    pattern : (2, 2) colours of the top left sites, 0 red, 1 green, 2 blue
    """
    result = np.repeat(light[:, :, None], 3, axis=2)
    filtered = _filtered(light)
    for site, colour, kernel in malvar_sites(pattern):
        result[(*site, colour)] = filtered[kernel][site]
    return result


def _filtered(light: np.ndarray) -> list[np.ndarray]:
    """The four MALVAR filters of (H, W), sums from left to right; borders reflect a site."""
    height, width = light.shape
    edged = np.pad(light, 2, mode="reflect")

    def at(down: int, right: int) -> np.ndarray:
        return edged[2 + down : 2 + down + height, 2 + right : 2 + right + width]

    above_below, beside = at(-1, 0) + at(1, 0), at(0, -1) + at(0, 1)
    far_rows, far_columns = at(-2, 0) + at(2, 0), at(0, -2) + at(0, 2)
    corners = at(-1, -1) + at(-1, 1) + at(1, -1) + at(1, 1)
    half, eighth = np.float32(0.5), np.float32(1 / 8)
    own = light * np.float32(5) - corners
    return [
        ((above_below + beside) * 2 + light * 4 - far_rows - far_columns) * eighth,
        (beside * 4 + own + far_rows * half - far_columns) * eighth,
        (above_below * 4 + own + far_columns * half - far_rows) * eighth,
        (corners * 2 + light * 6 - (far_rows + far_columns) * np.float32(1.5)) * eighth,
    ]


def malvar_sites(pattern: np.ndarray) -> Iterator[tuple[tuple[slice, slice], int, int]]:
    """List which of the MALVAR kernels gives which missing colour at which sites.

    Yields
    ------
    Rows and columns of the sites, colour (0 red, 1 green, 2 blue), index of the kernel.
    """
    for row, column in np.ndindex(2, 2):
        site = (slice(row, None, 2), slice(column, None, 2))
        colour, beside = int(pattern[row, column]), int(pattern[row, 1 - column])
        if colour == 1:
            yield site, beside, SAME_ROW
            yield site, 2 - beside, SAME_COLUMN
        else:
            yield site, 1, GREEN
            yield site, 2 - colour, OTHER


def bilinear(light: np.ndarray, pattern: np.ndarray) -> np.ndarray:
    """Interpolate any mosaic: the tent-weighted mean of the sites of a colour around each pixel.

    The tent spans a Bayer tile, or as much as the widest gap of a larger pattern needs.

    Parameters
    ----------
    light : (H, W) float32
    pattern : (rows, columns) colours of the repeating tile, 0 to K - 1

    Returns
    -------
    (H, W, K) float32; a site keeps its own value.
    """
    height, width = light.shape
    site = tiled(pattern, light.shape)
    tent = TENT if max(pattern.shape) <= 2 else np.convolve(TENT, TENT)
    result = np.empty((height, width, int(pattern.max()) + 1), np.float32)
    for colour in range(result.shape[2]):
        mask = (site == colour).astype(np.float32)
        total, weight = _weighted(light * mask, tent), _weighted(mask, tent)
        result[:, :, colour] = np.where(mask > 0, light, total / weight)
    return result


def _weighted(image: np.ndarray, tent: np.ndarray) -> np.ndarray:
    """Filter (H, W) by a tent down and across, sums from one end; borders reflect a pixel."""
    reach = len(tent) // 2
    for _ in range(2):
        edged = np.pad(image, ((reach, reach), (0, 0)), mode="reflect")
        total = edged[: len(image)] * tent[0]
        for first, weight in enumerate(tent[1:], start=1):
            total += edged[first : first + len(image)] * weight
        image = np.ascontiguousarray(total.T)
    return image
