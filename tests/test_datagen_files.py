"""Files are whole or absent, and randomness goes by name."""

from __future__ import annotations

import pytest

from luts.tool.files import sha256_file, whole_file, write_text
from luts.tool.seeding import sample_rng


def test_a_failed_write_leaves_the_old_file_and_no_scratch(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(RuntimeError, match="halfway"), whole_file(path) as scratch:
        scratch.write_text("new")
        raise RuntimeError("halfway")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_hash_of_a_file_is_the_published_one(tmp_path):
    path = tmp_path / "abc"
    path.write_bytes(b"abc")  # FIPS 180-4, example of SHA-256
    assert sha256_file(path).startswith("ba7816bf8f01cfea414140de5dae2223b00361a396177a9c")


def test_a_sample_has_its_own_generator_whatever_came_before():
    first = sample_rng(1, "b").random(3).tolist()
    sample_rng(1, "a").random(1000)
    assert sample_rng(1, "b").random(3).tolist() == first
    assert sample_rng(1, "a").random(3).tolist() != first
    assert sample_rng(2, "b").random(3).tolist() != first
