"""What goes with a data set when it travels: a README card and Croissant metadata."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from luts.tool.files import sha256

from ..recipe.settings import SPLITS
from ..references import leading
from .croissant import croissant
from .leaks import shares_luts
from .manifest import MANIFEST
from .rows import Head, Row, Sample
from .tables import table_name
from .target import Target
from .templates import template

CARD, CROISSANT = "README.md", "croissant.json"
UNKNOWN = "unknown"
EXAMPLES = 3  # scenes shown on the card
NO_TABLES: Mapping[str, str] = {}
# Words of a licence that forbid handing the pictures on; compared without case.
FORBIDDING = ("no redistribution", "all rights reserved", "research only", "non-redistributable")


@dataclass
class Contents:
    """What a manifest adds up to."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)  # samples by split, status
    sources: dict[str, dict[str, str]] = field(default_factory=dict)  # licence, origin, sha256
    evs: set[float | None] = field(default_factory=set)
    kinds: Counter[str] = field(default_factory=Counter)  # of masks
    references: set[str] = field(default_factory=set)  # names
    examples: dict[str, Sample] = field(default_factory=dict)  # the first sample of a few scenes

    def noting(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Pass the rows on and add them up."""
        for row in rows:
            self.counts[row.split, row.status] += 1
            if isinstance(row, Sample):
                self.sources.update(_sources(row))
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
    licences = Counter(source["licence"] for source in contents.sources.values())
    evs = sorted(contents.evs, key=lambda ev: ev or 0)
    page = template("card.md.j2").render(
        content=head,
        licences=licences,
        evs=evs,
        kinds=contents.kinds,
        shared_luts=shares_luts(head.recipe),
        references=sorted(contents.references),
        examples=contents.examples.values(),
        leading=leading,
        tables={split: table_name(split) for split in SPLITS if table_name(split) in tables},
    )
    described = croissant(head, contents, manifest_sha256=manifest_sha256, tables=tables)
    text = json.dumps(described, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    files = {CARD: page.encode(), CROISSANT: text.encode()}
    for name, data in files.items():
        out.write(name, data)
    beside = {name: sha256(data) for name, data in files.items()}
    return {MANIFEST: manifest_sha256, **tables, **beside}


def _sources(row: Sample) -> dict[str, dict[str, str]]:
    """The files a sample was made from: path -> licence, origin, sha256."""
    known = {"licence": row.licence or UNKNOWN, "origin": row.source.origin}
    files = {row.source.path: row.source.sha256, **row.source.others}
    return {path: {**known, "sha256": digest} for path, digest in files.items()}


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
