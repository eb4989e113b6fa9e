"""Linear light to rounded sRGB codes at any EV, exactly and at the speed of a table.

A power per sample would cost more than everything else after unpacking. Neighbouring float32
numbers share their upper bits, so those select a table entry: the code at the lower edge of a
narrow range that holds at most one step. One comparison with the exact place of the next step
settles the rest. A gain only moves the places of the steps, so the ranges serve every EV.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from luts.colour.transfer import decode_srgb, encode_srgb
from luts.tool import exact

LEAST, MOST = np.float32(2.0**-32), np.float32(2.0**24)  # light beyond is taken for these
DROPPED_BITS = 13  # of the 23 of the mantissa: 1024 ranges per octave
FIRST_RANGE = int(LEAST.view(np.int32)) >> DROPPED_BITS
LAST_RANGE = int(MOST.view(np.int32)) >> DROPPED_BITS
MOST_EV = 18.0  # so that no code but 0 lies below LEAST and none but the last above MOST
BAND_SAMPLES = 1 << 16  # worked on at a time: they stay in cache


class Encoder:
    """Encodes one picture at several EVs.

    Parameters
    ----------
    linear : (H, W, 3) float32, scene-linear sRGB
    """

    def __init__(self, linear: np.ndarray) -> None:
        if linear.dtype != np.float32:
            raise TypeError(f"an encoder takes float32, got {linear.dtype}")
        self.linear = np.ascontiguousarray(linear)
        self._ranges: np.ndarray | None = None

    def codes(self, ev: float = 0.0, bits: int = 8) -> np.ndarray:
        """Expose, cut to [0, 1], encode with the sRGB curve and round.

        Parameters
        ----------
        ev : stops, -18 to 18
        bits : 8 or 16

        Returns
        -------
        (H, W, 3) uint8 or uint16, the codes of double precision on every machine.
        """
        if not abs(ev) <= MOST_EV:
            raise ValueError(f"ev is within -{MOST_EV:g} to {MOST_EV:g} stops, got {ev}")
        if bits not in (8, 16):
            raise ValueError(f"bits is 8 or 16, got {bits}")
        light = self.linear.reshape(-1)
        result = np.empty(light.shape, np.uint8 if bits == 8 else np.uint16)
        if self._ranges is None and bits == 8:
            self._ranges = _ranges(light)
        ranges = self._ranges
        for first in range(0, light.size, BAND_SAMPLES):
            band = slice(first, first + BAND_SAMPLES)
            if bits == 8 and ranges is not None:
                result[band] = _look_up(light[band], ranges[band], _tables(float(ev)))
            else:
                result[band] = _corrected(light[band], float(ev))
        return result.reshape(self.linear.shape)


def _ranges(light: np.ndarray) -> np.ndarray:
    """Number of the range that each sample lies in: (N,) float32 -> uint16."""
    result = np.empty(light.shape, np.uint16)
    for first in range(0, light.size, BAND_SAMPLES):
        band = slice(first, first + BAND_SAMPLES)
        bits = np.clip(light[band], LEAST, MOST).view(np.int32) >> DROPPED_BITS
        result[band] = np.subtract(bits, FIRST_RANGE, out=bits)
    return result


def _look_up(light: np.ndarray, ranges: np.ndarray, tables: tuple) -> np.ndarray:
    codes, steps = tables
    result = cv2.LUT(ranges, codes).reshape(-1)
    result += light >= cv2.LUT(result, steps).reshape(-1)
    return result


def _corrected(light: np.ndarray, ev: float) -> np.ndarray:
    """16-bit codes: float32's, which are off by at most one, set right by the exact steps."""
    steps = _steps(ev, 16)
    gain = np.float32(exact.exp2(ev))
    exposed = np.fmin(np.fmax(light * gain, np.float32(0)), np.float32(1))
    codes = np.rint(encode_srgb(exposed) * np.float32(65535)).astype(np.intp)
    return (codes + (light >= steps[codes + 1]) - (light < steps[codes])).astype(np.uint16)


@cache
def _steps(ev: float, bits: int) -> np.ndarray:
    """(2**bits + 1,) float32: the least light of every code; minus infinity before the first."""
    most = 2**bits - 1
    steps = _least(decode_srgb((np.arange(most) + 0.5) / most) / exact.exp2(ev))
    return np.concatenate([[np.float32(-np.inf)], steps, [np.float32(np.nan)]])


def _least(exact_steps: np.ndarray) -> np.ndarray:
    """The least float32 at or above each float64."""
    steps = exact_steps.astype(np.float32)
    below = steps.astype(np.float64) < exact_steps
    steps[below] = np.nextafter(steps[below], np.float32(np.inf))
    return steps


@cache
def _tables(ev: float) -> tuple[np.ndarray, np.ndarray]:
    """(65536,) uint8 codes at the ranges' lower edges; (256,) float32 least light of code + 1."""
    steps = decode_srgb((np.arange(255) + 0.5) / 255) / exact.exp2(ev)
    numbers = np.arange(FIRST_RANGE, LAST_RANGE + 1, dtype=np.int32)
    edges = (numbers << DROPPED_BITS).view(np.float32).astype(np.float64)
    codes = np.full(65536, 255, np.uint8)
    codes[: len(edges)] = np.searchsorted(steps, edges, side="right")
    return codes, np.append(_least(steps), np.float32(np.nan))  # nothing lies above the last code
