"""The front door, and methods on photos: any size, upright, in sRGB, files and folders."""

from __future__ import annotations

import inspect

import cv2
import numpy as np
import pytest

import benchmarks
from benchmarks.cli import main
from benchmarks.harness.photo import correct, read_regions
from datagen.dataset.read import open_dataset
from datagen.images.files import read_image, write_image
from luts import apply, read_cube


@pytest.fixture
def photo(tmp_path, rng):
    path = tmp_path / "photo.png"
    write_image(path, rng.integers(0, 120, (40, 60, 3), np.uint8))
    return path


def test_the_lines_of_the_front_door_work(tiny_data, tmp_path):
    pair = open_dataset(tiny_data)[0]
    fix = benchmarks.method("zero_dce+blend", device="cpu", degree=0.8)
    result = fix(pair.degraded, pair.regions)
    assert result.shape == pair.degraded.shape and result.dtype == np.float32
    assert np.array_equal(result[pair.regions == 0], pair.degraded[pair.regions == 0])
    values = benchmarks.score(result, pair, metrics=["psnr"])
    assert next(iter(values)).startswith("psnr@1(")
    fix = benchmarks.method("auto_gamma")
    summary = benchmarks.run(tiny_data, ["gamma", fix], tmp_path, metrics=["psnr"], limit=1)
    assert summary.failed == 0
    assert "| auto_gamma |" in benchmarks.write_report(tmp_path).text


def test_every_public_name_is_there_and_documented():
    assert set(benchmarks.__all__) <= set(dir(benchmarks))
    for name in benchmarks.__all__:
        found = getattr(benchmarks, name)
        assert name in ("METHODS", "METRICS") or inspect.getdoc(found), name
    assert benchmarks.__version__


def test_a_method_that_sees_the_answer_corrects_no_photo():
    with pytest.raises(benchmarks.UserError, match="sees what is wanted"):
        benchmarks.method("oracle_gain")


def test_integers_are_refused_with_the_remedy(rng):
    with pytest.raises(ValueError, match="divide 8-bit values by 255"):
        benchmarks.method("gamma")(rng.integers(0, 255, (8, 8, 3), np.uint8))


@pytest.mark.parametrize("name", ["photo.png", "photo.tif", "photo.jpg"])
def test_a_photo_goes_in_and_out_at_its_depth(name, tmp_path, rng, capsys):
    codes = rng.integers(0, 30000, (40, 60, 3), np.uint16)
    path, out = tmp_path / name, tmp_path / f"fixed_{name}"
    write_image(path, np.uint8(codes >> 8) if name.endswith("jpg") else codes)
    assert main(["apply", "auto_gamma", str(path), "-o", str(out)]) == 0
    assert capsys.readouterr().out == f"{out}\n"
    fixed = read_image(out)
    assert fixed.dtype == (np.uint8 if name.endswith("jpg") else np.uint16)
    assert fixed.mean() > read_image(path).mean()


def test_a_photo_on_its_side_is_turned_upright(tmp_path, rng):
    codes = rng.integers(0, 255, (40, 60, 3), np.uint8)
    path = tmp_path / "side.jpg"
    data = cv2.imencode(".jpg", codes)[1].tobytes()
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
    path.write_bytes(data[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + data[2:])
    assert main(["apply", "gamma", str(path), "-o", str(tmp_path / "up.png")]) == 0
    assert read_image(tmp_path / "up.png").shape == (60, 40, 3)


def test_a_mask_says_where(photo, tmp_path, capsys):
    mask = np.zeros((40, 60), np.uint8)
    mask[:, :20], mask[:, 20:40] = 255, 128
    write_image(tmp_path / "mask.png", mask)
    out = tmp_path / "out.png"
    call = ["apply", "he_rgb", str(photo), "-o", str(out), "--regions"]
    assert main([*call, str(tmp_path / "mask.png")]) == 0
    before, after = read_image(photo), read_image(out)
    assert np.array_equal(after[:, 40:], before[:, 40:])
    assert (after[:, :20] != before[:, :20]).mean() > 0.9
    labels = read_regions(tmp_path / "mask.png", (40, 60))
    assert [int(labels[0, x]) for x in (0, 30, 59)] == [2, 1, 0]
    write_image(tmp_path / "mask.png", mask[:20])
    assert main([*call, str(tmp_path / "mask.png")]) == 2
    assert "60 x 20 pixels for a picture of 60 x 40" in capsys.readouterr().err


def test_a_folder_goes_to_a_folder_and_what_fails_is_listed(photo, tmp_path, capsys):
    (tmp_path / "in" / "deep").mkdir(parents=True)
    for name in ("a.png", "deep/b.jpg"):
        write_image(tmp_path / "in" / name, read_image(photo))
    (tmp_path / "in" / "broken.png").write_bytes(b"no picture")
    arguments = ["apply", "gamma", str(tmp_path / "in"), "-o", str(tmp_path / "out")]
    assert main(arguments) == 1
    shown = capsys.readouterr()
    assert "broken.png" in shown.err and shown.out == f"{tmp_path / 'out'}: 2 pictures\n"
    assert sorted(p.name for p in (tmp_path / "out").rglob("*.*")) == ["a.png", "b.jpg"]
    assert main(["apply", "gamma", str(photo), "-o", str(photo)]) == 2
    assert "would be written over" in capsys.readouterr().err


def test_the_cube_is_what_was_done(photo, tmp_path):
    out, cube = tmp_path / "o.png", tmp_path / "o.cube"
    command = ["apply", "image_adaptive_lut", str(photo), "-o", str(out), "--cube", str(cube)]
    assert main(command) == 0
    before = np.float32(read_image(photo) / 255)
    ours = apply(read_cube(cube), before, "trilinear").clip(0, 1)
    assert np.abs(ours * 255 - read_image(out)).max() <= 1


def test_a_picture_too_large_for_the_memory_is_corrected_all_the_same(rng, capsys):
    fix = benchmarks.method("gamma", "cpu")

    class Small:
        """Runs out of memory above a quarter of a megapixel."""

        name = "gamma"

        def __call__(self, encoded, regions=None):
            if encoded.shape[0] * encoded.shape[1] > 300_000 * 4:
                raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
            return fix(encoded, regions)

    coarse = rng.random((6, 8, 3), np.float32)
    picture = cv2.resize(coarse, (1600, 1200), interpolation=cv2.INTER_CUBIC).clip(0.02, 0.98)
    result = correct(Small(), picture)
    assert "too large for the memory" in capsys.readouterr().err
    assert np.abs(result - fix(picture)).mean() < 0.02


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["gamma", "PHOTO"], "give -o OUT"),
        (["gama", "PHOTO", "-o", "x.png"], "no method called 'gama'"),
        (["gamma", "PHOTO", "-o", "x.png", "--set", "gamma"], "--set takes KEY=VALUE"),
        (["zero_dce", "PHOTO", "-o", "x.png", "--set", "widht=3"], "unknown setting widht"),
        (["gamma", "PHOTO", "-o", "x.gif"], "x.gif: pictures are written as"),
        (["zero_dce", "PHOTO", "--cube", "x.cube"], "no LUT can"),
    ],
)
def test_a_mistake_is_one_line(words, message, photo, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["apply", *(word.replace("PHOTO", str(photo)) for word in words)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
