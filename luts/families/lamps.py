"""What each lamp does to colours, as a 3x3 matrix fitted to spectra.

Three gains per lamp miss the spikes of discharge tubes: against a true spectral rendering they
leave 3 to 11 dE00, nine numbers 1 to 3 (luts/make/make_lamps.py prints the figures per lamp).
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np

TABLE = Path(__file__).parent.parent / "data" / "lamps.tsv"


@cache
def _rows() -> dict[str, dict[str, str]]:
    with TABLE.open(encoding="utf-8") as stream:
        return {row["lamp"]: row for row in csv.DictReader(stream, delimiter="\t")}


def lamp_names() -> list[str]:
    """Names of the lamps, in the order of the table."""
    return list(_rows())


def lamp_matrix(lamp: str) -> np.ndarray:
    """Linear sRGB under D65 to linear sRGB under the lamp, camera balanced for D65 (3x3).

    White keeps its luminance: the row sums, weighted by BT.709, are 1.
    """
    rows = _rows()
    if lamp not in rows:
        raise ValueError(f"no lamp called {lamp!r}; there are {', '.join(rows)}")
    return np.array([float(rows[lamp][f"m{i}{j}"]) for i in "012" for j in "012"]).reshape(3, 3)
