import re

import numpy as np
import pytest

from datagen.camera.dng import write_dng
from datagen.camera.sensors import SENSORS
from datagen.camera.simulate import Exposure, photograph
from datagen.cli import main
from datagen.images.files import read_image

from .picture_files import PIC, icc, iccp, png
from .raw_files import lossy_dng


@pytest.fixture
def raw(tmp_path):
    sensor, exposure = SENSORS["reflex-14bit"], Exposure(1 / 60)
    light = np.random.default_rng(0).uniform(0.05, 0.6, (64, 96, 3)).astype(np.float32)
    write_dng(tmp_path / "photo.dng", photograph(light, sensor, exposure), sensor, exposure)
    return tmp_path / "photo.dng"


def test_develop_writes_one_picture_per_ev_and_prints_their_paths(raw, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["develop", str(raw), "--evs", "-1", "0", "1.5", "-o", str(out)]) == 0
    names = ["photo_ev-1.png", "photo_ev+0.png", "photo_ev+1.5.png"]
    assert capsys.readouterr().out.split() == [str(out / name) for name in names]
    means = [read_image(out / name).mean() for name in names]
    assert read_image(out / names[0]).shape == (64, 96, 3) and means == sorted(means)


def test_develop_takes_size_depth_format_and_look(raw, tmp_path):
    out = tmp_path / "out"
    options = ["--long-edge", "48", "--bits", "16", "--format", "tif", "--tone", "filmic"]
    assert main(["develop", str(raw), "--evs", "0", "-o", str(out), *options]) == 0
    picture = read_image(out / "photo_ev+0.tif")
    assert picture.shape == (32, 48, 3) and picture.dtype == np.uint16


def test_noise_is_the_same_for_the_same_seed_only(raw, tmp_path):
    pictures = []
    for folder, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        command = ["develop", str(raw), "--evs", "-1.5", "--noise", "mosaic", "--seed", seed]
        assert main([*command, "-o", str(tmp_path / folder)]) == 0
        pictures.append(read_image(tmp_path / folder / "photo_ev-1.5.png"))
    assert (pictures[0] == pictures[1]).all() and (pictures[0] != pictures[2]).any()


def test_a_damaged_raw_is_listed_and_the_others_are_developed(raw, tmp_path, capsys):
    (tmp_path / "text.NEF").write_text("no raw")
    command = ["develop", str(tmp_path / "text.NEF"), str(raw), "--evs", "0"]
    assert main([*command, "-o", str(tmp_path / "out")]) == 1
    captured = capsys.readouterr()
    assert "text.NEF: not a raw file" in captured.err
    assert captured.out.split() == [str(tmp_path / "out" / "photo_ev+0.png")]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--bits", "16", "--format", "jpg"], "8 bits"),
        (["--device", "cuda", "--noise", "rgb"], "CPU only"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(raw, tmp_path, capsys, options, message):
    assert main(["develop", str(raw), "-o", str(tmp_path / "out"), *options]) == 2
    assert message in capsys.readouterr().err


def test_doctor_names_libraw_openmp_threads_and_disk(capsys):
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    for word in ("LibRaw", "OpenMP", "OMP_NUM_THREADS", "cores", "disk free"):
        assert word in out


def test_doctor_says_how_a_file_is_read(tmp_path, capsys):
    lossy_dng(tmp_path / "a.dng")
    assert main(["doctor", str(tmp_path / "a.dng")]) == 0
    shown = capsys.readouterr().out
    assert "65535" in shown and "Test Cam" in shown and "as-shot" in shown
    (tmp_path / "a.png").write_bytes(png(PIC, iccp(icc("anything", light=True))))
    assert main(["doctor", str(tmp_path / "a.png")]) == 0
    assert "anything (ICC profile), converted to sRGB" in capsys.readouterr().out
    (tmp_path / "b.png").write_bytes(png(PIC)[:-20])
    assert main(["doctor", str(tmp_path / "b.png")]) == 2
    assert "truncated" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (["--evs", "nan"], "--evs: must lie within -10 to 10 stops, got nan"),
        (["--evs", "30"], "got 30"),
        (["--evs", "0", "0"], "each once"),
        (["--evs", "inf"], "got inf"),
        (["--evs", "0", "--long-edge", "-5"], "--long-edge: must be 0 .* 16 to 65535, got -5"),
        (["--seed", "-1"], "--seed"),
    ],
)
def test_a_wrong_number_is_one_line_and_exit_2(raw, tmp_path, capsys, wrong, message):
    assert main(["develop", str(raw), "-o", str(tmp_path / "out"), *wrong]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert re.search(message, line)
    assert not (tmp_path / "out").exists()
