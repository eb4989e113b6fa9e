"""Lookup tables as values: checked once when they are made, never changed afterwards."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .tool.errors import UserError

MAX_SIZE_1D = 65536  # Cube LUT Specification 1.0 (Adobe, 2013)
MAX_SIZE_3D = 256
TURNED = 1.5  # so much more change along other axes than along their own: axes are swapped
HASH_STEP = 1e-6  # coarser than the last bits in which two maths libraries differ

ZEROS, ONES = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)


class LutFormatError(UserError):
    """A LUT file that cannot be read without guessing; the message says where and why."""


@dataclass(frozen=True, eq=False)
class Lut1D:
    """Three independent curves, one column per channel.

    Parameters
    ----------
    table : (n, 3) float, finite, 2 <= n <= 65536
        Kept as read-only float32. Values outside [0, 1] are kept.
    domain_min, domain_max : three floats each
        The input of the first and of the last row, per channel; input beyond them is clamped.
    title, comments : text that travels with the table
    """

    table: np.ndarray
    domain_min: tuple[float, float, float] = ZEROS
    domain_max: tuple[float, float, float] = ONES
    title: str = ""
    comments: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        shape = np.shape(self.table)
        if len(shape) != 2 or shape[1] != 3 or not 2 <= shape[0] <= MAX_SIZE_1D:
            raise ValueError(
                f"a 1D LUT is an (n, 3) table with 2 <= n <= {MAX_SIZE_1D}, got shape {shape}"
            )
        _freeze(self)

    @property
    def is_unit(self) -> bool:
        """Whether the domain is [0, 1] in every channel."""
        return (self.domain_min, self.domain_max) == (ZEROS, ONES)

    @property
    def size(self) -> int:
        """Number of rows."""
        return self.table.shape[0]


@dataclass(frozen=True, eq=False)
class Lut3D:
    """A colour cube, indexed `table[red, green, blue, channel]`.

    Parameters
    ----------
    table : (n, n, n, 3) float, finite, 2 <= n <= 256
        Kept as read-only float32. Values outside [0, 1] are kept.
    domain_min, domain_max : three floats each
        The input of the first and of the last node, per channel; input beyond them is clamped.
    title, comments : text that travels with the table
    """

    table: np.ndarray
    domain_min: tuple[float, float, float] = ZEROS
    domain_max: tuple[float, float, float] = ONES
    title: str = ""
    comments: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        shape = np.shape(self.table)
        size = shape[0] if shape else 0
        if shape != (size, size, size, 3) or not 2 <= size <= MAX_SIZE_3D:
            raise ValueError(
                f"a 3D LUT is an (n, n, n, 3) table with 2 <= n <= {MAX_SIZE_3D}, got shape {shape}"
            )
        _freeze(self)

    @property
    def is_unit(self) -> bool:
        """Whether the domain is [0, 1] in every channel."""
        return (self.domain_min, self.domain_max) == (ZEROS, ONES)

    @property
    def size(self) -> int:
        """Number of nodes along one edge."""
        return self.table.shape[0]


@dataclass(frozen=True, eq=False)
class ShapedLut:
    """Curves followed by a cube: the two tables of one Resolve file."""

    shaper: Lut1D
    cube: Lut3D
    title: str = ""
    comments: tuple[str, ...] = ()


Lut = Lut1D | Lut3D | ShapedLut


def stages(lut: Lut) -> tuple[Lut1D | Lut3D, ...]:
    """The tables of a LUT, in the order in which they are applied."""
    if isinstance(lut, ShapedLut):
        return lut.shaper, lut.cube
    if isinstance(lut, Lut1D | Lut3D):
        return (lut,)
    raise TypeError(f"expected a Lut1D, Lut3D or ShapedLut, got {type(lut).__name__}")


def with_stages(lut: Lut, tables: Sequence[Lut1D | Lut3D]) -> Lut:
    """The same LUT with other tables: as many, and of the same kinds, as `stages` gives."""
    if not isinstance(lut, ShapedLut):
        return tables[0]
    shaper, cube = tables
    if not isinstance(shaper, Lut1D) or not isinstance(cube, Lut3D):
        raise TypeError("a shaped LUT is curves and a cube")
    return replace(lut, shaper=shaper, cube=cube)


def triple(values: Iterable[float]) -> tuple[float, float, float]:
    """Three numbers, one per channel."""
    red, green, blue = map(float, values)
    return red, green, blue


def nodes(size: int, lut: Lut3D | None = None) -> np.ndarray:
    """The input colours of a cube's nodes.

    Parameters
    ----------
    size : nodes along one edge
    lut : the cube whose domain is meant; [0, 1] when None

    Returns
    -------
    (size, size, size, 3) float64, indexed [red, green, blue, channel]
    """
    low, high = (lut.domain_min, lut.domain_max) if lut is not None else (ZEROS, ONES)
    axes = [np.linspace(a, b, size) for a, b in zip(low, high, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)


def identity(size: int = 33) -> Lut3D:
    """The cube that changes nothing on [0, 1].

    Examples
    --------
    >>> identity(3).table[2, 1, 0].tolist()
    [1.0, 0.5, 0.0]
    """
    if not 2 <= size <= MAX_SIZE_3D:
        raise ValueError(f"the size of a 3D LUT is 2 to {MAX_SIZE_3D}, got {size}")
    return Lut3D(nodes(size))


def table_hash(lut: Lut) -> str:
    """Name a LUT by what it does: SHA-256 of its kind, domains and tables, 64 hex digits.

    Tables run red fastest and are quantised to 1e-6 (the precision of a written file), so that
    neither a file round trip nor another machine's last bit changes the name. Title and comments
    do not count.
    """
    digest = hashlib.sha256()
    for stage in stages(lut):
        table = stage.table if isinstance(stage, Lut1D) else red_fastest(stage.table)
        digest.update(type(stage).__name__.encode())
        for part in (table.shape, stage.domain_min, stage.domain_max):
            digest.update(np.asarray(part, "<f8").tobytes())
        quantised = np.rint(table.astype("<f8") / HASH_STEP) + 0.0  # + 0 turns -0 into 0
        digest.update(quantised.astype("<f8").tobytes())
    return digest.hexdigest()


def axis_order(table: np.ndarray) -> tuple[int, int, int]:
    """The axis along which red, green and blue change most, when each has one of its own.

    (0, 1, 2) for a cube (n, n, n, 3) that was not turned, and where channels mix too much to say.
    """
    change = np.array(
        [
            [
                abs(float((np.take(table, -1, axis) - np.take(table, 0, axis))[..., c].mean()))
                for axis in range(3)
            ]
            for c in range(3)
        ]
    )
    orders = list(itertools.permutations(range(3)))
    totals = [change[range(3), order].sum() for order in orders]
    best = int(np.argmax(totals))
    red, green, blue = orders[best]
    return (red, green, blue) if totals[best] > TURNED * totals[0] else (0, 1, 2)


def red_fastest(table: np.ndarray) -> np.ndarray:
    """A cube's nodes in file order: (n, n, n, 3) indexed [r, g, b] to (n^3, 3), red fastest."""
    return table.transpose(2, 1, 0, 3).reshape(-1, 3)


def from_red_fastest(rows: np.ndarray, size: int) -> np.ndarray:
    """Undo `red_fastest`."""
    return rows.reshape(size, size, size, 3).transpose(2, 1, 0, 3)


def _freeze(lut: Lut1D | Lut3D) -> None:
    """Check what both kinds share, and store the table and domain in their one true form."""
    with np.errstate(over="ignore"):  # float64 beyond float32 becomes inf, refused below
        table = np.array(lut.table, np.float32, order="C")
    if not np.isfinite(table).all():
        raise ValueError("a LUT holds finite float32 numbers only, got NaN, inf or beyond 3.4e38")
    table.setflags(write=False)
    low, high = (tuple(map(float, bound)) for bound in (lut.domain_min, lut.domain_max))
    if len(low) != 3 or len(high) != 3 or not np.isfinite(low + high).all():
        raise ValueError(f"a domain bound is three finite numbers, got {low} and {high}")
    if not all(a < b for a, b in zip(low, high, strict=True)):
        raise ValueError(f"domain_min must be below domain_max in every channel, got {low}, {high}")
    for name, value in (("table", table), ("domain_min", low), ("domain_max", high)):
        object.__setattr__(lut, name, value)
    object.__setattr__(lut, "comments", tuple(lut.comments))
