"""Do the pictures of a scene agree with what their rows say? And are two scenes one picture?

References
----------
Difference hash: N. Krawetz, "Kind of like that", hackerfactor.com, 2013.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from luts.colorimetry import luminance
from luts.transfer import decode_srgb

from .align import MAX_SHIFT, MIN_RESPONSE, shift
from .images import read_image, to_float
from .manifest import Row

DARKEST, BRIGHTEST = 0.10, 0.97  # encoded; outside it rounding and clipping bend the slope
LEAST_PIXELS = 50
SLOPE_TOLERANCE_EV = 0.06
SAME_PICTURE_BITS = 3  # of 64 may differ


def exposure_problems(folder: Path, rows: Sequence[Row]) -> list[str]:
    """Check that a scene's undistorted inputs differ by their EVs.

    Between two neighbouring EVs the median ratio of linear values, over pixels that are neither
    clipped nor coarsely rounded in both, must be 2 to the EV difference. A tone curve bends this
    relation, so only scenes rendered without one are judged.
    """
    plain = [row for row in rows if row["distortion"] is None and row["ev"] is not None]
    plain = [row for row in plain if row["develop"].get("tone", "none") == "none"]
    plain = [row for row in plain if row["develop"]["kind"] != "ready"]
    problems = []
    pictures = ((row, to_float(read_image(folder / row["input"]))) for row in _by_ev(plain))
    for (row, dark), (above, bright) in itertools.pairwise(pictures):
        found = exposure_difference(dark, bright)
        planned = above["ev"] - row["ev"]
        if found is not None and abs(found - planned) > SLOPE_TOLERANCE_EV:
            problems.append(
                f"{above['id']}: is {found:+.2f} EV from {row['id']}, not {planned:+.2f}"
            )
    return problems


def exposure_difference(dark: np.ndarray, bright: np.ndarray) -> float | None:
    """Median exposure difference of two pictures of one scene in stops; None if too few pixels.

    (H, W, 3) float encoded.
    """
    usable = (np.minimum(dark, bright) > DARKEST) & (np.maximum(dark, bright) < BRIGHTEST)
    if usable.sum() < LEAST_PIXELS:
        return None
    return float(np.median(np.log2(decode_srgb(bright[usable]) / decode_srgb(dark[usable]))))


def alignment_problems(folder: Path, rows: Sequence[Row]) -> list[str]:
    """Check that every reference of a scene lies on its input, to the pixel."""
    plain = [row for row in rows if row["distortion"] is None]
    if not plain:
        return []
    row = min(plain, key=lambda row: abs(row["ev"] or 0.0))
    degraded = to_float(read_image(folder / row["input"]))
    problems = []
    for path in row["references"].values():
        reference = to_float(read_image(folder / path))
        if reference.shape != degraded.shape:
            problems.append(f"{path}: is {reference.shape}, the input {degraded.shape}")
            continue
        dx, dy, response = shift(reference, degraded)
        if response >= MIN_RESPONSE and np.hypot(dx, dy) > MAX_SHIFT:
            problems.append(f"{path}: is shifted by {dx:+.2f}, {dy:+.2f} pixels")
    return problems


def picture_hash(encoded: np.ndarray) -> int:
    """64-bit difference hash: is each of 9 x 8 cells brighter than its neighbour to the left?"""
    cells = cv2.resize(luminance(encoded).astype(np.float32), (9, 8), interpolation=cv2.INTER_AREA)
    return int.from_bytes(np.packbits(cells[:, 1:] > cells[:, :-1]).tobytes())


def near_duplicates(hashes: Sequence[int]) -> list[tuple[int, int]]:
    """Index pairs whose hashes differ in at most 3 of 64 bits."""
    values = np.array(hashes, np.uint64)
    pairs = []
    for index in range(len(values) - 1):
        apart = np.bitwise_count(values[index + 1 :] ^ values[index])
        close = np.flatnonzero(apart <= SAME_PICTURE_BITS) + index + 1
        pairs += [(index, int(other)) for other in close]
    return pairs


def _by_ev(rows: Sequence[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: row["ev"])
