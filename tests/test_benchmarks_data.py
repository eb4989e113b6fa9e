"""Pairs as tensors: aligned, deterministic whatever the workers, 8 and 16 bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from benchmarks.training.pairs import Pairs, loader, to_tensors
from datagen.build.driver import Resources, build
from datagen.dataset.read import Pair, load_pair
from datagen.images.codes import quantise
from datagen.images.files import write_image
from datagen.recipe.load import load_recipe

TOML = """
name = "tiny"
[source]
folder = "{folder}"
[render]
evs = [-1, 0]
[[mask]]
kind = "circle"
[split]
train = 1.0
val = 0.0
test = 0.0
[output]
bits = {bits}
"""


@pytest.fixture(scope="module", params=[8, 16])
def folder(request, tmp_path_factory):
    root = tmp_path_factory.mktemp(f"data{request.param}")
    rng = np.random.default_rng(0)
    for number in range(5):
        write_image(root / "photos" / f"p{number}.png", quantise(rng.random((24, 32, 3)), 16))
    (root / "r.toml").write_text(TOML.format(folder=root / "photos", bits=request.param))
    build(load_recipe(root / "r.toml"), root / "set", Resources(engine="serial"))
    return root / "set"


def test_a_whole_pair_keeps_its_values(folder):
    pairs = Pairs(folder, "train")
    item, pair = pairs[3], load_pair(pairs.dataset, pairs.rows[3])
    assert item["id"] == pair.id and len(pairs) == 10
    assert item["degraded"].dtype == torch.float32 and item["degraded"].shape == (3, 24, 32)
    assert (item["degraded"].numpy().transpose(1, 2, 0) == pair.degraded).all()


def test_regions_become_two_channels():
    labels = np.array([[0, 1, 2]], np.uint8)
    blank = np.zeros((1, 3, 3), np.float32)
    regions = to_tensors(Pair("a", blank, blank, labels))["regions"]
    assert regions.tolist() == [[[0, 0, 1]], [[0, 1, 1]]]


def test_crops_of_input_reference_and_regions_lie_on_each_other(folder):
    """Every pixel of the whole picture is marked by its place; the crop must agree in all three."""
    pairs = Pairs(folder, "train", crop=16)
    whole = load_pair(pairs.dataset, pairs.rows[0])
    item = pairs[0]
    flat = {tuple(pixel): place for place, pixel in enumerate(whole.degraded.reshape(-1, 3))}
    places = [
        flat[tuple(pixel)] for pixel in item["degraded"].permute(1, 2, 0).reshape(-1, 3).numpy()
    ]
    reference = whole.reference.reshape(-1, 3)[places].reshape(16, 16, 3)
    assert (item["reference"].permute(1, 2, 0).numpy() == reference).all()
    labels = whole.regions.reshape(-1)[places].reshape(16, 16)
    assert (item["regions"][0].numpy() == (labels == 2)).all()
    assert (item["regions"][1].numpy() == (labels >= 1)).all()


def test_epochs_differ_and_repeat(folder):
    pairs = Pairs(folder, "train", crop=8)
    first = pairs[0]["degraded"]
    pairs.set_epoch(1)
    second = pairs[0]["degraded"]
    pairs.set_epoch(0)
    assert not torch.equal(first, second)
    assert torch.equal(first, pairs[0]["degraded"])


@pytest.mark.slow
def test_workers_change_no_value(folder):
    pairs = Pairs(folder, "train", crop=8)
    alone = list(loader(pairs, 4))
    shared = list(loader(pairs, 4, workers=2))
    assert len(alone) == 2
    for one, two in zip(alone, shared, strict=True):
        assert one["id"] == two["id"] and torch.equal(one["degraded"], two["degraded"])


def test_pictures_of_different_sizes_share_no_batch(folder):
    pairs = Pairs(folder, "train")
    pairs.rows = [replace(pairs.rows[0], width=40), *pairs.rows[1:]]
    with pytest.raises(ValueError, match="pictures of 2 sizes do not share a batch"):
        loader(pairs, 2)
    pairs.crop = 8
    assert len(loader(pairs, 2)) == 5


def test_crops_of_one_pixel_are_possible(folder):
    pairs = Pairs(folder, "train", crop=1)
    for index in range(len(pairs)):  # some are flipped
        assert pairs[index]["degraded"].shape == (3, 1, 1)


def test_what_cannot_be_read_is_refused(folder):
    with pytest.raises(ValueError, match="no sample in split 'test'"):
        Pairs(folder, "test")
    with pytest.raises(ValueError, match="crop: must be 1 to 24 pixels"):
        Pairs(folder, "train", crop=25)
