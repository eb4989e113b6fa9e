"""What is in a data set: counts by split, EV, mask, distortion and camera; luminance; maps."""

from __future__ import annotations

import contextlib
import csv
import io
import re
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TextIO

import numpy as np

from luts.tool.errors import UserError
from luts.tool.files import whole_file, write_text
from luts.tool.gate import inside, plain_cell

from ..images.files import ImageError
from ..sources.scene import PICTURES, list_files
from .exposure_map import Luminance, Luminances, light, neighbour_map, principal_map
from .read import DataSet
from .rows import Sample
from .stats_plot import Columns, draw

MOST_ON_MAP = 700  # pictures placed by t-SNE, whose time grows with their square


class StatsError(UserError):
    """Statistics that cannot be made; the message says why."""


def counts(dataset: DataSet) -> dict[str, Counter[str]]:
    """Samples by split, status, EV, mask kind, distortion, camera and licence."""
    found = {
        what: Counter[str]()
        for what in ("split", "status", "ev", "mask", "distortion", "camera", "licence", "notes")
    }
    for row in dataset.rows:
        found["split"][row.split] += 1
        found["status"][row.status] += 1
        if isinstance(row, Sample):
            found["ev"]["not known" if row.ev is None else f"{row.ev:+g}"] += 1
            found["mask"][row.mask.kind] += 1
            found["distortion"][row.distortion_name] += 1
            found["camera"][row.camera or "not known"] += 1
            found["licence"][row.licence or "unknown"] += 1
            found["notes"].update({kind_of(note) for note in row.notes} or {"none"})
    return found


def kind_of(note: str) -> str:
    """A note without its numbers and names, so that alike ones are counted together."""
    return re.sub(r"[-+]?\d[\d.]*%?", "N", note.partition(": ")[0])


def folder_lights(folder: Path) -> Luminances:
    """The lights of every picture below a folder; files that cannot be read are left out.

    Raises StatsError when no picture is left.
    """

    def readable() -> Iterator[Luminance]:
        for name in list_files(folder, PICTURES):
            with contextlib.suppress(ImageError):
                yield light(folder / name)

    found = Luminances.of(readable())
    if not len(found.means):
        raise StatsError(f"{folder}: holds no picture that can be read")
    return found


def write_stats(dataset: DataSet, out: Path, beside: Iterable[Path] = ()) -> list[Path]:
    """Write stats.csv, light.csv and stats.png; returns their paths.

    About 200 bytes of memory per sample are used, whatever the pictures' size.

    Parameters
    ----------
    beside : other folders of pictures to show on the maps
    """
    out = Path(out)
    if not len(dataset):
        raise StatsError(f"{dataset.folder}: holds no sample that was made")
    lights = Luminances.of(light(inside(dataset.folder, row.input)) for row in dataset.samples)
    groups = {dataset.name: lights, **{folder.name: folder_lights(folder) for folder in beside}}
    principal = principal_map({name: found.histograms for name, found in groups.items()})
    shown = {
        name: _spread(len(found.means), MOST_ON_MAP // len(groups))
        for name, found in groups.items()
    }
    neighbours = neighbour_map(
        {name: groups[name].histograms[chosen] for name, chosen in shown.items()}
    )
    places = dict(zip(shown[dataset.name], neighbours[dataset.name], strict=True))
    write_text(out / "stats.csv", _counts_csv(counts(dataset)))
    with whole_file(out / "light.csv") as scratch, scratch.open("w", newline="") as stream:
        _write_light(stream, dataset.samples, lights.means, principal[dataset.name], places)
    draw(out / "stats.png", _columns(dataset), lights, (principal, neighbours), shown[dataset.name])
    return [out / "stats.csv", out / "light.csv", out / "stats.png"]


def _columns(dataset: DataSet) -> Columns:
    """What the figure shows of the rows, read in one pass."""
    evs, severities, cameras = array("f"), array("f"), Counter[str]()
    for row in dataset.samples:
        evs.append(np.nan if row.ev is None else row.ev)
        severities.append(np.nan if row.distortion is None else row.distortion.image_severity)
        cameras[row.camera or "not known"] += 1
    return Columns(np.array(evs), np.array(severities), cameras)


def _spread(count: int, most: int) -> list[int]:
    """At most `most` of `count` indices, evenly spread."""
    return sorted({int(index) for index in np.linspace(0, count - 1, min(count, most)).round()})


def _counts_csv(found: Mapping[str, Counter[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["what", "value", "samples"])
    for what, counter in found.items():
        writer.writerows([what, plain_cell(value), n] for value, n in sorted(counter.items()))
    return text.getvalue()


def _write_light(
    stream: TextIO,
    rows: Iterable[Sample],
    means: np.ndarray,
    principal: np.ndarray,
    neighbours: Mapping[int, np.ndarray],
) -> None:
    writer = csv.writer(stream, lineterminator="\n")
    columns = ["id", "split", "ev", "mean_luminance", "image_severity"]
    writer.writerow([*columns, "principal_x", "principal_y", "tsne_x", "tsne_y"])
    for index, (row, mean, place) in enumerate(zip(rows, means, principal, strict=True)):
        severity = "" if row.distortion is None else row.distortion.image_severity
        where = [f"{value:.4f}" for value in (*place, *neighbours.get(index, ()))]
        where += [""] * (4 - len(where))
        cells = [plain_cell(row.id), row.split, row.ev, f"{mean:.5f}", severity]
        writer.writerow([*cells, *where])
