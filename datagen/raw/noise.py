"""The noise of a shorter exposure, which a gain alone does not bring.

A gain keeps the ratio of signal to noise. A real exposure g times as long collects g times the
light, so its shot noise is larger beside it. With the noise model var(x) = S x + O the difference,
referred to the picture as shot, is

    S x (1 - g) / g + O (1 - g**2) / g**2

and is added before the gain. A longer exposure would be cleaner; no noise can be added for that.

References
----------
Adobe, Digital Negative Specification 1.7.1, NoiseProfile; Foi et al., "Practical
Poissonian-Gaussian noise modeling and fitting for single-image raw-data", TIP 2008.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from luts.tool import exact
from luts.tool.errors import UserError

from .cfa import tiled
from .light import CameraLight
from .photo import RawPhoto

Profile = tuple[tuple[float, float], ...]  # (S, O), one for all colours or one per colour
MOST_BINS = 24  # of brightness
CALM = 0.25  # quantile of the blocks of a bin that counts as free of texture
CALM_SHARE = 0.70  # that quantile over the mean for pure noise, from 200,000 simulated blocks
BLOCK = 8  # samples of one plane along the side of a block whose noise is measured
ROWS_AT_A_TIME = 128


class NoiseError(UserError):
    """Noise that cannot be added: EV above 0, or no profile."""


def noise_profile(photo: RawPhoto) -> Profile:
    """Give the file's own NoiseProfile, or measure one."""
    return photo.noise_profile or measure_profile(photo)


def add_to_mosaic(
    photo: RawPhoto, ev: float, profile: Profile, rng: np.random.Generator
) -> RawPhoto:
    """Give the photo the noise it would have `ev` stops darker, as seen at its own exposure.

    Clipped sites stay clipped, the others stay below clipping.

    Parameters
    ----------
    ev : stops, <= 0
    profile : (S, O) of x in [0, 1], one pair or one per colour

    Returns
    -------
    RawPhoto with a float32 mosaic.
    """
    gain = _checked_gain(ev)
    shape = photo.mosaic.shape
    pattern = photo.pattern
    per_site = profile_of(profile, photo.colours)[slice(None) if pattern is None else pattern]
    mosaic = np.empty(shape, np.float32)
    below_white = np.nextafter(np.float32(photo.white), np.float32(0))
    for first in range(0, shape[0], ROWS_AT_A_TIME):
        rows = slice(first, min(first + ROWS_AT_A_TIME, shape[0]))
        part = photo.mosaic[rows].astype(np.float32)
        black, shot, read = (
            _per_sample(values, pattern, part.shape)
            for values in (photo.black, per_site[..., 0], per_site[..., 1])
        )
        span = photo.white - black
        spread = np.sqrt(_variance((part - black) / span, gain, shot, read)) * span
        noisy = part + spread * normals(rng, part.shape)
        mosaic[rows] = np.where(part >= photo.white, part, np.minimum(noisy, below_white))
    return replace(photo, mosaic=mosaic)


def add_to_light(
    light: CameraLight, gains: np.ndarray, ev: float, *, profile: Profile, rng: np.random.Generator
) -> CameraLight:
    """Add the same noise, averaged over each pixel's sites, to developed camera light.

    Cheap and independent between pixels, so it lacks the grain that demosaicing leaves; at
    reduced size the two hardly differ.

    Parameters
    ----------
    gains : (K,) white balance that is in the light
    ev : stops, <= 0
    """
    gain = _checked_gain(ev)
    shot, read = profile_of(profile, len(gains)).T
    variance = _variance(light.values / gains, gain, shot, read) / np.maximum(light.sites, 1)
    noise = normals(rng, light.values.shape)
    noisy = light.values + np.float32(np.sqrt(variance) * gains) * noise
    if light.clipped is None:
        raise ValueError("noise needs to know what is clipped: flags=True")
    return replace(light, values=np.where(light.clipped >= 1, light.values, noisy))


