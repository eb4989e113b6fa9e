"""LUTs from LUTs: in a row, backwards, at another size, at another strength."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .colour.colorimetry import delta_e_2000, encoded_to_lab
from .lookup import apply, invert_exactly
from .lut import Lut, Lut1D, Lut3D, ShapedLut, nodes, stages

ROUND_TRIP_SIZE = 33  # nodes per axis on which an inverse is judged
CLIP_TOLERANCE = 1e-6  # how far outside [0, 1] a value is before it counts as clipped


def compose(*luts: Lut, size: int = 33) -> Lut3D:
    """Bake one or more LUTs, applied in the order given, into one cube.

    Parameters
    ----------
    luts : at least one; the result takes over the domain of the first table
    size : nodes along one edge of the result, 2 to 256

    Returns
    -------
    Lut3D, exact at its nodes; in between it is off where a table bends inside a cell.
    """
    if not luts:
        raise ValueError("compose takes at least one LUT")
    first = stages(luts[0])[0]
    grid = Lut3D(nodes(size), first.domain_min, first.domain_max)
    values = nodes(size, grid)
    for lut in luts:
        values = apply(lut, values, engine="numpy")
    texts = dict.fromkeys(lut.title for lut in luts if lut.title)
    comments = tuple(line for lut in luts for line in lut.comments)
    return replace(grid, table=values, title=" + ".join(texts), comments=comments)


def resize(lut: Lut, size: int) -> Lut:
    """Resample a table to another number of nodes; of curves and a cube, the cube.

    Going from n to k(n - 1) + 1 nodes loses nothing; other sizes do where the table bends.
    """
    if isinstance(lut, ShapedLut):
        return replace(lut, cube=replace(compose(lut.cube, size=size), title=lut.cube.title))
    if isinstance(lut, Lut3D):
        return replace(compose(lut, size=size), title=lut.title)
    ramp = np.linspace(lut.domain_min, lut.domain_max, size)
    return replace(lut, table=apply(lut, ramp, engine="numpy"))


def strength(lut: Lut, amount: float) -> Lut1D | Lut3D:
    """Mix a LUT with the identity, as an opacity slider does: x + amount (L(x) - x).

    Parameters
    ----------
    lut : one table; bake a ShapedLut with `compose` first
    amount : 0 is the identity, 1 the LUT; beyond that it exaggerates

    Returns
    -------
    The same kind of LUT. Values are not clipped.
    """
    if isinstance(lut, ShapedLut):
        raise ValueError("a mix of curves and a cube is one cube: compose(lut) first")
    if isinstance(lut, Lut1D):
        still = np.linspace(lut.domain_min, lut.domain_max, lut.size)
    else:
        still = nodes(lut.size, lut)
    return replace(lut, table=still + amount * (lut.table - still))


@dataclass(frozen=True, eq=False)
class Inverse:
    """A LUT that undoes another, and how well.

    The error is CIEDE2000 between colours on a 33^3 grid of [0, 1] and the same colours after
    the LUT, a clip to [0, 1] and the inverse.
    """

    lut: Lut1D | Lut3D
    delta_e_mean: float
    delta_e_p95: float
    clipped: float
    """Share of the grid that the LUT sends outside [0, 1]: no inverse can bring it back."""


def invert(lut: Lut, size: int = 33) -> Inverse:
    """Find the LUT that undoes this one.

    Parameters
    ----------
    lut : cubes up to 129
    size : nodes along one edge of the inverse; curves keep at least their own number

    Returns
    -------
    The inverse over [0, 1], as Lut1D for curves and Lut3D otherwise, with the error it leaves:
    from colours clipped, from colours merged, and from the inverse's own interpolation.
    """
    undo: Lut1D | Lut3D
    if isinstance(lut, Lut1D):
        rows = max(size, lut.size)
        ramp = np.linspace((0, 0, 0), (1, 1, 1), rows)
        undo = Lut1D(invert_exactly(lut, ramp), title=_inverse_title(lut))
    else:
        table = invert_exactly(lut, nodes(size).reshape(-1, 3)).reshape(size, size, size, 3)
        undo = Lut3D(table, title=_inverse_title(lut))
    grid = nodes(ROUND_TRIP_SIZE).reshape(-1, 3)
    sent = apply(lut, grid, engine="numpy")
    back = apply(undo, np.clip(sent, 0, 1), engine="numpy")
    error = delta_e_2000(encoded_to_lab(np.clip(back, 0, 1)), encoded_to_lab(grid))
    outside = (sent < -CLIP_TOLERANCE) | (sent > 1 + CLIP_TOLERANCE)
    return Inverse(
        undo, float(error.mean()), float(np.quantile(error, 0.95)), float(outside.any(1).mean())
    )


def _inverse_title(lut: Lut) -> str:
    return f"inverse of {lut.title}" if lut.title else "inverse"
