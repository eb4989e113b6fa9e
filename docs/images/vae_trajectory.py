"""Draw the pictures of docs/models_vae.md out of a built data set and the shipped weights.

python docs/images/vae_trajectory.py --data out/hdri_train --scene kiara_1_dawn_v01
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import torch

from benchmarks.methods.models.trained.checkpoints import load
from benchmarks.report.recolour_plot import plot_trajectories
from datagen.dataset.read import load_pair, open_dataset
from datagen.images.codes import quantise
from datagen.images.files import write_image
from luts import apply

HERE = Path(__file__).parent
REPETITIONS = 4
SHOWN = ("ev-1.5", "ev+1.5", "ev+0_lut1")  # rows of the sheet
TRACED = ("ev-1.5", "ev-1", "ev+0", "ev+1", "ev+1.5", "ev+0_lut1", "ev+0_lut2")
HEIGHT, GAP, CAPTION = 150, 6, 18


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="a built data set")
    parser.add_argument("--scene", required=True, help="one with five exposures and two LUTs")
    args = parser.parse_args()
    dataset = open_dataset(args.data)
    rows = {row.id.partition("/")[2]: row for row in dataset.rows if row.scene == args.scene}
    model, _ = load("vae_recolour", iterations=REPETITIONS)
    series, goals, sheet = {}, {}, []
    for name in TRACED:
        pair = load_pair(dataset, rows[name])
        images = torch.from_numpy(pair.degraded.copy()).permute(2, 0, 1)[None]
        (found,) = model.recolour(images)
        series[name], goals[name] = found.thumbnails, pair.reference
        if name in SHOWN:
            once, _ = load("vae_recolour", iterations=1)
            (first,) = once.colour_maps(images)
            sheet.append(
                {
                    f"input, {name}": pair.degraded,
                    "once": apply(first, pair.degraded, "trilinear"),
                    f"{REPETITIONS} times": apply(found.cube, pair.degraded, "trilinear"),
                    "reference": pair.reference,
                }
            )
    plot_trajectories(series, HERE / "vae_trajectory.png", goals)
    rows = [np.concatenate([tile(*cell) for cell in row.items()], axis=1) for row in sheet]
    write_image(HERE / "vae_repeated.jpg", np.concatenate(rows))


def tile(caption: str, encoded: np.ndarray) -> np.ndarray:
    """A picture of HEIGHT with its caption above, uint8."""
    width = round(encoded.shape[1] * HEIGHT / encoded.shape[0])
    small = cv2.resize(quantise(encoded), (width, HEIGHT), interpolation=cv2.INTER_AREA)
    framed = cv2.copyMakeBorder(
        small, CAPTION, GAP, 0, GAP, cv2.BORDER_CONSTANT, value=(255, 255, 255)
    )
    return cv2.putText(framed, caption, (2, 13), cv2.FONT_HERSHEY_SIMPLEX, 0.4, 0, 1, cv2.LINE_AA)


if __name__ == "__main__":
    main()
