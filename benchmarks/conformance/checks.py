"""The checks: each asks a function for a number whose right value is known independently."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .sharma2005 import PAIRS

Function = Callable[..., float]


@dataclass(frozen=True)
class Check:
    """A question with a known answer.

    `ask(function)` returns what the function says and what it ought to say (numbers or arrays);
    both NaN, or both infinite, agree.
    """

    name: str
    ask: Callable[[Function], tuple[ArrayLike, ArrayLike]]
    tolerance: float
    why: str


@dataclass(frozen=True)
class Finding:
    """The answer to one check; `worst` is the largest deviation, inf when the function failed."""

    check: Check
    passed: bool
    worst: float
    said: str


def run_check(check: Check, function: Function) -> Finding:
    """Run one check; an exception in the function under test is a failed check, not ours."""
    try:
        said, right = (np.asarray(answer, float) for answer in check.ask(function))
    except Exception as error:  # whatever a foreign library raises
        return Finding(check, False, math.inf, f"{type(error).__name__}: {error}".splitlines()[0])
    agree = (said == right) | (np.isnan(said) & np.isnan(right))
    with np.errstate(invalid="ignore"):
        away = np.where(agree, 0, np.abs(said - right))
    worst = float(np.nan_to_num(away, nan=math.inf, posinf=math.inf).max())
    where = np.unravel_index(int(np.argmax(away)), away.shape)
    text = f"{said[where]:.6g} instead of {right[where]:.6g}"
    return Finding(check, worst <= check.tolerance, worst, text)


def pictures(height: int, width: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Make a seeded estimate and reference with structure, texture and a flat part; float64."""
    rng = np.random.default_rng([seed, height, width])
    y, x = np.mgrid[:height, :width] / 17
    base = 0.5 + 0.3 * np.stack([np.sin(x + y), np.cos(1.3 * x - y), np.sin(2 * y)], -1)
    reference = np.clip(base + rng.normal(0, 0.05, base.shape), 0, 1)
    reference[: height // 4, : width // 4] = 0.25
    return np.clip(reference**1.3 + rng.normal(0, 0.02, base.shape), 0, 1), reference


def disc(height: int, width: int) -> np.ndarray:
    """A (H, W) weight: 1 in a disc around the middle, 0 outside."""
    y, x = np.mgrid[:height, :width]
    return (np.hypot(y - height / 2, x - width / 2) < min(height, width) / 3).astype(float)


def wang_ssim(estimate: np.ndarray, reference: np.ndarray) -> float:
    """SSIM written from the paper's equations, window by window; slow, and nobody's fast path.

    Wang, Bovik, Sheikh and Simoncelli, IEEE TIP 13(4), 2004, equations 13 to 16.
    """
    axis = np.arange(-5, 6)
    window = np.exp(-(axis**2) / (2 * 1.5**2))
    window = np.outer(window, window) / window.sum() ** 2
    values = []
    for channel in range(3):
        views = (
            np.lib.stride_tricks.sliding_window_view(image[..., channel], (11, 11))
            for image in (estimate, reference)
        )
        x, y = views
        mx, my = (np.einsum("hwij,ij->hw", v, window) for v in (x, y))
        dx, dy = x - mx[..., None, None], y - my[..., None, None]
        vx, vy, cov = (
            np.einsum("hwij,hwij,ij->hw", p, q, window) for p, q in ((dx, dx), (dy, dy), (dx, dy))
        )
        c1, c2 = 0.01**2, 0.03**2
        values.append((2 * mx * my + c1) * (2 * cov + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2)))
    return float(np.mean(values))


SIZES = (11, 11), (37, 91), (64, 64), (45, 130)


def _frames(oracle: Function) -> Callable[[Function], tuple[list[float], list[float]]]:
    def ask(function: Function) -> tuple[list[float], list[float]]:
        pairs = [pictures(*size) for size in SIZES]
        return [function(*pair) for pair in pairs], [oracle(*pair) for pair in pairs]

    return ask


def _shifted(function: Function) -> tuple[list[float], list[float]]:
    grey = np.full((20, 30, 3), 0.4)
    steps = (0.1, 0.01, 0.5)
    return [function(grey + d, grey) for d in steps], [-20 * math.log10(d) for d in steps]


def _identical(value: float) -> Callable[[Function], tuple[float, float]]:
    return lambda function: (function(pictures(30, 40)[1], pictures(30, 40)[1]), value)


def _constants(function: Function) -> tuple[float, float]:
    one, two = np.full((20, 30, 3), 0.5), np.full((20, 30, 3), 0.25)
    return function(one, two), (2 * 0.5 * 0.25 + 1e-4) / (0.5**2 + 0.25**2 + 1e-4)


def _outside(function: Function) -> tuple[float, float]:
    estimate, reference = pictures(60, 80)
    weight = disc(60, 80)
    noise = np.random.default_rng(1).random((2, *estimate.shape))
    inside = weight[..., None] > 0
    spoilt = np.where(inside, estimate, noise[0]), np.where(inside, reference, noise[1])
    return function(*spoilt, weight), function(estimate, reference, weight)


def _all_ones(function: Function) -> tuple[float, float]:
    pair = pictures(60, 80)
    return function(*pair, np.ones((60, 80))), function(*pair)


def _empty(function: Function) -> tuple[float, float]:
    return function(*pictures(60, 80), np.zeros((60, 80))), math.nan


def _mse_psnr(estimate: np.ndarray, reference: np.ndarray) -> float:
    return -10 * math.log10(float(np.mean((estimate - reference) ** 2)))


REGION = (
    Check("outside a region nothing counts", _outside, 0, "pixels of weight 0 leak into the value"),
    Check("weight 1 is the frame", _all_ones, 1e-9, "the region's form differs from the frame's"),
    Check("an empty region is NaN", _empty, 0, "0 or inf would enter a mean unseen"),
)
CHECKS: dict[str, tuple[Check, ...]] = {
    "psnr": (
        Check("a constant shift", _shifted, 1e-6, "peak, logarithm or channel mean"),
        Check("identical images are inf", _identical(math.inf), 0, "an epsilon caps the scale"),
        Check("textured pictures", _frames(_mse_psnr), 1e-6, "luma only, rounding, or pooling"),
    ),
    "ssim": (
        Check("constant images", _constants, 1e-6, "C1 or the data range"),
        Check("identical images are 1", _identical(1.0), 1e-9, "numerics"),
        Check(
            "Wang's definition on odd sizes",
            _frames(wang_ssim),
            1e-6,
            "uniform window, sample covariance, padded border, luma only or downsampling",
        ),
    ),
    "delta_e_2000": (
        Check(
            "Sharma's 34 pairs",
            lambda function: (function(PAIRS[:, :3], PAIRS[:, 3:6]), PAIRS[:, 6]),
            1e-4,
            "mean hue, hue difference or rotation term",
        ),
        Check(
            "symmetry",
            lambda function: (
                function(PAIRS[:, :3], PAIRS[:, 3:6]),
                function(PAIRS[:, 3:6], PAIRS[:, :3]),
            ),
            1e-9,
            "the sign of a hue difference of 180 degrees",
        ),
    ),
}
