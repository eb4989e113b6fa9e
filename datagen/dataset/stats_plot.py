"""The figure of `datagen stats`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from luts.tool.files import whole_file
from luts.tool.gate import plain_plot

from .exposure_map import BINS, FLOOR_EV, Luminance
from .rows import Sample

MOST_CAMERAS = 12


def draw(
    path: Path,
    rows: Sequence[Sample],
    lights: Sequence[Luminance],
    *,
    maps: tuple[Mapping[str, np.ndarray], Mapping[str, np.ndarray]],
    ev_shown: Sequence[float | None],
) -> None:
    """Write the figure as a PNG.

    Parameters
    ----------
    rows, lights : of the samples that were made
    maps : of all pictures by principal components, and of some by t-SNE; the data set comes first
    ev_shown : of the data set's pictures on the second map
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(15, 8), layout="constrained")
    (cameras, exposure, severity), (histogram, principal, neighbours) = figure.subplots(2, 3)
    evs = _numbers([row.ev for row in rows])
    _draw_exposure(exposure, rows, lights, evs)
    _draw_severity(severity, rows)
    _draw_cameras(cameras, rows)
    _draw_histograms(histogram, lights, evs)
    _draw_map(principal, maps[0], evs)
    principal.set(title="Map of exposures: principal components", xlabel="brighter")
    shades = _draw_map(neighbours, maps[1], _numbers(ev_shown))
    neighbours.set(title="Map of exposures: t-SNE", xticks=[], yticks=[])
    figure.colorbar(shades, ax=[principal, neighbours], label="EV")
    with whole_file(path) as scratch:
        figure.savefig(scratch, dpi=110, metadata={"Software": None})


def _numbers(evs: Sequence[float | None]) -> np.ndarray:
    return np.array([np.nan if ev is None else ev for ev in evs], float)


def _draw_exposure(
    axes: Any, rows: Sequence[Sample], lights: Sequence[Luminance], evs: np.ndarray
) -> None:
    means = np.array([found.mean_luminance for found in lights])
    plain = np.array([row.distortion is None for row in rows])
    known = sorted(set(evs[plain & ~np.isnan(evs)]))
    if known:
        boxes = [np.log2(np.maximum(means[(evs == ev) & plain], 1e-4)) for ev in known]
        axes.boxplot(boxes, positions=known, widths=0.3)
        axes.set_xticks(known, [f"{ev:+g}" for ev in known])
    axes.set(xlabel="EV, undistorted", ylabel="log2 mean luminance", title="Exposure")


def _draw_severity(axes: Any, rows: Sequence[Sample]) -> None:
    strengths = [row.distortion.image_severity for row in rows if row.distortion]
    if strengths:
        axes.hist(strengths, bins=30, color="0.4")
    axes.set(xlabel="mean CIEDE2000 of the picture", ylabel="samples", title="Distortion")


def _draw_cameras(axes: Any, rows: Sequence[Sample]) -> None:
    found = Counter(plain_plot(row.camera or "not known") for row in rows).most_common()
    shown = found[:MOST_CAMERAS]
    if rest := sum(count for _, count in found[MOST_CAMERAS:]):
        shown.append((f"{len(found) - MOST_CAMERAS} others", rest))
    names, counts = zip(*reversed(shown), strict=True)
    axes.barh(names, counts, color="0.4")
    axes.set(xlabel="samples", title="Camera")


def _draw_histograms(axes: Any, lights: Sequence[Luminance], evs: np.ndarray) -> None:
    edges = np.linspace(FLOOR_EV, 0, BINS)
    known = sorted(set(evs[~np.isnan(evs)]))
    for ev in known:
        chosen = [found.histogram for found, keep in zip(lights, evs == ev, strict=True) if keep]
        axes.plot(edges, np.mean(chosen, axis=0), label=f"{ev:+g}")
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
