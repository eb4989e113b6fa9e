"""Apply a LUT to pixels: OpenColorIO for speed, float64 numpy as the definition."""

from __future__ import annotations

import numpy as np

from . import definition, ocio
from .lut import ONES, ZEROS, Lut, Lut1D, Lut3D, stages
from .ocio import OCIO_MAX_SIZE

INTERPOLATIONS = ("tetrahedral", "trilinear")
ENGINES = ("ocio", "numpy")

TILE = 1 << 14  # pixels settled at a time


def apply(
    lut: Lut,
    encoded: np.ndarray,
    interpolation: str = "tetrahedral",
    engine: str = "ocio",
    *,
    exact: bool = False,
) -> np.ndarray:
    """Look up every pixel of an image.

    Parameters
    ----------
    lut : Lut1D, Lut3D or ShapedLut
    encoded : (..., 3) uint8, uint16 or float32 (engine "numpy": float64 as well)
        Integers stand for [0, 1]. Input outside the LUT's domain is clamped to it; NaN counts as
        the lower end of its own channel.
    interpolation : "tetrahedral" or "trilinear"
        The rule inside a cube; curves are always linear. Tetrahedral keeps a LUT that is neutral
        at its grey nodes neutral in between, trilinear does not.
    engine : "ocio" or "numpy"
        "ocio" is OpenColorIO: about 100 Mpixel/s on one core, within 5e-7 of the definition.
        It takes cubes up to 129; larger ones go to "numpy", the float64 definition, which is
        some ten times slower and needs a bounded 5 MB beside its output.
    exact : the same bits on every machine, those of the definition
        Integers cost little more: OpenColorIO's answer stands where it cannot be off by a level,
        and the definition decides the rest. Floats are left to the definition.

    Returns
    -------
    (..., 3) of the same dtype. Integers are rounded half up and clipped; floats are as the
    table gives them, beyond [0, 1] where it is.

    Raises
    ------
    TypeError : other dtypes
    ValueError : last axis not 3, unknown interpolation or engine
    """
    encoded = np.asarray(encoded)
    kinds = "uint8, uint16 or float32" if engine == "ocio" else "uint8, uint16, float32 or float64"
    if encoded.dtype.name not in kinds.replace(",", "").split():
        raise TypeError(f"the {engine!r} engine takes {kinds} pixels, got {encoded.dtype}")
    if encoded.ndim == 0 or encoded.shape[-1] != 3:
        raise ValueError(f"an image is (..., 3), got shape {encoded.shape}")
    if interpolation not in INTERPOLATIONS:
        raise ValueError(f"interpolation is one of {INTERPOLATIONS}, got {interpolation!r}")
    if engine not in ENGINES:
        raise ValueError(f"engine is one of {ENGINES}, got {engine!r}")
    steps = stages(lut)
    fits = all(isinstance(step, Lut1D) or step.size <= OCIO_MAX_SIZE for step in steps)
    look_up = ocio.look_up if engine == "ocio" and fits and ocio.has_ocio() else definition.look_up
    if exact and look_up is ocio.look_up:
        look_up = _settled
    result = np.empty(encoded.shape, encoded.dtype)
    look_up(steps, encoded, result, interpolation)
    return result


def _settled(steps: tuple, encoded: np.ndarray, result: np.ndarray, interpolation: str) -> None:
    """The definition's result: OpenColorIO's codes, but for those near the edge of a level."""
    bound = _error_bound(steps)
    if encoded.dtype.kind != "u" or bound is None:
        definition.look_up(steps, encoded, result, interpolation)
        return
    source, target = encoded.reshape(-1, 3), result.reshape(-1, 3)
    white = np.float32(np.iinfo(encoded.dtype).max)
    bound = float(np.float32(bound * white + 2 * np.spacing(white)))
    for start in range(0, len(source), TILE):
        part = slice(start, start + TILE)
        values = source[part].astype(np.float32)
        values /= white
        fast = np.empty_like(values)
        ocio.look_up(steps, values, fast, interpolation)
        fast *= white
        fast += np.float32(0.5)
        codes = np.floor(fast)
        np.clip(codes, 0, white, out=values)
        target[part] = values
        fast -= codes
        near = ((fast < bound) | (fast > 1 - bound)).any(axis=1)
        if near.any():
            again = np.empty((int(near.sum()), 3), encoded.dtype)
            definition.look_up(steps, source[part][near], again, interpolation)
            target[part][near] = again


def _error_bound(steps: tuple) -> float | None:
    """How far a float32 lookup may be from the definition; None where that is not worked out.

    For one cube over [0, 1] of n nodes whose neighbours differ by at most d: the rounded code and
    its place in the cell are off by 2 * 2**-24 of n - 1 each, along three axes that is
    6 (n - 1) d * 2**-24, and four products of values up to m and their sum by 8 m * 2**-24. The
    tests have not seen a quarter of it; it is doubled all the same, for another order of sums.
    """
    step = steps[0]
    if len(steps) > 1 or not isinstance(step, Lut3D):
        return None
    if step.domain_min != ZEROS or step.domain_max != ONES:
        return None
    apart = max(float(np.abs(np.diff(step.table, axis=axis)).max()) for axis in range(3))
    most = float(np.abs(step.table).max())
    return 2.0**-23 * (6 * (step.size - 1) * apart + 8 * most)
