"""What an editor may have done to a plate besides the edit: measured on the unrolled cube.

All functions take a cube (n, n, n, 3) in 8-bit levels (white is 255), whatever the file's depth.
"""

from __future__ import annotations

import numpy as np

from ..folds import FLAT, determinants
from .plate import Marker, marker_bits

FOLD_SIZE = 64  # finer cubes are thinned out before folds are counted
SMALLER_PART = 0.75
# Fourth differences amplify noise by sqrt(1 + 16 + 36 + 16 + 1); the smaller three quarters of
# |normal| have the mean (phi(0) - phi(1.1503)) / 0.375.
NOISE_SCALE = np.sqrt(70) * 0.5147


def roughness(table: np.ndarray) -> float:
    """Mean absolute second difference along the three axes, in levels.

    The right layout is some hundred times smoother than a wrong one, under any edit.
    """
    return float(np.mean([np.abs(np.diff(lines, 2, axis=0)).mean() for lines in _lines(table)]))


def noise(table: np.ndarray) -> float:
    """Standard deviation of what is random from node to node, in levels; 0 below 6 nodes.

    Fourth differences remove anything smooth, and leaving out the largest quarter removes kinks.
    Rounding of the plate and of the result makes up to 0.42, and dither on top of it 0.5.
    """
    if table.shape[0] < 6:
        return 0.0
    return float(np.median([_smaller_part_mean(lines) for lines in _lines(table)])) / NOISE_SCALE


def _smaller_part_mean(lines: np.ndarray) -> float:
    deviation = np.abs(np.diff(lines, 4, axis=0)).ravel()
    kept = int(deviation.size * SMALLER_PART)
    return float(np.partition(deviation, kept)[:kept].mean())


def _lines(table: np.ndarray) -> list[np.ndarray]:
    """Lines of nodes along each axis in turn, (n, m, m, 3): all of them, or 32 x 32 of many."""
    step = -(-table.shape[0] // 32)
    return [np.moveaxis(table, axis, 0)[:, ::step, ::step] for axis in range(3)]


def bleeding(table: np.ndarray) -> float:
    """How much neighbours in the picture bleed into each other, in levels.

    In every layout a pixel with full red stands beside one with none. Blur mixes the two, so that
    both ends of the red axis turn back; the blue axis has no such neighbours, and an edit that
    runs backwards as a whole turns back on both.
    """

    def turn_back(axis: int) -> float:
        along = np.moveaxis(table[..., axis], axis, 0)
        return float(min((along[0] - along[1]).mean(), (along[-2] - along[-1]).mean()))

    return turn_back(0) - max(turn_back(2), 0)


def unevenness(cells: np.ndarray, marker: Marker, table: np.ndarray) -> float:
    """How much one colour became several, in levels, by the marker strip.

    Parameters
    ----------
    cells : (32, 3) mean colour of the marker's cells, in levels

    Returns
    -------
    The most that black or white differs between two cells, as a vignette makes it, or between
    those flat cells and the single black or white node, as sharpening and local contrast make it.
    """
    bits = marker_bits(marker)
    ends = table[0, 0, 0], table[-1, -1, -1]
    alike = [np.vstack([cells[bits == bit], ends[bit]]) for bit in (0, 1)]
    return float(max(np.ptp(each, axis=0).max() for each in alike))


def clipped_share(table: np.ndarray) -> float:
    """Share of the nodes with a channel at 0 or 255 that was not there before the edit."""
    inner = table[1:-1, 1:-1, 1:-1]
    return float(((inner <= 0) | (inner >= 255)).any(-1).mean()) if inner.size else 0.0


def folded_share(table: np.ndarray) -> float:
    """Share of the cube's volume in which the edit runs backwards."""
    step = -(-(table.shape[0] - 1) // FOLD_SIZE)
    return float((determinants(table[::step, ::step, ::step] / 255) < -FLAT).mean())


def falling_channels(table: np.ndarray) -> list[str]:
    """Channels that go down when they should go up: a mirrored plate, or a negative."""
    faces = [np.moveaxis(table[..., axis], axis, 0)[[0, -1]] for axis in range(3)]
    ends = [last.mean() - first.mean() for first, last in faces]
    return [name for name, rise in zip(("red", "green", "blue"), ends, strict=True) if rise < 0]
