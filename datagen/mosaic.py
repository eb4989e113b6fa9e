"""Reduce a Bayer mosaic to a small picture without demosaicing it.

Every colour plane of the mosaic is a grid of samples two sites apart. An output pixel is the mean
of the plane over its own area of the sensor, where the plane between its samples is what a
cubic kernel makes of them. The kernel's integral over the area is the weight of a site, so a
plane's sub-pixel phase is exact, weights sum to one and a linear ramp stays a linear ramp.

Weights are separable and banded: rows, then columns, each as small matrix products that stay in
cache. No second picture of the sensor's size is ever made.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

PITCH = 2  # sites between samples of one plane
ROWS_AT_A_TIME = 8
COLUMNS_AT_A_TIME = 16
REACH = 2  # samples on either side that the kernel covers


@dataclass(frozen=True)
class Grid:
    """Where output pixels lie along one axis of the sensor."""

    start: float  # sensor coordinate of the first pixel's first edge, in sites
    step: float  # sites per output pixel, >= 2
    count: int  # output pixels

    def edges(self, first: int, last: int) -> np.ndarray:
        """Give the sensor coordinates of the edges of pixels first to last - 1."""
        return self.start + self.step * np.arange(first, last + 1)


def reduce_bayer(
    mosaic: np.ndarray, rows: Grid, columns: Grid, *, black: np.ndarray, white: float
) -> tuple[np.ndarray, np.ndarray]:
    """Average the four planes of a Bayer mosaic over the output pixels.

    Parameters
    ----------
    mosaic : (H, W) uint16 or float32, sensor units
    rows, columns : where the output pixels lie
    black : (2, 2) black level of each site of the tile
    white : sensor units; a site that reaches it is clipped

    Returns
    -------
    planes : (2, 2, h, w) float32, one per site of the tile; black is 0, white is 1
    clipped : (2, 2, h, w) float32, share of clipped sites in the area
    """
    height, width = mosaic.shape
    planes = np.empty((2, 2, rows.count, columns.count), np.float32)
    clipped = np.zeros_like(planes)
    across = _column_weights(columns, width)
    for first in range(0, rows.count, ROWS_AT_A_TIME):
        last = min(first + ROWS_AT_A_TIME, rows.count)
        top, bottom, down = _row_weights(rows.edges(first, last), height)
        stripe = mosaic[top:bottom]
        planes[:, :, first:last] = _reduce_stripe(stripe.astype(np.float32), down, across)
        if stripe.max() >= white:
            full = (stripe >= white).astype(np.float32)
            clipped[:, :, first:last] = _reduce_stripe(full, down, across)
    planes -= black[:, :, None, None]
    planes /= (white - black)[:, :, None, None]
    return planes, np.clip(clipped, 0, 1, out=clipped)


def independent_samples(grid: Grid, size: int) -> float:
    """Samples of one plane along an axis whose plain mean has the noise of a reduced pixel.

    The inverse of the weights' sum of squares, averaged over the first pixels: weights repeat.

    Parameters
    ----------
    size : sites of the sensor along the axis
    """
    edges = grid.edges(0, min(grid.count, 64))
    first, last = _span(edges, size)
    return float(1 / np.square(_weights(edges, size, first, last, 0)).sum(1).mean())


def _reduce_stripe(stripe: np.ndarray, down: list[np.ndarray], across: list[tuple]) -> np.ndarray:
    """Weight a stripe's rows, then its columns: (2, 2, rows, w)."""
    lines = np.concatenate([weights @ stripe[phase::PITCH] for phase, weights in enumerate(down)])
    blocks = [lines[:, left:right] @ weights for left, right, weights in across]
    result = np.concatenate([b.reshape(len(b), PITCH, -1) for b in blocks], axis=2)
    return result.reshape(PITCH, -1, *result.shape[1:]).transpose(0, 2, 1, 3)


def _row_weights(edges: np.ndarray, size: int) -> tuple[int, int, list[np.ndarray]]:
    """First row, row after the last, and for both phases (pixels, sites) weights."""
    first, last = _span(edges, size)
    return first, last, [_weights(edges, size, first, last, phase) for phase in range(PITCH)]


def _column_weights(columns: Grid, size: int) -> list[tuple[int, int, np.ndarray]]:
    """For blocks of pixels: first column, column after the last, (columns, 2 * pixels) weights."""
    blocks = []
    for first in range(0, columns.count, COLUMNS_AT_A_TIME):
        edges = columns.edges(first, min(first + COLUMNS_AT_A_TIME, columns.count))
        left, right = _span(edges, size)
        weights = np.zeros((right - left, PITCH, len(edges) - 1), np.float32)
        for phase in range(PITCH):
            weights[phase::PITCH, phase] = _weights(edges, size, left, right, phase).T
        blocks.append((left, right, weights.reshape(right - left, -1)))
    return blocks


def _span(edges: np.ndarray, size: int) -> tuple[int, int]:
    """Sites that can have weight in some pixel, from an even first one to an even end."""
    reach = PITCH * (REACH + 1)
    first = int(np.clip(edges[0] - reach, 0, size - PITCH)) // PITCH * PITCH
    last = -(-int(edges[-1] + reach) // PITCH) * PITCH
    return first, min(max(last, first + PITCH), size)


def _weights(edges: np.ndarray, size: int, first: int, last: int, phase: int) -> np.ndarray:
    """(pixels, sites of the phase from first to last) weights of one plane; rows sum to one.

    Beyond its first and last two samples a plane goes on along the line through them.
    """
    before, after = (REACH * (first == 0), REACH * (last == size))
    centres = np.arange(first + phase - PITCH * before, last + PITCH * after, PITCH) + 0.5
    share = _integral((edges[:, None] - centres) / PITCH)
    weights = np.diff(share, axis=0) * PITCH / np.diff(edges)[:, None]
    inside = weights[:, before : weights.shape[1] - after]
    nearest = min(1, inside.shape[1] - 1)  # a plane of one sample has no slope
    for k in range(1, before + 1):
        inside[:, 0] += (1 + k) * weights[:, before - k]
        inside[:, nearest] -= k * weights[:, before - k]
    for k in range(1, after + 1):
        inside[:, -1] += (1 + k) * weights[:, -1 - after + k]
        inside[:, -1 - nearest] -= k * weights[:, -1 - after + k]
    return inside.astype(np.float32)


def _integral(t: np.ndarray) -> np.ndarray:
    """Integral from minus infinity to t, in samples, of the cubic convolution kernel (a = -1/2).

    Of the box, the tent and cubic kernels it agreed best with demosaicing first, then averaging.

    References
    ----------
    Keys, "Cubic convolution interpolation for digital image processing", TASSP 1981, eq. 15
    """
    near = np.minimum(np.abs(t), 1)
    far = np.clip(np.abs(t), 1, 2) - 1
    inner = near - near**3 * (5 / 6) + near**4 * (3 / 8)
    outer = -(far**2) / 4 + far**3 / 3 - far**4 / 8
    return 0.5 + np.sign(t) * (inner + outer)
