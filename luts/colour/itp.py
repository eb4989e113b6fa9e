"""Colour difference ITP, made for displays brighter and wider than Lab was.

References
----------
ITU-R BT.2124-0 (2019), the difference; ITU-R BT.2100-2, tables 4 and 7, the PQ curve and the
matrices; ITU-R BT.2020-2, table 3, the primaries; ITU-R BT.2408, where diffuse white lies.
"""

from __future__ import annotations

import numpy as np

from .colorimetry import LINEAR_TO_XYZ

WHITE_CD_M2 = 203.0  # ITU-R BT.2408: diffuse white of SDR content shown in HDR
# CIE XYZ of BT.2020's red, green and blue at our D65; BT.2020-2, table 3 gives x and y.
_XY_2020 = np.array([[0.708, 0.292], [0.170, 0.797], [0.131, 0.046]])
# ITU-R BT.2100-2, table 7: linear BT.2020 to LMS, and PQ-coded LMS to I, T = Ct / 2, P.
LMS = np.array([[1688, 2146, 262], [683, 2951, 462], [99, 309, 3688]]) / 4096
ITP = np.array([[2048, 2048, 0], [3305, -6806.5, 3501.5], [17933, -17390, -543]]) / 4096
# ITU-R BT.2100-2, table 4: the PQ curve.
M1, M2 = 2610 / 16384, 2523 / 32
C1, C2, C3 = 3424 / 4096, 2413 / 128, 2392 / 128


def difference_itp(estimate: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Difference ITP (...) of two scene-linear sRGB arrays (..., 3), white at 203 cd/m2."""
    step = _itp(estimate) - _itp(reference)
    return 720 * np.sqrt(np.einsum("...c,...c->...", step, step))


def _itp(linear: np.ndarray) -> np.ndarray:
    lms = linear @ (TO_LMS.T * (WHITE_CD_M2 / 10000)).astype(linear.dtype)
    power = np.maximum(lms, 0) ** M1
    coded = ((C1 + C2 * power) / (1 + C3 * power)) ** M2
    return coded @ ITP.T.astype(linear.dtype)


def _to_lms() -> np.ndarray:
    """Linear sRGB to LMS through BT.2020 primaries of the same white."""
    x, y = _XY_2020.T
    xyz = np.stack([x, y, 1 - x - y]) / y
    xyz *= np.linalg.solve(xyz, LINEAR_TO_XYZ.sum(1))
    return LMS @ np.linalg.solve(xyz, LINEAR_TO_XYZ)


TO_LMS = _to_lms()
