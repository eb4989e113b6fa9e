"""What a metric accepts. Checked once, at the door; nothing is resized, clipped or rescaled."""

from __future__ import annotations

import numpy as np

from datagen.regions import labels as masks
from luts.tool.errors import UserError


class MetricError(UserError):
    """Images, weights or region maps that cannot be compared as they are."""


def check_image(image: np.ndarray, name: str) -> np.ndarray:
    """Return `image`, or raise MetricError when it is not a finite (H, W, 3) float in [0, 1]."""
    image = np.asarray(image)
    if image.ndim != 3 or image.shape[2] != 3:
        hint = "; drop the alpha channel" if image.ndim == 3 and image.shape[2] == 4 else ""
        raise MetricError(f"{name}: shape {image.shape}; metrics take (height, width, 3){hint}")
    if image.dtype not in (np.float32, np.float64):
        raise MetricError(
            f"{name}: dtype {image.dtype}; metrics take float32 or float64 in [0, 1] "
            "(datagen.images.files.to_float converts)"
        )
    if image.size == 0:
        raise MetricError(f"{name}: no pixels, shape {image.shape}")
    low, high = float(image.min()), float(image.max())
    if not np.isfinite(low + high):
        raise MetricError(f"{name}: {int((~np.isfinite(image)).sum())} values are NaN or infinite")
    if low < 0 or high > 1:
        hint = "; 0..255 must be divided by 255 first" if high > 2 and low >= 0 else ""
        raise MetricError(f"{name}: values {low:.4g} to {high:.4g}; allowed are 0 to 1{hint}")
    return image


def check_pair(estimate: np.ndarray, reference: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Check two images of one size; a float32 beside a float64 is compared as float64."""
    estimate = check_image(estimate, "estimate")
    return estimate, check_same_size(check_image(reference, "reference"), estimate, "reference")


def check_same_size(image: np.ndarray, estimate: np.ndarray, name: str) -> np.ndarray:
    """Return `image`, or raise MetricError when its height and width are not the estimate's."""
    if image.shape[:2] != estimate.shape[:2]:
        sizes = [f"{a.shape[1]} x {a.shape[0]}" for a in (image, estimate)]
        raise MetricError(
            f"{name}: {sizes[0]} pixels beside an estimate of {sizes[1]}; sizes must be equal, "
            "metrics never resize"
        )
    return image


def check_weight(weight: np.ndarray | None, estimate: np.ndarray) -> np.ndarray | None:
    """Return the weight as a (H, W) array of the estimate's dtype in [0, 1]; None stays None."""
    if weight is None:
        return None
    weight = np.asarray(weight)
    if weight.ndim != 2 or weight.dtype.kind not in "fb":
        raise MetricError(
            f"weight: {weight.dtype} of shape {weight.shape}; a weight is (height, width), "
            "bool or float in [0, 1]"
        )
    check_same_size(weight, estimate, "weight")
    if not (np.isfinite(weight).all() and weight.min() >= 0 and weight.max() <= 1):
        raise MetricError(f"weight: values {weight.min()} to {weight.max()}; allowed are 0 to 1")
    return weight.astype(estimate.dtype)


def check_regions(regions: np.ndarray, estimate: np.ndarray) -> np.ndarray:
    """Return the label image, or raise MetricError; a map without any A has nothing to score."""
    regions = np.asarray(regions)
    try:
        masks.check_regions(regions)
    except ValueError as error:
        raise MetricError(f"regions: {error}") from None
    check_same_size(regions, estimate, "regions")
    if not (regions == masks.A).any():
        raise MetricError(
            "regions: no pixel is A (2), the region to correct; a global sample is all A"
        )
    return regions
