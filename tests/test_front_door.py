"""`import datagen` gives what most people want, whatever else has been imported before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import datagen
import luts
from datagen.images.files import write_image
from luts.colour.transfer import decode_srgb, encode_srgb

SAMPLES = Path(datagen.__file__).parent / "samples"


@pytest.mark.parametrize("package", [luts, datagen], ids=lambda package: package.__name__)
def test_every_name_of_the_front_door_is_there(package):
    for name in package.__all__:
        assert callable(getattr(package, name)) or package.__name__ == "luts", name
    assert {*package.__all__, "__version__"} <= {*dir(package)}
    assert package.__version__
    assert (Path(package.__file__).parent / "py.typed").is_file()
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = package.nothing


@pytest.mark.parametrize("package", ["luts", "datagen"])
def test_type_checkers_see_the_same_names(package):
    """The names under TYPE_CHECKING are those that are imported when they are used."""
    import ast

    tree = ast.parse((SAMPLES.parent.parent / package / "__init__.py").read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {
        alias.asname or alias.name
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == {*sys.modules[package].__all__}


def test_importing_the_package_imports_nothing_heavy():
    code = "import sys, datagen; print([m for m in ('numpy', 'cv2', 'rawpy') if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == "[]\n"


def test_a_raw_and_a_picture_are_developed_in_one_call(tmp_path):
    raw = next(SAMPLES.glob("*.dng"))
    dark, plain = datagen.develop(raw, evs=[-1, 0], long_edge=48)
    assert dark.dtype == np.uint8 and max(dark.shape) == 48 and dark.mean() < plain.mean()
    codes = np.full((20, 30, 3), 100, np.uint8)
    write_image(tmp_path / "grey.png", codes)
    (brighter,) = datagen.develop(tmp_path / "grey.png", evs=[1], bits=16)
    wanted = encode_srgb(2 * decode_srgb(np.float32(100 / 255)))
    assert brighter.dtype == np.uint16 and abs(int(brighter[0, 0, 0]) - wanted * 65535) <= 1


def test_a_recipe_becomes_pairs_in_three_lines(tmp_path):
    recipe = datagen.load_recipe("demo", ["source.limit=1", "distort=[]", "render.long_edge=64"])
    assert datagen.plan(recipe).samples.total() == 5
    datagen.build(recipe, tmp_path / "set", datagen.Resources(engine="serial"))
    data = datagen.open(tmp_path / "set")
    pair = data[0]
    assert len(data) == 5 and pair.sample == data.samples[0] and pair.degraded.shape[2] == 3
    assert [each.id for each in data] == [row.id for row in data.rows]
    assert datagen.verify(tmp_path / "set").problems == []
    with pytest.raises(IndexError):
        _ = data[5]


def test_an_old_verb_answers_with_its_new_name(capsys):
    from datagen.cli import main

    assert main(["render", "x.CRW"]) == 2
    assert capsys.readouterr().err == "datagen render: is called datagen develop now\n"


def test_a_plan_is_printed(capsys):
    from datagen.cli import main

    assert main(["plan", "demo", "--set", "source.limit=2"]) == 0
    assert "total         2 scenes" in capsys.readouterr().out


def test_the_readme_s_ten_lines_work(tiny_data, tmp_path, monkeypatch):
    """As they stand, with a small set in place of the demo and a model without regions."""
    import runpy
    import shutil

    text = (SAMPLES.parent.parent / "README.md").read_text("utf-8")
    part = text[text.index("## In Python") :]
    code = part[part.index("```python\n") + 10 :]
    code = code[: code.index("```")]
    assert len([line for line in code.splitlines() if line]) <= 11
    build = 'datagen.build("demo", "out/demo")'
    assert build in code
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "demo").symlink_to(tiny_data)
    shutil.copyfile(next(SAMPLES.glob("*.dng")), tmp_path / "photo.dng")
    script = tmp_path / "ten.py"
    script.write_text(code.replace(build, ""))
    found = runpy.run_path(str(script))
    assert found["graded"].shape == found["photos"][1].shape and len(found["photos"]) == 3
    assert (tmp_path / "out" / "mine" / "rows.jsonl").is_file()
