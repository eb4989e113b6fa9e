"""How strong a LUT is, and how much of it can be undone.

Severity is the mean CIEDE2000 between input and output over a published set of natural colours.
The set matters: uniform colours understate tone changes and overstate chroma changes, so figures
over the uniform cube stand beside, never instead. The natural set is a histogram of 16 freely
licensed photographs, luts/data/natural_colours.tsv, made by luts/make/make_natural_colours.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np

from .colour.colorimetry import delta_e_2000, encoded_to_lab
from .folds import FLAT, determinants, determinants_at
from .lookup import apply
from .lut import Lut, Lut3D, nodes

NATURAL_SET = "natural@1"
_TABLE = Path(__file__).parent / "data" / "natural_colours.tsv"
_UNIFORM_CELLS = 16
_RESAMPLED = 65  # nodes for the folds of a LUT that is not one plain cube
LOSS = 0.005  # of the natural colours: what `verdict` lets pass
MERGING = 1 / 8  # of volume: fewer 8-bit levels leave than came in, times two per channel


@dataclass(frozen=True)
class ColourSet:
    """Weighted colours to measure a distortion on.

    encoded : (n, 3) float64 display-encoded sRGB
    weights : (n,) float64, sum 1
    lab : (n, 3) float64, CIE Lab of the colours
    """

    encoded: np.ndarray
    weights: np.ndarray
    lab: np.ndarray

    def difference(self, output: np.ndarray) -> np.ndarray:
        """CIEDE2000 (n,) of the colours to what became of them, (n, 3) encoded, clipped first."""
        output = np.clip(np.asarray(output, np.float64), 0, 1)
        return delta_e_2000(encoded_to_lab(output), self.lab)


@dataclass(frozen=True)
class Figures:
    """What a LUT does to one set of colours; shares are of the set's weight, 0 to 1.

    mean, p95 : CIEDE2000 between input and output
    clipped : share that leaves at or beyond 0 or 1 in a channel in which it came from inside
    folded : share where the LUT turns the cube inside out, so that two inputs share one output
    merging : share where volume shrinks to less than 1/8: at 8 bits, neighbours become equal
    determinant_min, determinant_median : of the local volume factor, identity = 1
    """

    mean: float
    p95: float
    clipped: float
    folded: float
    merging: float
    determinant_min: float
    determinant_median: float


@dataclass(frozen=True)
class Severity:
    """The figures of a LUT: over natural colours, and over the uniform cube (by volume)."""

    natural: Figures
    uniform: Figures
    set_id: str = NATURAL_SET

    @property
    def mean(self) -> float:
        """Mean CIEDE2000 over natural colours: the number meant by `severity`."""
        return self.natural.mean

    @property
    def p95(self) -> float:
        """95th percentile of CIEDE2000 over natural colours."""
        return self.natural.p95

    @property
    def clipped(self) -> float:
        """Share of natural colours that lose a channel to clipping."""
        return self.natural.clipped

    @property
    def folded(self) -> float:
        """Share of the whole cube's volume that is folded, exactly."""
        return self.uniform.folded

    @property
    def verdict(self) -> str:
        """What cannot be undone, in words; shares below 0.5 % of natural colours pass."""
        losses = (
            (self.natural.clipped, "lose a channel to clipping"),
            (self.natural.folded, "lie where the cube folds over itself"),
            (self.natural.merging, "are squeezed so that 8-bit neighbours merge"),
        )
        told = [f"{share:.0%} {loss}" for share, loss in losses if share >= LOSS]
        return "of natural colours, " + ", ".join(told) if told else "can be undone"

    def record(self) -> dict:
        """JSON-able figures, rounded to what they can be trusted to."""
        rounded = {
            name: {key: round(value, 5) for key, value in asdict(figures).items()}
            for name, figures in (("natural", self.natural), ("uniform", self.uniform))
        }
        return {"set": self.set_id, "mean": rounded["natural"]["mean"], **rounded}


@cache
def natural_colours() -> ColourSet:
    """The colours of photographs, most frequent first."""
    table = np.loadtxt(_TABLE, delimiter="\t", skiprows=1)
    colours = table[:, :3]
    return ColourSet(colours, table[:, 3] / table[:, 3].sum(), encoded_to_lab(colours))


@cache
def uniform_colours() -> ColourSet:
    """The centres of 16 x 16 x 16 equal cells of the cube, all of the same weight."""
    half = 0.5 / _UNIFORM_CELLS
    inner = Lut3D(nodes(_UNIFORM_CELLS), (half,) * 3, (1 - half,) * 3)
    colours = nodes(_UNIFORM_CELLS, inner).reshape(-1, 3)
    return ColourSet(colours, np.full(len(colours), 1 / len(colours)), encoded_to_lab(colours))


def mean_difference(function: Callable[[np.ndarray], np.ndarray]) -> float:
    """Severity of a function of encoded colours (n, 3), measured without a LUT in between."""
    natural = natural_colours()
    return float((natural.weights * natural.difference(function(natural.encoded))).sum())


def severity(lut: Lut) -> Severity:
    """Measure a LUT's strength, clipping and folds.

    Parameters
    ----------
    lut : Lut3D, Lut1D or ShapedLut
        Applied tetrahedrally. Folds are exact for a cube over [0, 1]; any other LUT is sampled
        into a cube of 65 nodes for them.

    Returns
    -------
    Severity; `.mean` is the headline number, CIEDE2000.
    """
    natural, uniform = natural_colours(), uniform_colours()
    volume = determinants(_unit_cube(lut).table)
    everywhere = volume.ravel()
    return Severity(
        _figures(lut, natural, determinants_at(volume, natural.encoded), natural.weights),
        _figures(lut, uniform, everywhere, np.ones(len(everywhere))),
    )


def _unit_cube(lut: Lut) -> Lut3D:
    if isinstance(lut, Lut3D) and lut.is_unit:
        return lut
    return Lut3D(apply(lut, nodes(_RESAMPLED).astype(np.float32)))


def _figures(lut: Lut, colours: ColourSet, volume: np.ndarray, weights: np.ndarray) -> Figures:
    """`volume` holds determinants, `weights` how much each of them counts."""
    output = apply(lut, colours.encoded.astype(np.float32), exact=True).astype(np.float64)
    difference = colours.difference(output)
    lost = ((output >= 1) & (colours.encoded < 1)) | ((output <= 0) & (colours.encoded > 0))
    return Figures(
        mean=float(np.average(difference, weights=colours.weights)),
        p95=weighted_quantile(difference, colours.weights, 0.95),
        clipped=float(np.average(lost.any(axis=1), weights=colours.weights)),
        folded=float(np.average(volume < -FLAT, weights=weights)),
        merging=float(np.average(np.abs(volume) < MERGING, weights=weights)),
        determinant_min=float(volume.min()),
        determinant_median=weighted_quantile(volume, weights, 0.5),
    )


def weighted_quantile(values: np.ndarray, weights: np.ndarray, share: float) -> float:
    """The smallest value that at least `share` of the weight does not exceed."""
    if weights[0] == weights[-1] and (weights == weights[0]).all():  # a sort is ten times slower
        place = max(int(np.ceil(share * len(values))) - 1, 0)
        return float(np.partition(values, place)[place])
    order = np.argsort(values, kind="stable")
    cumulative = np.cumsum(weights[order])
    return float(values[order[np.searchsorted(cumulative, share * cumulative[-1])]])
