"""datagen.regions.coco, and several masks of one picture: from the source to the region maps."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from datagen.build.driver import Resources, build
from datagen.dataset.read import open_dataset
from datagen.images.files import read_image, write_image
from datagen.recipe.load import RecipeError, load_recipe
from datagen.recipe.settings import Source
from datagen.regions.coco import Annotation, chosen, decode, read_coco, unpack
from datagen.regions.mask_file import MaskError
from datagen.sources import read_source

SIZE = (24, 32)


def annotation(shape, size=(7, 9), **known):
    return Annotation(1, known.get("category", ""), known.get("number", 0), size, shape, 0.0)


def test_packed_runs_are_those_of_pycocotools():
    """pycocotools 2.0.11, mask.encode of this mask."""
    mask = np.zeros((7, 9), bool)
    mask[2:6, 3:8] = True
    mask[3, 4], mask[0, 0] = False, True
    packed = {"size": [7, 9], "counts": "01f03]OMN12200005"}
    np.testing.assert_array_equal(decode(annotation(packed), "x"), mask)
    plain = {"size": [7, 9], "counts": unpack(packed["counts"])}
    np.testing.assert_array_equal(decode(annotation(plain), "x"), mask)
    assert sum(plain["counts"]) == 63


def test_a_polygon_covers_the_pixels_it_covers_by_half():
    """pycocotools 2.0.11 gives 100 pixels for the square and 149,285 for the quadrangle."""
    square = decode(annotation([[10, 10, 20, 10, 20, 20, 10, 20]], (64, 72)), "x")
    assert square.sum() == 100 and square[10:20, 10:20].all()
    four = [[100.5, 50.25, 600.7, 80, 500, 400, 90, 380.2]]
    assert decode(annotation(four, (500, 700)), "x").sum() == pytest.approx(149_285, rel=1e-3)
    two = [[0, 0, 2, 0, 2, 2, 0, 2], [5, 5, 7, 5, 7, 7, 5, 7]]
    assert decode(annotation(two, (8, 8)), "x").sum() == 8


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ([[0, 0, 80, 0, 80, 5]], r"reaches from \[0.0, 0.0\] to \[80.0, 5.0\], outside"),
        ([[0, 0, 5, 5]], "needs three corners or more"),
        ([["a", 0, 5, 5, 1, 1]], "is a list of x, y"),
        ({"size": [9, 7], "counts": "0"}, r"run lengths of \[9, 7\]; its picture is \[7, 9\]"),
        ({"size": [7, 9], "counts": [10, 3]}, "add up to 13 pixels, the picture has 63"),
        ({"size": [7, 9], "counts": [60, -3, 6]}, "counts must be run lengths"),
        ({"size": [7, 9], "counts": "\u00e9"}, "no packed run lengths"),
        ({"size": [7, 9], "counts": "o"}, "no packed run lengths"),
        ({"size": [7, 9], "counts": [63]}, "its mask is empty"),
        ("nothing", "must be polygons or run lengths"),
    ],
)
def test_masks_that_cannot_be_meant_are_refused(shape, words):
    with pytest.raises(MaskError, match=words):
        decode(annotation(shape), "x")


def test_categories_are_chosen_by_name_or_number():
    some = [annotation([], category=name, number=n) for n, name in ((1, "person"), (3, "Dog"))]
    assert chosen(some, ()) == some
    assert chosen(some, ["dog"]) == some[1:] and chosen(some, [1]) == some[:1]


def coco(folder, *, outside=False):
    """Two photos; the first with two people and a dog, one of them drawn as runs."""
    rng = np.random.default_rng(0)
    for name in ("one", "two"):
        codes = cv2.resize(rng.integers(0, 255, (6, 8, 3), np.uint8), SIZE[::-1])
        write_image(folder / f"{name}.png", codes)
    box = [[2, 2, 14, 2, 14, 22, 2, 22]]
    runs = {"size": [*SIZE], "counts": [24 * 20, 24 * 8, 24 * 4]}
    far = [[2, 2, 99, 2, 99, 22, 2, 22]] if outside else [[16, 4, 30, 4, 30, 10, 16, 10]]
    content = {
        "images": [
            {"id": 1, "file_name": "photos/one.jpg", "height": 24, "width": 32},
            {"id": 2, "file_name": "two.png", "height": 24, "width": 32},
        ],
        "categories": [{"id": 1, "name": "person"}, {"id": 2, "name": "dog"}],
        "annotations": [
            {"id": 10, "image_id": 1, "category_id": 1, "segmentation": box, "area": 240},
            {"id": 11, "image_id": 1, "category_id": 1, "segmentation": runs, "area": 192},
            {"id": 12, "image_id": 1, "category_id": 2, "segmentation": far, "area": 84},
            {"id": 13, "image_id": 2, "category_id": 2, "segmentation": box, "area": 240},
        ],
    }
    (folder / "segmentations").mkdir(parents=True)
    (folder / "segmentations" / "instances.json").write_text(json.dumps(content))


def made(tmp_path, *changes, kind="segmentation"):
    (tmp_path / "r.toml").write_text(
        f'name = "r"\n[source]\nfolder = "{tmp_path / "photos"}"\nreferences = ["auto"]\n'
        f'[render]\nevs = [0, 1]\nlong_edge = 32\n[[mask]]\nkind = "{kind}"\n'
    )
    recipe = load_recipe(tmp_path / "r.toml", changes)
    return build(recipe, tmp_path / "set", Resources("serial", 1)), tmp_path / "set"


def test_annotations_become_one_map_each(tmp_path):
    coco(tmp_path / "photos")
    summary, folder = made(tmp_path, "source.masks=each", 'source.classes=["person"]')
    rows = open_dataset(folder).select(scene="one")
    assert [row.id for row in rows] == [f"one/ev+{ev}_mask{n}" for ev in (0, 1) for n in (1, 2)]
    assert [row.mask.parameters["follows"] for row in rows[:2]] == [
        "segmentations/instances.json#10",
        "segmentations/instances.json#11",
    ]
    left, right = (read_image(folder / row.regions) for row in rows[:2])
    assert left[12, 8] == 2 and left[12, 24] == 0
    assert right[12, 24] == 2 and right[12, 8] == 0
    # The other photo has no person: its samples are lost, for a reason that names it.
    assert summary.made == 4 and "two: no_mask" in summary.failures[0]


def test_or_all_of_them_one_map(tmp_path):
    coco(tmp_path / "photos")
    summary, folder = made(tmp_path)
    (row, _) = open_dataset(folder).select(scene="one")
    regions = read_image(folder / row.regions)
    assert regions[12, 8] == 2 and regions[12, 24] == 2
    assert summary.failures == [] and "follows" not in row.mask.parameters


def test_the_largest_alone(tmp_path):
    coco(tmp_path / "photos")
    one, two = read_source(Source(str(tmp_path / "photos"), instance="largest"))
    assert one.masks == ("segmentations/instances.json#10",)
    assert two.masks == ("segmentations/instances.json#13",)


def test_a_polygon_outside_costs_its_own_samples(tmp_path):
    coco(tmp_path / "photos", outside=True)
    summary, folder = made(tmp_path, "source.masks=each")
    assert summary.made == 2 * 3
    assert "instances.json#12: a polygon reaches from" in summary.failures[0]
    assert {row.id for row in open_dataset(folder).rows if row.status == "no_mask"} == {
        "one/ev+0_mask3",
        "one/ev+1_mask3",
    }


def test_a_folder_of_masks_and_columns_of_an_index_name_several(tmp_path):
    folder = tmp_path / "photos"
    coco(folder)
    (folder / "segmentations" / "instances.json").unlink()
    for number in (1, 2):
        mask = np.zeros(SIZE, np.uint8)
        mask[:, 10 * number : 10 * number + 8] = 255
        write_image(folder / "segmentations" / "one" / f"m{number}.png", mask)
    one, two = read_source(Source(str(folder)))
    assert one.masks == ("segmentations/one/m1.png", "segmentations/one/m2.png") and not two.masks
    (folder / "index.tsv").write_text(
        "path\tsegmentation_left\tsegmentation_right\n"
        "one.png\tsegmentations/one/m1.png\tsegmentations/one/m2.png\ntwo.png\t\t\n"
    )
    assert [scene.masks for scene in read_source(Source(str(folder)))] == [one.masks, ()]


def test_an_index_names_ready_pictures_by_exposure(tmp_path):
    folder = tmp_path / "photos"
    coco(folder)
    (folder / "index.tsv").write_text(
        "scene\tinput_-1\tinput_+1.5\treference_expert\nkitchen\tone.png\ttwo.png\tone.png\n"
    )
    (scene,) = read_source(Source(str(folder)))
    assert scene.inputs == ((-1.0, "one.png"), (1.5, "two.png")) and scene.name == "kitchen"
    for header, words in (
        ("scene\tinput_dark\n", "ends in stops from -10 to 10"),
        ("scene\tinput_1\tinput_+1\n", "two inputs have the exposure"),
    ):
        cells = "\t".join(["k"] + ["one.png"] * header.count("\t"))
        (folder / "index.tsv").write_text(f"{header}{cells}\n")
        with pytest.raises(RecipeError, match=words):
            read_source(Source(str(folder)))


@pytest.mark.parametrize(
    ("text", "words"),
    [("{", "not JSON"), ("[]", "not laid out as COCO"), ('{"images": []}', "not laid out as COCO")],
)
def test_a_file_that_is_no_annotations_is_refused(text, words, tmp_path):
    coco(tmp_path / "photos")
    path = tmp_path / "photos" / "segmentations" / "instances.json"
    path.write_text(text)
    with pytest.raises(MaskError, match=words):
        read_coco(path)
    with pytest.raises(RecipeError, match=words):
        read_source(Source(str(tmp_path / "photos")))
