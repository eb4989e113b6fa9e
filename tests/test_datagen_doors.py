"""Doors out of a data set, opened by the libraries people train with."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import datagen
from datagen.dataset.pack import common_references, members, pack
from datagen.dataset.tables import columns
from datagen.images.codes import to_float

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def pairs(tiny_data):
    return datagen.open(tiny_data)


def test_hugging_face_datasets_read_pairs(tiny_data, pairs, tmp_path):
    """In a process of its own: the library starts threads and warns on import."""
    pytest.importorskip("datasets", reason="needs the library of that name (dev extra)")
    script = """
import json, sys
import numpy as np
import datasets
datasets.disable_progress_bars()
found = datasets.load_dataset(sys.argv[1], cache_dir=sys.argv[2])
print(json.dumps({
    split: [
        {"id": row["id"], "sum": int(np.asarray(row["input"]).sum()),
         "reference": int(np.asarray(row["reference"]).sum()),
         "labels": sorted(set(np.asarray(row["regions"]).ravel().tolist())), "ev": row["ev"]}
        for row in rows
    ]
    for split, rows in found.items()
}))
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tiny_data), str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=True,
        env={"HF_HUB_OFFLINE": "1", "HOME": str(tmp_path), "PATH": ""},
    )
    found = json.loads(done.stdout)
    assert sum(map(len, found.values())) == len(pairs)
    for split, rows in found.items():
        for row, sample in zip(rows, pairs.select(split=split), strict=True):
            pair = datagen.load_pair(pairs, sample)
            assert (row["id"], row["ev"]) == (sample.id, sample.ev)
            assert row["sum"] == round(float(pair.degraded.sum(dtype=np.float64)) * 255)
            assert row["reference"] == round(float(pair.reference.sum(dtype=np.float64)) * 255)
            assert row["labels"] == sorted(set(pair.regions.ravel().tolist()))


def test_webdataset_reads_packs(tiny_data, pairs, tmp_path):
    webdataset = pytest.importorskip("webdataset", reason="needs the library of that name (dev)")
    index = json.loads(pack(tiny_data, tmp_path / "shards").read_text())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own, about how it will read shards one day
        for split in {shard["split"] for shard in index["shards"]}:
            urls = [
                str(tmp_path / "shards" / shard["file"])
                for shard in index["shards"]
                if shard["split"] == split
            ]
            read = list(webdataset.WebDataset(urls, shardshuffle=False).decode("rgb8"))
            samples = pairs.select(split=split)
            assert len({frozenset(key for key in each if "__" not in key) for each in read}) == 1
            for each, sample in zip(read, samples, strict=True):
                assert each["json"]["id"] == sample.id
                pair = datagen.load_pair(pairs, sample)
                np.testing.assert_array_equal(to_float(each["input.png"]), pair.degraded)
                np.testing.assert_array_equal(to_float(each["reference.png"]), pair.reference)


def test_croissant_is_valid_and_yields_records(tiny_data, pairs):
    """mlcroissant is the format's own reader and validator."""
    pytest.importorskip("mlcroissant", reason="needs the library of that name (dev extra)")
    script = """
import json, sys
import mlcroissant
found = mlcroissant.Dataset(sys.argv[1])
names = [r.id for r in found.metadata.record_sets]
first = {name: {k: v.decode() if isinstance(v, bytes) else v
                for k, v in next(iter(found.records(name))).items()} for name in names}
print(json.dumps({"errors": len(found.metadata.issues.errors), "first": first}))
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, str(tiny_data / "croissant.json")],
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["errors"] == 0
    splits = {row.split for row in pairs.samples}
    assert found["first"].keys() == {"samples", *(f"pairs_{split}" for split in splits)}
    for split in splits:
        row, record = pairs.select(split=split)[0], found["first"][f"pairs_{split}"]
        assert record[f"pairs_{split}/input"] == row.input
        assert record[f"pairs_{split}/regions"] == row.regions
        assert record[f"pairs_{split}/reference"] in row.references.values()


def test_torch_reads_a_data_set_as_it_is(pairs):
    torch = pytest.importorskip("torch")

    def tensors(batch):
        return torch.stack([torch.from_numpy(pair.degraded).permute(2, 0, 1) for pair in batch])

    samples = [index for index, row in enumerate(pairs.samples) if row.size == (32, 48)][:4]
    loader = torch.utils.data.DataLoader(
        torch.utils.data.Subset(pairs, samples), batch_size=2, collate_fn=tensors
    )
    assert [tuple(batch.shape) for batch in loader] == [(2, 3, 32, 48)] * (len(samples) // 2)


def test_the_flat_line_and_the_members_name_the_same_files(pairs):
    row = pairs.samples[0]
    more = replace(row, references={**row.references, "z": row.regions})
    line = columns(more, ["z"])
    assert line["reference_z_file_name"] == row.regions
    assert columns(row, ["z"])["reference_z_file_name"] is None
    assert common_references([row, more]) == sorted(row.references)
    named = members(more, ["z"])
    assert named["reference_z.png"] == row.regions
    assert named["reference.png"] == line["reference_file_name"]
