"""`luts info`: what a LUT file holds, how strong it is, and what it destroys."""

from __future__ import annotations

from argparse import Namespace

import numpy as np

from .. import pictures
from ..lut import stages, table_hash
from ..measure import severity
from ..pictures.read import is_picture
from ..tool.gate import plain_lines
from .common import describe, each, read_lut


def run(args: Namespace) -> int:
    """1 when any of the files had to be refused."""
    return each(
        "luts info", args.lut, lambda source: print("\n".join(map(plain_lines, _lines(source))))
    )


def _lines(path: str) -> list[str]:
    if is_picture(path):
        found = pictures.describe(pictures.read_picture(path, floats=True).info)
        return [f"{path}: a picture", *(f"  {name:<13} {text}" for name, text in found)]
    lut = read_lut(path)
    values = np.concatenate([stage.table.ravel() for stage in stages(lut)])
    outside = float(((values < 0) | (values > 1)).mean())
    lines = [f"{path}: {describe(lut)}"]
    if lut.title:
        lines.append(f"  title      {lut.title}")
    lines += [f"  comment    {line}" for line in lut.comments if line]
    lines.append(
        f"  values     {values.min():.6g} to {values.max():.6g}, {outside:.1%} outside 0..1"
    )
    lines.append(f"  hash       {table_hash(lut)}")
    measured = severity(lut)
    lines.append(f"  severity   mean {measured.mean:.2f}, p95 {measured.p95:.2f} CIEDE2000")
    lines.append(f"  verdict    {measured.verdict}")
    return lines
