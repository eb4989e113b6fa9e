"""Do the pictures of a scene agree with what their rows say?"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from luts.colour.transfer import decode_srgb

from ..develop.plausible import no_evidence
from ..images.align import EVIDENCE, MAX_SHIFT, MIN_RESPONSE, shift
from ..images.codes import to_float
from ..images.files import ImageError
from .pictures import read_picture
from .rows import Sample

DARKEST, BRIGHTEST = 0.10, 0.97  # encoded; outside it rounding and clipping bend the slope
LEAST_PIXELS = 50
THIN = 256  # pixels of the longer side
SLOPE_TOLERANCE_EV = 0.06
FROM_THE_LIGHT = ("auto", "fusion")  # references that are the picture itself, exposed anew


def exposure_problems(rows: Sequence[Sample], inputs: Mapping[str, np.ndarray]) -> list[str]:
    """Check that a scene's undistorted inputs differ by their EVs.

    Parameters
    ----------
    inputs : id -> the input's codes, thinned by `thin`

    Between two neighbouring EVs the median ratio of linear values, over pixels that are neither
    clipped nor coarsely rounded in both, must be 2 to the EV difference. A tone curve bends this
    relation, so only scenes rendered without one are judged.
    """
    plain = [row for row in rows if row.distortion is None and row.ev is not None]
    plain = [row for row in plain if row.develop.tone == "none"]
    plain = [row for row in plain if row.develop.kind != "ready"]
    problems = []
    pictures = ((row, to_float(inputs[row.id])) for row in _by_ev(plain))
    for (row, dark), (above, bright) in itertools.pairwise(pictures):
        found = exposure_difference(dark, bright)
        planned = (above.ev or 0.0) - (row.ev or 0.0)
        if found is not None and abs(found - planned) > SLOPE_TOLERANCE_EV:
            problems.append(f"{above.id}: is {found:+.2f} EV from {row.id}, not {planned:+.2f}")
    return problems


def thin(codes: np.ndarray) -> np.ndarray:
    """Every n-th pixel of every n-th row, so that about 256 are left of the longer side.

    Enough for an exposure; the median over all pixels of a large picture takes far longer.
    """
    step = max(1, round(max(codes.shape[:2]) / THIN))
    return codes[::step, ::step].copy()


def exposure_difference(dark: np.ndarray, bright: np.ndarray) -> float | None:
    """Median exposure difference of two pictures of one scene in stops; None if too few pixels.

    (H, W, 3) float encoded.
    """
    usable = (np.minimum(dark, bright) > DARKEST) & (np.maximum(dark, bright) < BRIGHTEST)
    if usable.sum() < LEAST_PIXELS:
        return None
    return float(np.median(np.log2(decode_srgb(bright[usable]) / decode_srgb(dark[usable]))))


def alignment_problems(folder: Path, rows: Sequence[Sample]) -> tuple[list[str], list[str]]:
    """Check that every reference of a scene lies on its input, to the pixel.

    Returns problems, and notes on references of which nothing shows that they are the same picture.
    """
    plain = [row for row in rows if row.distortion is None]
    if not plain:
        return [], []
    row = min(plain, key=lambda row: abs(row.ev or 0.0))
    degraded = to_float(read_picture(folder, row.input, row.size))
    problems, notes = [], []
    for name, path in row.references.items():
        try:
            reference = to_float(read_picture(folder, path, row.size))
        except ImageError as error:
            problems.append(str(error))
            continue
        dx, dy, response = shift(reference, degraded)
        if response >= MIN_RESPONSE and np.hypot(dx, dy) > MAX_SHIFT:
            problems.append(f"{path}: is shifted by {dx:+.2f}, {dy:+.2f} pixels")
        elif response < EVIDENCE and name not in FROM_THE_LIGHT:
            notes.append(no_evidence(name, response))
    return problems, notes


def _by_ev(rows: Sequence[Sample]) -> list[Sample]:
    return sorted(rows, key=lambda row: row.ev or 0.0)
