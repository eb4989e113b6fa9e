"""The virtual camera: a scene of known light becomes the mosaic a sensor would have recorded.

Pure: arrays in, arrays out. `panorama` gives scenes, `dng` writes the file.
The chain, per site, with x the share of the white level that the light reaches:

    x = gain * neutral_d65 * max(mix @ scene, 0)        gain = time / UNIT_TIME_S * iso / 100
    electrons = Poisson(x * sensor.electrons(iso)), cut at the full well, plus read noise
    code = round(black + electrons / sensor.electrons(iso) * (white - black)), cut to [0, white]

References
----------
Healey & Kondepudy, "Radiometric CCD camera calibration and noise estimation", TPAMI 1994, for
shot noise + read noise + quantisation; `datagen.camera.sensors` for the colour model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from .sensors import SENSORS, Sensor

__all__ = [
    "SENSORS",
    "UNIT_TIME_S",
    "Exposure",
    "Sensor",
    "bracket",
    "mosaic_of",
    "photograph",
    "true_camera",
    "true_linear",
]

# Scenes have no absolute unit. This time at ISO 100 lifts scene value 1.0 to the white level.
UNIT_TIME_S = 1 / 60


@dataclass(frozen=True)
class Exposure:
    """How a shot was taken: shutter, sensitivity, and the light the camera balanced for."""

    time_s: float
    iso: int = 100
    light: tuple[float, float, float] = (1.0, 1.0, 1.0)  # linear sRGB, any scale; 1, 1, 1 is D65

    def __post_init__(self) -> None:
        if not (self.time_s > 0 and 0 < self.iso < 2**16 and min(self.light) > 0):
            raise ValueError(f"time, light and ISO must be positive (ISO below 65536), got {self}")

    @property
    def gain(self) -> float:
        """Factor from scene value to `linear`."""
        return self.time_s / UNIT_TIME_S * self.iso / 100

    def shifted(self, ev: float) -> Exposure:
        """Give the same shot with a shutter so many stops longer."""
        return replace(self, time_s=self.time_s * 2.0**ev)


def true_camera(linear: np.ndarray, sensor: Sensor, exposure: Exposure) -> np.ndarray:
    """Give the noise-free, unclipped camera RGB of every pixel, before the mosaic.

    Parameters
    ----------
    linear : (H, W, 3) scene-linear sRGB, >= 0, in the scene's own unit

    Returns
    -------
    (H, W, 3) float64; 1.0 is the white level, more is what the sensor cuts off.
    """
    if linear.ndim != 3 or linear.shape[2] != 3:
        raise ValueError(f"a scene is (H, W, 3), got {linear.shape}")
    if not np.isfinite(linear).all():
        raise ValueError("a scene holds finite numbers only")
    response = exposure.gain * sensor.neutral_d65[:, None] * sensor.mix
    # Double precision, so that no processor's rounding tips a Poisson draw over.
    return np.maximum(linear.astype(np.float64) @ response.T, 0)


def true_linear(linear: np.ndarray, sensor: Sensor, exposure: Exposure) -> np.ndarray:
    """Give the picture a perfect converter would make of the shot: the truth to compare with.

    White balance divides camera RGB by `sensor.white(exposure.light)` (largest entry 1, so the
    smallest gain is 1), then the inverse of `sensor.mix` leads to sRGB. A grey card of value 1.0
    is therefore where the first channel, nearly always green, saturates.

    Parameters
    ----------
    linear : (H, W, 3) scene-linear sRGB, >= 0, in the scene's own unit

    Returns
    -------
    (H, W, 3) float32 linear sRGB, not clipped, without noise. When the light is D65 and no colour
    lies outside what the sensor can see, this is `exposure.gain * linear`.
    """
    camera = true_camera(linear, sensor, exposure)
    to_srgb = np.linalg.inv(sensor.mix) / sensor.white(exposure.light)
    return np.asarray(camera @ to_srgb.T, np.float32)


def mosaic_of(camera: np.ndarray, pattern: str) -> np.ndarray:
    """Keep the one channel of (H, W, 3) camera RGB that each site of the pattern sees: (H, W)."""
    mosaic = np.empty(camera.shape[:2], camera.dtype)
    for site, colour in enumerate(pattern):
        rows, columns = slice(site // 2, None, 2), slice(site % 2, None, 2)
        mosaic[rows, columns] = camera[rows, columns, "RGB".index(colour)]
    return mosaic


def photograph(
    linear: np.ndarray,
    sensor: Sensor,
    exposure: Exposure,
    rng: np.random.Generator | None = None,
) -> np.ndarray:
    """Take one shot of a scene.

    Parameters
    ----------
    linear : (H, W, 3) scene-linear sRGB, >= 0, in the scene's own unit
    rng : source of shot and read noise; None takes the shot without noise (rounding stays)

    Returns
    -------
    (H, W) uint16 mosaic of codes in [0, sensor.white_level].
    """
    at_white = sensor.electrons(exposure.iso)
    mosaic = mosaic_of(true_camera(linear, sensor, exposure), sensor.pattern)
    # A sun 2**20 above white would overflow the Poisson draw; four full wells clip just as surely.
    electrons = np.minimum(mosaic * at_white, 4 * sensor.full_well)
    if rng is not None:
        electrons = rng.poisson(electrons).astype(np.float64)
    electrons = np.minimum(electrons, sensor.full_well)
    if rng is not None:
        electrons += rng.normal(0, sensor.read_noise, electrons.shape)
    span = sensor.white_level - sensor.black_level
    codes = np.rint(sensor.black_level + electrons / at_white * span)
    return np.clip(codes, 0, sensor.white_level).astype(np.uint16)


def bracket(
    linear: np.ndarray,
    sensor: Sensor,
    exposure: Exposure,
    *,
    evs: Iterable[float],
    rng: np.random.Generator | None = None,
) -> Iterator[tuple[Exposure, np.ndarray]]:
    """Take a real exposure series: the shutter changes, noise and clipping are each shot's own.

    Yields (exposure, mosaic) for every EV, in stops from the given exposure. Successive shots
    draw from the same generator, so no two share their noise.
    """
    for ev in evs:
        shot = exposure.shifted(ev)
        yield shot, photograph(linear, sensor, shot, rng)
