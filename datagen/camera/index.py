"""The index beside a folder of raws: what each file is, where it comes from, who may use it.

One tab-separated file, `index.tsv`, for the embedded samples and for everything that
`datagen simulate` writes. Paths are relative to its folder. Stems of the paths are unique; rows
with the same `scene` show the same place and must share a split.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import MISSING, asdict, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from luts.tool.errors import UserError
from luts.tool.files import write_text

INDEX = "index.tsv"
SAMPLES = Path(__file__).parent.parent / "samples"
Kind = Literal["camera", "simulated"]
SPLITS = ("train", "val", "test", "")


class SampleIndexError(UserError):
    """An index that cannot be used; the message is path:line: what is wrong."""


@dataclass(frozen=True)
class IndexRow:
    """One raw file. Numbers that are not known, as of a real camera's shot, are empty strings."""

    path: str
    scene: str
    split: str  # train, val, test, or empty: not fixed, the recipe draws
    kind: Kind
    camera: str
    ev: str  # stops from the metered exposure, of an exposure series
    exposure_s: str
    iso: str
    yaw: str  # degrees into the panorama
    pitch: str
    source: str
    licence: str
    sha256: str
    bytes: int
    segmentation: str  # grey PNG of the raw's own geometry, white is the subject; or empty
    note: str
    bracket: str = ""  # shots of one exposure series share it; or empty
    light: str = ""  # file of the scene's true light, see datagen.references.light_file; or empty
    light_white: str = ""  # where that light was cut off, in its unit; empty: nowhere

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f"kind is one of {', '.join(get_args(Kind))}, got {self.kind!r}")
        if self.split not in SPLITS:
            raise ValueError(f"split is one of {', '.join(SPLITS[:3])} or empty: {self.split!r}")


def read_index(path: Path) -> list[IndexRow]:
    """Read an index file, strictly: the columns of IndexRow, in any order.

    Only the last three may be missing, as in an older index.

    Raises
    ------
    SampleIndexError : a column is missing or unknown, or a row does not fit.
    OSError : the file cannot be read.
    """
    lines = csv.DictReader(io.StringIO(Path(path).read_text("utf-8")), dialect="excel-tab")
    known, found = {field.name for field in fields(IndexRow)}, set(lines.fieldnames or ())
    wanted = {field.name for field in fields(IndexRow) if field.default is MISSING}
    if not wanted <= found <= known:
        odd = ", ".join(sorted((wanted - found) | (found - known)))
        raise SampleIndexError(f"{path}:1: missing or unknown columns: {odd}")
    rows = []
    for number, line in enumerate(lines, start=2):
        try:
            if None in line or None in line.values():
                raise ValueError(f"needs {len(found)} columns")
            values: dict[str, Any] = {**line, "bytes": int(line["bytes"])}
            rows.append(IndexRow(**values))
        except ValueError as error:
            raise SampleIndexError(f"{path}:{number}: {error}") from None
    return rows


def write_index(path: Path, rows: list[IndexRow]) -> None:
    """Write rows, sorted by path, whole or not at all."""
    text = io.StringIO()
    names = [field.name for field in fields(IndexRow)]
    writer = csv.DictWriter(text, names, dialect="excel-tab", lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in sorted(rows, key=lambda row: row.path))
    write_text(path, text.getvalue())


def fixed_split(scene: str) -> str:
    """Give the published split of a panorama; empty for a scene that has none.

    The resolution in a downloaded file's name does not make it another place: `noon_grass_4k` is
    `noon_grass`.
    """
    return _splits().get(scene_name(scene), "")


def scene_name(stem: str) -> str:
    """Name the place a scene file shows: its stem without a trailing `_1k`, `_2k`, ..."""
    return re.sub(r"_\d+k$", "", stem)


@cache
def _splits() -> dict[str, str]:
    lines = Path(__file__).with_name("hdri_split.tsv").read_text("utf-8").splitlines()[1:]
    return dict(line.split("\t") for line in lines)
