"""Develop a raw at any exposure: one decode serves every EV.

    camera light -> highlights -> matrix = linear sRGB -> gain 2**ev -> clip -> tone -> encode

Linear 1.0 is a grey that just clips the sensor at EV 0. The gain comes before the clip and the
tone curve, so it is a change of exposure and not of brightness.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np

from luts.tool import exact

from ..images.files import upright
from ..raw.highlights import HIGHLIGHTS, NEED_FLAGS
from ..raw.light import CameraLight, camera_light
from ..raw.noise import Profile, add_to_light, add_to_mosaic, noise_profile
from ..raw.photo import RawPhoto
from .encoder import Encoder
from .tone import TONES

BAND_ROWS = 16


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
    highlights : "clip", "blend" or "rebuild", see `datagen.raw.highlights`
    demosaic : one of `datagen.raw.demosaic.DEMOSAICERS`, used above half the sensor's size

    Returns
    -------
    (H, W, 3) float32; 1.0 = sensor clip, may exceed 1, may be negative outside the sRGB gamut.
    """
    flags = highlights in NEED_FLAGS
    light = camera_light(photo, long_edge, algorithm=demosaic, flags=flags)
    return to_linear(photo, light, highlights)


def linear_with_noise(
    photo: RawPhoto,
    ev: float,
    long_edge: int | None = None,
    *,
    domain: Literal["rgb", "mosaic"],
    rng: np.random.Generator,
    profile: Profile | None = None,
    highlights: str = "blend",
    demosaic: str = "ahd",
) -> np.ndarray:
    """Develop as `linear` does, with the noise of an exposure `ev` stops shorter added.

    The exposure stays as shot: apply the gain 2**ev afterwards, as without noise.

    Parameters
    ----------
    ev : stops, <= 0
    domain : "mosaic" adds it to every site, as a sensor does, at the cost of one more reduction or
        demosaicing; "rgb" adds it to the pixels of the finished size
    profile : (S, O) of the noise, var = S x + O for x in [0, 1], one pair or one per colour; None
        takes the file's NoiseProfile or else measures one

    Raises
    ------
    NoiseError : ev above 0, or noise that can be neither read nor measured
    """
    if domain not in ("rgb", "mosaic"):
        raise ValueError(f"domain is 'rgb' or 'mosaic', got {domain!r}")
    profile = profile or noise_profile(photo)
    if domain == "mosaic":
        noisy = add_to_mosaic(photo, ev, profile, rng)
        return linear(noisy, long_edge, highlights=highlights, demosaic=demosaic)
    light = camera_light(photo, long_edge, algorithm=demosaic)
    light = add_to_light(light, photo.white_balance, ev, profile=profile, rng=rng)
    return to_linear(photo, light, highlights)


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
    noise: Literal["none", "rgb", "mosaic"] = "none",
    rng: np.random.Generator | None = None,
    demosaic: str = "ahd",
) -> Iterator[np.ndarray]:
    """Develop to encoded pictures at several EVs out of one decode.

    Parameters
    ----------
    evs : stops from the exposure as shot
    bits : 8 or 16
    baseline : "dng" adds the file's BaselineExposure to every EV
    tone : one of `datagen.develop.tone.TONES`
    noise : where EVs below 0 get the noise of a shorter exposure, see `linear_with_noise`; EVs
        above 0 keep the noise of the file
    rng : source of that noise, needed for it

    Yields
    ------
    (H, W, 3) uint8 or uint16 for every EV, rounded.
    """
    shift = baseline_shift(photo, baseline)
    if noise not in ("none", "rgb", "mosaic"):
        raise ValueError(f"noise is 'none', 'rgb' or 'mosaic', got {noise!r}")
    if noise != "none" and rng is None:
        raise ValueError("noise needs a generator: rng=np.random.default_rng(seed)")
    clean = Encoder(linear(photo, long_edge, highlights=highlights, demosaic=demosaic))

    def at(ev: float) -> Encoder:
        if noise == "none" or rng is None or ev >= 0:
            return clean
        noisy = linear_with_noise(
            photo, ev, long_edge, domain=noise, rng=rng, highlights=highlights, demosaic=demosaic
        )
        return Encoder(noisy)

    return (_rendered(at(ev), ev + shift, bits, tone) for ev in evs)


def baseline_shift(photo: RawPhoto, baseline: str) -> float:
    """Stops that the file's BaselineExposure asks for: 0 with "ignore" or without the tag."""
    if baseline not in ("ignore", "dng"):
        raise ValueError(f"baseline is 'ignore' or 'dng', got {baseline!r}")
    return (photo.baseline_ev or 0.0) if baseline == "dng" else 0.0


def to_linear(photo: RawPhoto, light: CameraLight, highlights: str) -> np.ndarray:
    """Turn white-balanced camera light (h, w, K) into upright linear sRGB (H, W, 3) float32."""
    if highlights not in HIGHLIGHTS:
        raise ValueError(f"highlights is one of {', '.join(HIGHLIGHTS)}, got {highlights!r}")
    handle, source, whole = HIGHLIGHTS[highlights], light.values, highlights in NEED_FLAGS
    if whole:  # it looks around; the others go pixel by pixel
        source = handle(source, light.clipped)
    values = np.empty((*source.shape[:2], 3), np.float32)
    for first in range(0, len(values), BAND_ROWS):  # a band stays in cache
        band = slice(first, first + BAND_ROWS)
        part = source[band] if whole else handle(source[band], None)
        values[band] = exact.mix(part, photo.camera_to_srgb)
    return upright(values, photo.orientation)


def render(linear: np.ndarray, ev: float, bits: int = 8, *, tone: str = "none") -> np.ndarray:
    """Expose, clip, tone and encode linear sRGB: (H, W, 3) float32 -> uint8 or uint16 codes."""
    return _rendered(Encoder(linear), ev, bits, tone)


def _rendered(picture: Encoder, ev: float, bits: int, tone: str) -> np.ndarray:
    if tone not in TONES:
        raise ValueError(f"tone is one of {', '.join(TONES)}, got {tone!r}")
    if tone == "none":
        return picture.codes(ev, bits)
    exposed = np.clip(picture.linear * np.float32(exact.exp2(ev)), 0, 1)
    return Encoder(TONES[tone](exposed)).codes(0, bits)