def normals(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Draw (shape) float32 of the standard normal distribution, the same on every machine.

    numpy's own draws go through libm where they are rare. Here two of 65536 equally likely
    quantiles, taken by whole numbers, add up; the largest possible value is 5.9.
    """
    table, scale = _quantiles()
    one, two = rng.integers(0, len(table), (2, *shape), np.uint16)
    drawn = table.take(one)
    drawn += table.take(two)
    drawn *= scale
    return drawn


@cache
def _quantiles() -> tuple[np.ndarray, np.float32]:
    """(65536,) float32 multiples of 2**-20, and what makes the variance of two of them one.

    No quantile lies within 1e-12 of where its multiple changes, a hundred times the error of ndtri.
    """
    from scipy.special import ndtri  # 0.1 s to import

    steps = np.rint(ndtri((np.arange(1 << 16) + 0.5) / (1 << 16)) * 2.0**20).astype(np.int64)
    variance = 2 * int((steps * steps).sum()) / (len(steps) * 2**40)
    return np.asarray(steps * 2.0**-20, np.float32), np.float32(1 / np.sqrt(variance))


def measure_profile(photo: RawPhoto) -> Profile:
    """Estimate (S, O) of every colour from the photo's own flat areas.

    Every block of a colour plane gives a mean and the variance of its second differences, which
    ramps leave at 0. Texture only adds to it, so at each brightness the least textured blocks
    count; a line through them, never negative, is the profile.

    References
    ----------
    Immerkaer, "Fast noise variance estimation", CVIU 1996, for the second-difference mask
    """
    if photo.pattern is None:
        planes = [(k, photo.mosaic[:, :, k], photo.black[k]) for k in range(photo.colours)]
    else:
        rows, columns = photo.pattern.shape
        planes = [
            (photo.pattern[i, j], photo.mosaic[i::rows, j::columns], photo.black[i, j])
            for i in range(rows)
            for j in range(columns)
        ]
    profile = []
    for colour in range(photo.colours):
        points = [
            _block_points((plane - black) / np.float32(photo.white - black))
            for k, plane, black in planes
            if k == colour
        ]
        profile.append(_fit_line(*np.concatenate(points, axis=1)))
    return tuple(profile)


def profile_of(profile: Profile, colours: int) -> np.ndarray:
    """Spread a profile over K colours: (K, 2) of (S, O)."""
    pairs = np.array(profile, float)
    if pairs.ndim != 2 or pairs.shape[1] != 2 or len(pairs) not in (1, colours):
        raise NoiseError(f"a noise profile is one (S, O) pair or {colours}, got {profile}")
    return np.broadcast_to(pairs, (colours, 2))


def _checked_gain(ev: float) -> float:
    if ev > 0:
        raise NoiseError(
            f"EV {ev:+g}: a longer exposure has less noise than the file; "
            "noise can only be added for EV <= 0"
        )
    return float(exact.exp2(ev))


def _variance(signal: np.ndarray, gain: float, shot: np.ndarray, read: np.ndarray) -> np.ndarray:
    return shot * np.maximum(signal, 0) * ((1 - gain) / gain) + read * ((1 - gain**2) / gain**2)


def _per_sample(values: np.ndarray, pattern: np.ndarray | None, shape: tuple) -> np.ndarray:
    values = np.asarray(values, np.float32)
    return values if pattern is None else tiled(values, shape)


def _block_points(plane: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means and noise variances of the unclipped blocks of one plane of x in [0, 1]."""
    height, width = (size // BLOCK * BLOCK for size in plane.shape)
    plane = plane[:height, :width]
    blocks = plane.reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK).swapaxes(1, 2)
    twice = np.diff(np.diff(blocks, n=2, axis=2), n=2, axis=3)
    variance = np.square(twice).mean(axis=(2, 3)) / 36  # the mask's sum of squares
    flat = blocks.max(axis=(2, 3)) < 1
    return blocks.mean(axis=(2, 3))[flat], variance[flat]


def _fit_line(means: np.ndarray, variances: np.ndarray) -> tuple[float, float]:
    """Fit variance = S mean + O, neither negative, to the least textured blocks."""
    if len(means) < MOST_BINS:
        raise NoiseError("too few unclipped areas to measure noise in; give a profile (S, O)")
    order = np.argsort(means, kind="stable")
    bins = np.array_split(order, MOST_BINS)
    level = np.array([means[b].mean() for b in bins])
    noise = np.array([np.quantile(variances[b], CALM) for b in bins]) / CALM_SHARE
    trust = 1 / np.maximum(noise, noise.max() * 1e-4)  # errors grow with the variance itself
    return _least_squares(np.maximum(level, 0) * trust, trust, noise * trust)


def _least_squares(one: np.ndarray, two: np.ndarray, wanted: np.ndarray) -> tuple[float, float]:
    """The a, b >= 0 of a one + b two nearest to `wanted`; sums in numpy's own fixed order."""
    aa, ab, bb, ay, by = (
        float((x * y).sum())
        for x, y in ((one, one), (one, two), (two, two), (one, wanted), (two, wanted))
    )
    determinant = aa * bb - ab * ab
    if determinant > 0:
        a, b = (ay * bb - by * ab) / determinant, (by * aa - ay * ab) / determinant
        if a >= 0 and b >= 0:
            return a, b
    ay, by = max(ay, 0.0), max(by, 0.0)  # one of a, b is 0: the one whose term explains less
    if aa > 0 and ay * ay * bb >= by * by * aa:
        return ay / aa, 0.0
    return 0.0, by / bb
