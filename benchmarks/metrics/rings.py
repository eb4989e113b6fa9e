"""The transition band as rings: how much of the correction arrives at each distance from A.

The band is cut along t = dA / (dA + dC), so a ring follows the shape of the region whatever it is.
The weight of a ring is the least-squares share of the wanted change that the output made there, in
linear light: 1 is the full correction, 0 none.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from datagen.regions import labels as masks

RIM_PX = 3  # the rims of A and C that anchor the two ends
MOST_RINGS = 64
LEAST_PIXELS = 8
LEAST_ENERGY = 3 * 0.004**2  # mean squared wanted change, linear: below, noise answers instead


@dataclass(frozen=True, eq=False)
class Geometry:
    """Distances in pixels, and the ring of every pixel; (H, W) each.

    `ring` is 0 in A's rim, 1 to `count` through the band, count + 1 in C's rim, -1 elsewhere.
    """

    to_band: np.ndarray
    outside: np.ndarray
    ring: np.ndarray
    count: int
    width: float


@dataclass(frozen=True, eq=False)
class Profile:
    """Weight made and weight wanted, from A's rim outwards; NaN where too little was wanted."""

    made: np.ndarray
    wanted: np.ndarray


def distance(to: np.ndarray) -> np.ndarray:
    """Euclidean distance of every pixel to the nearest true one; inf when there is none."""
    if not to.any():
        return np.full(to.shape, np.inf, np.float32)
    return cv2.distanceTransform((~to).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)


def geometry(regions: np.ndarray) -> Geometry:
    """Measure a region map; without a band, or with one that ends nowhere, there are no rings."""
    a, band, c = (regions == label for label in (masks.A, masks.B, masks.C))
    to_band, outside = distance(band), distance(~c)
    ring = np.full(regions.shape, -1, np.int16)
    if not (a.any() and band.any() and c.any()):
        return Geometry(to_band, outside, ring, count=0, width=float("nan"))
    to_a, to_c = distance(a)[band], distance(c)[band]
    width = float(np.median(to_a + to_c)) - 1
    count = int(np.clip(round(width), 2, MOST_RINGS))
    ring[band] = 1 + np.minimum((to_a / (to_a + to_c) * count).astype(np.int16), count - 1)
    ring[a & (to_band <= RIM_PX)] = 0
    ring[c & (to_band <= RIM_PX)] = count + 1
    return Geometry(to_band, outside, ring, count, width)


def profile(shape: Geometry, change: np.ndarray, wanted: np.ndarray, alpha: np.ndarray) -> Profile:
    """Fit each ring's weight.

    Parameters
    ----------
    shape : from `geometry`
    change : (H, W, 3) linear, output minus input
    wanted : (H, W, 3) linear, reference minus input
    alpha : (H, W), the ideal weight
    """
    chosen = shape.ring >= 0
    ring = shape.ring[chosen]
    change, wanted, alpha = change[chosen], wanted[chosen], alpha[chosen]

    def per_ring(values: np.ndarray) -> np.ndarray:
        return np.bincount(ring, values, minlength=shape.count + 2)

    power = np.einsum("pc,pc->p", wanted, wanted, dtype=np.float64)
    energy, pixels = per_ring(power), np.bincount(ring, minlength=shape.count + 2)
    known = (pixels >= LEAST_PIXELS) & (energy >= LEAST_ENERGY * pixels)
    energy = np.where(known, energy, np.nan)
    made = per_ring(np.einsum("pc,pc->p", change, wanted, dtype=np.float64)) / energy
    # Averaged with the same weights, so that a perfect blend is its own ideal to rounding.
    return Profile(made, per_ring(power * alpha) / energy)
