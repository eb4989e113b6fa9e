"""The loss curves of a run as a picture."""

from __future__ import annotations

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
