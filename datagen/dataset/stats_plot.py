"""The figure of `datagen stats`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from luts.tool.files import whole_file
from luts.tool.gate import plain_plot

from .exposure_map import BINS, FLOOR_EV, Luminances, shares

MOST_CAMERAS = 12
MOST_DOTS = 20_000  # on the first map


@dataclass(frozen=True, eq=False)
class Columns:
    """What the figure shows of the samples that were made."""

    evs: np.ndarray  # (n,), NaN where not known
    severities: np.ndarray  # (n,) mean CIEDE2000 of the picture, NaN without a distortion
    cameras: Counter[str]


def draw(
    path: Path,
    columns: Columns,
    lights: Luminances,
    maps: tuple[Mapping[str, np.ndarray], Mapping[str, np.ndarray]],
    chosen: Sequence[int],
) -> None:
    """Write the figure as a PNG.

    Parameters
    ----------
    columns, lights : of the samples that were made
    maps : of all pictures by principal components, and of some by t-SNE; the data set comes first
    chosen : the data set's pictures on the second map
    """
    figure = Figure(figsize=(15, 8), layout="constrained")
    (cameras, exposure, severity), (histogram, principal, neighbours) = figure.subplots(2, 3)
    _draw_exposure(exposure, columns, lights)
    _draw_severity(severity, columns)
    _draw_cameras(cameras, columns)
    _draw_histograms(histogram, lights, columns.evs)
    some = (
        np.linspace(0, len(columns.evs) - 1, min(len(columns.evs), MOST_DOTS)).round().astype(int)
    )
    (own, places), *others = maps[0].items()
    _draw_map(principal, {own: places[some], **dict(others)}, columns.evs[some])
    principal.set(title="Map of exposures: principal components", xlabel="brighter")
    shades = _draw_map(neighbours, maps[1], columns.evs[list(chosen)])
    neighbours.set(title="Map of exposures: t-SNE", xticks=[], yticks=[])
    figure.colorbar(shades, ax=[principal, neighbours], label="EV")
    with whole_file(path) as scratch:
        figure.savefig(scratch, dpi=110, metadata={"Software": None})


def _draw_exposure(axes: Any, columns: Columns, lights: Luminances) -> None:
    plain, evs = np.isnan(columns.severities), columns.evs
    known = sorted(set(evs[plain & ~np.isnan(evs)].tolist()))
    if known:
        boxes = [np.log2(np.maximum(lights.means[(evs == ev) & plain], 1e-4)) for ev in known]
        axes.boxplot(boxes, positions=known, widths=0.3)
        axes.set_xticks(known, [f"{ev:+g}" for ev in known])
    axes.set(xlabel="EV, undistorted", ylabel="log2 mean luminance", title="Exposure")


def _draw_severity(axes: Any, columns: Columns) -> None:
    strengths = columns.severities[~np.isnan(columns.severities)]
    if len(strengths):
        axes.hist(strengths, bins=30, color="0.4")
    axes.set(xlabel="mean CIEDE2000 of the picture", ylabel="samples", title="Distortion")


def _draw_cameras(axes: Any, columns: Columns) -> None:
    found = columns.cameras.most_common()
    shown = [(plain_plot(name), count) for name, count in found[:MOST_CAMERAS]]
    if rest := sum(count for _, count in found[MOST_CAMERAS:]):
        shown.append((f"{len(found) - MOST_CAMERAS} others", rest))
    names, counts = zip(*reversed(shown), strict=True)
    axes.barh(names, counts, color="0.4")
    axes.set(xlabel="samples", title="Camera")


def _draw_histograms(axes: Any, lights: Luminances, evs: np.ndarray) -> None:
    edges = np.linspace(FLOOR_EV, 0, BINS)
    known = sorted(set(evs[~np.isnan(evs)].tolist()))
    for ev in known:
        axes.plot(edges, shares(lights.histograms[evs == ev]).mean(axis=0), label=f"{ev:+g}")
    if known:
        axes.legend(title="EV")
    axes.set(xlabel="EV below white", ylabel="share of pixels", title="Luminance")


def _draw_map(axes: Any, places: Mapping[str, np.ndarray], evs: np.ndarray) -> Any:
    (own, own_places), *others = places.items()
    shades = axes.scatter(
        *own_places.T, c=np.nan_to_num(evs), s=9, cmap="viridis", label=plain_plot(own)
    )
    for number, (name, found) in enumerate(others):
        axes.scatter(
            *found.T, s=22, marker="x+1234"[number % 6], c=f"C{3 + number}", label=plain_plot(name)
        )
    axes.legend()
    return shades
