"""The manifest: rows that can be trusted, and a hash that names pixels."""

from __future__ import annotations

import json
import random

import pytest

from datagen.dataset.manifest import (
    ManifestError,
    _ending,
    dataset_hash,
    dump_row,
    parse_row,
    read_rows,
    sort_manifest,
)
from datagen.dataset.rows import Row, json_line, read_row

STACK = {
    "kind": "stack",
    "lut": "luts/0.cube",
    "severity": 4.0,
    "image_severity": 3.0,
    "exact": False,
    "layers": [{"kind": "family", "name": "tone"}, {"kind": "library", "name": "fog"}],
}


def row(name: str, **changes) -> Row:
    return read_row(table(name, **changes))


def line(name: str, **changes) -> bytes:
    """A signed line, whether it can be read or not."""
    found = json_line(table(name, **changes))
    return found[:-2] + _ending(found)


def table(name: str, **changes) -> dict:
    digest = "0" * 64
    files = (f"scenes/{name}.png", f"scenes/{name}_regions.png", "scenes/s/reference_auto.png")
    return {
        "id": name,
        "scene": "s",
        "group": "s",
        "split": "train",
        "status": "ok",
        "ev": 0.0,
        "distortion": None,
        "input": files[0],
        "regions": files[1],
        "references": {"auto": files[2]},
        "sha256": dict.fromkeys(files, digest),
        "coverage": {"A": 1.0, "B": 0.0, "C": 0.0},
        "width": 4,
        "height": 4,
        "bits": 8,
        "mask": {"kind": "whole", "parameters": {}},
        "source": {"path": "s.dng", "sha256": digest, "bytes": 1, "origin": "", "others": {}},
        "develop": {"kind": "raw", "tone": "none", "white": 1023.0},
        "licence": "CC0-1.0",
        **changes,
    }


def test_a_row_survives_writing_and_reading():
    original = row("s/ev+0", licence="CC BY 4.0, Ångström")
    assert parse_row(dump_row(original), "m:1") == original
    lost = row("s/ev+0", status="timeout", reason="took longer than 60 s")
    assert parse_row(dump_row(lost), "m:1") == lost and lost.status == "timeout"


def test_a_line_is_written_as_it_was_read():
    """Unknown keys too: they are facts, which people may read and code does not."""
    original = table("s/ev+0", distortion=STACK, seed=3, versions={"numpy": "2"}, camera="X")
    original["sha256"]["luts/0.cube"] = "0" * 64
    written = json.loads(dump_row(read_row(original)))
    del written["check"], original["source"]["origin"], original["source"]["others"]
    del original["mask"]["parameters"], original["develop"]["tone"]
    assert written == {**original, "distortion": {**STACK, "name": "tone + fog"}}


def test_a_stack_is_called_by_its_layers():
    files = {**table("a")["sha256"], "luts/0.cube": "0" * 64}
    assert row("a", distortion=STACK, sha256=files).distortion_name == "tone + fog"
    assert row("a").distortion_name == "none"


