"""LUTs from LUTs: in a row, backwards, at another size, at another strength."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .colour.colorimetry import delta_e_2000, encoded_to_lab
from .fidelity import fidelity
from .lookup import apply
from .lut import Lut, Lut1D, Lut3D, ShapedLut, nodes, stages
from .ocio import invert_exactly

ROUND_TRIP_SIZE = 33  # nodes per axis on which an inverse is judged
CLIP_TOLERANCE = 1e-6  # how close to the ends of [0, 1] a value counts as clipped
MERGED = 2.0  # dE00: a colour that comes back further off is another one


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


def join(*luts: Lut, size: int = 33) -> Lut:
    """Put LUTs in a row and keep curves as curves where they can be kept.

    Parameters
    ----------
    luts : at least one, in the order of application
    size : nodes along one edge of the cube in the result

    Returns
    -------
    Lut1D of as many rows as the longest when all are curves; the LUT itself when there is one;
    curves and a cube when curves come first and a cube alone would be off by more than
    `fidelity.LIMIT`, as it is behind a log curve; else a cube.
    """
    tables = [stage for lut in luts for stage in stages(lut)]
    if len(luts) == 1:
        return luts[0]
    if all(isinstance(table, Lut1D) for table in tables):
        return _joined_curves([table for table in tables if isinstance(table, Lut1D)], luts)
    cube = compose(*luts, size=size)
    leading = list(itertools.takewhile(lambda table: isinstance(table, Lut1D), tables))
    if not leading or not fidelity(in_turn(*luts), cube, tables[0]).lossy:
        return cube
    shaper = _joined_curves([table for table in leading if isinstance(table, Lut1D)], ())
    low, high = shaper.table.min(0), shaper.table.max(0)
    grid = Lut3D(nodes(size), tuple(low), tuple(np.maximum(high, low + 1e-6)))
    values = nodes(size, grid)
    for table in tables[len(leading) :]:
        values = apply(table, values, engine="numpy")
    rest = replace(grid, table=values)
    return ShapedLut(shaper, rest, title=cube.title, comments=cube.comments)


def in_turn(*luts: Lut) -> Callable[[np.ndarray], np.ndarray]:
    """Several LUTs as one function of colours."""

    def colour_map(encoded: np.ndarray) -> np.ndarray:
        for lut in luts:
            encoded = apply(lut, encoded.astype(np.float32))
        return encoded

    return colour_map


def _joined_curves(curves: Sequence[Lut1D], luts: Sequence[Lut]) -> Lut1D:
    """Curves in a row as one, of as many rows as the longest; exact at these."""
    first = curves[0]
    values = np.linspace(first.domain_min, first.domain_max, max(curve.size for curve in curves))
    for curve in curves:
        values = apply(curve, values, engine="numpy")
    title = " + ".join(dict.fromkeys(lut.title for lut in luts if lut.title))
    comments = tuple(line for lut in luts for line in lut.comments)
    return replace(first, table=values, title=title, comments=comments)


def resize(lut: Lut, size: int) -> Lut:
    """Resample a table to another number of nodes; of curves and a cube, the cube.

    Going from n to k(n - 1) + 1 nodes loses nothing; other sizes do where the table bends:
    `luts.fidelity` says how much.
    """
    if isinstance(lut, ShapedLut):
        return replace(lut, cube=replace(compose(lut.cube, size=size), title=lut.cube.title))
    if isinstance(lut, Lut3D):
        return replace(compose(lut, size=size), title=lut.title)
    ramp = np.linspace(lut.domain_min, lut.domain_max, size)
    return replace(lut, table=apply(lut, ramp, engine="numpy"))


def strength(lut: Lut, amount: float) -> Lut:
    """Mix a LUT with the identity, as an opacity slider does: x + amount (L(x) - x).

    Parameters
    ----------
    lut : of any kind; the curves before a cube must rise
    amount : 0 is the identity, 1 the LUT; beyond that it exaggerates

    Returns
    -------
    The same kind of LUT. Values are not clipped. Exact for one table; curves before a cube are
    kept, and the mix is exact at the cube's nodes.

    Raises
    ------
    ValueError : curves before a cube that do not rise everywhere
    """
    if isinstance(lut, ShapedLut):
        shaped = nodes(lut.cube.size, lut.cube)
        still = _undo_rising(lut.shaper, shaped)
        mixed = still + amount * (lut.cube.table - still)
        return replace(lut, cube=replace(lut.cube, table=mixed))
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
    """Share of the grid that the LUT sends to 0 or 1 or beyond, from inside: it does not return."""
    merged: float
    """Share of the grid that comes back as another colour without being clipped, by over 2 dE00:
    where two inputs have one output, a folded cube or a curve that rises and falls."""


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
        undo = Lut1D(_undo_curves(lut, ramp), title=_inverse_title(lut))
    else:
        table = invert_exactly(lut, nodes(size).reshape(-1, 3)).reshape(size, size, size, 3)
        undo = Lut3D(table, title=_inverse_title(lut))
    grid = nodes(ROUND_TRIP_SIZE).reshape(-1, 3)
    sent = apply(lut, grid, engine="numpy")
    back = apply(undo, np.clip(sent, 0, 1), engine="numpy")
    error = delta_e_2000(encoded_to_lab(np.clip(back, 0, 1)), encoded_to_lab(grid))
    low, high = sent <= CLIP_TOLERANCE, sent >= 1 - CLIP_TOLERANCE
    outside = (sent < -CLIP_TOLERANCE) | (sent > 1 + CLIP_TOLERANCE)
    clipped = (outside | (low & (grid > 0) & (grid < 1)) | (high & (grid < 1) & (grid > 0))).any(1)
    return Inverse(
        undo,
        float(error.mean()),
        float(np.quantile(error, 0.95)),
        float(clipped.mean()),
        float(((error > MERGED) & ~clipped).mean()),
    )


def _undo_curves(lut: Lut1D, values: np.ndarray) -> np.ndarray:
    """Inputs (n, 3) of curves.

    Of a curve that rises and falls, one on the first stretch that reaches the value, so that the
    LUT of the inverse is always the value itself.
    """
    result = invert_exactly(lut, values)
    places = np.linspace(lut.domain_min, lut.domain_max, lut.size)
    for channel in range(3):
        curve = lut.table[:, channel].astype(np.float64)
        turns = np.flatnonzero(np.diff(np.sign(np.diff(curve))) != 0) + 1
        steps = np.sign(np.diff(curve))
        if not ((steps > 0).any() and (steps < 0).any()):
            continue
        wanted = np.clip(values[:, channel], curve.min(), curve.max())
        found = np.full(len(values), np.nan)
        for start, stop in itertools.pairwise([0, *turns, lut.size - 1]):
            part, where = curve[start : stop + 1], places[start : stop + 1, channel]
            order = np.argsort(part, kind="stable")
            inside = np.isnan(found) & (wanted >= part.min()) & (wanted <= part.max())
            found[inside] = np.interp(wanted[inside], part[order], where[order])
        result[:, channel] = found
    return result


def _undo_rising(curves: Lut1D, values: np.ndarray) -> np.ndarray:
    """Inputs of curves that rise, for values (..., 3) that they may or may not reach."""
    places = np.linspace(curves.domain_min, curves.domain_max, curves.size)
    if (np.diff(curves.table, axis=0) < 0).any():
        raise ValueError("the curves before the cube do not rise everywhere: compose(lut) first")
    return np.stack(
        [np.interp(values[..., k], curves.table[:, k], places[:, k]) for k in range(3)], axis=-1
    )


def _inverse_title(lut: Lut) -> str:
    return f"inverse of {lut.title}" if lut.title else "inverse"
