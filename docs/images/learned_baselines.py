"""Draw the pictures of docs/models_baselines.md out of a built data set and the shipped weights.

python docs/images/learned_baselines.py --data out/hdri_train --samples ID ID
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from models_local import correct, sheet

from benchmarks.methods.models.trained.checkpoints import load
from benchmarks.training.batches import to_batch
from datagen.dataset.read import Pair, load_pair, open_dataset
from datagen.images.files import write_image
from luts.colour.transfer import encode_srgb

HERE = Path(__file__).parent
NAMES = ("retinexnet_small", "hdr_cnn_small", "dped_small", "dpe_small", "retinexformer_small")
STOPS_DOWN = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="a built data set")
    parser.add_argument("--samples", nargs=2, required=True, help="ids: a dark one, a bright one")
    args = parser.parse_args()
    dataset = open_dataset(args.data)
    rows = {row.id: row for row in dataset.rows}
    dark, bright = (load_pair(dataset, rows[name]) for name in args.samples)
    results = [
        {"input": pair.degraded, "reference": pair.reference}
        | {name: correct(name, pair, np.full_like(pair.regions, 2)) for name in NAMES}
        for pair in (dark, bright)
    ]
    write_image(HERE / "learned_baselines.jpg", sheet(results))
    write_image(HERE / "learned_inside.jpg", sheet([split(dark), filled(bright)]))


@torch.inference_mode()
def split(pair: Pair) -> dict[str, np.ndarray]:
    """What RetinexNet takes a picture apart into."""
    model, _ = load("retinexnet_small")
    reflectance, illumination = model.decomposition(to_batch(pair, "cpu")["degraded"])
    relit = model.relighting(reflectance, illumination)
    parts = {"reflectance": reflectance, "illumination": illumination, "relit": relit}
    parts["reflectance x relit"] = reflectance * relit
    return {"input": pair.degraded} | {name: picture(part) for name, part in parts.items()}


@torch.inference_mode()
def filled(pair: Pair) -> dict[str, np.ndarray]:
    """What HDR-CNN puts where the input is burnt: the same stops darker, before and after."""
    model, _ = load("hdr_cnn_small")
    images = to_batch(pair, "cpu")["degraded"]
    scale = 0.5**STOPS_DOWN
    before, after = images.square() * scale, model.reconstruct(images) * scale
    burnt = (images.amax(1, keepdim=True) > 0.95).float()
    return {
        "input": pair.degraded,
        "saturated": picture(burnt),
        f"input, {STOPS_DOWN} stops down": encode_srgb(picture(before)),
        f"filled, {STOPS_DOWN} stops down": encode_srgb(picture(after)),
        "tone-mapped": picture(model(images).image),
    }


def picture(planes: torch.Tensor) -> np.ndarray:
    """(1, 1 or 3, H, W) to (H, W, 3) in [0, 1]."""
    return planes[0].expand(3, -1, -1).permute(1, 2, 0).clamp(0, 1).numpy()


if __name__ == "__main__":
    main()
