"""Tables of pairs for other loaders: pairs_<split>.jsonl, one flat line per sample.

Hugging Face `datasets` reads a column `<what>_file_name` as a picture called `<what>` (its image
folder, told by the card's header), so `load_dataset(folder)` gives pairs; anything that reads JSON
lines finds the same columns. Every split has the same ones, as those readers ask.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from luts.tool.files import sha256_file

from ..recipe.settings import SPLITS
from ..references import leading
from .rows import Row, Sample
from .target import Target


def table_name(split: str) -> str:
    """File of a split's table, at the top of the data set."""
    return f"pairs_{split}.jsonl"


def columns(row: Sample, references: Iterable[str]) -> dict[str, Any]:
    """One flat line: the files by what they are, then what tools filter by.

    Parameters
    ----------
    references : names that some sample of the set has; null where this one has not
    """
    line: dict[str, Any] = {"id": row.id, "input_file_name": row.input}
    line["reference_file_name"] = row.references[leading(row.references)]
    line["regions_file_name"] = row.regions
    for name in sorted(references):
        line[f"reference_{name}_file_name"] = row.references.get(name)
    return {
        **line,
        "scene": row.scene,
        "group": row.group,
        "ev": None if row.ev is None else float(row.ev),
        "distortion": row.distortion_name,
        "severity": 0.0 if row.distortion is None else float(row.distortion.severity),
        "mask": row.mask.kind,
        "coverage": float(row.coverage.A),
        "licence": row.licence,
    }


def write_tables(
    out: Target, rows: Iterable[Row], *, references: set[str], evs_known: bool
) -> dict[str, str]:
    """Write the tables of the splits that have samples; returns SHA-256 by file name.

    Parameters
    ----------
    references : names of all references in the set; where there is one only, it has one column
    evs_known : False leaves the column `ev` out, since a column of nulls has no type
    """
    names = references if len(references) > 1 else set()
    with tempfile.TemporaryDirectory() as scratch:
        streams = {split: (Path(scratch) / table_name(split)).open("wb") for split in SPLITS}
        try:
            for split, line in _lines(rows, names, evs_known):
                streams[split].write(line)
        finally:
            for stream in streams.values():
                stream.close()
        written = {}
        for split in SPLITS:
            path = Path(scratch) / table_name(split)
            if path.stat().st_size:
                out.keep(table_name(split), path)
                written[table_name(split)] = sha256_file(path)
    return written


def _lines(
    rows: Iterable[Row], references: set[str], evs_known: bool
) -> Iterator[tuple[str, bytes]]:
    for row in rows:
        if isinstance(row, Sample):
            line = columns(row, references)
            if not evs_known:
                del line["ev"]
            yield row.split, json.dumps(line, ensure_ascii=False).encode() + b"\n"
