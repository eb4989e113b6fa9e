"""Draw one scene of a data set at all its exposures, with its regions: the picture in the README.

python docs/draw_scene.py out/demo chinese_garden_v1 docs/images/scene.jpg
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np

from datagen.dataset.read import open_dataset
from datagen.images.files import read_image

GAP, LABEL = 4, 22
OUTLINES = {1: (255, 215, 95), 2: (77, 225, 255)}  # BGR: outside of B, outside of A


def tile(encoded: np.ndarray, text: str, regions: np.ndarray | None = None) -> np.ndarray:
    """Put a caption above an 8-bit RGB picture and draw region outlines on it; returns BGR."""
    picture = np.ascontiguousarray(encoded[..., ::-1])
    for label, colour in OUTLINES.items() if regions is not None else ():
        inside = np.uint8(regions >= label)
        lines, _ = cv2.findContours(inside, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(picture, lines, -1, colour, 1, cv2.LINE_AA)
    head = np.full((LABEL, picture.shape[1], 3), 255, np.uint8)
    cv2.putText(head, text, (2, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.48, (40, 40, 40), 1, cv2.LINE_AA)
    return cv2.copyMakeBorder(np.vstack([head, picture]), 0, GAP, 0, GAP, 0, value=(255,) * 3)


def main(folder: Path, scene: str, out: Path) -> None:
    """Draw one scene of a data set as a strip of its exposures."""
    dataset = open_dataset(folder)
    rows = sorted(dataset.select(scene=scene), key=lambda row: row.ev)
    clean = [row for row in rows if not row.distortion]
    distorted = [row for row in rows if row.distortion]

    def picture(path: str) -> np.ndarray:
        return read_image(dataset.folder / path)

    first = [tile(picture(r.input), f"{r.ev:+g} EV", picture(r.regions)) for r in clean]
    first.append(tile(picture(next(iter(clean[0].references.values()))), "reference"))
    second = [tile(picture(r.input), f"{r.ev:+g} EV, {r.distortion_name}") for r in distorted]
    second.append(
        tile(
            cv2.cvtColor(picture(clean[0].regions) * 127, cv2.COLOR_GRAY2RGB),
            "regions of the first: A, B, C",
        )
    )
    lines = [np.hstack(first), np.hstack(second)]
    width = max(line.shape[1] for line in lines)
    sheet = np.vstack(
        [
            np.pad(line, ((0, 0), (0, width - line.shape[1]), (0, 0)), constant_values=255)
            for line in lines
        ]
    )
    cv2.imwrite(str(out), sheet, [cv2.IMWRITE_JPEG_QUALITY, 90])


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
