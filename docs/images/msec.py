"""Draw the pictures of docs/models_msec.md out of a built data set, a raw and the shipped weights.

python docs/images/msec.py --data out/demo --sample ID --raw datagen/samples/canon_s40_CRW_0112.CRW
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from models_local import correct, sheet

from benchmarks.methods.models.networks.msec import WORKING_SIDE
from benchmarks.methods.models.parts.bgu import FIT_SIDE, fit_bgu
from benchmarks.methods.models.parts.bilateral_grid import apply_bgu
from benchmarks.methods.models.trained.checkpoints import UntrainedError
from datagen.dataset.read import Pair, load_pair, open_dataset
from datagen.develop.series import develop
from datagen.images.codes import to_float
from datagen.images.files import write_image
from datagen.raw.read import read_raw

HERE = Path(__file__).parent
SCALES = {
    "(1, 1, 1, 1)": (1.0, 1.0, 1.0, 1.0),
    "(2, 1, 1, 1)": (2.0, 1.0, 1.0, 1.0),
    "(1, 1, 2, 1)": (1.0, 1.0, 2.0, 1.0),
    "(1, 1, 1, 0.7)": (1.0, 1.0, 1.0, 0.7),
    "(1.5, 1.5, 1.5, 1.05)": (1.5, 1.5, 1.5, 1.05),
}
DARKER = -1.5
CROP = 300


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="a built data set")
    parser.add_argument("--sample", required=True, help="id of a sample")
    parser.add_argument("--raw", type=Path, required=True, help="a raw file of 2 MP or more")
    args = parser.parse_args()
    write_image(HERE / "msec_bgu.jpg", sheet(upsampled(args.raw)))
    dataset = open_dataset(args.data)
    pair = load_pair(dataset, next(row for row in dataset.rows if row.id == args.sample))
    try:
        write_image(HERE / "msec_scales.jpg", sheet(scaled(pair)))
    except UntrainedError as error:
        print(f"msec_scales: skipped: {error}")


def upsampled(raw: Path) -> list[dict[str, np.ndarray]]:
    """A correction known at full size, put back together from its 512-pixel version in two ways."""
    photo = read_raw(raw)
    dark, wanted = (to_float(develop(photo, ev, long_edge=None)) for ev in (DARKER, 0.0))
    height, width = dark.shape[:2]
    scale = WORKING_SIDE / max(height, width)
    small = [
        cv2.resize(x, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        for x in (dark, wanted)
    ]
    thumbnails = [cv2.resize(x, (FIT_SIDE, FIT_SIDE), interpolation=cv2.INTER_AREA) for x in small]
    results = {
        "resized": cv2.resize(small[1], (width, height), interpolation=cv2.INTER_CUBIC),
        "bilateral guided": apply_bgu(fit_bgu(*thumbnails), dark),
    }
    top, left = (height - CROP) // 2, (width - CROP) // 2
    window = slice(top, top + CROP), slice(left, left + CROP)
    captioned = {
        f"{name}, {-10 * np.log10(np.square(x.clip(0, 1) - wanted).mean()):.1f} dB": x[window]
        for name, x in results.items()
    }
    return [{"input": dark[window], "wanted": wanted[window], **captioned}]


def scaled(pair: Pair) -> list[dict[str, np.ndarray]]:
    """The user's dials: the levels of the input's pyramid, from fine to coarse, times a factor."""
    everywhere = np.full_like(pair.regions, 2)
    results = {
        name: correct("msec_small", pair, everywhere, scales=scales)
        for name, scales in SCALES.items()
    }
    pictures = list({"input": pair.degraded, **results}.items())
    return [dict(pictures[:3]), dict(pictures[3:])]


if __name__ == "__main__":
    main()
