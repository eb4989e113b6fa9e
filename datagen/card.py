"""What goes with a data set when it travels: a README card and Croissant metadata."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .croissant import croissant
from .files import sha256, sha256_file
from .manifest import MANIFEST, OK, Row, read_rows
from .target import Target
from .templates import template

CARD, CROISSANT = "README.md", "croissant.json"
UNKNOWN = "unknown"
# Words of a licence that forbid handing the pictures on; compared without case.
FORBIDDING = ("no redistribution", "all rights reserved", "research only", "non-redistributable")


def write_card(out: Target, content: Mapping[str, Any], manifest: Path) -> dict[str, str]:
    """Write README.md and croissant.json of a complete data set; the same rows give the same bytes.

    Returns their SHA-256 and the manifest's, by name.

    Parameters
    ----------
    content : what dataset.json holds
    manifest : its path on this machine
    """
    sources: dict[str, dict[str, str]] = {}
    evs: set[float | None] = set()
    kinds: Counter[str] = Counter()
    for row in read_rows(manifest):
        if row["status"] == OK:
            sources.update(_sources(row))
            evs.add(row["ev"])
            kinds[row["mask"]["kind"]] += 1
    licences = Counter(source["licence"] for source in sources.values())
    page = template("card.md.j2").render(
        content=content, licences=licences, evs=sorted(evs, key=lambda ev: ev or 0), kinds=kinds
    )
    out.write(CARD, page.encode())
    digest = sha256_file(manifest)
    description = croissant(content, sources, manifest_sha256=digest)
    text = json.dumps(description, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    out.write(CROISSANT, text.encode())
    return {MANIFEST: digest, CARD: sha256(page.encode()), CROISSANT: sha256(text.encode())}


def _sources(row: Row) -> dict[str, dict[str, str]]:
    """The files a sample was made from: path -> licence, origin, sha256."""
    source = row["source"]
    known = {"licence": row.get("licence") or UNKNOWN, "origin": source.get("origin", "")}
    files = {source["path"]: source["sha256"], **source.get("others", {})}
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
