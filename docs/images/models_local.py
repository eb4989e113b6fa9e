"""Draw the pictures of docs/models.md out of a built data set and the shipped weights.

python docs/images/models_local.py --data out/demo --sample adams_place_bridge_v1/ev-1.5
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import torch
from matplotlib.figure import Figure

from benchmarks.methods.models import MODELS
from benchmarks.methods.models.trained.checkpoints import UntrainedError, load
from benchmarks.training.batches import to_batch
from datagen.dataset.read import Pair, load_pair, open_dataset
from datagen.images.codes import quantise
from datagen.images.files import write_image
from datagen.regions.labels import A, B, alpha, ideal
from datagen.regions.shapes import SHAPES, Guide
from luts.tool.seeding import sample_rng

HERE = Path(__file__).parent
DEGREES = (0.0, 0.5, 0.75, 1.0, 1.25, 1.5)
HOSTS_SHOWN = ("star_dce", "deep_upe")
HEIGHT, GAP, CAPTION = 200, 6, 18


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="a built data set")
    parser.add_argument("--sample", required=True, help="id of an under-exposed sample")
    args = parser.parse_args()
    dataset = open_dataset(args.data)
    row = next(row for row in dataset.rows if row.id == args.sample)
    pair = load_pair(dataset, row)
    figures = {
        "models_masks": lambda: masks(pair),
        "models_degree": lambda: degrees(pair),
        "models_concat_ranlen": lambda: versions(pair, ["star_dce+concat", "star_dce+ranlen"]),
        "models_band": lambda: versions(pair, ["star_dce+ranlen_no_band", "star_dce+ranlen"]),
        "models_three_tails": lambda: versions(pair, ["star_dce+three_tails", "star_dce+ranlen"]),
    }
    for name, rows in figures.items():
        try:
            write_image(HERE / f"{name}.jpg", sheet(rows()))
        except UntrainedError as error:
            print(f"{name}: skipped: {error}")
    profiles(pair, HERE / "models_profile.png")


def masks(pair: Pair) -> list[dict[str, np.ndarray]]:
    """One picture, several region maps: the maps above, the corrections below."""
    maps = {kind: draw(kind, pair) for kind in ("circle", "rectangle", "stroke", "gradient")}
    above = {"input": pair.degraded} | {kind: shown(m) for kind, m in maps.items()}
    below = {"reference": pair.reference}
    below |= {f"{kind}, corrected": correct("star_dce+ranlen", pair, m) for kind, m in maps.items()}
    return [above, below]


def degrees(pair: Pair) -> list[dict[str, np.ndarray]]:
    """More and less of what a Retinex and a curve model do."""
    circle = draw("circle", pair)
    return [
        {f"{name}, degree {d:g}": correct(name, pair, circle, degree=d) for d in DEGREES}
        for name in ("deep_upe+ranlen", "star_dce+ranlen")
    ]


def versions(pair: Pair, names: list[str]) -> list[dict[str, np.ndarray]]:
    """Local models side by side, and three times their distance to the ideal."""
    circle = draw("circle", pair)
    wanted = ideal(pair.degraded, pair.reference, alpha(circle))
    results = {name: correct(name, pair, circle) for name in names}
    errors = {f"3 x error, {name}": 3 * abs(image - wanted) for name, image in results.items()}
    return [{"input": pair.degraded, "ideal": wanted, **results}, errors]


def profiles(pair: Pair, path: Path) -> None:
    """Plot what each version makes of the brightness, ring by ring around the circle."""
    circle = draw("circle", pair)
    rows, columns = np.indices(circle.shape)
    middle = [np.mean(where) for where in np.nonzero(circle == A)]
    radius = np.hypot(rows - middle[0], columns - middle[1]).astype(int)
    rings = radius.ravel()[(radius <= radius[circle == A].max() * 2).ravel()]
    inside = (radius <= rings.max()).ravel()
    counts = np.bincount(rings)

    def profile(picture: np.ndarray) -> np.ndarray:
        change = (picture - pair.degraded).mean(axis=2).ravel()[inside]
        return np.bincount(rings, change) / counts

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    for axes, host in zip(figure.subplots(1, 2, sharey=True), HOSTS_SHOWN, strict=True):
        wanted = ideal(pair.degraded, pair.reference, alpha(circle))
        axes.plot(profile(wanted), "k--", label="ideal")
        for version in ("concat", "ranlen", "ranlen_no_band", "three_tails"):
            if (name := f"{host}+{version}") in MODELS:
                axes.plot(profile(correct(name, pair, circle)), label=version)
        axes.axvspan(radius[circle == A].max(), radius[circle == B].max(), color="0.9")
        axes.set(title=host, xlabel="distance from the middle, pixels (grey: B)")
    figure.axes[0].set(ylabel="mean change, encoded")
    figure.axes[0].legend()
    figure.savefig(path, dpi=100)


def draw(kind: str, pair: Pair) -> np.ndarray:
    settings = {"centre": "middle"} if kind in ("circle", "rectangle") else {}
    rng = sample_rng(4, f"models/{kind}")
    return SHAPES[kind](**settings).draw(pair.regions.shape, rng, Guide()).regions


def shown(regions: np.ndarray) -> np.ndarray:
    return np.repeat((regions / 2).astype(np.float32)[..., None], 3, axis=2)


def correct(name: str, pair: Pair, regions: np.ndarray, **settings: float) -> np.ndarray:
    model, _ = load(name, **settings)
    batch = to_batch(Pair(pair.id, pair.degraded, pair.reference, regions), "cpu")
    with torch.inference_mode():
        image = model(batch["degraded"], batch["regions"]).image[0]
    return image.permute(1, 2, 0).clamp(0, 1).numpy()


def sheet(rows: list[dict[str, np.ndarray]]) -> np.ndarray:
    """Rows of captioned pictures on white, aligned on the right."""
    width = max(len(row) for row in rows)
    tiles = [[tile(picture, caption) for caption, picture in row.items()] for row in rows]
    blank = np.full_like(tiles[0][0], 255)
    lines = [np.concatenate([blank] * (width - len(line)) + line, axis=1) for line in tiles]
    return np.concatenate(lines, axis=0)


def tile(picture: np.ndarray, caption: str) -> np.ndarray:
    width = round(HEIGHT * picture.shape[1] / picture.shape[0])
    canvas = np.full((HEIGHT + CAPTION + GAP, width + GAP, 3), 255, np.uint8)
    small = cv2.resize(picture, (width, HEIGHT), interpolation=cv2.INTER_LINEAR)
    canvas[CAPTION : CAPTION + HEIGHT, :width] = quantise(small.clip(0, 1))
    font = (cv2.FONT_HERSHEY_SIMPLEX, 0.4, (0, 0, 0), 1, cv2.LINE_AA)
    cv2.putText(canvas, caption, (2, CAPTION - 5), *font)
    return canvas


if __name__ == "__main__":
    main()
