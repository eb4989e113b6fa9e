"""The exposure of the reference `auto`: what a fixed percentile rule asks for.

Always there, without an author, exactly reproducible; and a rule, which a row can know. Retouches
and the reference `fusion` ask for more.
"""

from __future__ import annotations

import numpy as np

from luts.colour.colorimetry import luminance

WHITE_QUANTILE = 0.99  # of the brightest channel: goes to white ...
MIDDLE_GREY = 0.18  # ... and from there the median luminance is moved towards this ...
DARKEN_EV, BRIGHTEN_EV = 0.5, 1.5  # ... by at most so many stops
MAX_EV = 4.0  # further from the exposure as shot there is more noise or clipping than picture


def auto_exposure(linear: np.ndarray) -> float:
    """Exposure, in stops relative to as shot, of the automatic reference.

    The 99th percentile of the brightest channel is put at white. Then the exposure moves towards a
    median luminance of 0.18: down by at most 0.5 EV, which keeps a bright picture bright, and up by
    at most 1.5 EV, which opens a back-lit subject and leaves a night a night. The result lies
    within 4 EV of the exposure as shot, in steps of 0.001.

    Parameters
    ----------
    linear : (H, W, 3) float, scene-linear, 1.0 = sensor clip at EV 0

    Examples
    --------
    >>> auto_exposure(np.full((4, 4, 3), 0.25, np.float32))  # a grey card: white, then down
    1.5
    """
    white = float(np.quantile(linear.max(-1), WHITE_QUANTILE))
    if white <= 0:
        return 0.0  # a black picture has no exposure to correct
    middle = max(float(np.median(luminance(linear))) / white, 1e-6)
    towards_grey = np.clip(np.log2(MIDDLE_GREY / middle), -DARKEN_EV, BRIGHTEN_EV)
    return round(float(np.clip(towards_grey - np.log2(white), -MAX_EV, MAX_EV)), 3)
