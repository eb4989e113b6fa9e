"""The loss curves of a run as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from luts.tool.files import whole_file

SMOOTHED_OVER = 50  # steps


def plot_losses(losses: list[dict], scores: list[dict], path: Path) -> None:
    """Draw each loss term (running mean, log scale) and the validation score over the steps."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    steps = np.array([row["step"] for row in losses])
    for name in (key for key in losses[0] if key != "step"):
        values = np.array([row[name] for row in losses])
        width = min(SMOOTHED_OVER, len(values))
        mean = np.convolve(values, np.full(width, 1 / width), "valid")
        left.plot(steps[width - 1 :], mean, label=name, lw=2 if name == "loss" else 1)
    left.set(xlabel="step", ylabel=f"loss, mean over {SMOOTHED_OVER} steps", yscale="log")
    left.legend(fontsize=7)
    right.plot([row["step"] for row in scores], [row["score"] for row in scores], marker="o")
    right.set(xlabel="step", ylabel="validation PSNR, dB")
    with whole_file(path) as scratch:
        figure.savefig(scratch, dpi=120)


def plot_curves(curves: Mapping[str, Sequence[tuple[float, float]]], path: Path) -> None:
    """Draw the validation scores of many rows over minutes, best at the end first in the legend.

    curves : row -> (seconds, mean PSNR in dB) of every validation
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 5), layout="constrained")
    axes = figure.subplots()
    ranked = sorted(curves, key=lambda row: -max(score for _, score in curves[row]))
    for place, row in enumerate(ranked):
        minutes, scores = zip(*((at / 60, score) for at, score in curves[row]), strict=True)
        style = ("-", "--", ":")[place // 10 % 3]
        label = f"{row} {max(scores):.1f}"
        axes.plot(minutes, scores, style, marker=".", label=label, color=f"C{place % 10}")
    axes.set(xlabel="minutes of a core", ylabel="validation, mean PSNR, dB")
    axes.grid(alpha=0.3)
    figure.legend(loc="outside right upper", fontsize=7)
    with whole_file(path) as scratch:
        figure.savefig(scratch, dpi=120)


def plot_families(
    panels: Mapping[str, Mapping[str, Sequence[tuple[float, float]]]],
    levels: Mapping[str, tuple[str, float]],
    path: Path,
) -> None:
    """Draw the curves of many rows, a panel a family, all on the same axes.

    panels : family -> row -> (minutes, mean PSNR in dB) of every validation
    levels : family -> a rule that does not learn and its mean PSNR on the same pictures
    """
    from matplotlib.figure import Figure

    across = 3
    down = -(-len(panels) // across)
    figure = Figure(figsize=(12, 3.6 * down), layout="constrained")
    grid = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False)
    for axes in grid.flat[len(panels) :]:
        axes.set_axis_off()
    for axes, (family, curves) in zip(grid.flat, panels.items(), strict=False):
        ranked = sorted(curves, key=lambda row: -max(score for _, score in curves[row]))
        for place, row in enumerate(ranked):
            minutes, scores = zip(*sorted(curves[row]), strict=True)
            style = ("-", "--", ":")[place // 10 % 3]
            label = f"{row} {max(scores):.1f}"
            axes.plot(minutes, scores, style, marker=".", ms=4, lw=1.2, label=label)
        if family in levels:
            rule, level = levels[family]
            axes.axhline(level, color="0.4", ls="-.", label=f"best rule, {rule} {level:.1f}")
        axes.set_title(family, fontsize=10)
        axes.grid(alpha=0.3)
        axes.legend(fontsize=6, loc="lower right")
    figure.supxlabel("minutes of a core", fontsize=9)
    figure.supylabel("validation, mean PSNR (dB)", fontsize=9)
    with whole_file(path) as scratch:
        figure.savefig(scratch, dpi=100)
