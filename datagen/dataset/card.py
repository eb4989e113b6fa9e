"""What goes with a data set when it travels: a README card and Croissant metadata."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from luts.tool.files import sha256

from .croissant import croissant
from .leaks import shares_luts
from .manifest import MANIFEST
from .rows import Head, Row, Sample
from .target import Target
from .templates import template

CARD, CROISSANT = "README.md", "croissant.json"
UNKNOWN = "unknown"
# Words of a licence that forbid handing the pictures on; compared without case.
FORBIDDING = ("no redistribution", "all rights reserved", "research only", "non-redistributable")


@dataclass
class Contents:
    """What a manifest adds up to."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)  # samples by split, status
    sources: dict[str, dict[str, str]] = field(default_factory=dict)  # licence, origin, sha256
    evs: set[float | None] = field(default_factory=set)
    kinds: Counter[str] = field(default_factory=Counter)  # of masks

    def noting(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Pass the rows on and add them up."""
        for row in rows:
            self.counts[row.split, row.status] += 1
            if isinstance(row, Sample):
                self.sources.update(_sources(row))
                self.evs.add(row.ev)
                self.kinds[row.mask.kind] += 1
            yield row


def write_card(
    out: Target, head: Head, contents: Contents, *, manifest_sha256: str
) -> dict[str, str]:
    """Write README.md and croissant.json of a complete data set; the same set gives the same bytes.

    Parameters
    ----------
    head : what dataset.json is to hold

    Returns
    -------
    SHA-256 by file name, the manifest's too.
    """
    licences = Counter(source["licence"] for source in contents.sources.values())
    evs = sorted(contents.evs, key=lambda ev: ev or 0)
    page = template("card.md.j2").render(
        content=head,
        licences=licences,
        evs=evs,
        kinds=contents.kinds,
        shared_luts=shares_luts(head.recipe),
    )
    described = croissant(head, contents.sources, manifest_sha256=manifest_sha256)
    text = json.dumps(described, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    files = {CARD: page.encode(), CROISSANT: text.encode()}
    for name, data in files.items():
        out.write(name, data)
    return {MANIFEST: manifest_sha256, **{name: sha256(data) for name, data in files.items()}}


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
