"""What goes with a data set when it travels: a README card and Croissant metadata.

References
----------
MLCommons, "Croissant format specification", version 1.0, 2024 (and its RAI vocabulary).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .files import sha256, sha256_file
from .manifest import MANIFEST, OK, read_rows
from .target import Target
from .templates import template

CARD, CROISSANT = "README.md", "croissant.json"
UNKNOWN = "unknown"
# Words of a licence that forbid handing the pictures on; compared without case.
FORBIDDING = ("no redistribution", "all rights reserved", "research only", "non-redistributable")

_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "includes": "cr:includes",
    "jsonPath": "cr:jsonPath",
    "recordSet": "cr:recordSet",
    "source": "cr:source",
}
_FIELDS = {
    "id": "sc:Text",
    "scene": "sc:Text",
    "group": "sc:Text",
    "split": "sc:Text",
    "ev": "sc:Float",
    "input": "sc:Text",
    "regions": "sc:Text",
    "licence": "sc:Text",
}


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
            source = row["source"]
            sources.setdefault(
                source["path"],
                {
                    "licence": row.get("licence") or UNKNOWN,
                    "origin": source.get("origin", ""),
                    "sha256": source["sha256"],
                },
            )
            evs.add(row["ev"])
            kinds[row["mask"]["kind"]] += 1
    licences = Counter(source["licence"] for source in sources.values())
    page = template("card.md.j2").render(
        content=content, licences=licences, evs=sorted(evs, key=lambda ev: ev or 0), kinds=kinds
    )
    out.write(CARD, page.encode())
    digest = sha256_file(manifest)
    croissant = _croissant(content, sources, sorted(licences), digest)
    text = json.dumps(croissant, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    out.write(CROISSANT, text.encode())
    return {MANIFEST: digest, CARD: sha256(page.encode()), CROISSANT: sha256(text.encode())}


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


def _croissant(
    content: Mapping[str, Any],
    sources: Mapping[str, Mapping[str, str]],
    licences: list[str],
    manifest_sha256: str,
) -> dict[str, Any]:
    name = content["name"]
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": [
            "http://mlcommons.org/croissant/1.0",
            "http://mlcommons.org/croissant/RAI/1.0",
        ],
        "name": name,
        "description": f"Paired pictures for exposure and colour correction; recipe {name}.",
        "license": licences,
        "version": content["hash"],
        "identifier": f"sha256:{content['hash']}",
        "rai:dataCollection": "Developed from the source files by the recipe in dataset.json.",
        "rai:dataPreprocessingProtocol": json.dumps(content["recipe"], sort_keys=True),
        "isBasedOn": [
            {
                "@type": "CreativeWork",
                "name": path,
                "license": source["licence"],
                "creditText": source["origin"],
                "sha256": source["sha256"],
            }
            for path, source in sorted(sources.items())
        ],
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": "manifest",
                "name": MANIFEST,
                "contentUrl": MANIFEST,
                "encodingFormat": "application/jsonlines",
                "sha256": manifest_sha256,
            },
            {
                "@type": "cr:FileSet",
                "@id": "pictures",
                "name": "pictures",
                "encodingFormat": "image/png",
                "includes": "scenes/**",
            },
        ],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": "samples",
                "name": "samples",
                "field": [_field(key, kind) for key, kind in _FIELDS.items()],
            }
        ],
    }


def _field(key: str, kind: str) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": f"samples/{key}",
        "name": key,
        "dataType": kind,
        "source": {"fileObject": {"@id": "manifest"}, "extract": {"jsonPath": f"$.{key}"}},
    }
