"""What a camera does to a batch of views, on tensors: meter, balance, expose, record, develop.

The twin of `datagen.camera` and `datagen.develop` for pixels that each stand for several sensor
sites, so without a mosaic: the noise of a pixel is that of the mean of its sites.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..camera import metering
from ..camera.sensors import SENSORS, Sensor
from ..camera.simulate import UNIT_TIME_S
from .light import blend_highlights, quantiles, transform

LUMINANCE = torch.tensor([0.2126, 0.7152, 0.0722])


@dataclass(frozen=True)
class Setup:
    """A batch of views in front of cameras that have metered them.

    sensors : one per view
    camera : (N, 3, H, W) camera light at scene value, before the mosaic, neutral not balanced
    back : (N, 3, 3) balanced camera light to linear sRGB
    mix, neutral : of the sensors, (N, 3, 3) and (N, 3)
    light : (N, 3) colour of the light as estimated
    gain : (N,) from scene value to the metered exposure
    """

    sensors: Sequence[Sensor]
    camera: Tensor
    back: Tensor
    mix: Tensor
    neutral: Tensor
    light: Tensor
    gain: Tensor

    def take(self, numbers: Sequence[int]) -> Setup:
        """Some of the views, each as often as it is listed."""
        index = torch.tensor(numbers, device=self.gain.device)
        tensors = (self.camera, self.back, self.mix, self.neutral, self.light, self.gain)
        return Setup([self.sensors[n] for n in numbers], *(x[index] for x in tensors))

    def true_light(self) -> Tensor:
        """(N, 3, H, W) linear sRGB at the metered exposure, without noise, clipping or errors."""
        white = _white(self.mix, self.neutral, self.light)
        return transform(self.back / white[:, None], self.camera * _each(self.gain))


@dataclass(frozen=True)
class Shot:
    """How each picture of a batch is taken; all (N,).

    metering_error : stops
    balance_error : (N, 2) stops of red and of blue, by which the white balance is wrong
    bracket_ev, ev : stops by which the shot itself, and its development, differ from metered
    sites : sensor sites whose mean a pixel is
    """

    metering_error: Tensor
    balance_error: Tensor
    bracket_ev: Tensor
    ev: Tensor
    sites: Tensor


def set_up(scenes: Tensor, cameras: Sequence[str]) -> Setup:
    """Point cameras, keys of SENSORS, at (N, 3, H, W) scene-linear sRGB >= 0 of any unit."""
    sensors = [SENSORS[name] for name in cameras]
    mix = _stacked([sensor.mix for sensor in sensors], scenes)
    neutral = _stacked([sensor.neutral_d65 for sensor in sensors], scenes)
    camera = transform(neutral[..., None] * mix, scenes).clamp(min=0)
    light, gain = estimate_light(scenes), meter(scenes)
    return Setup(sensors, camera, torch.linalg.inv(mix), mix, neutral, light, gain)


def photograph(
    setup: Setup,
    shot: Shot,
    noise: Tensor | None,
    highlights: Callable[[Tensor], Tensor] = blend_highlights,
) -> Tensor:
    """Take a shot of every view and develop it: (N, 3, H, W) linear sRGB, not yet clipped.

    Parameters
    ----------
    noise : (2, N, 3, H, W) standard normal, for what the light and what reading out adds; None
        takes the shots without
    highlights : what becomes of light that clips in some channels, an entry of light.HIGHLIGHTS
    """
    gain = setup.gain * 2.0 ** (shot.metering_error + shot.bracket_ev)
    raw = record(setup.camera * _each(gain), gain, setup.sensors, shot.sites, noise)
    white = _white(setup.mix, setup.neutral, setup.light * _tilt(shot.balance_error))
    balanced = highlights(raw / white[..., None, None])
    return transform(setup.back, balanced) * _each(2.0**shot.ev)


def record(
    camera: Tensor, gain: Tensor, sensors: Sequence[Sensor], sites: Tensor, noise: Tensor | None
) -> Tensor:
    """What the sensors make of camera light (N, 3, H, W): shot and read noise, the well, white.

    The variance of a site is that of `Sensor.noise_profile` at the ISO its exposure takes.
    """
    profiles = []
    for sensor, one in zip(sensors, gain.tolist(), strict=True):
        iso = iso_of(one, sensor)
        full = sensor.full_well / sensor.electrons(iso)
        profiles.append((*sensor.noise_profile(iso), min(full, 1.0)))
    shot, read, well = (_each(x) for x in camera.new_tensor(profiles).unbind(1))
    if noise is None:
        return camera.minimum(well)
    count = _each(sites)
    # Beyond four times white the light clips whatever its noise is.
    light = camera.clamp(max=4)
    light = light + (shot * light / count).sqrt() * noise[0]
    light = light.minimum(well) + (read / count).sqrt() * noise[1]
    return light.maximum(-4 * read.sqrt()).minimum(well)


def iso_of(gain: float, sensor: Sensor) -> int:
    """The ISO that `camera.metering.automatic_exposure` takes for a gain from scene to linear."""
    time_s = gain * UNIT_TIME_S * 100 / sensor.base_iso
    iso = sensor.base_iso
    while time_s > metering.LONGEST_HANDHELD_S and 2 * iso <= metering.MAX_ISO:
        time_s, iso = time_s / 2, iso * 2
    return iso


def meter(linear: Tensor) -> Tensor:
    """`datagen.camera.metering.meter` on (N, 3, H, W): gains (N,)."""
    luminance = _luminance(linear)
    brightest = linear.amax(1).flatten(1)
    bright = quantiles(brightest, metering.HIGHLIGHT_QUANTILE)
    bright = torch.where(bright > 0, bright, brightest.amax(1))
    floor = metering.BLACK * bright[:, None]
    middle = metering.KEY / luminance.flatten(1).maximum(floor).log().mean(1).exp()
    gain = (1 / bright).clamp(middle * 2.0**-metering.MAX_PULL_EV, middle)
    return torch.where(bright > 0, gain, torch.ones_like(gain))


def estimate_light(linear: Tensor) -> Tensor:
    """`datagen.camera.metering.estimate_light` on (N, 3, H, W): (N, 3) of luminance one."""
    brightest = linear.amax(1).flatten(1)
    kept = brightest <= quantiles(brightest, metering.HIGHLIGHT_QUANTILE)[:, None]
    scale = brightest.amax(1).clamp(min=1e-30)[:, None, None]
    pixels = (linear.flatten(2) / scale).double()
    norm = metering.SHADES_OF_GREY_NORM
    mean = ((pixels**norm * kept[:, None]).sum(2) / kept.sum(1)[:, None]) ** (1 / norm)
    mean = mean * scale[..., 0]
    light = mean.maximum(1e-3 * mean.amax(1, keepdim=True).clamp(min=1e-12))
    light = light**metering.ADAPTATION
    return (light / (light * LUMINANCE.to(light)).sum(1, keepdim=True)).to(linear.dtype)


def _luminance(linear: Tensor) -> Tensor:
    return (linear * LUMINANCE.to(linear)[:, None, None]).sum(1)


def _white(mix: Tensor, neutral: Tensor, light: Tensor) -> Tensor:
    """Camera RGB (N, 3) of a grey card under a light, largest entry 1, as `Sensor.white`."""
    white = neutral * (mix * light[:, None]).sum(2).clamp(min=1e-6)
    return white / white.amax(1, keepdim=True)


def _tilt(stops: Tensor) -> Tensor:
    """Factors (N, 3) of an error of (N, 2) stops in red and in blue."""
    red, blue = stops.unbind(1)
    return 2.0 ** torch.stack([red, torch.zeros_like(red), blue], 1)


def _stacked(arrays: Sequence[np.ndarray], like: Tensor) -> Tensor:
    return torch.from_numpy(np.stack(arrays)).to(like)


def _each(values: Tensor) -> Tensor:
    return values[:, None, None, None]
