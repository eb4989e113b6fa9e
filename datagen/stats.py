"""What is in a data set: counts by split, EV, mask, distortion and camera; luminance; a map.

The map places every picture by the shape of its luminance histogram, own pictures beside those of
any other folder, so that one sees which exposures a set covers and which it lacks.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from luts.colorimetry import luminance
from luts.command import UserError
from luts.transfer import decode_srgb

from .dataset import DataSet
from .files import whole_file, write_text
from .images import ImageError, read_image, to_float
from .manifest import OK, Row
from .sources.scene import PICTURES, list_files

SMALL = 64  # pixels of the longer side: enough for a histogram
BINS = 32
FEATURE_FLOOR_EV = -10.0  # relative to white; darker is all the same


class StatsError(UserError):
    """Statistics that cannot be made; the message says why."""


@dataclass(frozen=True)
class Light:
    """How bright a picture is."""

    mean_luminance: float  # of linear light, white = 1
    histogram: np.ndarray  # (32,) shares, over log2 luminance from -10 EV to 0


def counts(dataset: DataSet) -> dict[str, Counter[str]]:
    """Samples by split, status, EV, mask kind, distortion, camera and licence."""
    made = [row for row in dataset.rows if row["status"] == OK]
    return {
        "split": Counter(row["split"] for row in dataset.rows),
        "status": Counter(row["status"] for row in dataset.rows),
        "ev": Counter("not known" if row["ev"] is None else f"{row['ev']:+g}" for row in made),
        "mask": Counter(row["mask"]["kind"] for row in made),
        "distortion": Counter(distortion_name(row) for row in made),
        "camera": Counter(row.get("camera") or "not known" for row in made),
        "licence": Counter(row.get("licence") or "unknown" for row in made),
    }


def distortion_name(row: Row) -> str:
    """One word for a row's distortion: none, its name, or the names of a stack."""
    record = row["distortion"]
    if record is None:
        return "none"
    return record.get("name") or " + ".join(layer["name"] for layer in record["layers"])


def light(path: Path) -> Light:
    """Measure a picture file."""
    codes = read_image(path)
    scale = SMALL / max(codes.shape[:2])
    if scale < 1:
        size = [max(1, round(side * scale)) for side in codes.shape[1::-1]]
        codes = cv2.resize(codes, size, interpolation=cv2.INTER_AREA)
    encoded = to_float(codes)
    linear = decode_srgb(encoded if encoded.ndim == 3 else np.repeat(encoded[..., None], 3, 2))
    values = luminance(linear)
    stops = np.log2(np.maximum(values, 2.0**FEATURE_FLOOR_EV))
    histogram, _ = np.histogram(stops, BINS, range=(FEATURE_FLOOR_EV, 0.0))
    return Light(float(values.mean()), histogram / max(histogram.sum(), 1))


def exposure_map(groups: Mapping[str, Sequence[np.ndarray]]) -> dict[str, np.ndarray]:
    """Place luminance histograms in the plane by their two principal components.

    Parameters
    ----------
    groups : name -> histograms (32,); the components are those of the first group

    Returns
    -------
    name -> (n, 2) float. The Hellinger distance between histograms is what the plane approximates;
    signs are fixed so that brighter lies to the right.
    """
    features = {name: np.sqrt(np.array(found)) for name, found in groups.items() if len(found)}
    first = next(iter(features.values()))
    middle = first.mean(0)
    _, _, axes = np.linalg.svd(first - middle, full_matrices=False)
    axes = np.pad(axes[:2], ((0, 2 - min(len(axes), 2)), (0, 0)))
    brighter = np.linspace(-1, 1, BINS)
    axes *= np.where(axes @ brighter < 0, -1, 1)[:, None]
    return {name: (values - middle) @ axes.T for name, values in features.items()}


def folder_lights(folder: Path) -> list[Light]:
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
    beside : other folders of pictures to show on the map
    """
    rows = [row for row in dataset.rows if row["status"] == OK]
    lights = [light(dataset.folder / row["input"]) for row in rows]
    groups = {dataset.name: [found.histogram for found in lights]}
    for folder in beside:
        groups[folder.name] = [found.histogram for found in folder_lights(folder)]
    places = exposure_map(groups)
    write_text(out / "stats.csv", _counts_csv(counts(dataset)))
    write_text(out / "light.csv", _light_csv(rows, lights, places[dataset.name]))
    _plot(rows, lights, places, out / "stats.png")
    return [out / "stats.csv", out / "light.csv", out / "stats.png"]


def _counts_csv(found: Mapping[str, Counter[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["what", "value", "samples"])
    for what, counter in found.items():
        writer.writerows([what, value, n] for value, n in sorted(counter.items()))
    return text.getvalue()


def _light_csv(rows: Sequence[Row], lights: Sequence[Light], places: np.ndarray) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["id", "split", "ev", "mean_luminance", "map_x", "map_y", "image_severity"])
    for row, found, (x, y) in zip(rows, lights, places, strict=True):
        severity = (row["distortion"] or {}).get("image_severity", "")
        where = [f"{x:.4f}", f"{y:.4f}"]
        mean = f"{found.mean_luminance:.5f}"
        writer.writerow([row["id"], row["split"], row["ev"], mean, *where, severity])
    return text.getvalue()


def _plot(
    rows: Sequence[Row], lights: Sequence[Light], places: Mapping[str, np.ndarray], path: Path
) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 8), layout="constrained")
    (by_ev, severity), (histogram, plane) = figure.subplots(2, 2)
    evs = np.array([np.nan if row["ev"] is None else row["ev"] for row in rows])
    means = np.array([found.mean_luminance for found in lights])
    plain = np.array([row["distortion"] is None for row in rows])
    known = sorted(set(evs[~np.isnan(evs)]))
    if known:
        boxes = [np.log2(np.maximum(means[(evs == ev) & plain], 1e-4)) for ev in known]
        by_ev.boxplot(boxes, positions=known, widths=0.3)
        by_ev.set_xticks(known, [f"{ev:+g}" for ev in known])
    by_ev.set(xlabel="EV, undistorted", ylabel="log2 mean luminance", title="Exposure")
    strengths = [row["distortion"]["image_severity"] for row in rows if row["distortion"]]
    severity.hist(strengths or [0], bins=30, color="0.4")
    severity.set(xlabel="mean CIEDE2000 of the picture", ylabel="samples", title="Distortion")
    edges = np.linspace(FEATURE_FLOOR_EV, 0, BINS)
    for ev in known:
        chosen = [found.histogram for found, keep in zip(lights, evs == ev, strict=True) if keep]
        histogram.plot(edges, np.mean(chosen, axis=0), label=f"{ev:+g}")
    if known:
        histogram.legend(title="EV")
    histogram.set(xlabel="EV below white", ylabel="share of pixels", title="Luminance")
    (own, own_places), *others = places.items()
    shades = plane.scatter(*own_places.T, c=np.nan_to_num(evs), s=9, cmap="viridis", label=own)
    for name, found in others:
        plane.scatter(*found.T, s=22, marker="x", c="tab:red", label=name)
    plane.legend()
    figure.colorbar(shades, ax=plane, label="EV")
    plane.set(title="Map of exposures (principal components)", xlabel="brighter", ylabel="")
    with whole_file(path) as scratch:
        figure.savefig(scratch, dpi=110, metadata={"Software": None})
