"""Seconds per raw for an exposure series, beside LibRaw's own `postprocess` called once per EV.

    python -m tests.speed.raw [RAW ...]

Measures a simulated 24-megapixel DNG, uncompressed and (with imagecodecs installed) losslessly
compressed, and any raws named. Everything runs on one thread, the tasks one after another in the
same process; the fastest of the repeats counts. Seconds are the processor's, which on one thread
are those of an idle machine's clock. Memory is the growth of a fresh process's peak.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

EVS = (-1.5, -1.0, 0.0, 1.0, 1.5)
LONG_EDGE = 512
SIZE = (4000, 6000)
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("raws", nargs="*", type=Path, help="camera raws to measure as well")
    parser.add_argument("--repeats", type=int, default=5, help="the fastest counts (default 5)")
    parser.add_argument("--memory-of", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if any(os.environ.get(name) != "1" for name in THREADS):  # read when libraries load
        os.environ.update(dict.fromkeys(THREADS, "1"))
        os.execv(sys.executable, [sys.executable, "-m", "tests.speed.raw", *sys.argv[1:]])
    if args.memory_of:
        print(_memory(args.memory_of))
        return
    import cv2

    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        for path in [*_simulated(Path(folder)), *args.raws]:
            _report(path, args.repeats)


def _report(path: Path, repeats: int) -> None:
    """Print one table for one file."""
    from datagen.raw.read import read_raw

    photo = read_raw(path)
    pixels = photo.mosaic[..., 0].size if photo.mosaic.ndim == 3 else photo.mosaic.size
    print(f"\n{path.name}: {photo.camera}, {pixels / 1e6:.1f} megapixels, {LONG_EDGE} px, 5 EVs\n")
    ours = {
        "unpack": lambda: read_raw(path),
        "unpack, reduce": lambda: _linear(path),
        "unpack, reduce, render and encode": lambda: _series(path),
        "full size, five EVs, no encoding": lambda: _full_series(path),
    }
    peers = {
        "open and unpack": lambda: _open(path),
        "one half_size postprocess": lambda: _postprocess(path, half_size=True),
        "five postprocess, resize, encode": lambda: _five(path, encode=True),
        "five postprocess": lambda: _five(path, encode=False),
    }
    seconds = {name: _fastest(task, repeats) for name, task in ours.items()}
    peer = {name: _fastest(task, min(repeats, 2)) for name, task in peers.items()}
    _row("task", "datagen s", "rawpy s", "ratio")
    _row("---", "---:", "---:", "---:")
    unpack = seconds["unpack"]
    series = seconds["unpack, reduce, render and encode"]
    full = seconds["full size, five EVs, no encoding"]
    half = peer["one half_size postprocess"] - peer["open and unpack"]
    _compare("open and unpack", unpack, peer["open and unpack"])
    _row("reduce to size", f"{seconds['unpack, reduce'] - unpack:.3f}", "", "")
    _row("render and encode five PNGs", f"{series - seconds['unpack, reduce']:.3f}", "", "")
    _compare("all beyond unpacking / one half_size", series - unpack, half)
    _compare("five EVs at 512 px as PNG", series, peer["five postprocess, resize, encode"])
    _compare("five EVs at full size", full, peer["five postprocess"])
    command = [sys.executable, "-m", "tests.speed.raw", "--memory-of", str(path)]
    grown = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    _row("peak memory, bytes per sensor pixel", f"{grown / pixels:.1f}", "", "")


def _compare(task: str, ours: float, peer: float) -> None:
    _row(task, f"{ours:.3f}", f"{peer:.3f}", f"{peer / ours:.1f}x")


def _row(*cells: str) -> None:
    print("| " + " | ".join(cells) + " |", flush=True)


def _fastest(task: Callable[[], object], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        start = time.process_time()
        task()
        times.append(time.process_time() - start)
    return min(times)


def _linear(path: Path):
    from datagen.develop.series import linear
    from datagen.raw.read import read_raw

    return linear(read_raw(path), LONG_EDGE)


def _series(path: Path) -> list[bytes]:
    from datagen.develop.series import develop_series
    from datagen.images.files import encode
    from datagen.raw.read import read_raw

    return [encode(image) for image in develop_series(read_raw(path), EVS, LONG_EDGE)]


def _full_series(path: Path) -> None:
    from datagen.develop.series import develop_series
    from datagen.raw.read import read_raw

    for _ in develop_series(read_raw(path), EVS, None):
        pass


def _open(path: Path) -> None:
    import rawpy

    with rawpy.imread(str(path)) as raw:
        raw.unpack()


def _postprocess(path: Path, **options):
    import rawpy

    with rawpy.imread(str(path)) as raw:
        return raw.postprocess(use_camera_wb=True, no_auto_bright=True, **options)


def _five(path: Path, *, encode: bool) -> None:
    import cv2

    from datagen.images.files import encode as encode_png

    for ev in EVS:
        image = _postprocess(path, bright=2.0**ev)
        if encode:
            scale = LONG_EDGE / max(image.shape[:2])
            size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
            encode_png(cv2.resize(image, size, interpolation=cv2.INTER_AREA))


def _memory(path: Path) -> int:
    """Bytes by which the peak of this process grows while a series is made."""
    import numpy as np

    import datagen.develop.series
    from datagen.raw.read import read_raw

    with tempfile.TemporaryDirectory() as folder:  # load every library with a small raw first
        from datagen.camera.dng import write_dng
        from datagen.camera.simulate import SENSORS, Exposure, photograph

        sensor, exposure = SENSORS["reflex-14bit"], Exposure(1 / 60)
        small = Path(folder) / "small.dng"
        write_dng(small, photograph(np.full((64, 96, 3), 0.2), sensor, exposure), sensor, exposure)
        list(datagen.develop.series.develop_series(read_raw(small), EVS, 16))
    before = _status("VmRSS")
    _series(path)
    return _status("VmHWM") - before


def _status(name: str) -> int:
    """A size in bytes out of Linux's account of this process."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise OSError(f"/proc/self/status has no {name}")


