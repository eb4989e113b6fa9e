"""One offline HTML page of a data set: a row per scene, a column per EV, overlays and a slider."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from luts.tool.files import write_text
from luts.tool.strict import to_table

from ..images.codes import quantise
from ..regions.labels import A, B
from ..sources.scene import safe_name
from .read import DataSet, load_pair
from .rows import Lost, Row, Sample
from .templates import template

FILTERS = ("split", "status", "ev", "distortion", "mask")
PER_PAGE = 60  # scenes
EDGE = 256  # pixels of a tile's longer side
COLOUR_OF_A, COLOUR_OF_B = (255, 140, 0, 110), (0, 150, 255, 110)  # RGBA
WHITE_CLIP, BLACK_CLIP = (255, 0, 0, 200), (0, 0, 255, 200)


def write_preview(dataset: DataSet, path: Path, *, scenes: int = 60) -> Path:
    """Write the page, or several that lead to each other; returns the path of the first.

    Pictures are in the pages, 60 scenes to each, so that any of them opens at once and one page's
    pictures are all that is in memory.

    Parameters
    ----------
    path : the .html file; further pages are called path-002.html and so on
    scenes : show so many scenes, evenly spread over the data set; 0 shows all
    """
    path = Path(path)
    names: list[str] = []
    filters: dict[str, set[str]] = {name: set() for name in FILTERS}
    for row in dataset.rows:
        if not names or names[-1] != row.scene:
            names.append(row.scene)
        for name, value in zip(FILTERS, _filter_values(row), strict=True):
            filters[name].add(value)
    shown = spread(names, scenes)
    places = [_page_path(path, number) for number in range(-(-len(shown) // PER_PAGE) or 1)]
    choices = {
        name: sorted(found - {""}, key=_ev_order if name == "ev" else None)
        for name, found in filters.items()
    }
    by_scene = _shown_scenes(dataset, set(shown))
    for number, place in enumerate(places):
        blocks = [
            _scene(dataset, name, rows) for name, rows in itertools.islice(by_scene, PER_PAGE)
        ]
        page = template("preview.html.j2").render(
            dataset=dataset,
            blocks=blocks,
            filters=choices,
            total=len(names),
            first=number * PER_PAGE + 1,
            pages=[other.name for other in places],
            number=number,
        )
        write_text(place, page)
    return path


def _shown_scenes(dataset: DataSet, shown: set[str]) -> Iterator[tuple[str, list[Row]]]:
    for name, rows in itertools.groupby(dataset.rows, key=lambda row: row.scene):
        if name in shown:
            yield name, list(rows)


def _page_path(path: Path, number: int) -> Path:
    return path.with_name(f"{path.stem}-{number + 1:03d}{path.suffix}") if number else path


def _filter_values(row: Row) -> tuple[str, ...]:
    """A row's value for each of FILTERS."""
    mask = row.mask.kind if isinstance(row, Sample) else ""
    return row.split, row.status, _ev(row), _distortion(row), mask


def spread(names: Sequence[str], count: int) -> list[str]:
    """Choose `count` names, evenly spread over the list; all of them when 0 or too many."""
    if not count or count >= len(names):
        return list(names)
    return [names[index] for index in np.linspace(0, len(names) - 1, count).round().astype(int)]


def regions_overlay(regions: np.ndarray) -> np.ndarray:
    """(H, W) labels as a translucent picture: A orange, B blue; (H, W, 4) uint8 RGBA."""
    return _painted(regions.shape, {COLOUR_OF_A: regions == A, COLOUR_OF_B: regions == B})


def clipping_overlay(encoded: np.ndarray) -> np.ndarray:
    """Pixels with a channel at white in red, pixels all black in blue; (H, W, 4) uint8 RGBA."""
    brightest = encoded.max(-1)
    return _painted(brightest.shape, {WHITE_CLIP: brightest >= 1, BLACK_CLIP: brightest <= 0})


