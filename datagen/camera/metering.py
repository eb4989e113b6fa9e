"""What a camera decides by itself: how much light to let in, and which light to call white.

References
----------
Reinhard et al., "Photographic tone reproduction for digital images", SIGGRAPH 2002, eq. 1 and 2
(log-average luminance to a key); Finlayson & Trezzi, "Shades of gray and colour constancy",
CIC 2004 (p-norm estimate of the light); ITU-R BT.709 for luminance.
"""

from __future__ import annotations

import numpy as np

from luts.colour.colorimetry import REC709_LUMINANCE

from .simulate import UNIT_TIME_S, Exposure, Sensor

KEY = 0.18  # of the white level, for the log-average luminance
HIGHLIGHT_QUANTILE = 0.98  # of the brightest channel, to be kept at the white level ...
BLACK = 1e-4  # of the highlights: darker pixels count as this dark
MAX_PULL_EV = 1.0  # ... at the price of at most so many stops
SHADES_OF_GREY_NORM = 6
ADAPTATION = 0.6  # how far towards the light's colour the balance goes: dusk stays a bit blue
LONGEST_HANDHELD_S = 1 / 30
MAX_ISO = 3200
LUMINANCE = np.float32(REC709_LUMINANCE)


def meter(linear: np.ndarray) -> float:
    """Choose the gain from scene value to `linear` as an evaluative light meter does.

    The log-average luminance goes to KEY; if more than 2 % of the pixels would clip, the exposure
    is pulled down until they do not, by at most MAX_PULL_EV. So a back-lit subject comes out
    dark, as it does from real cameras, but is no silhouette.

    Parameters
    ----------
    linear : (H, W, 3) scene-linear sRGB, >= 0
    """
    luminance = linear @ LUMINANCE
    brightest = linear.max(-1)
    bright = float(np.quantile(brightest, HIGHLIGHT_QUANTILE)) or float(brightest.max())
    if bright == 0:
        return 1.0  # darkness: nothing to meter
    floor = BLACK * bright  # pixels without light must not rule the average
    middle = KEY / float(np.exp(np.log(np.maximum(luminance, floor)).mean(dtype=np.float64)))
    return float(np.clip(1 / bright, middle * 2.0**-MAX_PULL_EV, middle))


def estimate_light(linear: np.ndarray) -> tuple[float, float, float]:
    """Estimate the colour of the light as automatic white balance does; luminance one.

    Minkowski mean of each channel over the pixels below the brightest two percent, then
    ADAPTATION of the way (in the logarithm) from D65 to that colour.
    """
    brightest = linear.max(-1)
    kept = linear[brightest <= np.quantile(brightest, HIGHLIGHT_QUANTILE)]
    mean = (kept.astype(np.float64) ** SHADES_OF_GREY_NORM).mean(0) ** (1 / SHADES_OF_GREY_NORM)
    light = np.maximum(mean, 1e-3 * max(mean.max(), 1e-12)) ** ADAPTATION
    red, green, blue = (light / (light @ LUMINANCE)).tolist()
    return red, green, blue


def automatic_exposure(linear: np.ndarray, sensor: Sensor, *, bias_ev: float = 0.0) -> Exposure:
    """Meter, balance, and choose shutter and ISO: base ISO while the shutter stays hand-held.

    Parameters
    ----------
    bias_ev : stops to add to what the meter says: exposure compensation, or the meter's error
    """
    time_s = meter(linear) * 2.0**bias_ev * UNIT_TIME_S * 100 / sensor.base_iso
    iso = sensor.base_iso
    while time_s > LONGEST_HANDHELD_S and 2 * iso <= MAX_ISO:
        time_s, iso = time_s / 2, iso * 2
    return Exposure(time_s, iso, estimate_light(linear))
