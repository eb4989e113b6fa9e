"""Quality against cost: the right rows joined, the right front."""

from __future__ import annotations

import shutil

import pandas as pd
import pytest

from benchmarks.cli import RENAMED, main
from benchmarks.front import run
from benchmarks.harness.long_table import load_rows
from benchmarks.report.cost_plot import draw, pareto_front, quality_and_cost
from luts.tool.errors import UserError


def timing(**cost: float) -> pd.DataFrame:
    facts = {"what": "model", "batch": 1, "precision": "fp32", "parameters": 0, "device": "cpu"}
    facts["protocol"] = "full"
    return pd.DataFrame(
        [
            {"method": name, "p50_ms": ms * scale, "width": 64 * scale, "height": 48} | facts
            for name, ms in cost.items()
            for scale in (1, 2)
        ]
    )


@pytest.fixture(scope="module")
def finished(tiny_data, tmp_path_factory):
    out = tmp_path_factory.mktemp("run")
    run(tiny_data, ["he_rgb", "gamma", "he_rgb+blend"], out, metrics=["psnr"])
    return out


def test_methods_in_both_are_joined_at_the_largest_size(finished):
    rows = load_rows(finished)
    table = quality_and_cost(rows, timing(gamma=1.0, he_rgb=3.0, lime=9.0))
    assert set(table.index) == {"gamma", "he_rgb"}
    assert table.loc["gamma", ["p50_ms", "size"]].tolist() == [2.0, "128x48"]
    wanted = rows[(rows["method"] == "gamma") & (rows["region"] == "A")]["value"].mean()
    assert table.loc["gamma", "psnr"] == pytest.approx(wanted)
    assert table["psnr"].is_monotonic_decreasing


def test_a_timing_of_other_methods_is_refused(finished):
    with pytest.raises(UserError, match="no method in common"):
        quality_and_cost(load_rows(finished), timing(lime=9.0))


def test_the_front_holds_what_nothing_beats_at_its_cost():
    table = pd.DataFrame(
        {"psnr": [10, 12, 11, 15, 12], "p50_ms": [1, 2, 3, 4, 2]}, index=list("abcde")
    )
    assert pareto_front(table, "p50_ms") == ["a", "b", "d"]


def test_both_pictures_are_written(finished, tmp_path, capsys):
    out = shutil.copytree(finished, tmp_path / "run")
    (out / "timing").mkdir()
    timing(gamma=1.0, he_rgb=3.0).to_csv(out / "timing" / "timing.csv", index=False)
    assert main(["report", str(out)]) == 0
    assert b"<svg" in (out / "cost.svg").read_bytes()
    assert (out / "cost.png").read_bytes().startswith(b"\x89PNG")
    assert "### quality and cost" in capsys.readouterr().out


def test_the_same_table_gives_the_same_picture(finished):
    table = quality_and_cost(load_rows(finished), timing(gamma=1.0, he_rgb=3.0))
    assert draw(table, form="png") == draw(table, form="png")


@pytest.mark.parametrize("verb", RENAMED)
def test_a_verb_of_before_says_what_it_is_called_now(verb, capsys):
    assert main([verb, "anything", "--else"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"benchmarks {verb}: is now `benchmarks ")


@pytest.mark.parametrize("content", ["", "\n", "a,b\n1,2\n"])
def test_a_timing_of_nothing_or_of_something_else_is_no_traceback(
    finished, tmp_path, capsys, content
):
    out = shutil.copytree(finished, tmp_path / "run")
    (out / "timing").mkdir()
    (out / "timing" / "timing.csv").write_text(content)
    code = main(["report", str(out)])
    assert code == (2 if content.strip() else 0)
    assert "not a table of timings" in capsys.readouterr().err or not content.strip()


def test_axes_show_numbers_and_no_markup(finished):
    table = quality_and_cost(load_rows(finished), timing(gamma=1.0, he_rgb=300.0))
    drawn = draw(table).decode()
    assert "<!-- 10 -->" in drawn and "<!-- 100 -->" in drawn
    assert "mathdefault" not in drawn
