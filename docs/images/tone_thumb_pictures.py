"""Draw the pictures of docs/models_own_entry.md out of a built data set and the shipped weights.

python docs/images/tone_thumb_pictures.py --data out/hdri_train --samples ID [ID ...]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from benchmarks.harness.predict import predictor
from benchmarks.methods import METHODS
from datagen.dataset.read import Pair, load_pair, open_dataset
from datagen.develop.auto_exposure import auto_exposure
from datagen.images.codes import quantise
from datagen.images.files import write_image
from luts.colour.transfer import decode_srgb, encode_srgb

OUT = Path(__file__).with_suffix(".jpg")
WIDTH, GAP, CAPTION = 256, 6, 18


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="a built data set")
    parser.add_argument("--samples", nargs="+", required=True, help="ids of samples")
    args = parser.parse_args()
    dataset = open_dataset(args.data)
    rows = {row.id: row for row in dataset.rows}
    models = {name: predictor(name, METHODS[name]) for name in ("star_dce", "tone_thumb")}
    lines = []
    for sample in args.samples:
        pair = load_pair(dataset, rows[sample])
        pictures = {sample: pair.degraded, "the rule alone": metered(pair.degraded)}
        pictures |= {name: model(pair, pair.reference) for name, model in models.items()}
        tiles = [tile(picture, caption, pair) for caption, picture in pictures.items()]
        lines.append(np.concatenate([*tiles, tile(pair.reference, "reference", pair)], axis=1))
    write_image(OUT, np.concatenate(lines, axis=0))


def metered(encoded: np.ndarray) -> np.ndarray:
    """The rule that exposes the references, applied to the input."""
    linear = decode_srgb(encoded)
    return encode_srgb(np.clip(linear * np.float32(2 ** auto_exposure(linear)), 0, 1))


def tile(encoded: np.ndarray, caption: str, pair: Pair) -> np.ndarray:
    """A picture under its caption; the caption ends in its PSNR to the reference."""
    error = float(np.square(encoded - pair.reference).mean())
    if error:
        caption += f"  {-10 * np.log10(error):.1f} dB"
    height = round(WIDTH * encoded.shape[0] / encoded.shape[1])
    canvas = np.full((height + CAPTION + GAP, WIDTH + GAP, 3), 255, np.uint8)
    small = cv2.resize(encoded, (WIDTH, height), interpolation=cv2.INTER_AREA)
    canvas[CAPTION : CAPTION + height, :WIDTH] = quantise(small.clip(0, 1))
    font = (cv2.FONT_HERSHEY_SIMPLEX, 0.36, (0, 0, 0), 1, cv2.LINE_AA)
    cv2.putText(canvas, caption, (2, CAPTION - 5), *font)
    return canvas


if __name__ == "__main__":
    main()
