"""What a resampling costs: CIEDE2000 between what a LUT should do and what the new table does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .colour.colorimetry import delta_e_2000, encoded_to_lab
from .lookup import apply
from .lut import Lut, Lut3D, nodes
from .measure import natural_colours, weighted_quantile

GRID = 24  # nodes per axis of the even grid; shares hardly a colour with cubes of 17, 33 or 65
LIMIT = 0.5  # dE00: a larger 95th percentile or mean is warned about
SIZES = (17, 33, 65, 129)  # offered when another would do

ColourMap = Callable[[np.ndarray], np.ndarray]  # encoded (n, 3) to encoded (n, 3)


@dataclass(frozen=True)
class Fidelity:
    """CIEDE2000 that a new table is off; outputs are clipped to [0, 1] first.

    mean, p95 : over natural colours, by their weight
    largest : over these and an even grid of the domain
    """

    mean: float
    p95: float
    largest: float

    @property
    def lossy(self) -> bool:
        """Whether it is worth a warning: the mean or the 95th percentile is above LIMIT."""
        return max(self.mean, self.p95) > LIMIT

    def __str__(self) -> str:
        return f"dE00 mean {self.mean:.2f}, p95 {self.p95:.2f}, largest {self.largest:.2f}"

    def record(self) -> dict[str, float]:
        """JSON-able figures, rounded to what they can be trusted to."""
        return {name: round(getattr(self, name), 4) for name in ("mean", "p95", "largest")}


def as_map(lut: Lut) -> ColourMap:
    """A LUT as a function of colours."""
    return lambda encoded: apply(lut, encoded.astype(np.float32))


def fidelity(exact: ColourMap | Lut, table: Lut, domain: Lut3D | None = None) -> Fidelity:
    """Measure what a table is off.

    Parameters
    ----------
    exact : a LUT, or a function of encoded colours (n, 3)
    table : what stands for it
    domain : whose domain the even grid fills; [0, 1] when None
    """
    wanted = exact if callable(exact) else as_map(exact)
    natural = natural_colours()
    grid = nodes(GRID, domain).reshape(-1, 3)
    colours = np.concatenate([natural.encoded, grid]).astype(np.float32)
    one, two = (
        encoded_to_lab(np.clip(np.asarray(f(colours), np.float64), 0, 1))
        for f in (wanted, as_map(table))
    )
    error = delta_e_2000(one, two)
    seen = error[: len(natural.encoded)]
    return Fidelity(
        mean=float(seen @ natural.weights),
        p95=weighted_quantile(seen, natural.weights, 0.95),
        largest=float(error.max()),
    )


def size_that_does(exact: ColourMap | Lut, bake: Callable[[int], Lut], above: int) -> int | None:
    """The smallest usual size above the one given at which `bake` is no longer lossy."""
    for size in SIZES:
        if size > above and not fidelity(exact, bake(size)).lossy:
            return size
    return None
