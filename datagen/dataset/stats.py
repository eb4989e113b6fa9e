"""What is in a data set: counts by split, EV, mask, distortion and camera; luminance; maps."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from luts.tool.errors import UserError
from luts.tool.files import write_text
from luts.tool.gate import plain_cell

from ..images.files import ImageError
from ..sources.scene import PICTURES, list_files
from .exposure_map import Luminance, light, neighbour_map, principal_map
from .read import DataSet
from .rows import Sample

MOST_ON_MAP = 1500  # pictures placed by t-SNE, whose time grows with their square


class StatsError(UserError):
    """Statistics that cannot be made; the message says why."""


def counts(dataset: DataSet) -> dict[str, Counter[str]]:
    """Samples by split, status, EV, mask kind, distortion, camera and licence."""
    made = [row for row in dataset.rows if isinstance(row, Sample)]
    return {
        "split": Counter(row.split for row in dataset.rows),
        "status": Counter(row.status for row in dataset.rows),
        "ev": Counter("not known" if row.ev is None else f"{row.ev:+g}" for row in made),
        "mask": Counter(row.mask.kind for row in made),
        "distortion": Counter(row.distortion_name for row in made),
        "camera": Counter(row.camera or "not known" for row in made),
        "licence": Counter(row.licence or "unknown" for row in made),
    }


def folder_lights(folder: Path) -> list[Luminance]:
    """The lights of every picture below a folder; files that cannot be read are left out.

    Raises StatsError when no picture is left.
    """
    found = []
    for name in list_files(folder, PICTURES):
        try:
            found.append(light(folder / name))
        except ImageError:
            continue
    if not found:
        raise StatsError(f"{folder}: holds no picture that can be read")
    return found


def write_stats(dataset: DataSet, out: Path, beside: Iterable[Path] = ()) -> list[Path]:
    """Write stats.csv, light.csv and stats.png; returns their paths.

    Parameters
    ----------
    beside : other folders of pictures to show on the maps
    """
    from .stats_plot import draw

    rows = [row for row in dataset.rows if isinstance(row, Sample)]
    if not rows:
        raise StatsError(f"{dataset.folder}: holds no sample that was made")
    lights = [light(dataset.folder / row.input) for row in rows]
    others = {folder.name: folder_lights(folder) for folder in beside}
    groups = {dataset.name: lights, **others}
    principal = principal_map({name: _histograms(found) for name, found in groups.items()})
    shown = {
        name: _spread(len(found), MOST_ON_MAP // len(groups)) for name, found in groups.items()
    }
    neighbours = neighbour_map(
        {
            name: _histograms([groups[name][index] for index in chosen])
            for name, chosen in shown.items()
        }
    )
    places = dict(zip(shown[dataset.name], neighbours[dataset.name], strict=True))
    write_text(out / "stats.csv", _counts_csv(counts(dataset)))
    write_text(out / "light.csv", _light_csv(rows, lights, principal[dataset.name], places))
    ev_shown = [rows[index].ev for index in shown[dataset.name]]
    draw(out / "stats.png", rows, lights, maps=(principal, neighbours), ev_shown=ev_shown)
    return [out / "stats.csv", out / "light.csv", out / "stats.png"]


def _histograms(lights: Sequence[Luminance]) -> list[np.ndarray]:
    return [found.histogram for found in lights]


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


def _light_csv(
    rows: Sequence[Sample],
    lights: Sequence[Luminance],
    principal: np.ndarray,
    neighbours: Mapping[int, np.ndarray],
) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = ["id", "split", "ev", "mean_luminance", "image_severity"]
    writer.writerow([*columns, "principal_x", "principal_y", "tsne_x", "tsne_y"])
    for index, (row, found, place) in enumerate(zip(rows, lights, principal, strict=True)):
        severity = "" if row.distortion is None else row.distortion.image_severity
        where = [f"{value:.4f}" for value in (*place, *neighbours.get(index, ()))]
        where += [""] * (4 - len(where))
        mean = f"{found.mean_luminance:.5f}"
        writer.writerow([row.id, row.split, row.ev, mean, severity, *where])
    return text.getvalue()
