"""What installed programs make of a `.cube` file, by running them on a few colours.

OpenColorIO and colour-science come with the project; pillow-lut and ffmpeg are asked where they are
installed. A program that raises refuses the file; one that gives other colours than we do reads it
wrong; one that accepts what we refuse does so in silence.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from ..lookup import apply
from ..lut import Lut

CLOSE = 1e-4  # largest difference of a float result that is right
CLOSE_8 = 1.01 / 255  # of an 8-bit result; ffmpeg cuts off where others round
MOST_ROWS = {"colour-science": 66**3, "pillow-lut": 66**3}  # slower ones are not asked for more
SECONDS = 60


@dataclass(frozen=True)
class Answer:
    """What a program did: `values` (n, 3) for the probes, or None and its reason."""

    values: np.ndarray | None
    reason: str = ""


def probes() -> np.ndarray:
    """Colours that any misreading of size, order or domain moves: (n, 3) float32 in [0, 1]."""
    rng = np.random.default_rng(7)
    corners = np.stack(np.meshgrid(*[[0, 1]] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    return np.concatenate([corners, rng.random((56, 3))]).astype(np.float32)


def ask(program: str, path: Path, rows: int) -> Answer | None:
    """Run a program on a file; None when it is not installed or too slow for so many rows."""
    if program not in RUNNERS or rows > MOST_ROWS.get(program, 1 << 30):
        return None
    needs, run, _, _ = RUNNERS[program]
    if not needs():
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # another program's
            return Answer(np.asarray(run(path), np.float64))
    except Exception as error:  # whatever another program raises is its refusal
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        return Answer(None, (lines or [type(error).__name__])[0][:100])


def agrees(program: str, answer: Answer, lut: Lut) -> bool:
    """Whether a program gives the colours that we do, by its own rule of interpolation."""
    _, _, rule, depth = RUNNERS[program]
    if answer.values is None or not np.isfinite(answer.values).all():
        return False
    colours = probes()
    if depth == 8:
        colours = np.rint(colours * 255).astype(np.float32) / 255
    ours = apply(lut, colours, rule)
    ours = np.clip(ours, 0, 1) if depth == 8 else ours
    return bool(np.abs(answer.values - ours).max() <= (CLOSE_8 if depth == 8 else CLOSE))


def _opencolorio(path: Path) -> np.ndarray:
    import PyOpenColorIO as ocio  # noqa: N813

    ocio.ClearAllCaches()
    transform = ocio.FileTransform(str(path), interpolation=ocio.INTERP_BEST)
    config = ocio.Config.CreateRaw()
    config.setProcessorCacheFlags(ocio.PROCESSOR_CACHE_OFF)
    result = probes()[None].copy()
    config.getProcessor(transform).getDefaultCPUProcessor().apply(
        ocio.PackedImageDesc(result, result.shape[1], 1, 3)
    )
    ocio.ClearAllCaches()
    return result[0]


def _colour_science(path: Path) -> np.ndarray:
    import colour

    text = path.read_bytes().upper()
    both = b"_RANGE" in text[:4000] or b"LUT_1D_SIZE" in text[:4000]
    method = {} if both else {"method": "Iridas Cube"}
    return colour.io.read_LUT(str(path), **method).apply(probes())


def _pillow_lut(path: Path) -> np.ndarray:
    import pillow_lut
    from PIL import Image

    codes = np.rint(probes() * 255).astype(np.uint8)[None]
    return np.asarray(Image.fromarray(codes).filter(pillow_lut.load_cube_file(str(path))))[0] / 255


def _ffmpeg(path: Path) -> np.ndarray:
    """Through lut3d in planar float, which does not round."""
    colours = probes()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "probe.cube"  # a name without what the filter's grammar would split
        shutil.copyfile(path, copy)
        command = ["ffmpeg", "-v", "error", "-f", "rawvideo", "-pix_fmt", "gbrpf32le"]
        command += ["-s", f"{len(colours)}x1", "-i", "-", "-vf", f"lut3d={copy}:interp=tetrahedral"]
        command += ["-f", "rawvideo", "-pix_fmt", "gbrpf32le", "-"]
        planes = np.ascontiguousarray(colours.T[[1, 2, 0]])
        done = subprocess.run(command, input=planes.tobytes(), capture_output=True, timeout=SECONDS)
    if done.returncode or len(done.stdout) != planes.nbytes:
        raise ValueError(done.stderr.decode("utf-8", "replace").strip() or "no output")
    green, blue, red = np.frombuffer(done.stdout, "<f4").reshape(3, -1)
    return np.stack([red, green, blue], axis=-1)


# program -> (is it there, how it is run, its rule, depth of its answer)
RUNNERS: dict[str, tuple[Callable[[], bool], Callable[[Path], np.ndarray], str, int]] = {
    "OpenColorIO": (lambda: True, _opencolorio, "tetrahedral", 32),
    "colour-science": (
        lambda: find_spec("colour") is not None,
        _colour_science,
        "trilinear",
        32,
    ),
    "pillow-lut": (lambda: find_spec("pillow_lut") is not None, _pillow_lut, "trilinear", 8),
    "ffmpeg": (lambda: shutil.which("ffmpeg") is not None, _ffmpeg, "tetrahedral", 32),
}
