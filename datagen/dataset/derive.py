"""Data sets out of data sets: a part of one, or two joined, without touching a pixel."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from luts.tool.errors import UserError
from luts.tool.files import sha256_file, whole_file
from luts.tool.words import shown

from .manifest import DATASET, dump_row
from .read import DataSet, open_dataset
from .rows import Head, Sample
from .seal import seal
from .target import Folder
from .where import parse_where
from .workspace import read_dataset, write_dataset


class DeriveError(UserError):
    """Data sets that cannot be cut or joined as asked; the message says what stands in the way."""


def subset(folder: Path, where: str, out: Path) -> Head:
    """Make a data set of those samples of another for which a condition holds.

    Parameters
    ----------
    where : see `where.parse_where`
    out : folder to make; files are linked where the disk allows it, else copied

    Raises
    ------
    WhereError, DeriveError
        The condition is none, it holds for no sample, or `out` is not empty.
    """
    dataset, holds = open_dataset(folder), parse_where(where)
    chosen = [row for row in dataset.samples if holds(row)]
    if not chosen:
        raise DeriveError(f"--where: {shown(where)} holds for none of {len(dataset)} samples")
    made_of = {"subset_of": dataset.hash, "where": where}
    return _write(
        out, _head(dataset, dataset.name, made_of), [(dataset, row, row) for row in chosen]
    )


def merge(folders: Sequence[Path], out: Path, *, name: str = "") -> Head:
    """Join data sets into one, after checking that none of them leaks into another.

    A scene whose name an earlier set has takes its own set's name too. A group is one across sets:
    files of a group, or one source file, in two splits are refused.

    Parameters
    ----------
    name : of the new set; those of the parts, joined, when empty

    Raises
    ------
    DeriveError
        Fewer than two sets, the same set twice, a leak, or pictures of different depth or format.
    """
    sets = [open_dataset(folder) for folder in folders]
    if len(sets) < 2:
        raise DeriveError("merge: needs two data sets or more")
    if len({dataset.hash for dataset in sets}) < len(sets):
        raise DeriveError("merge: the same data set is named twice")
    _refuse_other_pictures(sets)
    _refuse_leaks(sets)
    entries = list(_renamed(sets))
    made_of = {"merge_of": {str(dataset.hash): dataset.name for dataset in sets}}
    name = name or "-".join(dataset.name for dataset in sets)[:60]
    return _write(out, _head(sets[0], name, made_of), entries)


Entry = tuple[DataSet, Sample, Sample]  # where it comes from, its row there, its row here


def _head(dataset: DataSet, name: str, made_of: Mapping[str, object]) -> Head:
    head = read_dataset(dataset.folder)
    return Head(name, head.recipe, False, head.distort, derived=made_of)


def _write(out: Path, head: Head, entries: Sequence[Entry]) -> Head:
    """Make the set, or go on with the very same one: a call may have been killed on the way."""
    Path(out).mkdir(parents=True, exist_ok=True)
    target = Folder(Path(out))
    with target.held() as manifest:
        _claim(target, head)
        done: set[str] = set()
        for dataset, old, new in entries:
            for before, after in zip(old.sha256, new.sha256, strict=True):
                if after not in done:
                    source = Folder(dataset.folder).at(before)
                    _place(source, target.at(after), new.sha256[after])
                    done.add(after)
        rows = sorted((new for _, _, new in entries), key=lambda row: row.id)
        with whole_file(manifest) as scratch, scratch.open("wb") as stream:
            stream.writelines(map(dump_row, rows))
        return seal(target, manifest, head)


def _claim(target: Folder, head: Head) -> None:
    """Take an empty folder, or one that holds the same set, finished or not."""
    if target.size(DATASET) is None and target.is_empty():
        write_dataset(target, head)
        return
    begun = read_dataset(target) if target.size(DATASET) is not None else None
    names = ("name", "recipe", "distort", "derived")
    if begun is None or any(getattr(begun, name) != getattr(head, name) for name in names):
        raise DeriveError(f"{target}: is not empty; choose another folder")
    target.sweep()


def _place(source: Path, target: Path, digest: str) -> None:
    """A second name for a file, where the disk can do that; else a copy. One there is kept."""
    if not source.is_file():
        raise DeriveError(f"{source}: is missing; run `datagen verify` on its data set")
    if target.is_file() and sha256_file(target) == digest:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(os.path.realpath(source), target)
    except OSError:
        with whole_file(target) as scratch:
            shutil.copyfile(source, scratch)


def _renamed(sets: Sequence[DataSet]) -> Iterator[Entry]:
    """The samples of all sets; a scene whose name an earlier set has takes its own set's too."""
    taken: set[str] = set()
    for dataset in sets:
        names: dict[str, str] = {}
        for row in dataset.samples:
            if row.scene not in names:
                names[row.scene] = _free(row.scene, dataset.name, taken)
            new = names[row.scene]
            yield dataset, row, row if new == row.scene else _under(row, new)
        taken.update(names.values())


def _free(scene: str, name: str, taken: set[str]) -> str:
    """The scene's name, or the first one with its set's name that is free."""
    if scene not in taken:
        return scene
    names = (f"{scene}_{name}{number}" for number in ("", *range(2, len(taken) + 3)))
    return next(new for new in names if new not in taken)


def _under(row: Sample, scene: str) -> Sample:
    """The same sample as one of another scene: its id and the paths of its files."""
    moved: Callable[[str], str] = lambda path: path.replace(  # noqa: E731
        f"scenes/{row.scene}/", f"scenes/{scene}/", 1
    )
    return replace(
        row,
        id=f"{scene}/{row.id.removeprefix(row.scene + '/')}",
        scene=scene,
        input=moved(row.input),
        regions=moved(row.regions),
        references={name: moved(path) for name, path in row.references.items()},
        sha256={moved(path): digest for path, digest in row.sha256.items()},
    )


def _refuse_other_pictures(sets: Sequence[DataSet]) -> None:
    forms = {
        dataset.name: {(row.bits, Path(row.input).suffix) for row in dataset.samples}
        for dataset in sets
    }
    if len(set.union(*forms.values())) > 1:
        words = "; ".join(
            f"{name}: {', '.join(f'{bits} bit {suffix}' for bits, suffix in sorted(found))}"
            for name, found in forms.items()
        )
        raise DeriveError(f"merge: pictures of one depth and format are needed, found {words}")


def _refuse_leaks(sets: Sequence[DataSet]) -> None:
    """One group, or one source file, in two splits."""
    for what, key in (
        ("group", lambda row: row.group),
        ("source file", lambda row: row.source.sha256),
    ):
        first: dict[str, tuple[str, str]] = {}
        for dataset in sets:
            for row in dataset.samples:
                split, name = first.setdefault(key(row), (row.split, dataset.name))
                if split != row.split:
                    raise DeriveError(
                        f"merge: {what} {shown(key(row))} is in {split} of {name} and in "
                        f"{row.split} of {dataset.name}; cut one with `datagen subset` first"
                    )