def test_what_cannot_be_seen_does_not_reach_a_page():
    assert row("a", licence="CC\x1b[31m\u202eBY").licence == "CC\ufffd[31m\ufffdBY"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"split": "dev"}, "split: must be one of train, val, test; got 'dev'"),
        ({"ev": "0"}, "ev: must be a number, got '0'"),
        ({"width": True}, "width: must be a whole number, got True"),
        ({"width": 0}, "width: must be 1 to 1e"),
        ({"references": {}}, "references: is empty"),
        ({"input": "scenes/x.png"}, "input: 'scenes/x.png' has no sha256"),
        ({"sha256": {"../x": "0" * 64}}, r"sha256\['../x'\]: must lie below scenes/ or luts/"),
        ({"sha256": {"/x": "0" * 64}}, "must lie below scenes/ or luts/, got '/x'"),
        ({"sha256": {"scenes/../x": "0" * 64}}, "without '..'"),
        ({"sha256": {"scenes/x": "0" * 63}}, "must be 64 hex digits"),
        ({"id": "../../x"}, "id: must be a relative path without '..'"),
        ({"id": "/abs"}, "id: must be a relative path"),
        ({"id": "a\x1bb"}, "id: must have no control characters"),
        ({"id": "a\u202eb"}, "id: must have no control characters"),
        ({"id": "a\\b"}, "id: must have no control characters or backslashes"),
        ({"id": "x" * 300}, "id: must be a name of up to 200 bytes, got 300"),
        ({"scene": "a/b"}, "scene: must be a name without '/'"),
        ({"references": {"x/../y": "scenes/a.png"}}, "must be a name without '/'"),
        ({"distortion": {}}, "distortion: kind is missing"),
        (
            {"distortion": {**STACK, "lut": "../secret.cube"}},
            "distortion.lut: must lie below luts/",
        ),
        ({"distortion": STACK}, "distortion.lut: 'luts/0.cube' has no sha256"),
        ({"distortion": {**STACK, "layers": []}}, "distortion.layers: a stack"),
        (
            {"distortion": {**STACK, "layers": [{"kind": "x", "name": "y"}]}},
            r"layers\[0\].kind: must",
        ),
        ({"coverage": {"A": "all", "B": 0.0, "C": 0.0}}, "coverage.A: must be a number"),
        ({"coverage": {"A": 2.0, "B": 0.0, "C": 0.0}}, "coverage.A: must be 0 to 1, got 2"),
        ({"mask": "circle"}, "mask: must be a table, got 'circle'"),
        ({"source": "s.dng"}, "source: must be a table"),
        ({"source": {"path": "s.dng"}}, "source.sha256: is missing"),
        ({"licence": 4}, "licence: must be a text, got 4"),
        ({"bits": 12}, "bits: must be one of 8, 16; got 12"),
        ({"more": json.loads("[" * 40 + "]" * 40)}, "must be nested at most 32 deep"),
    ],
)
def test_a_row_that_cannot_be_relied_on_is_refused(change, message):
    with pytest.raises(ManifestError, match=f"m.jsonl:3: .*{message}"):
        parse_row(line("a", **change), "m.jsonl:3")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{", "not a JSON line"),
        (b"[]\n", "must be a JSON object, got list"),
        (b"\xff\n", "not UTF-8"),
        (b'{"id": NaN}\n', "not a JSON line: .*char 7"),
        (b'{"id": "\\ud800"}\n', "not a JSON line: .*surrogate"),
        (b"{}\n", "status is missing"),
        (b'{"ev": 1e400, "status": "ok"}\n', "not a JSON line: number is infinity"),
        (b'{"status": "ok"}\n', "id is missing"),
        (b'{"a":' * 100_000, "not a JSON line"),
        (b'{"a": "' + b"x" * 2_000_000, "must be a line of up to 1048576 bytes"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not a JSON line"),
    ],
)
def test_a_line_that_is_no_row_is_refused(line, message):
    with pytest.raises(ManifestError, match=message):
        parse_row(line, "m.jsonl:1")


def test_any_bytes_give_rows_or_one_line(tmp_path):
    """Fuzz: nothing but ManifestError may come out of a damaged manifest."""
    rng = random.Random(7)
    good = b"".join(dump_row(row(f"s/ev{i}")) for i in range(3))
    path = tmp_path / "manifest.jsonl"
    refused = 0
    for _ in range(300):
        data = bytearray(good)
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(data))
            match rng.randrange(3):
                case 0:
                    data[at] ^= 1 << rng.randrange(8)
                case 1:
                    del data[at : at + rng.randint(1, 30)]
                case 2:
                    data[at:at] = rng.randbytes(rng.randint(1, 6))
        path.write_bytes(bytes(data))
        try:
            dataset_hash(read_rows(path))
        except ManifestError as error:
            refused += 1
            assert "\n" not in str(error)
    assert refused > 150


def test_a_bad_line_is_named(tmp_path):
    path = tmp_path / "manifest.jsonl"
    path.write_bytes(dump_row(row("a")) + dump_row(row("b"))[:-20])
    with pytest.raises(ManifestError, match=r"manifest\.jsonl:2: not a JSON line"):
        list(read_rows(path))


def test_sorting_keeps_the_rows_asked_for(tmp_path):
    path = tmp_path / "manifest.jsonl"
    lines = [dump_row(row(name, seed=seed)) for name, seed in (("b", 1), ("a", 1), ("b", 2))]
    path.write_bytes(b"".join(lines) + b'{"torn')
    sort_manifest(path, {"a": len(lines[0]), "b": len(lines[0]) + len(lines[1])})
    assert [(found.id, found.facts["seed"]) for found in read_rows(path)] == [("a", 1), ("b", 2)]
    before = path.stat().st_mtime_ns
    sort_manifest(path, {"a": 0, "b": len(lines[1])})
    assert path.stat().st_mtime_ns == before


def test_the_hash_names_pixels_and_nothing_else():
    rows = [row("a"), row("b")]
    name = dataset_hash(rows)
    assert dataset_hash([row("a", camera="other"), row("b")]) == name
    assert dataset_hash([*rows, row("c", status="timeout", reason="took too long")]) == name
    changed = row("b")
    changed.sha256["scenes/b.png"] = "1" * 64
    assert dataset_hash([row("a"), changed]) != name
    with pytest.raises(ManifestError, match="not sorted by id, or lists it twice"):
        dataset_hash(rows[::-1])
