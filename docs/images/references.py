"""Draw the contact sheet of docs/references.md out of the demo data set.

python docs/images/references.py out/demo docs/images/references.jpg
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from datagen.dataset.read import load_pair, open_dataset

SCENES = [
    "adams_place_bridge_v1",
    "chinese_garden_v1",
    "dikhololo_night_v2",
    "evening_meadow_v1",
    "hilly_terrain_01_v1",
    "hotel_room_v3",
    "immenstadter_horn_v1",
    "lebombo_v2",
    "pm_workshop_v1",
    "small_hangar_01_v1",
    "snowy_field_v1",
    "vignaioli_night_v2",
]
ACROSS, EDGE = 2, 4
HEADS = ("as shot", "auto", "fusion")


def main(folder: str, target: str) -> None:
    dataset = open_dataset(Path(folder))
    rows = {row.id: row for row in dataset.rows}
    strips = []
    for name in SCENES:
        row = rows[f"{name}/ev+0"]
        pictures = [load_pair(dataset, row).degraded]
        pictures += [load_pair(dataset, row, reference).reference for reference in HEADS[1:]]
        tile = [
            np.pad(p, ((EDGE, EDGE), (EDGE, EDGE), (0, 0)), constant_values=1) for p in pictures
        ]
        strips.append(np.concatenate(tile, 1))
    lines = [np.concatenate(strips[at : at + ACROSS], 1) for at in range(0, len(strips), ACROSS)]
    sheet = np.concatenate(lines, 0)
    head = np.ones((18, sheet.shape[1], 3))
    image = Image.fromarray(np.uint8(np.concatenate([head, sheet], 0) * 255 + 0.5))
    draw, width = ImageDraw.Draw(image), sheet.shape[1] // (ACROSS * len(HEADS))
    for column in range(ACROSS * len(HEADS)):
        draw.text((column * width + EDGE, 4), HEADS[column % len(HEADS)], fill=(0, 0, 0))
    image.save(target, quality=88)


if __name__ == "__main__":
    main(*sys.argv[1:])
