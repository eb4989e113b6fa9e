"""Draw the page of streamed pairs in docs/streams.md.

python docs/images/streams.py FOLDER_OF_PANORAMAS
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib.pyplot as plt

import datagen
from datagen.recipe.load import load_recipe

COUNT, ACROSS = 24, 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", help="panoramas of linear light")
    args = parser.parse_args()
    recipe = load_recipe("stream", [f"source.folder={args.folder}"])
    batch = datagen.stream(recipe, batch=COUNT).batch(0)
    rows = -(-COUNT // ACROSS)
    figure, axes = plt.subplots(rows, 3 * ACROSS, figsize=(24, 1.62 * rows))
    for axis in axes.flat:
        axis.axis("off")
    for number, drawn in enumerate(batch["drawn"]):
        cells = axes[number // ACROSS, 3 * (number % ACROSS) :][:3]
        names = drawn.get("distortion", {}).get("names", [])
        kind = "shot" if drawn["bracket"] else "developed"
        titles = (f"{drawn['ev']:+.1f} EV {kind} {' '.join(names)}", "fusion", "alpha")
        pictures = (batch["degraded"], batch["reference"], batch["alpha"])
        for cell, title, planes in zip(cells, titles, pictures, strict=True):
            cell.imshow(planes[number].permute(1, 2, 0).squeeze(), cmap="gray", vmin=0, vmax=1)
            cell.set_title(title, fontsize=7, pad=2)
    figure.subplots_adjust(0, 0, 1, 0.98, 0.02, 0.12)
    figure.savefig(Path(__file__).parent / "streams.jpg", dpi=70, pil_kwargs={"quality": 85})


if __name__ == "__main__":
    main()
