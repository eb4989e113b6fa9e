"""Where repeated recolouring takes a picture: its exposure and its mean colour, step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from luts.colour.colorimetry import encoded_to_lab
from luts.tool.files import whole_file
from luts.tool.gate import plain_plot


def mean_lab(encoded: np.ndarray) -> np.ndarray:
    """CIELAB of a picture's pixels, averaged, (3,)."""
    return encoded_to_lab(encoded).reshape(-1, 3).mean(axis=0)


def plot_trajectories(
    series: Mapping[str, Sequence[np.ndarray]],
    path: Path,
    goals: Mapping[str, np.ndarray] | None = None,
) -> None:
    """Draw the mean lightness over repetitions, and the path of the mean colour in a*, b*.

    Parameters
    ----------
    series : by name, the pictures before the first repetition and after each, (h, w, 3) encoded
    path : the picture to write; its suffix chooses the format
    goals : by name, the picture each should become, where that is known
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    for number, (name, pictures) in enumerate(series.items()):
        lab = np.stack([mean_lab(picture) for picture in pictures])
        style = {"color": f"C{number % 10}", "marker": "o", "markersize": 4}
        left.plot(range(len(lab)), lab[:, 0], label=plain_plot(name), **style)
        right.plot(lab[:, 1], lab[:, 2], **style)
        right.plot(*lab[0, 1:], color=style["color"], marker="o", markersize=9, fillstyle="none")
        if goals:
            goal = mean_lab(goals[name])
            left.plot(len(lab) - 1, goal[0], color=style["color"], marker="*", markersize=13)
            right.plot(*goal[1:], color=style["color"], marker="*", markersize=13)
    left.set(xlabel="repetitions", ylabel="mean L*", xticks=range(len(lab)))
    left.legend(fontsize=7)
    right.set(xlabel="mean a*", ylabel="mean b*", aspect="equal")
    right.axhline(0, lw=0.5, color="grey")
    right.axvline(0, lw=0.5, color="grey")
    with whole_file(path) as scratch:
        figure.savefig(scratch, dpi=120)
