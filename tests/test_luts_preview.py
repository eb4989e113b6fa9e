"""luts/preview.py: the sheet of LUTs."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

import luts
from luts import preview
from luts.cli import main
from luts.library import load
from luts.pictures import read_picture


def _pixels(figure):
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]


def test_a_sheet_has_a_card_per_lut_and_one_for_the_original():
    photo = np.full((20, 30, 3), (200, 120, 40), np.uint8)
    sheet = preview.sheet([("tungsten", load("tungsten"))], photo, dpi=50)
    width, height = 2 * 215, 148
    pixels = _pixels(sheet)
    assert abs(pixels.shape[0] - height) <= 1 and abs(pixels.shape[1] - width) <= 1
    middle = pixels[height // 2, [60, 215 + 60]]
    assert np.abs(middle[0].astype(int) - (200, 120, 40)).max() <= 2
    expected = luts.apply(load("tungsten"), photo)[0, 0]
    assert np.abs(middle[1].astype(int) - expected).max() <= 2


def test_cards_wrap_into_rows():
    photo = np.zeros((8, 8, 3), np.uint8)
    same = [(str(number), luts.identity(2)) for number in range(4)]
    sheet = preview.sheet(same, photo, columns=2, dpi=20)
    assert sheet.get_size_inches() == pytest.approx((2 * 4.3, 3 * 2.95))


@pytest.mark.parametrize("shape", [(10, 40), (40, 10), (25, 25), (100, 300)])
def test_a_picture_covers_its_frame_from_the_middle(shape):
    columns = np.linspace(0, 255, shape[1]).astype(np.uint8)
    picture = np.broadcast_to(columns[None, :, None], (*shape, 3))
    covered = preview.cover(np.ascontiguousarray(picture), 30, 20)
    assert covered.shape == (20, 30, 3)
    assert covered[:, 14:16].mean() == pytest.approx(127, abs=5)


def test_the_chart_has_its_six_greys_in_the_last_row():
    assert preview.CHART.shape == (4, 6, 3)
    assert np.ptp(preview.CHART[3], axis=-1).max() < 0.02
    assert (np.diff(preview.CHART[3, :, 1]) < 0).all()


def test_the_command_draws_a_png(tmp_path, capsys):
    photo, lut, out = tmp_path / "in.png", tmp_path / "mine.cube", tmp_path / "sheet.png"
    cv2.imwrite(str(photo), np.full((30, 40, 3), 90, np.uint16) * 257)
    luts.write_cube(luts.identity(3), lut)
    command = ["preview", "fog", str(lut), "--photo", str(photo), "--out", str(out)]
    assert main([*command, "--columns", "3", "--dpi", "40"]) == 0
    assert capsys.readouterr().out.strip() == str(out)
    assert read_picture(out).pixels.shape == (118, 516, 3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--columns", "0"], "--columns 0: at least one card"),
        (["--dpi", "5000"], "--dpi 5000: 20 to 600"),
        (["--out", "sheet.gif"], "sheet.gif: the sheet is a PNG"),
        (["--photo", "none.jpg"], "none.jpg: No such file"),
    ],
)
def test_mistakes_are_one_line(options, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["preview", "fog", "--out", "sheet.png", *options]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_lut_whose_name_is_markup_is_drawn_and_told_as_text(tmp_path, capsys):
    path = tmp_path / "$\\frac{1}$\x1b[31m.cube"
    path.write_text('TITLE "\x1b[31m\u202ered"\nLUT_3D_SIZE 2\n' + "0 0 0\n1 1 1\n" * 4)
    assert main(["preview", str(path), "-o", str(tmp_path / "sheet.png")]) == 0
    capsys.readouterr()
    for verb in ("info", "lint"):
        assert main([verb, str(path)]) == 0
        said = capsys.readouterr().out
        assert "\x1b" not in said and "\u202e" not in said
