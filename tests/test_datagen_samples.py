"""The embedded samples, and the index beside them."""

import re
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import rawpy

from datagen.camera.index import (
    INDEX,
    SAMPLES,
    SampleIndexError,
    fixed_split,
    read_index,
    scene_name,
    write_index,
)
from datagen.camera.make_samples import make_sample, named, read_sources
from luts.tool.files import sha256_file

ROWS = {row.path: row for row in read_index(SAMPLES / INDEX)}
SOURCES = named(read_sources())
MOST_BYTES = 30_000_000


@pytest.mark.parametrize("path", ROWS)
def test_every_sample_is_the_file_its_row_says(path):
    row, file = ROWS[path], SAMPLES / path
    assert (sha256_file(file), file.stat().st_size) == (row.sha256, row.bytes)
    assert row.licence == "CC0-1.0"
    assert Path(path).stem in SOURCES
    assert re.search(r"\w+/[\w.-]+@[0-9a-f]{10,40}:", row.source), "source is repository@commit"


@pytest.mark.parametrize("path", ROWS)
def test_every_sample_opens_and_its_mask_fits(path):
    row = ROWS[path]
    with rawpy.imread(str(SAMPLES / path)) as raw:
        size = raw.sizes.height, raw.sizes.width
        clipped = np.mean(raw.raw_image_visible >= raw.white_level)
    if row.kind == "simulated":
        assert max(size) == 384
        assert clipped < 0.2
    if row.segmentation:
        mask = cv2.imread(str(SAMPLES / row.segmentation), cv2.IMREAD_UNCHANGED)
        assert (mask.shape, mask.dtype) == (size, np.uint8)
        assert 0.05 < (mask > 127).mean() < 0.75


def test_splits_are_the_published_ones_and_real_raws_only_test():
    for row in ROWS.values():
        assert row.split == (fixed_split(row.scene) or "test"), row.path
        assert row.kind == "simulated" or row.split == "test"
    assert {row.split for row in ROWS.values()} == {"train", "val", "test"}


def test_the_samples_are_what_the_first_run_needs():
    kinds = [row.kind for row in ROWS.values()]
    assert kinds.count("camera") >= 3
    assert sum(row.kind == "simulated" and row.yaw != "" for row in ROWS.values()) == 66
    assert sum(row.split == "test" for row in ROWS.values()) == 50
    assert sum(row.segmentation != "" and row.yaw != "" for row in ROWS.values()) >= 10
    assert len({row.camera for row in ROWS.values()}) >= 6


def test_nothing_lies_beside_the_index_and_all_is_small():
    files = {p.relative_to(SAMPLES).as_posix() for p in SAMPLES.rglob("*") if p.is_file()}
    beside = {file for row in ROWS.values() for file in (row.segmentation, row.light) if file}
    assert files == {INDEX, "NOTICE.txt", *ROWS, *beside}
    assert sum((SAMPLES / file).stat().st_size for file in files) <= MOST_BYTES


REBUILT = ["chinese_garden_v2", "kiara_1_dawn", "gb82_dog", "lemur", "canon_s40_CRW_0112"]


def rebuild_and_compare(name, shared, out):
    row = make_sample(name, SOURCES[name], shared, out)
    assert row == ROWS[row.path]
    for made in filter(None, (row.path, row.segmentation, row.light)):
        assert (out / made).read_bytes() == (SAMPLES / made).read_bytes(), made


@pytest.mark.parametrize("name", REBUILT)
def test_a_rebuilt_sample_is_the_same_byte_for_byte(name, shared, tmp_path):
    rebuild_and_compare(name, shared, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(SOURCES) - set(REBUILT)))
def test_all_other_samples_rebuild_too(name, shared, tmp_path):
    rebuild_and_compare(name, shared, tmp_path)


def test_an_index_survives_writing_and_reading(tmp_path):
    write_index(tmp_path / INDEX, list(ROWS.values())[::-1])
    assert (tmp_path / INDEX).read_bytes() == (SAMPLES / INDEX).read_bytes()


def test_a_resolution_in_a_file_name_does_not_free_a_test_scene():
    assert scene_name("lebombo_4k") == "lebombo"
    assert fixed_split("lebombo_4k") == fixed_split("lebombo") == "test"
    assert fixed_split("my_garden") == ""


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("licence", "license", 1), r":1: .*columns: licence, license"),
        (lambda text: text.replace("\ttest\t", "\texam\t", 1), r":\d+: split is one of train"),
        (lambda text: text.replace("\tsimulated\t", "\tdrawn\t", 1), r":\d+: kind is one of"),
        (lambda text: text + "alone\n", r":\d+: needs 19 columns"),
    ],
)
def test_a_damaged_index_is_refused_by_line(change, message, tmp_path):
    path = tmp_path / INDEX
    path.write_text(change((SAMPLES / INDEX).read_text("utf-8")), "utf-8")
    with pytest.raises(SampleIndexError, match=message):
        read_index(path)


def test_a_row_of_an_unknown_split_cannot_be_made():
    with pytest.raises(ValueError, match="train, val, test or empty: 'dev'"):
        replace(ROWS["lemur.dng"], split="dev")
