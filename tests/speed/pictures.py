"""Speed of reading ordinary pictures, beside the bare decoder and the reader that was before.

    make bench-pictures

`before` is the project's earlier reader, written out here: imageio (Pillow) for JPEG, OpenCV for
PNG, tifffile for TIFF, none of which looked at anything but an ICC profile. Every ratio is of
processor times in one run, in turns, the fastest of several.
"""

from __future__ import annotations

import struct
import tempfile
import time
import zlib
from pathlib import Path

import cv2
import numpy as np
import tifffile

from luts.pictures import read_samples, write_picture

TURNS = 15
SIZE = (2000, 3000)


def photo() -> np.ndarray:
    """Six megapixels of smooth colours with fine grain, as photographs have."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (20, 30, 3)).astype(np.float32)
    smooth = cv2.resize(coarse, SIZE[::-1], interpolation=cv2.INTER_CUBIC)
    return np.clip(smooth + rng.normal(0, 3, smooth.shape), 0, 255).astype(np.uint8)


def before_png(path: Path) -> np.ndarray:
    data = path.read_bytes()
    place = 8
    while place + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, place)
        if kind == b"iCCP":
            zlib.decompress(data[place + 8 : place + 8 + size].partition(b"\0")[2][1:])
        if kind == b"IDAT":
            break
        place += 12 + size
    return bare(data)


def before_tiff(path: Path) -> np.ndarray:
    with tifffile.TiffFile(path) as file:
        page = file.pages.first
        page.tags.valueof(34675, b"")
        return np.ascontiguousarray(page.asarray())


def before_jpeg(path: Path) -> np.ndarray:
    """Pillow, by which imageio read; without imageio's own cost."""
    from PIL import Image, ImageOps

    with Image.open(path) as image:
        return np.ascontiguousarray(np.asarray(ImageOps.exif_transpose(image)))


def bare(data: bytes) -> np.ndarray:
    codes = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    return codes if codes.ndim == 2 else cv2.cvtColor(codes, cv2.COLOR_BGR2RGB)


def bare_file(path: Path) -> np.ndarray:
    return bare(path.read_bytes())


def bare_tiff(path: Path) -> np.ndarray:
    return tifffile.imread(path)


def fastest(works, turns: int) -> list[float]:
    """Processor seconds of each function, the fastest of several turns, one after another."""
    best = [float("inf")] * len(works)
    for _ in range(turns):
        for index, work in enumerate(works):
            start = time.process_time()
            work()
            best[index] = min(best[index], time.process_time() - start)
    return best


def main() -> None:
    cv2.setNumThreads(1)
    codes = photo()
    cases = {
        "JPEG": ("a.jpg", codes, before_jpeg, bare_file),
        "PNG 8 bits": ("a.png", codes, before_png, bare_file),
        "PNG 16 bits": ("b.png", codes.astype(np.uint16) * 257, before_png, bare_file),
        "PNG grey": ("c.png", codes[..., 1].copy(), before_png, bare_file),
        "PNG of 512 px": ("d.png", codes[:340, :512].copy(), before_png, bare_file),
        "TIFF 8 bits": ("a.tif", codes, before_tiff, bare_tiff),
        "TIFF 16 bits": ("b.tif", codes.astype(np.uint16) * 257, before_tiff, bare_tiff),
    }
    print(f"{'':14} {'ours, ms':>9} {'before':>8} {'bare':>8}   before / ours, bare / ours")
    with tempfile.TemporaryDirectory() as folder:
        for name, (file, picture, before, plain) in cases.items():
            path = Path(folder) / file
            write_picture(path, picture)
            works = [lambda f=f, path=path: f(path) for f in (read_samples, before, plain)]
            assert np.array_equal(works[0]()[0], works[2]())
            turns = TURNS * (8 if picture.size < 1e6 else 1)
            ours, old, least = (1000 * seconds for seconds in fastest(works, turns))
            ratios = f"{old / ours:5.2f} {least / ours:5.2f}"
            print(f"{name:14} {ours:9.1f} {old:8.1f} {least:8.1f}   {ratios}")


if __name__ == "__main__":
    main()
