"""docs/distortion_tutorial.md: every command in it is run, in order; only the edit is simulated."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

import luts
from datagen.cli import main as datagen_main
from luts.cli import main as luts_main
from luts.measure import severity
from luts.pictures import read_picture, write_picture
from luts.preview import PHOTO

PAGE = Path(__file__).parent.parent / "docs" / "distortion_tutorial.md"
MAIN = {"luts": luts_main, "datagen": datagen_main}
BLOCK = re.compile(r"```(sh|toml)\n(.*?)```", re.DOTALL)


def _edit(encoded):
    """A contrast curve and a warm cast, as somebody might set them in an editor."""
    curve = encoded + 0.15 * encoded * (1 - encoded) * (2 * encoded - 1) / 0.385
    return np.clip(curve * [1.0, 0.94, 0.82] + [0.0, 0.01, 0.03], 0, 1)


def _edit_plate(source, target):
    pixels = read_picture(source).pixels
    assert pixels.dtype == np.uint16
    write_picture(target, np.rint(_edit(pixels / 65535.0) * 65535).astype(np.uint16))


@pytest.fixture
def followed(tmp_path, monkeypatch):
    """A folder in which the page has been followed from top to bottom."""
    monkeypatch.chdir(tmp_path)
    write_picture("photo.png", read_picture(PHOTO).pixels)
    for language, text in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if language == "toml":
            Path("my-look.toml").write_text(text, encoding="utf-8")
            continue
        for line in text.splitlines():
            program, *arguments = shlex.split(line)
            assert MAIN[program](arguments) == 0, line
            if arguments == ["hald", "plate.png"]:
                _edit_plate("plate.png", "edited.png")
    return tmp_path


def test_every_command_of_the_page_works_and_does_what_it_says(followed):
    look, half, three, undo = (
        luts.read_cube(followed / f"{name}.cube")
        for name in ("my-look", "my-look-half", "my-look-3", "undo")
    )
    colours = np.random.default_rng(0).uniform(size=(1000, 3)).astype(np.float32)
    edited = _edit(colours)
    assert np.abs(luts.apply(look, colours) - edited).max() < 2e-3
    assert np.abs(luts.apply(half, colours) - (colours + edited) / 2).max() < 2e-3
    assert severity(three).mean == pytest.approx(3, rel=0.02)
    assert np.abs(luts.apply(undo, luts.apply(look, colours)) - colours).mean() < 5e-3

    photo, graded = (read_picture(followed / f"{n}.png").pixels / 255 for n in ("photo", "graded"))
    assert np.abs(graded - _edit(photo)).max() < 1.5 / 255
    fitted = luts.apply(luts.read_cube(followed / "fitted.cube"), photo.astype(np.float32))
    assert np.abs(fitted - graded).mean() < 1 / 255

    manifest = (followed / "out/my-look/manifest.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(row) for row in manifest.splitlines()]
    used = {row["distortion"]["name"] for row in rows if row["distortion"]}
    assert used <= {"my-look.cube", "my-look-3.cube"} and used
    assert {row["status"] for row in rows} == {"ok"}
