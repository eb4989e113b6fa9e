"""A LUT from a picture before and after an edit, with a map of the colours it has seen.

One photo holds few of the colours there are (12 % of a 16^3 gamut is typical), so the lattice is
regularised towards continuing the edit smoothly, and the map says where it had to.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .lattice import LARGEST_SIZE, normal_equations, solve
from .lookup import apply
from .lut import Lut, Lut3D, LutFormatError, nodes, table_hash
from .tool.errors import UserError
from .tool.files import read_plain, whole_file
from .tool.words import shown

DEFAULT_SIZE = 17  # 33 is three times slower, and no better on other photos
# Weight of the second differences at 17 nodes: of 1e-4 to 1, the one with the smallest error on
# photos the fit has not seen, for smooth edits of eight-bit pictures.
SMOOTHNESS = 0.02
SHIFT_LIMIT = 0.25  # pixels
SPREAD_LIMIT = 3.0  # 8-bit levels: what JPEG at quality 95 stays below
MAX_PIXELS = 4_000_000  # more do not change the fit; a regular subset is taken
BIN_BITS = 5  # spread is measured in bins of 2^-5 per channel


class FitError(UserError):
    """Two pictures from which no LUT can be fitted."""


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted LUT, and how far to trust it."""

    lut: Lut3D
    coverage: np.ndarray  # (n, n, n) bool: cells' corners that a pixel of the pair touched
    error: float  # root mean square of after - LUT(before), 8-bit levels
    spread: float  # the part of it no LUT can explain: equal colours that became different ones
    shift: tuple[float, float]  # how far the pictures are out of register, pixels right and down
    notes: tuple[str, ...]


def fit(before: np.ndarray, after: np.ndarray, size: int = DEFAULT_SIZE) -> Fit:
    """Fit the cube that turns one picture into another; see `fit_pairs`."""
    return fit_pairs([(before, after)], size)


def fit_pairs(pairs: Sequence[tuple[np.ndarray, np.ndarray]], size: int = DEFAULT_SIZE) -> Fit:
    """Fit the cube that turns pictures into others, all by the same edit.

    Least squares of the residual from the identity on a trilinear lattice, with its second
    differences penalised. Every pixel counts alike, whatever the sizes of the pairs.

    Parameters
    ----------
    pairs : before and after, (H, W, 3) uint8, uint16, or float in [0, 1], encoded, in register
    size : nodes along one edge, 3 to 41

    Returns
    -------
    Fit. Its notes say what speaks against trusting it: misregistration, local edits, or edits that
    differ from pair to pair. Its shift is the largest.

    Raises
    ------
    FitError : different sizes, or no colour pictures
    """
    if not pairs:
        raise FitError("a fit takes at least one pair of pictures")
    if not 3 <= size <= LARGEST_SIZE:
        raise FitError(f"a fitted cube has 3 to {LARGEST_SIZE} nodes per edge, got {size}")
    for before, after in pairs:
        _check_pair(before, after)
    shifts = [_shift(_unit(before), _unit(after)) for before, after in pairs]
    shift = max(shifts, key=lambda found: np.hypot(*found))
    pixels = sum(before.shape[0] * before.shape[1] for before, _ in pairs)
    step = int(np.ceil(np.sqrt(pixels / MAX_PIXELS)))
    source, target = (
        np.concatenate([_unit(pair[k])[::step, ::step].reshape(-1, 3) for pair in pairs])
        for k in (0, 1)
    )
    equations = normal_equations(source, target - source, size)
    # A second difference is h^2 f'': this keeps the weight on f'' the same at every size.
    residual = solve(equations, SMOOTHNESS * ((size - 1) / (DEFAULT_SIZE - 1)) ** 4)
    coverage = equations.matrix.diagonal().reshape(size, size, size) > 0
    told = "a pair of pictures" if len(pairs) == 1 else f"{len(pairs)} pairs of pictures"
    comments = (f"fitted to {told}: {coverage.mean():.1%} of the nodes were seen",)
    lut = Lut3D(nodes(size) + residual, title="fitted", comments=comments)
    miss = apply(lut, source, "trilinear") - target
    error, spread = float(np.sqrt(np.mean(miss**2))) * 255, _spread(source, miss) * 255
    return Fit(lut, coverage, error, spread, shift, tuple(_notes(shift, spread)))


def _check_pair(before: np.ndarray, after: np.ndarray) -> None:
    if before.shape != after.shape:
        found = " and ".join(f"{each.shape[1]}x{each.shape[0]}" for each in (before, after))
        raise FitError(f"before and after are {found} pixels; the pair must match pixel by pixel")
    if before.ndim != 3 or before.shape[2] != 3 or not before.size:
        raise FitError(f"a pair is two (H, W, 3) pictures, got {before.shape}")


