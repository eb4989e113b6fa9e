"""From every kind of source to a table: built, checked, counted, packed, scored, reported."""

from __future__ import annotations

import csv

import pytest

from benchmarks.front import run
from benchmarks.harness.long_table import load_rows
from benchmarks.report.compare import compare
from benchmarks.report.ranking import headline_rows
from benchmarks.report.splits import ORDER
from benchmarks.report.strata import STRATA
from benchmarks.report.write import write_report
from datagen.build.driver import Resources, build
from datagen.cli import main as datagen
from datagen.recipe.load import load_recipe
from datagen.sources import SOURCES
from tests.test_datagen_sources import MINIATURES

HEAD = 'name = "r"\n[source]\nkind = "{kind}"\nfolder = "{folder}"\nreferences = ["all", "auto"]\n'
SPLIT = '[split]\nby = "hash"\ntest = 1.0\ntrain = 0.0\nval = 0.0\n'
REST = "[render]\nevs = [0]\nlong_edge = {size}\n" + SPLIT


def built(kind, tmp_path, extra=""):
    MINIATURES[kind][0](tmp_path / "source")
    recipe = tmp_path / "r.toml"
    head = HEAD.format(kind=kind, folder=tmp_path / "source")
    recipe.write_text(head + REST.format(size=64) + extra)
    assert build(load_recipe(recipe), tmp_path / "set", Resources("serial", 1)).failures == []
    return tmp_path / "set"


@pytest.mark.parametrize("kind", SOURCES)
def test_a_set_of_every_kind_becomes_a_table(kind, tmp_path, capsys):
    """Exposures are known of raws, partly of MSEC's, and not at all of LOL's and UIEB's."""
    data = built(kind, tmp_path)
    assert datagen(["verify", str(data)]) == 0
    assert datagen(["stats", str(data), "-o", str(tmp_path / "stats")]) == 0
    assert datagen(["preview", str(data), "-o", str(tmp_path / "preview.html")]) == 0
    assert datagen(["pack", str(data), "-o", str(tmp_path / "packed"), "--force"]) == 0
    out = tmp_path / "run"
    summary = run(data, ["auto_gamma", "he_rgb"], out)
    assert summary.failed == 0 and summary.asked > 0
    report = write_report(out, by=list(ORDER))
    rows = load_rows(out)
    with (out / "table.csv").open() as stream:
        listed = list(csv.DictReader(stream))
    everything = [
        row for row in listed
        if (row["stratum"], row["method"], row["metric"], row["region"])
        == ("all", "auto_gamma", "psnr", "A")
    ]  # fmt: skip
    scored = headline_rows(rows[rows["method"] == "auto_gamma"])
    pairs = scored.drop_duplicates(["sample", "expert"])
    assert [int(row["asked"]) for row in everything] == [len(pairs)]
    unknown = rows["ev"].isna()
    assert ("### exposure not known" in report.text) == unknown.any()
    assert ("### ev not known" in report.text) == unknown.any()
    assert (out / "exposure.svg").is_file() == (~unknown).any()
    assert compare(out, out)


def test_a_stacked_distortion_is_a_distortion(tmp_path):
    pool = '[[distort]]\nlibrary = ["tungsten", "fog"]\nstack = 2\ncount = 1\npool = 2\n'
    data = built("folder", tmp_path, pool)
    run(data, ["auto_gamma"], tmp_path / "run")
    rows = load_rows(tmp_path / "run")
    stacked = {f"{a} + {b}" for a in ("tungsten", "fog") for b in ("tungsten", "fog")}
    names = rows.groupby("sample")["distortion"].first()
    assert set(names[names != "none"]) <= stacked
    assert (names == "none").sum() == 2 and (names != "none").sum() == 2
    lut = rows[rows["distortion"] != "none"]
    assert (lut["severity"] > 0).all()
    chosen = STRATA["LUT-distorted"](rows), STRATA["no LUT"](rows)
    assert [part.sum() for part in chosen] == [len(lut), len(rows) - len(lut)]