def _scene(dataset: DataSet, name: str, rows: list[Row]) -> dict[str, Any]:
    """A scene's block: a column per EV, a line without distortion and one per draw."""
    lost = [row for row in rows if isinstance(row, Lost)]
    made = sorted((row for row in rows if isinstance(row, Sample)), key=_place)
    lines = sorted({_place(row)[0] for row in made})
    evs = sorted({_place(row)[1] for row in made})
    block: dict[str, Any] = {
        "name": name,
        "split": rows[0].split,
        "lost": [],
        "notes": [],
        "tiles": [],
        "references": [],
    }
    if lost:
        block["lost"] = [f"{lost[0].status}: {lost[0].reason}"]
    for row in made:
        line, ev = _place(row)
        place = {"line": lines.index(line) + 1, "column": evs.index(ev) + 1}
        block["tiles"].append({**_tile(dataset, row), **place})
    if made:
        for column, wanted in enumerate(sorted(made[0].references), start=len(evs) + 1):
            picture = _jpeg(load_pair(dataset, made[0], wanted).reference)
            block["references"].append({"name": wanted, "picture": picture, "column": column})
        block["notes"] = list(made[0].notes)
        block["camera"] = made[0].camera or "camera not known"
        block["licence"] = made[0].licence or "licence not known"
    return block


def _tile(dataset: DataSet, row: Sample) -> dict[str, Any]:
    pair = load_pair(dataset, row)
    coverage = " · ".join(f"{name} {share:.0%}" for name, share in to_table(row.coverage).items())
    severity = None if row.distortion is None else row.distortion.image_severity
    return {
        "id": row.id,
        "split": row.split,
        "ev": _ev(row),
        "status": row.status,
        "distortion": _distortion(row),
        "mask": row.mask.kind,
        "picture": _jpeg(pair.degraded),
        "regions": _png(regions_overlay(pair.regions)),
        "clipping": _png(clipping_overlay(pair.degraded)),
        "caption": f"{_ev(row)} EV, {row.distortion_name if row.distortion else 'clean'}"
        + (f", ΔE00 {severity:.1f}" if severity is not None else ""),
        "coverage": coverage,
    }


def _place(row: Sample) -> tuple[int, float]:
    """Line and column of a row, in their order: lut1, lut2 ... are lines of their own."""
    _, _, draw = row.id.rpartition("_lut")
    number = int(draw) if row.distortion and draw.isascii() and draw.isdecimal() else 0
    return number, row.ev if row.ev is not None else 0.0


def _ev(row: Row) -> str:
    return "?" if row.ev is None else f"{row.ev:+g}"


def _ev_order(ev: str) -> float:
    return 99.0 if ev == "?" else float(ev)


def _distortion(row: Row) -> str:
    """For the filter: one word without blanks."""
    return safe_name(row.distortion_name) if isinstance(row, Sample) else "none"


def _painted(size: tuple[int, int], areas: dict[tuple[int, ...], np.ndarray]) -> np.ndarray:
    picture = np.zeros((*size, 4), np.uint8)
    for colour, where in areas.items():
        picture[where] = colour
    return picture


def _shrunk(picture: np.ndarray, rule: int) -> np.ndarray:
    scale = EDGE / max(picture.shape[:2])
    if scale >= 1:
        return picture
    size = [max(1, round(side * scale)) for side in picture.shape[1::-1]]
    return cv2.resize(picture, size, interpolation=rule)


def _jpeg(encoded: np.ndarray) -> str:
    bgr = cv2.cvtColor(quantise(_shrunk(encoded, cv2.INTER_AREA)), cv2.COLOR_RGB2BGR)
    return "data:image/jpeg;base64," + _encoded(".jpg", bgr, cv2.IMWRITE_JPEG_QUALITY, 85)


def _png(rgba: np.ndarray) -> str:
    """A translucent picture; a few flat colours, so it stays small."""
    bgra = cv2.cvtColor(_shrunk(rgba, cv2.INTER_NEAREST), cv2.COLOR_RGBA2BGRA)
    return "data:image/png;base64," + _encoded(".png", bgra, cv2.IMWRITE_PNG_COMPRESSION, 9)


def _encoded(suffix: str, bgr: np.ndarray, *options: int) -> str:
    _, data = cv2.imencode(suffix, bgr, options)
    return base64.b64encode(data.tobytes()).decode()
