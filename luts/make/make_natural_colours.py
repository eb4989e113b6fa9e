"""Make natural_colours.tsv: which colours photographs hold, and how much of each.

    python -m luts.make.make_natural_colours FOLDER

FOLDER holds the photographs of natural_photos.tsv under their own names; a file whose SHA-256
differs is refused, so the set is reproduced to the byte or not at all.

Every photograph counts the same, whatever its size. Its display-encoded sRGB pixels are counted in
24 x 24 x 24 equal cells; a cell is then its mean colour and its share. Cells that hold the last
0.5 % of the pixels are left out and the shares scaled up again: they would triple the table.

Measured on every 37th pixel instead, severities of the families differ by less than 1 %; those of
`crosstalk` and `oklch`, which move chroma alone, come out up to 2.5 % low.
"""

from __future__ import annotations

import csv
import hashlib
import sys
from pathlib import Path

import cv2
import numpy as np

FOLDER = Path(__file__).parent.parent / "data"
COLOURS, PHOTOS = FOLDER / "natural_colours.tsv", FOLDER / "natural_photos.tsv"
CELLS = 24
KEPT = 0.995


def read_photo(path: Path, sha256: str) -> np.ndarray:
    """Read one listed photograph as (n, 3) float64 encoded pixels; SystemExit if it is another."""
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise SystemExit(f"{path}: not the photograph of {PHOTOS.name}: SHA-256 differs")
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    if pixels is None:
        raise SystemExit(f"{path}: cannot be decoded")
    return pixels.reshape(-1, 3) / 255.0


def histogram(photos: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Pool photographs into cells.

    Parameters
    ----------
    photos : arrays (n, 3) of encoded colours in [0, 1], each of the same total weight

    Returns
    -------
    colours (m, 3) and shares (m,), largest share first; the shares sum to 1.
    """
    share, total = np.zeros(CELLS**3), np.zeros((CELLS**3, 3))
    for pixels in photos:
        cell = np.minimum((pixels * CELLS).astype(int), CELLS - 1) @ [CELLS**2, CELLS, 1]
        share += np.bincount(cell, minlength=CELLS**3) / len(pixels)
        for channel in range(3):
            weight = pixels[:, channel] / len(pixels)
            total[:, channel] += np.bincount(cell, weight, minlength=CELLS**3)
    order = np.argsort(-share, kind="stable")
    order = order[: np.searchsorted(np.cumsum(share[order]), KEPT * len(photos)) + 1]
    return total[order] / share[order, None], share[order] / share[order].sum()


def main() -> None:
    folder = Path(sys.argv[1])
    with PHOTOS.open(encoding="utf-8") as stream:
        photos = list(csv.DictReader(stream, delimiter="\t"))
    colours, shares = histogram([read_photo(folder / p["file"], p["sha256"]) for p in photos])
    rows = ["red\tgreen\tblue\tshare"]
    rows += [
        f"{red:.4f}\t{green:.4f}\t{blue:.4f}\t{share:.3e}"
        for (red, green, blue), share in zip(colours, shares, strict=True)
    ]
    COLOURS.write_text("\n".join(rows) + "\n", encoding="utf-8")
    print(f"{COLOURS}: {len(colours)} colours of {len(photos)} photographs")


if __name__ == "__main__":
    main()
