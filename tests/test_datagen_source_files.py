"""The list of source files: sorted, each once, and written as the whole would be."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace

from datagen.dataset.croissant import write_croissant
from datagen.dataset.source_files import Source, SourceFiles

NAMES = ["b.png", "é.png", "Z/a.png", "a.png", "\U0001f4f7.png", "\uffee.png"]


def listed(*rows):
    files = SourceFiles()
    for path, licence, others in rows:
        source = SimpleNamespace(path=path, sha256=f"of {path}", origin='"o"', others=others)
        files.note(SimpleNamespace(licence=licence, source=source))
    return files


def test_files_come_once_and_in_the_order_of_their_names():
    files = listed(*((name, "CC0-1.0", {}) for name in [*NAMES, *NAMES]), ("a.png", "", {"x": "h"}))
    assert [file.path for file in files] == sorted([*NAMES, "x"])
    assert {file.path: file.licence for file in files} == {
        **dict.fromkeys(NAMES, "CC0-1.0"),
        "a.png": "unknown",
        "x": "unknown",
    }
    assert files.licences() == {"CC0-1.0": 5, "unknown": 2}
    assert next(iter(listed(("p", "MIT", {})))) == Source("p", "MIT", '"o"', "of p")


def test_it_is_written_piece_by_piece_as_json_would_write_it():
    for names in ([], NAMES[:1], NAMES):
        files = listed(*((name, "secret", {}) for name in names))
        described = {"name": '"isBasedOn": []', "isBasedOn": [], "z": {"isBasedOn": [1]}}
        works = [
            {
                "@type": "CreativeWork",
                "name": file.path,
                "license": file.licence,
                "creditText": file.origin,
                "sha256": file.sha256,
            }
            for file in files
        ]
        stream = io.StringIO()
        write_croissant(stream, described, files)
        whole = described | {"isBasedOn": works}
        text = json.dumps(whole, indent=2, sort_keys=True, ensure_ascii=False)
        assert stream.getvalue() == text + "\n"
