"""LUTs that stand in more than one split of a data set, so that none is unseen in a test."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from luts.tool.words import to_table

from .rows import Distortion, Sample


def lut_leaks(rows: Iterable[Sample]) -> Iterator[tuple[str, Sample, Sample]]:
    """Every distortion, or layer of one, that two splits share.

    Yields
    ------
    What it is called, and the first sample with it in either split; once per LUT.
    """
    first: dict[str, Sample] = {}
    told = set()
    for row in rows:
        for key, name in _keys(row.distortion).items() if row.distortion else ():
            other = first.setdefault(key, row)
            if other.split != row.split and key not in told:
                told.add(key)
                yield name, other, row


def shares_luts(recipe: Mapping[str, Any]) -> bool:
    """Whether a resolved recipe has a block whose LUTs may be in several splits."""
    blocks = recipe.get("distort", ())
    return any(isinstance(block, dict) and block.get("shared") is True for block in blocks)


def _keys(distortion: Distortion) -> dict[str, str]:
    """What identifies a distortion: the table that is stored, and what each layer was made from."""
    found = {distortion.lut: distortion.name}
    layers = distortion.layers or (distortion,)
    for layer in layers:
        known = layer.parameters
        inner = known.get("parameters")
        finished = known.get("lut_sha256") or (
            inner.get("table_hash") if isinstance(inner, Mapping) else None
        )
        if finished:
            found[str(finished)] = layer.name
        elif distortion.layers:
            found[json.dumps(to_table(known), sort_keys=True)] = layer.name
    return found
