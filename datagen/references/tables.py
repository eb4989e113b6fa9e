"""Functions that processors round differently, as tables that are the same everywhere.

Every entry is rounded to a multiple of 2**-GRID_BITS, some thousand times coarser than the error of
any libm, and looked up with whole numbers.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from luts.colour.transfer import encode_srgb

GRID_BITS = 36
STEPS_PER_STOP = 64  # exposures are whole numbers of 1/64 EV
ROOTS = 16384  # light in [0, 1] is looked up by its square root in so many steps


@cache
def encoded_by_root() -> np.ndarray:
    """(ROOTS + 1,) float32: the sRGB code of (n / ROOTS) ** 2. Half a step is 1/90 of a code."""
    roots = np.arange(ROOTS + 1) / ROOTS
    return rounded(encode_srgb(roots * roots)).astype(np.float32)


@cache
def root_gains() -> np.ndarray:
    """(128,) float64: 2 ** (n / 128), the factor of the square root for n steps of exposure."""
    return rounded(np.exp2(np.arange(2 * STEPS_PER_STOP) / (2 * STEPS_PER_STOP)))


@cache
def _step_edges() -> np.ndarray:
    """(64,) float64 in (0.5, 1): where the nearest whole number of steps changes."""
    return rounded(np.exp2((np.arange(STEPS_PER_STOP) + 0.5) / STEPS_PER_STOP - 1))


def steps_of(ratio: float) -> int:
    """The nearest whole number of 1/64 EV to log2 of a ratio.

    Examples
    --------
    >>> steps_of(2.0), steps_of(0.5), steps_of(1.0)
    (64, -64, 0)
    """
    mantissa, exponent = math.frexp(ratio)
    beyond = int(np.searchsorted(_step_edges(), mantissa, side="right"))
    return STEPS_PER_STOP * (exponent - 1) + beyond


def root_gain(steps: int) -> np.float32:
    """The factor by which so many steps of exposure change the square root of light."""
    octaves, rest = divmod(steps, 2 * STEPS_PER_STOP)
    return np.float32(math.ldexp(float(root_gains()[rest]), octaves))


def rounded(values: np.ndarray) -> np.ndarray:
    """Values as multiples of 2 ** -GRID_BITS: the same whichever library made them."""
    return np.rint(np.ldexp(values, GRID_BITS)) / 2.0**GRID_BITS
