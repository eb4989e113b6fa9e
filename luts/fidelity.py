"""What a resampling costs: CIEDE2000 between what a LUT should do and what the new table does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .colour.colorimetry import delta_e_2000, encoded_to_lab
from .colour.transfer import decode_srgb
from .lookup import apply
from .lut import ONES, ZEROS, Lut, Lut1D, Lut3D, nodes, stages
from .measure import natural_colours, weighted_quantile

GRID = 24  # nodes per axis of the even grid; shares hardly a colour with cubes of 17, 33 or 65
LIMIT = 0.5  # dE00: a larger 95th percentile or mean is warned about
STEEP = 8.0  # slope at black: sRGB's curve has 12.92, camera logs 5 to 50, a look at most 4
SIZES = (17, 33, 65, 129)  # of cubes, offered when another would do
ROWS = (256, 1024, 4096, 16384, 65536)  # of curves

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


def fidelity(exact: ColourMap | Lut, table: Lut, domain: Lut1D | Lut3D | None = None) -> Fidelity:
    """Measure what a table is off.

    A table whose curves begin as steeply as a log's takes linear light: the natural colours are
    then those of the same photographs in linear light.

    Parameters
    ----------
    exact : a LUT, or a function of encoded colours (n, 3)
    table : what stands for it
    domain : whose domain the even grid fills; that of `exact`, or [0, 1], when None
    """
    wanted = exact if callable(exact) else as_map(exact)
    if domain is None and not callable(exact):
        domain = stages(exact)[0]
    natural = natural_colours()
    usual = decode_srgb(natural.encoded) if takes_linear_light(domain) else natural.encoded
    low, high = (domain.domain_min, domain.domain_max) if domain else (ZEROS, ONES)
    grid = nodes(GRID, Lut3D(nodes(2), low, high)).reshape(-1, 3)
    colours = np.concatenate([usual, grid]).astype(np.float32)
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


def takes_linear_light(table: Lut1D | Lut3D | None) -> bool:
    """Whether a LUT's first table is curves as steep at black as a log or a display curve."""
    if not isinstance(table, Lut1D):
        return False
    step = np.subtract(table.domain_max, table.domain_min) / (table.size - 1)
    slope = np.diff(table.table, axis=0)[0] / step
    return bool((slope > STEEP).all())


def size_that_does(
    exact: ColourMap | Lut,
    bake: Callable[[int], Lut],
    above: int,
    domain: Lut1D | Lut3D | None = None,
) -> int | None:
    """The smallest usual size above the one given at which `bake` is no longer lossy."""
    sizes = ROWS if isinstance(bake(SIZES[0]), Lut1D) else SIZES
    for size in sizes:
        if size > above and not fidelity(exact, bake(size), domain).lossy:
            return size
    return None
