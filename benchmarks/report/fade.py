"""What methods do across the transition band: their weight, ring by ring, beside the ideal fade."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..metrics import Target
from ..metrics.case import Case
from .escape import label
from .figures import as_svg

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from datagen.dataset.read import Pair

    from ..harness.predict import Predict
    from ..metrics.rings import Profile

IDEAL = "ideal"
PAIRS = 6  # enough for a median, few enough to run every method again
# Where all profiles are read off: 0 at the border of A, 1 at that of C. Bands differ in width.
POSITIONS = np.linspace(0, 1, 33)


def typical_fades(
    pairs: Iterable[Pair], predictors: Mapping[str, Predict]
) -> dict[str, np.ndarray]:
    """Take the median over pairs of the methods' weight profiles.

    A mean would show the few pairs in which hardly anything was to be done, where a method's own
    change is many times the wanted one.

    Returns
    -------
    Method -> weight of its correction at POSITIONS, NaN where no pair wanted a measurable change;
    the ideal fade is IDEAL. Empty without a pair that has a band.
    """
    found: dict[str, list[np.ndarray]] = {}
    for pair in pairs:
        target = Target(pair.reference, pair.degraded, pair.regions)
        perfect = Case(target.ideal.encoded, target).profile
        if perfect is None:
            continue
        for name, predict in predictors.items():
            profile = Case(predict(pair, target.ideal.encoded), target).profile
            if profile is not None:
                found.setdefault(name, []).append(_read_off(profile, profile.made))
        found.setdefault(IDEAL, []).append(_read_off(perfect, perfect.wanted))
    return {name: _median(np.array(profiles)) for name, profiles in found.items()}


def spread_pairs(rows: pd.DataFrame, methods: list[str]) -> list[tuple[str, str]]:
    """Choose PAIRS pairs evenly from those that all methods have a value for.

    Returns
    -------
    (sample id, reference name), in the order of the rows.
    """
    scores = rows[(rows["metric"] == "psnr") & (rows["region"] == "B")]
    scores = scores[scores["method"].isin(methods)].dropna(subset="value")
    counts = scores.groupby(["sample", "expert"], sort=False)["method"].nunique()
    shared = counts.index[counts == len(methods)].tolist()
    picked = np.linspace(0, len(shared) - 1, min(PAIRS, len(shared)))
    return [shared[round(at)] for at in picked]


def _read_off(profile: Profile, weights: np.ndarray) -> np.ndarray:
    """Resample a profile without its two rims, which lie outside the band."""
    rings, known = weights[1:-1], np.isfinite(profile.made[1:-1])
    if known.sum() < 2:
        return np.full(len(POSITIONS), np.nan)
    centres = (np.arange(len(rings)) + 0.5) / len(rings)
    return np.interp(POSITIONS, centres[known], rings[known])


def _median(profiles: np.ndarray) -> np.ndarray:
    known = profiles[np.isfinite(profiles).all(1)]
    return np.median(known, axis=0) if len(known) else np.full(len(POSITIONS), np.nan)


def fade_plot(fades: Mapping[str, np.ndarray]) -> str:
    """Draw the profiles as SVG text: a perfect fade lies on the grey line, a no-op on 0."""

    def draw(axes: Axes) -> None:
        axes.plot(POSITIONS, fades[IDEAL], color="0.8", linewidth=7, label=IDEAL)
        for name, weights in fades.items():
            if name != IDEAL:
                axes.plot(POSITIONS, weights, label=label(name))
        axes.set(
            xlabel="position in the band, from A (0) to C (1)",
            ylabel="share of the wanted correction",
            xlim=(0, 1),
            ylim=(-0.5, 1.75),
        )

    return as_svg(draw)