def _simulated(folder: Path) -> list[Path]:
    """A textured, noisy 24-megapixel DNG, as it is and with lossless compression."""
    import cv2
    import numpy as np

    from datagen.camera.dng import write_dng
    from datagen.camera.simulate import SENSORS, Exposure, photograph

    rng = np.random.default_rng(0)
    sensor, exposure = SENSORS["reflex-14bit"], Exposure(1 / 60)
    octaves = (rng.random((SIZE[0] >> k, SIZE[1] >> k, 3), np.float32) for k in (5, 7, 9))
    scene = np.prod([cv2.resize(o, SIZE[::-1], interpolation=cv2.INTER_CUBIC) for o in octaves], 0)
    mosaic = photograph(np.maximum(scene * 1.5, 0), sensor, exposure, rng)
    plain = folder / "simulated_uncompressed.dng"
    write_dng(plain, mosaic, sensor, exposure)
    try:
        return [plain, _compressed(plain, mosaic, folder / "simulated_lossless_jpeg.dng")]
    except ImportError:
        print("imagecodecs is not installed: no losslessly compressed DNG")
        return [plain]


def _compressed(plain: Path, mosaic, path: Path) -> Path:
    """The same DNG in tiles of lossless JPEG (DNG compression 7), as cameras and Adobe write it."""
    import imagecodecs  # noqa: F401
    import tifffile

    with tifffile.TiffFile(plain) as file:
        tags = [
            (tag.code, int(tag.dtype), tag.count, tag.value, True)
            for tag in file.pages.first.tags
            if tag.code in (271, 272) or (tag.code > 33000 and tag.code not in (34665, 33434))
        ]
    tifffile.imwrite(
        path,
        mosaic,
        photometric=32803,
        compression=7,
        compressionargs={"lossless": True, "bitspersample": 14},
        tile=(256, 256),
        metadata=None,
        extratags=tags,
    )
    return path


if __name__ == "__main__":
    main()
