"""Five kinds of rows in one table: a leaderboard, a function, a network, published weights, and
pictures of another program. The command lines are those of the page."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from benchmarks.cli import main
from benchmarks.harness.rows import read_evaluations
from benchmarks.methods.leaderboard import LEADERBOARD
from benchmarks.methods.models import build
from datagen.build.driver import Resources
from datagen.build.driver import build as build_data
from datagen.recipe.load import load_recipe

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "your_own_model.md"


def commands(heading: str) -> list[list[str]]:
    block = PAGE.read_text().split(heading)[1].split("```sh\n")[1].split("```")[0]
    return [line.split()[1:] for line in block.splitlines()]


@pytest.mark.slow
def test_five_kinds_of_rows_stand_in_one_table(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "docs" / "examples" / "my_model.py", tmp_path)
    small = ["render.evs=[-1.0, 1.0]", "render.long_edge=64", "source.limit=7"]
    small += ["source.references=['fusion']", "distort=[]"]
    halves = ["split.train=0.5", "split.val=0.25", "split.test=0.25"]
    for name, changes in (("demo", small), ("train", small + halves)):
        recipe = load_recipe("demo", changes)
        build_data(recipe, tmp_path / "out" / name, Resources("serial", 1))
    torch.manual_seed(1)
    torch.save(build("zero_dce").state_dict(), "Epoch99.pth")  # random, in the authors' layout
    lines = (tmp_path / "out/demo/manifest.jsonl").read_text().splitlines()
    samples = [row for row in map(json.loads, lines) if row.get("split") == "test"]
    for row in samples:  # another program: half a stop up, in encoded values
        codes = cv2.imread(str(tmp_path / "out/demo" / row["input"]))
        target = tmp_path / "out/theirs" / f"{row['id']}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(target), (255 * (codes / 255) ** 0.85).round().astype(np.uint8))

    for words in commands("## Everything in one table"):
        words = ["4" if word == "500" else word for word in words]
        if words[0] == "train":
            words += ["--set", "batch=2", "--set", "crop=32"]
        assert main(words) == 0, words

    table = (tmp_path / "out/all/table.md").read_text()
    first = {cell.strip("*⚠ ") for cell in re.findall(r"^\|([^|]+)\|", table, re.MULTILINE)}
    for name in ("brighten", "Net", "zero_dce@published", "theirs", *LEADERBOARD):
        assert name in first, name
    rows = list(read_evaluations(tmp_path / "out/all"))
    assert {row.method for row in rows} >= {"zero_dce", "zero_dce@published"}

    def values(method: str) -> dict[str, dict[str, float]]:
        return {row.sample: row.values for row in rows if row.method == method}

    # The same curve by both ways: apart by the rounding of the pictures alone.
    ours, theirs = values("brighten"), values("theirs")
    assert ours.keys() == theirs.keys() == {row["id"] for row in samples}
    for sample, found in ours.items():
        for key in (key for key in found if key.startswith("psnr@")):
            assert theirs[sample][key] == pytest.approx(found[key], abs=0.1)
    assert values("zero_dce") != values("zero_dce@published")
    capsys.readouterr()