def unseen_share(coverage: np.ndarray, encoded: np.ndarray) -> float:
    """Share of a picture's pixels in cells that the pair did not fully support.

    Parameters
    ----------
    coverage : (n, n, n) bool, from `fit` or `read_coverage`
    encoded : (..., 3) uint8, uint16, or float in [0, 1]
    """
    size = len(coverage)
    colours = _unit(encoded).reshape(-1, 3)
    cell = np.minimum((colours * (size - 1)).astype(np.intp), size - 2)
    cells = coverage[:-1, :-1, :-1].copy()
    for corner in np.ndindex(2, 2, 2):
        cells &= coverage[tuple(slice(c, size - 1 + c) for c in corner)]
    return float(1 - cells[tuple(cell.T)].mean()) if len(colours) else 0.0


def coverage_path(path: Path | str) -> Path:
    """Where the coverage map of a fitted `.cube` file is kept."""
    return Path(path).with_suffix(".coverage.json")


def write_coverage(fitted: Fit, path: Path | str) -> None:
    """Write the coverage map and the figures of a fit as JSON, beside its `.cube` file.

    The map is one bit per node, blue fastest, most significant bit first, in base64.
    """
    record = {
        "lut": table_hash(fitted.lut),
        "size": fitted.lut.size,
        "nodes_seen": float(fitted.coverage.mean()),
        "error_levels": fitted.error,
        "spread_levels": fitted.spread,
        "shift_pixels": fitted.shift,
        "notes": fitted.notes,
        "coverage": base64.b64encode(np.packbits(fitted.coverage).tobytes()).decode("ascii"),
    }
    with whole_file(coverage_path(path)) as scratch:
        scratch.write_text(json.dumps(record, indent=1) + "\n", encoding="ascii")


def read_coverage(path: Path | str, lut: Lut) -> np.ndarray | None:
    """Read the coverage map kept beside a LUT's file: (n, n, n) bool.

    None when there is none, or it is another LUT's: the file has been replaced since.
    """
    beside = coverage_path(path)
    if not beside.exists():
        return None
    try:
        record = json.loads(read_plain(beside).decode("ascii"))
        if record.get("lut") != table_hash(lut):
            return None
        size = record["size"]
        if type(size) is not int or not 3 <= size <= LARGEST_SIZE:
            raise ValueError(f"size must be 3 to {LARGEST_SIZE}, got {shown(size)}")
        bits = np.unpackbits(np.frombuffer(base64.b64decode(record["coverage"]), np.uint8))
        return bits[: size**3].astype(bool).reshape(size, size, size)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise LutFormatError(f"{beside}: not a coverage map: {error}") from None


def _unit(encoded: np.ndarray) -> np.ndarray:
    """Any accepted picture as float32 in [0, 1]."""
    if encoded.dtype.kind == "u":
        return encoded.astype(np.float32) / np.float32(np.iinfo(encoded.dtype).max)
    return np.clip(np.nan_to_num(encoded), 0, 1).astype(np.float32)


def _shift(source: np.ndarray, target: np.ndarray) -> tuple[float, float]:
    """Translation between the pictures by phase correlation of their detail."""
    import cv2

    height, width, _ = source.shape
    if min(height, width) < 32:
        return 0.0, 0.0
    detail = []
    for picture in (source, target):
        grey = picture.mean(axis=2, dtype=np.float32)
        detail.append(grey - cv2.GaussianBlur(grey, (0, 0), 3))
    window = cv2.createHanningWindow((width, height), cv2.CV_32F)
    (right, down), _ = cv2.phaseCorrelate(detail[0], detail[1], window)
    return float(right), float(down)


def _spread(source: np.ndarray, miss: np.ndarray) -> float:
    """Standard deviation of the misfit inside small bins of equal colour."""
    bins = (source * (2**BIN_BITS - 1) + 0.5).astype(np.int64)
    code = (bins[:, 0] << 2 * BIN_BITS) + (bins[:, 1] << BIN_BITS) + bins[:, 2]
    count = np.bincount(code)
    variance = 0.0
    for channel in miss.T.astype(np.float64):
        total = np.bincount(code, channel)
        squares = np.bincount(code, channel**2)
        variance += (squares.sum() - (total[count > 0] ** 2 / count[count > 0]).sum()) / 3
    return float(np.sqrt(max(variance, 0) / len(source)))


def _notes(shift: tuple[float, float], spread: float) -> Iterator[str]:
    if max(map(abs, shift)) > SHIFT_LIMIT:
        right, down = shift
        yield (
            f"out of register by {right:+.1f} pixels right and {down:+.1f} down: "
            "align the pictures first"
        )
    if spread > SPREAD_LIMIT:
        yield (
            f"equal colours became different by {spread:.1f} levels: a local edit, sharpening, "
            "strong compression or pictures out of register; no LUT does that"
        )
