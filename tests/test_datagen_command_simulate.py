"""`datagen simulate`, from the command line to the files."""

import cv2
import numpy as np
import pytest
import rawpy

from datagen.camera.index import INDEX, read_index
from datagen.cli import main
from luts.tool.files import sha256_file


@pytest.fixture
def scenes(rng, tmp_path):
    """A panorama with a bright half, and a plain picture: (folder, panorama, picture)."""
    folder = tmp_path / "scenes"
    folder.mkdir()
    panorama = rng.uniform(0.1, 0.3, (64, 128, 3)).astype(np.float32)
    panorama[:32] *= 8
    cv2.imwrite(str(folder / "lebombo_2k.hdr"), panorama)
    cv2.imwrite(str(folder / "plain.hdr"), panorama[:60, :90])
    return folder


def simulate(*words):
    return main(["simulate", *map(str, words)])


def test_every_view_and_exposure_becomes_a_dng_with_its_row(scenes, tmp_path, capsys):
    out = tmp_path / "out"
    assert simulate(scenes, "-o", out, "--views", 3, "--long-edge", 60, "--evs", -1, 0, 1) == 0
    rows = read_index(out / INDEX)
    assert capsys.readouterr().out.strip() == str(out / INDEX)
    assert len(rows) == len(list(out.glob("*.dng"))) == (3 + 1) * 3
    for row in rows:
        assert sha256_file(out / row.path) == row.sha256
        with rawpy.imread(str(out / row.path)) as raw:
            assert (raw.sizes.height, raw.sizes.width) == (40, 60)
            assert raw.other.shutter_speed == pytest.approx(float(row.exposure_s), rel=1e-3)
    assert {row.split for row in rows if row.scene == "lebombo"} == {"test"}  # published
    assert {row.split for row in rows if row.scene == "plain"} == {""}  # the recipe draws it
    one = sorted((r for r in rows if r.path.startswith("lebombo_v01")), key=lambda r: float(r.ev))
    times = [float(row.exposure_s) for row in one]
    assert np.array(times) / times[0] == pytest.approx([1, 2, 4], rel=1e-4)


def test_files_depend_on_the_seed_and_not_on_the_company(scenes, tmp_path):
    few = ["--long-edge", 48, "--views", 2]
    for name, words in {
        "together": [scenes],
        "alone": [scenes / "lebombo_2k.hdr"],
        "other": [scenes, "--seed", 1],
    }.items():
        assert simulate(*words, "-o", tmp_path / name, *few) == 0
    together, alone, other = (
        (tmp_path / name / "lebombo_v01.dng").read_bytes()
        for name in ("together", "alone", "other")
    )
    assert together == alone != other


def test_a_shot_of_a_series_does_not_depend_on_the_others(scenes, tmp_path):
    for name, evs in {"up": (0, 1), "down": (1, -1, 0)}.items():
        assert simulate(scenes / "plain.hdr", "-o", tmp_path / name, "--evs", *evs) == 0
    up, down = ((tmp_path / name / "plain_v00_ev+1.dng").read_bytes() for name in ("up", "down"))
    assert up == down


def test_a_bright_region_is_written_when_asked_for(scenes, tmp_path):
    out = tmp_path / "out"
    assert simulate(scenes, "-o", out, "--long-edge", 96, "--segment", "--views", 2) == 0
    rows = [row for row in read_index(out / INDEX) if row.segmentation]
    assert rows
    for row in rows:
        assert cv2.imread(str(out / row.segmentation), cv2.IMREAD_UNCHANGED).ndim == 2


def test_broken_scenes_are_listed_and_the_rest_finish(scenes, tmp_path, capsys):
    (scenes / "broken.hdr").write_bytes(b"#?RADIANCE\n")
    out = tmp_path / "out"
    assert simulate(scenes, scenes / "gone.hdr", "-o", out, "--long-edge", 48) == 1
    shown = capsys.readouterr().err
    assert "broken.hdr: empty, truncated or not hdr" in shown
    assert "gone.hdr: no such file" in shown
    assert {row.scene for row in read_index(out / INDEX)} == {"lebombo", "plain"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--views", "0"], "--views: must be 1 to 1000, got 0"),
        (["--fov", "180"], "--fov: must be 1 to 170, got 180"),
        (["--camera", "leica"], "--camera: one of compact-10bit, phone-12bit"),
        (["--evs", "1", "1"], "--evs: must differ"),
        (["--licence", "©"], "--licence: a DNG keeps ASCII text only"),
    ],
)
def test_a_mistake_is_one_line_and_exit_2(words, message, scenes, tmp_path, capsys):
    assert simulate(scenes, "-o", tmp_path / "out", *words) == 2
    shown = capsys.readouterr().err
    assert message in shown
    assert shown.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_two_files_of_one_scene_are_refused(scenes, tmp_path, capsys):
    (scenes / "lebombo.hdr").write_bytes((scenes / "lebombo_2k.hdr").read_bytes())
    assert simulate(scenes, "-o", tmp_path / "out") == 2
    assert "same scene name" in capsys.readouterr().err


@pytest.mark.parametrize("unit", [0, 1e-9, 1e9])
def test_darkness_and_odd_units_make_valid_raws(unit, rng, tmp_path):
    import tifffile

    light = np.float32(unit) * rng.uniform(0, 1, (32, 64, 3)).astype(np.float32)
    tifffile.imwrite(tmp_path / "odd.tif", light, photometric="rgb")
    assert simulate(tmp_path / "odd.tif", "-o", tmp_path / "out", "--long-edge", 48) == 0
    (row,) = read_index(tmp_path / "out" / INDEX)
    with rawpy.imread(str(tmp_path / "out" / row.path)) as raw:
        light_seen = raw.raw_image_visible.mean() - raw.black_level_per_channel[0]
    assert (light_seen > 10) == (unit > 0)


def test_a_wide_picture_may_be_said_to_be_no_panorama(scenes, tmp_path):
    words = [scenes / "lebombo_2k.hdr", "--long-edge", 64, "--views", 3]
    assert simulate(*words, "-o", tmp_path / "cut") == 0
    assert simulate(*words, "-o", tmp_path / "whole", "--flat") == 0
    assert len(read_index(tmp_path / "cut" / INDEX)) == 3
    (row,) = read_index(tmp_path / "whole" / INDEX)
    with rawpy.imread(str(tmp_path / "whole" / row.path)) as raw:
        assert (raw.sizes.height, raw.sizes.width) == (32, 64)


@pytest.mark.parametrize("name", ["light", "masks"])
def test_nothing_is_written_through_a_link(name, tmp_path, capsys):
    scene = np.full((32, 48, 3), 40, np.uint8)
    scene[8:20, 10:30] = 250
    cv2.imwrite(str(tmp_path / "scene.png"), scene)
    (tmp_path / "outside").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).symlink_to(tmp_path / "outside")
    words = [str(tmp_path / "scene.png"), "-o", str(tmp_path / "out"), "--flat", "--segment"]
    assert main(["simulate", *words, "--long-edge", "32"]) == 2
    assert f"leads out of {tmp_path / 'out'} through a link" in capsys.readouterr().err
    assert not list((tmp_path / "outside").iterdir())
