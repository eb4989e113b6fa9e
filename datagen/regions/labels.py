"""Region maps: where a picture is to be corrected (A), where it fades (B), what to leave alone (C).

A region map is a (H, W) uint8 label image. The two-channel mask of local enhancement networks is
derived from it: channel 0 is A, channel 1 is A or B.

References
----------
Local low-light enhancement with region-aware normalisation (RANLEN): areas A, B and C, section 3.
"""

from __future__ import annotations

import cv2
import numpy as np

from luts.colour.transfer import decode_srgb, encode_srgb

A, B, C = 2, 1, 0
LABELS = {"A": A, "B": B, "C": C}


def alpha(regions: np.ndarray) -> np.ndarray:
    """Weight of the correction at every pixel.

    Parameters
    ----------
    regions : (H, W) uint8 labels

    Returns
    -------
    (H, W) float32: 1 in A, 0 in C, and smoothstep(dC / (dA + dC)) in B, where dA and dC are the
    Euclidean distances in pixels to the nearest A and C pixel. A band without any C fades to
    nothing at no side, so it counts as A; one without any A counts as C.
    """
    check_regions(regions)
    weight = (regions == A).astype(np.float32)
    band = regions == B
    has_a, has_c = bool((regions == A).any()), bool((regions == C).any())
    if not band.any():
        return weight
    if not (has_a and has_c):
        weight[band] = float(has_a)
        return weight
    to_a, to_c = distance_to(regions == A)[band], distance_to(regions == C)[band]
    share = to_c / (to_a + to_c)
    weight[band] = share * share * (3 - 2 * share)
    return weight


def ideal(degraded: np.ndarray, reference: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """What a perfect local correction would give: the two pictures blended in linear light.

    Parameters
    ----------
    degraded, reference : (H, W, 3) float, encoded
    weight : (H, W) float in [0, 1], from `alpha`

    Returns
    -------
    (H, W, 3) float32, encoded. Where the weight is exactly 0 or 1 the pixels are the input's or
    the reference's own, untouched by the round trip through linear light.
    """
    weight = np.asarray(weight, np.float32)[..., None]
    blend = decode_srgb(degraded) * (1 - weight) + decode_srgb(reference) * weight
    mixed = np.where(weight >= 1, reference, encode_srgb(blend))
    return np.where(weight <= 0, degraded, mixed).astype(np.float32)


def distance_to(members: np.ndarray) -> np.ndarray:
    """Euclidean distance of every pixel to the nearest member, in pixels; 0 on members.

    (H, W) bool or 0/1 to (H, W) float32. At least one pixel must be a member.
    """
    others = (np.asarray(members) == 0).astype(np.uint8)
    found = cv2.distanceTransform(others, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    # OpenCV's last bits depend on where in memory the array lies; squared distances are whole.
    squared = np.rint(np.square(found, dtype=np.float64))
    return np.sqrt(squared).astype(np.float32)


def coverage(regions: np.ndarray) -> dict[str, float]:
    """Share of the pixels in each region; the three add up to 1."""
    counts = np.bincount(check_regions(regions).ravel(), minlength=3)
    return {
        name: float(counts[label]) / regions.size
        for name, label in zip("ABC", (A, B, C), strict=True)
    }


def check_regions(regions: np.ndarray) -> np.ndarray:
    """Return `regions`, or raise ValueError when it is not a label image."""
    if regions.ndim != 2 or regions.dtype != np.uint8:
        raise ValueError(f"a region map is (H, W) uint8, got {regions.shape} {regions.dtype}")
    if regions.size == 0 or regions.max() > A:
        raise ValueError("a region map holds 0 (C), 1 (B) and 2 (A) only, and at least one pixel")
    return regions
