"""Croissant metadata of a data set, as JSON-LD: its files, its fields, and every source's licence.

Three required properties are for whoever publishes: `url`, `creator` and `datePublished`. A set
that is built again must be the same to the byte, so none of them is made up here.

References
----------
MLCommons, "Croissant format specification", version 1.0, 2024 (context: appendix 1), and its
vocabulary for responsible AI.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from .manifest import MANIFEST
from .rows import Head

if TYPE_CHECKING:
    from .card import Contents
    from .source_files import Source

BASED_ON = "isBasedOn"  # the source files
SPDX = "https://spdx.org/licenses/"
SPDX_NAMES = ("CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "MIT", "Apache-2.0")
MIME_TYPES = {"png": "image/png", "tiff": "image/tiff"}
SUFFIXES = {"png": "png", "tiff": "tif"}

_TERMS = (
    *("citeAs", "column", "extract", "field", "fileProperty", "fileObject", "fileSet", "format"),
    *("includes", "excludes", "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path"),
    *("recordSet", "references", "regex", "repeated", "replace", "separator", "source"),
    *("subField", "transform"),
)
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
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{term: f"cr:{term}" for term in _TERMS},
}
_FIELDS = {  # column of the manifest -> type and meaning
    "id": ("sc:Text", "Name of the sample."),
    "scene": ("sc:Text", "The photographed view; all its exposures share it."),
    "group": ("sc:Text", "Scenes of one group are in one split."),
    "split": ("sc:Text", "train, val or test."),
    "status": ("sc:Text", "ok, or why the sample was not made."),
    "ev": ("sc:Float", "Exposure of the input in stops, relative to as shot."),
    "input": ("sc:Text", "File of the degraded picture."),
    "regions": ("sc:Text", "File of the labels: 2 correct here, 1 transition, 0 leave alone."),
    "width": ("sc:Integer", "Pixels."),
    "height": ("sc:Integer", "Pixels."),
    "licence": ("sc:Text", "Licence of the source file."),
}


def croissant(
    head: Head, contents: Contents, *, manifest_sha256: str, tables: Mapping[str, str]
) -> dict[str, Any]:
    """Describe a data set, but for its source files, which `write_croissant` adds.

    Parameters
    ----------
    head : what dataset.json holds
    contents : what the rows add up to
    tables : SHA-256 of the tables of pairs by file name
    """
    name = head.name
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": [
            "http://mlcommons.org/croissant/1.0",
            "http://mlcommons.org/croissant/RAI/1.0",
        ],
        "name": name,
        "description": f"Paired pictures for exposure and colour correction; recipe {name}.",
        "license": sorted({_licence(licence) for licence in contents.sources.licences()}),
        "version": f"1.0.0+{head.hash[:16]}",
        "identifier": f"sha256:{head.hash}",
        "keywords": ["exposure correction", "colour correction", "image restoration"],
        "rai:dataCollection": "Developed from the source files by the recipe in dataset.json.",
        "rai:dataPreprocessingProtocol": json.dumps(head.recipe, sort_keys=True),
        BASED_ON: [],
        "distribution": _distribution(head.recipe["output"]["format"], manifest_sha256, tables),
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": "samples",
                "name": "samples",
                "description": "One record per sample; the manifest holds more about each.",
                "key": {"@id": "samples/id"},
                "field": [_field(key, *known) for key, known in _FIELDS.items()],
            },
            *(_pairs(table, sorted(contents.references)) for table in sorted(tables)),
        ],
    }


def write_croissant(
    stream: TextIO, described: Mapping[str, Any], sources: Iterable[Source]
) -> None:
    """Write what `croissant` describes as JSON, source file by source file: there may be many."""
    # In a text of JSON its quotes would have backslashes, so this can stand there but once.
    before, empty, after = _json(described).partition(f'"{BASED_ON}": []')
    stream.write(before + empty[:-1])
    between = "\n    "
    for source in sources:
        work = {
            "@type": "CreativeWork",
            "name": source.path,
            "license": _licence(source.licence),
            "creditText": source.origin,
            "sha256": source.sha256,
        }
        stream.write(between + _json(work).replace("\n", "\n    "))
        between = ",\n    "
    stream.write(("]" if between.startswith("\n") else "\n  ]") + after + "\n")


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)


def _licence(name: str) -> str:
    """The address of a licence that has one; else its name."""
    return f"{SPDX}{name}.html" if name in SPDX_NAMES else name


def _distribution(
    picture_format: str, manifest_sha256: str, tables: Mapping[str, str]
) -> list[dict[str, Any]]:
    pictures = f"scenes/*/*.{SUFFIXES[picture_format]}"
    lines = [("manifest", MANIFEST, "One JSON object per line and sample.", manifest_sha256)]
    lines += [
        (table, table, "The pairs of a split, flat.", tables[table]) for table in sorted(tables)
    ]
    files = [
        {
            "@type": "cr:FileObject",
            "@id": identity,
            "name": file,
            "description": description,
            "contentUrl": file,
            "encodingFormat": "application/jsonlines",
            "sha256": digest,
        }
        for identity, file, description, digest in lines
    ]
    return [
        *files,
        {
            **_file_set("pictures", "Inputs and references.", MIME_TYPES[picture_format], pictures),
            "excludes": "scenes/*/*_regions.png",
        },
        _file_set("regions", "Region maps.", "image/png", "scenes/*/*_regions.png"),
        _file_set("luts", "Colour distortions as 3D LUTs.", "text/plain", "luts/*.cube"),
    ]


def _file_set(name: str, description: str, mime_type: str, includes: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": name,
        "name": name,
        "description": description,
        "encodingFormat": mime_type,
        "includes": includes,
    }


def _pairs(table: str, references: Sequence[str]) -> dict[str, Any]:
    """A record set of one split: which file is what of a pair."""
    name = table.removesuffix(".jsonl")
    known = {
        "id": ("id", "Name of the sample."),
        "input": ("input_file_name", "File of the degraded picture."),
        "reference": ("reference_file_name", "File of the reference to take where one is wanted."),
        "regions": ("regions_file_name", "File of the labels: 2 correct, 1 transition, 0 leave."),
    }
    if len(references) > 1:
        known |= {
            f"reference_{each}": (f"reference_{each}_file_name", f"File of the reference {each}.")
            for each in references
        }
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": "Pairs: input, references and region map, as files of the data set.",
        "key": {"@id": f"{name}/id"},
        "field": [
            _field(key, "sc:Text", description, record_set=name, file=table, column=column)
            for key, (column, description) in known.items()
        ],
    }


def _field(
    key: str,
    kind: str,
    description: str,
    *,
    record_set: str = "samples",
    file: str = "manifest",
    column: str = "",
) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": f"{record_set}/{key}",
        "name": key,
        "description": description,
        "dataType": kind,
        "source": {"fileObject": {"@id": file}, "extract": {"column": column or key}},
    }
