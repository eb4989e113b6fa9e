"""Multi-scale structural similarity, in a frame or inside a region."""

from __future__ import annotations

import cv2
import numpy as np

from .metric import Metric
from .picture import Comparison
from .ssim import similarity_and_contrast, structure

# Wang, Simoncelli and Bovik (2003), section 3.2: exponents of the five scales.
EXPONENTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def ms_ssim(comparison: Comparison, weight: np.ndarray | None) -> float:
    """MS-SSIM of each channel, averaged; NaN when a scale has no room for a window."""
    estimate, reference = comparison.estimate.encoded, comparison.reference.encoded
    product = np.ones(3)
    for scale, exponent in enumerate(EXPONENTS, start=1):
        similarity, contrast = (
            comparison.once(structure, weight)
            if scale == 1
            else similarity_and_contrast(estimate, reference, weight)
        )
        factor = similarity if scale == len(EXPONENTS) else contrast
        product *= np.maximum(factor, 0) ** exponent  # a negative factor has no real power
        if scale < len(EXPONENTS):
            estimate, reference = _halve(estimate, weight), _halve(reference, weight)
            weight = None if weight is None else _pool(weight)
    return float(product.mean())


def _halve(image: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
    """Average 2 x 2 pixels, counting only what is inside the region."""
    if weight is None:
        return _pool(image)
    inside = _pool(weight)
    inside[inside == 0] = 1
    return _pool(image * weight[..., None]) / inside[..., None]


def _pool(image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    even = cv2.copyMakeBorder(image, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
    return cv2.resize(even, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)


MS_SSIM = Metric(
    name="ms_ssim",
    label="MS-SSIM",
    convention="rgb,gauss11,sigma1.5,pop,valid,5scales",
    unit="",
    higher_is_better=True,
    function=ms_ssim,
    summary="multi-scale structural similarity, mean over R, G and B",
    definition="product over five scales of the mean contrast-structure factor to the powers "
    "0.0448 0.2856 0.3001 0.2363 0.1333, with luminance at the coarsest; scales are 2 x 2 means, "
    "an odd last row or column repeated. Regions as in ssim, at every scale.",
    span="0 to 1; NaN where the shorter side is below 161 pixels or a region is too thin",
    source="Wang, Simoncelli and Bovik, Asilomar 2003, section 3",
    region_rule="nconv",
    by_default=False,
)
