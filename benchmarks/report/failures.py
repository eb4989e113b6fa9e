"""Where each family of methods fails: the pictures its best row does worst on, and in what way."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from datagen.dataset.read import load_pair
from luts.colour.colorimetry import encoded_to_lab, luminance
from luts.colour.transfer import decode_srgb

from ..metrics import Target
from .families import by_family
from .pictures import FLOOR, sample_row
from .summary import leaders

if TYPE_CHECKING:
    from datagen.dataset.read import DataSet

    from ..harness.predict import Predict

# What is shown of each family: the worst of each, each of another place.
SHOWN: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "under-exposed": lambda rows: (rows["ev"] < 0) & (rows["distortion"] == "none"),
    "over-exposed": lambda rows: (rows["ev"] > 0) & (rows["distortion"] == "none"),
    "through a LUT": lambda rows: rows["distortion"] != "none",
}
LEAST_COVERAGE = 0.05  # of the frame: smaller regions are no picture to look at
STOPS, CAST, CONTRAST = 0.35, 4.0, 0.25  # what is worth saying: EV, CIELAB units, share
MOST_BYTES = 150_000


@dataclass(frozen=True)
class Failure:
    """One picture in region A: scores, and how the result differs from the reference.

    psnr_input, psnr : dB; delta_e : mean CIEDE2000
    stops : mean difference of log2 luminance, negative where the result is too dark
    cast : length of the mean difference of (a*, b*), and its direction in words
    contrast : standard deviation of L* in the result over that in the reference
    """

    family: str
    method: str
    sample: str
    reference: str
    psnr_input: float
    psnr: float
    delta_e: float
    stops: float
    cast: float
    towards: str
    contrast: float

    @property
    def words(self) -> str:
        """What is wrong, the named differences only."""
        said = []
        if abs(self.stops) >= STOPS:
            said.append(f"{abs(self.stops):.1f} EV too {'dark' if self.stops < 0 else 'bright'}")
        if self.cast >= CAST:
            said.append(f"a cast of {self.cast:.0f} towards {self.towards}")
        if self.contrast <= 1 - CONTRAST or self.contrast >= 1 + CONTRAST:
            said.append(f"{self.contrast:.1f} times the contrast")
        return ", ".join(said) or "right on average, wrong from place to place"


# Numbers; degraded, result and reference (H, W, 3), encoded; where region A is (H, W).
Told = tuple[Failure, list[np.ndarray], np.ndarray]


def worst_pairs(rows: pd.DataFrame) -> dict[str, list[tuple[str, str, str]]]:
    """The pairs of SHOWN on which the best row of every family scores worst in region A.

    Returns
    -------
    Family -> (method, sample, reference), each of another place. Best and worst are by
    PSNR against the references of `rows`; regions A below LEAST_COVERAGE are left out.
    """
    scores = rows[(rows["metric"] == "psnr") & (rows["region"] == "A") & rows["value"].notna()]
    scores = scores[scores["coverage"] >= LEAST_COVERAGE]
    found: dict[str, list[tuple[str, str, str]]] = {}
    for family, members in by_family(leaders(rows)).items():
        best = members[0]  # leaders come best first
        mine = scores[scores["method"] == best].sort_values(["value", "sample", "expert"])
        found[family] = []
        for chosen in SHOWN.values():
            for row in mine[chosen(mine)].head(1).itertuples():
                found[family].append((best, str(row.sample), str(row.expert)))
                mine = mine[mine["group"] != row.group]
    return found


def failure(
    names: tuple[str, str, str, str],
    estimate: np.ndarray,
    ideal: np.ndarray,
    inside: np.ndarray,
    scores: tuple[float, float, float],
) -> Failure:
    """Say how an estimate differs from what is wanted, both encoded (H, W, 3), where `inside`.

    Parameters
    ----------
    names : family, method, sample, reference
    scores : PSNR of the input and of the estimate, ΔE00 of the estimate, as the run has them
    """
    lab, wanted = (encoded_to_lab(encoded[inside]) for encoded in (estimate, ideal))
    light, wanted_light = (
        luminance(decode_srgb(encoded[inside])) + FLOOR for encoded in (estimate, ideal)
    )
    shift = (lab - wanted).mean(axis=0)
    spread = max(float(wanted[:, 0].std()), 1e-6)
    return Failure(
        *names,
        *scores,
        stops=float(np.log2(light / wanted_light).mean()),
        cast=float(np.hypot(shift[1], shift[2])),
        towards=_hue(shift[1], shift[2]),
        contrast=float(lab[:, 0].std()) / spread,
    )


def _hue(a: float, b: float) -> str:
    """The name of a direction in the plane of a* and b*."""
    names = ("magenta", "red", "yellow", "green", "green", "cyan", "blue", "blue")
    return names[round(np.degrees(np.arctan2(b, a)) / 45) % 8]


def describe(
    dataset: DataSet,
    rows: pd.DataFrame,
    chosen: Mapping[str, Sequence[tuple[str, str, str]]],
    predictors: Mapping[str, Predict],
) -> dict[str, list[Told]]:
    """Make the chosen pairs again: family -> numbers and pictures."""
    scored = rows[rows["region"] == "A"].set_index(["method", "metric", "sample", "expert"])
    values = scored["value"].to_dict()
    found: dict[str, list[Told]] = {}
    for family, pairs in chosen.items():
        for method, sample, expert in pairs:
            pair = load_pair(dataset, sample_row(dataset, sample), expert)
            ideal = Target(pair.reference, pair.degraded, pair.regions).ideal.encoded
            estimate = predictors[method](pair, ideal)
            scores = (
                values.get(("input", "psnr", sample, expert), float("nan")),
                values[(method, "psnr", sample, expert)],
                values.get((method, "delta_e_2000", sample, expert), float("nan")),
            )
            names = (family, method, sample, expert)
            numbers = failure(names, estimate, ideal, pair.regions == 2, scores)
            found.setdefault(family, []).append(
                (numbers, [pair.degraded, estimate, pair.reference], pair.regions == 2)
            )
    return found


def sheet(told: Sequence[Told]) -> bytes:
    """Draw one family: degraded, result and reference of each picture, A outlined, a small JPEG."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"text.parse_math": False}):
        figure = Figure(figsize=(7.2, 1.9 * len(told)), layout="constrained")
        grid = figure.subplots(len(told), 3, squeeze=False)
        for line, (one, pictures, inside) in zip(grid, told, strict=True):
            heads = (
                f"{one.sample}\ninput {one.psnr_input:.1f} dB",
                f"{one.method}\n{one.psnr:.1f} dB, ΔE00 {one.delta_e:.1f}",
                f"reference\n{one.reference}",
            )
            for axes, head, picture in zip(line, heads, pictures, strict=True):
                axes.imshow(picture.clip(0, 1))
                if not inside.all():
                    axes.contour(inside, levels=[0.5], colors="white", linewidths=0.6)
                axes.set_title(head, fontsize=6)
                axes.set_axis_off()
        for quality in (88, 75, 60, 40):
            content = io.BytesIO()
            figure.savefig(content, format="jpg", dpi=110, pil_kwargs={"quality": quality})
            if content.tell() < MOST_BYTES:
                break
    return content.getvalue()
