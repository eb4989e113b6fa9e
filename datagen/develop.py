"""Develop a raw at any exposure: one decode serves every EV.

    camera light -> highlights -> matrix = linear sRGB -> gain 2**ev -> clip -> tone -> encode

Linear 1.0 is a grey that just clips the sensor at EV 0. The gain comes before the clip and the
tone curve, so it is a change of exposure and not of brightness.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np

from luts.transfer import encode_srgb

from .highlights import HIGHLIGHTS
from .images import quantise, upright
from .light import Light, camera_light
from .raw import RawPhoto
from .tone import TONES


def linear(
    photo: RawPhoto,
    long_edge: int | None = None,
    *,
    highlights: str = "blend",
    demosaic: str = "ahd",
) -> np.ndarray:
    """Develop to scene-linear sRGB at the exposure as shot, upright.

    Parameters
    ----------
    long_edge : pixels of the longer side, averaged over areas in linear light; None, or more than
        the sensor has, keeps the sensor's size
    highlights : "clip", "blend" or "rebuild", see `datagen.highlights`
    demosaic : one of `datagen.demosaic.DEMOSAICERS`, used above half the sensor's size

    Returns
    -------
    (H, W, 3) float32; 1.0 = sensor clip, may exceed 1, may be negative outside the sRGB gamut.
    """
    return to_linear(photo, camera_light(photo, long_edge, algorithm=demosaic), highlights)


def develop(
    photo: RawPhoto,
    ev: float = 0.0,
    long_edge: int | None = 512,
    bits: int = 8,
    **settings,
) -> np.ndarray:
    """Develop to an encoded picture at one EV. Settings as for `develop_series`."""
    return next(develop_series(photo, [ev], long_edge, bits, **settings))


def develop_series(
    photo: RawPhoto,
    evs: Sequence[float],
    long_edge: int | None = 512,
    bits: int = 8,
    *,
    highlights: str = "blend",
    baseline: Literal["ignore", "dng"] = "ignore",
    tone: str = "none",
    demosaic: str = "ahd",
) -> Iterator[np.ndarray]:
    """Develop to encoded pictures at several EVs out of one decode.

    Parameters
    ----------
    evs : stops from the exposure as shot
    bits : 8 or 16
    baseline : "dng" adds the file's BaselineExposure to every EV
    tone : one of `datagen.tone.TONES`

    Yields
    ------
    (H, W, 3) uint8 or uint16 for every EV, rounded.
    """
    shift = baseline_shift(photo, baseline)
    picture = linear(photo, long_edge, highlights=highlights, demosaic=demosaic)
    return (render(picture, ev + shift, bits, tone=tone) for ev in evs)


def baseline_shift(photo: RawPhoto, baseline: str) -> float:
    """Stops that the file's BaselineExposure asks for: 0 with "ignore" or without the tag."""
    if baseline not in ("ignore", "dng"):
        raise ValueError(f"baseline is 'ignore' or 'dng', got {baseline!r}")
    return (photo.baseline_ev or 0.0) if baseline == "dng" else 0.0


def to_linear(photo: RawPhoto, light: Light, highlights: str) -> np.ndarray:
    """Turn white-balanced camera light (h, w, K) into upright linear sRGB (H, W, 3) float32."""
    if highlights not in HIGHLIGHTS:
        raise ValueError(f"highlights is one of {', '.join(HIGHLIGHTS)}, got {highlights!r}")
    values = HIGHLIGHTS[highlights](light.values, light.clipped)
    return upright(values @ photo.camera_to_srgb.T, photo.orientation)


def render(linear: np.ndarray, ev: float, bits: int = 8, *, tone: str = "none") -> np.ndarray:
    """Expose, clip, tone and encode linear sRGB: (H, W, 3) float32 -> uint8 or uint16 codes."""
    if tone not in TONES:
        raise ValueError(f"tone is one of {', '.join(TONES)}, got {tone!r}")
    exposed = np.clip(linear * np.float32(2.0**ev), 0, 1)
    return quantise(encode_srgb(TONES[tone](exposed)), bits)
