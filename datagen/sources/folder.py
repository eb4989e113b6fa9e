"""Raws or pictures anywhere below, with or without `references/`, `segmentations/`, `index.tsv`.

Without an index, every raw (or picture) below the folder is a scene, and two sub-folders are
looked into by file stem:

    references/<name>/<stem>.tif      any number of named references
    segmentations/<stem>.png          the subject; several and COCO too, see `masks`

With `index.tsv` (tab-separated, a header line) only the listed files are scenes. Its columns:
path (needed), scene, group, split, source, licence, sha256, segmentation and
segmentation_<name>, light and light_white (of a simulated scene), centre_x, centre_y,
reference_<name>, and input_<EV> for ready pictures instead of path (input_-1.5, input_+1; input_
where the exposure is not known, then with a scene); others are ignored, but not those
that look like a known one (license, Split, set). Rows that share a `scene` are views of one scene:
each takes its file's name, and the scene becomes their group, so that they stay in one split.
Rows that share a `bracket` are shots of one scene at different exposures, by their column `ev`:
they become one scene (see `brackets`).
"""

from __future__ import annotations

import csv
import difflib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from luts.tool.files import read_plain
from luts.tool.gate import relative_path
from luts.tool.words import shown

from ..recipe.load import RecipeError
from ..recipe.settings import Source
from .brackets import by_column
from .masks import coco_annotations, files_of_masks, masks_of
from .scene import (
    LIGHT,
    PICTURES,
    RAWS,
    Scene,
    by_stem,
    check_unique,
    list_files,
    safe_name,
    stem_of,
)

INDEX = "index.tsv"
REFERENCE, MASK, INPUT = "reference_", "segmentation", "input_"
COLUMNS = (
    *("path", "scene", "group", "split", "source", "licence", "sha256", "segmentation", "light"),
    *("light_white", "centre_x", "centre_y", "bracket", "ev"),
)
ALSO = {  # what others call them
    **dict.fromkeys(("set", "subset", "partition", "fold"), "split"),
    **dict.fromkeys(("file", "filename", "file_name", "image"), "path"),
    **dict.fromkeys(("mask", "matte", "alpha"), "segmentation"),
    **dict.fromkeys(("hash", "checksum", "sha-256"), "sha256"),
    **{"license": "licence", "center_x": "centre_x", "center_y": "centre_y"},
}


def read_folder(source: Source, folder: Path) -> list[Scene]:
    """The scenes of a plain folder, in the order of their files or of the index."""
    scenes = _indexed(source, folder) if (folder / INDEX).is_file() else _found(source, folder)
    return by_column(check_unique(scenes, folder), folder)


def _found(source: Source, folder: Path) -> list[Scene]:
    extras = ("references", "segmentations")
    files = list_files(folder, RAWS, skip=extras) or list_files(folder, PICTURES, skip=extras)
    segmentations = files_of_masks(folder)
    annotated = coco_annotations(folder)
    experts = {
        path.name: by_stem(path, PICTURES | LIGHT)
        for path in sorted((folder / "references").glob("*"))
        if path.is_dir() and not path.name.startswith(".")
    }
    scenes = []
    for file in files:
        stem = stem_of(file)
        references = [
            (name, f"references/{name}/{known[stem]}")
            for name, known in experts.items()
            if stem in known
        ]
        scenes.append(
            Scene(
                name=safe_name(str(Path(file).with_suffix(""))),
                path=file,
                references=tuple(references),
                masks=masks_of(stem, segmentations, annotated, source),
                licence=source.licence,
            )
        )
    return scenes


def _indexed(source: Source, folder: Path) -> list[Scene]:
    rows = _read_index(folder / INDEX)
    views = Counter(row.get("scene") for _, row in rows)
    scenes = []
    for line, row in rows:
        where = f"{folder / INDEX}:{line}"
        inputs = _inputs(row, where)
        path = "" if inputs else row.get("path", "")
        for file in [path] if path else [file for _, file in inputs]:
            if not (folder / file).is_file():
                raise RecipeError(f"{where}: no such file: {shown(file)}")
        if not (path or inputs):
            raise RecipeError(f"{where}: needs a path, or an input_<EV>")
        named = row.get("scene", "")
        name = (
            named
            if named and views[named] == 1
            else str(Path(path or inputs[0][1]).with_suffix(""))
        )
        scenes.append(
            Scene(
                name=safe_name(name),
                path=path,
                inputs=inputs,
                references=tuple(
                    (key.removeprefix(REFERENCE), value)
                    for key, value in sorted(row.items())
                    if key.startswith(REFERENCE) and value
                ),
                masks=_masks(row),
                light=row.get("light", ""),
                light_white=_above_zero(row, "light_white", f"{folder / INDEX}:{line}"),
                centre=_centre(row, f"{folder / INDEX}:{line}"),
                bracket=row.get("bracket", ""),
                ev=_ev(row, f"{folder / INDEX}:{line}"),
                group=row.get("group") or named,
                split=row.get("split", ""),
                origin=row.get("source", ""),
                licence=row.get("licence") or source.licence,
                sha256=row.get("sha256", ""),
            )
        )
    return scenes


