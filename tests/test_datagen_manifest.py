"""The manifest: rows that can be trusted, and a hash that names pixels."""

from __future__ import annotations

import random

import pytest

from datagen.dataset.manifest import (
    ManifestError,
    dataset_hash,
    dump_row,
    parse_row,
    read_rows,
    sort_manifest,
)


def row(name: str, **changes) -> dict:
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
        **changes,
    }


def test_a_row_survives_writing_and_reading():
    original = row("s/ev+0", licence="CC BY 4.0, Ångström")
    assert parse_row(dump_row(original), "m:1") == original


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"split": "dev"}, "split must be one of train, val, test; got 'dev'"),
        ({"ev": "0"}, "ev has the wrong type, str"),
        ({"width": True}, "width has the wrong type, bool"),
        ({"references": {}}, "references is empty"),
        ({"input": "scenes/x.png"}, "'scenes/x.png' has no sha256"),
        ({"sha256": {"../x": "0" * 64}}, "outside the data set"),
        ({"sha256": {"/x": "0" * 64}}, "outside the data set"),
        ({"sha256": {"x": "0" * 63}}, "not 64 hex digits"),
    ],
)
def test_a_row_that_cannot_be_relied_on_is_refused(change, message):
    with pytest.raises(ManifestError, match=f"m.jsonl:3: .*{message}"):
        parse_row(dump_row(row("a", **change)), "m.jsonl:3")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{", "not a JSON line"),
        (b"[]\n", "must be a JSON object, got list"),
        (b"\xff\n", "not UTF-8"),
        (b'{"id": NaN}\n', "NaN is not a number"),
        (b'{"id": "\\ud800"}\n', "not UTF-8"),
        (b"{}\n", "id is missing"),
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
    assert [(found["id"], found["seed"]) for found in read_rows(path)] == [("a", 1), ("b", 2)]
    before = path.stat().st_mtime_ns
    sort_manifest(path, {"a": 0, "b": len(lines[1])})
    assert path.stat().st_mtime_ns == before


def test_the_hash_names_pixels_and_nothing_else():
    rows = [row("a"), row("b")]
    name = dataset_hash(rows)
    assert dataset_hash([row("a", camera="other"), row("b")]) == name
    assert dataset_hash([*rows, row("c", status="timeout")]) == name
    changed = row("b")
    changed["sha256"]["scenes/b.png"] = "1" * 64
    assert dataset_hash([row("a"), changed]) != name
    with pytest.raises(ManifestError, match="not sorted by id, or lists it twice"):
        dataset_hash(rows[::-1])
