"""`datagen verify` finds every kind of damage, and agrees with what is whole."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from datagen.build.driver import Resources, build
from datagen.cli import main
from datagen.dataset.manifest import ManifestError, dataset_hash, dump_row, read_rows
from datagen.dataset.rows import Coverage
from datagen.dataset.summary import summarise
from datagen.dataset.verify import verify
from datagen.dataset.workspace import read_dataset, write_dataset
from datagen.images.codes import quantise
from datagen.images.files import read_image, write_image
from datagen.recipe.load import load_recipe
from datagen.sources.picture_hash import near_duplicates
from luts.colour.transfer import encode_srgb
from luts.tool.files import sha256_file

TOML = """
name = "tiny"
[source]
folder = "{folder}"
[render]
evs = [-1, 0, 1]
long_edge = 64
[[distort]]
families = ["tone"]
severity = [2, 6]
pool = 2
lut_size = 5
[[mask]]
kind = "circle"
[split]
train = 0.5
val = 0.0
test = 0.5
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("verify")
    for number in range(6):
        rng = np.random.default_rng(number)
        light = np.kron(rng.random((6, 8, 3)), np.ones((8, 8, 1))) * 0.3
        write_image(folder / "photos" / f"p{number}.png", quantise(encode_srgb(light)))
    (folder / "r.toml").write_text(TOML.format(folder=folder / "photos"))
    build(load_recipe(folder / "r.toml"), folder / "set", Resources(engine="serial"))
    return folder / "set"


@pytest.fixture
def copy(built, tmp_path):
    shutil.copytree(built, tmp_path / "set")
    return tmp_path / "set"


def rewrite(folder, change) -> None:
    """Change rows and sign the set again, as a forger or a bug would."""
    rows = [change(row) or row for row in read_rows(folder / "manifest.jsonl")]
    (folder / "manifest.jsonl").write_bytes(b"".join(map(dump_row, rows)))
    files = {"manifest.jsonl": sha256_file(folder / "manifest.jsonl")}
    head = replace(read_dataset(folder), hash=dataset_hash(rows), files=files)
    write_dataset(folder, head)


def replace_picture(folder, row, codes) -> None:
    write_image(folder / row.input, codes)
    row.sha256[row.input] = sha256_file(folder / row.input)
    row.pictures[row.input] = summarise(codes)


def test_a_whole_set_is_sound(built, capsys):
    assert verify(built).problems == []
    assert main(["verify", str(built)]) == 0
    assert capsys.readouterr().out.endswith("sound\n")


def test_a_flipped_byte_in_any_output_is_found(built, copy):
    rng = np.random.default_rng(0)
    files = sorted(path for part in ("scenes", "luts") for path in (copy / part).rglob("*.*"))
    for path in rng.choice(np.array(files, object), 25, replace=False):
        whole = path.read_bytes()
        data = bytearray(whole)
        data[rng.integers(len(data))] ^= 1 << rng.integers(8)
        path.write_bytes(bytes(data))
        name = path.relative_to(copy).as_posix()
        assert any(name in problem for problem in verify(copy).problems), name
        path.write_bytes(whole)


@pytest.mark.parametrize("name", ["manifest.jsonl", "README.md", "croissant.json", "dataset.json"])
def test_a_flipped_byte_anywhere_in_the_words_is_found(copy, name, monkeypatch):
    monkeypatch.setattr(
        "datagen.dataset.verify.scene_reports", lambda *_: []
    )  # pictures: tested above
    path = copy / name
    whole = path.read_bytes()
    rng = np.random.default_rng(1)
    for at in rng.integers(len(whole), size=30):
        data = bytearray(whole)
        data[at] ^= 1 << rng.integers(8)
        path.write_bytes(bytes(data))
        try:
            problems = verify(copy).problems
        except ManifestError as error:
            problems = [str(error).removeprefix(f"{copy}/")]
        assert any(problem.startswith(name) for problem in problems), data[at - 8 : at + 8]


def test_a_flipped_byte_in_a_line_is_named_and_made_good_by_a_build(copy, built):
    """Whatever it hits: ids and hashes, or free text that no other check looks at."""
    path = copy / "manifest.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b'"kind": "circle"', b'"kind": "cyrcle"', 1))
    assert any(p.startswith("manifest.jsonl:1: has been changed") for p in verify(copy).problems)
    build(load_recipe(built.parent / "r.toml"), copy, Resources(engine="serial"))
    assert path.read_bytes() == whole and verify(copy).problems == []


def test_a_missing_file_is_found(copy):
    (copy / "scenes" / "p1" / "ev+1.png").unlink()
    assert verify(copy).problems == ["scenes/p1/ev+1.png: No such file or directory"]


def test_a_wrong_exposure_is_found_although_the_hashes_agree(copy):
    def brighten(row):
        if row.id == "p2/ev+1":
            codes = read_image(copy / row.input).astype(float)
            replace_picture(copy, row, np.clip(codes * 1.2, 0, 255).round().astype(np.uint8))

    rewrite(copy, brighten)
    (problem,) = verify(copy).problems
    assert problem.startswith("p2/ev+1: is +1.5") and problem.endswith("not +1.00")


