"""Draw the pictures of docs/models_lut3d.md out of a built data set and the shipped weights.

python docs/images/lut3d.py --data out/demo --samples thatch_chapel_v1/ev-1.5 ...
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch

from benchmarks.methods.models.trained.checkpoints import load
from benchmarks.training.batches import to_batch
from datagen.dataset.read import load_pair, open_dataset
from luts import apply
from luts.lut import Lut

HERE = Path(__file__).parent
NAMES = ("image_adaptive_lut", "adaint")
INK = {"input": "0.6", "image_adaptive_lut": "tab:blue", "adaint": "tab:red"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="a built data set")
    parser.add_argument("--samples", nargs="+", required=True, help="ids")
    args = parser.parse_args()
    dataset = open_dataset(args.data)
    rows = {row.id: row for row in dataset.rows}
    models = {name: load(name)[0] for name in NAMES}
    columns = len(NAMES) + 3
    figure, axes = plt.subplots(
        len(args.samples), columns, figsize=(3 * columns, 2.1 * len(args.samples)), squeeze=False
    )
    for row, sample in zip(axes, args.samples, strict=True):
        pair = load_pair(dataset, rows[sample])
        images = to_batch(pair, "cpu")["degraded"]
        with torch.inference_mode():
            maps = {name: model.colour_maps(images)[0] for name, model in models.items()}
        shown = {"input": pair.degraded}
        shown |= {name: apply(lut, pair.degraded, "trilinear") for name, lut in maps.items()}
        shown["reference"] = pair.reference
        for cell, (title, encoded) in zip(row, shown.items(), strict=False):
            cell.imshow(encoded.clip(0, 1))
            cell.set_title(title, fontsize=9)
            cell.set_axis_off()
        _curves(row[-1], maps)
    figure.tight_layout()
    figure.savefig(HERE / "lut3d_pictures.jpg", dpi=70)


def _curves(cell: plt.Axes, maps: dict[str, Lut]) -> None:
    """What each map does to greys, with AdaInt's green vertices as ticks."""
    ramp = np.repeat(np.linspace(0, 1, 256, dtype=np.float32)[:, None], 3, axis=1)
    cell.plot([0, 1], [0, 1], color=INK["input"], lw=0.8)
    for name, lut in maps.items():
        cell.plot(ramp[:, 1], apply(lut, ramp, "trilinear").mean(1), color=INK[name], label=name)
    curve = maps["adaint"].shaper.table[:, 1]
    vertices = np.interp(np.linspace(0, 1, 33), curve, np.linspace(0, 1, len(curve)))
    cell.plot(vertices, np.zeros(33), "|", color=INK["adaint"], ms=8)
    cell.legend(fontsize=7, frameon=False)
    cell.set(title="greys", xlim=(0, 1), ylim=(-0.05, 1.05))
    cell.tick_params(labelsize=7)


if __name__ == "__main__":
    main()
