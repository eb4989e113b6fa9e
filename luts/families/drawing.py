"""Draw distortions by seed, and bring them to a severity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ..lut import Lut3D
from ..measure import mean_difference
from ..tool.seeding import sample_rng
from .distortion import REFERENCE_SIZE, Distortion, measure
from .family import DistortionError, Parameters
from .file import choose
from .outside import family_of, find

USUAL_SEVERITY = 12.0
ATTEMPTS = 64
TOLERANCE = 0.002  # of the asked severity
# A lattice shows up to 3 % less or more than the exact function where colours clip.
MARGIN = 1.04
CLOSE, CORRECTIONS = 0.005, 5  # of the severity at the size asked for


def draw(
    family: str,
    *,
    seed: int,
    severity: float | None = None,
    extreme: bool = False,
    source: str | None = None,
    size: int = REFERENCE_SIZE,
) -> Distortion:
    """Draw a member of a family, as strong as asked.

    Parameters
    ----------
    family : key of FAMILIES, a name that an installed package offers, or "my.py:NAME"
    seed : >= 0
    severity : mean CIEDE2000 over natural colours, met within 1 %; as drawn when None
        The parameters are scaled to reach it. A draw that cannot (a daylight lamp has no strong
        cast) is passed over for the next of the same seed.
    extreme : allow more than 12, where many colours clip and little is left to correct
    source : the LUT of the family "file", a name of the library or a path; drawn when None
    size : nodes per axis of the cube that is to have the severity

    Raises
    ------
    DistortionError : unknown family, negative seed, a severity outside (0, 12] without `extreme`,
        or one that none of the draws reaches.
    """
    family, made = find(family)
    _check(family, seed=seed, severity=severity, extreme=extreme, source=source)
    attempts = ATTEMPTS if source is None and severity is not None else 1
    reached = 0.0
    for attempt in range(attempts):
        rng = sample_rng(seed, f"{family}/{attempt}")
        parameters = _settled(made.draw(rng)) if source is None else choose(source)
        limit = made.limit(parameters)
        drawn = Distortion(family, seed, parameters, min(1.0, limit), severity=0.0)
        if severity is None:
            return measure(drawn, size)
        most = _exact_severity(family, parameters, limit)
        if most >= MARGIN * severity:
            return _calibrate(drawn, severity, (limit, most), size)
        reached = max(reached, most / MARGIN)
    raise DistortionError(
        f"{source or family} does not reach severity {severity:g}: "
        f"the strongest of {attempts} draws of seed {seed} has {reached:.1f}"
    )


def random_lut(
    family: str,
    *,
    seed: int,
    severity: float | None = None,
    size: int = 33,
    extreme: bool = False,
    source: str | None = None,
) -> Lut3D:
    """Draw a distortion and bake it; parameters as in `draw`, size in nodes per axis."""
    drawn = draw(family, seed=seed, severity=severity, extreme=extreme, source=source, size=size)
    return drawn.bake(size)


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
    low, high : (x, function(x)), of opposite signs

    Returns
    -------
    x, by false position in the Illinois variant: an end kept twice counts for half.
    """
    (a, fa), (b, fb) = low, high
    for x, fx in (low, high):
        if abs(fx) <= tolerance:
            return x
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


def _settled(drawn: Any) -> Any:
    """Round drawn numbers to nine decimals.

    Normal and gamma variates go through libm's logarithm, whose last bit differs between machines.
    """
    if isinstance(drawn, dict):
        return {name: _settled(value) for name, value in drawn.items()}
    if isinstance(drawn, list):
        return [_settled(value) for value in drawn]
    return round(drawn, 9) if isinstance(drawn, float) else drawn


def _check(
    family: str, *, seed: int, severity: float | None, extreme: bool, source: str | None
) -> None:
    if seed < 0:
        raise DistortionError(f"a seed is 0 or more, got {seed}")
    if source is not None and family != "file":
        raise DistortionError(f"a given LUT is for the family 'file', not for {family!r}")
    if severity is not None and not 0 < severity < np.inf:
        raise DistortionError(f"a severity is a positive mean dE00, got {severity:g}")
    if severity is not None and severity > USUAL_SEVERITY and not extreme:
        raise DistortionError(
            f"severity {severity:g} is beyond {USUAL_SEVERITY:g}, where much is clipped beyond "
            "correction; extreme ones must be asked for (--extreme, extreme=True)"
        )


def _exact_severity(family: str, parameters: Parameters, strength: float) -> float:
    apply = family_of(family).apply
    return mean_difference(lambda encoded: apply(encoded, parameters, strength))


def _calibrate(
    drawn: Distortion, severity: float, most: tuple[float, float], size: int
) -> Distortion:
    """Scale the strength until the cube of `size` nodes has the asked severity.

    The search runs on the exact function, which takes milliseconds. What the lattice adds or
    hides is then taken out of the target, once, and again while it is off: coarse lattices add
    much. `most` is the (strength, severity) of the limit.
    """

    def reach(target: float) -> Distortion:
        strength = find_root(
            lambda trial: _exact_severity(drawn.family, drawn.parameters, trial) / target - 1,
            (0.0, -1.0),
            (most[0], most[1] / target - 1),
            TOLERANCE,
        )
        # Seven decimals: another machine's last bit of a power must not name another LUT.
        return measure(replace(drawn, strength=round(strength, 7)), size)

    target = severity
    found = reach(target)
    for _ in range(CORRECTIONS):
        target = min(target * severity / found.severity, most[1])
        found = reach(target)
        if abs(found.severity / severity - 1) <= CLOSE:
            break
    return found