def _read_index(path: Path) -> list[tuple[int, dict[str, str]]]:
    """The rows with their line numbers."""
    try:
        lines = read_plain(path).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise RecipeError(f"{path}: not UTF-8 text (byte {error.start})") from None
    header = lines[0].split("\t") if lines else []
    ready = "scene" in header and any(name.startswith(INPUT) for name in header)
    if "path" not in header and not ready:
        raise RecipeError(
            f"{path}:1: the header line must name a 'path' column, got {shown(header)}"
        )
    if twice := [name for name, count in Counter(header).items() if count > 1]:
        raise RecipeError(f"{path}:1: the column {twice[0]!r} is named twice")
    for name in header:
        if (meant := _meant(name)) and meant not in header:
            raise RecipeError(
                f"{path}:1: no column is called {shown(name)}; did you mean {meant!r}?"
            )
    rows = []
    for line, cells in enumerate(_cells(path, lines[1:]), start=2):
        if not cells:
            continue
        if len(cells) != len(header):
            raise RecipeError(f"{path}:{line}: {len(cells)} cells; the header has {len(header)}")
        row = dict(zip(header, (cell.strip() for cell in cells), strict=True))
        for name, value in row.items():
            place = name in ("path", "light") or name.startswith((REFERENCE, MASK, INPUT))
            if (name == "path" and not ready) or (place and value):
                try:
                    relative_path(value)
                except ValueError as error:
                    raise RecipeError(f"{path}:{line}: {name}: {error}") from None
        rows.append((line, row))
    return rows


def _inputs(row: dict[str, str], where: str) -> tuple[tuple[float | None, str], ...]:
    """Ready pictures by exposure: the columns input_<EV>; None for input_, of unknown exposure."""
    found: list[tuple[float | None, str]] = []
    for name, value in row.items():
        if not (name.startswith(INPUT) and value):
            continue
        text = name.removeprefix(INPUT)
        try:
            ev = float(text) if text else None
        except ValueError:
            ev = 99.0
        if ev is not None and not -10 <= ev <= 10:
            raise RecipeError(f"{where}: {name}: ends in stops from -10 to 10, or in nothing")
        if ev in dict(found):
            raise RecipeError(f"{where}: two inputs have the exposure {ev:+g}, {name} among them")
        found.append((ev, value))
    return tuple(sorted(found, key=lambda shot: (shot[0] is not None, shot[0] or 0)))


def _masks(row: dict[str, str]) -> tuple[str, ...]:
    """The columns `segmentation` and `segmentation_<name>`, in the order of their names."""
    named = sorted(item for item in row.items() if item[0].startswith(MASK) and item[1])
    return tuple(value for _, value in named)


def _meant(name: str) -> str:
    """The known column that an unknown one looks like; "" for a column of the user's own."""
    if name in COLUMNS or name.startswith((REFERENCE, INPUT, f"{MASK}_")):
        return ""
    plain = name.strip().lower()
    if plain in COLUMNS or plain.startswith((REFERENCE, f"{MASK}_")):
        return plain
    return ALSO.get(plain) or next(iter(difflib.get_close_matches(plain, COLUMNS, 1, 0.8)), "")


def _cells(path: Path, lines: list[str]) -> Iterator[list[str]]:
    try:
        yield from csv.reader(lines, delimiter="\t")
    except csv.Error as error:
        raise RecipeError(f"{path}: not a table: {error}") from None


def _ev(row: dict[str, str], where: str) -> float | None:
    text = row.get("ev", "")
    if not (text and row.get("bracket")):
        return None  # an EV means something among the shots of a bracket only
    try:
        ev = float(text)
    except ValueError:
        ev = 99.0
    if not -20 <= ev <= 20:
        raise RecipeError(f"{where}: ev: must be stops from -20 to 20, got {shown(text)}")
    return ev


def _above_zero(row: dict[str, str], name: str, where: str) -> float | None:
    """A number above zero, None where the cell is empty or there is no such column."""
    text = row.get(name, "")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e9:
        raise RecipeError(f"{where}: {name}: must be a number above 0, got {shown(text)}")
    return value


def _centre(row: dict[str, str], where: str) -> tuple[float, float] | None:
    x, y = row.get("centre_x", ""), row.get("centre_y", "")
    if not (x or y):
        return None
    try:
        centre = float(x), float(y)
    except ValueError:
        raise RecipeError(
            f"{where}: centre_x, centre_y: must be numbers, got {shown(x)}, {shown(y)}"
        ) from None
    if not all(0 <= value <= 1 for value in centre):
        raise RecipeError(
            f"{where}: centre_x, centre_y: must be shares from 0 to 1, got {shown(x)}, {shown(y)}"
        )
    return centre
