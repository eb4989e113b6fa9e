"""Known layouts, each on a miniature the test makes; folders that are not what they should be."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

import datagen
from datagen.build.driver import Resources, build
from datagen.build.plan import jobs
from datagen.camera.index import SAMPLES
from datagen.cli import main
from datagen.dataset.read import load_pair, open_dataset
from datagen.develop.series import develop
from datagen.engines.worker import Outcome, Task
from datagen.images.codes import to_float
from datagen.images.files import write_image
from datagen.raw.read import read_raw, read_thumbnail
from datagen.recipe.load import RecipeError, load_recipe
from datagen.recipe.settings import Source
from datagen.sources import SOURCES, notes_on, read_source
from datagen.sources.bursts import group_bursts
from datagen.sources.groups import file_hashes, join_groups
from datagen.sources.msec import exposure_of
from datagen.sources.picture_hash import file_hash, picture_hash
from datagen.sources.scene import Scene
from datagen.sources.sice import exposures

RAW = next(SAMPLES.glob("*.dng"))


def put(root, *names, value=100, size=(24, 32)):
    """Small textured pictures: the alignment check needs something to hold on to."""
    for name in names:
        picture = np.random.default_rng(0).integers(0, value, (*size, 3), np.uint8)
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".dng"):
            path.write_bytes(RAW.read_bytes())
        else:
            write_image(path, picture)


def fivek(root):
    put(
        root,
        "raw_photos/HQa1to700/photos/a0001-one.x.dng",
        "raw_photos/HQa701/photos/a0701-two.dng",
    )
    for expert in "ac":
        for name in ("a0001-one.x", "a0701-two"):
            put(root, f"tiff16_{expert}/{name}.tif", size=(171, 256))
    (root / "filesAdobeMIT.txt").write_text("a0001-one.x\n")


def msec(root):
    for part, gt in (("training", "GT_IMAGES"), ("validation", "GT_IMAGES")):
        put(root, *(f"{part}/INPUT_IMAGES/{part}x_{s}.png" for s in ("N1.5", "0", "P1")))
        put(root, f"{part}/{gt}/{part}x.png")
    put(root, "testing/INPUT_IMAGES/t_N1.png", "testing/INPUT_IMAGES/t_P1.5.png")
    put(root, *(f"testing/expert_{e}_testing_set/t.png" for e in "abcde"))


def ppr10k(root):
    for part, name in (("train", "0_0"), ("train", "0_1"), ("val", "1356_0")):
        put(root, *(f"{part}/{place}/{name}.tif" for place in ("source", "target_a", "target_c")))
        put(root, f"{part}/source_aug_6/{name}_1.tif", f"masks_360p/{name}.png", value=255)


def uieb(root):
    put(root, *(f"{part}/{n}.png" for part in ("raw-890", "reference-890") for n in (1, 2, 3)))


def lol(root):
    put(root, "our485/low/2.png", "our485/high/2.png", "eval15/low/2.png", "eval15/high/2.png")
    put(root, "Real_captured/Test/Low/low7.png", "Real_captured/Test/Normal/normal7.png")


def sice(root):
    """Two series of three, the second without a chosen picture; exposures have to be measured."""
    for number in (1, 2):
        for shot, value in (("1", 60), ("2", 110), ("3", 220)):
            put(root, f"Dataset_Part1/{number}/{shot}.JPG", value=value)
    put(root, "Dataset_Part1/Label/1.JPG", value=130)


def pairs(root):
    put(root, *(f"train/low/{name}.png" for name in ("1", "kitchen/2", "3_N1", "3_P1")))
    put(root, *(f"train/{name}.png" for name in ("high/1", "high/kitchen/2", "high/3")))
    put(root, "test/low/1.png", "test/high/1.png", "test/expert/1.png")


def folder(root):
    put(root, "a.png", "deep/a.png", "references/expert/a.png", "segmentations/a.png")


def panoramas(root):
    light = np.random.default_rng(0).random((32, 64, 3), np.float32)
    for name in ("noon_grass_1k", "nowhere"):
        root.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(root / f"{name}.hdr"), light)


# maker of a miniature, and what is known of its scenes: name -> (split, references, inputs)
MINIATURES = {
    "fivek": (fivek, {"a0001-one.x": ("", "ac", 0), "a0701-two": ("", "ac", 0)}),
    "msec": (
        msec,
        {"trainingx": ("train", "c", 3), "validationx": ("val", "c", 3), "t": ("test", "abcde", 2)},
    ),
    "ppr10k": (
        ppr10k,
        {"0_0": ("train", "ac", 0), "0_1": ("train", "ac", 0), "1356_0": ("test", "ac", 0)},
    ),
    "uieb": (uieb, {str(n): ("", ("reference",), 1) for n in (1, 2, 3)}),
    "lol": (
        lol,
        {
            "our485_2": ("train", ("reference",), 1),
            "eval15_2": ("test", ("reference",), 1),
            "Real_captured_Test_low7": ("test", ("reference",), 1),
        },
    ),
    "sice": (
        sice,
        {"Dataset_Part1_1": ("", ("label",), 3), "Dataset_Part1_2": ("", (), 3)},
    ),
    "pairs": (
        pairs,
        {
            "train_1": ("train", ("high",), 1),
            "train_3": ("train", ("high",), 2),
            "train_kitchen_2": ("train", ("high",), 1),
            "test_1": ("test", ("expert", "high"), 1),
        },
    ),
    "panoramas": (panoramas, {"noon_grass_1k": ("train", (), 0), "nowhere": ("", (), 0)}),
    "folder": (folder, {"a": ("", ("expert",), 0), "deep_a": ("", ("expert",), 0)}),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_every_layout_is_read(kind, tmp_path):
    make, expected = MINIATURES[kind]
    make(tmp_path)
    scenes = read_source(Source(str(tmp_path), kind))
    found = {
        scene.name: (scene.split, tuple(name for name, _ in scene.references), len(scene.inputs))
        for scene in scenes
    }
    assert found == {name: (s, tuple(refs), n) for name, (s, refs, n) in expected.items()}
    for scene in scenes:
        for path in (*scene.files, *(path for _, path in scene.references)):
            assert (tmp_path / path).is_file()


@pytest.mark.parametrize("kind", SOURCES)
def test_every_layout_can_be_built(kind, tmp_path):
    make, expected = MINIATURES[kind]
    make(tmp_path / "source")
    recipe = tmp_path / "r.toml"
    recipe.write_text(
        f'name = "r"\n[source]\nkind = "{kind}"\nfolder = "{tmp_path / "source"}"\n'
        'references = ["all", "auto"]\n[render]\nevs = [0]\nlong_edge = 256\n'
    )
    summary = build(load_recipe(recipe), tmp_path / "out", Resources(engine="serial"))
    assert summary.failures == []
    dataset = open_dataset(tmp_path / "out")
    assert {row.scene for row in dataset.rows} == set(expected)
    for row in dataset.rows:
        pair = load_pair(dataset, row)
        assert pair.degraded.shape == pair.reference.shape == (row.height, row.width, 3)


@pytest.mark.parametrize("kind", ["pairs", "lol", "uieb", "msec", "sice"])
@pytest.mark.parametrize(("said", "wanted"), [("", (530, 20)), ("long_edge = 265", (265, 10))])
def test_ready_pictures_keep_their_size_unless_the_recipe_says_one(kind, said, wanted, tmp_path):
    MINIATURES[kind][0](tmp_path / "source")
    for path in (tmp_path / "source").rglob("*.*"):
        cv2.imwrite(str(path), cv2.resize(cv2.imread(str(path)), (530, 20)))
    recipe = tmp_path / "r.toml"
    recipe.write_text(
        f'name = "r"\n[source]\nkind = "{kind}"\nfolder = "{tmp_path / "source"}"\n'
        f"limit = 1\n[render]\n{said}\n"
    )
    build(load_recipe(recipe), tmp_path / "out", Resources(engine="serial"))
    rows = open_dataset(tmp_path / "out").rows
    assert {(row.width, row.height) for row in rows} == {wanted}


def test_what_is_rendered_has_512_pixels_unless_the_recipe_says_otherwise(tmp_path):
    put(tmp_path / "source", "a.png", size=(20, 530))
    recipe = tmp_path / "r.toml"
    recipe.write_text(
        f'name = "r"\n[source]\nfolder = "{tmp_path / "source"}"\n[render]\nevs = [0]\n'
    )
    build(load_recipe(recipe), tmp_path / "out", Resources(engine="serial"))
    assert [row.width for row in open_dataset(tmp_path / "out").rows] == [512]


@pytest.mark.parametrize("kind", sorted(set(SOURCES)))
def test_a_folder_that_is_empty_is_one_line(kind, tmp_path):
    with pytest.raises(RecipeError, match=r"not laid out as|holds no picture"):
        read_source(Source(str(tmp_path), kind))


def test_a_folder_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(RecipeError, match="no such folder; give another with --set"):
        read_source(Source(str(tmp_path / "no")))


def test_a_pair_without_its_partner_costs_itself_and_is_named(tmp_path):
    uieb(tmp_path)
    (tmp_path / "reference-890" / "2.png").unlink()
    source = Source(str(tmp_path), "uieb")
    scenes = read_source(source)
    assert [scene.name for scene in scenes] == ["1", "3"]
    assert notes_on(source, scenes) == ["raw-890/: part of no scene, 1 file: 2.png"]
    for number in (1, 3):
        (tmp_path / "reference-890" / f"{number}.png").unlink()
    with pytest.raises(RecipeError, match="no file of raw-890 has one of the same name in ref"):
        read_source(source)


def test_a_reference_that_no_scene_has_is_refused(tmp_path):
    folder(tmp_path)
    with pytest.raises(
        RecipeError, match=r"references: no scene has .* 'exprt'; did you mean 'exp"
    ):
        read_source(Source(str(tmp_path), references=("auto", "exprt")))


def test_two_references_of_one_name_are_refused(tmp_path):
    folder(tmp_path)
    put(tmp_path, "references/expert/a.tif")
    with pytest.raises(RecipeError, match=r"expert: a\.png and a\.tif have the same name"):
        read_source(Source(str(tmp_path)))


@pytest.mark.parametrize(
    ("stem", "expected"),
    [
        ("a0001-jmac_DSC1459_N1.5", ("a0001-jmac_DSC1459", -1.5)),
        ("x_0", ("x", 0.0)),
        ("x_P1", ("x", 1.0)),
        ("x_1_P1.5", ("x_1", 1.5)),
        ("x", None),
    ],
)
def test_an_exposure_is_read_from_the_name(stem, expected):
    assert exposure_of(stem) == expected


def test_a_ppr10k_group_is_one_group(tmp_path):
    ppr10k(tmp_path)
    groups = {scene.name: scene.group for scene in read_source(Source(str(tmp_path), "ppr10k"))}
    assert groups["0_0"] == groups["0_1"] != groups["1356_0"]


def test_fivek_says_which_licence_a_picture_is_under(tmp_path):
    fivek(tmp_path)
    one, two = read_source(Source(str(tmp_path), "fivek"))
    assert "AdobeMIT" in one.licence and two.licence == "FiveK (research only)"


def test_names_that_collapse_get_a_hash_of_the_real_one(tmp_path):
    put(tmp_path, "a_b.png", "a/b.png", "写真.png", "照片.png")
    names = [scene.name for scene in read_source(Source(str(tmp_path)))]
    assert names[1] == "a_b" and re.fullmatch("a_b_[0-9a-f]{8}", names[0])
    assert all(re.fullmatch("scene_[0-9a-f]{8}", name) for name in names[2:])
    assert len({*names}) == 4
    (tmp_path / "index.tsv").write_text("path\tscene\n写真.png\t写真\n照片.png\t照片\n")
    indexed = [scene.name for scene in read_source(Source(str(tmp_path)))]
    assert indexed == names[2:]


def test_one_name_for_two_files_is_refused(tmp_path):
    put(tmp_path, "a.png", "a.jpg")
    with pytest.raises(RecipeError, match=r"a.jpg and a.png are both called 'a'"):
        read_source(Source(str(tmp_path)))


@pytest.mark.parametrize("kind", ["folder", "uieb", "lol", "msec", "fivek", "ppr10k"])
def test_hidden_files_are_in_no_source(tmp_path, kind):
    MINIATURES[kind][0](tmp_path)
    before = read_source(Source(str(tmp_path), kind))
    for place in {path.parent for path in tmp_path.rglob("*") if path.is_file()}:
        for suffix in (".png", ".tif", ".dng", ".jpg"):
            (place / f"._1{suffix}").write_bytes(b"\0\5\26\7")
    assert read_source(Source(str(tmp_path), kind)) == before


def test_what_a_build_wrote_is_no_source(tmp_path, capsys):
    put(tmp_path / "p", "1.png", "2.png", size=(48, 64))
    recipe = tmp_path / "p.toml"
    recipe.write_text(f'name="p"\n[source]\nfolder="{tmp_path / "p"}"\n[render]\nevs=[0.0]\n')
    args = ["build", str(recipe), "-o", str(tmp_path / "p/out"), "--engine", "serial"]
    assert main(args) == 0 and "2 samples made, 0 kept" in capsys.readouterr().err
    assert main(args) == 0 and "0 samples made, 2 kept" in capsys.readouterr().err
    with pytest.raises(RecipeError, match="is a data set that was built, not a source"):
        read_source(Source(str(tmp_path / "p/out")))


def test_links_are_followed_once(tmp_path):
    put(tmp_path / "real", "1.png", "deep/2.png")
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "raws").symlink_to(tmp_path / "real")
    (tmp_path / "real" / "deep" / "back").symlink_to(tmp_path / "real")
    files = [scene.path for scene in read_source(Source(str(tmp_path / "set")))]
    assert files == ["raws/1.png", "raws/deep/2.png"]
    (tmp_path / "set" / "again").symlink_to(tmp_path / "real")
    assert len(read_source(Source(str(tmp_path / "set")))) == 2


def test_unicode_forms_of_one_name_match(tmp_path):
    composed, apart = "caf\u00e9", "cafe\u0301"
    put(tmp_path, f"{composed}.png", f"references/a/{apart}.png", f"segmentations/{apart}.png")
    (scene,) = read_source(Source(str(tmp_path)))
    assert scene.references and scene.masks


def test_plan_says_what_matched_and_what_did_not(tmp_path, capsys):
    put(tmp_path, "IMG_1.png", "IMG_2.png", "references/a/IMG_1.png", "references/b/IMG_1.png")
    put(tmp_path, "references/b/IMG_2.png", "references/b/img_3.png", "segmentations/IMG_2.png")
    put(tmp_path, "segmentations/IMG_1_mask.png", "segmentations/deep/x.png")
    recipe = tmp_path / "r.toml"
    recipe.write_text(f'name="r"\n[source]\nfolder="{tmp_path}"\n[render]\nevs=[0.0]\n')
    assert main(["plan", str(recipe)]) == 0
    shown = capsys.readouterr().out
    for line in (
        "reference a: 1 of 2 scenes",
        "reference b: 2 of 2 scenes",
        "segmentations: 1 of 2 scenes",
        "note: reference a: 1 of 2 scenes lack it, such as IMG_2",
        "note: segmentations/: no picture for 1 file: IMG_1_mask.png; did you mean IMG_1.png?",
        "note: segmentations/deep/: no picture for 1 file: x.png\n",
        "note: references/b/: no picture for 1 file: img_3.png; did you mean IMG_",
    ):
        assert line in shown
    main(["build", str(recipe), "-o", str(tmp_path / "out"), "--engine", "serial"])
    assert "note: segmentations/: no picture for 1 file" in capsys.readouterr().err


def test_pictures_beside_raws_and_files_out_of_an_index_are_told(tmp_path):
    put(tmp_path, "a.dng", "a.jpg", "b.jpg")
    source = Source(str(tmp_path))
    told = notes_on(source, read_source(source))
    assert told == ["not used beside the raws, 2 files: a.jpg, b.jpg"]
    (tmp_path / "index.tsv").write_text("path\na.jpg\n")
    told = notes_on(source, read_source(source))
    assert told == ["not in index.tsv, 2 files: a.dng, b.jpg"]
    assert notes_on(Source(str(tmp_path), limit=1), []) == []


@pytest.mark.parametrize(
    ("column", "meant"),
    [("set", "split"), ("Split", "split"), ("license", "licence"), ("segmentaton", "segmentation")],
)
def test_a_column_that_looks_like_another_is_refused(tmp_path, column, meant):
    put(tmp_path, "a.png")
    (tmp_path / "index.tsv").write_text(f"path\t{column}\na.png\ttrain\n")
    message = f"index.tsv:1: no column is called '{column}'; did you mean '{meant}'"
    with pytest.raises(RecipeError, match=message):
        read_source(Source(str(tmp_path)))
    (tmp_path / "index.tsv").write_text("\ufeffpath\tmy remark\r\na.png\tfine\r\n")
    assert len(read_source(Source(str(tmp_path)))) == 1


def test_a_long_path_is_a_scene_like_any_other(tmp_path, capsys):
    long = "n" * 90
    put(tmp_path / "s", f"{long}/{long}/{long}/x.png", "ok.png", size=(48, 64))
    recipe = tmp_path / "r.toml"
    recipe.write_text(f'name="r"\n[source]\nfolder="{tmp_path / "s"}"\n[render]\nevs=[0.0]\n')
    assert main(["build", str(recipe), "-o", str(tmp_path / "out"), "--engine", "serial"]) == 0
    assert "2 samples made" in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="file names are bytes")
def test_a_name_that_is_not_utf8_is_refused(tmp_path):
    put(tmp_path, "good.png")
    with open(os.fsencode(tmp_path) + b"/bad\xff.png", "wb"):  # noqa: PTH123 - a bytes path
        pass
    with pytest.raises(RecipeError, match=r"bad\\udcff.png is not UTF-8; rename"):
        read_source(Source(str(tmp_path)))


INDEX = "path\tscene\tsplit\tlicence\tcentre_x\tcentre_y\treference_pro\n"


def test_an_index_names_scenes_groups_and_references(tmp_path):
    put(tmp_path, "v/one.png", "v/two.png", "v/three.png", "pro/1.png")
    rows = ["v/one.png\tpano\ttrain\tCC0\t\t\tpro/1.png", "v/two.png\tpano\ttrain\tCC0\t\t\t"]
    rows.append("v/three.png\tlone\ttest\t\t0.25\t0.5\t")
    (tmp_path / "index.tsv").write_text(INDEX + "\n".join(rows))
    one, two, three = read_source(Source(str(tmp_path), licence="mine"))
    assert (one.name, one.group, two.group) == ("v_one", "pano", "pano")
    assert one.references == (("pro", "pro/1.png"),)
    assert (three.name, three.centre, three.licence) == ("lone", (0.25, 0.5), "mine")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("no.png\t\t\t\t\t\t", r"index.tsv:2: no such file: .no.png"),
        ("../a.png\t\t\t\t\t\t", "must be a path in the folder"),
        ("a.png\ts", "2 cells; the header has 7"),
        ("a.png\t\t\t\tleft\t0\t", "must be numbers, got .left., .0."),
        ("a.png\t\t\t\t2\t0\t", "must be shares from 0 to 1"),
    ],
)
def test_a_bad_index_is_named_with_its_line(tmp_path, row, message):
    put(tmp_path, "a.png")
    (tmp_path / "index.tsv").write_text(INDEX + row)
    with pytest.raises(RecipeError, match=message):
        read_source(Source(str(tmp_path)))


def test_the_splits_of_the_samples_are_those_of_their_index():
    made, _ = jobs(load_recipe("demo"), read_source(Source("samples:")))
    found = {job.split for job in made}
    assert found == {"train", "val", "test"}


def test_a_burst_is_one_group(tmp_path):
    """Five shots by two cameras; only those of one camera within the limit belong together."""
    shots = [("A", 0), ("A", 2), ("A", 9), ("B", 1), ("A", 4)]
    for number, (camera, second) in enumerate(shots):
        path = tmp_path / f"p{number}.tif"
        taken = f"2020:01:01 12:00:{second:02d}"
        tags = [(272, "s", 0, camera, True), (306, "s", 0, taken, True)]
        tifffile.imwrite(path, np.zeros((4, 4, 3), np.uint8), extratags=tags, metadata=None)
    scenes = read_source(Source(str(tmp_path), burst_s=2))
    groups = [scene.group for scene in scenes]
    assert groups[0] == groups[1] == groups[4]
    assert len(set(groups)) == 3
    assert [s.group for s in group_bursts(scenes, tmp_path, within_s=0.5)] == groups


def test_pictures_that_look_alike_are_one_group(tmp_path):
    """A darker, smaller copy is found; another picture, a flat one and a damaged one stay alone."""
    rng = np.random.default_rng(4)
    one, other = (
        rng.integers(40, 250, (8, 9, 3), np.uint8).repeat(8, 0).repeat(8, 1) for _ in "ab"
    )
    write_image(tmp_path / "a.png", one)
    write_image(tmp_path / "b.jpg", other)
    write_image(tmp_path / "c.tif", one[::2, ::2] // 2)
    write_image(tmp_path / "flat.png", np.zeros((9, 9, 3), np.uint8))
    write_image(tmp_path / "flat2.png", np.zeros((9, 9), np.uint8))
    (tmp_path / "torn.png").write_bytes((tmp_path / "a.png").read_bytes()[:99])
    scenes = read_source(Source(str(tmp_path), near_duplicates=True))
    assert [scene.group for scene in scenes] == ["a", "b", "a", "flat", "flat2", "torn"]


def test_a_raw_is_known_by_its_embedded_picture_or_its_light():
    plain, with_jpeg = RAW, next(SAMPLES.glob("canon_g2*"))
    assert read_thumbnail(plain) is None and read_thumbnail(with_jpeg) is not None
    for path in (plain, with_jpeg):
        light = develop(read_raw(path), 0.0, 72)
        apart = (file_hash(path) ^ picture_hash(to_float(light))).bit_count()
        assert apart <= 12  # the camera's own look and crop change some bits; chance is 32


def test_joined_groups_take_the_first_name():
    scenes = [Scene(name, f"{name}.dng", group=name) for name in "abcde"]
    joined = join_groups(scenes, [(3, 4), (1, 3), (2, 4)])
    assert [scene.group for scene in joined] == ["a", "b", "b", "b", "b"]


def test_a_file_that_crashes_its_decoder_costs_the_others_nothing(monkeypatch, tmp_path):
    def crash_with_b(folder, tasks):
        for files in tasks:
            found = None if "b" in files else {file: ord(file) for file in files}
            yield Outcome(Task(files, 1), result=found, status="ok" if found else "crashed")

    monkeypatch.setattr("datagen.sources.groups._looks", crash_with_b)
    assert file_hashes(list("abc"), tmp_path) == {"a": 97, "b": 0, "c": 99}


def test_a_kind_that_is_not_known_is_refused_with_the_nearest(tmp_path):
    with pytest.raises(RecipeError, match="no source is called 'fivk'; did you mean 'fivek'"):
        read_source(Source(folder=str(tmp_path), kind="fivk"))


MINE = '''"""Pictures called by the date."""

from .scene import Scene, list_files


def read_mine(source, folder):
    return [Scene(name=f"day{path[:2]}", path=path) for path in list_files(folder, {".png"})]
'''


def test_a_source_is_one_file_and_one_line(tmp_path):
    """Added to a copy of the project, a recipe of the new kind builds; nothing else is touched."""
    import subprocess
    import sys

    root = Path(datagen.__file__).parent.parent
    for package in ("luts", "datagen"):
        skip = shutil.ignore_patterns("__pycache__", "samples")
        shutil.copytree(root / package, tmp_path / package, ignore=skip)
    (tmp_path / "datagen/sources/mine.py").write_text(MINE)
    table = tmp_path / "datagen/sources/__init__.py"
    line = '    "folder": "folder:read_folder",\n'
    text = table.read_text()
    assert text.count(line) == 1
    table.write_text(text.replace(line, line + '    "mine": "mine:read_mine",\n'))
    write_image(tmp_path / "photos" / "31.png", np.full((20, 20, 3), 90, np.uint8))
    (tmp_path / "r.toml").write_text(
        f'name = "r"\n[source]\nkind = "mine"\nfolder = "{tmp_path / "photos"}"\n'
        "[render]\nevs = [0]\nlong_edge = 16\n"
    )
    command = [sys.executable, "-m", "datagen", "build", "r.toml", "-o", "set"]
    done = subprocess.run(
        [*command, "--engine", "serial"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "set/scenes/day31/ev+0.png").is_file()


def test_pairs_are_told_by_the_names_of_their_folders(tmp_path):
    put(tmp_path, "photos/1.png", "wanted/1.png")
    with pytest.raises(RecipeError, match=r"no folder of inputs.* photos, wanted; name it with"):
        read_source(Source(str(tmp_path), "pairs"))
    (scene,) = read_source(Source(str(tmp_path), "pairs", inputs="photos"))
    assert scene.references == (("wanted", "wanted/1.png"),)
    with pytest.raises(RecipeError, match="has no folder 'nope'"):
        read_source(Source(str(tmp_path), "pairs", inputs="nope"))
    put(tmp_path, "low/1.png", "input/1.png")
    with pytest.raises(RecipeError, match="several folders may hold the inputs: input, low"):
        read_source(Source(str(tmp_path), "pairs"))


def test_pairs_need_something_beside_the_inputs(tmp_path):
    put(tmp_path, "input/1.png")
    with pytest.raises(RecipeError, match="has no folder beside 'input'"):
        read_source(Source(str(tmp_path), "pairs"))


def test_sub_folders_of_pairs_are_groups(tmp_path):
    put(tmp_path, *(f"{a}/{b}/{c}.png" for a in ("input", "target") for b in "xy" for c in "12"))
    scenes = read_source(Source(str(tmp_path), "pairs"))
    assert {scene.name: scene.group for scene in scenes} == {
        "x_1": "x",
        "x_2": "x",
        "y_1": "y",
        "y_2": "y",
    }


def test_an_input_without_its_target_costs_itself(tmp_path):
    put(tmp_path / "s", "input/1.png", "input/2.png", "target/1.png")
    recipe = load_recipe(
        "demo",
        [
            f"source.folder={tmp_path / 's'}",
            "source.kind=pairs",
            "source.references=[]",
            "distort=[]",
            "mask=[]",
            "render.long_edge=0",
        ],
    )
    summary = build(recipe, tmp_path / "set", Resources("serial", 1))
    assert summary.made == 1
    assert "target/2.png" in summary.failures[0]


def test_exposures_of_jpegs_are_those_of_their_tags_or_of_their_light(tmp_path):
    sice(tmp_path)
    series = tmp_path / "Dataset_Part1" / "1"
    measured = exposures([series / f"{n}.JPG" for n in (1, 2, 3)])
    assert measured[1] == 0 and measured[0] < -0.5 and measured[2] > 0.5
    for number, time in (("1", 0.01), ("2", 0.02), ("3", 0.08)):
        tags = Image.Exif()
        tags.get_ifd(34665).update({33434: time, 34855: 100})
        with Image.open(series / f"{number}.JPG") as image:
            image.save(series / f"{number}.JPG", exif=tags)
    assert exposures([series / f"{n}.JPG" for n in (1, 2, 3)]) == [-1.0, 0.0, 2.0]
    assert exposures([series / "1.JPG", series / "1.JPG"]) == [0.0, 0.1]  # ids tell them apart
