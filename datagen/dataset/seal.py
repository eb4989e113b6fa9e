"""The last step of every data set: its hash, its card, and the file that says it is complete."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from luts.tool.files import sha256_file
from luts.tool.versions import versions

from ..recipe.settings import SPLITS
from .card import Contents, write_card
from .manifest import dataset_hash, read_rows
from .rows import Head
from .tables import write_tables
from .target import Target
from .workspace import write_dataset


def seal(target: Target, manifest: Path, head: Head) -> Head:
    """Sign a data set whose files and sorted manifest are there; returns what dataset.json holds.

    Parameters
    ----------
    manifest : a local file; it becomes the target's
    head : name and recipe; what the rows add up to is filled in
    """
    contents = Contents()
    signed = dataset_hash(contents.noting(read_rows(manifest)))
    samples: dict[Any, dict[str, int]] = {
        split: {status: n for (s, status), n in sorted(contents.counts.items()) if s == split}
        for split in SPLITS
    }
    head = replace(head, complete=True, hash=signed, versions=versions(), samples=samples)
    target.keep_manifest(manifest)
    tables = write_tables(
        target,
        read_rows(manifest),
        references=contents.references,
        evs_known=contents.evs != {None},
    )
    files = write_card(target, head, contents, manifest_sha256=sha256_file(manifest), tables=tables)
    head = replace(head, files=files)
    write_dataset(target, head)
    return head
