"""How far two data sets are apart: exposure, distortion, regions and colour, side by side.

The distance of two distributions is the first Wasserstein distance, in the unit of the quantity:
how far a sample has to be moved, on average, to make one the other. Beside it stands the two-sample
Kolmogorov-Smirnov statistic, from 0 (alike) to 1 (apart), which has no unit.

References
----------
Villani, "Optimal transport: old and new", Springer, 2009 (chapter 6); Massey, "The
Kolmogorov-Smirnov test for goodness of fit", Journal of the American Statistical Association 46,
1951. Both as in scipy.stats.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from matplotlib.figure import Figure
from scipy.stats import ks_2samp, wasserstein_distance

from luts.colour.colorimetry import encoded_to_lab, luminance
from luts.colour.transfer import decode_srgb
from luts.tool.files import whole_file
from luts.tool.gate import plain_cell, plain_plot

from ..images.codes import to_float
from .pictures import read_picture
from .read import DataSet

FAINTEST = 1e-4  # of white
SIDE = 64  # pixels a picture is shrunk to before its colours are averaged

QUANTITIES: Mapping[str, str] = {  # column -> unit
    "ev": "stops",
    "image_severity": "dE00",
    "coverage": "share",
    "mean_luminance": "stops",
    "lab_a": "a*",
    "lab_b": "b*",
    "chroma": "C*",
}


@dataclass(frozen=True)
class Distance:
    """One quantity of two sets: (10 %, median, 90 %) of each, and how far they are apart."""

    quantity: str
    unit: str
    first: tuple[float, float, float]
    second: tuple[float, float, float]
    wasserstein: float  # in the unit
    kolmogorov_smirnov: float  # 0 to 1


def measured(dataset: DataSet) -> dict[str, np.ndarray]:
    """Every quantity of every sample that was made, NaN where a sample has none."""
    rows = []
    for row in dataset.samples:
        encoded = to_float(read_picture(dataset.folder, row.input, row.size))
        small = cv2.resize(encoded, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        lab = encoded_to_lab(small.reshape(-1, 3))
        mean = float(luminance(decode_srgb(small)).mean())
        rows.append(
            (
                np.nan if row.ev is None else row.ev,
                np.nan if row.distortion is None else row.distortion.image_severity,
                row.coverage.A,
                np.log2(max(mean, FAINTEST)),
                lab[:, 1].mean(),
                lab[:, 2].mean(),
                np.hypot(lab[:, 1], lab[:, 2]).mean(),
            )
        )
    return dict(
        zip(QUANTITIES, np.array(rows, np.float64).reshape(-1, len(QUANTITIES)).T, strict=True)
    )


def distances(first: Mapping[str, np.ndarray], second: Mapping[str, np.ndarray]) -> list[Distance]:
    """Compare two sets, quantity by quantity; those that one of them lacks are left out.

    Parameters
    ----------
    first, second : (n,) and (m,) values by quantity, NaN where a sample has none
    """
    found = []
    for name, unit in QUANTITIES.items():
        one, two = (values[name][~np.isnan(values[name])] for values in (first, second))
        if len(one) and len(two):
            spans = [tuple(np.quantile(x, (0.1, 0.5, 0.9)).tolist()) for x in (one, two)]
            apart = wasserstein_distance(one, two), ks_2samp(one, two, method="asymp").statistic
            found.append(Distance(name, unit, spans[0], spans[1], *map(float, apart)))
    return found


def table(names: Sequence[str], found: Sequence[Distance]) -> str:
    """Markdown: the 10 %, 50 % and 90 % points of both sets, and the distances."""
    lines = [
        f"| | unit | {plain_cell(names[0])} | {plain_cell(names[1])} | Wasserstein | KS |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for one in found:
        spans = (" / ".join(f"{x:.2f}" for x in span) for span in (one.first, one.second))
        apart = f"{one.wasserstein:.3f} | {one.kolmogorov_smirnov:.2f}"
        lines.append(f"| {one.quantity} | {one.unit} | {' | '.join(spans)} | {apart} |")
    return "\n".join(lines) + "\n"


def write_distance(first: DataSet, second: DataSet, out: Path) -> tuple[str, list[Path]]:
    """Write distance_<name>.csv and .png; returns the table for reading, and the paths."""
    values = measured(first), measured(second)
    found = distances(*values)
    names = first.name, second.name
    stem = out / f"distance_{plain_cell(second.name)}"
    with (
        whole_file(stem.with_suffix(".csv")) as scratch,
        scratch.open("w", newline="", encoding="utf-8") as stream,
    ):
        writer = csv.writer(stream, lineterminator="\n")
        spans = [f"{end}_{point}" for end in ("first", "second") for point in (10, 50, 90)]
        writer.writerow(["quantity", "unit", *spans, "wasserstein", "kolmogorov_smirnov"])
        for one in found:
            numbers = (*one.first, *one.second, one.wasserstein, one.kolmogorov_smirnov)
            writer.writerow([one.quantity, one.unit, *(f"{x:.6g}" for x in numbers)])
    _draw(stem.with_suffix(".png"), names, values, found)
    return table(names, found), [stem.with_suffix(".csv"), stem.with_suffix(".png")]


def _draw(
    path: Path,
    names: tuple[str, str],
    values: tuple[Mapping[str, np.ndarray], Mapping[str, np.ndarray]],
    found: Sequence[Distance],
) -> None:
    """One histogram a quantity, both sets on common edges."""
    figure = Figure(figsize=(3.2 * max(len(found), 1), 3), layout="constrained")
    axes = figure.subplots(1, max(len(found), 1), squeeze=False)[0]
    for each, one in zip(axes, found, strict=False):
        parts = [v[one.quantity][~np.isnan(v[one.quantity])] for v in values]
        edges = np.histogram_bin_edges(np.concatenate(parts), bins=24)
        for part, name in zip(parts, names, strict=True):
            weights = np.full(len(part), 1 / len(part))
            each.hist(part, edges, weights=weights, alpha=0.55, label=plain_plot(name))
        each.set(title=f"{one.quantity} ({one.unit})\nW {one.wasserstein:.2f}", yticks=[])
    axes[0].legend()
    with whole_file(path) as scratch:
        figure.savefig(scratch, dpi=110, metadata={"Software": None})
