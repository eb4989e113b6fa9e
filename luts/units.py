"""Is a table in the units it seems to be in? Code values, domains hardly filled, log input.

A LUT here takes encoded values in [0, 1] and gives such values. A table in other units is read as
it stands and makes a white or a flat picture, so what gives it away is recognised and named.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .fidelity import takes_linear_light
from .lookup import apply
from .lut import Lut, Lut1D, LutFormatError, stages

CODES = (255, 1023, 4095, 65535)  # white at 8, 10, 12 and 16 bits
SMALLEST_CODES = 10.0  # a larger value at white, with most of the table near it, is a code value
SHARE_OF_TOP = 0.15  # display values have their median above this share of white, light has not
LEAST_FILLED = 0.05  # of a domain, by [0, 1]
# Camera logs put black near 0.09 and middle grey near 0.4; a LUT made for them sends these to
# display black and grey and is steep between.
LOG_BLACK, LOG_GREY, LOG_SLOPE = (0.1, 0.06), (0.42, 0.44), 1.5


@dataclass(frozen=True)
class Doubt:
    """A sign that a table is in other units. `useless`: applied to pixels, it destroys them."""

    text: str
    useless: bool


def doubts(lut: Lut) -> list[Doubt]:
    """What speaks against a LUT that takes and gives encoded values in [0, 1]; usually nothing."""
    tables = stages(lut)
    first, last = tables[0], tables[-1]
    found = []
    top, middle = float(last.table.max()), float(np.median(last.table))
    if top > SMALLEST_CODES and middle > SHARE_OF_TOP * top:
        white = next((code for code in CODES if top <= 1.02 * code), CODES[-1])
        found.append(
            Doubt(
                f"the table is in code values up to {top:g}, not in 0 to 1: every picture would "
                f"be white; `luts convert --divide {white}` makes one that is",
                useless=True,
            )
        )
    widest = max(np.subtract(first.domain_max, first.domain_min))
    if 1 / widest < LEAST_FILLED and not takes_linear_light(first):
        low, high = min(first.domain_min), max(first.domain_max)
        found.append(
            Doubt(
                f"its domain is {low:g} to {high:g}: pixels in 0 to 1 fill {1 / widest:.1%} of it; "
                f"`luts convert --divide-domain {high:g}` makes one for 0 to 1",
                useless=True,
            )
        )
    if not found and _takes_log(lut):
        found.append(
            Doubt(
                "looks made for log input (black near 0.09, middle grey near 0.4); give its space, "
                "such as --input-space slog3, or pictures come out too contrasty",
                useless=False,
            )
        )
    return found


def refuse_useless(lut: Lut, name: str) -> None:
    """Raise LutFormatError for a table that would destroy every picture."""
    if told := [doubt.text for doubt in doubts(lut) if doubt.useless]:
        raise LutFormatError(f"{name}: {'; '.join(told)}")


def _takes_log(lut: Lut) -> bool:
    """Whether greys go as a camera log's must, to be displayed."""
    first = stages(lut)[0]
    if not first.is_unit or (isinstance(first, Lut1D) and takes_linear_light(first)):
        return False
    ramp = np.array([LOG_BLACK[0], 0.35, LOG_GREY[0], 0.45])[:, None].repeat(3, 1)
    black, low, grey, high = apply(lut, ramp, engine="numpy").mean(axis=1)
    steep = (high - low) / 0.1 > LOG_SLOPE
    return bool(black < LOG_BLACK[1] and grey > LOG_GREY[1] and grey < 0.75 and steep)
