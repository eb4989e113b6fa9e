"""Bring a look to a severity: one amount that scales all layers, found as by `luts random`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..definition import tetrahedral
from ..families.drawing import CLOSE, CORRECTIONS, MARGIN, TOLERANCE, find_root
from ..measure import mean_difference
from ..tool.errors import UserError
from .kind import MAX_AMOUNT
from .look import SIZE, Look

_STEP = 0.25  # of the amount, to find where the severity passes the target first


def to_severity(look: Look, target: float) -> Look:
    """Scale a look until its cube of 33 nodes has a severity.

    Parameters
    ----------
    look : at least one layer that does something
    target : mean CIEDE2000 over natural colours, met within 1 %

    Raises
    ------
    UserError : not a positive number, or more than the look reaches
    """
    if not 0 < target < np.inf:
        raise UserError(f"a severity is a positive mean dE00, got {target:g}")

    def exact(amount: float) -> float:
        return mean_difference(lambda encoded: look.exact(encoded, amount))

    def reach(aim: float, bracket: tuple) -> Look:
        (low, reached), (high, most) = bracket
        amount = find_root(
            lambda trial: exact(trial) / aim - 1,
            (low, reached / aim - 1),
            (high, most / aim - 1),
            TOLERANCE,
        )
        return replace(look, amount=round(amount, 7))

    bracket = _passing(exact, MARGIN * target)
    aim = target
    found = reach(aim, bracket)
    measured = _of_cube(found)
    for _ in range(CORRECTIONS):
        aim = min(max(aim * target / measured, bracket[0][1]), bracket[1][1])
        found = reach(aim, bracket)
        measured = _of_cube(found)
        if abs(measured / target - 1) <= CLOSE:
            break
    return found


def _of_cube(look: Look) -> float:
    """Severity of the look's cube of 33 nodes, as the families measure theirs."""
    table = look.bake().table
    return mean_difference(lambda encoded: tetrahedral(table, encoded * (SIZE - 1)))


def _passing(exact, aim: float) -> tuple:
    """The first step of the amount in which the severity passes `aim`, as (amount, severity)s."""
    low = (0.0, 0.0)
    most = 0.0
    for amount in np.arange(_STEP, MAX_AMOUNT + _STEP / 2, _STEP):
        here = float(amount), exact(float(amount))
        most = max(most, here[1])
        if here[1] >= aim:
            return low, here
        low = here
    raise UserError(f"the look does not reach severity {aim / MARGIN:g}: at most {most:.1f}")
