"""Pack a data set into tar shards in WebDataset layout: the same set gives the same bytes.

A sample is a run of members that share a key: <key>.input.png, <key>.reference.png (the one to take
where one is wanted), <key>.regions.png, <key>.json (its manifest row), and
<key>.reference_<name>.png for every reference that all samples of the set have: readers ask that
members are the same throughout. Shards are named by the data set's hash, so an older pack is never
half overwritten, and the index comes last: what it lists is whole.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

from luts.tool.errors import UserError
from luts.tool.files import sha256_file, whole_file, write_text

from ..references import leading
from .card import forbidden_licences
from .manifest import dump_row
from .read import DataSet, open_dataset
from .rows import Sample
from .target import Folder

INDEX = "shards.json"
_CHANGED = "{}: is not the file of the manifest; run the build again"


class PackError(UserError):
    """A data set that cannot be packed; the message says why."""


def pack(folder: Path, out: Path, *, shard_mb: float = 256.0, force: bool = False) -> Path:
    """Write the shards and their index; returns the index's path.

    Parameters
    ----------
    shard_mb : a shard is closed when it holds so many megabytes
    force : pack although a source file's licence forbids handing it on, or is not known

    Raises
    ------
    PackError
        A licence forbids it, or a file is not the one the manifest names.
    """
    dataset, out = open_dataset(folder), Path(out)
    forbidden = forbidden_licences(row.licence for row in dataset.samples)
    if forbidden and not force:
        raise PackError(
            f"{folder}: holds pictures that may not be handed on ({', '.join(forbidden)}); "
            "share recipe and manifest instead, or use --force for a pack that stays with you"
        )
    shards: list[dict[str, Any]] = []
    common = common_references(dataset.samples)
    for split in ("train", "val", "test"):
        rows = dataset.select(split=split)
        for number, part in enumerate(_parts(dataset, rows, common, int(shard_mb * 1e6))):
            path = out / f"{dataset.name}-{dataset.hash[:12]}-{split}-{number:06d}.tar"
            _write_shard(path, dataset, part, common)
            shards.append(
                {
                    "file": path.name,
                    "split": split,
                    "samples": len(part),
                    "bytes": path.stat().st_size,
                    "sha256": sha256_file(path),
                }
            )
    every = {name for row in dataset.samples for name in row.references}
    index = {
        "name": dataset.name,
        "hash": dataset.hash,
        "references": common,
        "left_out": sorted(every - {*common}),  # references that not all samples have
        "shards": shards,
    }
    write_text(out / INDEX, json.dumps(index, indent=2) + "\n")
    return out / INDEX


def common_references(rows: Iterable[Sample]) -> list[str]:
    """Names of the references that every sample has."""
    each = [set(row.references) for row in rows]
    return sorted(set.intersection(*each)) if each else []


def members(row: Sample, references: Iterable[str]) -> dict[str, str]:
    """Member suffix -> file of the data set, for one sample."""
    named = {"input": row.input, "reference": row.references[leading(row.references)]}
    named |= {f"reference_{name}": row.references[name] for name in references}
    named["regions"] = row.regions
    return {f"{name}{Path(path).suffix}": path for name, path in named.items()}


def _parts(
    dataset: DataSet, rows: Sequence[Sample], references: Sequence[str], limit: int
) -> Iterator[Sequence[Sample]]:
    """Cut the samples, in order, into shards of about `limit` bytes."""
    first = size = 0
    for number, row in enumerate(rows, start=1):
        size += sum(_size(dataset.folder / path) for path in members(row, references).values())
        if size >= limit:
            yield rows[first:number]
            first, size = number, 0
    if size:
        yield rows[first:]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        raise PackError(_CHANGED.format(path)) from None


def _write_shard(
    path: Path, dataset: DataSet, rows: Sequence[Sample], references: Sequence[str]
) -> None:
    with (
        whole_file(path) as scratch,
        tarfile.open(scratch, "w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for row in rows:
            # WebDataset splits a member's name at the first dot of its last part.
            key = row.id.replace(".", "_").replace("/", "__")
            for suffix, name in members(row, references).items():
                _add(tar, f"{key}.{suffix}", _checked(dataset, row, name))
            _add(tar, f"{key}.json", dump_row(row))
            cast("Any", tar).members.clear()  # which a tar that is only written does not need


def _checked(dataset: DataSet, row: Sample, name: str) -> bytes:
    path = Folder(dataset.folder).at(name)
    if not path.is_file() or sha256_file(path) != row.sha256[name]:
        raise PackError(_CHANGED.format(path))
    return path.read_bytes()


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    """A member without owner or date, which would make two packs differ."""
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(data), 0o644
    tar.addfile(member, io.BytesIO(data))
