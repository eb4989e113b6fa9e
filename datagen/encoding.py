"""Linear light to rounded sRGB codes, exactly and at the speed of a table.

A power per sample would cost more than everything else after unpacking. Neighbouring float32
numbers share their upper bits, so those select a table entry: the code at the lower edge of a
narrow range that holds at most one step. One comparison with the exact place of the next step
settles the rest.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from luts.transfer import decode_srgb, encode_srgb

from .images import quantise

LEAST = np.float32(2.0**-13)  # below it every code is 0
DROPPED_BITS = 13  # of the 23 of the mantissa: 1024 ranges per octave
FIRST_RANGE = int(LEAST.view(np.int32)) >> DROPPED_BITS
LAST_RANGE = int(np.float32(1).view(np.int32)) >> DROPPED_BITS


def encode_codes(linear: np.ndarray, bits: int = 8) -> np.ndarray:
    """Encode with the sRGB curve and round: the code nearest to the exact value.

    Parameters
    ----------
    linear : (...) float32; below 0 becomes 0, above 1 the largest code
    bits : 8 or 16

    Returns
    -------
    (...) uint8 or uint16. 8-bit codes equal those of double precision for every float32.
    """
    if linear.dtype != np.float32:
        raise TypeError(f"encode_codes takes float32, got {linear.dtype}")
    if bits != 8:
        return quantise(encode_srgb(np.clip(linear, 0, 1)), bits)
    codes, steps = _tables()
    light = np.clip(linear, LEAST, 1)
    ranges = light.view(np.int32) >> DROPPED_BITS
    ranges -= FIRST_RANGE
    result = cv2.LUT(ranges.astype(np.uint16), codes).reshape(linear.shape)
    result += light >= cv2.LUT(result, steps).reshape(linear.shape)
    return result


@cache
def _tables() -> tuple[np.ndarray, np.ndarray]:
    """(65536,) uint8 codes at the ranges' lower edges; (256,) float32 least light of code + 1."""
    exact = decode_srgb((np.arange(255) + 0.5) / 255)
    steps = exact.astype(np.float32)
    rounded_down = steps.astype(np.float64) < exact
    steps[rounded_down] = np.nextafter(steps[rounded_down], np.float32(2))
    ranges = np.arange(FIRST_RANGE, LAST_RANGE + 1, dtype=np.int32)
    edges = (ranges << DROPPED_BITS).view(np.float32)
    codes = np.full(65536, 255, np.uint8)
    codes[: len(edges)] = np.searchsorted(exact, edges.astype(np.float64), side="right")
    return codes, np.append(steps, np.float32(np.inf))
