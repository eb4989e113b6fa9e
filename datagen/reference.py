"""The project's own reference: the scene at the exposure a fixed percentile rule asks for.

Expert retouches and camera JPEGs are better references where they exist; this one is always there,
has no author, and is exactly reproducible.
"""

from __future__ import annotations

import numpy as np

from luts.colorimetry import luminance

MIDDLE_GREY = 0.18  # of the diffuse white, for the median luminance
HIGHLIGHT_QUANTILE = 0.99  # of the brightest channel, to stay at or below white ...
MAX_PULL_EV = 1.5  # ... at the price of at most so many stops
MAX_EV = 4.0  # further from the exposure as shot there is more noise or clipping than picture


def auto_exposure(linear: np.ndarray) -> float:
    """Exposure, in stops relative to as shot, of the automatic reference.

    The median luminance goes to 0.18. If more than 1 % of the pixels would then clip in some
    channel, the exposure is pulled down until they do not, by at most 1.5 EV; so a back-lit subject
    stays readable and a night stays a night. At most 4 EV in either direction, in steps of 0.001.

    Parameters
    ----------
    linear : (H, W, 3) float, scene-linear, 1.0 = sensor clip at EV 0

    Examples
    --------
    >>> auto_exposure(np.full((4, 4, 3), 0.09, np.float32))
    1.0
    """
    middle = float(np.median(luminance(linear)))
    bright = float(np.quantile(linear.max(-1), HIGHLIGHT_QUANTILE))
    if bright <= 0:
        return 0.0  # a black picture has no exposure to correct
    wanted = np.log2(MIDDLE_GREY / middle) if middle > 0 else MAX_EV
    allowed = max(-np.log2(bright), wanted - MAX_PULL_EV)
    return round(float(np.clip(min(wanted, allowed), -MAX_EV, MAX_EV)), 3)
