"""What goes with a data set when it travels: a README card and Croissant metadata."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from luts.tool.files import sha256, sha256_file

from ..recipe.settings import SPLITS
from ..references import leading
from .croissant import croissant, write_croissant
from .leaks import shares_luts
from .manifest import MANIFEST
from .rows import Head, Row, Sample
from .source_files import UNKNOWN, SourceFiles
from .tables import table_name
from .target import Target
from .templates import template

CARD, CROISSANT = "README.md", "croissant.json"
EXAMPLES = 3  # scenes shown on the card
NO_TABLES: Mapping[str, str] = {}
# Words of a licence that forbid handing the pictures on; compared without case.
FORBIDDING = ("no redistribution", "all rights reserved", "research only", "non-redistributable")


@dataclass
class Contents:
    """What a manifest adds up to."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)  # samples by split, status
    sources: SourceFiles = field(default_factory=SourceFiles)
    evs: set[float | None] = field(default_factory=set)
    kinds: Counter[str] = field(default_factory=Counter)  # of masks
    references: set[str] = field(default_factory=set)  # names
    examples: dict[str, Sample] = field(default_factory=dict)  # the first sample of a few scenes

    def noting(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Pass the rows on and add them up."""
        for row in rows:
            self.counts[row.split, row.status] += 1
            if isinstance(row, Sample):
                self.sources.note(row)
                self.evs.add(row.ev)
                self.kinds[row.mask.kind] += 1
                self.references.update(row.references)
                if len(self.examples) < EXAMPLES:
                    self.examples.setdefault(row.scene, row)
            yield row


def write_card(
    out: Target,
    head: Head,
    contents: Contents,
    *,
    manifest_sha256: str,
    tables: Mapping[str, str] = NO_TABLES,
) -> dict[str, str]:
    """Write README.md and croissant.json of a complete data set; the same set gives the same bytes.

    Parameters
    ----------
    head : what dataset.json is to hold
    tables : SHA-256 of the tables of pairs by file name, see `tables`

    Returns
    -------
    SHA-256 by file name, those of manifest and tables too.
    """
    evs = sorted(contents.evs, key=lambda ev: ev or 0)
    page = template("card.md.j2").render(
        content=head,
        licences=contents.sources.licences(),
        evs=evs,
        kinds=contents.kinds,
        shared_luts=shares_luts(head.recipe),
        references=sorted(contents.references),
        examples=contents.examples.values(),
        leading=leading,
        tables={split: table_name(split) for split in SPLITS if table_name(split) in tables},
    )
    described = croissant(head, contents, manifest_sha256=manifest_sha256, tables=tables)
    out.write(CARD, page.encode())
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / CROISSANT
        with path.open("w", encoding="utf-8") as stream:
            write_croissant(stream, described, contents.sources)
        out.keep(CROISSANT, path)
        beside = {CARD: sha256(page.encode()), CROISSANT: sha256_file(path)}
    return {MANIFEST: manifest_sha256, **tables, **beside}


def forbidden_licences(licences: Iterable[str]) -> list[str]:
    """The licences among these under which the pictures must not be handed on.

    A file without a known licence counts as one of them.
    """
    return sorted(
        {
            licence or UNKNOWN
            for licence in licences
            if licence in ("", UNKNOWN) or any(word in licence.lower() for word in FORBIDDING)
        }
    )