def test_a_shifted_reference_is_found_although_the_hashes_agree(copy):
    def move(row):
        if row.scene == "p3":
            path = row.references["fusion"]
            if row.id == "p3/ev+0":
                write_image(copy / path, np.roll(read_image(copy / path), 5, axis=1))
            row.sha256[path] = sha256_file(copy / path)

    rewrite(copy, move)
    problems = verify(copy).problems
    assert any("reference_fusion.png: is shifted by +" in p for p in problems), problems


def test_a_leak_is_found(copy):
    scenes = {row.scene: row.split for row in read_rows(copy / "manifest.jsonl")}
    train = next(name for name, split in scenes.items() if split == "train")
    test = next(name for name, split in scenes.items() if split == "test")

    def join(row):
        if row.scene in (train, test):
            return replace(row, group="same")
        return row

    rewrite(copy, join)
    (problem,) = verify(copy).problems
    assert problem.startswith("leak: group same is in ")


def test_wrong_coverage_and_sizes_are_found(copy):
    def lie(row):
        if row.id == "p0/ev+0":
            return replace(row, coverage=Coverage(1.0, 0.0, 0.0))
        if row.id == "p1/ev+0":
            return replace(row, bits=16)
        if row.id == "p2/ev+0":
            return replace(row, height=3)
        return row

    rewrite(copy, lie)
    problems = " ".join(verify(copy).problems)
    assert "p0/ev+0: its regions cover" in problems
    assert "p1/ev+0: has 8 bits, not 16" in problems
    assert "ev+0.png: is (48, 64), not (3, 64)" in problems


def test_two_labs_compare_manifests_without_pictures(built, copy, tmp_path, capsys):
    theirs = tmp_path / "theirs.jsonl"
    shutil.copy(built / "manifest.jsonl", theirs)
    assert main(["verify", str(copy), "--against", str(theirs)]) == 0
    assert f"the same bytes as {theirs}: 36 samples" in capsys.readouterr().err
    rows = list(read_rows(theirs))
    rows[3].sha256[rows[3].input] = "0" * 64
    del rows[3].pictures[rows[3].input]  # a set of an older version has no sums
    theirs.write_bytes(b"".join(map(dump_row, rows[:-1])))
    report = verify(copy, against=theirs)
    assert report.problems == [
        f"{rows[3].id}: other pixels than in {theirs}",
        f"{rows[-1].id}: only here",
    ]


def test_rounding_is_told_from_other_pixels(built, copy, tmp_path):
    theirs = tmp_path / "theirs.jsonl"
    shutil.copy(built / "manifest.jsonl", theirs)
    rows = list(read_rows(theirs))
    codes = read_image(copy / rows[0].input)
    for row, change in ((rows[0], (slice(5), 7, 1)), (rows[1], slice(None))):
        codes = read_image(copy / row.input)
        codes[change] ^= 1  # one level, in five pixels or in all of them
        row.sha256[row.input] = "0" * 64
        row.pictures[row.input] = summarise(codes)
        theirs.write_bytes(b"".join(map(dump_row, rows)))
        problems = verify(copy, against=theirs).problems
        if row is rows[0]:
            (told,) = problems
            assert told.startswith(f"the same to rounding as {theirs}: 1 files of 36 samples")
            assert "at most 0.0" in told
    assert problems[0].startswith(f"{rows[1].id}: other pixels than in {theirs} (up to ")
    assert problems[1].startswith("the rest is the same to rounding")


def test_a_duplicate_picture_across_splits_is_a_note_and_strictly_a_problem(copy):
    rows = list(read_rows(copy / "manifest.jsonl"))
    splits = {row.scene: row.split for row in rows}
    one = next(name for name, split in splits.items() if split == "train")
    two = next(name for name, split in splits.items() if split == "test")
    source = copy / "scenes" / one / "reference_fusion.png"

    def duplicate(row):
        if row.scene == two:
            path = row.references["fusion"]
            shutil.copy(source, copy / path)
            row.sha256[path] = sha256_file(copy / path)

    rewrite(copy, duplicate)
    assert any("near-duplicates" in note for note in verify(copy).notes)
    assert any("near-duplicates" in problem for problem in verify(copy, strict=True).problems)


def test_near_duplicates_differ_in_at_most_three_bits():
    hashes = [0b1011, 0b1000, 0xFFFF0000, 2**63 - 1, 2**63 - 1]
    assert near_duplicates(hashes) == [(0, 1), (3, 4)]


def test_flat_pictures_are_not_taken_for_each_other():
    assert near_duplicates([0, 5, 0, 7]) == [(1, 3)]


def test_a_stranger_among_the_files_is_noted(copy):
    (copy / "scenes" / "p0" / "stray.png").write_bytes(b"x")
    assert verify(copy).notes == ["scenes/p0/stray.png: is not in the manifest"]


def test_what_is_no_data_set_is_one_line(tmp_path, capsys):
    with pytest.raises(ManifestError, match="is no data set"):
        verify(tmp_path)
    (tmp_path / "dataset.json").write_text(
        json.dumps({"recipe": {}, "name": "x", "complete": False})
    )
    with pytest.raises(ManifestError, match="no such manifest"):
        verify(tmp_path)
    (tmp_path / "dataset.json").write_text("[")
    assert main(["verify", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
