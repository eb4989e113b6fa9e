"""Reduce a Bayer mosaic to a small picture without demosaicing it.

Every colour plane of the mosaic is a grid of samples two sites apart. An output pixel is the mean
of the plane over its own area of the sensor, where the plane between its samples is what a
cubic kernel makes of them. The kernel's integral over the area is the weight of a site, so a
plane's sub-pixel phase is exact, weights sum to one and a linear ramp stays a linear ramp.

Weights are separable and banded: rows, then columns, each as small matrix products that stay in
cache. No second picture of the sensor's size is ever made.

Sites are whole numbers and so are the weights, in steps of 2**-WEIGHT_BITS, so that all sums are
whole and below 2**53: float64 holds them exactly, and no processor's order of adding them up or
fused multiply-add can change the result.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

PITCH = 2  # sites between samples of one plane
ROWS_AT_A_TIME = 8
SITES_AT_A_TIME = 1536  # of a line: with their rows they stay in cache
COLUMNS_AT_A_TIME = 8
REACH = 2  # samples on either side that the kernel covers
WEIGHT_BITS = 15
# Of a float mosaic. 16 + 3 bits of it, two weights of 15 and at most 4 for what continues a plane
# beyond its border: 53.
SITE_STEP = 1 / 8


@dataclass(frozen=True)
class Grid:
    """Where output pixels lie along one axis of the sensor."""

    start: float  # sensor coordinate of the first pixel's first edge, in sites
    step: float  # sites per output pixel, >= 2
    count: int  # output pixels


def reduce_bayer(
    mosaic: np.ndarray,
    rows: Grid,
    columns: Grid,
    *,
    black: np.ndarray,
    white: float,
    flags: bool = True,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Average the four planes of a Bayer mosaic over the output pixels.

    Parameters
    ----------
    mosaic : (H, W) uint16 or float32, sensor units; floats are taken in steps of 1/8
    rows, columns : where the output pixels lie
    black : (2, 2) black level of each site of the tile
    white : sensor units; a site that reaches it is clipped
    flags : whether to give `clipped`, which costs as much again where sites are clipped

    Returns
    -------
    planes : (2, 2, h, w) float32, one per site of the tile; black is 0, white is 1
    clipped : (2, 2, h, w) float32, share of clipped sites in the area; None without flags
    """
    planes = np.empty((2, 2, rows.count, columns.count), np.float32)
    clipped = np.zeros_like(planes) if flags else None
    across = _column_blocks(columns, mosaic.shape[1])
    light = np.empty((rows.count, mosaic.shape[1]))
    step = 1.0 if mosaic.dtype.kind in "ui" else SITE_STEP
    unit = step / 4.0**WEIGHT_BITS
    scratch = np.empty((0, SITES_AT_A_TIME))
    for phase in range(PITCH):
        lines = mosaic[phase::PITCH]
        full = None
        for first, last, start, down in _blocks(rows, len(lines), phase, ROWS_AT_A_TIME):
            stripe = lines[start : start + down.shape[1]]
            for left in range(0, stripe.shape[1], SITES_AT_A_TIME):
                part = slice(left, left + SITES_AT_A_TIME)
                scratch = _whole(stripe[:, part], step, scratch)
                sites = scratch[: len(stripe), : stripe[:, part].shape[1]]
                np.matmul(down, sites, out=light[first:last, part])
            if clipped is not None and stripe.max() >= white:
                full = np.zeros_like(light) if full is None else full
                full[first:last] = down @ (stripe >= white).astype(np.float64)
        level = black[phase].astype(np.float64)[:, None, None]
        planes[phase] = (_across(light, across) * unit - level) / (white - level)
        if full is not None and clipped is not None:
            clipped[phase] = _across(full, across) / 4.0**WEIGHT_BITS
    return planes, None if clipped is None else np.clip(clipped, 0, 1, out=clipped)


def independent_samples(grid: Grid) -> float:
    """Samples of one plane along an axis whose plain mean has the noise of a reduced pixel.

    The inverse of the weights' sum of squares, averaged over the pixels.
    """
    _, weights = _taps(grid, phase=0)
    return float(1 / np.square(weights / 2.0**WEIGHT_BITS).sum(1).mean())


def _whole(stripe: np.ndarray, step: float, scratch: np.ndarray) -> np.ndarray:
    """Sites as whole numbers of steps, in a corner of `scratch` or of a larger one."""
    if len(scratch) < len(stripe):
        scratch = np.empty((len(stripe), scratch.shape[1]))
    rows = scratch[: len(stripe), : stripe.shape[1]]
    np.copyto(rows, stripe)
    if step != 1:
        rows /= step
        np.rint(rows, out=rows)
    return scratch


