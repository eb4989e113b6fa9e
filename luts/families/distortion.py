"""A member of a family: drawn by seed, brought to a severity, baked into a cube."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..command import UserError
from ..lut import Lut3D, nodes
from ..severity import NATURAL_SET, mean_difference
from .family import Parameters
from .table import FAMILIES

VERSION = 1  # of the drawing and applying code: a record of another version may not reproduce
USUAL_SEVERITY = 12.0
TOLERANCE = 0.005  # of the asked severity
ATTEMPTS = 64


class DistortionError(UserError):
    """A distortion that cannot be made as asked; the message says what can."""


@dataclass(frozen=True)
class Distortion:
    """One member of a family.

    family : key of FAMILIES
    seed : what it was drawn with
    parameters : what was drawn, JSON-able
    strength : how far from the identity, 1 = as drawn
    severity : measured mean CIEDE2000 over natural colours
    """

    family: str
    seed: int
    parameters: Parameters
    strength: float
    severity: float

    def apply(self, encoded: np.ndarray) -> np.ndarray:
        """Distort encoded colours exactly, without a lattice in between.

        Parameters
        ----------
        encoded : (..., 3) float in [0, 1]

        Returns
        -------
        (..., 3) of the same dtype in [0, 1], clipped once at the end.
        """
        encoded = np.asarray(encoded)
        exact = self._raw(encoded.astype(np.float64))
        return np.clip(exact, 0, 1).astype(encoded.dtype)

    def bake(self, size: int = 33) -> Lut3D:
        """Sample the distortion on a lattice; nodes that two sizes share are equal."""
        record = json.dumps(self.record(), sort_keys=True)
        title = f"{self.family} seed {self.seed} severity {self.severity:.2f}"
        lines = ["made by: luts random", *(record[i : i + 200] for i in range(0, len(record), 200))]
        return Lut3D(self.apply(nodes(size)), title=title, comments=tuple(lines))

    def record(self) -> dict:
        """What reproduces and describes the distortion, JSON-able."""
        return {
            "family": self.family,
            "seed": self.seed,
            "version": VERSION,
            "parameters": self.parameters,
            "strength": self.strength,
            "severity": {"set": NATURAL_SET, "mean": round(self.severity, 4)},
        }

    def _raw(self, encoded: np.ndarray) -> np.ndarray:
        return FAMILIES[self.family].apply(encoded, self.parameters, self.strength)


def named_rng(seed: int, name: str) -> np.random.Generator:
    """The generator of one named draw: no other draw, and no order of draws, can change it."""
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return np.random.default_rng([seed, int.from_bytes(digest)])


def draw(
    family: str, *, seed: int, severity: float | None = None, extreme: bool = False
) -> Distortion:
    """Draw a member of a family, as strong as asked.

    Parameters
    ----------
    family : key of FAMILIES
    seed : >= 0
    severity : mean CIEDE2000 over natural colours, met within 0.5 %; as drawn when None
        The parameters are scaled to reach it. A draw that cannot (a daylight lamp has no strong
        cast) is passed over for the next of the same seed.
    extreme : allow more than 12, where many colours clip and little is left to correct

    Raises
    ------
    DistortionError : unknown family, a severity outside (0, 12] without `extreme`, or one that
        none of the draws reaches.
    """
    if family not in FAMILIES:
        raise DistortionError(f"no family {family!r}; there are {', '.join(FAMILIES)}")
    if severity is None:
        parameters = _draw_parameters(family, seed, 0)
        return _member(family, seed, parameters, min(1.0, FAMILIES[family].limit(parameters)))
    if not 0 < severity < np.inf:
        raise DistortionError(f"a severity is a positive mean dE00, got {severity:g}")
    if severity > USUAL_SEVERITY and not extreme:
        raise DistortionError(
            f"severity {severity:g} is beyond {USUAL_SEVERITY:g}, where much is clipped beyond "
            "correction; ask for extreme ones expressly (--extreme)"
        )
    reached = 0.0
    for attempt in range(ATTEMPTS):
        parameters = _draw_parameters(family, seed, attempt)
        most = FAMILIES[family].limit(parameters)
        best = _member(family, seed, parameters, most)
        reached = max(reached, best.severity)
        if best.severity >= severity:
            return _calibrate(best, severity)
    raise DistortionError(
        f"{family} does not reach severity {severity:g}: the strongest of {ATTEMPTS} draws "
        f"of seed {seed} has {reached:.1f}"
    )


def random_lut(
    family: str,
    *,
    seed: int,
    severity: float | None = None,
    size: int = 33,
    extreme: bool = False,
) -> Lut3D:
    """Draw a distortion and bake it; parameters as in `draw`, size in nodes per axis."""
    return draw(family, seed=seed, severity=severity, extreme=extreme).bake(size)


def _draw_parameters(family: str, seed: int, attempt: int) -> Parameters:
    if seed < 0:
        raise DistortionError(f"a seed is 0 or more, got {seed}")
    return FAMILIES[family].draw(named_rng(seed, f"{family}/{attempt}"))


def _member(family: str, seed: int, parameters: Parameters, strength: float) -> Distortion:
    apply = FAMILIES[family].apply
    measured = mean_difference(lambda encoded: apply(encoded, parameters, strength))
    return Distortion(family, seed, parameters, strength, measured)


def _calibrate(strongest: Distortion, severity: float) -> Distortion:
    """Scale the strength of a member that is strong enough until its severity is as asked."""
    members = {}

    def excess(strength: float) -> float:
        members[strength] = _member(
            strongest.family, strongest.seed, strongest.parameters, strength
        )
        return members[strength].severity / severity - 1

    strength = find_root(
        excess, (0.0, -1.0), (strongest.strength, strongest.severity / severity - 1), TOLERANCE
    )
    return members.get(strength, strongest)


def find_root(
    function: Callable[[float], float],
    low: tuple[float, float],
    high: tuple[float, float],
    tolerance: float,
) -> float:
    """Find where a function is within `tolerance` of zero, inside a bracket.

    Parameters
    ----------
    function : continuous
    low, high : (x, function(x)), function <= 0 at the one and >= 0 at the other

    Returns
    -------
    x. False position in the Illinois variant: an end kept twice counts for half.
    """
    (a, fa), (b, fb) = low, high
    if abs(fb) <= tolerance:
        return b
    for _ in range(100):
        x = (a * fb - b * fa) / (fb - fa)
        fx = function(x)
        if abs(fx) <= tolerance:
            return x
        if (fx > 0) == (fb > 0):
            b, fb, fa = x, fx, fa / 2
        else:
            a, fa, fb = x, fx, fb / 2
    raise ArithmeticError(f"no root within {tolerance:g} after 100 steps: is it continuous?")
