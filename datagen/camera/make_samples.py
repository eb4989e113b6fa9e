"""Rebuild the embedded samples from a folder of their sources.

    python -m datagen.camera.make_samples SOURCES [--out FOLDER]

`sample_sources.tsv` lists every source: its path inside SOURCES, where it was fetched from
(repository@commit:path), its licence and the evidence for it, and how it is photographed. Real
raws are copied; panoramas and photos go through the virtual camera. The result is the same byte
for byte, which the tests hold against the files that ship.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from luts.tool.errors import UserError
from luts.tool.files import sha256_file, whole_file

from ..images.hdr import read_scene
from .bright_region import bright_region
from .index import INDEX, SAMPLES, IndexRow, write_index
from .shooting import Shoot, View, frame, shoot_view

SOURCES = Path(__file__).with_name("sample_sources.tsv")
LONG_EDGE = 384
LIGHT_EDGE = 192  # of the true light: what the demo works at
SEED = 0
BRIGHT = "bright"  # in the mask column: segment the view itself


@dataclass(frozen=True)
class Source:
    """One line of sample_sources.tsv; numbers stay text, empty where they do not apply."""

    file: str
    kind: str
    camera: str  # of a real raw: its name; else a key of SENSORS
    yaw: str
    pitch: str
    metering_error: str  # stops
    mask: str  # BRIGHT, a grey PNG inside the sources, or empty
    source: str
    licence: str
    evidence: str
    note: str


def read_sources(path: Path = SOURCES) -> list[Source]:
    """Read the table of sources."""
    with path.open(encoding="utf-8", newline="") as stream:
        return [Source(**line) for line in csv.DictReader(stream, dialect="excel-tab")]


def named(sources: Iterable[Source]) -> dict[str, Source]:
    """Every source by the name of its sample: the file's stem, numbered where it has more views."""
    sources = list(sources)
    views = Counter(source.file for source in sources)
    seen: Counter[str] = Counter()
    result = {}
    for source in sources:
        seen[source.file] += 1
        number = f"_v{seen[source.file]}" if views[source.file] > 1 else ""
        result[Path(source.file).stem + number] = source
    return result


def make_sample(name: str, source: Source, folder: Path, out: Path) -> IndexRow:
    """Make the sample of one source in `out` and return its row of the index."""
    path = folder / source.file
    if source.kind == "camera":
        return _copy_raw(source, path, out)
    linear = read_scene(path)
    artist = source.source.partition(";")[0]
    shoot = Shoot(
        long_edge=LONG_EDGE,
        light_edge=LIGHT_EDGE,
        source=artist,
        licence=source.licence,
        seed=SEED,
    )
    direction = (float(source.yaw), float(source.pitch)) if source.yaw else None
    view = View(name, path.stem, source.camera, float(source.metering_error), direction)
    framed = frame(linear, view, shoot)
    mask = _mask(source, folder, framed)
    (row,) = shoot_view(framed, view, out, shoot, mask=mask)
    # Pictures that are no panorama have no published split: they only ever test.
    split = row.split if direction else "test"
    return replace(row, split=split, source=source.source, note=source.note)


def _copy_raw(source: Source, path: Path, out: Path) -> IndexRow:
    with whole_file(out / path.name) as scratch:
        scratch.write_bytes(path.read_bytes())
    empty = dict.fromkeys(("ev", "exposure_s", "iso", "yaw", "pitch", "segmentation"), "")
    return IndexRow(
        path=path.name,
        scene=path.stem,
        split="test",
        kind="camera",
        camera=source.camera,
        source=source.source,
        licence=source.licence,
        sha256=sha256_file(out / path.name),
        bytes=path.stat().st_size,
        note=source.note,
        **empty,
    )


def _mask(source: Source, folder: Path, framed: np.ndarray) -> np.ndarray | None:
    if not source.mask:
        return None
    if source.mask == BRIGHT:
        region = bright_region(framed)
        if region is None:
            raise UserError(f"{SOURCES.name}: {source.file}: this view has no bright region")
        return region
    matte = cv2.imread(str(folder / source.mask), cv2.IMREAD_GRAYSCALE)
    if matte is None:
        raise UserError(f"{folder / source.mask}: missing or no picture")
    return cv2.resize(matte, framed.shape[1::-1], interpolation=cv2.INTER_AREA)


def main() -> int:
    """Make the samples, as `make samples` calls it."""
    parser = argparse.ArgumentParser(
        prog="python -m datagen.camera.make_samples", description=__doc__
    )
    parser.add_argument("sources", type=Path, help="folder that holds raw/, hdri/, photos/, masks/")
    parser.add_argument("--out", type=Path, default=SAMPLES, help="folder to write (the package's)")
    args = parser.parse_args()
    try:
        rows = [
            make_sample(name, source, args.sources, args.out)
            for name, source in named(read_sources()).items()
        ]
    except (UserError, FileNotFoundError) as error:
        print(f"make_samples: {error}", file=sys.stderr)
        return 2
    write_index(args.out / INDEX, rows)
    print(args.out / INDEX)
    return 0


if __name__ == "__main__":
    sys.exit(main())
