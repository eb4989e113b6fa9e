"""Ways to get a transition wrong, and the column of the band metrics that each of them trips."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter

from datagen.regions import labels as masks
from luts.colour.transfer import encode_srgb

from ..metrics import METRICS, Target, score_target
from ..metrics.rings import distance

COLUMNS = (
    "ev_rmse",
    "edge99",
    "span",
    "non_monotone",
    "overshoot",
    "jump",
    "profile_rmse",
    "ranlen_gs",
)
# A value beyond its limit is a fault. ranlen_gs has no limit: it is here to show that it cannot.
LIMITS = {
    "ev_rmse": 0.1,
    "edge99": 1.0,
    "span": 0.9,
    "non_monotone": 0.05,
    "overshoot": 0.05,
    "jump": 1.35,
    "profile_rmse": 0.05,
}


def tripped(values: dict[str, float]) -> list[str]:
    """Name the columns whose value is beyond its limit: `span` below, the others above."""
    return [
        name
        for name, limit in LIMITS.items()
        if (values[name] < limit if name == "span" else values[name] > limit)
    ]


def settings(size: tuple[int, int] = (256, 384)) -> list[Target]:
    """Two seeded pictures, two stops too dark, each with a round and an organic region."""
    return [
        Target(reference, degraded, regions)
        for seed in (1, 2)
        for reference, degraded in [_scene(size, seed)]
        for regions in (_circle(size), _organic(size, seed))
    ]


def _scene(size: tuple[int, int], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Scene light with the 1 / f spectrum of photographs, as shot right and two stops under."""
    rng = np.random.default_rng(seed)
    rows, columns = np.fft.fftfreq(size[0])[:, None], np.fft.rfftfreq(size[1])
    falloff = 1 / np.maximum(np.hypot(rows, columns), 1 / max(size)) ** 1.1
    grey = [np.fft.irfft2(np.fft.rfft2(rng.normal(size=size)) * falloff, size) for _ in range(3)]
    light = np.stack([grey[0] + 0.3 * g for g in grey], -1)
    light = 0.25 * np.exp(0.6 * (light - light.mean()) / light.std())
    quantised = [np.clip(encode_srgb(light * gain), 0, 1) * 255 for gain in (1, 0.25)]
    return tuple((q.round() / 255).astype(np.float32) for q in quantised)


def _circle(size: tuple[int, int]) -> np.ndarray:
    y, x = np.mgrid[: size[0], : size[1]]
    away = np.hypot(y - size[0] / 2, x - size[1] / 2) - size[0] / 4
    return np.where(away < 0, masks.A, np.where(away < 25, masks.B, masks.C)).astype(np.uint8)


def _organic(size: tuple[int, int], seed: int) -> np.ndarray:
    """A blob with lobes and dents; its band is the ring of 25 pixels around it."""
    field = gaussian_filter(np.random.default_rng(seed).normal(size=size), 24)
    y, x = np.mgrid[: size[0], : size[1]]
    field = field / field.std() - 2.5 * np.hypot((y - size[0] / 2) / size[0], (x / size[1] - 0.5))
    inside = field > np.quantile(field, 0.83)
    away = cv2.distanceTransform((~inside).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.where(inside, masks.A, np.where(away < 26, masks.B, masks.C)).astype(np.uint8)


def _blend(target: Target, alpha: np.ndarray) -> np.ndarray:
    """Blend with another weight, which may leave [0, 1]: then light is added or taken away."""
    dark, bright = target.input.linear, target.reference.linear
    linear = dark + alpha[..., None].astype(np.float32) * (bright - dark)
    return np.clip(encode_srgb(np.maximum(linear, 0)), 0, 1)


def _way_out(target: Target) -> np.ndarray:
    """0 at A, 1 at C, even between."""
    # Smoothstep's inverse: alpha = 1 - s^2 (3 - 2 s).
    return 0.5 - np.sin(np.arcsin(np.clip(2 * target.alpha - 1, -1, 1)) / 3)


def _bump(target: Target, centre: float, width: float) -> np.ndarray:
    shape = np.exp(-(((_way_out(target) - centre) / width) ** 2))
    return np.where(target.regions == masks.B, shape, 0)


def _noisy(target: Target) -> np.ndarray:
    ideal = target.ideal.encoded
    noise = np.random.default_rng(0).normal(0, 2 / 255, ideal.shape)
    return np.clip(ideal + noise, 0, 1).astype(np.float32)


def _jpeg(target: Target) -> np.ndarray:
    codes = (target.ideal.encoded * 255).round().astype(np.uint8)
    stream = cv2.imencode(".jpg", codes[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])[1]
    decoded = cv2.imdecode(stream, cv2.IMREAD_COLOR)
    if decoded is None:
        raise ValueError("OpenCV does not read the JPEG that it wrote")
    return np.ascontiguousarray(decoded[..., ::-1] / np.float32(255))


def _blurred(target: Target) -> np.ndarray:
    ideal = target.ideal.encoded
    band = (target.regions == masks.B)[..., None]
    return np.where(band, np.clip(cv2.GaussianBlur(ideal, (0, 0), 3), 0, 1), ideal)


def _leaking(target: Target) -> np.ndarray:
    """A band that ends 30 pixels too late."""
    wider = target.regions.copy()
    wider[(target.regions == masks.C) & (distance(target.regions != masks.C) <= 30)] = masks.B
    return _blend(target, masks.alpha(wider))


FAILURES: dict[str, Callable[[Target], np.ndarray]] = {
    "ideal": lambda target: target.ideal.encoded,
    "ideal + noise": _noisy,
    "ideal, JPEG 95": _jpeg,
    "linear ramp": lambda target: _blend(target, 1 - _way_out(target)),
    "8 bands": lambda target: _blend(target, np.round(target.alpha * 8) / 8),
    "two steps": lambda target: _blend(target, np.round(target.alpha * 2) / 2),
    "hard cut at A": lambda target: _blend(target, target.regions == masks.A),
    "bright halo": lambda target: _blend(target, target.alpha + 0.7 * _bump(target, 0.2, 0.12)),
    "dark ring": lambda target: _blend(target, target.alpha - 0.3 * _bump(target, 0.8, 0.1)),
    "ripple": lambda target: _blend(
        target,
        target.alpha + 0.2 * np.sin(6 * np.pi * _way_out(target)) * (target.regions == masks.B),
    ),
    "blurred content": _blurred,
    "leak of 30 px": _leaking,
    "no-op": lambda target: target.input.encoded,
    "global edit": lambda target: target.reference.encoded,
    "half strength": lambda target: _blend(target, target.alpha / 2),
}


def measure(targets: list[Target] | None = None) -> dict[str, dict[str, float]]:
    """Score every failure: output -> column -> mean over the settings."""
    targets = settings() if targets is None else targets
    table = {}
    for name, make in FAILURES.items():
        scores = [score_target(make(target), target, names=COLUMNS) for target in targets]
        ids = {column: METRICS[column].region_id("B") for column in COLUMNS}
        table[name] = {c: float(np.mean([score[ids[c]] for score in scores])) for c in COLUMNS}
    return table


def markdown(table: dict[str, dict[str, float]]) -> str:
    """Render the table; what is beyond its limit is in bold."""
    lines = ["| output | " + " | ".join(COLUMNS) + " |", "|---|" + "---:|" * len(COLUMNS)]
    for name, values in table.items():
        bold = tripped(values)
        cells = [f"**{values[c]:.2f}**" if c in bold else f"{values[c]:.2f}" for c in COLUMNS]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
