"""LUTs beside their peers: one thread, a cube of 33 on 12 megapixels unless the row says so.

    python -m tests.speed.luts [--quick]

Every row measures us and the peer in turns, in one process, in processor time; the fastest of the
repeats counts.
`ratio` is the peer's time over ours, so more is better; `goal` is what the project promises.
Peers that are not installed are skipped with a line.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SIZES = {"12 MP": (3000, 4000), "1 MP": (1000, 1000)}
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
REPEATS = 7


@dataclass(frozen=True)
class Row:
    """One comparison; without a peer, `goal` is in milliseconds."""

    label: str
    ours: Callable[[], object]
    goal: str
    peer: Callable[[], object] | None = None
    repeats: int = REPEATS
    scale: float = 1.0  # how many times more pixels we get than the peer


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="1 megapixel only")
    parser.add_argument("--memory-of", choices=("float32", "uint8"), help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if any(os.environ.get(name) != "1" for name in THREADS):  # read when libraries load
        os.environ.update(dict.fromkeys(THREADS, "1"))
        os.execv(sys.executable, [sys.executable, "-m", "tests.speed.luts", *sys.argv[1:]])
    if args.memory_of:
        print(_memory_growth(args.memory_of))
        return
    print(f"{'':46}{'ours ms':>10}{'peer ms':>10}{'ratio':>8}  goal")
    size = SIZES["1 MP" if args.quick else "12 MP"]
    for rows in (apply_rows(size), file_rows(), measure_rows()):
        for row in rows:
            _report(row)
    for dtype in ("float32", "uint8"):
        command = [sys.executable, "-m", "tests.speed.luts", "--memory-of", dtype]
        growth = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
        print(f"{f'memory beside the input, {dtype}, over the output':66}{growth:>8}  <= 1.2")


def apply_rows(size: tuple[int, int]) -> Iterator[Row]:
    """Lookup against OpenColorIO itself, Pillow and colour-science."""
    import luts

    lut, pictures = look(33), {dtype: picture(size, dtype) for dtype in ("float32", "uint8")}
    for dtype, encoded in pictures.items():
        yield Row(
            f"apply {dtype} : bare OpenColorIO",
            lambda encoded=encoded: luts.apply(lut, encoded),
            ">= 0.95",
            bare_opencolorio(lut, encoded),
        )
    encoded = pictures["uint8"]
    for rule in ("tetrahedral", "trilinear"):
        yield Row(
            f"apply uint8 {rule} : Pillow Color3DLUT",
            lambda rule=rule: luts.apply(lut, encoded, rule),
            ">= 3" if rule == "tetrahedral" else "",
            pillow(lut, encoded),
        )
    part = pictures["float32"][: size[0] // 12]  # colour-science needs 5 GB for the whole
    for rule in ("tetrahedral", "trilinear"):
        yield Row(
            f"apply float32 {rule} : colour-science",
            lambda rule=rule: luts.apply(lut, pictures["float32"], rule),
            ">= 50" if rule == "tetrahedral" else "",
            colour_science(lut, part, rule),
            repeats=3,
            scale=len(pictures["float32"]) / len(part),
        )
    yield Row(
        "numpy engine, 1/12 of it", lambda: luts.apply(lut, part, engine="numpy"), "", None, 3
    )


def file_rows() -> Iterator[Row]:
    """Reading a file against numpy parsing the same numbers, and nothing else."""
    import luts
    from luts.cube.lint import lint

    folder = tempfile.TemporaryDirectory()
    path = Path(folder.name) / "a.cube"
    luts.write_cube(look(65), path)
    body = path.read_bytes().split(b"\n", 1)[1]
    yield Row(
        "read 65^3 : np.fromstring",
        lambda: luts.read_cube(path),
        ">= 0.67",
        lambda: np.fromstring(body, np.float32, sep=" "),
    )
    yield Row("write 65^3", lambda: luts.write_cube(look(65), path), "", None, 3)
    large = Path(folder.name) / "large.cube"
    luts.write_cube(look(144), large)
    many = large.read_bytes().split(b"\n", 1)[1]
    yield Row(
        "read 144^3 : np.fromstring",
        lambda: luts.read_cube(large),
        ">= 0.67",
        lambda: np.fromstring(many, np.float32, sep=" "),
        3,
    )
    luts.write_cube(look(129), large)
    yield Row("lint 129^3", lambda: lint(large), "< 5000 ms", None, 2)
    folder.cleanup()


def measure_rows() -> Iterator[Row]:
    """What a generator of distortions does for every LUT it draws."""
    import luts
    from luts.folds import determinants

    table = look(33).table
    seeds = iter(range(10_000))
    yield Row("fold check of 33^3", lambda: determinants(table), "< 60 ms")
    yield Row(
        "draw a film LUT of severity 6",
        lambda: luts.random_lut("film", seed=next(seeds), severity=6),
        "< 300 ms",
    )


def look(size: int):
    """A film-like cube."""
    from luts.lut import Lut3D, nodes

    mix = np.array([[0.85, 0.1, 0.05], [0.05, 0.9, 0.05], [0.05, 0.15, 0.8]])
    return Lut3D(0.04 + 0.9 * (nodes(size) ** 1.2) @ mix.T)


def picture(size: tuple[int, int], dtype: str) -> np.ndarray:
    """Smooth colours with grain: the cache sees neighbours with similar colours, as in a photo."""
    import cv2

    rng = np.random.default_rng(0)
    coarse = rng.random((12, 16, 3), np.float32)
    encoded = cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_CUBIC)
    encoded += 0.02 * rng.standard_normal((*size, 1), np.float32)
    np.clip(encoded, 0, 1, out=encoded)
    return encoded if dtype == "float32" else np.round(encoded * 255).astype(np.uint8)


def bare_opencolorio(lut, encoded: np.ndarray) -> Callable[[], object]:
    """The shortest correct program: processor built, pixels described, applied, as in `luts`."""
    import PyOpenColorIO as ocio  # noqa: N813

    depth = ocio.BIT_DEPTH_F32 if encoded.dtype == np.float32 else ocio.BIT_DEPTH_UINT8
    height, width, _ = encoded.shape
    strides = encoded.itemsize, 3 * encoded.itemsize, 3 * encoded.itemsize * width

    def describe(pixels: np.ndarray) -> object:
        order = ocio.CHANNEL_ORDERING_RGB
        return ocio.PackedImageDesc(pixels, width, height, order, depth, *strides)

    def run() -> np.ndarray:
        config = ocio.Config.CreateRaw()
        config.setProcessorCacheFlags(ocio.PROCESSOR_CACHE_OFF)
        transform = ocio.Lut3DTransform(lut.size)
        transform.setInterpolation(ocio.INTERP_TETRAHEDRAL)
        transform.setData(lut.table)
        processor = config.getProcessor(transform)
        cpu = processor.getOptimizedCPUProcessor(depth, depth, ocio.OPTIMIZATION_DEFAULT)
        result = np.empty_like(encoded)
        cpu.apply(describe(encoded), describe(result))
        return result

    return run


def pillow(lut, encoded: np.ndarray) -> Callable[[], object] | None:
    """Color3DLUT, which has uint8 and trilinear only; conversion to an Image is not counted."""
    if not _installed("PIL"):
        return None
    from PIL import Image, ImageFilter

    from luts.lut import red_fastest

    image = Image.fromarray(encoded)
    table = ImageFilter.Color3DLUT(lut.size, red_fastest(lut.table).ravel())
    return lambda: image.filter(table)


def colour_science(lut, encoded: np.ndarray, rule: str) -> Callable[[], object] | None:
    """LUT3D.apply under the same rule."""
    if not _installed("colour"):
        return None
    import colour

    table = colour.LUT3D(lut.table)
    interpolator = getattr(colour.algebra, f"table_interpolation_{rule}")
    return lambda: table.apply(encoded, interpolator=interpolator)


def _installed(name: str) -> bool:
    if importlib.util.find_spec(name):
        return True
    print(f"{name}: not installed, skipped", file=sys.stderr)
    return False


def _report(row: Row) -> None:
    tasks = [row.ours] if row.peer is None else [row.ours, row.peer]
    seconds = [float("inf")] * len(tasks)
    for _ in range(row.repeats):
        for place, task in enumerate(tasks):
            start = time.process_time()
            task()
            seconds[place] = min(seconds[place], time.process_time() - start)
    ours = f"{row.label:46}{seconds[0] * 1e3:10.1f}"
    if row.peer is None:
        print(f"{ours}{'':18}  {row.goal}")
        return
    ratio = seconds[1] * row.scale / seconds[0]
    print(f"{ours}{seconds[1] * row.scale * 1e3:10.1f}{ratio:8.2f}  {row.goal}")


def _memory_growth(dtype: str) -> str:
    """Growth of this fresh process's peak memory over one lookup, as a multiple of the output."""
    import luts

    lut, encoded = look(33), picture(SIZES["12 MP"], dtype)
    luts.apply(lut, encoded[:8])  # libraries loaded
    Path("/proc/self/clear_refs").write_text("5")  # Linux: forget the peak so far
    before = _memory("VmRSS")
    result = luts.apply(lut, encoded)
    return f"{(_memory('VmHWM') - before) / result.nbytes:.2f}"


def _memory(field: str) -> int:
    status = Path("/proc/self/status").read_text()
    return (
        int(next(line for line in status.splitlines() if line.startswith(field)).split()[1]) << 10
    )


if __name__ == "__main__":
    main()