def _across(lines: np.ndarray, blocks: list[tuple[int, np.ndarray]]) -> np.ndarray:
    """Weight the columns of some lines: (n, W) -> (2, n, w), one per phase."""
    parts = [lines[:, start : start + len(weights)] @ weights for start, weights in blocks]
    joined = np.concatenate([part.reshape(len(lines), PITCH, -1) for part in parts], axis=2)
    return joined.swapaxes(0, 1)


def _column_blocks(columns: Grid, size: int) -> list[tuple[int, np.ndarray]]:
    """Blocks of pixels: first column, (columns, 2 * pixels) weights of both phases in turn."""
    phases = (
        _blocks(columns, -(-(size - phase) // PITCH), phase, COLUMNS_AT_A_TIME)
        for phase in range(PITCH)
    )
    blocks = []
    for both in zip(*phases, strict=True):
        sites = [(PITCH * start + phase, w) for phase, (_, _, start, w) in enumerate(both)]
        left = min(start for start, _ in sites)
        right = max(start + PITCH * (w.shape[1] - 1) + 1 for start, w in sites)
        weights = np.zeros((right - left, PITCH, len(sites[0][1])))
        for phase, (start, w) in enumerate(sites):
            weights[start - left : start - left + PITCH * w.shape[1] : PITCH, phase] = w.T
        blocks.append((left, weights.reshape(right - left, -1)))
    return blocks


def _blocks(grid: Grid, samples: int, phase: int, pixels: int) -> Iterator[tuple]:
    """Cut an axis into blocks: first pixel, last, first sample, (pixels, samples) weights.

    Parameters
    ----------
    samples : of the plane along the axis; beyond them it goes on along the line through the last
        two, so that a ramp stays a ramp to the border
    """
    starts, taps = _taps(grid, phase)
    for first in range(0, grid.count, pixels):
        last = min(first + pixels, grid.count)
        low, high = int(starts[first]), int(starts[last - 1]) + taps.shape[1]
        dense = np.zeros((last - first, high - low))
        places = starts[first:last, None] - low + np.arange(taps.shape[1])
        np.put_along_axis(dense, places, taps[first:last], axis=1)
        yield first, last, *_folded(dense, low, samples)


def _folded(weights: np.ndarray, low: int, samples: int) -> tuple[int, np.ndarray]:
    """Give the weights of samples outside the plane to its last two: first sample, weights."""
    before = max(-low, 0)
    after = max(low + weights.shape[1] - samples, 0)
    inside = weights[:, before : weights.shape[1] - after]
    nearest = min(1, inside.shape[1] - 1)  # a plane of one sample has no slope
    for k in range(1, before + 1):
        inside[:, 0] += (1 + k) * weights[:, before - k]
        inside[:, nearest] -= k * weights[:, before - k]
    for k in range(1, after + 1):
        inside[:, -1] += (1 + k) * weights[:, -1 - after + k]
        inside[:, -1 - nearest] -= k * weights[:, -1 - after + k]
    return max(low, 0), inside


def _taps(grid: Grid, phase: int) -> tuple[np.ndarray, np.ndarray]:
    """First sample and weights of every pixel in one plane: (n,), (n, taps).

    Weights are whole numbers; a row sums to 2**WEIGHT_BITS.
    """
    edges = grid.start + grid.step * np.arange(grid.count + 1)
    in_samples = (edges - phase - 0.5) / PITCH
    starts = np.ceil(in_samples[:-1] - REACH).astype(int)
    reach = np.arange(int(np.ceil(grid.step / PITCH)) + 2 * REACH)
    centres = starts[:, None] + reach
    weights = _integral(in_samples[1:, None] - centres) - _integral(in_samples[:-1, None] - centres)
    whole = np.rint(weights * (PITCH / grid.step * 2.0**WEIGHT_BITS))
    heaviest = whole.argmax(axis=1)[:, None]
    rest = 2.0**WEIGHT_BITS - whole.sum(axis=1, keepdims=True)
    np.put_along_axis(whole, heaviest, np.take_along_axis(whole, heaviest, 1) + rest, axis=1)
    return starts, whole


def _integral(t: np.ndarray) -> np.ndarray:
    """Integral from minus infinity to t, in samples, of the cubic convolution kernel (a = -1/2).

    Of the box, the tent and cubic kernels it agreed best with demosaicing first, then averaging.

    References
    ----------
    Keys, "Cubic convolution interpolation for digital image processing", TASSP 1981, eq. 15
    """
    near = np.minimum(np.abs(t), 1)
    far = np.clip(np.abs(t), 1, 2) - 1
    inner = near - near * near * near * (5 / 6 - near * (3 / 8))
    outer = far * far * (far * (1 / 3 - far / 8) - 1 / 4)
    return 0.5 + np.sign(t) * (inner + outer)
